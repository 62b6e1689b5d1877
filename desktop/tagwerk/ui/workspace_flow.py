"""Saving and opening workspaces in the window. The file itself is `workspace`'s business.

Opening one connects to its server: through the saved connection of that address where there is
one, through the connect dialog otherwise; what the panels are to show waits until that plant is
on show.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.ui.confirm import ConfirmDialog
from tagwerk.ui.connect_flow import ConnectFlow
from tagwerk.ui.desk import Desk
from tagwerk.ui.docking import Docking
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.status_words import host_of
from tagwerk.ui.workspace import SUFFIX, Workspace, read_workspace, write_workspace

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class WorkspaceFlow(QObject):
    """One for a window.

    Args:
        window: parent of the file dialogs.
        desk, flow, docking: the window's.
        is_demo: whether the plant on show is the built-in demo.

    Signals:
        file_changed: another workspace file is current, or none.
    """

    file_changed = Signal()

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
        if self._desk.plant is None:
            return
        dialog = self._dialog(tr("Save workspace"), "saveWorkspaceDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX.removeprefix("."))
        plain = "".join(
            c if c.isalnum() or c in " -_." else "-" for c in host_of(self._desk.plant.profile.name)
        )
        dialog.selectFile(f"{plain.strip() or 'plant'}{SUFFIX}")
        dialog.fileSelected.connect(lambda path: self.save_to(Path(path)))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write what is on show; a problem is told and nothing is lost."""
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
        try:
            write_workspace(path, workspace)
        except TagwerkError as problem:
            self._desk.report(problem, "workspace")
            return
        self._now_current(path)
        self._desk.banner_requested.emit(
            "info", tr("Workspace saved"), tr("{path} holds what is shown, and no password.", path=path)
        )  # fmt: skip

    # Opening.

    def open(self) -> None:
        """Ask which file, and open it."""
        dialog = self._dialog(tr("Open workspace"), "openWorkspaceDialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self.open_file(Path(path)))
        dialog.open()

    def open_file(self, path: Path) -> None:
        """Connect to the server that it names, then show what it holds."""
        try:
            workspace = read_workspace(path)
        except TagwerkError as problem:
            self._desk.report(problem, "workspace")
            return
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

    def open_from_outside(self, path: Path) -> None:
        """Another start of the program was given this file: ask before anything here is lost."""
        reasons = self._what_is_lost(path)
        if not reasons:
            self.open_file(path)
            return
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
        question.accepted.connect(lambda: self._open_after_question(path))
        question.finished.connect(lambda _result: self._forget_question(question))
        self._question = question
        question.open()

    def _forget_question(self, question: ConfirmDialog) -> None:
        if self._question is question:
            self._question = None

    def _open_after_question(self, path: Path) -> None:
        plant = self._desk.plant
        if plant is not None:
            plant.writes.disarm()
        self.open_file(path)

    def _what_is_lost(self, path: Path) -> list[str]:
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
        try:
            stays = self._is_same(plant.profile, read_workspace(path))
        except TagwerkError:
            stays = True  # it is not opened anyway: why, is told by whoever reads it
            reasons.clear()
        if not stays:
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

    def _dialog(self, title: str, name: str) -> QFileDialog:
        dialog = QFileDialog(self._window, title)
        dialog.setObjectName(name)
        dialog.setNameFilter(tr("Workspace (*.tagwerk)"))
        if self.path is not None:
            dialog.setDirectory(str(self.path.parent))
        dialog.finished.connect(dialog.deleteLater)
        return dialog


def _place(profile: ConnectionProfile) -> str:
    """Host and port: the dialog may find another path or write the same one differently."""
    return urlsplit(profile.url).netloc.lower()
