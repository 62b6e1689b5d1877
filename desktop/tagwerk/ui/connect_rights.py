"""Last page of the connect dialog: what this user may do on this server."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout

from tagwerk.domain.connection import Capability, ProbeResult, Session
from tagwerk.ui.i18n import tr
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import ChoiceBox
from tagwerk.ui.widgets.painting import Area


class RightsPage(Area):
    """Who is signed in, and a line for each thing that can be done or not."""

    def __init__(self) -> None:
        super().__init__("panel")
        box = QVBoxLayout(self)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        self.headline = Label("", 16, 600, wrap=True)
        self.about = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.headline)
        box.addWidget(self.about)
        self._rights = QGridLayout()
        self._rights.setHorizontalSpacing(theme().px(10))
        self._rights.setVerticalSpacing(theme().px(10))
        self._rights.setColumnStretch(1, 1)
        box.addLayout(self._rights)
        self.filter = ChoiceBox(tr("Filter for messages"))
        self.filter.setObjectName("connectAlarmFilter")
        self.filter_label = Label(tr("Filter for messages"), 13, 400, "text2")
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        row.addWidget(self.filter_label)
        row.addWidget(self.filter)
        row.addStretch(1)
        box.addSpacing(theme().px(8))
        box.addLayout(row)
        box.addStretch(1)

    @property
    def alarm_filter(self) -> str:
        """The chosen filter; "" where there is nothing to choose."""
        return str(self.filter.currentData() or "")

    def _offer_filters(self, names: tuple[str, ...], chosen: str) -> None:
        self.filter.clear()
        for name in names:
            self.filter.addItem(name, name)
        self.filter.setCurrentIndex(max(self.filter.findData(chosen), 0))
        for part in (self.filter, self.filter_label):
            part.setVisible(bool(names))

    def show_rights(self, session: Session, result: ProbeResult, alarm_filter: str = "") -> None:
        """What a look at the server with this user found.

        Args:
            alarm_filter: chosen before, "" for none.
        """
        self._offer_filters(result.alarm_filters, alarm_filter)
        self.headline.setText(tr("Signed in as {user}", user=session.user))
        groups = ", ".join(session.groups)
        about = ", ".join(part for part in (session.full_name, groups) if part)
        self.about.setText(about)
        self.about.setVisible(bool(about))
        while (item := self._rights.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        lines = (
            (tr("Read and browse"), (Capability.READ, Capability.BROWSE)),
            (tr("Pushed values"), (Capability.PUSH,)),
            (tr("History"), (Capability.HISTORY,)),
            (tr("Write"), (Capability.WRITE,)),
            (tr("Alarms"), (Capability.ALARMS,)),
            (tr("Acknowledge, reset"), (Capability.ACKNOWLEDGE, Capability.RESET)),
        )
        for row, (text, needed) in enumerate(lines):
            missing = [one for one in needed if one not in result.capabilities]
            able = not missing
            self._rights.addWidget(
                IconLabel("check" if able else "x", 16, "text2" if able else "text3"), row, 0
            )
            self._rights.addWidget(Label(text, 13, 400, "text" if able else "text3"), row, 1)
            why = "" if able else reason_in_words(result.capabilities.reason(missing[0]))
            label = Label(why, 12, 400, "text2", wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._rights.addWidget(label, row, 2)
