"""Logged values, whole: paged by time so that a server's silent cap on rows loses nothing.

Whether bounds are inclusive and whether there is a cap is not documented (reference, section 6).
So each page asks a little over its bounds, doubles are dropped, and a series is only complete
when a further page brings nothing new. What fails for one tag does not cost the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from tagwerk.dialects.base import Operation
from tagwerk.dialects.unified import UnifiedDialect
from tagwerk.dialects.unified_replies import LoggedResult, logged_results
from tagwerk.dialects.unified_values import logged_point
from tagwerk.domain.errors import ProtocolError, ServerRefused, TagwerkError
from tagwerk.domain.tags import short_name
from tagwerk.domain.values import ItemError, LoggedPoint, LoggedSeries
from tagwerk.link.transport import Answer

log = logging.getLogger(__name__)

PAGE_ROWS = 10_000
_MOST_ROWS = 5_000_000
_AT_ONCE = 3
_SLACK_NS = 1_000_000
"""One millisecond, the finest that an argument carries."""
_COARSEST_NS = 1_000_000_000
_END_OF_TIME_NS = 2**63
_SURELY_UNCAPPED = 50
"""No runtime caps at so few rows: a shorter page is the last one."""
NOT_RETURNED = ItemError("NOT_RETURNED", "The server's answer leaves it out.")


Ask = Callable[[Callable[[], Operation]], Awaitable[Answer]]
"""Sends an operation, made anew where the server refuses the document."""


class LoggedPage(NamedTuple):
    """One page of one tag's log: the logging tag that answered, its values, what it said instead."""

    logging_tag: str
    points: list[LoggedPoint]
    error: ItemError | None


class LogSource(Protocol):
    """Asks one server for pages, in its own dialect."""

    @property
    def can_reverse(self) -> bool:
        """Pages can come newest first."""
        ...

    @property
    def can_bound(self) -> bool:
        """The values just outside can be asked for."""
        ...

    async def page(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        most: int,
        newest_first: bool,
        bounding: bool,
    ) -> LoggedPage | None:
        """At most `most` values between two times; None where the answer leaves the tag out."""
        ...

    async def logging_tags(self, name: str) -> list[str]:
        """Logging tags of a tag, for servers that take no other names."""
        ...


async def read_history(
    ask: Ask,
    dialect: UnifiedDialect,
    names: Sequence[str],
    start_ns: int,
    end_ns: int,
    *,
    limit: int = 0,
    bounding: bool = False,
    page_rows: int = PAGE_ROWS,
    logging_tags: Callable[[str], Awaitable[list[str]]] | None = None,
) -> list[LoggedSeries]:
    """`read_log` of a Unified server.

    Args:
        ask: sends one operation.
        logging_tags: finds the logging tags of a tag, for servers that take no other names.
    """
    source = _UnifiedSource(ask, dialect, logging_tags)
    return await read_log(
        source, names, start_ns, end_ns, limit=limit, bounding=bounding, page_rows=page_rows
    )


