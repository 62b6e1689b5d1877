"""What can be done with the selected rows beside writing: context menu, clipboard, order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QMenu

from tagwerk.domain.text import EM_DASH
from tagwerk.ui.commands import Command, disable_with_reason, make_action
from tagwerk.ui.i18n import tr
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.setpoints import commands
from tagwerk.ui.setpoints.facts import RowFacts
from tagwerk.ui.setpoints.view import SetpointView
from tagwerk.ui.setpoints.words import value_text, with_unit
from tagwerk.ui.tasks import TaskScope
from tagwerk.write.request import Outcome
from tagwerk.write.service import WriteService


@dataclass(frozen=True, slots=True)
class RowPowers:
    """What the panel lends to the actions.

    Args:
        facts: all about a row.
        service: the write service now, None without a plant.
        tasks: where reading again runs.
        move: moves the selected rows by -1 or 1.
        remove: takes the selected rows out.
        refresh: shows everything anew.
    """

    facts: Callable[[str], RowFacts]
    service: Callable[[], WriteService | None]
    tasks: TaskScope
    move: Callable[[int], None]
    remove: Callable[[], None]
    refresh: Callable[[], None]


class RowActions(QObject):
    """The actions of rows, added to the panel, and their context menu.

    Args:
        panel: owns the actions.
        view: its selection is meant.
        powers: see `RowPowers`.
        write: the panel's action that writes what is staged, shown in the menu too.
    """

    def __init__(self, panel: Panel, view: SetpointView, powers: RowPowers, write: QAction) -> None:
        super().__init__(panel)
        self._panel, self._view, self._powers = panel, view, powers

        def make(command: Command, run: Callable[[], object]) -> QAction:
            return make_action(command, run, panel)

        self.edit = make(commands.EDIT, self._edit)
        self.read_again = make(commands.READ_AGAIN, self._read_again)
        self.dismiss = make(commands.DISMISS, self._dismiss)
        self.to_trend = make(commands.TO_TREND, self._to_trend)
        self.reveal = make(commands.REVEAL, self._reveal)
        self.copy_name = make(commands.COPY_NAME, lambda: self._copy(str))
        self.copy_value = make(commands.COPY_VALUE, lambda: self._copy(self._value))
        self.copy_row = make(commands.COPY_ROW, lambda: self._copy(self._row))
        self.up = make(commands.UP, lambda: powers.move(-1))
        self.down = make(commands.DOWN, lambda: powers.move(1))
        self.remove = make(commands.REMOVE, powers.remove)
        self._groups = (
            (self.edit, write, self.read_again, self.dismiss),
            (self.to_trend, self.reveal),
            (self.copy_name, self.copy_value, self.copy_row),
            (self.up, self.down, self.remove),
        )
        view.menu_wanted.connect(self.show_menu)
        view.dismiss_wanted.connect(self._dismiss)

    def show_menu(self, position: QPoint) -> None:
        """Open the context menu at a global position."""
        names = self._view.selected_names()
        service = self._powers.service()
        results = service.results if service is not None else {}
        unverified = any(
            name in results and results[name].outcome is Outcome.UNVERIFIED for name in names
        )
        disable_with_reason(
            self.read_again, "" if unverified else tr("Nothing is unverified here.")
        )
        outcome = any(name in results for name in names)
        disable_with_reason(self.dismiss, "" if outcome else tr("There is no outcome here."))
        editable = bool(names) and self._powers.facts(names[0]).editable
        locked = service is None or not service.arming.armed
        disable_with_reason(
            self.edit,
            ""
            if editable
            else tr("Writing is locked.")
            if locked
            else tr("This tag cannot be written now."),
        )
        menu = QMenu(self._panel)
        menu.setObjectName("setpointMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for group in self._groups:
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions(group)
        menu.popup(position)

    def _to_trend(self) -> None:
        self._panel.desk.trend_requested.emit(self._view.selected_names())

    def _reveal(self) -> None:
        if self._view.current_name():
            self._panel.desk.reveal_requested.emit(self._view.current_name())

    def _copy(self, line: Callable[[str], str]) -> None:
        text = "\n".join(line(name) for name in self._view.selected_names())
        if text:
            QGuiApplication.clipboard().setText(text)

    def _value(self, name: str) -> str:
        facts = self._powers.facts(name)
        return value_text(facts.live_value, facts.info)

    def _row(self, name: str) -> str:
        facts = self._powers.facts(name)
        staged = with_unit(facts.staged.value, facts.info) if facts.staged is not None else ""
        quality = facts.sample.quality.text if facts.sample is not None else EM_DASH
        live = value_text(facts.live_value, facts.info)
        return "\t".join((name, live, facts.info.unit, quality, staged))

    def _read_again(self) -> None:
        service = self._powers.service()
        if service is None:
            return
        for name in self._view.selected_names():
            result = service.results.get(name)
            if result is not None and result.outcome is Outcome.UNVERIFIED:
                self._powers.tasks.start(service.read_again(name), f"read-again:{name}")

    def _edit(self) -> None:
        self._view.setFocus()
        self._view.edit_current()

    def _dismiss(self) -> None:
        service = self._powers.service()
        if service is not None:
            for name in self._view.selected_names():
                service.dismiss(name)
        self._powers.refresh()
