"""Pages of process value archives, for `history.read_log`. Used by `rest_client`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tagwerk.dialects import classic
from tagwerk.dialects.classic_json import EMPTY_ANSWER, decode_body
from tagwerk.dialects.classic_time import FORMS, PlantTime
from tagwerk.dialects.classic_tree import ArchiveVariable
from tagwerk.dialects.classic_values import archive_series
from tagwerk.domain.errors import NotReachable, NotSupported, ServerRefused
from tagwerk.domain.values import ItemError, LoggedSeries
from tagwerk.link.basic_keeper import BasicKeeper
from tagwerk.link.history import LoggedPage

NOT_LOGGED = ItemError("NOT_LOGGED", "No archive of the server has a variable for this tag.")


class ArchiveSource:
    """See `history.LogSource`.

    Args:
        keeper: sends the calls.
        clock: of the plant.
        logged: finds the archive variables by the server's name of a tag.
    """

    can_reverse = False
    can_bound = False

    def __init__(
        self,
        keeper: BasicKeeper,
        clock: PlantTime,
        logged: Callable[[], Awaitable[dict[str, list[ArchiveVariable]]]],
    ) -> None:
        self._keeper = keeper
        self._clock = clock
        self._logged = logged
        # Archives are slow: one call at a time leaves the server to what is live.
        self._turn = asyncio.Semaphore(1)
        self._form = 0
        self._form_is_known = False
        self._full_names = False
        self._name_is_known = False

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
        """See `LogSource.page`."""
        del newest_first, bounding
        variable = await self._variable(name)
        if variable is None:
            return LoggedPage("", [], NOT_LOGGED)
        label = f"{variable.archive}\\{variable.name}"
        try:
            async with self._turn:
                page = await self._ask(variable, start_ns, end_ns, most)
        except NotReachable as problem:
            if problem.code != EMPTY_ANSWER:
                raise
            page = None  # nothing in the span
        return LoggedPage(label, page.points, page.error) if page else LoggedPage(label, [], None)

    async def _ask(
        self, variable: ArchiveVariable, start_ns: int, end_ns: int, most: int
    ) -> LoggedSeries | None:
        """One call, in the form of time and name that this server takes; found out once.

        Raises:
            ServerRefused: it takes none.
        """
        while True:
            form, is_full = FORMS[self._form], self._full_names
            name = f"{variable.archive}\\{variable.name}" if is_full else variable.name
            begin, end = (self._clock.format(time_ns, form) for time_ns in (start_ns, end_ns))
            call = classic.archive_values(variable.archive, name, begin, end, most)
            try:
                answer = await self._keeper.execute(call)
            except NotSupported:
                raise
            except ServerRefused:
                if self._form_is_known:
                    raise
                self._form = (self._form + 1) % len(FORMS)
                if self._form == 0:
                    raise
                continue
            self._form_is_known = True
            found = archive_series(decode_body(answer.body), [variable.name], self._clock)
            series = found.get(variable.name)
            is_refused = series is not None and series.error is not None
            if self._name_is_known or not is_refused:
                self._name_is_known = self._name_is_known or bool(series and series.points)
                return series
            self._full_names = not is_full
            if is_full:
                return series  # it was not the name

    async def logging_tags(self, name: str) -> list[str]:
        """Names of tags are enough: the archive variable is looked up here."""
        del name
        return []

    async def _variable(self, name: str) -> ArchiveVariable | None:
        """The archive variable of a tag, or the one that the name tells behind its colon."""
        bare = classic.server_name(name)
        tag, _, suffix = bare.partition(":")
        known = await self._logged()
        found = known.get(tag) or known.get(bare) or []
        if suffix:
            for one in found:
                label = f"{one.archive}\\{one.name}".replace(":", "·").replace(".", "·")
                if label == suffix:
                    return one
        return found[0] if found else None
