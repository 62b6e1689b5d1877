"""Parts of the connect dialog: the list of stages, the table of steps, the fingerprint."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.domain.certificates import day_of, validity_finding
from tagwerk.domain.connection import Certificate, Step, StepName
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import format_number
from tagwerk.ui.i18n import number_style, tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.busy import BusyRing
from tagwerk.ui.widgets.buttons import PushButton, draw_icon
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import ChoiceBox
from tagwerk.ui.widgets.painting import Area

STEP_WORDS: dict[StepName, Message] = {
    StepName.RESOLVE: message("Name"),
    StepName.CONNECT: message("Reachable"),
    StepName.TLS: message("Certificate"),
    StepName.HTTP: message("Web server"),
    StepName.INTERFACE: message("Interface"),
    StepName.LOGIN: message("Sign-in"),
    StepName.RIGHTS: message("Rights"),
    StepName.BROWSE: message("Names"),
    StepName.READ: message("Reading"),
    StepName.PUSH: message("Pushed values"),
    StepName.HISTORY: message("History"),
    StepName.ALARMS: message("Alarms"),
    StepName.CLOCK: message("Clock"),
}


DIALECT_WORDS: dict[str, Message] = {
    "auto": message("find out"),
    "unified": message("WinCC Unified"),
    "classic": message("WinCC V7/V8"),
}
"""Kinds of servers, by the value of a connection."""

NEED_MORE = frozenset({"classic"})
"""Kinds of servers with settings of their own; of one that was looked at, `ProbeResult.settings` tells."""


def dialect_choice(name: str) -> ChoiceBox:
    """Which kind of server it is; the data of an item is a connection's value."""
    choice = ChoiceBox(tr("Kind of server"))
    choice.setObjectName(name)
    for key, words in DIALECT_WORDS.items():
        choice.addItem(tr_message(words), key)
    return choice


def keep_words(*, is_token: bool) -> str:
    """What is ticked to keep the secret of a connection."""
    if is_token:
        return tr("Save the token in the keyring of this computer")
    return tr("Save the password in the keyring of this computer")


def no_keyring_words(*, is_token: bool) -> str:
    """What becomes of the secret where it cannot be kept."""
    if is_token:
        return tr("This computer has no keyring that Tagwerk can use. The token is kept in memory until you quit.")  # fmt: skip
    return tr("This computer has no keyring that Tagwerk can use. The password is kept in memory until you quit.")  # fmt: skip


def secret_of(text: str, *, is_token: bool) -> str:
    """What was typed as it is sent: copying brings blanks to a token, to a password they belong."""
    return text.strip() if is_token else text


class StageList(Area):
    """Address, Certificate, Sign in, Rights: where the dialog stands."""

    def __init__(self, stages: list[str]) -> None:
        super().__init__("header", lines="right", line_role="hairline")
        self._stages = stages
        self._current = 0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Steps"))

    def sizeHint(self) -> QSize:
        widest = max(theme().metrics(13, 600).horizontalAdvance(stage) for stage in self._stages)
        return QSize(max(theme().px(176), round(widest) + theme().px(64)), 100)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def set_current(self, index: int) -> None:
        self._current = index
        self.setAccessibleDescription(self._stages[index])
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        tokens = theme()
        with QPainter(self) as painter:
            height = tokens.px(34)
            for index, stage in enumerate(self._stages):
                top = tokens.px(16) + index * height
                now = index == self._current
                if now:
                    painter.fillRect(QRectF(0, top, self.width(), height), tokens.color("panel"))
                    painter.fillRect(QRectF(0, top, 3, height), tokens.color("accent"))
                side = tokens.px(16)
                box = QRectF(tokens.px(16), top + (height - side) / 2, side, side)
                if now:
                    draw_icon(painter, box, "chevron-right", "accent")
                elif index < self._current:
                    draw_icon(painter, box, "check", "text2")
                painter.setFont(tokens.font(13, 600 if now else 400))
                painter.setPen(tokens.color("text" if now else "text2"))
                area = QRectF(tokens.px(43), top, self.width(), height)
                painter.drawText(
                    area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, stage
                )


