"""The connect dialog: address, certificate, sign in, rights; nothing secret leaves before trust.

It looks at the server through `Connector.inspect` and ends with a `ConnectionChoice`; opening the
plant is `connect_flow`'s business. Every stage can be cancelled, and a new look replaces a
running one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.connection import (
    Capability,
    Certificate,
    ConnectionProfile,
    ProbeResult,
    Step,
    StepName,
    Trust,
    TrustMode,
)
from tagwerk.domain.errors import LoginFailed, NotTrusted
from tagwerk.domain.ports import Connector
from tagwerk.ui.connect_parts import (
    CertificateFacts,
    FingerprintBox,
    StageList,
    StepTable,
    fingerprint_lines,
)
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.settings import SavedConnections
from tagwerk.ui.statusbar import host_of
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import CheckBox, LineField, RadioButton
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area

ADDRESS, CERTIFICATE, SIGN_IN, RIGHTS = range(4)
_LOOK_STEPS = (
    StepName.RESOLVE,
    StepName.CONNECT,
    StepName.TLS,
    StepName.INTERFACE,
    StepName.LOGIN,
)


@dataclass(frozen=True, slots=True)
class ConnectionChoice:
    """What the dialog ends with.

    Args:
        profile: to connect with now.
        saved: to keep in the list; differs when the trust is for this session only.
        password: never stored by the dialog.
        keep_password: the user wants it in the keyring.
    """

    profile: ConnectionProfile
    saved: ConnectionProfile
    password: str
    keep_password: bool


class ConnectDialog(QDialog):
    """Object name ``connectDialog``.

    Args:
        parent: the window.
        connector: looks at servers.
        scope: its own; closed when the dialog ends.
        connections: saved ones, for names and pinned certificates.
        has_keyring: whether passwords can be kept.
        address: typed or saved address to begin with; looked at directly when not "".
        profile: a saved connection to repair or to sign in to anew.
    """

    chosen = Signal(object)
    """A `ConnectionChoice`."""

    def __init__(
        self,
        parent: QWidget,
        connector: Connector,
        scope: TaskScope,
        connections: SavedConnections,
        *,
        has_keyring: bool,
        address: str = "",
        profile: ConnectionProfile | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("connectDialog")
        self.setWindowTitle(tr("Connect to a plant"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._connector, self._scope = connector, scope
        self._connections, self._has_keyring = connections, has_keyring
        self._base = profile
        self._trust = profile.trust if profile is not None else Trust()
        self._session_only = False
        self._certificate: Certificate | None = None
        self._result: ProbeResult | None = None
        self._url = profile.url if profile is not None else ""
        self._password = ""
        self._build()
        self._ring = FocusRing(self)
        self._go(ADDRESS)
        start = address or (profile.url if profile is not None else "")
        if start:
            self.address.setText(start)
            self.look()

    # Building.

    def _build(self) -> None:
        self.stages = StageList([tr("Address"), tr("Certificate"), tr("Sign in"), tr("Rights")])
        self.pages = QStackedWidget()
        for page in (
            self._address_page(),
            self._certificate_page(),
            self._sign_in_page(),
            self._rights_page(),
        ):
            self.pages.addWidget(page)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.stages)
        middle.addWidget(self.pages, 1)
        self.alert = self._alert()
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(theme().px(8))
        self.extra = PushButton(tr("Show chain"), "network")
        self.extra.setObjectName("showChain")
        self.extra.clicked.connect(self._toggle_chain)
        self.back = PushButton(tr("Back"))
        self.back.setObjectName("connectBack")
        self.back.clicked.connect(self._back)
        self.cancel = PushButton(tr("Cancel"))
        self.cancel.setObjectName("connectCancel")
        self.cancel.clicked.connect(self._cancel)
        self.next = PushButton(tr("Look at the server"), kind="primary")
        self.next.setObjectName("connectNext")
        self.next.clicked.connect(self._next)
        row.addWidget(self.extra)
        row.addStretch(1)
        for button in (self.back, self.cancel, self.next):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.alert)
        column.addLayout(middle, 1)
        column.addWidget(foot)
        self.resize(theme().px(680), theme().px(620))

    @staticmethod
    def _page(title: str) -> tuple[QWidget, QVBoxLayout, Label]:
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        headline = Label(title, 16, 600, wrap=True)
        return page, box, headline

    def _address_page(self) -> QWidget:
        page, box, headline = self._page(tr("Which server?"))
        box.addWidget(headline)
        box.addWidget(
            Label(tr("Host name, address or URL. The path and the port are found for you."), 13, 400, "text2", wrap=True)
        )  # fmt: skip
        self.address = LineField(tr("Host name or address"), "server", height=32)
        self.address.setObjectName("connectAddress")
        self.address.textEdited.connect(self._address_edited)
        box.addWidget(self.address)
        self.steps = StepTable(_LOOK_STEPS)
        box.addSpacing(theme().px(8))
        box.addWidget(self.steps)
        self.look_problem = Label("", 13, 500, "bad", wrap=True)
        self.look_problem.setObjectName("connectProblem")
        self.look_cure = Label("", 13, 400, "text2", wrap=True)
        self.look_cure.setObjectName("connectCure")
        box.addWidget(self.look_problem)
        box.addWidget(self.look_cure)
        box.addStretch(1)
        note = QHBoxLayout()
        note.setSpacing(theme().px(8))
        note.addWidget(IconLabel("info", 15), 0, Qt.AlignmentFlag.AlignTop)
        note.addWidget(
            Label(tr("Nothing secret has been sent so far."), 13, 400, "text2", wrap=True), 1
        )
        box.addLayout(note)
        return page

    def _certificate_page(self) -> QWidget:
        page, box, self.trust_headline = self._page(tr("Do you trust this server?"))
        head = QHBoxLayout()
        head.setSpacing(theme().px(12))
        self.trust_icon = IconLabel("shield-question-mark", 24, "uncertain")
        head.addWidget(self.trust_icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(theme().px(4))
        self.trust_text = Label("", 13, 400, "text2", wrap=True)
        words.addWidget(self.trust_headline)
        words.addWidget(self.trust_text)
        head.addLayout(words, 1)
        box.addLayout(head)
        self.fingerprint = FingerprintBox()
        box.addWidget(self.fingerprint)
        self.facts = CertificateFacts()
        box.addWidget(self.facts)
        self.chain = Label("", 12, 400, "text2", wrap=True)
        self.chain.setObjectName("certificateChain")
        self.chain.hide()
        box.addWidget(self.chain)
        self.trust_line = Area("hairline")
        self.trust_line.setFixedHeight(1)
        box.addWidget(self.trust_line)
        self.trust_group = QButtonGroup(self)
        self.trust_session = RadioButton(tr("Trust only for this session"))
        self.trust_session.setObjectName("trustSession")
        self.trust_pin = RadioButton(
            tr("Trust and remember this fingerprint"), tr("warns loudly when it changes")
        )
        self.trust_pin.setObjectName("trustPin")
        self.trust_file = RadioButton(tr("Trust the plant's own CA from a file…"))
        self.trust_file.setObjectName("trustFile")
        for button in (self.trust_session, self.trust_pin, self.trust_file):
            self.trust_group.addButton(button)
            box.addWidget(button)
        self.trust_file.clicked.connect(self._choose_ca)
        self.compared = CheckBox(tr("I have compared the fingerprint (the audit will say so)"))
        self.compared.setObjectName("comparedFingerprint")
        box.addWidget(self.compared)
        self.trust_problem = Label("", 13, 400, "bad", wrap=True)
        self.trust_problem.setObjectName("trustProblem")
        box.addWidget(self.trust_problem)
        box.addStretch(1)
        return page

    def _sign_in_page(self) -> QWidget:
        page, box, headline = self._page(tr("Who are you on this server?"))
        box.addWidget(headline)
        self.sign_in_text = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.sign_in_text)
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
        rows = (
            (tr("User"), self.user),
            (tr("Password"), self.password),
            (tr("Saved as"), self.name),
            (tr("Note"), self.note),
            (tr("Tag sheet"), self.sheet),
        )
        for index, (text, field) in enumerate(rows):
            grid.addWidget(Label(text, 13, 400, "text2"), index, 0)
            grid.addWidget(field, index, 1, 1, 1 if field is self.sheet else 2)
        grid.addWidget(self.sheet_button, len(rows) - 1, 2)
        grid.setColumnStretch(1, 1)
        box.addLayout(grid)
        self.keep = CheckBox(tr("Save the password in the keyring of this computer"))
        self.keep.setObjectName("keepPassword")
        self.keep.setChecked(self._has_keyring)
        self.keep.setEnabled(self._has_keyring)
        box.addWidget(self.keep)
        self.keep_note = Label("", 12, 400, "text2", wrap=True)
        self.keep_note.setObjectName("keyringNote")
        if not self._has_keyring:
            self.keep_note.setText(
                tr("This computer has no keyring that Tagwerk can use. The password is kept in memory until you quit.")
            )  # fmt: skip
        self.keep_note.setVisible(not self._has_keyring)
        box.addWidget(self.keep_note)
        self.login_steps = StepTable((StepName.LOGIN, StepName.RIGHTS))
        box.addSpacing(theme().px(6))
        box.addWidget(self.login_steps)
        self.login_problem = Label("", 13, 500, "bad", wrap=True)
        self.login_problem.setObjectName("loginProblem")
        self.login_cure = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.login_problem)
        box.addWidget(self.login_cure)
        box.addStretch(1)
        return page

    def _rights_page(self) -> QWidget:
        page, box, self.rights_headline = self._page("")
        box.addWidget(self.rights_headline)
        self.rights_text = Label("", 13, 400, "text2", wrap=True)
        box.addWidget(self.rights_text)
        self.rights = QGridLayout()
        self.rights.setHorizontalSpacing(theme().px(10))
        self.rights.setVerticalSpacing(theme().px(10))
        self.rights.setColumnStretch(1, 1)
        box.addLayout(self.rights)
        box.addStretch(1)
        return page

    def _alert(self) -> Area:
        """The loud head: this is not the server you trusted."""
        area = Area("bad_back", lines="bottom", line_role="bad")
        area.setObjectName("changedCertificate")
        row = QHBoxLayout(area)
        row.setContentsMargins(20, 14, 20, 14)
        row.setSpacing(theme().px(14))
        row.addWidget(IconLabel("circle-alert", 24, "bad"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.addWidget(Label(tr("This is not the server you trusted"), 16, 600))
        self.alert_text = Label("", 13, 400, "text", wrap=True)
        self.alert_old = Label("", 12, 400, mono=True)
        self.alert_old.setObjectName("trustedFingerprint")
        words.addWidget(self.alert_text)
        old = QHBoxLayout()
        old.addWidget(Label(tr("Trusted"), 13, 600), 0, Qt.AlignmentFlag.AlignTop)
        old.addSpacing(theme().px(12))
        old.addWidget(self.alert_old, 1)
        words.addLayout(old)
        row.addLayout(words, 1)
        area.hide()
        return area

    # Stages.

    def _go(self, stage: int) -> None:
        self.pages.setCurrentIndex(stage)
        self.stages.set_current(stage)
        if stage != CERTIFICATE:
            self.alert.hide()
        self.extra.setVisible(stage == CERTIFICATE and self._certificate is not None)
        self.back.setVisible(stage in (SIGN_IN, RIGHTS))
        texts = {
            ADDRESS: tr("Look at the server"),
            CERTIFICATE: tr("Trust and go on"),
            SIGN_IN: tr("Sign in"),
            RIGHTS: tr("Open read-only"),
        }
        self.cancel.setText(tr("Do not trust") if stage == CERTIFICATE else tr("Cancel"))
        self.next.setText(texts[stage])
        self.next.set_kind("plain" if stage == CERTIFICATE else "primary")
        for button in (self.cancel, self.next):
            button.setAccessibleName(button.text())
            button.updateGeometry()
        self.next.setEnabled(stage != ADDRESS or bool(self.address.text().strip()))
        # The ring starts on the safe button; elsewhere on what has to be typed first.
        first = {
            ADDRESS: self.address,
            CERTIFICATE: self.cancel,
            SIGN_IN: self.password if self.user.text() else self.user,
            RIGHTS: self.next,
        }
        first[stage].setFocus(Qt.FocusReason.OtherFocusReason)

    def _next(self) -> None:
        stage = self.pages.currentIndex()
        if stage == ADDRESS:
            self.look()
        elif stage == CERTIFICATE:
            self._trust_and_go_on()
        elif stage == SIGN_IN:
            self._sign_in()
        else:
            self._finish()

    def _back(self) -> None:
        self._scope.cancel("look")
        self._go(ADDRESS if self.pages.currentIndex() == SIGN_IN else SIGN_IN)
        if self.pages.currentIndex() == ADDRESS:
            self.steps.rest()

    def _cancel(self) -> None:
        self.reject()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        in_field = isinstance(self.focusWidget(), QLineEdit)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and in_field:
            if self.next.isEnabled():
                self._next()
            return
        super().keyPressEvent(event)

    # Address.

    def _address_edited(self) -> None:
        """Another address is another server: what was found out no longer counts."""
        self._scope.cancel("look")
        self._base = None
        self._trust = Trust()
        self._certificate = None
        self.steps.rest()
        self._say_look("", "")
        self.next.setEnabled(bool(self.address.text().strip()))

    def _say_look(self, problem: str, cure: str) -> None:
        self.look_problem.setText("" if self.steps.has_failed(problem) else problem)
        self.look_problem.setVisible(bool(self.look_problem.text()))
        self.look_cure.setText(cure)

    def look(self) -> None:
        """Look at the address, without signing in."""
        address = self.address.text().strip()
        if not address:
            return
        known = self._pinned_for(address)
        if known is not None and self._base is None:
            self._base = known
            self._trust = known.trust
        self._go(ADDRESS)
        self._say_look("", "")
        self.steps.restart()
        self.next.setEnabled(False)
        self._scope.start(self._look(address), "look", replace=True)

    def _pinned_for(self, address: str) -> ConnectionProfile | None:
        """A saved connection to the same host: its trust counts, also for a changed certificate."""
        host = host_of(address).casefold()
        for profile in self._connections.all():
            saved = host_of(profile.url).casefold()
            if host in (saved, saved.partition(":")[0]) and "/" not in address.rstrip("/"):
                return profile
            if profile.url == address:
                return profile
        return None

    async def _look(self, address: str) -> None:
        def on_step(step: Step) -> None:
            asks = step.step is StepName.TLS and step.ok is False
            self.steps.take(step, question=asks)

        try:
            result = await self._connector.inspect(address, trust=self._trust, on_step=on_step)
        except asyncio.CancelledError:
            raise  # the dialog may be gone by now
        except BaseException:
            self._look_ended()
            raise
        self._look_ended()
        self._result = result
        self._url = result.url or address
        error = result.error
        if isinstance(error, NotTrusted):
            self._ask_trust(error, result)
        elif error is not None:
            self._say_look(*in_words(error))
        else:
            self._certificate = result.certificate
            self._ask_user()

    def _look_ended(self) -> None:
        self.steps.stop()
        self.login_steps.stop()
        self.next.setEnabled(True)

    # Certificate.

    def _ask_trust(self, error: NotTrusted, result: ProbeResult) -> None:
        certificate = error.certificate or result.certificate
        self._certificate = certificate
        host = host_of(self._url)
        plain = certificate is None
        for widget in (
            self.fingerprint,
            self.facts,
            self.trust_pin,
            self.trust_file,
            self.compared,
        ):
            widget.setVisible(not plain)
        self.trust_problem.setText("")
        self.chain.hide()
        pinned = error.pinned_sha256
        if certificate is None:
            self.trust_headline.setText(tr("Connect without encryption?"))
            self.trust_text.setText(" ".join(in_words(error)))
            self.trust_session.setText(tr("Go on without encryption, for this session"))
        else:
            self.trust_headline.setText(tr("Do you trust this server?"))
            self.trust_text.setText(
                tr("Its certificate is signed by itself. That is usual for WinCC, but only you can say that this is your plant.")
                if certificate.self_signed
                else tr("Its certificate is signed by {issuer}, which this computer does not know. Only you can say that this is your plant.", issuer=certificate.issuer)
            )  # fmt: skip
            self.trust_session.setText(tr("Trust only for this session"))
            self.fingerprint.show_fingerprint(certificate.sha256)
            self.facts.show_certificate(certificate, host.partition(":")[0], time.time_ns())
            self.chain.setText("\n".join(certificate.chain) or certificate.subject)
        # The convenient choice must not be the dangerous one: after a change nothing is preset.
        if pinned or plain:
            self.trust_session.setChecked(True)
        else:
            self.trust_pin.setChecked(True)
        self.compared.setChecked(False)
        self._go(CERTIFICATE)
        if pinned:
            self.alert_text.setText(
                tr("The certificate of {host} has changed. Nothing was sent. It may be a new installation of the runtime, or someone in between. Ask whoever looks after the server before you go on.", host=host)
            )  # fmt: skip
            self.alert_old.setText(fingerprint_lines(pinned))
            self.trust_headline.setText(tr("What the server shows now"))
            self.trust_text.setText("")
            self.trust_icon.set_icon("shield-alert", "bad")
            self.cancel.setText(tr("Stay away"))
            self.next.setText(tr("Trust the new one…"))
            for button in (self.cancel, self.next):
                button.setAccessibleName(button.text())
                button.updateGeometry()
            self.alert.show()
            self.resize(self.width(), max(self.height(), theme().px(770)))
        else:
            self.trust_icon.set_icon("shield-question-mark", "uncertain")

    def _toggle_chain(self) -> None:
        self.chain.setVisible(not self.chain.isVisible())

    def _trust_and_go_on(self) -> None:
        certificate = self._certificate
        changed = self.alert.isVisible()
        if certificate is None:
            self._trust = Trust(TrustMode.PLAIN_HTTP)
            self._session_only = True
        elif self.trust_file.isChecked():
            if self._trust.mode is not TrustMode.CA_FILE:
                self._choose_ca()
                return
            self._session_only = False
        else:
            if changed and not self.compared.isChecked():
                self.trust_problem.setText(
                    tr("Compare the new fingerprint with the server first, then say so above.")
                )
                return
            self._session_only = self.trust_session.isChecked()
            self._trust = Trust(
                TrustMode.PINNED, sha256=certificate.sha256, compared=self.compared.isChecked()
            )
        self._go(ADDRESS)
        self.steps.restart()
        self.next.setEnabled(False)
        self._scope.start(self._look(self._url), "look", replace=True)

    def _choose_ca(self) -> None:
        dialog = QFileDialog(self, tr("The plant's own CA"))
        dialog.setObjectName("caFileDialog")
        dialog.setNameFilters([tr("Certificates (*.pem *.crt *.cer)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._ca_chosen)
        dialog.open()

    def _ca_chosen(self, path: str) -> None:
        self._trust = Trust(TrustMode.CA_FILE, ca_file=path)
        self.trust_file.hint = Path(path).name
        self.trust_file.setChecked(True)
        self.trust_file.update()

    # Sign in.

    def _ask_user(self) -> None:
        base = self._base
        host = host_of(self._url)
        self.sign_in_text.setText(
            tr("{host} answers as {server}.", host=host, server=self._server_words())
        )
        if base is not None:
            self.user.setText(self.user.text() or base.user)
            self.note.setText(self.note.text() or base.note)
            self.sheet.setText(self.sheet.text() or base.sheet)
            self.name.setText(base.name)
        elif not self.name.text():
            self.name.setText(self._connections.free_name(host.partition(":")[0]))
        self.login_steps.rest()
        self._say_login("", "")
        self._go(SIGN_IN)

    def _server_words(self) -> str:
        server = self._result.server if self._result is not None else {}
        words = " ".join(server.get(key, "") for key in ("product", "version")).strip()
        return server.get("name", "") or words or "WinCC Unified"

    def _say_login(self, problem: str, cure: str) -> None:
        self.login_problem.setText("" if self.login_steps.has_failed(problem) else problem)
        self.login_problem.setVisible(bool(self.login_problem.text()))
        self.login_cure.setText(cure)

    def _choose_sheet(self) -> None:
        dialog = QFileDialog(self, tr("Tag sheet"))
        dialog.setObjectName("sheetFileDialog")
        dialog.setNameFilters([tr("Tag sheets (*.csv *.xlsx)"), tr("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.sheet.setText)
        dialog.open()

    def _sign_in(self) -> None:
        if not self.user.text().strip():
            self._say_login(tr("A user is needed."), "")
            self.user.setFocus()
            return
        if not self.name.text().strip():
            self._say_login(tr("A name for the connection is needed."), "")
            self.name.setFocus()
            return
        self._say_login("", "")
        self.login_steps.restart()
        self.next.setEnabled(False)
        self._password = self.password.text()
        self._scope.start(self._try_login(), "look", replace=True)

    async def _try_login(self) -> None:
        try:
            result = await self._connector.inspect(
                self._url,
                trust=self._trust,
                user=self.user.text().strip(),
                password=self._password,
                on_step=self.login_steps.take,
            )
        except asyncio.CancelledError:
            raise  # the dialog may be gone by now
        except BaseException:
            self._look_ended()
            raise
        self._look_ended()
        if isinstance(result.error, NotTrusted):
            self._ask_trust(result.error, result)
        elif result.error is not None:
            self._say_login(*in_words(result.error))
            if isinstance(result.error, LoginFailed):
                self.password.setFocus()
                self.password.selectAll()
        elif result.session is None:
            self._say_login(tr("The server did not sign {user} in.", user=self.user.text()), "")
        else:
            self._result = result
            self._show_rights(result)

    # Rights.

    def _show_rights(self, result: ProbeResult) -> None:
        session = result.session
        if session is None:
            return
        self.rights_headline.setText(tr("Signed in as {user}", user=session.user))
        groups = ", ".join(session.groups)
        text = ", ".join(part for part in (session.full_name, groups) if part)
        self.rights_text.setText(text)
        self.rights_text.setVisible(bool(text))
        while (item := self.rights.takeAt(0)) is not None:
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
            self.rights.addWidget(
                IconLabel("check" if able else "x", 16, "text2" if able else "text3"), row, 0
            )
            self.rights.addWidget(Label(text, 13, 400, "text" if able else "text3"), row, 1)
            why = "" if able else reason_in_words(result.capabilities.reason(missing[0]))
            label = Label(why, 12, 400, "text2", wrap=True)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.rights.addWidget(label, row, 2)
        self._go(RIGHTS)

    def _finish(self) -> None:
        base = self._base or ConnectionProfile("", "")
        profile = replace(
            base,
            name=self.name.text().strip(),
            url=self._result.url if self._result is not None and self._result.url else self._url,
            user=self.user.text().strip(),
            dialect=(self._result.dialect if self._result is not None else "") or "auto",
            trust=self._trust,
            sheet=self.sheet.text().strip(),
            note=self.note.text().strip(),
        )
        saved = replace(profile, trust=base.trust) if self._session_only else profile
        choice = ConnectionChoice(
            profile, saved, self._password, self.keep.isChecked() and self._has_keyring
        )
        self.accept()
        self.chosen.emit(choice)

    def done(self, result: int) -> None:
        self._scope.cancel("look")
        self.password.clear()
        self._password = ""
        super().done(result)
