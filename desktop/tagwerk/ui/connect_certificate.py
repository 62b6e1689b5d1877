"""Second page of the connect dialog: the server's certificate, and the decision about it.

Three faces: a certificate that nobody vouches for, one that is not the one trusted before (old
and new side by side), and no encryption at all. It decides nothing by itself: `decision` is what
the user chose, and `objection` what is still missing. The editor of connections shows it too.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.certificates import day_of, known_from
from tagwerk.domain.connection import Certificate, Trust, TrustMode
from tagwerk.domain.errors import NotTrusted
from tagwerk.ui.connect_changed import ChangedTable
from tagwerk.ui.connect_parts import CertificateFacts, FingerprintBox
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import CheckBox, RadioButton
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars


class CertificatePage(QScrollArea):
    """The certificate and what to do about it.

    Signals:
        answered: something that counts for `objection` has changed.
        file_chosen: a CA file was chosen; the look may go on.
    """

    answered = Signal()
    file_chosen = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(self)
        self.certificate: Certificate | None = None
        self.pinned = ""
        self._ca_file = ""
        self._page = page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(21, 20, 21, 16)
        box.setSpacing(theme().px(10))
        box.addLayout(self._head())
        self.fingerprint = FingerprintBox()
        self.facts = CertificateFacts()
        self.changes = ChangedTable()
        self.chain = Label("", 12, 400, "text2", wrap=True)
        self.chain.setObjectName("certificateChain")
        self.chain.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.chain.hide()
        line = Area("hairline")
        line.setFixedHeight(1)
        for widget in (self.fingerprint, self.facts, self.changes, self.chain, line):
            box.addWidget(widget)
        self._add_choices(box)
        self.problem = Label("", 13, 400, "bad", wrap=True)
        self.problem.setObjectName("trustProblem")
        box.addWidget(self.problem)
        box.addStretch(1)
        self.setWidget(page)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(theme().px(12))
        self.icon = IconLabel("shield-question-mark", 24, "uncertain")
        head.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(theme().px(4))
        self.headline = Label(tr("Do you trust this server?"), 16, 600, wrap=True)
        self.about = Label("", 13, 400, "text2", wrap=True)
        self.about.setObjectName("trustAbout")
        words.addWidget(self.headline)
        words.addWidget(self.about)
        head.addLayout(words, 1)
        return head

    def _add_choices(self, box: QVBoxLayout) -> None:
        self.allow_plain = CheckBox(tr("I know this network and allow plain HTTP here"))
        self.allow_plain.setObjectName("allowPlainHttp")
        self.allow_plain.toggled.connect(lambda _on: self.answered.emit())
        box.addWidget(self.allow_plain)
        group = QButtonGroup(self)
        self.session = RadioButton(tr("Trust only for this session"))
        self.session.setObjectName("trustSession")
        self.pin = RadioButton(
            tr("Trust and remember this fingerprint"), tr("warns loudly when it changes")
        )
        self.pin.setObjectName("trustPin")
        self.file = RadioButton(tr("Trust the plant's own CA from a file…"))
        self.file.setObjectName("trustFile")
        self.compared = CheckBox(tr("I have compared the fingerprint (the audit will say so)"))
        self.compared.setObjectName("comparedFingerprint")
        for button in (self.session, self.pin, self.file):
            group.addButton(button)
            box.addWidget(button)
        box.addWidget(self.compared)
        self.file.clicked.connect(self.choose_file)
        self.compared.toggled.connect(lambda _on: self.problem.setText(""))

    # What it shows.

    def ask(
        self, error: NotTrusted, certificate: Certificate | None, host: str, now_ns: int
    ) -> None:
        """Show a server that is not trusted.

        Args:
            error: why.
            certificate: what it shows; None where there is no encryption at all.
            host: as it was asked for, without the port.
            now_ns: this computer's time.
        """
        self.certificate = certificate
        self.pinned = error.pinned_sha256 if certificate is not None else ""
        self._ca_file = ""
        plain = certificate is None
        for widget in (self.fingerprint, self.facts):
            widget.setVisible(not plain and not self.pinned)
        self.changes.setVisible(bool(self.pinned))
        self.allow_plain.setVisible(plain)
        self.allow_plain.setChecked(False)
        for choice in (self.file, self.compared):
            choice.setVisible(not plain)
        self.compared.setChecked(False)
        self.problem.setText("")
        self.chain.hide()
        self.file.hint = ""
        if certificate is None:
            self._show_plain(error)
        else:
            self._show_certificate(error, certificate, host, now_ns)
        # The convenient choice must not be the dangerous one: after a change nothing is preset.
        (self.session if self.pinned or plain else self.pin).setChecked(True)
        self.verticalScrollBar().setValue(0)
        self.answered.emit()

    def _show_plain(self, error: NotTrusted) -> None:
        self.icon.set_icon("lock-open", "uncertain")
        self.headline.setText(tr("Connect without encryption?"))
        self.about.setText(
            tr("Everybody in this network can read the password and all values, and can change what is written on its way. {why}", why=in_words(error)[1])
        )  # fmt: skip
        self.session.setText(tr("Only for this session"))
        self.pin.setText(tr("For this connection, from now on"))
        self.pin.hint = tr("the status bar keeps saying so")

    def _show_certificate(
        self, error: NotTrusted, certificate: Certificate, host: str, now_ns: int
    ) -> None:
        self.session.setText(tr("Trust only for this session"))
        self.pin.setText(tr("Trust and remember this fingerprint"))
        self.pin.hint = tr("warns loudly when it changes")
        if self.pinned:
            self.icon.set_icon("shield-alert", "bad")
            self.headline.setText(tr("What was trusted, and what the server shows now"))
            self.about.setText("")
            self.changes.show_change(self.pinned, error.known, certificate)
        else:
            self.icon.set_icon("shield-question-mark", "uncertain")
            self.headline.setText(_question(error.code))
            self.about.setText(_why(error, certificate, host))
            self.fingerprint.show_fingerprint(certificate.sha256)
            self.facts.show_certificate(certificate, host, now_ns)
        self.about.setVisible(bool(self.about.text()))
        self.chain.setText(chain_text(certificate))

    def toggle_chain(self) -> None:
        """Show or hide the certificates above the server's own."""
        shown = not self.chain.isVisibleTo(self._page)
        self.chain.setVisible(shown)
        if shown:
            # Laid out only with the next event; the bar knows its range by then.
            self._page.adjustSize()
            self.ensureWidgetVisible(self.chain)

    # What the user chose.

    def objection(self) -> str:
        """What is missing before the choice counts; "" when nothing is."""
        if self.certificate is None:
            if not self.allow_plain.isChecked():
                return tr("Allow plain HTTP explicitly, or stay away.")
        elif self.pinned and not self.file.isChecked() and not self.compared.isChecked():
            return tr("Compare the new fingerprint with the server first, then say so above.")
        return ""

    @property
    def needs_file(self) -> bool:
        """The CA file is chosen as the way, but not which one."""
        return self.certificate is not None and self.file.isChecked() and not self._ca_file

    @property
    def is_session_only(self) -> bool:
        return self.session.isChecked()

    def decision(self, now_ns: int) -> Trust:
        """The trust that follows from the choice."""
        if self.certificate is None:
            return Trust(TrustMode.PLAIN_HTTP)
        if self.file.isChecked():
            return Trust(TrustMode.CA_FILE, ca_file=self._ca_file)
        return Trust(
            TrustMode.PINNED,
            sha256=self.certificate.sha256,
            compared=self.compared.isChecked(),
            known=known_from(self.certificate, now_ns),
        )

    def choose_file(self) -> None:
        """Ask for the CA file."""
        dialog = ca_file_dialog(self)
        dialog.fileSelected.connect(self._file_chosen)
        dialog.open()

    def _file_chosen(self, path: str) -> None:
        self._ca_file = path
        self.file.hint = Path(path).name
        self.file.setChecked(True)
        self.file.update()
        self.file_chosen.emit()