class _StepRow(QWidget):
    def __init__(self, step: StepName) -> None:
        super().__init__()
        self.step = step
        self.failure = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, theme().px(5), 0, theme().px(5))
        row.setSpacing(theme().px(8))
        self._icon = IconLabel("circle", 16, "text3")
        self._ring = BusyRing()
        self._ring.hide()
        self._name = Label(tr_message(STEP_WORDS[step]))
        self._name.setFixedWidth(theme().px(110))
        self._detail = Label("", 13, 400, "text2", wrap=True)
        self._detail.setObjectName(f"stepDetail_{step.value}")
        self._time = Label("", 13, 400, "text2")
        top = Qt.AlignmentFlag.AlignTop
        row.addWidget(self._icon, 0, top)
        row.addWidget(self._ring, 0, top)
        row.addWidget(self._name, 0, top)
        row.addWidget(self._detail, 1, top)
        row.addWidget(self._time, 0, top)

    def wait(self) -> None:
        self._show("circle", "text3", "", "")

    def run(self) -> None:
        self._show("", "text", "", "")

    def finish(self, step: Step, *, question: bool = False) -> None:
        detail = tr_message(step.detail)
        time_text = f"{format_number(round(step.ms), 0, number_style())} ms" if step.ms else ""
        if step.ok:
            self._show("circle-check", "text2", detail, time_text)
        elif step.ok is None:
            self._show("circle", "text3", detail, "")
        elif question:
            self._show("circle-question-mark", "uncertain", tr("your answer is needed"), time_text)
        else:
            self._show("circle-x", "bad", detail, time_text)

    def _show(self, icon_name: str, role: str, detail: str, time_text: str) -> None:
        self._ring.setVisible(not icon_name)
        self._icon.setVisible(bool(icon_name))
        if icon_name:
            self._icon.set_icon(icon_name, role)
        self.failure = detail if role == "bad" else ""
        self._detail.setText(detail)
        self._detail.set_role("bad" if role == "bad" else "text2")
        self._time.setText(time_text)
        self.setAccessibleName(f"{self._name.text()}: {detail}")


class StepTable(QWidget):
    """The steps of looking at a server, filled in while you watch."""

    def __init__(self, steps: tuple[StepName, ...]) -> None:
        super().__init__()
        self.setObjectName("connectSteps")
        self._rows: dict[StepName, _StepRow] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for step in steps:
            row = _StepRow(step)
            self._rows[step] = row
            column.addWidget(row)
            line = Area("hairline")
            line.setFixedHeight(1)
            column.addWidget(line)

    def restart(self) -> None:
        """All wait, the first runs."""
        for row in self._rows.values():
            row.wait()
        next(iter(self._rows.values())).run()

    def rest(self) -> None:
        """Nothing runs."""
        for row in self._rows.values():
            row.wait()

    def take(self, step: Step, *, question: bool = False) -> None:
        """One step is done; the next one begins if it went well."""
        row = self._rows.get(step.step)
        if row is None:
            return
        row.finish(step, question=question)
        names = list(self._rows)
        following = names.index(step.step) + 1
        if step.ok and following < len(names):
            self._rows[names[following]].run()

    def has_failed(self, text: str) -> bool:
        """Whether a step shows `text` as its failure already."""
        return any(row.failure == text for row in self._rows.values())

    def stop(self) -> None:
        """Whatever still turns waits again."""
        for row in self._rows.values():
            if row._ring.isVisibleTo(self):
                row.wait()


def fingerprint_lines(sha256: str) -> str:
    """The fingerprint as people compare it: four lines of two groups of four bytes."""
    upper = sha256.upper()
    pairs = [upper[i : i + 2] for i in range(0, len(upper), 2)]
    lines = []
    for start in range(0, len(pairs), 8):
        first, second = pairs[start : start + 4], pairs[start + 4 : start + 8]
        lines.append("   ".join(" ".join(group) for group in (first, second) if group))
    return "\n".join(lines)


