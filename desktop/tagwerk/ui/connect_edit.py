"""The editor of a saved connection: name, address, trust, partner, sheet, note, time-out.

It changes no file and sends no password; `edited` tells what was asked for. The partner is looked
at like the server itself: its certificate is shown and asked about before it is trusted.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from urllib.parse import urlsplit

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import NotTrusted, UsageError
from tagwerk.domain.ports import Connector
from tagwerk.domain.text import format_number, parse_number
from tagwerk.ui.connect_certificate import CertificatePage
from tagwerk.ui.connect_edit_fields import TrustField, field_pair
from tagwerk.ui.connect_parts import NEED_MORE, dialect_choice
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.saved_connections import LONGEST_TIMEOUT_S, SHORTEST_TIMEOUT_S, SavedConnections
from tagwerk.ui.status_words import host_of
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import CheckBox, LineField
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area

FIELDS, CERTIFICATE = range(2)


class ConnectionEditor(QDialog):
    """Object name ``connectionEditor``.

    Args:
        parent: the window.
        connector: looks at the partner.
        scope: for that look.
        connections: the others, for names that are taken.
        profile: what is edited.
    """

    edited = Signal(object, object)
    """The `ConnectionProfile` before and after."""
    password_change = Signal(object)
    password_forget = Signal(object)

    def __init__(
        self,
        parent: QWidget,
        connector: Connector,
        scope: TaskScope,
        connections: SavedConnections,
        profile: ConnectionProfile,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("connectionEditor")
        self.setWindowTitle(tr("Edit connection"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._connector, self._scope = connector, scope
        self._connections, self._profile = connections, profile
        self._partner_url = profile.partner
        self._build()
        self._fill(profile)
        self._ring = FocusRing(self)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    # Building.

    def _build(self) -> None:
        self.pages = QStackedWidget()
        self.pages.addWidget(self._fields())
        self.certificate = CertificatePage()
        self.certificate.answered.connect(self._tell_save)
        self.pages.addWidget(self.certificate)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pages, 1)
        column.addWidget(self._foot())
        self.resize(theme().px(620), theme().px(620))

    def _fields(self) -> QWidget:
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        self.headline = Label("", 16, 600, wrap=True)
        box.addWidget(self.headline)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(12))
        grid.setVerticalSpacing(theme().px(8))
        grid.setColumnStretch(1, 1)
        self.name = LineField(name=tr("Name of the connection"))
        self.address = LineField(name=tr("Address"))
        self.address.textEdited.connect(self._address_edited)
        self.user = LineField(name=tr("User"))
        self.trust = TrustField("trust")
        self.note = LineField(tr("hall, machine"), name=tr("Note"))
        self.sheet = LineField(tr("none"), name=tr("Tag sheet"))
        self.dialect = dialect_choice("editDialect")
        self.dialect.currentIndexChanged.connect(lambda _index: self._tell_further())
        self.zone = LineField(tr("as on this computer"), name=tr("Time zone of the plant"))
        self.filter = LineField(tr("the first one"), name=tr("Filter for messages"))
        self.timeout = LineField(name=tr("Time-out in seconds"))
        self.partner = LineField(tr("none"), name=tr("Redundant partner"))
        self.partner.textEdited.connect(self._partner_edited)
        self.look = PushButton(tr("Look at it…"))
        self.look.clicked.connect(self._look_at_partner)
        self.partner_trust = TrustField("partnerTrust")
        self.follow = CheckBox(tr("Go to the partner when this server says that it is passive"))
        for name, widget in (
            ("editName", self.name), ("editAddress", self.address), ("editUser", self.user),
            ("editNote", self.note), ("editSheet", self.sheet), ("editTimeout", self.timeout),
            ("editPartner", self.partner), ("editPartnerLook", self.look),
            ("editFollowPartner", self.follow), ("editTimeZone", self.zone),
            ("editAlarmFilter", self.filter),
        ):  # fmt: skip
            widget.setObjectName(name)
        rows: tuple[tuple[str, QWidget], ...] = (
            (tr("Name"), self.name),
            (tr("Address"), self.address),
            (tr("Kind of server"), self.dialect),
            (tr("Trust"), self.trust),
            (tr("User"), self.user),
            (tr("Token") if self._profile.by_token else tr("Password"), self._password_row()),
            (tr("Note"), self.note),
            (tr("Tag sheet"), self.sheet),
            (tr("Time-out"), field_pair(self.timeout, Label(tr("seconds for one request"), 13, 400, "text2"))),
            (tr("Time zone"), self.zone),
            (tr("Filter for messages"), self.filter),
            (tr("Partner"), field_pair(self.partner, self.look)),
            ("", self.partner_trust),
            ("", self.follow),
        )  # fmt: skip
        self._further: list[QWidget] = []
        for index, (text, part) in enumerate(rows):
            label = Label(text, 13, 400, "text2")
            # In line with the first field of its row, however high the row is.
            label.setFixedHeight(theme().px(28))
            grid.addWidget(label, index, 0, Qt.AlignmentFlag.AlignTop)
            if part in (self.zone, self.filter):
                self._further += [label, part]
            grid.addWidget(part, index, 1)
        box.addLayout(grid)
        self.problem = Label("", 13, 500, "bad", wrap=True)
        self.problem.setObjectName("editProblem")
        box.addWidget(self.problem)
        box.addStretch(1)
        return page

    def _password_row(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(8))
        self.change = PushButton(tr("Change…"), "key-round")
        self.change.setObjectName("editPasswordChange")
        self.change.clicked.connect(lambda _on=False: self.password_change.emit(self._profile))
        self.forget = PushButton(tr("Forget"))
        self.forget.setObjectName("editPasswordForget")
        is_token = self._profile.by_token
        self.forget.setAccessibleName(
            tr("Forget the saved token") if is_token else tr("Forget the saved password")
        )
        self.forget.clicked.connect(lambda _on=False: self.password_forget.emit(self._profile))
        row.addWidget(self.change)
        row.addWidget(self.forget)
        row.addStretch(1)
        return holder

    def _foot(self) -> Area:
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(theme().px(8))
        self.cancel = PushButton(tr("Cancel"))
        self.cancel.setObjectName("editCancel")
        self.cancel.clicked.connect(self._cancel)
        self.save = PushButton(tr("Save"), kind="primary")
        self.save.setObjectName("editSave")
        self.save.clicked.connect(self._save)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.save)
        return foot

    def _fill(self, profile: ConnectionProfile) -> None:
        self.headline.setText(profile.name)
        self.name.setText(profile.name)
        self.address.setText(profile.url)
        self.user.setText(profile.user)
        self.note.setText(profile.note)
        self.sheet.setText(profile.sheet)
        seconds = profile.timeout_s
        whole = seconds.is_integer()
        self.timeout.setText(format_number(seconds, 0 if whole else None, number_style()))
        self.partner.setText(profile.partner)
        self.dialect.setCurrentIndex(max(self.dialect.findData(profile.dialect), 0))
        self.zone.setText(profile.time_zone)
        self.filter.setText(profile.alarm_filter)
        self._tell_further()
        self.follow.setChecked(profile.follow_partner)
        self.trust.show_trust(profile.trust)
        self.partner_trust.show_trust(profile.partner_trust, tr("as for the server"))
        for button in (self.change, self.forget):
            button.setEnabled(bool(profile.user))
        self._tell_partner()

    # The address and the partner.

    def _address_edited(self) -> None:
        """Another host is another server: its certificate is asked about when it is connected."""
        same = host_of(self.address.text()) == host_of(self._profile.url)
        self.trust.show_trust(self._profile.trust if same else Trust())

    def _partner_edited(self) -> None:
        self._scope.cancel("partner")
        self._partner_url = ""
        self.partner_trust.show_trust(None, tr("as for the server"))
        self._tell_partner()

    def _tell_further(self) -> None:
        """What only some kinds of servers need; what was entered once stays on show."""
        is_entered = bool(self.zone.text() or self.filter.text())
        for part in self._further:
            part.setVisible(is_entered or self.dialect.currentData() in NEED_MORE)

    def _tell_partner(self) -> None:
        has_partner = bool(self.partner.text().strip())
        self.look.setEnabled(has_partner)
        self.follow.setEnabled(has_partner)
        self.partner_trust.setVisible(has_partner)

    def _look_at_partner(self) -> None:
        self.problem.setText("")
        self.look.setEnabled(False)
        self._scope.start(self._look(self.partner.text().strip()), "partner", replace=True)

    async def _look(self, address: str) -> None:
        decided = self.partner_trust.trust
        trust = decided if decided is not None else self.trust.trust or Trust()
        try:
            result = await self._connector.inspect(address, trust=trust, on_step=lambda _step: None)
        except asyncio.CancelledError:
            raise  # the dialog may be gone by now
        except BaseException:
            self.look.setEnabled(True)
            raise
        self.look.setEnabled(True)
        error = result.error
        if isinstance(error, NotTrusted):
            self._partner_url = result.url or address
            shown = error.certificate or result.certificate
            # A pin of the server says nothing about its partner: that is no change.
            if decided is None:
                error.pinned_sha256 = ""
            host = host_of(self._partner_url).partition(":")[0]
            self.certificate.ask(error, shown, host, time.time_ns())
            self._show(CERTIFICATE)
        elif error is not None:
            self.problem.setText(" ".join(in_words(error)))
        else:
            self.partner.setText(result.url or address)
            self._partner_url = result.url or address
            self.partner_trust.show_trust(decided, tr("as for the server"))
            self.partner_trust.confirm()

    # Its two pages.

    def _show(self, page: int) -> None:
        self.pages.setCurrentIndex(page)
        asks = page == CERTIFICATE
        self.cancel.setText(tr("Do not trust") if asks else tr("Cancel"))
        self.save.setText(tr("Trust the partner") if asks else tr("Save"))
        self.save.set_kind("plain" if asks else "primary")
        for button in (self.cancel, self.save):
            button.setAccessibleName(button.text())
            button.updateGeometry()
        self._tell_save()
        (self.cancel if asks else self.partner).setFocus(Qt.FocusReason.OtherFocusReason)

    def _tell_save(self) -> None:
        asks = self.pages.currentIndex() == CERTIFICATE
        plain = asks and self.certificate.certificate is None
        self.save.setEnabled(not plain or not self.certificate.objection())

    def _cancel(self) -> None:
        if self.pages.currentIndex() == CERTIFICATE:
            self._show(FIELDS)
        else:
            self.reject()

    def _trust_partner(self) -> None:
        page = self.certificate
        if page.needs_file:
            page.choose_file()
            return
        objection = page.objection()
        page.problem.setText(objection)
        if objection:
            return
        self.partner_trust.show_trust(page.decision(time.time_ns()))
        self.partner.setText(self._partner_url)
        self._show(FIELDS)

    # The end.

    def _save(self) -> None:
        if self.pages.currentIndex() == CERTIFICATE:
            self._trust_partner()
            return
        objection = self._objection()
        self.problem.setText(objection)
        if not objection:
            after = self._result()
            before = self._profile
            self.accept()
            if after != before:
                self.edited.emit(before, after)

    def _objection(self) -> str:
        name = self.name.text().strip()
        address, partner = self.address.text().strip(), self.partner.text().strip()
        if not name:
            return tr("A name for the connection is needed.")
        if name != self._profile.name and self._connections.find(name) is not None:
            return tr("There is a connection of the name {name} already.", name=name)
        if not self._is_address(address, self.trust.trust):
            return tr("“{text}” is not an address.", text=address)
        if partner and not self._is_address(partner, self._partner_decision):
            return tr("“{text}” is not an address.", text=partner)
        plain = self._plain_address(address, partner)
        if plain:
            return tr("{address} is not encrypted. Allow that explicitly, or use https.", address=plain)  # fmt: skip
        for trust in (self.trust, self.partner_trust):
            if trust.mode is TrustMode.CA_FILE and not trust.has_file:
                return tr("Choose the CA file.")
        if self._timeout_s() is None:
            return tr("The time-out is a number from {least} to {most} seconds.", least=round(SHORTEST_TIMEOUT_S), most=round(LONGEST_TIMEOUT_S))  # fmt: skip
        return ""

    def _plain_address(self, address: str, partner: str) -> str:
        """The whole address that would be saved and is not encrypted though nobody said so."""
        whole = self._whole(address, self.trust.trust)
        if _is_plain(whole) and self.trust.mode is not TrustMode.PLAIN_HTTP:
            return whole
        if not partner:
            return ""
        whole = self._whole(partner, self._partner_decision)
        # What was said for the server counts for a partner whose http can be seen in its field,
        # never for a bare name that would turn into http unseen.
        seen = self.trust.mode if whole == partner else None
        mode = self.partner_trust.mode or seen
        return whole if _is_plain(whole) and mode is not TrustMode.PLAIN_HTTP else ""

    def _timeout_s(self) -> float | None:
        try:
            seconds = float(parse_number(self.timeout.text().strip(), number_style()))
        except (UsageError, ValueError):
            return None
        return seconds if SHORTEST_TIMEOUT_S <= seconds <= LONGEST_TIMEOUT_S else None

    @property
    def _partner_decision(self) -> Trust | None:
        return self.partner_trust.trust or self.trust.trust

    def _whole(self, address: str, trust: Trust | None) -> str:
        """A bare host name is made whole as in the connect dialog; a URL stays as it was typed.

        Raises:
            UsageError: not an address.
        """
        if "://" in address:
            return address
        return self._connector.whole_address(
            address, trust=trust or Trust(), dialect=str(self.dialect.currentData())
        )

    def _is_address(self, text: str, trust: Trust | None) -> bool:
        """Whether it can be one; what is really there is found out by connecting."""
        try:
            parts = urlsplit(self._whole(text, trust))
            known = parts.scheme in ("http", "https")
            # A port that is none raises; a user or password never belongs into an address.
            return known and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        except (ValueError, UsageError):
            return False

    def _result(self) -> ConnectionProfile:
        partner = self.partner.text().strip()
        return replace(
            self._profile,
            name=self.name.text().strip(),
            url=self._whole(self.address.text().strip(), self.trust.trust),
            user=self.user.text().strip(),
            trust=self.trust.trust or Trust(),
            sheet=self.sheet.text().strip(),
            note=self.note.text().strip(),
            timeout_s=self._timeout_s() or self._profile.timeout_s,
            partner=self._whole(partner, self._partner_decision) if partner else "",
            follow_partner=bool(partner) and self.follow.isChecked(),
            partner_trust=self.partner_trust.trust if partner else None,
            dialect=str(self.dialect.currentData()),
            time_zone=self.zone.text().strip(),
            alarm_filter=self.filter.text().strip(),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.pages.currentIndex() == CERTIFICATE:
            self._show(FIELDS)
            return
        super().keyPressEvent(event)

    def done(self, result: int) -> None:
        self._scope.cancel("partner")
        super().done(result)


def _is_plain(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost", "::1")
