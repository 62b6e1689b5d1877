"""Fills the menu bar from actions: the window's own and those that the panels bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from tagwerk.ui.i18n import language, tr, tr_message
from tagwerk.ui.menus import MENUS, MenuBar, fill_menu
from tagwerk.ui.theme import theme

if TYPE_CHECKING:
    from tagwerk.domain.connection import ConnectionProfile

Choose = Callable[[str], None]
_OF_PANELS = ("Trend", "Setpoints", "Alarms")
"""Menus that hold nothing before the panels have brought their commands."""


class MenuBuilder:
    """The menus of one menu bar.

    Args:
        bar: to be filled.
        owner: holds the window's own actions.
        choosers: what to call for ``theme``, ``density`` and ``language``.
        connections: the saved connections and the name of the one on show, asked when the
            Connection menu opens.
        open_profile: connect to one of them.
    """

    def __init__(
        self,
        bar: MenuBar,
        owner: QWidget,
        choosers: dict[str, Choose],
        connections: Callable[[], tuple[Sequence[ConnectionProfile], str]],
        open_profile: Callable[[ConnectionProfile], None],
    ) -> None:
        self._bar = bar
        self._owner = owner
        self._choosers = choosers
        self._connections = connections
        self._open_profile = open_profile
        self.menus: dict[str, QMenu] = {}
        self.choices: list[QAction] = []
        """Actions of the submenus for look and language; the palette offers them too."""

    def outline(self) -> None:
        """The titles alone, as `fill` shows them without panels: for the first picture."""
        for name, title in MENUS.items():
            menu = QMenu(tr_message(title), self._bar)
            self.menus[name] = menu
            self._bar.addMenu(menu)
            menu.menuAction().setEnabled(name not in _OF_PANELS)

    def fill(self, panels: Sequence[QWidget], toggles: Sequence[QAction]) -> None:
        """Assemble all menus anew."""
        self._bar.clear()
        for old in self.menus.values():
            old.deleteLater()
        self.menus, self.choices = {}, []
        for name, title in MENUS.items():
            menu = QMenu(tr_message(title), self._bar)
            menu.setObjectName(f"menu{name}")
            menu.setToolTipsVisible(True)
            self.menus[name] = menu
            self._bar.addMenu(menu)
            own = _of_menu([self._owner], name)
            others = _of_menu(panels, name)
            if name == "View":
                self._add_view(menu, toggles)
            last = [action for action in own if action.objectName() == "file.quit"]
            for group in ([a for a in own if a not in last], others, last):
                if group and not menu.isEmpty():
                    menu.addSeparator()
                fill_menu(menu, group)
            if name == "Connection":
                menu.aboutToShow.connect(self._refresh_connections)
            menu.menuAction().setEnabled(not menu.isEmpty())

    def _add_view(self, menu: QMenu, toggles: Sequence[QAction]) -> None:
        fill_menu(menu, toggles)
        if toggles:
            menu.addSeparator()
        looks = (("system", tr("System")), ("light", tr("Light")), ("dark", tr("Dark")))
        rows = (("compact", tr("Compact")), ("normal", tr("Normal")), ("gloves", tr("Gloves")))
        languages = (("en", "English"), ("de", "Deutsch"))
        self._add_choice(menu, tr("Appearance"), "theme", theme().mode, looks)
        self._add_choice(menu, tr("Row height"), "density", theme().density, rows)
        self._add_choice(menu, tr("Language"), "language", language(), languages)

    def _add_choice(
        self, parent: QMenu, title: str, name: str, current: str, choices: Sequence[tuple[str, str]]
    ) -> None:
        menu = parent.addMenu(title)
        group = QActionGroup(menu)
        choose = self._choosers[name]
        for key, text in choices:
            action = QAction(text, menu)
            action.setObjectName(f"view.{name}.{key}")
            action.setCheckable(True)
            action.setChecked(key == current)
            action.setProperty("palette_text", f"{title}: {text}")
            action.triggered.connect(lambda _checked=False, key=key: choose(key))
            group.addAction(action)
            menu.addAction(action)
            self.choices.append(action)

    def check(self, name: str, key: str) -> None:
        """Tick a choice that was made elsewhere."""
        for action in self.choices:
            if action.objectName() == f"view.{name}.{key}":
                action.setChecked(True)

    def _refresh_connections(self) -> None:
        menu = self.menus["Connection"]
        for action in menu.actions():
            if action.property("saved"):
                menu.removeAction(action)
                action.deleteLater()
        profiles, _ = self._connections()
        if profiles:
            menu.addSeparator().setProperty("saved", True)
        self.add_connections(menu)

    def add_connections(self, menu: QMenu) -> None:
        """Append the saved connections, the one on show ticked."""
        profiles, current = self._connections()
        for profile in profiles:
            action = menu.addAction(f"{profile.name}  {profile.note}".strip().replace("&", "&&"))
            action.setProperty("saved", True)
            action.setCheckable(True)
            action.setChecked(profile.name == current)
            action.setToolTip(profile.url)
            action.triggered.connect(
                lambda _checked=False, profile=profile: self._open_profile(profile)
            )


def _of_menu(owners: Sequence[QWidget], name: str) -> list[QAction]:
    return [
        action for owner in owners for action in owner.actions() if action.property("menu") == name
    ]
