"""Confirming several staged values: written one by one, in order, stopped at the first failure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from shiboken6 import isValid

from tagwerk.domain.tags import TagInfo
from tagwerk.domain.values import Sample
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.setpoints.batch_row import BatchRow
from tagwerk.ui.setpoints.dialogs import Dialog
from tagwerk.ui.setpoints.words import (
    outcome_word,
    phase_word,
)
from tagwerk.ui.tasks import TaskScope
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars
from tagwerk.write.request import Outcome, WriteRequest, WriteResult
from tagwerk.write.service import WriteService

Live = Callable[[str], tuple[Sample | None, bool]]


class BatchDialog(Dialog):
    """Several requests from the question to their outcomes.

    Args:
        service: judges and writes.
        requests: what is staged, in the order of writing.
        labels: what rows are called.
        info: of a tag.
        live: latest sample of a tag and whether it is stale.
        tasks: the batch runs there.
        done: called with each outcome.
        parent: usually the panel.
    """

    def __init__(
        self,
        service: WriteService,
        requests: Sequence[WriteRequest],
        labels: dict[str, str],
        info: Callable[[str], TagInfo],
        live: Live,
        tasks: TaskScope,
        done: Callable[[WriteResult], None],
        parent: QWidget,
    ) -> None:
        super().__init__(tr("Staged values"), "batchDialog", parent)
        self._service, self._live, self._tasks, self._done = service, live, tasks, done
        self.is_writing = False
        self._stop = False
        self._results: list[WriteResult] = []
        self._total = 0
        self.rows = [
            BatchRow(request, labels.get(request.name, request.name), info(request.name))
            for request in requests
        ]
        self._build()
        self.refresh(service.now_ns())
        self.resize(theme().px(860), theme().px(220) + theme().px(40) * min(len(self.rows), 9))
        self.cancel_button.setFocus()

    @property
    def names(self) -> list[str]:
        """The tags that are shown."""
        return [row.request.name for row in self.rows]

    def _build(self) -> None:
        column = self.body_layout
        self.headline = Label("", 16, 600, wrap=True)
        self.headline.setObjectName("batchHeadline")
        self.below = Label(
            tr("Written from top to bottom, one call each, and stopped at the first failure."),
            12,
            400,
            "text2",
            wrap=True,
        )
        head = QVBoxLayout()
        head.setSpacing(theme().px(2))
        head.addWidget(self.headline)
        head.addWidget(self.below)
        column.addLayout(head)
        column.addWidget(self._table(), 1)
        reason_row = QHBoxLayout()
        reason_row.setSpacing(theme().px(12))
        reason_row.addWidget(Label(tr("Reason"), 13, 400, "text2"))
        self.reason = LineField(name=tr("Reason"))
        self.reason.setObjectName("batchReason")
        reason_row.addWidget(self.reason, 1)
        column.addLayout(reason_row)
        self.cancel_button = PushButton(tr("Cancel"))
        self.cancel_button.setObjectName("batchCancel")
        self.cancel_button.clicked.connect(self.reject)
        self.stop_button = PushButton(tr("Stop after this"))
        self.stop_button.setObjectName("batchStop")
        self.stop_button.clicked.connect(self._stop_after_this)
        self.stop_button.hide()
        self.again_button = PushButton(tr("Read unverified again"), "refresh-cw")
        self.again_button.setObjectName("batchReadAgain")
        self.again_button.clicked.connect(self._read_again)
        self.again_button.hide()
        self.write_button = PushButton("", "pencil", "primary")
        self.write_button.setObjectName("batchConfirm")
        self.write_button.clicked.connect(self._write)
        self.footer.add(self.again_button, self.stop_button, self.cancel_button, self.write_button)
        self.setTabOrder(self.reason, self.cancel_button)
        self.setTabOrder(self.cancel_button, self.write_button)

    def _table(self) -> QWidget:
        holder = Area("base")
        grid = QGridLayout(holder)
        grid.setContentsMargins(theme().px(10), theme().px(6), theme().px(10), theme().px(6))
        grid.setHorizontalSpacing(theme().px(14))
        grid.setVerticalSpacing(theme().px(6))
        captions = (
            "",
            tr("Setpoint"),
            tr("Live"),
            tr("New"),
            tr("Unit"),
            tr("Change"),
            tr("Verdict"),
            "",
        )
        for column, caption in enumerate(captions):
            label = Label(caption, 11, 600, "text2")
            if column in (2, 3):
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, 0, column)
        for place, row in enumerate(self.rows, 1):
            row.put_into(grid, place)
            row.box.toggled.connect(lambda _on: self.refresh(self._service.now_ns()))
            row.button.clicked.connect(lambda _on=False, row=row: self._accept(row))
        grid.setColumnStretch(6, 1)
        grid.setRowStretch(len(self.rows) + 1, 1)
        area = QScrollArea()
        area.setObjectName("batchTable")
        use_flat_scroll_bars(area)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        return area

    def refresh(self, now_ns: int) -> None:
        """Take over live values and verdicts; called each frame while open."""
        self.footer.show_lock(self._service.arming)
        if self.is_writing:
            self._show_progress()
            return
        if self._results:
            return
        ready = 0
        for row in self.rows:
            sample, stale = self._live(row.request.name)
            row.show_live(sample, stale)
            row.show_verdict(self._service.check(row.request))
            ready += row.is_ready
        total = len(self.rows)
        self.headline.setText(tr_n("{count} value is staged", "{count} values are staged", total))
        if ready != total:
            self.headline.setText(
                tr("{count} values are staged, {ready} can be written", count=total, ready=ready)
            )
        text = tr_n("Write {count} value", "Write {count} values", ready)
        if text != self.write_button.text():
            self.write_button.setText(text)
            self.write_button.setAccessibleName(text)
            self.write_button.updateGeometry()
        self.write_button.setEnabled(ready > 0)

    def _accept(self, row: BatchRow) -> None:
        """The row's button: keep mine, or yes to the open questions."""
        row.accept_questions(self._live(row.request.name)[0])
        self.refresh(self._service.now_ns())

    def _write(self) -> None:
        if self.is_writing or self._results:
            return
        chosen = [row for row in self.rows if row.is_ready]
        reason = self.reason.text().strip()
        requests = [replace(row.request, reason=reason) for row in chosen]
        if not requests:
            return
        self.is_writing, self._total = True, len(requests)
        for row in self.rows:
            row.lock(waits=row in chosen)
        self.reason.setEnabled(False)
        self.cancel_button.hide()
        self.write_button.hide()
        self.stop_button.show()
        self.stop_button.setFocus()
        self.below.setText(tr("Each value is read back before the next one."))
        self._tasks.start(self._run(requests), "write-batch")

    async def _run(self, requests: list[WriteRequest]) -> None:
        try:
            await self._service.write_all(
                requests, should_stop=lambda: self._stop, on_result=self._took
            )
        finally:
            self.is_writing = False
            self._finish()

    def _took(self, result: WriteResult) -> None:
        self._results.append(result)
        self._row(result.name).show_result(result)
        self._done(result)

    def _row(self, name: str) -> BatchRow:
        return next(row for row in self.rows if row.request.name == name)

    def _show_progress(self) -> None:
        number = min(len(self._results) + 1, self._total)
        self.headline.setText(tr("Writing {number} of {total}", number=number, total=self._total))
        for name, phase in self._service.phases.items():
            for row in self.rows:
                if row.request.name == name:
                    row.show_phase(phase_word(phase))

    def _stop_after_this(self) -> None:
        self._stop = True
        self.stop_button.setEnabled(False)
        self.stop_button.setText(tr("Stops after this"))
        self.stop_button.updateGeometry()

    def _finish(self) -> None:
        tried = {result.name for result in self._results}
        for row in self.rows:
            if row.waits and row.request.name not in tried:
                row.show_untouched()
        self._show_summary()
        self.stop_button.hide()
        self.cancel_button.setText(tr("Dismiss"))
        self.cancel_button.setAccessibleName(tr("Dismiss"))
        self.cancel_button.updateGeometry()
        self.cancel_button.show()
        self.cancel_button.setFocus()

    def _show_summary(self) -> None:
        counts = [
            f"{number} {outcome_word(outcome)}"
            for outcome in Outcome
            if (number := sum(result.outcome is outcome for result in self._results))
        ]
        untouched = self._total - len(self._results)
        if untouched:
            counts.append(tr("{count} not written", count=untouched))
        self.headline.setText(", ".join(counts))
        first = min((r.audit_first for r in self._results if r.audit_first), default=0)
        last = max((r.audit_last for r in self._results), default=0)
        self.below.setText(tr("Stays here until you dismiss it."))
        if first:
            self.footer.set_state(
                "shield-check", tr("Audit entries {first} to {last}", first=first, last=last)
            )
        unverified = any(result.outcome is Outcome.UNVERIFIED for result in self._results)
        self.again_button.setVisible(unverified)

    def _read_again(self) -> None:
        self.again_button.setEnabled(False)
        self._tasks.start(self._settle(), "read-again-batch")

    async def _settle(self) -> None:
        # Reading may take as long as the time-out, in which the dialog may be closed and deleted.
        try:
            for place, result in enumerate(self._results):
                if result.outcome is Outcome.UNVERIFIED:
                    settled = await self._service.read_again(result.name)
                    if settled is not None:
                        self._results[place] = settled
                        if isValid(self):
                            self._row(result.name).show_result(settled)
                        self._done(settled)
        finally:
            if isValid(self):
                self.again_button.setEnabled(True)
                self._show_summary()

    def reject(self) -> None:
        """Escape and Cancel: not while values are on their way."""
        if not self.is_writing:
            super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.is_writing:
            event.ignore()
        else:
            super().closeEvent(event)
