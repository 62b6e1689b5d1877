"""What the dialogs of the setpoint panel share: frame, footer, the box with the two numbers."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.domain.tags import TagInfo, split_name
from tagwerk.domain.text import EM_DASH
from tagwerk.domain.values import Value
from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.words import duration_text, is_number, value_text
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area
from tagwerk.write.arming import Arming


class Dialog(QDialog):
    """A body and a footer on the panel colour, with a focus ring.

    Args:
        title: translated window title.
        name: object name.
        parent: its window is blocked while this is open.
    """

    def __init__(self, title: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.body = QWidget()
        self.body_layout = QVBoxLayout(self.body)
        margin = theme().px(24)
        self.body_layout.setContentsMargins(margin, theme().px(20), margin, theme().px(16))
        self.body_layout.setSpacing(theme().px(12))
        column.addWidget(self.body, 1)
        self.footer = Footer()
        column.addWidget(self.footer)
        self._ring = FocusRing(self)

    def done(self, result: int) -> None:
        """Let go of the keyboard first: the ring must not follow a widget into its deletion."""
        focused = self.focusWidget()
        if focused is not None:
            focused.clearFocus()
        super().done(result)


class Footer(Area):
    """State on the left, buttons on the right."""

    def __init__(self) -> None:
        super().__init__("header", lines="top", line_role="hairline")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(16), theme().px(11), theme().px(16), theme().px(11))
        row.setSpacing(theme().px(8))
        self._icon = IconLabel("lock", 16)
        self._text = Label("", 12, 400, "text2")
        self._text.setObjectName("footerState")
        row.addWidget(self._icon)
        row.addWidget(self._text)
        row.addStretch(1)
        self._row = row

    def set_state(self, icon_name: str, text: str, role: str = "text2") -> None:
        """What stands on the left."""
        if text != self._text.text():
            self._icon.set_icon(icon_name, role)
            self._text.setText(text)

    def show_lock(self, arming: Arming) -> None:
        """The lock and its time."""
        if arming.armed:
            left = duration_text(arming.remaining_s)
            self.set_state("lock-open", tr("Armed, {left} left", left=left), "accent")
        else:
            self.set_state("lock", tr("Locked: nothing can be written"))

    def add(self, *buttons: PushButton) -> None:
        """Append buttons; the primary one last."""
        for button in buttons:
            self._row.addWidget(button)


class TagName(QLabel):
    """A full tag name that is never cut: it breaks at its dots; the last two parts are bold."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.setFont(theme().font(15))
        parts = split_name(name)
        tail = ".".join(parts.path[-2:])
        head = name.removesuffix(tail) if name.endswith(tail) else ""
        bold = tail if head or name == tail else name
        self.setText(f"{_breakable(head)}<b>{_breakable(bold)}</b>")
        self.setAccessibleName(name)
        self.setToolTip(name)


def _breakable(text: str) -> str:
    return html.escape(text).replace(".", ".\u200b").replace("::", "::\u200b")


class HeroNumber(QWidget):
    """A caption, a large number with its unit, and a line below."""

    def __init__(self, caption: str, role: str, weight: int) -> None:
        super().__init__()
        self._caption, self._role, self._weight = caption, role, weight
        self._number, self._unit, self._below = EM_DASH, "", ""
        self._below_role = "text2"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(
        self, value: Value, info: TagInfo, below: str, below_role: str = "text2"
    ) -> None:
        """Take over a value and the line below it."""
        number = value_text(value, info)
        unit = info.unit if is_number(value) else ""
        if (number, unit, below, below_role) != (
            self._number,
            self._unit,
            self._below,
            self._below_role,
        ):
            self._number, self._unit, self._below = number, unit, below
            self._below_role = below_role
            self.setAccessibleName(f"{self._caption}: {number} {unit}".strip())
            self.setAccessibleDescription(below)
            self.setToolTip(below)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(170), theme().px(76))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(120), theme().px(76))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            width = self.width()
            painter.setFont(tokens.font(11))
            painter.setPen(tokens.color("text2"))
            painter.drawText(QRectF(0, 0, width, tokens.px(18)), flags, self._caption)
            unit_width = tokens.metrics(16).horizontalAdvance(self._unit) + tokens.px(8)
            room = width - (unit_width if self._unit else 0)
            size = next(
                (
                    size
                    for size in (30, 24, 18, 15, 13)
                    if tokens.metrics(size, self._weight).horizontalAdvance(self._number) <= room
                ),
                13,
            )
            metrics = tokens.metrics(size, self._weight)
            shown = metrics.elidedText(self._number, Qt.TextElideMode.ElideRight, room)
            baseline = tokens.px(46)
            painter.setFont(tokens.font(size, self._weight))
            painter.setPen(tokens.color(self._role))
            painter.drawText(QPointF(0, baseline), shown)
            painter.setFont(tokens.font(16))
            if self._unit:
                x = metrics.horizontalAdvance(shown) + tokens.px(7)
                painter.drawText(QPointF(x, baseline), self._unit)
            painter.setFont(tokens.font(11))
            painter.setPen(tokens.color(self._below_role))
            below = tokens.metrics(11).elidedText(self._below, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(0, tokens.px(57), width, tokens.px(18)), flags, below)


