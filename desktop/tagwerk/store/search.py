"""Search as you type over all names and display names, a slice of time at a time.

Words are ANDed; each may be anywhere in an object's own last segment or display name, or above it
in the tree, but at least one must be its own: ``cooling pv`` finds the PVs below Cooling, ``cooling``
finds Cooling and not its thousand tags. A dot asks for parent and child (``tic2120.p``), ``*`` and ``?``
stand for any characters of a whole segment or display name. Case, umlauts and accents do not matter.

Who uses it: the tag browser and the command palette, through `TagTree`. Not a view.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from time import perf_counter

from tagwerk.domain.tags import TagKind
from tagwerk.store.names import RECORD, TextBlock, fold
from tagwerk.store.tree import TagTree

KEPT = 20_000
"""Hits that are remembered, of all those counted."""

COUNTED = 200_000
"""Counting stops here and says "more than"."""

EXACT, STARTS, WORD, INSIDE = range(4)
"""Ranks: the whole segment, its start, the start of a word, anywhere."""

RARE = 2_000
"""A word that stands so seldom is worth looking below first, where others stand often."""
_MOST_BELOW = 100_000
_COUNTED_AT_ONCE = 32
_UMLAUT_SPELLINGS = re.compile("[aou]e")
_CLOCK_EVERY = 64


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a query.

    Args:
        pieces: what is asked of the parents, then of the object itself; one piece without a dot.
        needles: spellings of the last piece, folded; with wildcards its longest plain run.
        pattern: for wildcards, matches a whole segment or display name; None without.
        above: the pieces before the last as patterns over the parents' segments.
    """

    text: str
    needles: tuple[str, ...]
    pattern: re.Pattern[str] | None
    above: tuple[re.Pattern[str], ...]
    plain: tuple[str, ...] = ()
    """Every piece without wildcards, folded, however umlauts are spelled in it: for counting."""


def parse_query(text: str) -> tuple[Word, ...]:
    """The words of what was typed; () for nothing to search for."""
    return tuple(_word(part) for part in text.replace("::", ".").split() if part.strip(".:*?"))


def _word(text: str) -> Word:
    pieces = [piece for piece in re.split(r"[.:]", text) if piece]
    own = pieces[-1]
    above = [_spellings(piece) for piece in pieces[:-1]]
    patterns = tuple(
        re.compile(
            # The first piece may be the end of a longer segment; those between are whole ones.
            ("(?:.*)" if number == 0 else "") + "(?:" + "|".join(map(_glob, spellings)) + ")"
        )
        for number, spellings in enumerate(above)
    )
    if "*" in own or "?" in own:
        spellings = _spellings(own)
        runs = [max(re.split(r"[*?]+", fold(spelling)), key=len) for spelling in spellings]
        pattern = re.compile("|".join(f"(?:{_glob(spelling)})" for spelling in spellings))
        return Word(text, tuple(dict.fromkeys(runs)), pattern, patterns, _plain(pieces))
    return Word(text, _spellings(own), None, patterns, _plain(pieces))


def _plain(pieces: list[str]) -> tuple[str, ...]:
    plain = (piece for piece in pieces if "*" not in piece and "?" not in piece)
    return tuple(fold(piece) for piece in plain if len(_spellings(piece)) == 1)


def _spellings(piece: str) -> tuple[str, ...]:
    """``kühl`` is also ``kuehl`` in names of old controllers, and ``kuehl`` is also ``kühl``."""
    folded = fold(piece)
    long = piece.casefold()
    for mark, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        long = long.replace(mark, letters)
    short = _UMLAUT_SPELLINGS.sub(lambda match: match[0][0], folded)
    return tuple(dict.fromkeys((folded, fold(long), short)))


def _glob(piece: str) -> str:
    """A piece with wildcards as a regular expression over one segment."""
    return "".join(
        ".*" if mark == "*" else "." if mark == "?" else re.escape(mark) for mark in fold(piece)
    )


