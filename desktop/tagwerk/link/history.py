"""Logged values, whole: paged by time so that a server's silent cap on rows loses nothing.

Whether bounds are inclusive and whether there is a cap is not documented (reference, section 6).
So each page asks a little over its bounds, doubles are dropped, and a series is only complete
when a further page brings nothing new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tagwerk.dialects.unified import UnifiedDialect
from tagwerk.dialects.unified_replies import LoggedResult, logged_results
from tagwerk.dialects.unified_values import logged_point
from tagwerk.domain.tags import short_name
from tagwerk.domain.values import ItemError, LoggedPoint, LoggedSeries
from tagwerk.link.session import SessionKeeper

PAGE_ROWS = 10_000
_MOST_ROWS = 5_000_000
_AT_ONCE = 3
_SLACK_NS = 1_000_000
"""One millisecond, the finest that an argument carries."""
_END_OF_TIME_NS = 2**63
_SURELY_UNCAPPED = 50
"""No runtime caps at so few rows: a shorter page is the last one."""
NOT_RETURNED = ItemError("NOT_RETURNED", "The server's answer leaves it out.")


async def read_history(
    keeper: SessionKeeper,
    dialect: UnifiedDialect,
    names: Sequence[str],
    start_ns: int,
    end_ns: int,
    *,
    limit: int = 0,
    bounding: bool = False,
    page_rows: int = PAGE_ROWS,
) -> list[LoggedSeries]:
    """See `ports.PlantClient.history`. One call a name, so that no echo can be taken for another."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> LoggedSeries:
        async with gate:
            pager = _Pager(keeper, dialect, name, start_ns, end_ns, page_rows, bounding)
            return await (pager.newest(limit) if limit else pager.all())

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(name)) for name in names]
    except ExceptionGroup as problems:
        # Callers know TagwerkErrors, not groups; the others were cancelled by the first.
        raise problems.exceptions[0] from None
    return [task.result() for task in tasks]


class _Pager:
    """Collects one series."""

    def __init__(
        self,
        keeper: SessionKeeper,
        dialect: UnifiedDialect,
        name: str,
        start_ns: int,
        end_ns: int,
        page_rows: int,
        bounding: bool,
    ) -> None:
        self.keeper = keeper
        self.dialect = dialect
        self.name = name
        self.start_ns = start_ns
        self.end_ns = end_ns
        self.page_rows = page_rows
        target = dialect.schema.query.get("loggedTagValues")
        self.bounding = bounding and target is not None and "boundingValuesMode" in target.arguments
        self.logging_tag = ""
        self.error: ItemError | None = None
        self.points: list[LoggedPoint] = []
        self._left: LoggedPoint | None = None
        self._right: LoggedPoint | None = None
        self._edge: set[tuple[int, str]] = set()

    async def all(self) -> LoggedSeries:
        """Every value of the span, oldest page first."""
        cursor_ns = self.start_ns - _SLACK_NS
        bounding = self.bounding
        truncated = False
        while True:
            rows = await self._page(
                cursor_ns, self.end_ns + _SLACK_NS, self.page_rows, False, bounding
            )
            fresh = self._take(rows)
            # Bounds belong to the whole span; later pages begin inside it.
            bounding = False
            if self.error is not None or len(rows) < _SURELY_UNCAPPED:
                break
            if len(self.points) >= _MOST_ROWS:
                truncated = True
                break
            if fresh:
                cursor_ns = max(point.time_ns for point in fresh) - _SLACK_NS
            elif len(rows) >= self.page_rows and cursor_ns < self.end_ns:
                # A whole page within one millisecond: step over it and say so.
                cursor_ns += 2 * _SLACK_NS
                truncated = True
            else:
                break
            self._remember_edge(fresh, from_ns=cursor_ns)
        return self._series(truncated)

    async def newest(self, limit: int) -> LoggedSeries:
        """At most `limit` values, the newest page first."""
        cursor_ns = self.end_ns + _SLACK_NS
        bounding = self.bounding
        while len(self.points) <= limit:
            most = min(self.page_rows, limit + 1 - len(self.points) + len(self._edge))
            rows = await self._page(self.start_ns - _SLACK_NS, cursor_ns, most, True, bounding)
            fresh = self._take(rows)
            bounding = False
            if self.error is not None or not fresh or len(rows) < min(most, _SURELY_UNCAPPED):
                break
            cursor_ns = min(point.time_ns for point in fresh) + _SLACK_NS
            self._remember_edge(fresh, to_ns=cursor_ns)
        self.points.sort(key=_time)
        truncated = len(self.points) > limit
        if truncated:
            self.points = self.points[-limit:]
            self._left = None
        return self._series(truncated)

    async def _page(
        self, start_ns: int, end_ns: int, most: int, newest_first: bool, bounding: bool
    ) -> list[LoggedPoint]:
        operation = self.dialect.history(
            [self.name], start_ns, end_ns, most=most, newest_first=newest_first, bounding=bounding
        )
        answer = await self.keeper.execute(operation)
        result = self._mine(logged_results(answer.body, answer.status))
        if result is None:
            self.error = self.error or NOT_RETURNED
            return []
        self.logging_tag = self.logging_tag or result.logging_tag
        self.error = result.error
        await asyncio.sleep(0)
        return [point for row in result.rows if (point := logged_point(row)) is not None]

    def _remember_edge(
        self, fresh: list[LoggedPoint], *, from_ns: int = 0, to_ns: int = _END_OF_TIME_NS
    ) -> None:
        """What the next page will bring once more; of this page and of those before."""
        known = self._edge | {_key(point) for point in fresh}
        self._edge = {key for key in known if from_ns <= key[0] <= to_ns}

    def _mine(self, results: list[LoggedResult]) -> LoggedResult | None:
        """The result for this tag: one call asks for one name, but a server may add others."""
        if len(results) == 1:
            return results[0]
        mine = short_name(self.name)
        for result in results:
            echo = short_name(result.logging_tag)
            if echo == mine or echo.partition(":")[0] == mine:
                return result
        return None

    def _take(self, rows: list[LoggedPoint]) -> list[LoggedPoint]:
        """Keep what is new and inside; remember the nearest values outside."""
        fresh = []
        for point in rows:
            if point.time_ns < self.start_ns:
                if self._left is None or point.time_ns > self._left.time_ns:
                    self._left = point
            elif point.time_ns > self.end_ns:
                if self._right is None or point.time_ns < self._right.time_ns:
                    self._right = point
            elif _key(point) not in self._edge:
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
