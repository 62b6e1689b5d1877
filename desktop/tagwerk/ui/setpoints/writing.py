"""From the armed lock to the written value: what is asked, confirmed, sent and undone, and the dialog
that is open meanwhile.

One at a time: while a dialog is open nothing else is asked. Whether and how something is written is
decided in `tagwerk.write` alone, and what is staged stands in the panel's rows; here is the way
between the two. Called by the setpoint panel: its band, its foot, its commands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from tagwerk.domain.tags import TagInfo
from tagwerk.domain.values import Sample
from tagwerk.plant import Frame, Plant
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.setpoints.arm_dialog import ArmDialog
from tagwerk.ui.setpoints.band import EXTEND_S
from tagwerk.ui.setpoints.batch_dialog import BatchDialog
from tagwerk.ui.setpoints.lock import user_of, why_not_armable
from tagwerk.ui.setpoints.rows import SetpointRows
from tagwerk.ui.setpoints.view import SetpointView
from tagwerk.ui.setpoints.words import row_labels, say
from tagwerk.ui.setpoints.write_dialog import WriteDialog
from tagwerk.write.arming import LockCause
from tagwerk.write.audit import AuditUnavailable
from tagwerk.write.request import Outcome, PastWrite, WriteRequest, WriteResult
from tagwerk.write.service import WriteService

DIALOG_PERIOD_NS = 200_000_000


@dataclass(frozen=True, slots=True)
class WritingPowers:
    """What the panel lends.

    Args:
        plant: the one on show now, None without one.
        info: what is known of a tag.
        list_tag: puts a tag into the list.
        refresh: shows everything anew.
    """

    plant: Callable[[], Plant | None]
    info: Callable[[str], TagInfo]
    list_tag: Callable[[str], None]
    refresh: Callable[[], None]


class Writing(QObject):
    """Arms, writes and undoes for one setpoint panel.

    Args:
        panel: parent of the dialogs; what is written runs in its scope.
        rows: hold what is staged.
        view: its open editor counts as staged, and it takes the keyboard back from a dialog.
        powers: see `WritingPowers`.
    """

    def __init__(
        self, panel: Panel, rows: SetpointRows, view: SetpointView, powers: WritingPowers
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._rows = rows
        self._view = view
        self._powers = powers
        self._dialog_ns = 0
        self.dialog: ArmDialog | WriteDialog | BatchDialog | None = None

    @property
    def service(self) -> WriteService | None:
        """The plant's write service; None without a plant."""
        plant = self._powers.plant()
        return plant.writes if plant is not None else None

    @property
    def _refusal(self) -> str:
        return why_not_armable(self._powers.plant())

    # The lock.

    def toggle_arming(self) -> None:
        """Lock it, or ask to arm."""
        service = self.service
        if service is not None and service.arming.armed:
            self.disarm()
        else:
            self.ask_to_arm()

    def ask_to_arm(self) -> None:
        """Open the dialog that arms; nothing happens when arming is not possible now."""
        plant = self._powers.plant()
        if plant is None or self.dialog is not None or self._refusal:
            return
        dialog = ArmDialog(plant.profile.name, user_of(plant), self._panel)
        dialog.armed.connect(self.arm)
        self._open(dialog)

    def arm(self, seconds: int) -> None:
        """Unlock for so long, unless that is not possible any more."""
        service = self.service
        if service is None or self._refusal:
            return
        try:
            service.arm(seconds)
        except AuditUnavailable as problem:
            self._tell(tr("Writing stays locked"), say(problem.text))
        self._powers.refresh()

    def extend(self) -> None:
        """Keep it unlocked for longer."""
        service = self.service
        if service is None:
            return
        try:
            service.extend(EXTEND_S)
        except AuditUnavailable as problem:
            self._tell(tr("The time was not extended"), say(problem.text))
        self._powers.refresh()

    def disarm(self) -> None:
        """Lock it; an open editor is staged first."""
        service = self.service
        if service is not None:
            self._view.commit_editor()
            service.disarm()
        self._powers.refresh()

    # Writing.

    def ask_to_write(self) -> None:
        """Open the confirmation of what is staged; an open editor is staged first."""
        service = self.service
        if service is None or self.dialog is not None or not service.arming.armed:
            return
        if self._view.editor is not None and not self._view.commit_editor():
            return
        staged = self._rows.all_staged
        requests = [service.request(name, value.value).seeing(value.seen) for name, value in staged]
        if len(requests) == 1:
            self._open_write(service, requests[0])
        elif requests:
            dialog = BatchDialog(
                service,
                requests,
                row_labels(self._rows.names),
                self._powers.info,
                self._live,
                self._panel.tasks,
                self._written,
                self._panel,
            )
            self._open(dialog)

    def _open_write(self, service: WriteService, request: WriteRequest) -> None:
        plant = self._powers.plant()
        if plant is None:
            return
        profile = plant.profile
        where = ", ".join(part for part in (profile.name, profile.note) if part)
        dialog = WriteDialog(
            service,
            request,
            self._powers.info(request.name),
            lambda: self._live(request.name),
            where,
            self._panel.tasks,
            self._written,
            self._panel,
        )
        self._open(dialog)

    def _live(self, name: str) -> tuple[Sample | None, bool]:
        plant = self._powers.plant()
        if plant is None:
            return None, True
        return plant.live.get(name), plant.live.is_stale(name)

    def _open(self, dialog: ArmDialog | WriteDialog | BatchDialog) -> None:
        self.dialog = dialog
        dialog.finished.connect(lambda _result: self._closed(dialog))
        dialog.open()

    def _closed(self, dialog: ArmDialog | WriteDialog | BatchDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None
        self._view.setFocus()
        self._powers.refresh()

    def _written(self, result: WriteResult) -> None:
        """What left is no longer staged; what never left stays for another try."""
        if result.sent and result.outcome is not Outcome.REJECTED:
            staged = self._rows.staged(result.name)
            if staged is not None and staged.value == result.request.value:
                self._rows.unstage([result.name])
        self._powers.refresh()

    def undo_last(self) -> None:
        """Open the confirmation that takes the last write back."""
        self.undo(None)

    def undo(self, past: PastWrite | None) -> None:
        """Open the confirmation that takes a write back; None is the last one."""
        service = self.service
        if service is None or self.dialog is not None or not service.arming.armed:
            return
        request = service.undo_request(past)
        if request is not None:
            if request.name not in self._rows.names:
                # Listed, so that its live value comes and is compared.
                self._powers.list_tag(request.name)
            self._open_write(service, request)

    # The dialog that is open.

    def on_frame(self, frame: Frame, *, everything: bool) -> None:
        """Show a dialog what has changed; `everything`: more than live values."""
        if self.dialog is None or isinstance(self.dialog, ArmDialog):
            return
        due = abs(frame.now_ns - self._dialog_ns) > DIALOG_PERIOD_NS
        if everything or due or not frame.values.isdisjoint(self.dialog.names):
            self._dialog_ns = frame.now_ns
            self.dialog.refresh(frame.now_ns)

    def leave(self, plant: Plant) -> None:
        """Another plant comes: nothing more is written to this one."""
        if self.dialog is not None:
            self.dialog.reject()
        plant.writes.disarm(LockCause.SIGNED_OUT)

    def close(self) -> None:
        """The panel closes: so does a dialog that writes, whatever it waits for."""
        if self.dialog is not None and not isinstance(self.dialog, ArmDialog):
            self.dialog.is_writing = False
            self.dialog.reject()

    # The audit.

    def check_audit(self) -> None:
        """Look whether the chain of the audit is whole, and tell."""
        if self.service is not None:
            self._panel.tasks.start(self._verify(self.service), "check-audit", replace=True)

    async def _verify(self, service: WriteService) -> None:
        report = await service.verify_audit()
        if report.intact:
            self._panel.desk.banner_requested.emit(
                "info",
                tr("The audit is intact"),
                tr_n(
                    "{count} entry, the chain is whole.",
                    "{count} entries, the chain is whole.",
                    report.entries,
                ),
            )
            return
        self._tell(
            tr("The audit was changed from outside"),
            tr(
                "{file}, line {line}: {problem}",
                file=report.file,
                line=report.line,
                problem=report.problem,
            ),
        )

    def _tell(self, headline: str, detail: str) -> None:
        self._panel.desk.banner_requested.emit("bad", headline, detail)
