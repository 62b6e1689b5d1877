"""The line above the search field while names are read, or when reading them failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.domain.text import format_number
from tagwerk.ui.i18n import number_style, tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.busy import BusyRing
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class BrowseNotice(Area):
    """Busy with "Cancel", or failed with "Try again".

    Signals:
        cancelled, again: the buttons.
    """

    cancelled = Signal()
    again = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="bottom", line_role="hairline")
        self.setObjectName("tagNotice")
        tokens = theme()
        self._ring = BusyRing(16, self)
        self._icon = IconLabel("triangle-alert", 16, "uncertain", self)
        self._text = Label("", 12, 400, "text2", self, wrap=True)
        self._text.setObjectName("tagNoticeText")
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._cancel = PushButton(tr("Cancel"), height=24)
        self._cancel.setObjectName("tagBrowseCancel")
        self._cancel.clicked.connect(self.cancelled)
        self._again = PushButton(tr("Try again"), "refresh-cw", height=24)
        self._again.setObjectName("tagBrowseAgain")
        self._again.clicked.connect(self.again)
        row = QHBoxLayout()
        row.setSpacing(tokens.px(8))
        row.addWidget(self._ring, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addWidget(self._cancel)
        row.addWidget(self._again)
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
        self._ring.setVisible(running)
        self._cancel.setVisible(running)
        self._icon.setVisible(failed)
        self._again.setVisible(failed)
        if running:
            seconds = max(plant.clock_ns() - state.started_ns, 0) // 1_000_000_000
            number = format_number(int(seconds), 0, number_style())
            self._text.setText(
                tr("Reading names, {seconds} s. Search works already.", seconds=number)
            )
        elif failed:
            self._text.setText(
                " ".join(filter(None, (tr_message(state.error), tr_message(state.cure))))
            )
        self.set_role("banner" if failed else "panel")
        self._text.set_role("banner_text" if failed else "text2")
        self.setVisible(running or failed)
