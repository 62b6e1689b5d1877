"""Above the trend: that the log did not answer, and a line that fills while it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.message import Message
from tagwerk.ui.i18n import tr, tr_message, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import HOUR_NS
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.painting import Area

SHORTER_NS = 2 * HOUR_NS
"""The span that the shorter reading offers."""


class LogProblem(Area):
    """Says that the log did not answer, in its own words, with the cure as a button."""

    def __init__(self, again: Callable[[], None], shorter: Callable[[], None]) -> None:
        super().__init__("banner", lines="bottom", line_role="banner_line")
        self.setObjectName("trendLogProblem")
        row = QHBoxLayout(self)
        row.setContentsMargins(*(theme().px(n) for n in (10, 6, 8, 6)))
        row.setSpacing(theme().px(8))
        texts = QVBoxLayout()
        texts.setSpacing(0)
        self.headline = Label("", 13, 600, "banner_text", wrap=True)
        self.detail = Label("", 12, 400, "banner_text", wrap=True)
        texts.addWidget(self.headline)
        texts.addWidget(self.detail)
        self.shorter = PushButton(tr("Read 2 h"), height=24)
        self.shorter.setObjectName("trendReadShorter")
        self.again = PushButton(tr("Try again"), height=24)
        self.again.setObjectName("trendReadAgain")
        self.shorter.clicked.connect(lambda _checked=False: shorter())
        self.again.clicked.connect(lambda _checked=False: again())
        row.addWidget(IconLabel("triangle-alert", 16, "banner_text"), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(texts, 1)
        row.addWidget(self.shorter)
        row.addWidget(self.again)
        self.hide()

    def show_error(
        self, error: Message, failed: Sequence[tuple[str, Message]], span_ns: int
    ) -> None:
        """The first reason, and for which pens; an empty one hides this. The tip has them all."""
        count = len(failed)
        self.setToolTip("\n".join(f"{label}: {tr_message(why)}" for label, why in failed))
        self.setVisible(bool(error))
        if not error:
            return
        self.headline.setText(
            tr_n(
                "The log did not answer for one pen",
                "The log did not answer for {count} pens",
                count,
            )
        )
        words = [tr_message(error), tr("Live goes on.")]
        if span_ns > SHORTER_NS:
            words.append(tr("A shorter span is usually fast enough."))
        self.detail.setText(" ".join(words))
        self.shorter.setVisible(span_ns > SHORTER_NS)


class Progress(QWidget):
    """A 2 px line that fills while the log is read."""

    def __init__(self) -> None:
        super().__init__()
        self.share: float | None = None
        self.setFixedHeight(2)

    def show_share(self, share: float | None) -> None:
        if share != self.share:
            self.share = share
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("panel"))
            if self.share is not None:
                width = round(self.width() * min(max(self.share, 0.03), 1))
                painter.fillRect(0, 0, width, 2, theme().color("accent"))