async def read_log(
    source: LogSource,
    names: Sequence[str],
    start_ns: int,
    end_ns: int,
    *,
    limit: int = 0,
    bounding: bool = False,
    page_rows: int = PAGE_ROWS,
) -> list[LoggedSeries]:
    """See `ports.PlantClient.history`. One call a name, so that no echo can be taken for another.

    Raises:
        NotReachable, NotAllowed, …: nothing can be asked.
        ServerRefused, ProtocolError: the log of every one of the names failed.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    problems: list[TagwerkError] = []

    async def one(name: str) -> LoggedSeries:
        async with gate:
            pager = _Pager(source, name, start_ns, end_ns, page_rows, bounding)
            try:
                return await (pager.newest(limit) if limit else pager.all())
            except (ServerRefused, ProtocolError) as problem:
                log.info("log of %s: %s", name, problem.message)
                if not pager.points:
                    problems.append(problem)
                return pager.failed(problem, limit)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(name)) for name in names]
    except ExceptionGroup as group_of_problems:
        # Callers know TagwerkErrors, not groups; the others were cancelled by the first.
        raise group_of_problems.exceptions[0] from None
    if problems and len(problems) == len(tasks):
        raise problems[0]
    return [task.result() for task in tasks]


class _UnifiedSource:
    """Pages of a Unified server. See `LogSource`."""

    def __init__(
        self,
        ask: Ask,
        dialect: UnifiedDialect,
        logging_tags: Callable[[str], Awaitable[list[str]]] | None,
    ) -> None:
        self._ask = ask
        self._dialect = dialect
        self._logging_tags = logging_tags

    @property
    def can_reverse(self) -> bool:
        target = self._dialect.schema.query.get("loggedTagValues")
        mode = target.arguments.get("sortingMode", "") if target is not None else ""
        return bool(mode and self._dialect.schema.spelled(mode.strip("[]!"), "TIME_DESC"))

    @property
    def can_bound(self) -> bool:
        return self._dialect.has_argument("query", "loggedTagValues", "boundingValuesMode")

    async def page(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        most: int,
        newest_first: bool,
        bounding: bool,
    ) -> LoggedPage | None:
        answer = await self._ask(
            lambda: self._dialect.history(
                [name],
                start_ns,
                end_ns,
                most=most,
                newest_first=newest_first,
                bounding=bounding,
            )
        )
        result = _result_for(name, logged_results(answer.body, answer.status))
        if result is None:
            return None
        await asyncio.sleep(0)
        points = [point for row in result.rows if (point := logged_point(row)) is not None]
        return LoggedPage(result.logging_tag, points, result.error)

    async def logging_tags(self, name: str) -> list[str]:
        return await self._logging_tags(name) if self._logging_tags is not None else []


def _result_for(name: str, results: list[LoggedResult]) -> LoggedResult | None:
    """The result for this tag: one call asks for one name, but a server may add others."""
    if len(results) == 1:
        return results[0]
    mine = short_name(name)
    for result in results:
        echo = short_name(result.logging_tag)
        if echo == mine or echo.partition(":")[0] == mine:
            return result
    return None


class _Pager:
    """Collects one series."""

    def __init__(
        self,
        source: LogSource,
        name: str,
        start_ns: int,
        end_ns: int,
        page_rows: int,
        bounding: bool,
    ) -> None:
        self.source = source
        self.name = name
        self.asked = name
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.page_rows = page_rows
        self.bounding = bounding and source.can_bound
        self.logging_tag = ""
        self.error: ItemError | None = None
        self.points: list[LoggedPoint] = []
        self._left: LoggedPoint | None = None
        self._right: LoggedPoint | None = None
        self._edge: set[tuple[int, str]] = set()
        self._slack_ns = _COARSEST_NS

    async def all(self) -> LoggedSeries:
        """Every value of the span, oldest page first."""
        cursor_ns = self.start_ns - _SLACK_NS
        bounding = self.bounding
        truncated = False
        step_ns = _SLACK_NS
        while True:
            rows = await self._page(
                cursor_ns, self.end_ns + _SLACK_NS, self.page_rows, False, bounding
            )
            fresh = self._take(rows, from_ns=cursor_ns)
            # Bounds belong to the whole span; later pages begin inside it.
            bounding = False
            if len(rows) < _SURELY_UNCAPPED:
                break
            if len(self.points) >= _MOST_ROWS:
                truncated = True
                break
            if fresh:
                cursor_ns = max(point.time_ns for point in fresh) - self._slack_ns
                step_ns = _SLACK_NS
            elif cursor_ns < self.end_ns:
                # A whole page within the blink of one stamp: step over it and say so.
                cursor_ns = max(point.time_ns for point in rows) + step_ns
                step_ns *= 2
                truncated = True
            else:
                break
            self._remember_edge(fresh, from_ns=cursor_ns)
        return self._series(truncated)

    async def newest(self, limit: int) -> LoggedSeries:
        """At most `limit` values, the newest page first."""
        if not self.source.can_reverse:
            return self._cut(await self.all(), limit)
        cursor_ns = self.end_ns + _SLACK_NS
        bounding = self.bounding
        while len(self.points) <= limit:
            most = min(self.page_rows, limit + 1 - len(self.points) + len(self._edge))
            rows = await self._page(self.start_ns - _SLACK_NS, cursor_ns, most, True, bounding)
            fresh = self._take(rows)
            bounding = False
            if not fresh or len(rows) < min(most, _SURELY_UNCAPPED):
                break
            cursor_ns = min(point.time_ns for point in fresh) + self._slack_ns
            self._remember_edge(fresh, to_ns=cursor_ns)
        # Newest first as they came: where stamps are equal the order of arrival decides.
        self.points.reverse()
        return self._cut(self._series(False), limit)

    def _cut(self, series: LoggedSeries, limit: int) -> LoggedSeries:
        """The newest `limit` of the values inside; what bounds them on the left goes with the rest."""
        inside = [point for point in series.points if point.time_ns >= self.start_ns]
        after = sum(point.time_ns > self.end_ns for point in inside)
        if len(inside) - after <= limit:
            return series
        kept = inside[len(inside) - after - limit :]
        return replace(series, points=kept, truncated=True)

    def failed(self, problem: TagwerkError, limit: int) -> LoggedSeries:
        """What came before a page failed, cut short; or nothing but the error."""
        self.error = ItemError(problem.code, problem.message)
        series = self._series(bool(self.points))
        return self._cut(series, limit) if limit else series

    async def _page(
        self, start_ns: int, end_ns: int, most: int, newest_first: bool, bounding: bool
    ) -> list[LoggedPoint]:
        page = await self._ask(start_ns, end_ns, most, newest_first, bounding)
        unresolved = page is None or (not page.points and page.error is not None)
        if unresolved and self.asked == self.name:
            # A tag with several logging tags, or a server that takes only their names.
            known = ":" in self.name.partition("::")[2] or (
                page is not None and page.error is not None and page.error.code not in ("2", "3")
            )
            found = [] if known else await self.source.logging_tags(self.name)
            if found:
                self.asked = found[0]
                page = await self._ask(start_ns, end_ns, most, newest_first, bounding)
        if page is None:
            self.error = self.error or NOT_RETURNED
            return []
        self.logging_tag = self.logging_tag or page.logging_tag or self.asked
        # An error beside rows says that they are not all: paging finds the others.
        self.error = None if page.points else page.error
        self._look_at_stamps(page.points)
        return page.points

    async def _ask(
        self, start_ns: int, end_ns: int, most: int, newest_first: bool, bounding: bool
    ) -> LoggedPage | None:
        return await self.source.page(
            self.asked, start_ns, end_ns, most=most, newest_first=newest_first, bounding=bounding
        )

    def _look_at_stamps(self, rows: list[LoggedPoint]) -> None:
        """Stamps cut to seconds or tenths hide rows just beside a page's edge: overlap by as much."""
        while self._slack_ns > _SLACK_NS and any(one.time_ns % self._slack_ns for one in rows):
            self._slack_ns //= 10

    def _remember_edge(
        self, fresh: list[LoggedPoint], *, from_ns: int = 0, to_ns: int = _END_OF_TIME_NS
    ) -> None:
        """What the next page will bring once more; of this page and of those before."""
        known = self._edge | {_key(point) for point in fresh}
        self._edge = {key for key in known if from_ns <= key[0] <= to_ns}

    def _take(self, rows: list[LoggedPoint], *, from_ns: int = 0) -> list[LoggedPoint]:
        """Keep what is new and inside; remember the nearest values outside.

        What lies before `from_ns` belongs to an earlier page: a server that ignores the start
        would otherwise give the same page for ever.
        """
        fresh = []
        known = set(self._edge)
        for point in rows:
            if point.time_ns < self.start_ns:
                if self._left is None or point.time_ns > self._left.time_ns:
                    self._left = point
            elif point.time_ns > self.end_ns:
                if self._right is None or point.time_ns < self._right.time_ns:
                    self._right = point
            elif point.time_ns >= from_ns and (key := _key(point)) not in known:
                known.add(key)
                fresh.append(point)
        self.points += fresh
        return fresh

    def _series(self, truncated: bool) -> LoggedSeries:
        points = sorted(self.points, key=_time)
        if self.bounding:
            left = [self._left] if self._left else []
            right = [self._right] if self._right else []
            points = left + points + right
        error = self.error if not points else None
        return LoggedSeries(self.name, self.logging_tag, points, truncated, error)


def _time(point: LoggedPoint) -> int:
    return point.time_ns


def _key(point: LoggedPoint) -> tuple[int, str]:
    return point.time_ns, repr(point.value)
