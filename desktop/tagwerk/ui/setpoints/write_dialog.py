"""Confirming one write: the number is the hero, the full name is never cut, Enter alone never writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QCompleter, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget
from shiboken6 import isValid

from tagwerk.domain.tags import TagInfo
from tagwerk.domain.text import format_age, format_number
from tagwerk.domain.values import Sample
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.setpoints.checks import ChecksList
from tagwerk.ui.setpoints.dialogs import Dialog, Facts, HeroNumber, LimitsBar, TagName
from tagwerk.ui.setpoints.words import (
    OUTCOME_LOOK,
    change_line,
    change_text,
    clock_text,
    is_number,
    outcome_word,
    say,
    with_unit,
)
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area
from tagwerk.write.guard import Check
from tagwerk.write.request import Outcome, PastWrite, WriteRequest, WriteResult, tolerance_for
from tagwerk.write.service import WriteService

CLOSE_AFTER_MS = 2000


class WriteDialog(Dialog):
    """One request from the question to its outcome.

    Args:
        service: judges and writes.
        request: what was staged.
        info: of its tag.
        live: the latest sample of the tag and whether it is stale.
        server: line below the name: where this goes.
        tasks: the write runs there, so that it lives on when this dialog is closed.
        done: called with the outcome.
        parent: usually the panel.
    """

    def __init__(
        self,
        service: WriteService,
        request: WriteRequest,
        info: TagInfo,
        live: Callable[[], tuple[Sample | None, bool]],
        server: str,
        tasks: TaskScope,
        done: Callable[[WriteResult], None],
        parent: QWidget,
    ) -> None:
        undo = bool(request.undo_of)
        super().__init__(tr("Undo a write") if undo else tr("Write a value"), "writeDialog", parent)
        self._service, self._request, self._info = service, request, info
        self._live, self._tasks, self._done = live, tasks, done
        self._kept = 0
        self._checks: tuple[Check, ...] = ()
        self.result_shown: WriteResult | None = None
        self.is_writing = False
        self._close_timer = QTimer(self)
        self._close_timer.setSingleShot(True)
        self._close_timer.timeout.connect(self.accept)
        self._build(server)
        self._build_footer()
        self.refresh(service.now_ns())
        self.resize(theme().px(600), self.sizeHint().height())
        self.cancel_button.setFocus()

    @property
    def request(self) -> WriteRequest:
        """As it would be sent now: answers and reason included."""
        return replace(self._request, reason=self.reason.text().strip())

    @property
    def names(self) -> list[str]:
        """The tag that is shown."""
        return [self._request.name]

    # Building.

    def _build(self, server: str) -> None:
        column = self.body_layout
        names = QVBoxLayout()
        names.setSpacing(theme().px(2))
        about = self._info.display_name or self._info.description
        if about:
            names.addWidget(Label(about, 12, 400, "text2", wrap=True))
        names.addWidget(TagName(self._request.name))
        names.addWidget(Label(server, 11, 400, "text2"))
        column.addLayout(names)
        column.addWidget(self._hero())
        facts = Facts()
        self.limits: LimitsBar | None = None
        if is_number(self._request.value) and (
            self._info.low is not None or self._info.high is not None
        ):
            self.limits = LimitsBar(self._info)
            facts.add(tr("Limits"), [self.limits])
        self.checks = ChecksList(self._answer, self._keep_mine)
        facts.add(tr("Checks"), [self.checks])
        past = self._service.history_of(self._request.name)
        if past:
            facts.add(tr("Last writes"), [self._past_grid(past)])
        self.reason = LineField(name=tr("Reason"))
        self.reason.setObjectName("writeReason")
        self.reason.setText(self._request.reason)
        completer = QCompleter(self._service.reasons(), self.reason)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.reason.setCompleter(completer)
        hint = Label(tr("Goes into the audit with your name, old and new value."), 11, 400, "text2")
        facts.add(tr("Reason"), [self.reason, hint])
        facts.add(tr("After writing"), [Label(self._afterwards(), wrap=True)])
        column.addWidget(facts)
        column.addStretch(1)

    def _hero(self) -> QWidget:
        box = Area("base", lines="all", line_role="border")
        row = QHBoxLayout(box)
        row.setContentsMargins(theme().px(18), theme().px(14), theme().px(18), theme().px(12))
        row.setSpacing(theme().px(18))
        self.live_number = HeroNumber(tr("Live now"), "text2", 500)
        self.live_number.setObjectName("writeLive")
        self.new_number = HeroNumber(tr("New value"), "accent", 600)
        self.new_number.setObjectName("writeNew")
        row.addWidget(self.live_number, 1)
        row.addWidget(IconLabel("arrow-right", 20), 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.new_number, 1)
        return box

    def _past_grid(self, past: list[PastWrite]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme().px(18))
        grid.setVerticalSpacing(theme().px(4))
        for row, entry in enumerate(past):
            grid.addWidget(Label(clock_text(entry.at_ns), 12, 400, "text2"), row, 0)
            change = change_text(entry.old, entry.value, self._info)
            grid.addWidget(Label(change, 12, 500), row, 1)
            grid.addWidget(Label(entry.who, 12, 400, "text2"), row, 2)
            role = OUTCOME_LOOK[entry.outcome][1]
            grid.addWidget(Label(outcome_word(entry.outcome), 12, 400, role), row, 3)
        grid.setColumnStretch(4, 1)
        return holder

    def _afterwards(self) -> str:
        wait = format_number(self._request.wait_s, 0, number_style())
        old = self._live()[0]
        tolerance = tolerance_for(self._request, self._info, old.value if old is not None else None)
        if tolerance and self._info.decimals is not None:
            places = self._info.decimals + 1
            amount = format_number(tolerance, places, number_style())
            amount = f"{amount} {self._info.unit}".rstrip()
            return tr(
                "Read back until it matches ±{tolerance}, at most {seconds} s",
                tolerance=amount,
                seconds=wait,
            )
        return tr("Read back until it matches, at most {seconds} s", seconds=wait)

    def _build_footer(self) -> None:
        self.cancel_button = PushButton(tr("Cancel"))
        self.cancel_button.setObjectName("writeCancel")
        self.cancel_button.clicked.connect(self.reject)
        self.again_button = PushButton(tr("Read again"), "refresh-cw")
        self.again_button.setObjectName("writeReadAgain")
        self.again_button.clicked.connect(self._read_again)
        self.again_button.hide()
        text = tr("Write {value}", value=with_unit(self._request.value, self._info))
        self.write_button = PushButton(text, "pencil", "primary")
        self.write_button.setObjectName("writeConfirm")
        self.write_button.clicked.connect(self._write)
        self.footer.add(self.again_button, self.cancel_button, self.write_button)
        self.setTabOrder(self.reason, self.cancel_button)
        self.setTabOrder(self.cancel_button, self.write_button)

    # Live.

    def refresh(self, now_ns: int) -> None:
        """Take over the live value, the verdict and the lock; called each frame while open."""
        sample, stale = self._live()
        self._show_live(sample, stale, now_ns)
        if self.result_shown is not None:
            return
        self.footer.show_lock(self._service.arming)
        if self.is_writing:
            return
        value = sample.value if sample is not None else None
        new = self._request.value
        self.new_number.show_value(new, self._info, change_line(value, new, self._info))
        if self.limits is not None:
            self.limits.show_values(value, new)
        verdict = self._service.check(self._request)
        if verdict.checks != self._checks:
            self._checks = verdict.checks
            self.checks.show_checks(verdict.checks, self._request.accepted)
            self._fit()
        self.write_button.setEnabled(verdict.allowed)
        worst = verdict.worst
        self.write_button.setToolTip("" if verdict.allowed or worst is None else say(worst.text))

    def _fit(self) -> None:
        """Grow with the findings; never shrink under the user's pointer."""
        needed = self.sizeHint().height()
        if self.height() < needed:
            self.resize(self.width(), needed)

    def _show_live(self, sample: Sample | None, stale: bool, now_ns: int) -> None:
        value = sample.value if sample is not None else None
        below = tr("never received")
        if sample is not None:
            age = format_age(max(now_ns - sample.received_ns, 0), number_style())
            word = sample.quality.sub_status or ""
            quality = sample.quality.text
            if word and word != "NON_SPECIFIC":
                quality = f"{quality}, {word}"
            below = tr("{age} old, {quality}", age=age, quality=quality)
            if stale:
                below = tr("stale")
        self.live_number.show_value(value, self._info, below, "stale" if stale else "text2")

    def _answer(self, code: str, yes: bool) -> None:
        accepted = self._request.accepted
        accepted = accepted | {code} if yes else accepted - {code}
        self._request = replace(self._request, accepted=accepted)
        self.refresh(self._service.now_ns())

    def _keep_mine(self) -> None:
        """The user has seen the changed value; one that keeps moving is accepted as such."""
        self._kept += 1
        self._request = self._request.seeing(self._live()[0])
        if self._kept > 1:
            self._request = self._request.accepting(["changed"])
        self.refresh(self._service.now_ns())

    # Writing.

    def _write(self) -> None:
        if self.is_writing or self.result_shown is not None:
            return
        request = self.request
        if not self._service.check(request).allowed:
            self.refresh(self._service.now_ns())
            return
        self.is_writing = True
        self.cancel_button.hide()
        self.reason.setEnabled(False)
        self.checks.setEnabled(False)
        self.write_button.setEnabled(False)
        self.write_button.set_icon_name("loader-circle")
        self.write_button.setText(tr("Writing…"))
        self._tasks.start(self._run(request), f"write:{request.name}")

    async def _run(self, request: WriteRequest) -> None:
        result: WriteResult | None = None
        try:
            result = await self._service.write(request)
        finally:
            self.is_writing = False
            if result is None:
                result = self._service.results.get(request.name)
            if result is not None:
                self._done(result)
                self._show_result(result)

    def _show_result(self, result: WriteResult) -> None:
        self.result_shown = result
        icon_name, role = OUTCOME_LOOK[result.outcome]
        self.write_button.hide()
        self.footer.set_state(icon_name, outcome_word(result.outcome), role)
        self.checks.show_result(result, self._result_line(result), icon_name, role)
        self.checks.setEnabled(True)
        self.again_button.setVisible(result.outcome is Outcome.UNVERIFIED)
        self.cancel_button.setText(tr("Close"))
        self.cancel_button.setAccessibleName(tr("Close"))
        self.cancel_button.show()
        self.cancel_button.setFocus()
        if result.outcome is Outcome.CONFIRMED and not result.audit_error:
            self._close_timer.start(CLOSE_AFTER_MS)

    def _result_line(self, result: WriteResult) -> str:
        if result.outcome is Outcome.CONFIRMED:
            took = format_number(result.took_s, 2, number_style())
            value = with_unit(result.read_back, self._info)
            line = tr("The plant has {value} after {seconds} s.", value=value, seconds=took)
        else:
            line = say(result.detail)
        if result.audit_error:
            line = f"{line} {say(result.audit_error)}"
        return line

    def _read_again(self) -> None:
        self.again_button.setEnabled(False)
        self._tasks.start(self._settle(), f"read-again:{self._request.name}")

    async def _settle(self) -> None:
        # Reading may take as long as the time-out, in which the dialog may be closed and deleted.
        try:
            result = await self._service.read_again(self._request.name)
        finally:
            if isValid(self):
                self.again_button.setEnabled(True)
        if result is not None:
            self._done(result)
            if isValid(self):
                self._show_result(result)

    def reject(self) -> None:
        """Escape and Cancel: not while the write is on its way."""
        if not self.is_writing:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.is_writing:
            event.ignore()
        else:
            super().closeEvent(event)
