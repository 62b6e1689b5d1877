"""Reads all names of a plant into its tree, and keeps them for the next start.

The names of the last time are shown at once, marked as such; those that are read take their place
when all are there. Used by `Plant` alone, on its loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import BrowseItem
from tagwerk.plant.kept import KeptNames
from tagwerk.store.kept_names import differences
from tagwerk.store.tree import TagTree

COLLECT_AFTER = 50_000
"""New objects between two collections while names come in: more than wait at any time."""


@contextlib.contextmanager
def rarer_collections() -> Iterator[None]:
    """Let the garbage collector look less often for a while.

    Each chunk of a browse is thousands of objects that live some milliseconds and are part of no
    cycle. At its usual pace the collector looks at them again and again, and takes them for long
    lived at last, which makes it look at everything else, too: 50 ms in which nothing else runs.
    """
    before = gc.get_threshold()
    if before[0] == 0 or before[0] >= COLLECT_AFTER:
        yield
        return
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@dataclass(frozen=True, slots=True)
class BrowseState:
    """How the reading of all names stands. `error` and `cure` are empty when all is well.

    Args:
        count: tags read so far, or at the end.
        again: the names on show are older ones, which those that are read replace at the end.
        kept_ns: the names on show were read then, in an earlier session; 0 when they are of this.
        fresh, gone: names that the last reading has brought, and that it no longer found.
    """

    running: bool = False
    done: bool = False
    count: int = 0
    started_ns: int = 0
    error: Message = Message()
    cure: Message = Message()
    kept_ns: int = 0
    fresh: int = 0
    gone: int = 0
    again: bool = False


class NameReader:
    """The names of one plant.

    Args:
        tree: on show; its names are replaced, the object stays.
        clock_ns: the wall clock.
        kept: the file of this server; None keeps nothing.
    """

    def __init__(
        self, tree: TagTree, clock_ns: Callable[[], int], kept: KeptNames | None = None
    ) -> None:
        self.tree = tree
        self.kept = kept
        self.state = BrowseState()
        self.has_changed = False
        """Set with every change of names or state; whoever looks resets it."""
        self._clock_ns = clock_ns

    async def show_kept(self) -> None:
        """Show the names of the last time, if there are any and none of this time yet."""
        if self.kept is None:
            return
        kept = await asyncio.to_thread(self.kept.load)
        if kept is None or len(self.tree) or self.state.running:
            return
        self.tree.replace_with(kept.tree)
        self._tell(replace(self.state, kept_ns=kept.saved_ns))

    async def forget_kept(self) -> None:
        """Delete the file; names on show that came out of it go, too."""
        if self.kept is None:
            return
        await asyncio.to_thread(self.kept.forget)
        if self.state.kept_ns:
            if not self.state.running:
                self.tree.clear()
                self.tree.finish()
            self._tell(replace(self.state, kept_ns=0))

    async def read(self, client: PlantClient, language: str) -> bool:
        """Read all names; progress and errors are in `state`. True when all were read.

        The first names are shown as they come. Later ones take the place of the old ones when all
        are there, so that a slow or broken browse takes nothing away.
        """
        before = self.state
        is_first = not len(self.tree)
        names = self.tree if is_first else TagTree()
        names.clear()
        started = BrowseState(
            running=True,
            done=before.done and not is_first,
            started_ns=self._clock_ns(),
            kept_ns=before.kept_ns,
            again=not is_first,
        )
        self._tell(started)
        is_open = True

        def take(items: Sequence[BrowseItem]) -> None:
            if is_open:
                names.put(items)
                self._tell(replace(self.state, count=names.tag_count))

        try:
            with rarer_collections():
                await client.browse(language=language, on_items=take)
            await asyncio.to_thread(names.compact)
            if not is_first:
                fresh, gone = await asyncio.to_thread(differences, self.tree, names)
                self.tree.replace_with(names)
                self._tell(replace(self.state, fresh=fresh, gone=gone))
        except TagwerkError as error:
            self._tell(replace(self.state, running=False, error=error.text, cure=error.cure_text))
            return False
        except asyncio.CancelledError:
            self._tell(replace(self.state, running=False))
            raise
        else:
            self._tell(replace(self.state, running=False, done=True, kept_ns=0))
            return True
        finally:
            is_open = False
            self.tree.finish()
            self.has_changed = True

    async def keep(self) -> None:
        """Keep the names for the next start, behind everybody's back."""
        if self.kept is not None and self.state.done and len(self.tree):
            await asyncio.to_thread(self.kept.save, self.tree.held(), self._clock_ns())

    def dismiss_news(self) -> None:
        """What the last reading brought has been seen."""
        self._tell(replace(self.state, fresh=0, gone=0))

    def _tell(self, state: BrowseState) -> None:
        self.state = state
        self.has_changed = True
