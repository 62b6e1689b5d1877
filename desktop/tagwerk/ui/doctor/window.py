"""The connection doctor's window: verdict, checks as they come, what works here, the report.

It looks at a server through `Connector.inspect` with a sign-in of its own, never writes, and
leaves a running connection alone. Who is looked at and with which password is `flow`'s business.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from PySide6.QtCore import QKeyCombination, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk import __version__
from tagwerk.domain.connection import ProbeResult, Step, StepName
from tagwerk.domain.errors import LoginFailed, NotTrusted, TagwerkError, UsageError
from tagwerk.domain.ports import Connector
from tagwerk.domain.verdict import verdict_of
from tagwerk.export.probe_report import report_document, report_text
from tagwerk.ui.doctor.patient import NO_PULSE, Patient, TrafficCounter
from tagwerk.ui.doctor.rows import CheckList
from tagwerk.ui.doctor.side import Findings, ListHeader
from tagwerk.ui.doctor.words import counts_in_words, traffic_text
from tagwerk.ui.errors import in_words
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.status_words import host_of
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.busy import BusyRing
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area

_WIDTH, _HEIGHT = 1240, 900
_OF_SCREEN = 0.94


class DoctorWindow(QDialog):
    """Object name ``doctorWindow``.

    Args:
        parent: the main window.
        connector: looks at servers.
        scope: its own; closed by its owner.
        patient: whom to look at; begun at once when it has an address.

    Signals:
        go_requested: "Connect" or "Work with polling".
        repair_requested: address; the connect dialog can help (certificate, sign-in).
        traffic_requested: show the traffic log.
        report_made: the report as text.
    """

    go_requested = Signal()
    repair_requested = Signal(str)
    traffic_requested = Signal()
    report_made = Signal(str)

    def __init__(
        self, parent: QWidget, connector: Connector, scope: TaskScope, patient: Patient
    ) -> None:
        super().__init__(parent)
        self.setObjectName("doctorWindow")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._connector, self._scope = connector, scope
        self.patient = patient
        self.found: ProbeResult | None = None
        self._pulse = NO_PULSE
        self.verdict = verdict_of(())
        self.traffic = TrafficCounter()
        self._refused = patient.was_refused
        self.is_running = False
        self._build()
        self._ring = FocusRing(self)
        self._name_window()
        self._fit()
        # What was typed can be corrected; a saved connection is looked at as it is.
        self._address_area.setVisible(not patient.name)
        self.address.setText(patient.address)
        if patient.address:
            self.check()
        else:
            self._ask_address()

    # Building.

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        column.addWidget(self._address_band())
        column.addWidget(self._question_band())
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        left = QVBoxLayout()
        left.setSpacing(0)
        self.checks = CheckList()
        left.addWidget(ListHeader())
        left.addWidget(self.checks, 1)
        middle.addLayout(left, 1)
        self.findings = Findings()
        middle.addWidget(self.findings)
        column.addLayout(middle, 1)
        column.addWidget(self._foot())

    def _head(self) -> QWidget:
        head = Area("header", lines="bottom")
        row = QHBoxLayout(head)
        row.setContentsMargins(theme().px(22), theme().px(16), theme().px(18), theme().px(16))
        row.setSpacing(theme().px(14))
        self._icon = IconLabel("stethoscope", 26, "text2")
        self._busy = BusyRing(26)
        row.addWidget(self._icon)
        row.addWidget(self._busy)
        words = QVBoxLayout()
        words.setSpacing(theme().px(2))
        self.headline = Label("", 16, 600, wrap=True)
        self.headline.setObjectName("doctorHeadline")
        self.counts = Label("", 13, 400, "text2", wrap=True)
        self.counts.setObjectName("doctorCounts")
        words.addWidget(self.headline)
        words.addWidget(self.counts)
        row.addLayout(words, 1)
        self.copy = PushButton(tr("Copy report"), "copy")
        self.copy.setObjectName("doctorCopy")
        self.copy.clicked.connect(self.copy_report)
        self.save = PushButton(tr("Save report…"), "file-down")
        self.save.setObjectName("doctorSave")
        self.save.clicked.connect(self._choose_file)
        self.again = PushButton(tr("Check again"), "refresh-cw")
        self.again.setObjectName("doctorAgain")
        self.again.clicked.connect(self._again_or_cancel)
        for button in (self.copy, self.save, self.again):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        return head

    def _address_band(self) -> QWidget:
        self._address_area = Area("panel", lines="bottom")
        row = QHBoxLayout(self._address_area)
        row.setContentsMargins(theme().px(22), theme().px(10), theme().px(18), theme().px(10))
        row.setSpacing(theme().px(8))
        self.address = LineField(tr("Host name or address"), "server")
        self.address.setObjectName("doctorAddress")
        self.address.returnPressed.connect(self._check_address)
        button = PushButton(tr("Check now"), kind="primary")
        button.setObjectName("doctorCheckAddress")
        button.clicked.connect(self._check_address)
        row.addWidget(self.address, 1)
        row.addWidget(button)
        return self._address_area

    def _question_band(self) -> QWidget:
        """Shown before a password that was refused would be tried again."""
        self.question = Area("banner", lines="bottom", line_role="banner_line")
        self.question.setObjectName("doctorQuestion")
        row = QHBoxLayout(self.question)
        row.setContentsMargins(theme().px(22), theme().px(10), theme().px(18), theme().px(10))
        row.setSpacing(theme().px(8))
        row.addWidget(IconLabel("shield-alert", 18, "uncertain"))
        self.question_text = Label("", 13, 400, "banner_text", wrap=True)
        row.addWidget(self.question_text, 1)
        self.without = PushButton(tr("Check without signing in"))
        self.without.setObjectName("doctorWithoutSignIn")
        self.without.clicked.connect(lambda: self._start(sign_in=False))
        self.try_password = PushButton(tr("Try the password again"))
        self.try_password.setObjectName("doctorTryPassword")
        self.try_password.clicked.connect(lambda: self._start(sign_in=True))
        row.addWidget(self.try_password)
        row.addWidget(self.without)
        self.question.hide()
        return self.question

    def _foot(self) -> QWidget:
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(theme().px(16), theme().px(12), theme().px(16), theme().px(12))
        row.setSpacing(theme().px(10))
        self.traffic_log = PushButton(tr("Traffic log"), "list")
        self.traffic_log.setObjectName("doctorTraffic")
        self.traffic_log.clicked.connect(self.traffic_requested)
        self.traffic_log.setVisible(self.patient.traffic is not None)
        self.traffic_words = Label("", 13, 400, "text2")
        self.traffic_words.setObjectName("doctorTrafficWords")
        self.note = Label("", 13, 400, "text2", wrap=True)
        self.note.setObjectName("doctorNote")
        self.close_button = PushButton(tr("Close"))
        self.close_button.setObjectName("doctorClose")
        self.close_button.clicked.connect(self.reject)
        self.go = PushButton(tr("Connect"), kind="primary")
        self.go.setObjectName("doctorGo")
        self.go.clicked.connect(self._go)
        self.go.hide()
        row.addWidget(self.traffic_log)
        row.addWidget(self.traffic_words)
        row.addWidget(self.note, 1)
        row.addWidget(self.close_button)
        row.addWidget(self.go)
        return foot

    def _fit(self) -> None:
        screen = self.screen().availableGeometry()
        width = min(theme().px(_WIDTH), round(screen.width() * _OF_SCREEN))
        height = min(theme().px(_HEIGHT), round(screen.height() * _OF_SCREEN))
        self.resize(width, height)

    @property
    def _who(self) -> str:
        return self.patient.name or host_of(self.patient.address)

    def _name_window(self) -> None:
        who = self._who
        self.setWindowTitle(
            tr("Connection doctor: {name}", name=who) if who else tr("Connection doctor")
        )

    # Checking.

    def _ask_address(self) -> None:
        self._show_idle()
        self.headline.setText(tr("Which server?"))
        self.counts.setText(tr("Nothing is sent before you press “Check now”."))
        self.address.setFocus(Qt.FocusReason.OtherFocusReason)
        for button in (self.copy, self.save, self.again):
            button.setEnabled(False)

    def _check_address(self) -> None:
        address = self.address.text().strip()
        if address:
            self.patient = Patient(address)
            self._refused = False
            self._name_window()
            self._start(sign_in=True)

    def check(self) -> None:
        """Look at the server; asks first when the password was refused before."""
        if self.is_running or not self.patient.address:
            return
        if not (self._refused and self.patient.user):
            self._start(sign_in=True)
            return
        self.question_text.setText(
            tr(
                "The server refused the password of {user}. Trying it again may lock the account.",
                user=self.patient.user,
            )
        )
        if self.found is None:
            self._show_idle()
            self.headline.setText(tr("Check with or without signing in?"))
            self.counts.setText("")
        self.question.show()
        self.without.setFocus(Qt.FocusReason.OtherFocusReason)

    def _start(self, *, sign_in: bool) -> None:
        self.question.hide()
        self._show_running()
        self._scope.start(self._check(sign_in), "check", replace=True)

    async def _check(self, sign_in: bool) -> None:
        patient = self.patient
        password: str | None = ""
        try:
            if sign_in and patient.user and patient.get_password is not None:
                password = await patient.get_password()
            user = patient.user if sign_in and password is not None else ""
            result = await self._connector.inspect(
                patient.address,
                trust=patient.trust,
                user=user,
                password=password or "",
                timeout_s=patient.timeout_s,
                on_step=self._on_step,
                deep=True,
                traffic=self.traffic,
                profile=patient.profile,
            )
        except asyncio.CancelledError:
            raise  # the window may be gone by now; `_cancel` has said so otherwise
        except BaseException:
            self._show_cancelled()
            raise
        self._refused = self._refused or isinstance(result.error, LoginFailed)
        if user and result.session is not None:
            self._refused = False
        self._show_result(result)

    def _on_step(self, step: Step) -> None:
        self.checks.take(step)
        self._tell_traffic()

    def _again_or_cancel(self) -> None:
        if self.is_running:
            self._cancel()
        else:
            self.check()

    def _cancel(self) -> None:
        self._scope.cancel("check")
        self._show_cancelled()

    # Showing.

    def _tell_traffic(self) -> None:
        self.traffic_words.setText(traffic_text(self.traffic.requests, self.traffic.bytes))

    def _set_again(self, text: str, icon_name: str) -> None:
        self.again.setText(text)
        self.again.setAccessibleName(text)
        self.again.set_icon_name(icon_name)
        self.again.updateGeometry()

    def _show_idle(self) -> None:
        self.is_running = False
        self._busy.hide()
        self._icon.set_icon("stethoscope", "text2")
        self._icon.show()
        self._set_again(tr("Check again"), "refresh-cw")
        has_result = self.found is not None
        for button in (self.copy, self.save):
            button.setEnabled(has_result)
        self.again.setEnabled(bool(self.patient.address))

    def _show_running(self) -> None:
        self.is_running = True
        self.found = None
        self._pulse = self.patient.pulse() if self.patient.pulse is not None else NO_PULSE
        self.traffic = TrafficCounter(self.patient.traffic)
        self.checks.restart()
        self.findings.clear()
        self._icon.hide()
        self._busy.show()
        self.headline.setText(tr("Looking at {name}…", name=self._who))
        self.counts.setText(
            tr(
                "With a sign-in of its own, beside your connection. Nothing is written to the plant."
            )
            if self.patient.is_live
            else tr("Nothing is written to the plant.")
        )
        self._set_again(tr("Cancel"), "x")
        self.again.setEnabled(True)
        self.copy.setEnabled(False)
        self.save.setEnabled(False)
        self.go.hide()
        self.note.setText("")
        self._tell_traffic()
        self.checks.rows[StepName.RESOLVE].setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_cancelled(self) -> None:
        self.checks.stop()
        self._show_idle()
        self.headline.setText(tr("The check was cancelled"))
        self.counts.setText(tr("What is shown was found before."))

    def _show_result(self, result: ProbeResult) -> None:
        self.found = result
        self.verdict = verdict_of(result.steps)
        self.checks.stop(result.certificate)
        self._show_idle()
        serious = self.verdict.failed > 0
        role = "bad" if serious else "uncertain" if self.verdict.minor else "text2"
        self._icon.set_icon("stethoscope", role)
        self.headline.setText(tr_message(self.verdict.headline))
        self.counts.setText(counts_in_words(self.verdict, result))
        self.setAccessibleDescription(f"{self.headline.text()}. {self.counts.text()}")
        self.findings.show_result(result, self._about_connection())
        self.checks.open_worst()
        self._tell_traffic()
        self._offer(result)
        self.report_made.emit(self.report())

    def _about_connection(self) -> str:
        """What the check did to the connection that runs beside it; "" where none runs."""
        if not self.patient.is_live or self.patient.pulse is None:
            return ""
        if self._pulse == NO_PULSE:
            return tr("It was down already when this check began.")
        signed_in = self.found is not None and self.found.session is not None
        if self.patient.pulse() != self._pulse:
            if not signed_in:
                return tr("It broke while this check ran.")
            return tr(
                "It broke while this check ran. The server may allow one session for a user only; "
                "your connection signs in again by itself."
            )
        if not signed_in:
            return tr("It was left alone.")
        return tr("It was left alone: this check signed in and out by itself.")

    def _offer(self, result: ProbeResult) -> None:
        """The primary button, where there is something sensible to do next."""
        text = ""
        if self.verdict.can_work:
            text = tr("Work with polling") if self.verdict.is_polled else tr("Connect")
        elif isinstance(result.error, NotTrusted):
            text = tr("Look at the certificate…")
        elif isinstance(result.error, LoginFailed) or self._is_there(result):
            text = tr("Sign in…")
        self.go.setText(text)
        self.go.setAccessibleName(text)
        self.go.updateGeometry()
        self.go.setVisible(bool(text) and not self.patient.is_live)

    @staticmethod
    def _is_there(result: ProbeResult) -> bool:
        """The interface answers, and nobody has signed in yet."""
        return bool(result.dialect) and result.error is None and result.session is None

    def _go(self) -> None:
        can_work = self.verdict.can_work
        url = self.found.url if self.found is not None else ""
        self.accept()
        if can_work:
            self.go_requested.emit()
        else:
            self.repair_requested.emit(url or self.patient.address)

    # The report.

    def report(self) -> str:
        """The report as text in the user's language; "" before there is one."""
        if self.found is None:
            return ""
        return report_text(self.found, tr_message, reason_in_words, __version__)

    def copy_report(self) -> None:
        """Put the report on the clipboard."""
        text = self.report()
        if text:
            QGuiApplication.clipboard().setText(text)
            self.note.setText(tr("The report is on the clipboard."))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, tr("Save report"))
        dialog.setObjectName("doctorSaveDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters([tr("Text (*.txt)"), tr("JSON for programs (*.json)")])
        dialog.setDefaultSuffix("txt")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix("json" if "json" in chosen else "txt")
        )
        host = "".join(
            c if c.isalnum() or c in "-." else "_" for c in host_of(self.patient.address)
        )
        dialog.selectFile(f"tagwerk-check-{host}.txt")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_report)
        dialog.open()

    def save_report(self, path: str) -> None:
        """Write the report; ``.json`` for programs, everything else is text."""
        if self.found is None:
            return
        target = Path(path)
        if target.suffix.lower() == ".json":
            text = json.dumps(report_document(self.found), ensure_ascii=False, indent=2) + "\n"
        else:
            text = self.report()
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as problem:
            refused = _not_saved(path, problem)
            self.note.setText(" ".join(in_words(refused)))
            return
        self.note.setText(tr("Saved as {path}", path=path))

    # Keys, closing.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pressed = QKeySequence(QKeyCombination(event.modifiers(), Qt.Key(event.key())))
        if pressed == QKeySequence("F5"):
            self.check()
        elif pressed == QKeySequence("Ctrl+C"):
            self.copy_report()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()  # a dialog would press its first button
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        self._scope.cancel("check")
        super().done(result)


def _not_saved(path: str, problem: OSError) -> TagwerkError:
    return UsageError(
        "{path} cannot be written: {reason}.",
        cure="Choose another folder.",
        path=path,
        reason=problem.strerror or str(problem),
    )
