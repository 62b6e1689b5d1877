"""`RestClient`: everything that the desk asks of a WinCC V7/V8 REST service.

Implements `ports.PlantClient` and `speaker.SpokenClient` on the loop it is used on. The supervisor
polls through it; `login` hands it to the command line.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

from tagwerk.dialects import classic
from tagwerk.dialects.classic_alarms import archived_alarms, pending_alarms
from tagwerk.dialects.classic_json import (
    EMPTY_ANSWER,
    Pages,
    Row,
    decode_body,
    error_of,
    name_of,
    rows_of,
)
from tagwerk.dialects.classic_time import PlantTime, zone_from_text
from tagwerk.dialects.classic_tree import (
    ArchiveVariable,
    archive_variable,
    limits_of,
    logging_items,
    tags_of,
)
from tagwerk.dialects.classic_values import samples_of, write_replies
from tagwerk.dialects.names import name_batches, pattern_matcher
from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmRecords, AlarmReply
from tagwerk.domain.connection import Capabilities, Capability, Session
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    ProtocolError,
    ServerRefused,
    TagwerkError,
    UsageError,
)
from tagwerk.domain.message import black_out
from tagwerk.domain.ports import OnItems, WriteItem, WriteReply
from tagwerk.domain.tags import BrowseItem, TagKind, TagLimits
from tagwerk.domain.values import BAD, ItemError, LoggedSeries, Sample
from tagwerk.link.basic_keeper import BasicKeeper
from tagwerk.link.history import read_log
from tagwerk.link.polling import BatchSize
from tagwerk.link.rest_log import NOT_LOGGED, ArchiveSource

log = logging.getLogger(__name__)

NOT_RETURNED = ItemError(
    "NOT_RETURNED", "The server's answer leaves it out: unknown name, or no right to see it."
)
_LIST_TIMEOUT_S = 120.0
_MOST_HALVINGS = 24
_REFUSED_S = 30.0
_EMPTY_BODIES = 3
_PAGE_ROWS_OF_LOG = 5_000


class RestClient:
    """A view of one server with one user's credentials.

    Args:
        keeper: sends the calls; `prepare` must have run before anything else is asked.
        zone: setting of the plant's time zone, see `zone_from_text`.
        alarm_filter: which of the filters configured in WinCC; "" for the first one.

    Raises:
        UsageError: not a time zone.
    """

    def __init__(self, keeper: BasicKeeper, *, zone: str = "", alarm_filter: str = "") -> None:
        self.keeper: BasicKeeper = keeper
        self.systems: tuple[str, ...] = ()
        self.on_change: Callable[[], None] = lambda: None
        self.alarm_filters: tuple[str, ...] = ()
        """As configured in WinCC."""
        self.clock = PlantTime(zone_from_text(zone))
        self._wanted_filter = alarm_filter
        self._filter = alarm_filter
        self._lost: dict[Capability, str] = {}
        self._capabilities = Capabilities()
        self._is_known = False
        self.batch = BatchSize(classic.FIRST_BATCH, classic.SMALLEST_BATCH, classic.LARGEST_BATCH)
        self._refused: dict[str, tuple[float, ItemError | None]] = {}
        """Names that break a call, and until when they are left out of others."""
        self._pending = 0
        self._says_none = False
        """The list of messages was once told to be empty in so many words."""
        self._empty_bodies = 0
        self._logged: dict[str, list[ArchiveVariable]] | None = None
        self._logged_lock = asyncio.Lock()
        self._source = ArchiveSource(keeper, self.clock, self._logging_variables)

    @property
    def is_known(self) -> bool:
        return self._is_known

    @property
    def session(self) -> Session | None:
        """The login, without its token."""
        return self.keeper.session

    @property
    def product(self) -> str:
        return classic.INFO.product

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def set_reason(self, capability: Capability, reason: str) -> None:
        """See `SpokenClient.set_reason`."""
        if reason != self._lost.get(capability, ""):
            self._lost[capability] = reason
            self._refresh()

    def _refresh(self) -> None:
        self._capabilities = classic.capabilities(self._lost)
        self.on_change()

    async def prepare(self) -> None:
        """Find the filters for messages; everything else shows when it is used.

        Raises:
            LoginFailed, NotReachable: nothing can be asked.
        """
        reason = ""
        try:
            rows = await self._list(classic.REST_FILTERS)
        except (LoginFailed, NotReachable):
            raise
        except TagwerkError as problem:
            log.info("no filters for messages: %s", problem.message)
            rows = []
            reason = "right_missing" if isinstance(problem, NotAllowed) else classic.INTERFACE_LACKS
        self.alarm_filters = tuple(name for row in rows if (name := name_of(row)))
        first = self.alarm_filters[0] if self.alarm_filters else ""
        self._filter = self._wanted_filter or first
        reason = "" if self._filter else reason or classic.NO_ALARM_FILTER
        self._lost[Capability.ALARMS] = self._lost[Capability.ALARM_HISTORY] = reason
        self._is_known = True
        self._refresh()

    async def hello(self, *, timeout_s: float | None = None) -> None:
        """The smallest round trip.

        Raises:
            as `BasicKeeper.execute`.
        """
        await self.keeper.execute(classic.HELLO, timeout_s=timeout_s)

    def _said(self, error: ItemError | None) -> ItemError | None:
        if error is None:
            return None
        secrets = self.keeper.secrets
        return ItemError(black_out(error.code, secrets), black_out(error.description, secrets))

    # Lists

    async def _list(
        self, path: str, on_rows: Callable[[list[Row]], Awaitable[None]] | None = None
    ) -> list[Row]:
        """All rows of a list, page by page."""
        pages = Pages(classic.PAGE_ROWS)
        rows: list[Row] = []
        point = ""
        while True:
            call = classic.listing(path, point=point)
            try:
                answer = await self.keeper.execute(call, timeout_s=_LIST_TIMEOUT_S)
                body = decode_body(answer.body)
            except NotReachable as problem:
                if problem.code != EMPTY_ANSWER:
                    raise
                break  # an empty list, said with no words
            except ServerRefused:
                if not rows:
                    raise
                break  # a guessed point was none
            fresh, point = pages.take(body, answer.headers)
            rows += fresh
            if on_rows is not None and fresh:
                await on_rows(fresh)
            if not point:
                break
            await asyncio.sleep(0)
        if pages.is_cut:
            log.info("the list %s may be longer than the server tells", path)
        return rows

    async def _list_if_there(self, path: str) -> list[Row]:
        """A list that not every server, or not every user, has."""
        try:
            return await self._list(path)
        except LoginFailed:
            raise
        except (ServerRefused, ProtocolError, NotAllowed) as problem:
            log.info("no list %s: %s", path, problem.message)
            return []

    async def browse(
        self,
        patterns: Sequence[str] = (),
        kinds: Sequence[TagKind] = (),
        *,
        language: str = "en-US",
        on_items: OnItems | None = None,
    ) -> list[BrowseItem]:
        """See `ports.PlantClient.browse`: tags, then instances of structures, then archives."""
        self.keeper.language = language
        matches, wanted = pattern_matcher(patterns), frozenset(kinds)
        items: list[BrowseItem] = []
        seen: set[str] = set()
        full_names: dict[str, str] = {}

        async def take(found: Iterable[BrowseItem]) -> None:
            fresh = []
            for item in found:
                if item.name in seen:
                    continue
                seen.add(item.name)
                if item.kind is not TagKind.LOGGING_TAG:
                    full_names.setdefault(classic.server_name(item.name), item.name)
                if (not wanted or item.kind in wanted) and matches(item.name):
                    fresh.append(item)
            if on_items is None:
                items.extend(fresh)
            elif fresh and (waiting := on_items(fresh)) is not None:
                await waiting

        await self._list(classic.VARIABLES, lambda rows: take(tags_of(rows)))
        places = {name.partition("::")[0] for name in full_names.values() if "::" in name}
        systems = tuple(sorted({place.partition("/")[0] for place in places}))
        if systems != self.systems:
            self.systems = systems
            self.on_change()
        if not wanted or TagKind.STRUCTURE in wanted:
            for row in await self._list_if_there(classic.STRUCTURE_TYPES):
                await take(await self._instances(name_of(row), full_names))
        if not wanted or TagKind.LOGGING_TAG in wanted:
            self._logged = None
            logged = [one for ones in (await self._logging_variables()).values() for one in ones]
            await take(logging_items(logged, full_names))
        return items

    async def _instances(self, type_name: str, full_names: dict[str, str]) -> list[BrowseItem]:
        """Instances of a structure type; they stand where their elements do."""
        if not type_name:
            return []
        found = []
        for row in await self._list_if_there(classic.structure_variables(type_name)):
            name = name_of(row)
            if not name:
                continue
            element = next(
                (full for own, full in full_names.items() if own.startswith(f"{name}.")), ""
            )
            place = element.partition("::")[0] if "::" in element else ""
            full = f"{place}::{name}" if place else name
            if full not in full_names.values():
                found.append(BrowseItem(full, name, TagKind.STRUCTURE, type_name, "STRUCTURE"))
        return found

    async def _logging_variables(self) -> dict[str, list[ArchiveVariable]]:
        """Archive variables by the server's name of the tag they log; asked for once."""
        async with self._logged_lock:
            if self._logged is None:
                found: list[ArchiveVariable] = []
                for row in await self._list_if_there(classic.ARCHIVES):
                    archive = name_of(row)
                    if archive:
                        path = classic.variables_of_archive(archive)
                        rows = await self._list_if_there(path)
                        found += [one for row in rows if (one := archive_variable(row, archive))]
                if not found:
                    rows = await self._list_if_there(classic.ARCHIVE_VARIABLES)
                    found = [
                        one for row in rows if (one := archive_variable(row, "")) and one.archive
                    ]
                by_tag: dict[str, list[ArchiveVariable]] = {}
                for one in found:
                    by_tag.setdefault(classic.server_name(one.tag), []).append(one)
                self._logged = by_tag
            return self._logged

    async def tag_limits(self) -> dict[str, TagLimits]:
        """See `ports.PlantClient.tag_limits`; by the server's names."""
        return limits_of(await self._list_if_there(classic.LIMIT_VALUES))

    # Values

    async def read(self, names: Sequence[str], *, direct: bool = False) -> list[Sample]:
        """See `ports.PlantClient.read`. A name that the answer leaves out is asked for once more."""
        if direct:
            raise NotSupported(
                "This server cannot read directly from the controller.",
                cure="Read without the direct option; WinCC Unified V20 and later have it.",
                code=classic.INTERFACE_LACKS,
            )
        found: dict[str, Sample] = {}
        for is_last in (False, True):
            missing = [name for name in dict.fromkeys(names) if name not in found]
            for batch in name_batches(missing, most=self.batch.size):
                found.update(await self._read_batch(batch))
            if is_last or len(found) in (0, len(set(names))):
                break
        now_ns = time.time_ns()
        return [
            found.get(name) or Sample(name, None, BAD, None, now_ns, NOT_RETURNED) for name in names
        ]

    async def _read_batch(self, names: list[str]) -> dict[str, Sample]:
        """One call; where the server refuses it as a whole, the name that breaks it is looked for,
        so that it does not cost the others.
        """
        now_s, now_ns = time.monotonic(), time.time_ns()
        found: dict[str, Sample] = {}
        for name in names:
            until_s, error = self._refused.get(name, (0.0, None))
            if until_s > now_s:
                found[name] = Sample(name, None, BAD, None, now_ns, error)
        waiting = [[name for name in names if name not in found]]
        tries, answered = _MOST_HALVINGS, False
        while waiting and waiting[0]:
            part = waiting.pop()
            try:
                found.update(await self._read_part(part))
                answered = True
            except ServerRefused as problem:
                tries -= 1
                if tries < 0 and not answered:
                    raise
                if len(part) > 1 and tries >= 0:
                    half = len(part) // 2
                    waiting += [part[half:], part[:half]]
                    continue
                error = self._said(ItemError(problem.code, problem.message))
                for name in part:
                    if len(part) == 1:
                        self._refused[name] = (now_s + _REFUSED_S, error)
                    found[name] = Sample(name, None, BAD, None, now_ns, error)
        return found

    async def _read_part(self, names: list[str]) -> dict[str, Sample]:
        began_s = time.monotonic()
        answer = await self.keeper.execute(classic.read(names))
        self.batch.took(len(names), time.monotonic() - began_s)
        samples = samples_of(decode_body(answer.body), names, time.time_ns(), self.clock)
        return {
            name: sample._replace(error=self._said(sample.error)) if sample.error else sample
            for name, sample in samples.items()
        }

    async def write(self, items: Sequence[WriteItem]) -> list[WriteReply]:
        """See `ports.PlantClient.write`: one call, sent once."""
        if not items:
            return []
        names = [item.name for item in items]
        if len({classic.server_name(name).casefold() for name in names}) != len(names):
            raise UsageError(
                "One of these tags would be written twice in one call.",
                cure="Write them one after the other.",
            )
        try:
            answer = await self.keeper.execute(classic.write(items))
            replies = write_replies(decode_body(answer.body), names)
        except ProtocolError as problem:
            # It was answered, and not understood: what became of it is not known.
            raise NotReachable(
                "The answer to the write cannot be understood: {said}",
                cure="Read the value again.",
                code="unreadable_answer",
                may_have_arrived=True,
                said=problem.message,
            ) from problem
        # What the answer leaves out stays out: nobody knows what became of it.
        return [WriteReply(name, self._said(replies[name])) for name in names if name in replies]

    # History

    async def history(
        self,
        names: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        limit: int = 0,
        bounding: bool = False,
    ) -> list[LoggedSeries]:
        """See `ports.PlantClient.history`."""
        source = self._source
        found = await read_log(
            source,
            names,
            start_ns,
            end_ns,
            limit=limit,
            bounding=bounding,
            page_rows=_PAGE_ROWS_OF_LOG,
        )
        return [
            LoggedSeries(
                one.name, one.logging_tag, one.points, one.truncated, self._said(one.error)
            )
            if one.error
            else one
            for one in found
        ]

    # Alarms

    def _filter_for(self, filter_text: str) -> str:
        """A filter of one's own is not possible; the name of a configured one is.

        Raises:
            NotSupported: it is neither.
        """
        if not filter_text:
            if not self._filter:
                raise NotSupported(
                    "No filter for messages is configured on the server.",
                    cure="Configure a REST filter in WinCC's alarm logging.",
                    code=classic.NO_ALARM_FILTER,
                )
            return self._filter
        for known in self.alarm_filters:
            if known.casefold() == filter_text.strip().casefold():
                return known
        raise NotSupported(
            "This server takes no filter of one's own: “{filter}”.",
            cure="Give the name of a filter that is configured in WinCC: {names}.",
            code="interface_no_filter",
            filter=filter_text,
            names=", ".join(self.alarm_filters) or "-",
        )

    async def active_alarms(self, *, filter_text: str = "", language: str = "en-US") -> list[Alarm]:
        """See `ports.PlantClient.active_alarms`; `filter_text` names a configured filter."""
        self.keeper.language = language
        call = classic.message_list(self._filter_for(filter_text))
        try:
            answer = await self.keeper.execute(call)
            rows = self._told(answer.body)
        except NotReachable as problem:
            if problem.code != EMPTY_ANSWER or not self._is_empty_list():
                raise
            rows = []
        else:
            self._empty_bodies = 0
            self._says_none = self._says_none or not rows
        self._pending = len(rows)
        return pending_alarms(rows, self.clock, near_ns=time.time_ns())

    def _is_empty_list(self) -> bool:
        """Whether an empty body may be believed to say that no message is pending. Not where the
        server has other words for it, nor at once where messages were pending a moment ago.
        """
        self._empty_bodies += 1
        is_sure = self._empty_bodies >= _EMPTY_BODIES
        return not self._says_none and (is_sure or not self._pending)

    async def _messages(self, call: classic.Call) -> list[Row]:
        try:
            answer = await self.keeper.execute(call)
            return self._told(answer.body)
        except NotReachable as problem:
            if problem.code != EMPTY_ANSWER:
                raise
            return []

    def _told(self, body: bytes) -> list[Row]:
        """Rows of messages.

        Raises:
            ServerRefused: HTTP 200 with nothing but an error, which is no message.
        """
        rows = rows_of(decode_body(body))
        errors = [self._said(error_of(row)) for row in rows if "errorcode" in row or "error" in row]
        if errors and len(errors) == len(rows) and all(errors) and errors[0] is not None:
            raise ServerRefused(
                "The server refused the call: {said}",
                code=errors[0].code,
                said=errors[0].description or errors[0].code,
            )
        return rows

    async def logged_alarms(
        self,
        start_ns: int,
        end_ns: int,
        *,
        filter_text: str = "",
        language: str = "en-US",
        limit: int = 0,
    ) -> list[Alarm]:
        """See `ports.PlantClient.logged_alarms`. The interface has no time window: the newest of the
        archive are asked for, and cut here.
        """
        self.keeper.language = language
        name = self._filter_for(filter_text)
        most = min(limit or classic.MOST_MESSAGES, classic.MOST_MESSAGES)
        if (limit or most) < classic.MOST_MESSAGES:
            most = classic.MOST_MESSAGES  # those outside the span take places too
        try:
            rows = await self._messages(classic.message_archive(name, long_term=True, most=most))
        except NotSupported:
            rows = []
        if not rows:
            rows = await self._messages(classic.message_archive(name, long_term=False, most=most))
        records = archived_alarms(rows, self.clock)
        inside = [
            alarm for alarm in records if start_ns <= (alarm.modification_time_ns or 0) <= end_ns
        ]
        found = AlarmRecords(inside[:limit] if limit else inside)
        oldest_ns = min((alarm.modification_time_ns or 0 for alarm in records), default=0)
        found.is_cut = len(rows) >= most and oldest_ns > start_ns
        return found

    async def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> list[AlarmReply]:
        """The interface has none: nothing is sent."""
        del action
        error = ItemError(
            "interface_no_acknowledge", "The REST interface of WinCC V7/V8 cannot acknowledge."
        )
        return [AlarmReply(key, error, sent=False) for key in keys]


__all__ = ["NOT_LOGGED", "NOT_RETURNED", "RestClient"]
