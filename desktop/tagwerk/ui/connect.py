"""The connect dialog: address, certificate, sign in, rights; nothing secret leaves before trust.

It looks at the server through `Connector.inspect` and ends with a `ConnectionChoice`; opening the
plant is `connect_flow`'s business. Every stage can be cancelled, and a new look replaces a
running one.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.connection import (
    Certificate,
    ConnectionProfile,
    ProbeResult,
    Session,
    Step,
    StepName,
    Trust,
)
from tagwerk.domain.errors import LoginFailed, NotTrusted
from tagwerk.domain.ports import Connector
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect_address import AddressPage
from tagwerk.ui.connect_certificate import CertificatePage
from tagwerk.ui.connect_parts import StageList
from tagwerk.ui.connect_rights import RightsPage
from tagwerk.ui.connect_sign_in import SignInPage, Trial
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.status_words import host_of, product_in_words
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area

ADDRESS, CERTIFICATE, SIGN_IN, RIGHTS = range(4)


@dataclass(frozen=True, slots=True)
class ConnectionChoice:
    """What the dialog ends with.

    Args:
        profile: to connect with now.
        saved: to keep in the list; differs when the trust is for this session only.
        password: never stored by the dialog, never printed.
        keep_password: the user wants it in the keyring.
    """

    profile: ConnectionProfile
    saved: ConnectionProfile
    password: str = field(repr=False)
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
    examine_requested = Signal(object)
    """It went no further: whom the connection doctor shall look at, an address or a profile."""

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
        self._connections = connections
        self._base = profile
        self._trust = profile.trust if profile is not None else Trust()
        self._session_only = False
        self._result: ProbeResult | None = None
        self._url = profile.url if profile is not None else ""
        self._trial: Trial | None = None
        self._build(has_keyring)
        self._ring = FocusRing(self)
        self._go(ADDRESS)
        start = address or (profile.url if profile is not None else "")
        if start:
            self.address.address.setText(start)
            if profile is not None:
                known = self.address.dialect.findData(profile.dialect)
                self.address.dialect.setCurrentIndex(max(known, 0))
            self.look()

    # Building.

    def _build(self, has_keyring: bool) -> None:
        self.stages = StageList([tr("Address"), tr("Certificate"), tr("Sign in"), tr("Rights")])
        self.address = AddressPage()
        self.address.address.textEdited.connect(self._address_edited)
        self.address.examine.clicked.connect(self._examine)
        self.certificate = CertificatePage()
        self.certificate.answered.connect(self._tell_next)
        self.sign_in = SignInPage(has_keyring=has_keyring)
        self.rights = RightsPage()
        self.pages = QStackedWidget()
        for page in (self.address, self.certificate, self.sign_in, self.rights):
            self.pages.addWidget(page)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.stages)
        middle.addWidget(self.pages, 1)
        self.alert = self._alert()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.alert)
        column.addLayout(middle, 1)
        column.addWidget(self._foot())
        self.resize(theme().px(720), theme().px(640))

    def _foot(self) -> Area:
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(theme().px(8))
        self.extra = PushButton(tr("Show chain"), "network")
        self.extra.setObjectName("showChain")
        self.extra.clicked.connect(self.certificate.toggle_chain)
        self.back = PushButton(tr("Back"))
        self.back.setObjectName("connectBack")
        self.back.clicked.connect(self._back)
        self.cancel = PushButton(tr("Cancel"))
        self.cancel.setObjectName("connectCancel")
        self.cancel.clicked.connect(self.reject)
        self.next = PushButton(tr("Look at the server"), kind="primary")
        self.next.setObjectName("connectNext")
        self.next.clicked.connect(self._next)
        row.addWidget(self.extra)
        row.addStretch(1)
        for button in (self.back, self.cancel, self.next):
            row.addWidget(button)
        return foot

    def _alert(self) -> Area:
        """The loud head: this is not the server you trusted."""
        area = Area("bad_back", lines="bottom", line_role="bad")
        area.setObjectName("changedCertificate")
        row = QHBoxLayout(area)
        row.setContentsMargins(20, 14, 20, 14)
        row.setSpacing(theme().px(14))
        row.addWidget(IconLabel("circle-alert", 24, "bad"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.addWidget(Label(tr("This is not the server you trusted"), 16, 600, wrap=True))
        self.alert_text = Label("", 13, 400, "text", wrap=True)
        words.addWidget(self.alert_text)
        row.addLayout(words, 1)
        area.hide()
        return area

    # Stages.

    def _go(self, stage: int) -> None:
        self.pages.setCurrentIndex(stage)
        self.stages.set_current(stage)
        shown = self.certificate.certificate if stage == CERTIFICATE else None
        changed = stage == CERTIFICATE and bool(self.certificate.pinned)
        self.alert.setVisible(changed)
        self.extra.setVisible(shown is not None)
        self.back.setVisible(stage in (SIGN_IN, RIGHTS))
        texts = {
            ADDRESS: tr("Look at the server"),
            CERTIFICATE: tr("Trust and go on"),
            SIGN_IN: tr("Sign in"),
            RIGHTS: tr("Open read-only"),
        }
        safe, following = tr("Cancel"), texts[stage]
        if changed:
            safe, following = tr("Stay away"), tr("Trust the new one…")
        elif stage == CERTIFICATE and shown is None:
            safe, following = tr("Stay away"), tr("Go on without encryption")
        elif stage == CERTIFICATE:
            safe = tr("Do not trust")
        self.cancel.setText(safe)
        self.next.setText(following)
        self.next.set_kind("plain" if stage == CERTIFICATE else "primary")
        self.cancel.set_kind("primary" if changed else "plain")
        for button in (self.cancel, self.next):
            button.setAccessibleName(button.text())
            button.updateGeometry()
        self._tell_next()
        # The ring starts on the safe button; elsewhere on what has to be typed first.
        first = {
            ADDRESS: self.address.address,
            CERTIFICATE: self.cancel,
            SIGN_IN: self.sign_in.password if self.sign_in.user.text() else self.sign_in.user,
            RIGHTS: self.next,
        }
        first[stage].setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_next(self) -> None:
        """Whether the way forward is open."""
        stage = self.pages.currentIndex()
        able = stage != ADDRESS or bool(self.address.text())
        if stage == CERTIFICATE and self.certificate.certificate is None:
            able = not self.certificate.objection()
        self.next.setEnabled(able)

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
            self.address.steps.rest()

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
        self._trial = None
        self._session_only = False
        self.address.steps.rest()
        self.address.say("", "")
        self._tell_next()

    def look(self) -> None:
        """Look at the address, without signing in."""
        address = self.address.text()
        if not address:
            return
        known = self._pinned_for(address)
        if known is not None and self._base is None:
            self._base = known
            self._trust = known.trust
        self._go(ADDRESS)
        self.address.say("", "")
        self._start_look(address)

    def _examine(self) -> None:
        whom = self._base if self._base is not None else self.address.text()
        self.reject()
        self.examine_requested.emit(whom)

    def _start_look(self, address: str) -> None:
        self.address.steps.restart()
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
            self.address.steps.take(step, question=asks)

        try:
            result = await self._connector.inspect(
                address, trust=self._trust, on_step=on_step, profile=self._asked()
            )
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
            self._ask_trust(error, error.certificate or result.certificate)
        elif error is not None:
            self.address.say(*in_words(error))
        else:
            self._ask_user()

    def _asked(self) -> ConnectionProfile | None:
        """How to look at the server beyond address, trust and user; None where nobody said."""
        page = self.sign_in
        dialect = str(self.address.dialect.currentData())
        if dialect == "auto" and self._result is not None and self._result.settings:
            dialect = self._result.dialect or dialect
        asked = replace(
            self._base or ConnectionProfile("", ""),
            dialect=dialect,
            time_zone=page.zone.text().strip(),
            by_token=page.is_token,
        )
        return None if asked == ConnectionProfile("", "") else asked

    def _look_ended(self) -> None:
        self.address.steps.stop()
        self.sign_in.steps.stop()
        self.next.setEnabled(True)

    # Certificate.

    def _ask_trust(self, error: NotTrusted, certificate: Certificate | None) -> None:
        host = host_of(self._url)
        self.certificate.ask(error, certificate, host.partition(":")[0], time.time_ns())
        if self.certificate.pinned:
            self.alert_text.setText(
                tr("The certificate of {host} has changed. Nothing was sent. It may be a new installation of the runtime, or someone in between. Ask whoever looks after the server before you go on.", host=host)
            )  # fmt: skip
            room = self.screen().availableGeometry().height() - theme().px(60)
            width = max(self.width(), theme().px(820))
            self.resize(width, min(max(self.height(), theme().px(740)), room))
        self._go(CERTIFICATE)

    def _trust_and_go_on(self) -> None:
        page = self.certificate
        if page.needs_file:
            page.choose_file()
            return
        objection = page.objection()
        if objection:
            page.problem.setText(objection)
            return
        if page.pinned and not page.file.isChecked():
            self._confirm_new_certificate()
            return
        self._trust_decided()

    def _confirm_new_certificate(self) -> None:
        """To accept another certificate than the one trusted is an act of its own."""
        warning = tr("From now on only the new one is trusted. If it belongs to someone in between, they read your password with the next step.")  # fmt: skip
        if (self._trial or self._base or ConnectionProfile("", "")).by_token:
            warning = tr("From now on only the new one is trusted. If it belongs to someone in between, they read your token with the next step.")  # fmt: skip
        question = ConfirmDialog(
            self,
            "confirmNewCertificate",
            tr("Trust the new certificate of {host}?", host=host_of(self._url)),
            warning,
            tr("Trust the new one"),
            tr("Stay away"),
        )
        question.accepted.connect(self._trust_decided)
        question.open()

    def _trust_decided(self) -> None:
        self._trust = self.certificate.decision(time.time_ns())
        self._session_only = self.certificate.is_session_only
        self._go(ADDRESS)
        self._start_look(self._url)

    # Sign in.

    def _ask_user(self) -> None:
        host = host_of(self._url)
        self.sign_in.begin(
            self._base,
            self._connections.free_name(host.partition(":")[0]),
            tr("{host} answers as {server}.", host=host, server=self._server_words()),
            self._result.settings if self._result is not None else (),
        )
        self._go(SIGN_IN)

    def _server_words(self) -> str:
        server = self._result.server if self._result is not None else {}
        words = " ".join(server.get(key, "") for key in ("product", "version")).strip()
        return server.get("name", "") or product_in_words(words) or "WinCC Unified"

    def _sign_in(self) -> None:
        page = self.sign_in
        if not page.user.text().strip():
            page.say(tr("A user is needed."), "")
            page.user.setFocus()
            return
        if not page.name.text().strip():
            page.say(tr("A name for the connection is needed."), "")
            page.name.setFocus()
            return
        if page.is_token and not page.secret:
            # Without one user and an empty password would be sent, which counts as an attempt.
            page.say(tr("A token is needed."), "")
            page.password.setFocus()
            return
        page.say("", "")
        page.steps.restart()
        self.next.setEnabled(False)
        self._trial = trial = page.trial(self._asked())
        self._scope.start(self._try_login(trial), "look", replace=True)

    async def _try_login(self, trial: Trial) -> None:
        page = self.sign_in
        try:
            result = await self._connector.inspect(
                self._url,
                trust=self._trust,
                user=trial.user,
                password=trial.secret,
                on_step=page.steps.take,
                profile=trial.asked,
            )
        except asyncio.CancelledError:
            raise  # the dialog may be gone by now
        except BaseException:
            self._look_ended()
            raise
        self._look_ended()
        if isinstance(result.error, NotTrusted):
            self._ask_trust(result.error, result.error.certificate or result.certificate)
            return
        if result.error is not None:
            page.say(*in_words(result.error))
            if isinstance(result.error, LoginFailed):
                page.password.setFocus()
                page.password.selectAll()
            return
        session = result.session
        if session is None and trial.by_token:
            # With a token nobody signs in: that the server told the rights shows that it was taken.
            session = Session(trial.user)
        if session is None:
            page.say(tr("The server did not sign {user} in.", user=trial.user), "")
            return
        self._result = result
        chosen = self._base.alarm_filter if self._base is not None else ""
        self.rights.show_rights(session, result, chosen)
        self._go(RIGHTS)

    # The end.

    def _finish(self) -> None:
        trial = self._trial
        if trial is None:
            return
        base = self._base or ConnectionProfile("", "")
        page = self.sign_in
        profile = replace(
            base,
            name=trial.name,
            url=self._result.url if self._result is not None and self._result.url else self._url,
            user=trial.user,
            dialect=(self._result.dialect if self._result is not None else "") or "auto",
            trust=self._trust,
            sheet=page.sheet.text().strip(),
            note=page.note.text().strip(),
            time_zone=trial.time_zone,
            alarm_filter=self.rights.alarm_filter,
            by_token=trial.by_token,
        )
        saved = replace(profile, trust=base.trust) if self._session_only else profile
        choice = ConnectionChoice(profile, saved, trial.secret, page.keeps)
        self.accept()
        self.chosen.emit(choice)

    def done(self, result: int) -> None:
        self._scope.cancel("look")
        self.sign_in.password.clear()
        self._trial = None
        super().done(result)