class TagSearch:
    """One query's hits, growing with each `step` until `is_complete`.

    While the browse goes on, `step` also looks at what has come since.

    Attributes:
        total: objects found so far, also those beyond `KEPT`.
        is_capped: counting stopped at `COUNTED`.
        elapsed_s: time spent.
    """

    def __init__(self, tree: TagTree, text: str, kinds: Collection[TagKind] | None = None) -> None:
        self.text = text
        self.words = parse_query(text)
        self.total = 0
        self.is_capped = False
        self.elapsed_s = 0.0
        self.version = 0
        """Grows when hits were added."""
        self.counts: dict[int, int] = {}
        """Kept hits below each branch."""
        self._tree = tree
        self._generation = tree.generation
        self._kinds = None if kinds is None else frozenset(kinds)
        self._ranks: tuple[array[int], ...] = (
            array("I"), array("I"), array("I"), array("I"),
        )  # fmt: skip
        self._seen: set[int] = set()
        self._masks: dict[int, int] = {0: 0}
        self._all = (1 << len(self.words)) - 1
        # Where the scan stands: (pass, word, needle) over all blocks, then position in a block.
        # The first pass finds segments that start with the needle, so that the best come first.
        self._passes = [
            (word_number, needle.encode(), starts)
            for starts in (True, False)
            for word_number, word in enumerate(self.words)
            for needle in word.needles
            if needle or starts  # with wildcards alone, the first pass looks at every object
        ]
        self._first: Iterator[int] | None = self._below_the_rarest()
        self._blocks_done = [0] * len(self._passes)
        self._positions = [0] * len(self._passes)

    @property
    def is_complete(self) -> bool:
        """Everything there was has been looked at."""
        if self._first is not None:
            return self.is_capped
        return self.is_capped or all(done >= len(self._tree.blocks) for done in self._blocks_done)

    def hits(self, limit: int = KEPT) -> list[int]:
        """Nodes found so far, best first: whole name, start of the name, start of a word, inside."""
        found: list[int] = []
        for nodes in self._ranks:
            found.extend(nodes[: max(limit - len(found), 0)])
        return found

    def step(self, budget_s: float) -> bool:
        """Search on for about `budget_s`; True when new hits were found.

        After `TagTree.clear` the search is over: its nodes mean nothing any more.
        """
        started = perf_counter()
        until = started + budget_s
        before = self.total
        if self._generation != self._tree.generation:
            self.is_capped = True
            return False
        if self._first is not None and not self._look_first(self._first, until):
            return self._stop(started, before)
        for number in range(len(self._passes)):
            while self._blocks_done[number] < len(self._tree.blocks) and not self.is_capped:
                block = self._tree.blocks[self._blocks_done[number]]
                if self._scan(number, block, until):
                    self._blocks_done[number] += 1
                    self._positions[number] = 0
                if perf_counter() > until:
                    return self._stop(started, before)
        return self._stop(started, before)

    def _stop(self, started: float, before: int) -> bool:
        self.elapsed_s += perf_counter() - started
        self.version += self.total != before
        return self.total != before

    def _below_the_rarest(self) -> Iterator[int]:
        """Objects at and below those that have the rarest word or piece of a query of several; 0
        where there is a moment to look at the clock."""
        pieces = [piece.encode() for word in self.words for piece in word.plain]
        if len(pieces) < 2:
            return
        blocks = list(self._tree.blocks)
        counts = dict.fromkeys(pieces, 0)
        for position, block in enumerate(blocks):
            for piece in counts:
                counts[piece] += block.folded.count(piece)
            if not position % _COUNTED_AT_ONCE:
                yield 0
        rarest = min(counts, key=lambda piece: counts[piece])
        if counts[rarest] > RARE:
            return
        left = _MOST_BELOW
        for block in blocks:
            at = block.folded.find(rarest)
            while at >= 0 and left > 0:
                record, end = block.record_at(at)
                waiting = [block.id_at(record)]
                while waiting and left > 0:
                    left -= 1
                    node = waiting.pop()
                    yield node
                    waiting.extend(self._tree.nodes.chain(node))
                at = block.folded.find(rarest, end)
        if left > 0:
            # A hit has every piece in itself or above itself: there are no others.
            self._blocks_done = [len(blocks)] * len(self._passes)

    def _look_first(self, nodes: Iterator[int], until: float) -> bool:
        """The quick way to the first hits; False when time was up before its end."""
        for looks, node in enumerate(nodes):
            if node:
                segment, display = self._tree.folded_text(node)
                mask = self._own_mask(node, segment, display)
                if mask:
                    self._take(node, mask, (mask & -mask).bit_length() - 1)
            if (not node or not looks % _CLOCK_EVERY) and perf_counter() > until:
                return False
        self._first = None
        return True

    def _scan(self, number: int, block: TextBlock, until: float) -> bool:
        """One needle through one block; False when time was up before its end."""
        word_number, needle, starts = self._passes[number]
        buffer = block.folded
        if starts:
            needle = RECORD.encode() + needle
        position = self._positions[number]
        if starts and not position and buffer.startswith(needle[1:]):
            self._offer(block, 0, word_number)
        looks = 0
        while True:
            at = buffer.find(needle, position)
            if at < 0 or at >= len(buffer) - 1:
                return True
            record, position = block.record_at(at + starts)
            position -= 1  # the mark that ends this record may begin the next needle
            self._offer(block, record, word_number)
            if self.is_capped:
                return True
            looks += 1
            if not looks % _CLOCK_EVERY and perf_counter() > until:
                self._positions[number] = position
                return False

    def _offer(self, block: TextBlock, record: int, word_number: int) -> None:
        node = block.id_at(record)
        if node in self._seen or not node:
            return
        mask = self._own_mask(node, *block.folded_text(record))
        if not mask & 1 << word_number:
            return  # found across the mark between name and display name, or wildcards do not fit
        self._take(node, mask, word_number)

    def _take(self, node: int, mask: int, word_number: int) -> None:
        """Count an object as a hit, if it is one and was not found before."""
        if node in self._seen or not node:
            return
        if self._kinds is not None and self._tree.kind(node) not in self._kinds:
            return
        if mask != self._all and mask | self._mask_above(node) != self._all:
            return
        self._seen.add(node)
        self.total += 1
        if self.total >= COUNTED:
            self.is_capped = True
        if self.total <= KEPT:
            self._ranks[self._rank(node, self.words[word_number])].append(node)
            parent = self._tree.parent(node)
            while parent:
                self.counts[parent] = self.counts.get(parent, 0) + 1
                parent = self._tree.parent(parent)

    def _own_mask(self, node: int, segment: str, display: str) -> int:
        mask = 0
        for number, word in enumerate(self.words):
            if self._matches(node, word, segment, display):
                mask |= 1 << number
        return mask

    def _matches(self, node: int, word: Word, segment: str, display: str) -> bool:
        if word.pattern is not None:
            if word.pattern.fullmatch(segment) is None and (
                word.above or word.pattern.fullmatch(display) is None
            ):
                return False
        elif word.above:
            if not segment.startswith(word.needles):
                return False
        elif not any(needle in segment or needle in display for needle in word.needles):
            return False
        parent = node
        for pattern in reversed(word.above):
            parent = self._tree.parent(parent)
            if not parent or pattern.fullmatch(self._tree.folded_text(parent)[0]) is None:
                return False
        return True

    def _mask_above(self, node: int) -> int:
        """Which words the objects above a node have."""
        parent = self._tree.parent(node)
        mask = self._masks.get(parent)
        if mask is None:
            own = self._own_mask(parent, *self._tree.folded_text(parent))
            mask = self._masks[parent] = own | self._mask_above(parent)
        return mask

    def _rank(self, node: int, word: Word) -> int:
        segment, display = self._tree.folded_text(node)
        if word.pattern is not None:
            return EXACT if word.pattern.fullmatch(segment) else WORD
        if segment in word.needles:
            return EXACT
        if segment.startswith(word.needles):
            return STARTS
        for text in (segment, display):
            for needle in word.needles:
                at = text.find(needle)
                if at == 0 or (at > 0 and not (text[at - 1].isalpha() and needle[:1].isalpha())):
                    return WORD
                if at > 0 and text is segment and self._is_hump(node, at):
                    return WORD
        return INSIDE

    def _is_hump(self, node: int, at: int) -> bool:
        """Whether a word begins there as in ``motorSpeed``: a capital behind a small letter."""
        segment = self._tree.text(node)[0]
        return at < len(segment) and segment[at].isupper() and segment[at - 1].islower()


def highlight(text: str, words: tuple[Word, ...]) -> list[tuple[int, int]]:
    """Where `text` is to be marked: (start, length) in rising order, not overlapping."""
    folded = fold(text)
    if len(folded) == len(text):
        back: list[int] | None = None
    else:
        back = [position for position, mark in enumerate(text) for _ in fold(mark)]
        if len(back) != len(folded):
            return []
    spans: list[tuple[int, int]] = []
    for word in words:
        for needle in word.needles:
            at = folded.find(needle) if needle else -1
            if at >= 0:
                end = at + len(needle)
                start = at if back is None else back[at]
                stop = end if back is None else back[end - 1] + 1
                spans.append((start, stop - start))
                break
    spans.sort()
    kept: list[tuple[int, int]] = []
    for start, length in spans:
        if not kept or start >= sum(kept[-1]):
            kept.append((start, length))
    return kept
