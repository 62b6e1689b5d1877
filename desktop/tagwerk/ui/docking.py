"""The panels in the window: built, docked, shown, hidden, resized, remembered, stepped through.

One `Docking` holds one set of panels; the window makes a new set when the language or the row
height changes. It knows the main window only as a place for docks.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QByteArray, QObject, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QWidget

from tagwerk.ui import layout_memory
from tagwerk.ui.i18n import tr
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import the_application, theme

if TYPE_CHECKING:
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.docks import PanelDock, PanelFrame
    from tagwerk.ui.panels.base import Panel

CENTRE = "trendPanel"
ORDER = ("tagPanel", CENTRE, "setpointPanel", "alarmPanel", "trafficPanel")
"""Order of the F6 key and of the View menu."""
ON_DEMAND = ("trafficPanel",)
"""Hidden until somebody asks for them; they lie below the alarms, over the whole width."""
_BELOW_ALARMS = 240
_LEAST_CENTRE = 300
"""So much of its height the middle keeps when a panel is asked for, as far as that can yield."""
_AREAS = {
    "tagPanel": Qt.DockWidgetArea.LeftDockWidgetArea,
    "setpointPanel": Qt.DockWidgetArea.RightDockWidgetArea,
    "alarmPanel": Qt.DockWidgetArea.BottomDockWidgetArea,
    "trafficPanel": Qt.DockWidgetArea.BottomDockWidgetArea,
}
_RESTORE_ERRORS = (ValueError, TypeError, KeyError, AttributeError)


class Docking(QObject):
    """The docks of one window.

    Args:
        window: where the docks lie.
        settings: where their arrangement and the panels' states are kept.
        report: gets what a panel raised when it was restored or saved.
    """

    def __init__(
        self,
        window: QMainWindow,
        settings: Settings,
        report: Callable[[BaseException, str], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._report = report
        self.panels: dict[str, Panel] = {}
        self.docks: dict[str, PanelDock] = {}
        self.frames: dict[str, PanelFrame] = {}
        self.is_shown = False
        self._before_full: QByteArray | None = None
        self._last_focus: dict[str, QWidget] = {}
        the_application().focusChanged.connect(self._focus_moved)

    def build(self, desk: Desk, stack: QStackedWidget) -> Iterator[Panel]:
        """Import and build the panels, one a step; restore what they remember.

        Raises:
            ImportError: a panel's module is broken.
        """
        from tagwerk.ui.docks import PanelDock, PanelFrame
        from tagwerk.ui.panels import load_panels

        states = self._settings.get("panels", {})
        states = states if isinstance(states, dict) else {}
        for kind in load_panels():
            panel = kind(desk)
            self.panels[panel.object_name] = panel
            panel.setAccessibleName(tr(panel.title))
            panel.set_plant(None)
            self._restore_panel(panel, states.get(panel.object_name))
            if panel.object_name == CENTRE:
                frame = PanelFrame(panel)
                frame.header.maximise_clicked.connect(self.toggle_full_centre)
                self.frames[panel.object_name] = frame
                stack.addWidget(frame)
            else:
                dock = PanelDock(panel, self._window)
                self._window.addDockWidget(self._area(panel.object_name), dock)
                self.docks[panel.object_name] = dock
                dock.hide()
                if panel.object_name in ON_DEMAND:
                    dock.put_away.connect(self._give_back)
            yield panel

    def _restore_panel(self, panel: Panel, state: Any) -> None:
        try:
            if isinstance(state, dict):
                panel.restore_state(state)
        except _RESTORE_ERRORS as problem:
            self._report(problem, f"{panel.object_name}.restore_state")

    @staticmethod
    def _area(name: str) -> Qt.DockWidgetArea:
        return _AREAS.get(name, Qt.DockWidgetArea.RightDockWidgetArea)

    @property
    def toggles(self) -> list[QAction]:
        """The actions that show and hide the docks, in the order of the panels."""
        actions = []
        for name in ORDER:
            dock = self.docks.get(name)
            if dock is not None:
                toggle = dock.toggleViewAction()
                toggle.setObjectName(f"view.{name}")
                actions.append(toggle)
        return actions

    def refresh_headers(self) -> None:
        """Take over the panels' grey texts."""
        for dock in self.docks.values():
            dock.header.refresh()
        for frame in self.frames.values():
            frame.header.refresh()

    # Arrangement.

    def show(self, stack: QStackedWidget) -> None:
        """As it was with these screens, else as the design has it."""
        if CENTRE in self.frames:
            stack.setCurrentWidget(self.frames[CENTRE])
        state = layout_memory.dock_state(self._settings)
        if state is None or not self._window.restoreState(state, layout_memory.STATE_VERSION):
            self._default_layout()
        else:
            self._place_newcomers(state)
            # The restored docks are laid out when the events that wait have been handled.
            QTimer.singleShot(0, self, self._restore_sizes)
        self._before_full = None
        self.is_shown = True

    def hide(self) -> None:
        """Only the welcome page is left."""
        self.is_shown = False
        for dock in self.docks.values():
            dock.hide()

    def reset(self) -> None:
        """Back to the design's places and sizes."""
        layout_memory.forget_docks(self._settings)
        self._before_full = None
        if self.is_shown:
            self._default_layout()

    def _default_layout(self) -> None:
        from tagwerk.ui.docks import default_sizes

        for name, dock in self.docks.items():
            dock.setFloating(False)
            self._window.addDockWidget(self._area(name), dock)
            dock.setVisible(name not in ON_DEMAND)
        self._below_alarms()
        left, right, below = default_sizes(self._window.size())
        sizes = {"tagPanel": left, "setpointPanel": right}
        wide = [name for name in sizes if name in self.docks]
        self._window.resizeDocks(
            [self.docks[name] for name in wide],
            [sizes[name] for name in wide],
            Qt.Orientation.Horizontal,
        )
        if "alarmPanel" in self.docks:
            alarms = self.docks["alarmPanel"]
            self._window.resizeDocks([alarms], [below], Qt.Orientation.Vertical)

    def _below_alarms(self) -> None:
        """Panels on demand never stand beside or before the alarms."""
        alarms = self.docks.get("alarmPanel")
        for name in ON_DEMAND:
            dock = self.docks.get(name)
            if dock is not None and alarms is not None:
                self._window.splitDockWidget(alarms, dock, Qt.Orientation.Vertical)

    def _restore(self, state: QByteArray) -> None:
        if self._window.restoreState(state, layout_memory.STATE_VERSION):
            self._place_newcomers(state)

    def _place_newcomers(self, state: QByteArray) -> None:
        """An arrangement of an older version knows nothing of panels that came later."""
        known = bytes(state.data())
        for name in ON_DEMAND:
            dock = self.docks.get(name)
            # Qt writes names in big-endian UTF-16.
            if dock is not None and dock.objectName().encode("utf-16-be") not in known:
                self._window.addDockWidget(self._area(name), dock)
                self._below_alarms()
                dock.hide()

    def _restore_sizes(self) -> None:
        """`restoreState` forgets the sizes of docks that were not laid out yet: set them again."""
        sizes = layout_memory.dock_sizes(self._settings)
        docks = [
            dock
            for dock in self.docks.values()
            if dock.objectName() in sizes and not dock.isFloating() and not dock.isHidden()
        ]
        for place, orientation in enumerate((Qt.Orientation.Horizontal, Qt.Orientation.Vertical)):
            # A dock over the whole width has no width of its own, nor one of the whole height.
            below = Qt.DockWidgetArea.BottomDockWidgetArea
            own = [d for d in docks if (self._window.dockWidgetArea(d) == below) == bool(place)]
            if own:
                lengths = [sizes[dock.objectName()][place] for dock in own]
                self._window.resizeDocks(own, lengths, orientation)

    def toggle_full_centre(self) -> None:
        """The trend alone, and back."""
        if self._before_full is not None:
            self._window.restoreState(self._before_full, layout_memory.STATE_VERSION)
            self._before_full = None
            return
        self._before_full = self._window.saveState(layout_memory.STATE_VERSION)
        for dock in self.docks.values():
            if not dock.isFloating():
                dock.hide()

    def reveal(self, name: str) -> None:
        """Show the dock of a panel, in front of others in the same place."""
        dock = self.docks.get(name)
        if dock is not None:
            appears = dock.isHidden() and name in ON_DEMAND and not dock.isFloating()
            alarms = self.docks.get("alarmPanel")
            before = alarms.height() if alarms is not None and alarms.isVisible() else 0
            dock.show()
            dock.raise_()
            if appears:
                # A dock that just came is laid out when the events that wait have been handled.
                QTimer.singleShot(0, self, lambda: self._make_room(dock, before))

    def _make_room(self, dock: PanelDock, alarms_height: int) -> None:
        """For a dock that has just come: out of the middle, never out of the alarms."""
        docks, heights = [dock], [min(theme().px(_BELOW_ALARMS), self._window.height() // 4)]
        room = dock.height()
        alarms = self.docks.get("alarmPanel")
        if alarms is not None and alarms_height and not alarms.isFloating():
            docks.insert(0, alarms)
            heights.insert(0, alarms_height)
            room += alarms.height() - alarms_height
        centre = self.frames.get(CENTRE)
        if centre is not None and centre.isVisible():
            room += centre.height() - theme().px(_LEAST_CENTRE)
            heights[-1] = max(min(heights[-1], room), dock.minimumSizeHint().height())
        self._window.resizeDocks(docks, heights, Qt.Orientation.Vertical)

    def _give_back(self) -> None:
        """What a panel on demand took out of the middle goes back there, and not to the alarms."""
        alarms = self.docks.get("alarmPanel")
        if alarms is None or alarms.isHidden() or alarms.isFloating():
            return
        height = alarms.height()

        def keep_alarms() -> None:
            if self.docks.get("alarmPanel") is alarms and alarms.isVisible():
                self._window.resizeDocks([alarms], [height], Qt.Orientation.Vertical)

        # The rest is laid out when the events that wait have been handled.
        QTimer.singleShot(0, self, keep_alarms)

    def set_armed(self, armed: bool) -> None:
        """Frame the dock that writes while writing is armed."""
        dock = self.docks.get("setpointPanel")
        if dock is not None:
            dock.set_armed(armed)

    # Remembering and ending.

    def remember(self) -> None:
        """Note the arrangement, and what each panel wants to keep, each in its own try."""
        if self.is_shown and self.docks and self._before_full is None:
            sizes = {d.objectName(): (d.width(), d.height()) for d in self.docks.values()}
            state = self._window.saveState(layout_memory.STATE_VERSION)
            layout_memory.remember(self._window, self._settings, state, sizes)
        states = self._settings.get("panels", {})
        states = dict(states) if isinstance(states, dict) else {}
        for name, panel in self.panels.items():
            before = states.get(name)
            try:
                states[name] = panel.save_state()
                self._settings.set("panels", dict(states))
            except _RESTORE_ERRORS as problem:
                states[name] = before
                self._report(problem, f"{name}.save_state")

    # Workspaces.

    def plant_states(self) -> dict[str, dict[str, Any]]:
        """What each panel shows of the plant, by object name; one that fails is left out."""
        states = {}
        for name, panel in self.panels.items():
            try:
                states[name] = panel.plant_state()
            except _RESTORE_ERRORS as problem:
                self._report(problem, f"{name}.plant_state")
        return states

    def show_plant_states(self, states: dict[str, dict[str, Any]]) -> None:
        """Let each panel show what was kept of it, each in its own try."""
        for name, panel in self.panels.items():
            try:
                if name in states:
                    panel.show_plant_state(states[name])
            except _RESTORE_ERRORS as problem:
                self._report(problem, f"{name}.show_plant_state")

    def arrangement(self) -> str:
        """The docks as text for a workspace; "" while a panel fills the window or none is shown."""
        if not self.is_shown or self._before_full is not None:
            return ""
        state = self._window.saveState(layout_memory.STATE_VERSION)
        return base64.b64encode(state.data()).decode("ascii")

    def arrange(self, text: str) -> None:
        """Put the docks as `arrangement` told; what cannot be read changes nothing."""
        try:
            state = base64.b64decode(text, validate=True)
        except ValueError:
            return
        if state and self.is_shown and self._before_full is None:
            kept = QByteArray(state)
            # After `_restore_sizes`, which waits for the docks of a plant just opened.
            QTimer.singleShot(0, self, lambda: self._restore(kept))

    async def close(self) -> None:
        """End the panels' work and take them out of the window."""
        import asyncio

        panels, self.panels = self.panels, {}
        self._last_focus.clear()
        results = await asyncio.gather(
            *(panel.close_panel() for panel in panels.values()), return_exceptions=True
        )
        for name, result in zip(panels, results, strict=True):
            if isinstance(result, Exception):
                self._report(result, f"{name}.close_panel")
        for dock in self.docks.values():
            self._window.removeDockWidget(dock)
            # Out of the window at once: `restoreState` finds docks by name among the children.
            dock.setParent(None)
            dock.deleteLater()
        for frame in self.frames.values():
            frame.setParent(None)
            frame.deleteLater()
        self.docks, self.frames = {}, {}
        self.is_shown = False

    # Keyboard.

    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        for name, panel in self.panels.items():
            if new is not None and (new is panel or panel.isAncestorOf(new)):
                self._last_focus[name] = new
                return

    def step(self, by: int) -> None:
        """The keyboard into the next visible panel, where it last was in it."""
        order = [name for name in ORDER if name in self.panels and self.panels[name].isVisible()]
        if not order:
            return
        focus = QApplication.focusWidget()
        here = next((i for i, name in enumerate(order) if self._holds(name, focus)), None)
        self.focus(order[0 if here is None else (here + by) % len(order)])

    def _holds(self, name: str, widget: QWidget | None) -> bool:
        panel = self.panels[name]
        return widget is not None and (panel is widget or panel.isAncestorOf(widget))

    def focus(self, name: str) -> None:
        """The keyboard into one panel."""
        panel = self.panels.get(name)
        if panel is None:
            return
        reason = Qt.FocusReason.ShortcutFocusReason
        last = self._last_focus.get(name)
        try:
            usable = last is not None and last.isVisible() and last.isEnabled()
        except RuntimeError:  # the widget was deleted meanwhile
            usable = False
        if usable and last is not None:
            last.setFocus(reason)
        elif panel.focusPolicy() != Qt.FocusPolicy.NoFocus or panel.focusProxy() is not None:
            panel.setFocus(reason)
        else:
            first = next(_focusable(panel), None)
            if first is not None:
                first.setFocus(reason)


def _focusable(panel: QWidget) -> Iterator[QWidget]:
    for child in panel.findChildren(QWidget):
        takes = child.focusPolicy() & Qt.FocusPolicy.TabFocus
        if takes and child.isVisible() and child.isEnabled():
            yield child
