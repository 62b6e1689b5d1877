"""A search on its way: the first hits within a frame or two, the rest a slice of time a frame.

Typing on begins a new one, and the old one is looked at no more. Used by the tag panel alone.
"""

from __future__ import annotations

from collections.abc import Collection
from time import perf_counter

from tagwerk.domain.tags import TagKind
from tagwerk.domain.text import format_number
from tagwerk.store.outline import SHOWN_HITS, Outline
from tagwerk.store.search import TagSearch
from tagwerk.ui.browser.field import SearchField
from tagwerk.ui.browser.painter import RowPainter
from tagwerk.ui.browser.view import TagTreeView
from tagwerk.ui.clock import is_due
from tagwerk.ui.i18n import number_style, tr, tr_n

_FIRST_STEP_S = 0.02
_STEP_S = 0.008
_A_PAGE = 60
"""With so many hits there is something to look at; the rest comes behind."""
_SHOW_EVERY_NS = 300_000_000


class Searching:
    """Narrows a tree to the hits of what is typed.

    Args:
        field: shows how many there are.
        tree: shows the hits.
        painter: marks them.
    """

    def __init__(self, field: SearchField, tree: TagTreeView, painter: RowPainter) -> None:
        self._field = field
        self._tree = tree
        self._painter = painter
        self._shown_version = -1
        self._shown_hits: list[int] = []
        self._shown_ns = 0

    @property
    def _outline(self) -> Outline:
        return self._tree.rows.outline

    def begin(self, text: str, kinds: Collection[TagKind], *, is_growing: bool) -> bool:
        """Search for a text; False, and no search any more, where there is nothing in it.

        Args:
            is_growing: names are still coming in.
        """
        search = TagSearch(self._outline.tree, text, kinds)
        if not search.words:
            self._painter.words = ()
            self._outline.search = None
            self._field.show_hits("")
            return False
        until = perf_counter() + _FIRST_STEP_S
        while not search.is_complete and search.total < _A_PAGE and perf_counter() < until:
            search.step(_STEP_S / 2)
        self._painter.words = search.words
        self._outline.search = search
        self._shown_hits = []
        self._show(search, is_growing=is_growing)
        return True

    def go_on(self, now_ns: int, *, is_growing: bool) -> bool:
        """A slice of a search that was not through, or has new names to see; called each frame.

        Returns True when rows changed, or when the search has just ended.
        """
        search = self._outline.search
        if search is None or search.is_complete:
            return False
        search.step(_STEP_S)
        if search.version == self._shown_version:
            return search.is_complete
        if search.is_complete or is_due(now_ns, self._shown_ns, _SHOW_EVERY_NS):
            self._shown_ns = now_ns
            self._show(search, is_growing=is_growing)
            return True
        self._show_count(search, is_growing=is_growing)
        return False

    def _show(self, search: TagSearch, *, is_growing: bool) -> None:
        """Rows for the best hits; when only the counting went on, new numbers alone."""
        self._shown_version = search.version
        best = search.hits(SHOWN_HITS)
        if best == self._shown_hits and best:
            self._tree.viewport().update()
        else:
            first = not self._shown_hits
            self._shown_hits = best
            self._tree.refresh(open_all=True, keep_open=not first)
            if first:
                self._tree.scrollToTop()
        self._show_count(search, is_growing=is_growing)

    def _show_count(self, search: TagSearch, *, is_growing: bool) -> None:
        number = format_number(search.total, 0, number_style())
        if search.is_capped:
            text = tr("more than {number} hits", number=number)
        elif is_growing:
            text = tr_n("{number} hit so far", "{number} hits so far", search.total, number=number)
        elif search.total > SHOWN_HITS:
            text = tr("best {shown} of {number} hits", shown=SHOWN_HITS, number=number)
        else:
            ms = format_number(max(round(search.elapsed_s * 1e3), 1), 0, number_style())
            text = tr_n(
                "{number} hit, {ms} ms",
                "{number} hits, {ms} ms",
                search.total,
                number=number,
                ms=ms,
            )
        self._field.show_hits(text)
