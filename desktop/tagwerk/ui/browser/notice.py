"""The line above the search field: names are read, could not be read, are kept ones, or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.domain.text import format_number, format_time
from tagwerk.ui.i18n import number_style, tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.busy import BusyRing
from tagwerk.ui.widgets.buttons import IconButton, PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.plant import BrowseState, Plant


class BrowseNotice(Area):
    """Busy with "Cancel", failed with "Try again", names of an earlier day, or what has changed.

    Signals:
        cancelled, again, dismissed: the buttons.
    """

    cancelled = Signal()
    again = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="bottom", line_role="hairline")
        self.setObjectName("tagNotice")
        tokens = theme()
        self._ring = BusyRing(16, self)
        self._icon = IconLabel("triangle-alert", 16, "uncertain", self)
        self._kept = IconLabel("history", 16, "text2", self)
        self._text = Label("", 12, 400, "text2", self, wrap=True)
        self._text.setObjectName("tagNoticeText")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._cancel = PushButton(tr("Cancel"), height=24)
        self._cancel.setObjectName("tagBrowseCancel")
        self._cancel.clicked.connect(self.cancelled)
        self._again = PushButton(tr("Try again"), "refresh-cw", height=24)
        self._again.setObjectName("tagBrowseAgain")
        self._again.clicked.connect(self.again)
        self._dismiss = IconButton("x", tr("Dismiss"), self, side=20)
        self._dismiss.setObjectName("tagNoticeDismiss")
        self._dismiss.clicked.connect(self.dismissed)
        row = QHBoxLayout()
        row.setSpacing(tokens.px(8))
        row.addWidget(self._ring, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._kept, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addWidget(self._cancel)
        row.addWidget(self._again)
        row.addWidget(self._dismiss, 0, Qt.AlignmentFlag.AlignTop)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(tokens.px(10), tokens.px(5), tokens.px(8), tokens.px(5))
        lines.addLayout(row)

    def show_plant(self, plant: Plant | None, *, has_rows: bool) -> None:
        """Say how the browse stands; hidden when there is nothing to say.

        Args:
            has_rows: there are names already; without them a failure has a page of its own.
        """
        state = plant.browse_state if plant is not None else None
        if plant is None or state is None:
            self.hide()
            return
        running = state.running
        failed = bool(state.error) and has_rows and not running
        is_kept = bool(state.kept_ns) and has_rows
        is_news = bool(state.fresh or state.gone) and not running and not failed
        self._ring.setVisible(running)
        self._cancel.setVisible(running)
        self._icon.setVisible(failed)
        self._again.setVisible(failed)
        self._kept.setVisible((is_kept or is_news) and not running and not failed)
        self._dismiss.setVisible(is_news)
        text = self._said(plant, state, is_kept=is_kept)
        if text != self._text.text():
            self._text.setText(text)
        self.set_role("banner" if failed else "panel")
        self._text.set_role("banner_text" if failed else "text2")
        self.setVisible(bool(running or failed or is_kept or is_news))

    @staticmethod
    def _said(plant: Plant, state: BrowseState, *, is_kept: bool) -> str:
        style = number_style()
        time = format_time(state.kept_ns, zone=None)[:16]
        if state.running:
            seconds = max(plant.clock_ns() - state.started_ns, 0) // 1_000_000_000
            number = format_number(int(seconds), 0, style)
            if state.again:
                return BrowseNotice._again_said(plant, state, number, is_kept=is_kept)
            return tr("Reading names, {seconds} s. Search works already.", seconds=number)
        if state.error:
            parts = [tr("Kept names of {time}.", time=time)] if is_kept else []
            parts += filter(None, (tr_message(state.error), tr_message(state.cure)))
            return " ".join(parts)
        if is_kept:
            return tr("Kept names of {time}, read again once connected.", time=time)
        fresh, gone = (format_number(one, 0, style) for one in (state.fresh, state.gone))
        return tr("Names read again: {fresh} new, {gone} gone.", fresh=fresh, gone=gone)

    @staticmethod
    def _again_said(plant: Plant, state: BrowseState, seconds: str, *, is_kept: bool) -> str:
        """Which names are on show while they are read once more."""
        style = number_style()
        shown = format_number(plant.tree.tag_count, 0, style)
        number = format_number(state.count, 0, style)
        if is_kept:
            return tr(
                "{shown} kept names of {time}, being read again: {number} so far, {seconds} s.",
                shown=shown, time=format_time(state.kept_ns, zone=None)[:16], number=number, seconds=seconds,
            )  # fmt: skip
        return tr(
            "{shown} names on show, being read again: {number} so far, {seconds} s.",
            shown=shown, number=number, seconds=seconds,
        )  # fmt: skip
