"""The menus of the alarm panel: of the selected alarms, and the one behind the dots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu

from tagwerk.ui.i18n import tr

if TYPE_CHECKING:
    from tagwerk.ui.panels.alarms import AlarmPanel


def context_menu(panel: AlarmPanel) -> QMenu:
    """Of the selected alarms, in the order of all context menus."""
    menu = _menu(panel, "alarmContextMenu")
    menu.addAction(panel.details_action)
    menu.addActions([panel.acknowledge_action, panel.reset_action])
    menu.addSeparator()
    menu.addActions([panel.trend_action, panel.setpoints_action, panel.reveal_action])
    menu.addSeparator()
    copying = menu.addMenu(tr("Copy"))
    copying.addActions(
        [
            panel.copy_action,
            panel.copy_text_action,
            panel.copy_name_action,
            panel.copy_tag_action,
        ]
    )
    menu.addAction(panel.select_all_action)
    menu.addSeparator()
    menu.addActions([panel.only_area_action, panel.only_tag_action, panel.no_filter_action])
    menu.addSeparator()
    panel.table.columns.fill_menu(menu)
    menu.addSeparator()
    menu.addAction(panel.export_action)
    return menu


def view_menu(panel: AlarmPanel) -> QMenu:
    """Behind the dots: all that may have had no room, and how the table looks."""
    menu = _menu(panel, "alarmViewMenu")
    for mode, text in (
        ("active", tr("Active")),
        ("shelved", tr("Shelved")),
        ("history", tr("History")),
    ):
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(panel.bar.mode == mode)
        action.triggered.connect(lambda _on=False, mode=mode: panel.set_mode(mode))
    menu.addSeparator()
    for chip in (panel.bar.unacknowledged, panel.bar.priority):
        action = menu.addAction(chip.text())
        action.setCheckable(True)
        action.setChecked(chip.isChecked())
        action.setEnabled(chip.isEnabled())
        action.toggled.connect(chip.setChecked)
    areas = panel.bar.area_menu()
    areas.setTitle(tr("Area"))
    areas.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    areas.setParent(menu, areas.windowFlags())
    menu.addMenu(areas)
    menu.addSeparator()
    menu.addActions([panel.details_action, panel.trend_action])
    menu.addActions([panel.acknowledge_action, panel.reset_action])
    menu.addSeparator()
    menu.addActions([panel.flashing_action, panel.greys_action])
    panel.table.columns.fill_menu(menu)
    menu.addSeparator()
    menu.addAction(panel.export_action)
    return menu


def _menu(panel: AlarmPanel, name: str) -> QMenu:
    menu = QMenu(panel)
    menu.setObjectName(name)
    menu.setToolTipsVisible(True)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
