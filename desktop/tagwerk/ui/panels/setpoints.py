"""The setpoint panel: rows of writable tags, the lock above them, last writes below.

It wires the parts of `ui/setpoints/` to the plant; arming, writing and undoing with their dialogs are
`ui/setpoints/writing`'s, and whether and how something is written is decided in `tagwerk.write` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtGui import (
    QAction,
    QDragEnterEvent,
    QDropEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from tagwerk.domain.message import Message
from tagwerk.domain.tags import TagInfo
from tagwerk.plant import Frame, Plant
from tagwerk.ui.commands import Command, disable_with_reason, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import tr
from tagwerk.ui.mime import has_tags, tags_from_mime
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.setpoints import commands
from tagwerk.ui.setpoints.band import ArmBand
from tagwerk.ui.setpoints.facts import RowFacts
from tagwerk.ui.setpoints.head import HeadStrip
from tagwerk.ui.setpoints.last_writes import LastWrites
from tagwerk.ui.setpoints.lock import no_right, why_locked, why_not_armable
from tagwerk.ui.setpoints.row_actions import RowActions, RowPowers
from tagwerk.ui.setpoints.rows import SetpointRows
from tagwerk.ui.setpoints.view import SetpointView
from tagwerk.ui.setpoints.words import row_labels
from tagwerk.ui.setpoints.writing import Writing, WritingPowers
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import EmptyState
from tagwerk.ui.widgets.painting import Area

INTEREST = "setpoints"
MOST_ROWS = 2000


class SetpointPanel(Panel):
    """Setpoints of the connected plant."""

    object_name = "setpointPanel"
    title = "Setpoints"
    icon_name = "square-pen"
    frame_turn = 2

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._plant: Plant | None = None
        self._lists: dict[str, list[str]] = {}
        self._labels: dict[str, str] = {}
        self._now_ns = 0
        self._labels_version = -1
        self._last_seen = (-1, -1)
        self.rows = SetpointRows()
        self.setAcceptDrops(True)
        self._build()
        self._make_actions()
        desk.setpoints_requested.connect(self.add_tags)
        theme().changed.connect(self._refresh)
        self.set_plant(None)

    # Building.

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.band = ArmBand(self)
        self.view = SetpointView(self.rows, self.facts)
        self.writing = Writing(
            self,
            self.rows,
            self.view,
            WritingPowers(
                lambda: self._plant, self._info, lambda name: self.add_tags([name]), self._refresh
            ),
        )
        self.band.arm_clicked.connect(self.writing.ask_to_arm)
        self.band.disarm_clicked.connect(self.writing.disarm)
        self.band.extend_clicked.connect(self.writing.extend)
        column.addWidget(self.band)
        self.view.staged_changed.connect(self._refresh)
        self.view.tags_dropped.connect(self._dropped)
        self.view.arming_wanted.connect(self.writing.ask_to_arm)
        self.view.remove_wanted.connect(self._remove)
        self.head = HeadStrip(self.view)
        listed = Area("base")
        listed_column = QVBoxLayout(listed)
        listed_column.setContentsMargins(0, 0, 0, 0)
        listed_column.setSpacing(0)
        listed_column.addWidget(self.head)
        listed_column.addWidget(self.view, 1)
        self.empty = EmptyState("square-pen", tr("No setpoints in this list"))
        self.empty.setObjectName("setpointEmpty")
        self._empty_area = Area("base")
        QVBoxLayout(self._empty_area).addWidget(self.empty)
        self.stack = QStackedWidget()
        self.stack.addWidget(self._empty_area)
        self.stack.addWidget(listed)
        column.addWidget(self.stack, 1)
        self.last_writes = LastWrites(self._info)
        self.last_writes.undo_clicked.connect(self.writing.undo)
        column.addWidget(self.last_writes)
        column.addWidget(self._foot())

    def _foot(self) -> Area:
        self.foot = Area("header", lines="top", line_role="border")
        row = QHBoxLayout(self.foot)
        row.setContentsMargins(theme().px(10), theme().px(8), theme().px(10), theme().px(8))
        self.write_button = PushButton(tr("Write…"), "pencil", "primary")
        self.write_button.setObjectName("setpointWrite")
        self.write_button.clicked.connect(self.writing.ask_to_write)
        self.discard_button = PushButton(tr("Discard"))
        self.discard_button.setObjectName("setpointDiscard")
        self.discard_button.setToolTip(tr("Forget the staged values; nothing is written"))
        self.discard_button.clicked.connect(self._discard)
        row.addWidget(self.write_button)
        row.addStretch(1)
        row.addWidget(self.discard_button)
        return self.foot

    def _make_actions(self) -> None:
        def make(command: Command, run: Callable[[], object]) -> QAction:
            return make_action(command, run, self)

        self._arm_action = make(commands.ARM, self.writing.toggle_arming)
        self._extend_action = make(commands.EXTEND, self.writing.extend)
        self._write_action = make(commands.WRITE, self.writing.ask_to_write)
        self._discard_action = make(commands.DISCARD, self._discard)
        self._undo_action = make(commands.UNDO, self.writing.undo_last)
        self._audit_action = make(commands.AUDIT, self.writing.check_audit)
        self.row_actions = RowActions(
            self,
            self.view,
            RowPowers(
                self.facts,
                lambda: self.writing.service,
                self.tasks,
                self._move,
                self._remove,
                self._refresh,
            ),
            self._write_action,
        )

    # Plant and frames.

    def set_plant(self, plant: Plant | None) -> None:
        self.view.close_editor()
        if self._plant is not None:
            self._lists[self._plant.profile.name] = list(self.rows.names)
            if self._plant is not plant:
                self.writing.leave(self._plant)
                self._plant.interest.drop(INTEREST)
        if plant is not self._plant:
            self.rows.unstage()
            names = self._lists.get(plant.profile.name, []) if plant is not None else []
            self.rows.replace(names)
        self._plant = plant
        self._now_ns = plant.clock_ns() if plant is not None else 0
        self.view.rows_changed()
        self._tell_interest()
        self._refresh()

    def rest_rate(self) -> float:
        """More often while time runs out: for the lock, and in a dialog."""
        service = self.writing.service
        runs = self.writing.dialog is not None or (service is not None and service.arming.armed)
        return 10.0 if runs else super().rest_rate()

    def on_frame(self, frame: Frame) -> None:
        self._now_ns = frame.now_ns
        service = self.writing.service
        if service is None:
            return
        news = (service.version, self.rows.version)
        everything = bool(frame.tree or frame.status or frame.writes or news != self._last_seen)
        self._last_seen = news
        if service.arming.armed:
            self.band.show_armed(service.arming.remaining_s, service.arming.total_s)
        if everything:
            self._refresh()
        elif self.isVisible():
            self.view.on_frame(frame.values, frame.now_ns, False)
        self.writing.on_frame(frame, everything=everything)

    def facts(self, name: str) -> RowFacts:
        """All about one row now."""
        plant, service = self._plant, self.writing.service
        if self._labels_version != self.rows.version:
            self._labels = row_labels(self.rows.names)
            self._labels_version = self.rows.version
        label = self._labels.get(name, name)
        info = self._info(name)
        if plant is None or service is None:
            return RowFacts(
                name,
                label,
                info,
                None,
                False,
                self.rows.staged(name),
                None,
                None,
                Message(),
                False,
                0,
            )
        return RowFacts(
            name,
            label,
            info,
            plant.live.get(name),
            plant.live.is_stale(name),
            self.rows.staged(name),
            service.results.get(name),
            service.phases.get(name),
            service.why_read_only(name) if plant.status.state.is_live else Message(),
            service.arming.armed,
            self._now_ns,
        )

    def _info(self, name: str) -> TagInfo:
        return self._plant.tag(name) if self._plant is not None else TagInfo(name)

    def _tell_interest(self) -> None:
        if self._plant is not None:
            self._plant.interest.set(INTEREST, self.rows.names)

    # The look as a whole.

    def header_text(self) -> str:
        return str(len(self.rows)) if len(self.rows) else ""

    def _refresh(self) -> None:
        """Everything but the live values."""
        self._show_lock()
        self.stack.setCurrentIndex(1 if len(self.rows) else 0)
        if not len(self.rows):
            self._show_empty()
        self._show_foot()
        self._show_last_writes()
        self.view.on_frame(set(), self._now_ns, True)

    def _refusal(self) -> str:
        return why_not_armable(self._plant)

    def _show_lock(self) -> None:
        service, refusal = self.writing.service, self._refusal()
        armed = service is not None and service.arming.armed
        if service is not None and armed:
            self.band.show_armed(service.arming.remaining_s, service.arming.total_s)
        else:
            self.band.show_locked(why_locked(self._plant, refusal), refusal)
        disable_with_reason(self._arm_action, "" if armed else refusal)
        disable_with_reason(self._extend_action, "" if armed else tr("Writing is locked."))

    def _show_empty(self) -> None:
        plant = self._plant
        if plant is not None and plant.status.state.is_live and self._refusal():
            self.empty.set_state(
                "user",
                tr("This user may not write"),
                tr(
                    "{reason}. Values of tags that you add here stay live; sign in as somebody "
                    "who may write to change them.",
                    reason=no_right(plant).rstrip("."),
                ),
                icon_role="bad",
            )
            return
        self.empty.set_state(
            "square-pen",
            tr("No setpoints in this list"),
            tr(
                "Drag tags here, or press Ctrl+E on a tag in the tree. Live values show at once, "
                "writing stays locked."
            ),
        )

    def _show_foot(self) -> None:
        staged = self.rows.all_staged
        service = self.writing.service
        count = len(staged)
        text = tr("Write…") if count < 2 else tr("Write {count}…", count=count)
        if text != self.write_button.text():
            self.write_button.setText(text)
            self.write_button.setAccessibleName(text)
            self.write_button.updateGeometry()
        reason = ""
        if not staged:
            reason = tr("Nothing is staged: type a new value and press Enter.")
        elif service is None or not service.arming.armed:
            reason = tr("Writing is locked.")
        self.write_button.setEnabled(not reason)
        self.write_button.setToolTip(reason or tr("Check and confirm first (Ctrl+Enter)"))
        disable_with_reason(self._write_action, reason)
        self.discard_button.setEnabled(bool(staged))
        disable_with_reason(self._discard_action, "" if staged else tr("Nothing is staged."))
        self.foot.setVisible(bool(len(self.rows)))

    def _show_last_writes(self) -> None:
        service = self.writing.service
        locked = tr("Writing is locked.")
        if service is None:
            self.last_writes.hide()
            disable_with_reason(self._undo_action, locked)
            return
        refusal = "" if service.arming.armed else locked
        undone = {past.undo_of for past in service.history if past.undo_of}
        self.last_writes.show_history(service.history, undone, refusal)
        if self.height() < theme().px(420):
            self.last_writes.hide()
        nothing = service.undo_request() is None
        disable_with_reason(
            self._undo_action, refusal or (tr("There is nothing to undo.") if nothing else "")
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_last_writes()

    # The list.

    def add_tags(self, names: Sequence[str], at: int | None = None) -> None:
        """Put tags into the list and show them."""
        room = MOST_ROWS - len(self.rows)
        added = self.rows.add(list(names)[:room], at)
        self._list_changed()
        known = added or [name for name in names if name in self.rows.names]
        self.view.select(known[:1])

    def _dropped(self, names: list[str], row: int) -> None:
        self.add_tags(names, row)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_tags(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        names = tags_from_mime(event.mimeData())
        if names:
            event.acceptProposedAction()
            self.add_tags(names)

    def _remove(self) -> None:
        names = self.view.selected_names()
        if not names:
            return
        service = self.writing.service
        place = self.rows.names.index(names[0])
        busy = set(service.phases) if service is not None else set()
        self.rows.remove([name for name in names if name not in busy])
        self._list_changed()
        if len(self.rows):
            self.view.select([self.rows.names[min(place, len(self.rows) - 1)]])

    def _move(self, by: int) -> None:
        names = self.view.selected_names()
        for name in names if by < 0 else reversed(names):
            if not self.rows.move(name, by):
                break
        self._list_changed()
        self.view.select(names)

    def _list_changed(self) -> None:
        self.view.rows_changed()
        self._tell_interest()
        self._refresh()

    def _discard(self) -> None:
        self.view.close_editor()
        self.rows.unstage()
        self._refresh()

    # Between runs.

    def save_state(self) -> dict[str, Any]:
        lists = dict(self._lists)
        if self._plant is not None:
            lists[self._plant.profile.name] = list(self.rows.names)
        return {"version": 1, "lists": lists}

    def restore_state(self, state: dict[str, Any]) -> None:
        lists = state.get("lists")
        if not isinstance(lists, dict):
            return
        for connection, names in lists.items():
            if isinstance(connection, str) and isinstance(names, list):
                good = [name for name in names if isinstance(name, str)]
                self._lists[connection] = good[:MOST_ROWS]
        if self._plant is not None and not len(self.rows):
            self.rows.replace(self._lists.get(self._plant.profile.name, []))
            self._list_changed()

    @property
    def unwritten(self) -> int:
        return len(self.rows.all_staged)

    def plant_state(self) -> dict[str, Any]:
        return {"names": list(self.rows.names)}

    def show_plant_state(self, state: dict[str, Any]) -> None:
        names = state.get("names")
        if self._plant is not None and isinstance(names, list):
            self.rows.unstage()
            self.rows.replace([name for name in names if isinstance(name, str)][:MOST_ROWS])
            self._list_changed()

    async def close_panel(self) -> None:
        self.writing.close()
        await super().close_panel()
