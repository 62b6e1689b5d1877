"""The link's own thread, and a client that may be called from any other loop.

Network and decoding run on a plain selector event loop in one daemon thread, so that neither
TLS nor a large answer ever holds up the window. `ThreadedClient` carries calls across.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmReply
from tagwerk.domain.connection import Capabilities
from tagwerk.domain.errors import NotReachable
from tagwerk.domain.ports import OnItems, PlantClient, TellsLimits, WriteItem, WriteReply
from tagwerk.domain.tags import BrowseItem, TagKind, TagLimits
from tagwerk.domain.values import LoggedSeries, Sample

log = logging.getLogger(__name__)
T = TypeVar("T")
_SWITCH_INTERVAL_S = 0.001


_CLOSING_TURNS = 10

MOST_CHUNKS_AHEAD = 2
"""Chunks of a browse that may wait for the window: it may take all of them in one turn."""


def _closed_error(*, under_way: bool = False) -> NotReachable:
    return NotReachable(
        "The connection is closed.",
        cure="Connect again.",
        code="not_connected",
        may_have_arrived=under_way,
    )


async def _settle() -> None:
    """Some turns of the loop, in which sockets that were given up are really closed."""
    for _ in range(_CLOSING_TURNS):
        await asyncio.sleep(0)


class LinkThread:
    """A daemon thread with an event loop.

    A selector loop, made explicitly: the proactor loop of Windows has no fast path for picows.
    """

    def __init__(self, name: str) -> None:
        self._loop: asyncio.SelectorEventLoop
        self._thread = threading.Thread(target=self._main, name=name, daemon=True)
        self._started = False
        self._closing = False
        self._ended: list[Callable[[], object]] = []

    def start(self) -> None:
        """Start it; once."""
        self._loop = asyncio.SelectorEventLoop()
        self._started = True
        # The window's thread must get the interpreter back quickly while this one decodes.
        sys.setswitchinterval(min(_SWITCH_INTERVAL_S, sys.getswitchinterval()))
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._started and not self._closing

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            if pending:
                self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self._loop.run_until_complete(_settle())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()
            for tell in self._ended:
                # Whoever waited may be gone by now.
                with contextlib.suppress(RuntimeError):
                    tell()

    def soon(self, function: Callable[..., None], *args: Any) -> None:
        """Call a function on the thread's loop; nothing happens once it is closed."""
        if self.is_running:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(function, *args)

    async def call(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the thread's loop and wait for it on the caller's.

        Raises:
            NotReachable: the link is closed or was never started; `may_have_arrived` when it
                was closed while the coroutine ran.
        """
        if not self.is_running:
            raise _closed_error()
        work = make()
        try:
            future: concurrent.futures.Future[T] = asyncio.run_coroutine_threadsafe(
                work, self._loop
            )
        except RuntimeError:
            work.close()
            raise _closed_error() from None
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._closing and task is not None and not task.cancelling():
                raise _closed_error(under_way=True) from None
            raise

    async def close(self, *, timeout_s: float = 3.0) -> None:
        """Stop the loop and wait for the thread; bounded."""
        if self._closing:
            return
        self._closing = True
        if not self._started:
            return
        caller = asyncio.get_running_loop()
        ended = asyncio.Event()
        self._ended.append(lambda: caller.call_soon_threadsafe(ended.set))
        self._loop.call_soon_threadsafe(self._loop.stop)
        try:
            async with asyncio.timeout(timeout_s):
                await ended.wait()
        except TimeoutError:
            log.warning("the link's thread did not end in time")
            return
        self._thread.join(timeout=1.0)


class ThreadedClient:
    """A `PlantClient` on the caller's loop, served by one on the link's thread.

    Args:
        thread: where it is served.
        inner: finds the one that serves; None as long as there was no connection.
        for_changes: the same for what changes the plant; raises where that may not be now.
    """

    def __init__(
        self,
        thread: LinkThread,
        inner: Callable[[], PlantClient | None],
        for_changes: Callable[[], PlantClient | None] | None = None,
    ) -> None:
        self._thread = thread
        self._find = inner
        self._find_for_changes = for_changes or inner

    @property
    def capabilities(self) -> Capabilities:
        inner = self._find()
        return inner.capabilities if inner is not None else Capabilities()

    @property
    def _inner(self) -> PlantClient:
        return self._present(self._find())

    @property
    def _inner_for_changes(self) -> PlantClient:
        return self._present(self._find_for_changes())

    @staticmethod
    def _present(inner: PlantClient | None) -> PlantClient:
        if inner is None:
            raise NotReachable(
                "There is no connection yet.",
                cure="Wait until it is connected.",
                code="not_connected",
            )
        return inner

    async def browse(
        self,
        patterns: Sequence[str] = (),
        kinds: Sequence[TagKind] = (),
        *,
        language: str = "en-US",
        on_items: OnItems | None = None,
    ) -> list[BrowseItem]:
        """See `ports.PlantClient.browse`; `on_items` is called on the caller's loop, in order.

        A chunk a turn of that loop; when `MOST_CHUNKS_AHEAD` wait, no more is read until one is
        taken, so that a slow window costs time and never memory.
        """
        caller = asyncio.get_running_loop()
        arrived: deque[Sequence[BrowseItem]] = deque()
        held: deque[asyncio.Future[None]] = deque()

        def drain() -> None:
            if arrived and on_items is not None:
                try:
                    on_items(arrived.popleft())
                finally:
                    # Each wake-up of the other thread costs a turn of the interpreter.
                    if held and len(arrived) <= 1:
                        self._thread.soon(let_go)

        def let_go() -> None:
            while held:
                waiting = held.popleft()
                if not waiting.done():
                    waiting.set_result(None)

        def take(items: Sequence[BrowseItem]) -> asyncio.Future[None] | None:
            arrived.append(items)
            # The caller's loop may close while a browse runs.
            with contextlib.suppress(RuntimeError):
                caller.call_soon_threadsafe(drain)
            if len(arrived) < MOST_CHUNKS_AHEAD:
                return None
            waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            held.append(waiting)
            if len(arrived) <= 1:
                # Taken since, perhaps the last of them: nobody would wake us.
                held.clear()
                return None
            return waiting

        result = await self._thread.call(
            lambda: self._inner.browse(
                patterns, kinds, language=language, on_items=take if on_items else None
            )
        )
        while arrived:
            drain()
        return result

    async def tag_limits(self) -> dict[str, TagLimits]:
        """See `ports.TellsLimits`."""
        inner = self._inner
        if not isinstance(inner, TellsLimits):
            return {}
        return await self._thread.call(inner.tag_limits)

    async def read(self, names: Sequence[str], *, direct: bool = False) -> list[Sample]:
        return await self._thread.call(lambda: self._inner.read(names, direct=direct))

    async def write(self, items: Sequence[WriteItem]) -> list[WriteReply]:
        return await self._thread.call(lambda: self._inner_for_changes.write(items))

    async def history(
        self,
        names: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        limit: int = 0,
        bounding: bool = False,
    ) -> list[LoggedSeries]:
        return await self._thread.call(
            lambda: self._inner.history(names, start_ns, end_ns, limit=limit, bounding=bounding)
        )

    async def active_alarms(self, *, filter_text: str = "", language: str = "en-US") -> list[Alarm]:
        return await self._thread.call(
            lambda: self._inner.active_alarms(filter_text=filter_text, language=language)
        )

    async def logged_alarms(
        self,
        start_ns: int,
        end_ns: int,
        *,
        filter_text: str = "",
        language: str = "en-US",
        limit: int = 0,
    ) -> list[Alarm]:
        return await self._thread.call(
            lambda: self._inner.logged_alarms(
                start_ns, end_ns, filter_text=filter_text, language=language, limit=limit
            )
        )

    async def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> list[AlarmReply]:
        return await self._thread.call(lambda: self._inner_for_changes.alarm_action(action, keys))
