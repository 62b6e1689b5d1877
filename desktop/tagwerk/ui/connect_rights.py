"""Last page of the connect dialog: what this user may do on this server."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout

from tagwerk.domain.connection import Capability, ProbeResult, Session
from tagwerk.ui.i18n import tr
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import IconLabel, Label
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
        box.addStretch(1)

    def show_rights(self, session: Session, result: ProbeResult) -> None:
        """What a look at the server with this user found."""
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