class LimitsBar(QWidget):
    """The range of the sheet as a bar, with the old value hollow and the new one filled."""

    def __init__(self, info: TagInfo) -> None:
        super().__init__()
        self._info = info
        self._old: float | None = None
        self._new: float | None = None
        self.setFixedHeight(theme().px(30))
        self.setAccessibleName(tr("Limits"))

    def show_values(self, old: Value, new: Value) -> None:
        """Where the two values lie."""
        pair = (_float(old), _float(new))
        if pair != (self._old, self._new):
            self._old, self._new = pair
            self.update()

    def _span(self) -> tuple[float, float]:
        """What the bar shows: the range and a quarter more on both sides; half ranges by values."""
        known = [
            v for v in (self._info.low, self._info.high, self._old, self._new) if v is not None
        ]
        low = self._info.low if self._info.low is not None else min(known)
        high = self._info.high if self._info.high is not None else max(known)
        spare = (high - low or abs(high) or 1.0) * 0.2
        return low - spare, high + spare

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            start, end = self._span()
            left, width = tokens.px(6), self.width() - tokens.px(12)

            def x(value: float) -> float:
                share = (value - start) / (end - start)
                return left + min(max(share, 0.0), 1.0) * width

            middle, thick = tokens.px(9), tokens.px(4)
            painter.fillRect(
                QRectF(left, middle - thick / 2, width, thick), tokens.color("segment")
            )
            low_x = x(self._info.low) if self._info.low is not None else left
            high_x = x(self._info.high) if self._info.high is not None else left + width
            painter.fillRect(
                QRectF(low_x, middle - thick / 2, high_x - low_x, thick), tokens.color("border")
            )
            painter.setFont(tokens.font(11))
            for limit in (self._info.low, self._info.high):
                if limit is not None:
                    painter.fillRect(
                        QRectF(x(limit) - 0.5, middle - tokens.px(6), 1, tokens.px(12)),
                        tokens.color("strong"),
                    )
                    painter.setPen(tokens.color("text2"))
                    area = QRectF(x(limit) - 60, middle + tokens.px(6), 120, tokens.px(15))
                    painter.drawText(
                        area, Qt.AlignmentFlag.AlignCenter, value_text(limit, self._info)
                    )
            radius = tokens.px(4)
            if self._old is not None:
                painter.setPen(QPen(tokens.color("text"), 1.4))
                painter.setBrush(tokens.color("panel"))
                painter.drawEllipse(QPointF(x(self._old), middle), radius, radius)
            if self._new is not None:
                inside = start <= self._new <= end
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.color("accent_fill" if inside else "bad"))
                painter.drawEllipse(QPointF(x(self._new), middle), radius, radius)


class Facts(QWidget):
    """Rows of a grey caption on the left and something on the right."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(10))

    def add(self, caption: str, widgets: Sequence[QWidget]) -> None:
        """One row; several widgets stand below each other."""
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        label = Label(caption, 13, 400, "text2", wrap=True)
        label.setFixedWidth(theme().px(116))
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        row.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        right.setSpacing(theme().px(4))
        for widget in widgets:
            right.addWidget(widget)
        row.addLayout(right, 1)
        self._column.addLayout(row)


def _float(value: Value) -> float | None:
    return float(value) if is_number(value) else None
