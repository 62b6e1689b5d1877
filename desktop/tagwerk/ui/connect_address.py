"""First page of the connect dialog: the address, and the look at the server as it runs."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from tagwerk.domain.connection import StepName
from tagwerk.ui.connect_parts import StepTable, dialect_choice
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area

LOOK_STEPS = (
    StepName.RESOLVE,
    StepName.CONNECT,
    StepName.TLS,
    StepName.INTERFACE,
    StepName.LOGIN,
)


class AddressPage(Area):
    """Address, steps, and why it went no further."""

    def __init__(self) -> None:
        super().__init__("panel")
        box = QVBoxLayout(self)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        box.addWidget(Label(tr("Which server?"), 16, 600, wrap=True))
        box.addWidget(
            Label(tr("Host name, address or URL. The path and the port are found for you."), 13, 400, "text2", wrap=True)
        )  # fmt: skip
        self.address = LineField(tr("Host name or address"), "server", height=32)
        self.address.setObjectName("connectAddress")
        box.addWidget(self.address)
        self.dialect = dialect_choice("connectDialect")
        self.dialect.currentIndexChanged.connect(lambda _index: self._tell_port())
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        row.addWidget(Label(tr("Kind of server"), 13, 400, "text2"))
        row.addWidget(self.dialect)
        self.port = Label("", 12, 400, "text2", wrap=True)
        self.port.setObjectName("connectPortHint")
        row.addWidget(self.port, 1)
        box.addLayout(row)
        self.steps = StepTable(LOOK_STEPS)
        box.addSpacing(theme().px(8))
        box.addWidget(self.steps)
        self.problem = Label("", 13, 500, "bad", wrap=True)
        self.problem.setObjectName("connectProblem")
        self.cure = Label("", 13, 400, "text2", wrap=True)
        self.cure.setObjectName("connectCure")
        box.addWidget(self.problem)
        box.addWidget(self.cure)
        self.examine = PushButton(tr("Find out why…"), "stethoscope")
        self.examine.setObjectName("connectExamine")
        self.examine.hide()
        box.addWidget(self.examine, 0, Qt.AlignmentFlag.AlignLeft)
        box.addStretch(1)
        note = QHBoxLayout()
        note.setSpacing(theme().px(8))
        note.addWidget(IconLabel("info", 15), 0, Qt.AlignmentFlag.AlignTop)
        note.addWidget(
            Label(tr("Nothing secret has been sent so far."), 13, 400, "text2", wrap=True), 1
        )
        box.addLayout(note)

    def text(self) -> str:
        return self.address.text().strip()

    def _tell_port(self) -> None:
        """Where such a server usually is."""
        hints = {
            "unified": tr("usually port 443, /graphql/"),
            "classic": tr("usually port 34568 or 34569, /WinCCRestService"),
        }
        self.port.setText(hints.get(str(self.dialect.currentData()), ""))

    def say(self, problem: str, cure: str) -> None:
        """Why it went no further; not twice what a step says already."""
        self.problem.setText("" if self.steps.has_failed(problem) else problem)
        self.problem.setVisible(bool(self.problem.text()))
        self.cure.setText(cure)
        self.examine.setVisible(bool(problem))