def ca_file_dialog(parent: QWidget) -> QFileDialog:
    """Asks for a CA file; not yet open."""
    dialog = QFileDialog(parent, tr("The plant's own CA"))
    dialog.setObjectName("caFileDialog")
    dialog.setNameFilters([tr("Certificates (*.pem *.crt *.cer *.der)"), tr("All files (*)")])
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog


def _question(code: str) -> str:
    """The headline: the question that this certificate really puts."""
    return {
        "name": tr("Is this the right server?"),
        "expired": tr("Do you trust a certificate that has expired?"),
        "not_yet_valid": tr("Do you trust a certificate that is not valid yet?"),
        "weak": tr("Do you trust a weak certificate?"),
    }.get(code, tr("Do you trust this server?"))


def _why(error: NotTrusted, certificate: Certificate, host: str) -> str:
    if error.code == "name":
        return tr(
            "Its certificate is vouched for, but it is for {names}; you asked for {host}.",
            names=", ".join(certificate.names) or certificate.subject,
            host=host,
        )
    if error.code in ("expired", "not_yet_valid"):
        return tr("Check the clocks of both computers first.")
    if certificate.self_signed:
        return tr("Its certificate is signed by itself. That is usual for WinCC, but only you can say that this is your plant.")  # fmt: skip
    return tr("Its certificate is signed by {issuer}, which this computer does not know. Only you can say that this is your plant.", issuer=certificate.issuer)  # fmt: skip


def chain_text(certificate: Certificate) -> str:
    """Each certificate that was sent: whose, by whom, how long, which key, fingerprint."""
    blocks = []
    for number, link in enumerate(certificate.links or (certificate,), start=1):
        upper = link.sha256.upper()
        pairs = " ".join(upper[i : i + 2] for i in range(0, len(upper), 2))
        blocks.append(
            tr(
                "{number}. {subject}, issued by {issuer}\n{first} to {last}, {key}\nSHA-256 {fingerprint}",
                number=number,
                subject=link.subject,
                issuer=link.issuer,
                first=day_of(link.not_before_ns),
                last=day_of(link.not_after_ns),
                key=link.key,
                fingerprint=pairs,
            )
        )
    return "\n\n".join(blocks)
