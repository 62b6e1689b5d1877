"""Fields of the connection editor: who vouches for the certificate, and two things in a row."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.certificates import day_of
from tagwerk.domain.connection import Trust, TrustMode
from tagwerk.ui.connect_certificate import ca_file_dialog
from tagwerk.ui.connect_parts import fingerprint_lines
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import ChoiceBox

_NARROWEST = 440
"""Width of the texts below a choice in the editor, in px at 100 %: reserves their height."""


def field_pair(first: QWidget, second: QWidget) -> QWidget:
    """A field with something behind it."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme().px(8))
    row.addWidget(first, 1)
    row.addWidget(second)
    return holder


class TrustField(QWidget):
    """Who vouches for a server: a choice, and below it the fingerprint, the file or the warning.

    A pin is not made here, only kept or forgotten: it comes from a look at the server.

    Args:
        name: begins the object names of its parts.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._saved: Trust | None = None
        self._ca_file = ""
        self._confirmed = False
        self.choice = ChoiceBox(tr("Trust"))
        self.choice.activated.connect(lambda _index: self._tell())
        self.choose = PushButton(tr("Choose…"), "folder-open")
        self.choose.clicked.connect(self._choose_file)
        self.about = Label("", 12, 400, "text2", wrap=True)
        self.fingerprint = Label("", 12, 400, mono=True)
        for part, widget in (
            ("Choice", self.choice), ("File", self.choose), ("About", self.about),
            ("Fingerprint", self.fingerprint),
        ):  # fmt: skip
            widget.setObjectName(f"{name}{part}")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(4))
        column.addWidget(field_pair(self.choice, self.choose))
        column.addWidget(self.fingerprint)
        column.addWidget(self.about)

    def show_trust(self, trust: Trust | None, nothing: str = "") -> None:
        """Begin with a decision; `nothing` names what None means, "" where it is not offered."""
        self._saved = trust
        self._confirmed = False
        self._ca_file = trust.ca_file if trust is not None else ""
        self.choice.clear()
        if nothing:
            self.choice.addItem(nothing, "")
        self.choice.addItem(tr("what this computer trusts"), TrustMode.SYSTEM.value)
        if trust is not None and trust.mode is TrustMode.PINNED:
            self.choice.addItem(tr("this certificate only"), TrustMode.PINNED.value)
        self.choice.addItem(tr("the plant's own CA"), TrustMode.CA_FILE.value)
        self.choice.addItem(tr("nobody: plain HTTP"), TrustMode.PLAIN_HTTP.value)
        key = trust.mode.value if trust is not None else ("" if nothing else "system")
        self.choice.setCurrentIndex(max(self.choice.findData(key), 0))
        self._tell()

    def confirm(self) -> None:
        """A look has shown that the decision is right."""
        self._confirmed = True
        self._tell()

    @property
    def mode(self) -> TrustMode | None:
        """What is chosen; None for the same as elsewhere."""
        key = self.choice.currentData()
        return TrustMode(key) if key else None

    @property
    def has_file(self) -> bool:
        return bool(self._ca_file)

    @property
    def trust(self) -> Trust | None:
        """The decision."""
        mode = self.mode
        if mode is None:
            return None
        if self._saved is not None and mode is self._saved.mode is TrustMode.PINNED:
            return self._saved
        return Trust(mode, ca_file=self._ca_file if mode is TrustMode.CA_FILE else "")

    def _tell(self) -> None:
        mode = self.mode
        pinned = mode is TrustMode.PINNED and self._saved is not None
        self.choose.setVisible(mode is TrustMode.CA_FILE)
        self.fingerprint.setVisible(pinned)
        words, role = "", "text2"
        if pinned and self._saved is not None:
            self.fingerprint.setText(fingerprint_lines(self._saved.sha256))
            self.fingerprint.setMinimumHeight(self.fingerprint.sizeHint().height())
            words = _about_pin(self._saved)
        elif mode is TrustMode.CA_FILE:
            words = Path(self._ca_file).name if self._ca_file else tr("no file chosen")
        elif mode is TrustMode.PLAIN_HTTP:
            role = "uncertain"
            words = tr("Everybody in this network can read the password and all values, and can change what is written on its way.")  # fmt: skip
        elif self._saved is not None and self._saved.mode is TrustMode.PINNED:
            words = tr("The remembered certificate is forgotten when you save.")
        if self._confirmed:
            words = f"{words} {tr('It answers and is trusted.')}".strip()
        self.about.set_role(role)
        self.about.setText(words)
        self.about.setMinimumHeight(max(self.about.heightForWidth(theme().px(_NARROWEST)), 0))
        self.about.setVisible(bool(words))

    def _choose_file(self) -> None:
        dialog = ca_file_dialog(self)
        dialog.fileSelected.connect(self._file_chosen)
        dialog.open()

    def _file_chosen(self, path: str) -> None:
        self._ca_file = path
        self._tell()


def _about_pin(trust: Trust) -> str:
    """Whose certificate it is, how long it is valid, and since when it is trusted."""
    known = trust.known
    words = tr("fingerprint compared") if trust.compared else tr("fingerprint not compared")
    if known is None:
        return words
    return tr(
        "{subject}, valid to {last}\ntrusted on {day}, {words}",
        subject=known.subject,
        last=day_of(known.not_after_ns),
        day=day_of(known.trusted_ns) if known.trusted_ns else "—",
        words=words,
    )
