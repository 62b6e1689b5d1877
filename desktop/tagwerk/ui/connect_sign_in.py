"""Third page of the connect dialog: user, password, and what the connection is called."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLineEdit, QVBoxLayout

from tagwerk.domain.connection import ConnectionProfile, StepName
from tagwerk.ui.connect_parts import StepTable, keep_words, no_keyring_words, secret_of
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import CheckBox, LineField
from tagwerk.ui.widgets.painting import Area


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried to sign in with, and then saved: the fields may change before the answer.

    Args:
        name: of the connection.
        secret: the password or the token, never printed.
        asked: how the server is looked at, None where nobody said.
    """

    name: str
    user: str
    secret: str = field(repr=False)
    by_token: bool
    time_zone: str
    asked: ConnectionProfile | None


class SignInPage(Area):
    """Who signs in, and under which name the connection is saved."""

    def __init__(self, *, has_keyring: bool) -> None:
        super().__init__("panel")
        self._has_keyring = has_keyring
        box = QVBoxLayout(self)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        box.addWidget(Label(tr("Who are you on this server?"), 16, 600, wrap=True))
        self.about = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.about)
        box.addLayout(self._fields())
        self.by_token = CheckBox(tr("A token that was issued elsewhere, instead of a password"))
        self.by_token.setObjectName("connectByToken")
        self.by_token.toggled.connect(self._tell_secret)
        box.addWidget(self.by_token)
        self.keep = CheckBox()
        self.keep.setObjectName("keepPassword")
        self.keep.setChecked(has_keyring)
        self.keep.setEnabled(has_keyring)
        box.addWidget(self.keep)
        self.keep_note = Label("", 12, 400, "text2", wrap=True)
        self.keep_note.setObjectName("keyringNote")
        self.keep_note.setVisible(not has_keyring)
        box.addWidget(self.keep_note)
        self._tell_secret(is_token=False)
        self.steps = StepTable((StepName.LOGIN, StepName.RIGHTS))
        box.addSpacing(theme().px(6))
        box.addWidget(self.steps)
        self.problem = Label("", 13, 500, "bad", wrap=True)
        self.problem.setObjectName("loginProblem")
        self.cure = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.problem)
        box.addWidget(self.cure)
        box.addStretch(1)

    def _fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(12))
        grid.setVerticalSpacing(theme().px(8))
        self.user = LineField(name=tr("User"))
        self.user.setObjectName("connectUser")
        self.password = LineField(name=tr("Password"))
        self.password.setObjectName("connectPassword")
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.name = LineField(name=tr("Name of the connection"))
        self.name.setObjectName("connectName")
        self.note = LineField(tr("hall, machine"), name=tr("Note"))
        self.note.setObjectName("connectNote")
        self.sheet = LineField(tr("none"), name=tr("Tag sheet"))
        self.sheet.setObjectName("connectSheet")
        self.sheet_button = IconButton("folder-open", tr("Choose a tag sheet…"), side=28)
        self.sheet_button.setObjectName("chooseSheet")
        self.sheet_button.clicked.connect(self._choose_sheet)
        self.zone = LineField(tr("as on this computer"), name=tr("Time zone of the plant"))
        self.zone.setObjectName("connectTimeZone")
        self.secret_label = Label(tr("Password"), 13, 400, "text2")
        self.zone_label = Label(tr("Time zone"), 13, 400, "text2")
        rows = (
            (Label(tr("User"), 13, 400, "text2"), self.user),
            (self.secret_label, self.password),
            (Label(tr("Saved as"), 13, 400, "text2"), self.name),
            (Label(tr("Note"), 13, 400, "text2"), self.note),
            (Label(tr("Tag sheet"), 13, 400, "text2"), self.sheet),
            (self.zone_label, self.zone),
        )
        for index, (label, part) in enumerate(rows):
            grid.addWidget(label, index, 0)
            grid.addWidget(part, index, 1, 1, 1 if part is self.sheet else 2)
            if part is self.sheet:
                grid.addWidget(self.sheet_button, index, 2)
        grid.setColumnStretch(1, 1)
        return grid

    def _tell_secret(self, is_token: bool) -> None:
        """What the secret field is for now, and what the keyring would keep."""
        words = tr("Token") if is_token else tr("Password")
        self.secret_label.setText(words)
        self.password.setAccessibleName(words)
        self.keep.setText(keep_words(is_token=is_token))
        self.keep.setAccessibleName(self.keep.text())
        if not self._has_keyring:
            self.keep_note.setText(no_keyring_words(is_token=is_token))

    def begin(
        self,
        base: ConnectionProfile | None,
        free_name: str,
        about: str,
        settings: tuple[str, ...] = (),
    ) -> None:
        """Show the page for a server; what was typed before stays.

        Args:
            base: the saved connection to this server, if there is one.
            free_name: a name that is not taken.
            about: what answers there.
            settings: what such a server needs beyond user and password, see `ProbeResult`.
        """
        self.about.setText(about)
        self.by_token.setVisible("by_token" in settings)
        for part in (self.zone, self.zone_label):
            part.setVisible("time_zone" in settings)
        if base is not None:
            self.user.setText(self.user.text() or base.user)
            self.note.setText(self.note.text() or base.note)
            self.sheet.setText(self.sheet.text() or base.sheet)
            self.zone.setText(self.zone.text() or base.time_zone)
            self.by_token.setChecked(self.by_token.isChecked() or base.by_token)
            # An address of the command line has no name of its own.
            self.name.setText(free_name if base.name == base.url else base.name)
        elif not self.name.text():
            self.name.setText(free_name)
        # What was ticked for another server counts for nothing where it cannot be seen.
        self._tell_secret(is_token=self.is_token)
        self.steps.rest()
        self.say("", "")

    @property
    def is_token(self) -> bool:
        """What is given in place of the password is a token."""
        return self.by_token.isChecked() and not self.by_token.isHidden()

    @property
    def secret(self) -> str:
        """The password as it was typed, or the token without the blanks that copying brought."""
        return secret_of(self.password.text(), is_token=self.is_token)

    def trial(self, asked: ConnectionProfile | None) -> Trial:
        """What the fields say now; `asked`: see `Trial`."""
        return Trial(
            self.name.text().strip(),
            self.user.text().strip(),
            self.secret,
            self.is_token,
            self.zone.text().strip(),
            asked,
        )

    @property
    def keeps(self) -> bool:
        """The user wants the password in the keyring."""
        return self._has_keyring and self.keep.isChecked()

    def say(self, problem: str, cure: str) -> None:
        """Why nobody is signed in; not twice what a step says already."""
        self.problem.setText("" if self.steps.has_failed(problem) else problem)
        self.problem.setVisible(bool(self.problem.text()))
        self.cure.setText(cure)

    def _choose_sheet(self) -> None:
        dialog = QFileDialog(self, tr("Tag sheet"))
        dialog.setObjectName("sheetFileDialog")
        dialog.setNameFilters([tr("Tag sheets (*.csv *.xlsx)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.sheet.setText)
        dialog.open()
