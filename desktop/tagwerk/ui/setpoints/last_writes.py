"""The last writes at the foot of the panel, each with its undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.tags import TagInfo
from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.words import (
    OUTCOME_LOOK,
    change_text,
    clock_text,
    is_number,
    outcome_word,
    row_labels,
)
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, draw_icon
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.painting import Area
from tagwerk.write.request import PastWrite

SHOWN = 3


class LastWrites(Area):
    """The newest three writes.

    Signals:
        undo_clicked: the `PastWrite` to take back.
    """

    undo_clicked = Signal(object)

    def __init__(self, info: Callable[[str], TagInfo]) -> None:
        super().__init__("base", lines="top", line_role="border")
        self.setObjectName("lastWrites")
        self._info = info
        self._shown: tuple[PastWrite, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 1, 0, 0)
        column.setSpacing(0)
        self._head = Area("header")
        row = QHBoxLayout(self._head)
        row.setContentsMargins(theme().px(12), 0, theme().px(12), 0)
        row.addWidget(Label(tr("Last writes"), 11, 600))
        column.addWidget(self._head)
        self.lines = [PastLine(number) for number in range(SHOWN)]
        for line in self.lines:
            line.undo_clicked.connect(self.undo_clicked)
            column.addWidget(line)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        """Heights follow the text size."""
        self._head.setFixedHeight(theme().px(22))
        for line in self.lines:
            line.setFixedHeight(theme().px(24))

    def show_history(self, history: Sequence[PastWrite], undone: set[str], refusal: str) -> None:
        """Show the newest; `refusal` says why nothing can be taken back now, "" when it can."""
        shown = tuple(list(history)[:SHOWN])
        labels = row_labels(list(dict.fromkeys(past.name for past in shown)))
        for line, past in zip(self.lines, (*shown, *([None] * SHOWN)), strict=False):
            line.setVisible(past is not None)
            if past is not None:
                line.show_past(past, labels[past.name], self._info(past.name), undone, refusal)
        self._shown = shown
        self.setVisible(bool(shown))


class PastLine(QWidget):
    """One past write: time, tag, old → new, outcome, undo."""

    undo_clicked = Signal(object)

    def __init__(self, number: int) -> None:
        super().__init__()
        self._past: PastWrite | None = None
        self._texts = ("", "", "")
        self._look = ("", "text2")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme().px(8), 0)
        row.addStretch(1)
        self.button = IconButton("undo-2", tr("Undo this write…"), side=20)
        self.button.setObjectName(f"lastWriteUndo{number}")
        self.button.clicked.connect(lambda _on=False: self.undo_clicked.emit(self._past))
        row.addWidget(self.button)

    def show_past(
        self, past: PastWrite, label: str, info: TagInfo, undone: set[str], refusal: str
    ) -> None:
        """Take over a write."""
        self._past = past
        change = change_text(past.old, past.value, info)
        if info.unit and is_number(past.value):
            change = f"{change} {info.unit}"
        self._texts = (clock_text(past.at_ns), label, change)
        self._look = OUTCOME_LOOK[past.outcome]
        word = outcome_word(past.outcome)
        lines = [past.name, f"{change}, {word}", past.who, past.reason]
        self.setToolTip("\n".join(line for line in lines if line))
        self.setAccessibleName(f"{self._texts[0]} {label} {change}, {word}")
        reason = refusal
        if past.id in undone:
            reason = tr("This write was undone.")
        elif past.old is None:
            reason = tr("The value before is not known.")
        elif not past.outcome.may_have_changed_the_plant:
            reason = tr("There is nothing to undo.")
        self.button.setEnabled(not reason)
        self.button.setToolTip(reason or tr("Undo this write…"))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(300), theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.fillRect(
                QRectF(0, self.height() - 1, self.width(), 1), tokens.color("hairline")
            )
            time, label, change = self._texts
            left, height = tokens.px(12), self.height()
            flags = Qt.AlignmentFlag.AlignVCenter
            painter.setFont(tokens.font(12))
            painter.setPen(tokens.color("text2"))
            time_width = tokens.metrics(12).horizontalAdvance("00-00 00:00") - tokens.px(4)
            painter.drawText(
                QRectF(left, 0, time_width, height), flags | Qt.AlignmentFlag.AlignLeft, time
            )
            right = self.button.x() - tokens.px(6)
            side = tokens.px(14)
            draw_icon(
                painter,
                QRectF(right - side, (height - side) / 2, side, side),
                self._look[0],
                self._look[1],
            )
            right -= side + tokens.px(8)
            metrics = tokens.metrics(12)
            name_left = left + time_width
            change_width = min(metrics.horizontalAdvance(change), (right - name_left) * 0.6)
            painter.setPen(tokens.color("text"))
            shown = metrics.elidedText(change, Qt.TextElideMode.ElideRight, change_width)
            painter.drawText(
                QRectF(right - change_width - 1, 0, change_width + 1, height),
                flags | Qt.AlignmentFlag.AlignRight,
                shown,
            )
            room = right - change_width - name_left - tokens.px(8)
            painter.setFont(tokens.font(12, 500))
            name = tokens.metrics(12, 500).elidedText(label, Qt.TextElideMode.ElideMiddle, room)
            painter.drawText(
                QRectF(name_left, 0, room + 1, height), flags | Qt.AlignmentFlag.AlignLeft, name
            )
