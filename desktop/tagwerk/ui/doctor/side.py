"""The doctor's right column (server, what works here, clock) and the head of its list."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.connection import ProbeResult
from tagwerk.ui.doctor.rows import DETAIL_AT, TITLE_AT
from tagwerk.ui.doctor.words import abilities, clock_words, server_facts
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_COLUMN = 300


class ListHeader(QWidget):
    """The words over the list: check, what came back, time."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Checks"))
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(400), theme().px(24))

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), tokens.color("header"))
            painter.fillRect(0, self.height() - 1, self.width(), 1, tokens.color("border"))
            painter.setFont(tokens.font(11, 500))
            painter.setPen(tokens.color("text2"))
            flags = Qt.AlignmentFlag.AlignVCenter
            left, right = flags | Qt.AlignmentFlag.AlignLeft, flags | Qt.AlignmentFlag.AlignRight
            painter.drawText(
                QRect(tokens.px(TITLE_AT), 0, tokens.px(DETAIL_AT - TITLE_AT), self.height()),
                left,
                tr("Check"),
            )
            painter.drawText(
                QRect(tokens.px(DETAIL_AT), 0, tokens.px(300), self.height()),
                left,
                tr("What came back"),
            )
            painter.drawText(
                QRect(0, 0, self.width() - tokens.px(30), self.height()), right, tr("Time")
            )


class Findings(QScrollArea):
    """The right column; object name ``doctorFindings``."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("doctorFindings")
        self.setAccessibleName(tr("Server"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedWidth(theme().px(_COLUMN))
        use_flat_scroll_bars(self)
        self.clear()

    def clear(self) -> None:
        """Nothing is known yet."""
        self._fill(None, "")

    def show_result(self, result: ProbeResult, connection: str) -> None:
        """What was found; `connection`: what became of the one that runs beside, "" for none."""
        self._fill(result, connection)

    def _fill(self, result: ProbeResult | None, connection: str) -> None:
        inside = Area("panel", lines="left")
        box = QVBoxLayout(inside)
        box.setContentsMargins(theme().px(24), theme().px(18), theme().px(16), theme().px(18))
        box.setSpacing(theme().px(8))
        if result is not None:
            self._facts(box, server_facts(result))
            self._works(box, result)
            clock = clock_words(result)
            if clock:
                box.addWidget(Label(tr("Clock"), 13, 600))
                box.addWidget(Label(clock, 13, 400, "text2", wrap=True))
                box.addSpacing(theme().px(12))
            if connection:
                box.addWidget(Label(tr("Your connection"), 13, 600))
                box.addWidget(Label(connection, 13, 400, "text2", wrap=True))
        box.addStretch(1)
        self.setWidget(inside)

    @staticmethod
    def _facts(box: QVBoxLayout, rows: list[tuple[str, str]]) -> None:
        if not rows:
            return
        box.addWidget(Label(tr("Server"), 13, 600))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(12))
        grid.setVerticalSpacing(theme().px(6))
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(rows):
            grid.addWidget(Label(name, 13, 400, "text2"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(text, 13, 400, "text", wrap=True), row, 1)
        box.addLayout(grid)
        box.addSpacing(theme().px(12))

    @staticmethod
    def _works(box: QVBoxLayout, result: ProbeResult) -> None:
        lines = abilities(result)
        if not lines:
            return
        box.addWidget(Label(tr("What works here"), 13, 600))
        for line in lines:
            row = QHBoxLayout()
            row.setSpacing(theme().px(10))
            row.addWidget(IconLabel(line.icon, 15, line.role), 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(Label(line.text, 13, 400), 0, Qt.AlignmentFlag.AlignTop)
            note = Label(line.note, 13, 400, "text2", wrap=True)
            if line.icon != "x":
                note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
                row.addWidget(note, 1)
                box.addLayout(row)
                continue
            # A reason is a sentence: beside the name it would break into single words.
            row.addStretch(1)
            box.addLayout(row)
            note.setContentsMargins(theme().px(25), 0, 0, 0)
            box.addWidget(note)
        box.addSpacing(theme().px(12))
