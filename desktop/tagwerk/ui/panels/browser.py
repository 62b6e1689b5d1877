"""The tag browser: all names of the plant, searched as you type, with live values for visible rows.

It asks the plant for what it shows and hands names on through the desk; it writes nothing and knows
no other panel. Parts: `ui/browser/` (model, view, painter, field, strip).
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import Any

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout

from tagwerk.domain.connection import Capability
from tagwerk.domain.tags import TagKind
from tagwerk.domain.text import format_number
from tagwerk.plant import Frame, Plant
from tagwerk.store.outline import FAVORITES, Outline
from tagwerk.store.tree import ROOT, TagTree
from tagwerk.ui.browser.field import SearchField
from tagwerk.ui.browser.kinds import KindMenu
from tagwerk.ui.browser.memory import TreeMemory, words
from tagwerk.ui.browser.model import TagTreeModel
from tagwerk.ui.browser.notice import BrowseNotice
from tagwerk.ui.browser.painter import RowPainter
from tagwerk.ui.browser.row_actions import RowActions
from tagwerk.ui.browser.rows import RowTexts
from tagwerk.ui.browser.searching import Searching
from tagwerk.ui.browser.states import BrowserStates
from tagwerk.ui.browser.strip import DetailStrip
from tagwerk.ui.browser.unbrowsed import sheet_items, typed_item, typed_name
from tagwerk.ui.browser.view import TagTreeView
from tagwerk.ui.clock import is_due
from tagwerk.ui.commands import Command, disable_with_reason, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.theme import theme

INTEREST = "tagTree"
"""Name under which the visible tags are wanted from the link."""

_REFRESH_NS = 300_000_000
_REST_FACTOR = 20
"""While names come in, showing more of them takes a twentieth of the time at most."""
_STRIP_NS = 500_000_000
_SETTLE_MS = 120

COMMANDS = (
    Command("tags.search", "Search tags", "Edit", "search", "Ctrl+F"),
    Command("tags.refresh", "Read all names again", "View", "refresh-cw", "F5"),
    Command("tags.filter", "Choose what is shown", "", "funnel", window_wide=False),
    Command("tags.trend", "Add to the trend", "Trend", "chart-line", "Ctrl+T", window_wide=False),
    Command("tags.setpoints", "Add to the setpoints", "Setpoints", "pencil", "Ctrl+E", window_wide=False),
    Command("tags.favorite", "Favourite", "Edit", "star", "Ctrl+D", window_wide=False),
    Command("tags.copy_name", "Copy name", "", "copy", "Ctrl+Shift+C", window_wide=False),
    Command("tags.copy_value", "Copy value", "", "", window_wide=False),
    Command("tags.copy_row", "Copy row", "", "", "Ctrl+C", window_wide=False),
    Command("tags.filter_by", "Search for this name", "", "search", window_wide=False),
    Command("tags.forget_kept", "Forget kept names", "", "trash-2", window_wide=False),
    Command("tags.properties", "Properties", "", "info", "Alt+Return | Alt+Enter", window_wide=False),
)  # fmt: skip


class BrowserPanel(Panel):
    """Object name ``tagPanel``; the tree is ``tagTree``, the search field ``tagSearch``."""

    object_name = "tagPanel"
    title = "Tags"
    icon_name = "folder-tree"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._plant: Plant | None = None
        self._outline = Outline(TagTree())
        self._texts = RowTexts(self._outline, None)
        self._reveal_later = ""
        self._tree_is_new = False
        self._refreshed_ns = 0
        self._refresh_took_ns = 0
        self._had_names = False
        self._strip_ns = 0
        self._build()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._tell_interest)
        self._wire()
        self._show_state()

    def _build(self) -> None:
        tokens = theme()
        self.field = SearchField()
        self.model = TagTreeModel(self._outline, self._texts, self)
        self.row_painter = RowPainter(self._texts)
        self.tree = TagTreeView(self.model, self.row_painter)
        self.tree.setObjectName("tagTree")
        self._memory = TreeMemory(self.tree)
        self._searching = Searching(self.field, self.tree, self.row_painter)
        self.rows = RowActions(self, self.desk, self.tree, lambda: self._texts)
        self.tree.setAccessibleName(tr("Tags"))
        self.strip = DetailStrip()
        self.strip.hide()
        self.notice = BrowseNotice()
        self.notice.hide()
        self.states = BrowserStates()
        self.kind_menu = KindMenu(self._kinds_chosen, self)
        self.pages = QStackedWidget()
        self.pages.setObjectName("tagPages")
        # Words on the page that is not on show must not decide how low the whole window may be.
        self.pages.setMinimumHeight(tokens.px(96))
        self.pages.addWidget(self.tree)
        self.pages.addWidget(self.states)
        search_row = QHBoxLayout()
        margin = tokens.px(8)
        search_row.setContentsMargins(margin, tokens.px(6), margin, tokens.px(6))
        search_row.addWidget(self.field)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(0)
        lines.addWidget(self.notice)
        lines.addLayout(search_row)
        lines.addWidget(self.pages, 1)
        lines.addWidget(self.strip)
        self.setFocusProxy(self.field)
        self.setMinimumWidth(tokens.px(160))

    def _wire(self) -> None:
        runs = {
            "tags.search": self._go_to_search, "tags.refresh": self.refresh_browse,
            "tags.filter": self._show_kinds, "tags.trend": self.rows.send_to_trend,
            "tags.setpoints": self.rows.send_to_setpoints, "tags.favorite": self.toggle_favorite,
            "tags.copy_name": self.rows.copy_names, "tags.copy_value": self.rows.copy_value,
            "tags.copy_row": self.rows.copy_rows, "tags.filter_by": self.search_for_row,
            "tags.properties": self.rows.show_properties, "tags.forget_kept": self.forget_kept_names,
        }  # fmt: skip
        self._actions = {
            command.id: make_action(command, runs[command.id], self) for command in COMMANDS
        }
        self.kind_menu.addSeparator()
        self.kind_menu.addAction(self._actions["tags.forget_kept"])
        self.field.textChanged.connect(self._search)
        self.field.down.connect(self._into_tree)
        self.field.accepted.connect(self._accept_search)
        self.field.emptied.connect(self.tree.setFocus)
        self.tree.rows_changed.connect(self._settle.start)
        self.tree.selection_changed.connect(self._selection_changed)
        self.tree.opened.connect(self.rows.send_to_trend)
        self.tree.left_top.connect(self._go_to_search)
        self.tree.escaped.connect(self.field.clear)
        self.tree.typed.connect(self._type_into_search)
        self.tree.expanded.connect(lambda index: self._memory.note_open(index, True))
        self.tree.collapsed.connect(lambda index: self._memory.note_open(index, False))
        self.tree.customContextMenuRequested.connect(
            lambda position: self.rows.show_menu(position, self._actions)
        )
        self.strip.copy.clicked.connect(lambda _checked=False: self.rows.copy_names())
        self.notice.cancelled.connect(self._cancel_browse)
        self.notice.again.connect(self.refresh_browse)
        self.notice.dismissed.connect(self._dismiss_news)
        self.states.again.connect(self.refresh_browse)
        self.states.sheet_wanted.connect(self._take_sheet_names)
        self.states.name_typed.connect(self._take_typed_name)
        self.desk.reveal_requested.connect(self.reveal)
        theme().changed.connect(self._settle.start)

    # Panel.

    def set_plant(self, plant: Plant | None) -> None:
        if self._plant is not None and self._plant is not plant:
            self._plant.interest.drop(INTEREST)
        self._plant = plant
        self._outline = Outline(plant.tree if plant is not None else TagTree())
        self._outline.kinds = self.kind_menu.kinds
        self._memory.turn_to(plant.profile.name if plant is not None else "", self._outline)
        self._texts = RowTexts(self._outline, plant)
        self.row_painter.texts = self._texts
        self.model.show(self._outline, self._texts)
        self.strip.show_row(self._texts, ROOT, 0)
        self._tree_is_new = True
        self._had_names = False
        self._refresh(search_again=True)

    def rest_rate(self) -> float:
        """A search goes on with the frames, whether the plant has news or not."""
        search = self.tree.rows.outline.search
        searches = search is not None and not search.is_complete
        return 30.0 if searches or self._tree_is_new else super().rest_rate()

    def on_frame(self, frame: Frame) -> None:
        if self._plant is None:
            return
        if frame.tree:
            self._tree_is_new = True
        state = self._plant.browse_state
        pause_ns = max(_REFRESH_NS, _REST_FACTOR * self._refresh_took_ns)
        due = is_due(frame.now_ns, self._refreshed_ns, pause_ns) or not state.running
        # The first names are shown at once.
        has_names = len(self._plant.tree) > 0
        if self._tree_is_new and (due or (has_names and not self._had_names)):
            self._had_names = has_names
            self._refreshed_ns = frame.now_ns
            began_ns = perf_counter_ns()
            self._refresh(search_again=False)
            self._refresh_took_ns = perf_counter_ns() - began_ns
        if self._searching.go_on(frame.now_ns, is_growing=self._is_growing):
            self._show_state()
        if not self.isVisible():
            return
        if frame.status is not None:
            self._show_state()
            self.tree.viewport().update()
            self._show_strip(frame.now_ns)
        elif frame.values:
            self._show_values(frame)
        if is_due(frame.now_ns, self._strip_ns, _STRIP_NS):
            self._show_strip(frame.now_ns)
            if state.running:
                self._show_state()

    def header_text(self) -> str:
        if self._plant is None:
            return ""
        state = self._plant.browse_state
        read = format_number(state.count, 0, number_style())
        shown = format_number(self._plant.tree.tag_count, 0, number_style())
        if state.kept_ns:
            return tr("{number} kept", number=shown)
        # Read again, the old ones are on show until all are there: the notice tells how far it is.
        if state.running and not state.again:
            return tr("{number} so far", number=read)
        return shown if len(self._plant.tree) else ""

    def header_actions(self) -> list[QAction]:
        return [self._actions["tags.filter"], self._actions["tags.refresh"]]

    def save_state(self) -> dict[str, Any]:
        return {"version": 1, "kinds": self._kinds(), **self._memory.save_state()}

    def restore_state(self, state: dict[str, Any]) -> None:
        known = {kind.value: kind for kind in TagKind}
        kinds = frozenset(known[word] for word in words(state.get("kinds")) if word in known)
        if TagKind.TAG in kinds:
            self.kind_menu.set_kinds(kinds)
        self._memory.restore_state(state)
        self.set_plant(self._plant)

    def plant_state(self) -> dict[str, Any]:
        return {"kinds": self._kinds(), **self._memory.plant_state()}

    def _kinds(self) -> list[str]:
        return sorted(kind.value for kind in self.kind_menu.kinds)

    def show_plant_state(self, state: dict[str, Any]) -> None:
        if self._plant is not None:
            self.restore_state({**state, **self._memory.as_state(state)})

    async def close_panel(self) -> None:
        self._settle.stop()
        if self._plant is not None:
            self._plant.interest.drop(INTEREST)
        await super().close_panel()

    # What is shown.

    def _refresh(self, *, search_again: bool) -> None:
        """Ask the outline for all rows again; the view keeps what was open and selected."""
        self._tree_is_new = False
        self._texts.forget()
        before = self._outline.tree
        self.tree.refresh(open_all=self._outline.is_narrowed)
        search_again |= self._outline.tree is not before
        self._memory.open_known()
        self._go_back()
        if search_again and self.field.text():
            self._search(self.field.text())
        if self._reveal_later:
            self.reveal(self._reveal_later)
        self._show_state()
        self._selection_changed()

    def _go_back(self) -> None:
        if self.isVisible():
            self._memory.go_back(may_move=not self._reveal_later)

    def _show_values(self, frame: Frame) -> None:
        name_of, values = self._texts.value_name, frame.values
        changed = {handle for handle, _ in self.tree.visible_rows() if name_of(handle) in values}
        if changed:
            self.tree.repaint_rows(changed)
            if self._current() in changed:
                self._show_strip(frame.now_ns)

    def _show_strip(self, now_ns: int) -> None:
        self._strip_ns = now_ns
        self.strip.show_row(self._texts, self._current(), now_ns)

    def _show_state(self) -> None:
        """Tree, or the page that says why there is none; and the notice above."""
        plant = self._plant
        self.field.setEnabled(plant is not None)
        can_browse = plant is None or self._reason_against_browsing(plant) == ""
        disable_with_reason(self._actions["tags.refresh"], self._why_no_refresh())
        keeps = plant is not None and plant.names.kept is not None
        disable_with_reason(
            self._actions["tags.forget_kept"], "" if keeps else tr("no names are kept")
        )
        searched = self.field.text().strip() if self._outline.search is not None else ""
        found = self._outline.search.total if self._outline.search is not None else 0
        has_rows = bool(self.model.rowCount())
        complete = self._outline.search is None or self._outline.search.is_complete
        show_states = self.states.show_plant(
            plant,
            has_rows=has_rows,
            can_browse=can_browse,
            searched=searched if not found and complete else "",
        )
        self.pages.setCurrentWidget(self.states if show_states else self.tree)
        self.notice.show_plant(plant, has_rows=len(self._outline.tree) > 0)

    def _why_no_refresh(self) -> str:
        if self._plant is None:
            return tr("not connected")
        return self._reason_against_browsing(self._plant)

    def _reason_against_browsing(self, plant: Plant) -> str:
        capabilities = plant.capabilities
        if Capability.BROWSE in capabilities or not capabilities.available:
            return ""
        return tr("this server does not tell its names")

    def _selection_changed(self) -> None:
        self._settle.start()
        if self._plant is not None:
            self._show_strip(self._plant.clock_ns())
        self._tell_actions()

    def _tell_actions(self) -> None:
        node = self._outline.node(self._current())
        nothing = tr("no tag is selected") if node == ROOT else ""
        for name in ("tags.trend", "tags.setpoints", "tags.favorite", "tags.copy_name",
                     "tags.copy_row", "tags.filter_by", "tags.properties"):  # fmt: skip
            disable_with_reason(self._actions[name], nothing)
        has_value = node != ROOT and self._outline.tree.is_readable(node)
        disable_with_reason(
            self._actions["tags.copy_value"],
            "" if has_value else nothing or tr("it has no value of its own"),
        )

    # Interest: only what is visible is subscribed.

    def _tell_interest(self) -> None:
        if self._plant is None:
            return
        if not self.isVisible():
            self._plant.interest.drop(INTEREST)
            return
        tree, outline = self._outline.tree, self._outline
        handles = [handle for handle, _ in self.tree.visible_rows()]
        handles.append(self._current())
        nodes = dict.fromkeys(outline.node(handle) for handle in handles)
        self._plant.interest.set(
            INTEREST, (tree.name(node) for node in nodes if node != ROOT and tree.is_readable(node))
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._settle.start()
        # Behind the layout, which decides how many rows are in view.
        QTimer.singleShot(0, self, self._go_back)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._settle.start()

    # Search.

    @property
    def _is_growing(self) -> bool:
        return self._plant is not None and self._plant.browse_state.running

    def _search(self, text: str) -> None:
        was_narrowed = self._outline.is_narrowed
        kept = self._outline.node(self._current())
        kinds = self.kind_menu.kinds
        if not self._searching.begin(text, kinds, is_growing=self._is_growing) and was_narrowed:
            self.tree.refresh(keep_open=False)
            self._memory.open_known()
            if kept != ROOT:
                self.tree.reveal(kept)
        self._show_state()

    def _go_to_search(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _type_into_search(self, text: str) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.setText(text)

    def _into_tree(self) -> None:
        if self.model.rowCount():
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)
            if not self.tree.currentIndex().isValid() or self._outline.is_narrowed:
                self.tree.select_first()

    def _accept_search(self) -> None:
        if self.pages.currentWidget() is self.states and self._take_typed_name(self.field.text()):
            self.field.clear()
            return
        self._into_tree()

    def reveal(self, name: str) -> None:
        """Show a tag in the tree, at once or as soon as it has been read."""
        self._reveal_later = ""
        node = self._outline.tree.node(name)
        if node is None:
            self._reveal_later = name
            return
        if self._outline.is_narrowed:
            self.field.clear()
        if self._outline.tree.kind(node) not in self.kind_menu.kinds:
            self.kind_menu.set_kinds(self.kind_menu.kinds | {self._outline.tree.kind(node)})
            self._outline.kinds = self.kind_menu.kinds
            self.tree.refresh()
        self.tree.reveal(node)

    # Names that are not browsed.

    def _take_typed_name(self, text: str) -> bool:
        """A name typed where the server tells none becomes a row like any other."""
        plant = self._plant
        name = typed_name(plant, text) if plant is not None else ""
        if plant is None or not name:
            return False
        if plant.tree.node(name) is None:
            plant.tree.put([typed_item(name)])
        self.field.clear()
        self._reveal_later = name
        self._refresh(search_again=False)
        self.tree.setFocus()
        return True

    def _take_sheet_names(self) -> None:
        """The names of the tag sheet in place of a browse."""
        if self._plant is not None:
            self._plant.tree.put(sheet_items(self._plant))
            self._refresh(search_again=True)

    def refresh_browse(self) -> None:
        """Read all names again; the old ones stay until the new ones are there."""
        if self._plant is not None:
            self._plant.refresh_browse()

    def forget_kept_names(self) -> None:
        """Delete the names that are kept of this server for the next start."""
        if self._plant is not None:
            self.tasks.start(self._plant.names.forget_kept(), "forget")

    def _dismiss_news(self) -> None:
        if self._plant is not None:
            self._plant.names.dismiss_news()
            self._show_state()

    def _cancel_browse(self) -> None:
        if self._plant is not None:
            self._plant.cancel_browse()

    # Filter and favourites.

    def _show_kinds(self) -> None:
        below = self.field.mapToGlobal(QPoint(self.field.width(), 0))
        self.kind_menu.popup(below - QPoint(self.kind_menu.sizeHint().width(), 0))

    def _kinds_chosen(self, kinds: frozenset[TagKind]) -> None:
        self._outline.kinds = kinds
        self._refresh(search_again=True)

    def toggle_favorite(self) -> None:
        """Make the selected rows favourites, or all of them no longer."""
        names = self.rows.selected_names()
        if not names:
            return
        had = bool(self._outline.favorites)
        self._memory.toggle_favorites(names)
        self._refresh(search_again=False)
        if not had and self._outline.favorites:
            self.tree.setExpanded(self.model.index_of(FAVORITES), True)

    # What is done with rows.

    def _current(self) -> int:
        return self.model.handle(self.tree.currentIndex())

    def search_for_row(self) -> None:
        """Search for the current row's own name, wherever else it is."""
        node = self._outline.node(self._current())
        if node != ROOT:
            self.field.setText(self._outline.tree.text(node)[0])
