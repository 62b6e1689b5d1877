"""The strip above the table that keeps what went wrong with acknowledging until it is dismissed."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tagwerk.domain.alarms import AlarmKey
from tagwerk.plant import Plant
from tagwerk.ui.alarms.acknowledge import alarm_title
from tagwerk.ui.alarms.notes import Note, NoteKind
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label

_ORDER = (NoteKind.UNVERIFIED, NoteKind.REJECTED, NoteKind.FAILED)


class ResultStrip(QWidget):
    """One line: the worst result by name, and how many more there are.

    Signals:
        dismissed: the user has read it.
    """

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        tokens = theme()
        self.setObjectName("alarmResult")
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.px(10), 0, tokens.px(6), 0)
        row.setSpacing(tokens.px(8))
        self._icon = IconLabel("circle-x", 16, "bad")
        self._name = Label("", 13, 600)
        self._said = Label("", 13)
        self._name.setMinimumWidth(10)
        self._said.setMinimumWidth(10)
        self._close = IconButton("x", tr("Dismiss"), self)
        self._close.setObjectName("alarmResultDismiss")
        self._close.clicked.connect(self.dismissed)
        self._role = "bad"
        row.addWidget(self._icon)
        row.addWidget(self._name)
        row.addWidget(self._said, 1)
        row.addWidget(self._close)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(32))

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._name.text()} {self._said.text()}".strip()

    def show_notes(self, problems: Sequence[tuple[AlarmKey, Note]], plant: Plant | None) -> None:
        """Show the worst problem; hides itself when there is none."""
        self.setVisible(bool(problems))
        if not problems:
            return
        key, note = min(problems, key=lambda problem: _ORDER.index(problem[1].kind))
        alarm = plant.alarms.get(key) if plant is not None else None
        more = len(problems) - 1
        said = note.sentence
        if more:
            said += " " + tr_n(
                "One more has not gone through.", "{count} more have not gone through.", more
            )
        self._role = note.role
        self._icon.set_icon(note.icon, note.role)
        self._name.setText(alarm_title(alarm) if alarm is not None else key.name)
        self._said.setText(said)
        self._said.setToolTip(said)
        self.setAccessibleName(self.text)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            bad = self._role == "bad"
            painter.fillRect(self.rect(), tokens.color("bad_back" if bad else "banner"))
            painter.fillRect(
                0, self.height() - 1, self.width(), 1, tokens.color("bad" if bad else "banner_line")
            )
