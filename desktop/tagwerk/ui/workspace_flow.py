"""Saving and opening workspaces in the window. The file itself is `workspace`'s business.

Opening one connects to its server: through the saved connection of that address where there is
one, through the connect dialog otherwise; what the panels are to show waits until that plant is
on show. Files are read and written in threads: on a share that is gone either may take minutes,
in which the window works on, says what it waits for, and can give it up.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.ui.banner import Banner
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect_flow import ConnectFlow
from tagwerk.ui.desk import Desk
from tagwerk.ui.docking import Docking
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.slow_files import BUSY_AFTER_S, Save, SlowFiles, is_there
from tagwerk.ui.status_words import host_of
from tagwerk.ui.workspace import SUFFIX, Workspace, read_workspace, write_workspace

if TYPE_CHECKING:
    from tagwerk.plant import Plant

log = logging.getLogger(__name__)

SAVE_PATIENCE_S = 3.0
"""So long a save may take when the program is told to end and nobody can be asked."""
_BUSY_KIND = "warning"
"""Shares hang when networks do: what can be given up must not wait behind the banner of the link."""
OPENING, SAVING = "workspace:open", "workspace:save"
"""Keys of the banners, and names of the tasks."""


class WorkspaceFlow(QObject):
    """One for a window.

    Args:
        window: parent of the file dialogs.
        desk, flow, docking: the window's.

    Signals:
        file_changed: another workspace file is current, or none.
        busy_changed: (key, `Banner` or None): what is waited for and can be given up.
    """

    file_changed = Signal()
    busy_changed = Signal(str, object)

    def __init__(
        self,
        window: QWidget,
        desk: Desk,
        flow: ConnectFlow,
        docking: Docking,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        super().__init__(window)
        self._window, self._desk, self._flow, self._docking = window, desk, flow, docking
        self._clock_ns = clock_ns
        self._waiting: tuple[Path, Workspace] | None = None
        self._shown: Plant | None = None
        self._question: ConfirmDialog | None = None
        self._end_question: ConfirmDialog | None = None
        self._scope = desk.scope("workspaces")
        self._save: Save | None = None
        self._last_save: Save | None = None
        self._save_task: asyncio.Task[None] | None = None
        self._slow = SlowFiles(self)
        self._slow.changed.connect(self.busy_changed)
        self.path: Path | None = None
        """The file that Save writes; None when the plant on show came from no workspace."""

    # Saving.

    def save(self) -> None:
        """Write the current file, or ask for one."""
        if self.path is None:
            self.save_as()
        else:
            self.save_to(self.path)

    def save_as(self) -> None:
        """Ask where to, and write."""
        if self._desk.plant is not None:
            self._scope.start(self._ask_where(), "dialog", replace=True)

    async def _ask_where(self) -> None:
        dialog = await self._dialog(tr("Save workspace"), "saveWorkspaceDialog")
        plant = self._desk.plant
        if plant is None:
            dialog.deleteLater()
            return
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        plain = "".join(
            c if c.isalnum() or c in " -_." else "-" for c in host_of(plant.profile.name)
        )
        dialog.selectFile(f"{plain.strip() or 'plant'}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self.save_to(Path(path)))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write what is on show; a problem is told and nothing is lost. A save that still runs is
        given up for this one."""
        plant = self._desk.plant
        if plant is None:
            return
        workspace = Workspace(
            profile=plant.profile,
            is_demo=self._flow.demo is not None,
            panels=self._docking.plant_states(),
            docks=self._docking.arrangement(),
            saved_ns=self._clock_ns(),
        )
        self._save = self._last_save = save = Save(path, self._last_save)
        self._save_task = self._scope.start(
            self._write(save, workspace, plant), SAVING, replace=True
        )

    async def _write(self, save: Save, workspace: Workspace, plant: Plant) -> None:
        path = save.path
        waits_for = tr("{folder} has not answered yet.", folder=path.parent)
        if save.is_behind_another:
            waits_for = tr("An earlier save to {folder} has not ended yet and comes first.", folder=path.parent)  # fmt: skip
        told = Banner(
            _BUSY_KIND,
            tr("Saving {name} …", name=path.name),
            waits_for,
            ((tr("Cancel"), "x", self.give_up_save),),
            icon="loader-circle",
            closable=False,
        )
        try:
            await self._slow.run(SAVING, told, lambda: _write_file(save, workspace))
        except asyncio.CancelledError:
            self._tell_given_up(save)
            raise
        except TagwerkError as problem:
            self._desk.report(problem, "workspace")
            return
        finally:
            if self._save is save:
                self._save = None
        save.is_done = True
        if self._desk.plant is plant:
            self._now_current(path)
        self._desk.banner_requested.emit(
            "info", tr("Workspace saved"), tr("{path} holds what is shown, and no password.", path=path)
        )  # fmt: skip
        if self._end_question is not None:
            # The user wanted to close, and nothing stands in the way any more.
            self._end_question.accept()

    @property
    def is_saving(self) -> bool:
        """A save is under way: a program that ended now would lose it."""
        return self._save is not None

    def give_up_save(self) -> None:
        """Do not wait for the save any longer; what was there before stays."""
        self._scope.cancel(SAVING)

    def _tell_given_up(self, save: Save) -> None:
        """Say what became of the file, as far as that can be known."""
        is_as_before = save.give_up()
        if self._save is not save:
            # Given up for a later one, which has its own end.
            return
        headline = tr("The workspace was not saved")
        detail = tr("{path} is as it was before.", path=save.path)
        if is_as_before and save.is_behind_another:
            detail = tr("{path} is as it was before, or as an earlier save that has not ended leaves it.", path=save.path)  # fmt: skip
        if not is_as_before:
            headline = tr("It is not known whether the workspace was saved")
            detail = tr("{path} is as it was before, or the new one; never half of it.", path=save.path)  # fmt: skip
        log.info("saving %s was given up", save.path)
        self._desk.banner_requested.emit("warning", headline, detail)

    # The end of the program.

    def hold_end(self, end: Callable[[], object]) -> bool:
        """The user closes the window: False when nothing stands in the way. Otherwise `end` is
        called when the save is through, or the user does without it."""
        if not self.is_saving:
            return False
        if self._end_question is None:
            self._scope.start(self._ask_before_end(end), "end", replace=True)
        return True

    async def _ask_before_end(self, end: Callable[[], object]) -> None:
        save, task = self._save, self._save_task
        if save is None or task is None:
            end()
            return
        done, _ = await asyncio.wait({task}, timeout=BUSY_AFTER_S)
        if done:
            # What went wrong is on show; what went well needs no question.
            if save.is_done:
                end()
            return
        question = ConfirmDialog(
            self._window,
            "confirmEndUnsaved",
            tr("Close without saving {name}?", name=save.path.name),
            tr("{folder} has not answered yet. After closing, the file is as it was before or the new one; never half of it.", folder=save.path.parent),
            tr("Close without saving"),
            tr("Wait"),
        )  # fmt: skip
        question.accepted.connect(lambda: self._end_without(end))
        question.finished.connect(self._forget_end_question)
        self._end_question = question
        question.open()
        await asyncio.wait({task})
        if self._end_question is question:
            # It failed, and why is on show behind the question.
            question.reject()

    def _end_without(self, end: Callable[[], object]) -> None:
        if self.is_saving:
            self.give_up_save()
        end()

    def _forget_end_question(self, _result: int) -> None:
        self._end_question = None

    async def close(self) -> None:
        """End what runs. A save gets a moment; the log says so when that was not enough."""
        save, task = self._save, self._save_task
        if save is not None and task is not None and not task.cancelling():
            await asyncio.wait({task}, timeout=SAVE_PATIENCE_S)
            if not task.done():
                log.warning("the workspace was not saved in %s: no answer in time", save.path)
        await self._scope.close()

    # Opening.

    def open(self) -> None:
        """Ask which file, and open it."""
        self._scope.start(self._ask_which(), "dialog", replace=True)

    async def _ask_which(self) -> None:
        dialog = await self._dialog(tr("Open workspace"), "openWorkspaceDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open_file(Path(path)))
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Connect to the server that it names, then show what it holds."""
        self._scope.start(self._read(path, asks=False), OPENING, replace=True)

    def open_from_outside(self, path: Path) -> None:
        """Another start of the program was given this file: ask before anything here is lost."""
        self._scope.start(self._read(path, asks=True), OPENING, replace=True)

    async def _read(self, path: Path, *, asks: bool) -> None:
        """Read the file, then show it; the latest wish counts.

        Args:
            asks: before anything here is lost. Where another plant was opened while a slow file
                was read, that is asked in any case.
        """
        before = self._desk.plant
        told = Banner(
            _BUSY_KIND,
            tr("Opening {name} …", name=path.name),
            tr("{folder} has not answered yet.", folder=path.parent),
            ((tr("Cancel"), "x", lambda: self._scope.cancel(OPENING)),),
            icon="loader-circle",
            closable=False,
        )
        try:
            workspace = await self._slow.run(OPENING, told, lambda: read_workspace(path))
        except TagwerkError as problem:
            self._desk.report(problem, "workspace")
            return
        reasons = []
        if asks or self._desk.plant is not before:
            reasons = self._what_is_lost(workspace)
        if reasons:
            self._ask(path, workspace, reasons)
        else:
            self._show(path, workspace)

    def tell_busy(self) -> None:
        """Tell again what is waited for: a plant that was closed took all banners away."""
        self._slow.tell()

    def _show(self, path: Path, workspace: Workspace) -> None:
        self._waiting = (path, workspace)
        plant = self._desk.plant
        if plant is not None and self._is_same(plant.profile, workspace):
            self.plant_opened(plant)
            return
        if workspace.is_demo:
            self._flow.start_demo()
            return
        known = self._saved(workspace.profile)
        if known is not None:
            self._flow.open_saved(known)
        else:
            self._flow.open_dialog(profile=workspace.profile)

    def _ask(self, path: Path, workspace: Workspace, reasons: list[str]) -> None:
        if self._question is not None:
            # One question at a time: the latest wish counts.
            self._question.reject()
        question = ConfirmDialog(
            self._window,
            "confirmOpenWorkspace",
            tr("Open {name} in this window?", name=path.name),
            " ".join(reasons),
            tr("Open the workspace"),
            tr("Stay here"),
        )
        question.accepted.connect(lambda: self._open_after_question(path, workspace))
        question.finished.connect(lambda _result: self._forget_question(question))
        self._question = question
        question.open()

    def _forget_question(self, question: ConfirmDialog) -> None:
        if self._question is question:
            self._question = None

    def _open_after_question(self, path: Path, workspace: Workspace) -> None:
        plant = self._desk.plant
        if plant is not None:
            plant.writes.disarm()
        self._show(path, workspace)

    def _what_is_lost(self, workspace: Workspace) -> list[str]:
        """What would end here, in sentences; nothing for the same plant with nothing under way."""
        plant = self._desk.plant
        if plant is None:
            return []
        reasons = []
        if plant.has_link and plant.writes.phases:
            reasons.append(tr("A write is still running."))
        if plant.arming.armed:
            reasons.append(tr("Writing is armed and is locked first."))
        typed = sum(panel.unwritten for panel in self._docking.panels.values())
        if typed:
            reasons.append(
                tr_n(
                    "One new value that was typed and not written is lost.",
                    "{count} new values that were typed and not written are lost.",
                    typed,
                )
            )
        if not self._is_same(plant.profile, workspace):
            reasons.insert(0, tr("The connection to {plant} ends.", plant=plant.profile.name))
        return reasons

    def plant_opened(self, plant: Plant) -> bool:
        """A plant is on show: give it the waiting workspace if it is meant. Returns whether."""
        waiting, self._waiting = self._waiting, None
        before, self._shown = self._shown, plant
        if waiting is None and before is plant:
            # The same plant in panels built anew, after a change of language.
            return False
        if waiting is None or not self._is_same(plant.profile, waiting[1]):
            self._now_current(None)
            return False
        path, workspace = waiting
        self._docking.show_plant_states(workspace.panels)
        self._docking.arrange(workspace.docks)
        self._now_current(path)
        return True

    def _saved(self, wanted: ConnectionProfile) -> ConnectionProfile | None:
        same = [one for one in self._flow.saved.all() if _place(one) == _place(wanted)]
        of_user = [one for one in same if one.user == wanted.user]
        return next(iter(of_user or ([] if wanted.user else same)), None)

    def _is_same(self, profile: ConnectionProfile, workspace: Workspace) -> bool:
        if workspace.is_demo:
            return self._flow.demo is not None
        return _place(profile) == _place(workspace.profile)

    def _now_current(self, path: Path | None) -> None:
        if path != self.path:
            self.path = path
            self.file_changed.emit()

    async def _dialog(self, title: str, name: str) -> QFileDialog:
        """A file dialog in the folder of the current file, if that answers: Qt would wait for it."""
        folder = self.path.parent if self.path is not None else None
        if folder is not None and not await is_there(folder):
            folder = Path.home()
        dialog = QFileDialog(self._window, title, str(folder) if folder is not None else "")
        dialog.setObjectName(name)
        dialog.setNameFilter(tr("Workspace (*.tagwerk)"))
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def _write_file(save: Save, workspace: Workspace) -> None:
    """In a thread."""
    try:
        write_workspace(save.path, workspace, save.may_replace)
    finally:
        save.end()


def _place(profile: ConnectionProfile) -> str:
    """Host and port: the dialog may find another path or write the same one differently."""
    return urlsplit(profile.url).netloc.lower()
