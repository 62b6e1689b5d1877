"""The editor that stands over a row while its value is typed or chosen; one at a time.

It stages nothing itself: it tells the view what was typed, whether it is understood, and when the
user is done.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import TagInfo
from tagwerk.domain.text import AmbiguousNumber
from tagwerk.domain.values import Value
from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.facts import EditorKind, choices
from tagwerk.ui.setpoints.words import (
    is_number,
    parse_typed,
    range_text,
    say_error,
    value_text,
    with_unit,
)
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.fields import ChoiceBox, LineField


@dataclass(frozen=True, slots=True)
class Typed:
    """What the text in an editor means.

    Args:
        value: understood; None when `problem` says why not.
        problem: translated, "" when all is well.
        role: colour role of frame and problem: ``bad``, ``uncertain`` (ambiguous) or "".
    """

    value: Value = None
    problem: str = ""
    role: str = ""


def read_typed(text: str, info: TagInfo) -> Typed:
    """Read strictly, and look at the limits at once, so that the field can turn red while typing."""
    try:
        value = parse_typed(text, info)
    except AmbiguousNumber as ambiguous:
        first, second = (f"{reading:g}" for reading in ambiguous.readings)
        problem = tr("{first} or {second}? Say which.", first=first, second=second)
        return Typed(problem=problem, role="uncertain")
    except UsageError as error:
        return Typed(problem=say_error(error), role="bad")
    bounds = info.data_type
    if is_number(value):
        high = info.high if info.high is not None else bounds.maximum
        low = info.low if info.low is not None else bounds.minimum
        if high is not None and value > high:
            return Typed(value, tr("above {limit}", limit=with_unit(high, info)), "bad")
        if low is not None and value < low:
            return Typed(value, tr("below {limit}", limit=with_unit(low, info)), "bad")
    return Typed(value)


class ValueField(LineField):
    """A line for numbers, texts and times, with the unit inside.

    Signals:
        typed: the text changed.
        confirmed: Enter.
        left: -1 or 1 for the row above or below (Up, Down, Shift+Tab, Tab), 0 for elsewhere.
        cancelled: Escape.
    """

    typed = Signal()
    confirmed = Signal()
    left = Signal(int)
    cancelled = Signal()

    def __init__(self, info: TagInfo, kind: EditorKind, parent: QWidget) -> None:
        super().__init__("", "", parent, height=24, name=tr("New value of {tag}", tag=info.name))
        self.info = info
        self.kind = kind
        self.setObjectName("setpointEditor")
        self._is_right = kind is EditorKind.NUMBER
        if self._is_right:
            self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if kind is EditorKind.TIME:
            self.setPlaceholderText(tr("yyyy-MM-dd HH:mm:ss"))
        limits = range_text(info)
        self.setToolTip(limits)
        self.setAccessibleDescription(limits)
        self._before = ""
        self._take_margins()
        self.textEdited.connect(lambda _text: self.typed.emit())

    def start(self, value: Value, typed: str = "") -> None:
        """Begin with a value, all selected, or with the first typed character."""
        self._before = value_text(value, self.info) if value is not None else ""
        self.setText(typed or self._before)
        if not typed:
            self.selectAll()

    @property
    def is_changed(self) -> bool:
        """Whether the user typed anything: an untouched rounded text must not be staged."""
        return self.text().strip() not in ("", self._before)

    def result(self) -> Typed:
        return read_typed(self.text(), self.info)

    def event(self, event: QEvent) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key()
            in (
                Qt.Key.Key_Tab,
                Qt.Key.Key_Backtab,
            )
        ):
            self.left.emit(1 if event.key() == Qt.Key.Key_Tab else -1)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, plain = event.key(), event.modifiers() == Qt.KeyboardModifier.NoModifier
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.confirmed.emit()
                return
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        elif plain and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.left.emit(-1 if key == Qt.Key.Key_Up else 1)
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
            Qt.FocusReason.MenuBarFocusReason,
        ):
            self.left.emit(0)

    def _dress(self) -> None:
        super()._dress()
        if hasattr(self, "info"):
            self._take_margins()

    def _take_margins(self) -> None:
        tokens = theme()
        right = tokens.px(6)
        if self._is_right and self.info.unit:
            right += round(tokens.metrics(13).horizontalAdvance(self.info.unit)) + tokens.px(4)
        self.setTextMargins(tokens.px(5), 0, right, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._is_right and self.info.unit:
            tokens = theme()
            with QPainter(self) as painter:
                painter.setFont(tokens.font(13))
                painter.setPen(tokens.color("text3"))
                area = QRectF(self.rect()).adjusted(0, 0, -tokens.px(8), 0)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(area, flags, self.info.unit)


class ListField(ChoiceBox):
    """A drop-down of the tag's texts.

    Signals:
        chosen: the user chose; `value` has it.
        cancelled: Escape, or focus lost without a choice.
    """

    chosen = Signal()
    cancelled = Signal()

    def __init__(self, info: TagInfo, value: Value, parent: QWidget) -> None:
        super().__init__(tr("New value of {tag}", tag=info.name), parent, height=24)
        self.setObjectName("setpointEditor")
        self._values = [number for number, _text in choices(info)]
        for _number, text in choices(info):
            self.addItem(text)
        self.setCurrentIndex(self._values.index(value) if value in self._values else -1)
        self.activated.connect(lambda _index: self.chosen.emit())

    @property
    def value(self) -> Value:
        """The chosen value, None for none."""
        index = self.currentIndex()
        return self._values[index] if index >= 0 else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason and not self.view().isVisible():
            self.cancelled.emit()