class FingerprintBox(Area):
    """The fingerprint in a frame, with a button that copies it."""

    def __init__(self) -> None:
        super().__init__("base", lines="all")
        self._sha256 = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(15, 10, 15, 12)
        column.setSpacing(theme().px(6))
        column.addWidget(
            Label(tr("SHA-256 fingerprint: compare it with the one shown on the server"), 11, 400, "text2", wrap=True)
        )  # fmt: skip
        row = QHBoxLayout()
        self.text = Label("", 12, 400, mono=True)
        self.text.setObjectName("fingerprint")
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.copy = PushButton(tr("Copy"), "copy", height=24)
        self.copy.setObjectName("copyFingerprint")
        self.copy.clicked.connect(self._copy)
        row.addWidget(self.text, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row)

    def show_fingerprint(self, sha256: str) -> None:
        self._sha256 = sha256
        self.text.setText(fingerprint_lines(sha256))
        self.text.setMinimumHeight(self.text.sizeHint().height())
        self.text.setAccessibleName(tr("Fingerprint"))

    def _copy(self) -> None:
        upper = self._sha256.upper()
        QGuiApplication.clipboard().setText(
            ":".join(upper[i : i + 2] for i in range(0, len(upper), 2))
        )


class CertificateFacts(QWidget):
    """Issued to, issued by, valid, names, key."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme().px(16))
        self._grid.setVerticalSpacing(theme().px(6))
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, theme().px(94))

    def show_certificate(self, certificate: Certificate, host: str, now_ns: int) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        issuer = certificate.issuer
        if certificate.self_signed:
            issuer = tr("{issuer} (self-signed)", issuer=issuer)
        self._line(0, tr("Issued to"), certificate.subject, weight=500)
        self._line(1, tr("Issued by"), issuer)
        self._line(2, tr("Valid"), *_validity(certificate, now_ns))
        names = ", ".join(certificate.names) or "—"
        if certificate.matches_host:
            self._line(3, tr("Names"), names)
        else:
            warning = tr("You asked for {host}, which is not among them.", host=host)
            self._line(3, tr("Names"), names, "triangle-alert", warning)
        weakness = tr_message(certificate.weakness)
        self._line(4, tr("Key"), certificate.key, "triangle-alert" if weakness else "", weakness)

    def _line(
        self, row: int, name: str, text: str, icon_name: str = "", warning: str = "",
        *, weight: int = 400,
    ) -> None:  # fmt: skip
        self._grid.addWidget(Label(name, 13, 400, "text2"), row, 0, Qt.AlignmentFlag.AlignTop)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme().px(6))
        if icon_name:
            line.addWidget(IconLabel(icon_name, 16, "uncertain"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(theme().px(2))
        words.addWidget(Label(text, 13, weight, wrap=True))
        if warning:
            words.addWidget(Label(warning, 13, 400, "text2", wrap=True))
        line.addLayout(words, 1)
        self._grid.addWidget(holder, row, 1)


def _validity(certificate: Certificate, now_ns: int) -> tuple[str, str, str]:
    """From, to and how much longer; with a warning when it is over or has not begun."""
    text = tr(
        "{first} to {last}",
        first=day_of(certificate.not_before_ns),
        last=day_of(certificate.not_after_ns),
    )
    finding = validity_finding(certificate, now_ns)
    if finding:
        return text, "triangle-alert", tr_message(finding)
    days = (certificate.not_after_ns - now_ns) // 86_400_000_000_000
    if days < 60:
        left = tr("{days} days left", days=days)
    else:
        left = (
            tr("{months} months left", months=days // 30)
            if days < 730
            else tr("{years} years left", years=days // 365)
        )
    return f"{text} ({left})", "", ""
