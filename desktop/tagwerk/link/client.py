"""`HttpClient`: everything that the desk asks of a Unified server over HTTP.

Implements `ports.PlantClient` on the loop it is used on. `supervisor` runs it beside the value
stream; `login` hands it to the command line.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from tagwerk.dialects.base import Operation
from tagwerk.dialects.unified import (
    HELLO,
    INFO,
    RIGHT_MISSING,
    WRITING,
    UnifiedDialect,
    browse_filters,
    pattern_matcher,
)
from tagwerk.dialects.unified_alarms import alarm_replies, alarms_from_json
from tagwerk.dialects.unified_browse import list_chunks
from tagwerk.dialects.unified_replies import (
    DocumentRefused,
    decode_answer,
    result_of,
    tag_bodies,
)
from tagwerk.dialects.unified_schema import (
    INTROSPECTION,
    PLAIN_INTROSPECTION,
    Schema,
    assumed_schema,
    schema_from_introspection,
)
from tagwerk.dialects.unified_values import (
    Echoes,
    TagBody,
    error_from_json,
    name_batches,
    sample_from_body,
    sample_from_json,
)
from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmReply
from tagwerk.domain.connection import Capabilities, Capability, Session
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerRefused,
    SessionExpired,
    UsageError,
)
from tagwerk.domain.message import black_out
from tagwerk.domain.ports import OnItems, WriteItem, WriteReply
from tagwerk.domain.tags import BrowseItem, TagKind, short_name
from tagwerk.domain.values import BAD, ItemError, LoggedSeries, Sample
from tagwerk.link.bodies import BodyTaker
from tagwerk.link.browsing import BrowseTaker
from tagwerk.link.history import read_history
from tagwerk.link.polling import BatchSize
from tagwerk.link.session import SessionKeeper
from tagwerk.link.transport import MOST_ANSWER_BYTES, MOST_BROWSE_BYTES, Answer, BodyTooLarge

log = logging.getLogger(__name__)

NOT_RETURNED = ItemError(
    "NOT_RETURNED", "The server's answer leaves it out: unknown name, or no right to see it."
)
NO_VALUE = ItemError("NO_VALUE", "The server gives neither a value nor an error.")
_READ_BATCH = 2000
_MOST_LESSONS = 8
_A_SECOND_NS = 1_000_000_000
_NO_NAME = "Tagwerk asks whether this can be asked"
"""A name that no project has."""
_BROWSE_TIMEOUT_S = 120.0


class HttpClient:
    """A logged-in view of one server.

    Args:
        keeper: the session; `prepare` must have run before anything else is asked.
    """

    def __init__(self, keeper: SessionKeeper) -> None:
        self.keeper = keeper
        self.dialect: UnifiedDialect | None = None
        self.systems: tuple[str, ...] = ()
        self.batch = BatchSize(_READ_BATCH, _READ_BATCH, _READ_BATCH)
        self.alarm_filters: tuple[str, ...] = ()
        self.on_change: Callable[[], None] = lambda: None
        """Called when systems or capabilities became known."""
        self._capabilities = Capabilities()
        self._missing: tuple[Capability, ...] = ()
        self._lost: dict[Capability, str] = {}
        self._logs: dict[str, list[str]] = {}

    @property
    def is_known(self) -> bool:
        """See `SpokenClient.is_known`."""
        return self.dialect is not None

    @property
    def session(self) -> Session | None:
        """The login, without its token."""
        return self.keeper.session

    @property
    def product(self) -> str:
        """See `SpokenClient.product`."""
        version = self.dialect.version if self.dialect is not None else ""
        return f"{INFO.product} {version}".strip()

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def set_reason(self, capability: Capability, reason: str) -> None:
        """Say why something is missing that the schema has; "" when it is there."""
        if reason != self._lost.get(capability, ""):
            self._lost[capability] = reason
            self._refresh()

    def _refresh(self) -> None:
        if self.dialect is not None:
            self._capabilities = self.dialect.capabilities(
                dict.fromkeys(self._missing, RIGHT_MISSING) | self._lost
            )
            self.on_change()

    async def prepare(self) -> None:
        """After login: read the schema once, and find out what this user may do.

        Raises:
            NotAllowed: the user may not even read.
        """
        if self.dialect is None:
            self.dialect = UnifiedDialect(await self._introspect())
        await self.find_rights()
        if self.dialect.schema.assumed:
            await self._learn_schema()

    async def _introspect(self) -> Schema:
        for question in (INTROSPECTION, PLAIN_INTROSPECTION):
            try:
                answer = await self.keeper.execute(question)
                told = result_of(decode_answer(answer.body), "__schema", answer.status)
            except LoginFailed:
                raise
            except (ServerRefused, ProtocolError, NotAllowed) as problem:
                log.info("introspection refused: %s", problem.message)
                continue
            schema = schema_from_introspection(told)
            if schema is not None and schema.query:
                return schema
        log.info("the schema is not told, assuming the documented one")
        return assumed_schema()

    async def _learn_schema(self) -> None:
        """Where the schema is only assumed: ask for nothing of each kind. A server that lacks a
        part says so, and what it lacks is not asked for again (see `_ask`).
        """
        dialect, now_ns = self._dialect(), time.time_ns()
        earlier_ns = now_ns - _A_SECOND_NS
        questions: tuple[Callable[[], Operation], ...] = (
            lambda: dialect.read((), direct=True),
            lambda: dialect.browse(["*::" + _NO_NAME], [TagKind.TAG], "en-US"),
            lambda: dialect.history((_NO_NAME,), earlier_ns, now_ns, most=1, bounding=True),
            lambda: dialect.active_alarms("", "en-US"),
            lambda: dialect.logged_alarms(earlier_ns, now_ns, "", "en-US", 1),
        )
        for make in questions:
            try:
                await self._ask(make)
            except LoginFailed:
                raise
            except (ServerRefused, ProtocolError, NotAllowed) as problem:
                log.debug("not to be had: %s", problem.message)

    async def _ask(
        self,
        make: Callable[[], Operation],
        *,
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
        harmless: bool = False,
        taker: BodyTaker | None = None,
    ) -> Answer:
        """Send an operation. Where the server says that parts of the document do not exist, it is
        asked anew without them: a document of wrong types was never run. A change is never sent
        again, unless it is `harmless` (empty): what was learned serves the next one.

        Raises:
            as `SessionKeeper.execute`.
        """
        for _ in range(_MOST_LESSONS):
            operation = make()
            try:
                return await self.keeper.execute(
                    operation, most_bytes=most_bytes, timeout_s=timeout_s, taker=taker
                )
            except DocumentRefused as problem:
                dialect = self._dialect()
                learned = dialect.learn(operation, problem)
                if learned:
                    self._refresh()
                if operation.changes_plant and not harmless:
                    if learned:
                        raise _asked_wrongly(problem) from problem
                    raise
                if not learned:
                    raise
        return await self.keeper.execute(
            make(), most_bytes=most_bytes, timeout_s=timeout_s, taker=taker
        )

    def _said(self, error: ItemError | None) -> ItemError | None:
        """What a server says of an item; like any error it may repeat what it was sent."""
        if error is None:
            return None
        secrets = self.keeper.secrets
        return ItemError(black_out(error.code, secrets), black_out(error.description, secrets))

    async def find_rights(self) -> None:
        """Ask without changing anything: an empty list of reads, and an empty list of writes.

        No query tells rights. A list without items can do nothing, but a user without the right
        is refused it. Acknowledging is not tried: the same right covers it, and what an empty
        list would mean to it is not documented.

        Raises:
            NotAllowed: no read access at all.
        """
        dialect = self._dialect()
        missing: tuple[Capability, ...] = ()
        if "tagValues" in dialect.schema.query:
            try:
                await self._ask(lambda: dialect.read(()))
            except NotAllowed as problem:
                if isinstance(problem, SessionExpired):
                    raise
                raise NotAllowed(
                    "“{user}” is logged in, but may not use the GraphQL interface.",
                    cure="Give the user the right “GraphQL read access” or “GraphQL read/write access”.",
                    code=problem.code,
                    user=self.keeper.user,
                ) from problem
            except (ServerRefused, ProtocolError):
                log.debug("reading nothing was refused; only FORBIDDEN would mean something")
        if "writeTagValues" in dialect.schema.mutation:
            try:
                await self._ask(lambda: dialect.write(()), harmless=True)
            except NotAllowed as problem:
                if isinstance(problem, SessionExpired):
                    raise
                missing = WRITING
            except (ServerRefused, ProtocolError):
                log.debug("writing nothing was refused; only FORBIDDEN would mean something")
            except NotReachable as problem:
                if not problem.may_have_arrived:
                    raise
                # Reading went well just before: a server that answers no writes is still read.
                log.info("writing nothing was not answered: %s", problem.message)
        self._missing = missing
        self._refresh()

    def _dialect(self) -> UnifiedDialect:
        if self.dialect is None:
            raise NotReachable(
                "There is no connection to {host} yet.",
                cure="Wait until it is connected.",
                code="not_connected",
                host=self.keeper.transport.endpoint.host,
            )
        return self.dialect

    async def hello(self, *, timeout_s: float | None = None) -> None:
        """The smallest round trip.

        Raises:
            as `SessionKeeper.execute`.
        """
        await self.keeper.execute(HELLO, timeout_s=timeout_s)

    # Browse

    async def browse(
        self,
        patterns: Sequence[str] = (),
        kinds: Sequence[TagKind] = (),
        *,
        language: str = "en-US",
        on_items: OnItems | None = None,
    ) -> list[BrowseItem]:
        """See `ports.PlantClient.browse`. Decoded while it arrives, with a breath between chunks."""
        filters = browse_filters(patterns)
        matches = pattern_matcher(patterns) if patterns else None
        taker = BrowseTaker(matches, frozenset(kinds), on_items)
        answer = await self._ask(
            lambda: self._dialect().browse(filters, kinds, language),
            most_bytes=MOST_BROWSE_BYTES,
            timeout_s=_BROWSE_TIMEOUT_S,
            taker=taker,
        )
        await taker.finish(answer.body)
        systems = tuple(dict.fromkeys((*self.systems, *taker.systems)))
        if systems != self.systems:
            self.systems = systems
            self.on_change()
        return taker.items

    # Values

    async def read(self, names: Sequence[str], *, direct: bool = False) -> list[Sample]:
        """See `ports.PlantClient.read`."""
        found: dict[str, Sample] = {}
        for batch in name_batches(names, most=_READ_BATCH):
            found.update(await self._read_batch(batch, direct))
        now_ns = time.time_ns()
        missing = {name: Sample(name, None, BAD, None, now_ns, NOT_RETURNED) for name in names}
        return [found.get(name) or missing[name] for name in names]

    async def _read_batch(self, names: list[str], direct: bool) -> dict[str, Sample]:
        try:
            answer = await self._ask(lambda: self._dialect().read(names, direct=direct))
        except BodyTooLarge:
            if len(names) == 1:
                raise
            half = len(names) // 2
            first = await self._read_batch(names[:half], direct)
            return first | await self._read_batch(names[half:], direct)
        received_ns = time.time_ns()
        echoes = Echoes(names)
        samples: dict[str, Sample] = {}
        for body in tag_bodies(answer.body, answer.status):
            if body is None:
                continue
            typed = isinstance(body, TagBody)
            echo = body.name if typed else body.get("name") if isinstance(body, dict) else None
            name = echoes.find(str(echo)) if echo else names[0] if len(names) == 1 else None
            if name is None:
                continue
            sample = (
                sample_from_body(body, name, received_ns)
                if typed
                else sample_from_json(body, name, received_ns)
            )
            if sample.error is not None:
                sample = sample._replace(error=self._said(sample.error))
            elif sample.value is None and sample.time_ns is None and not sample.quality.text:
                sample = sample._replace(quality=BAD, error=NO_VALUE)
            samples[name] = sample
        return samples

    async def write(self, items: Sequence[WriteItem]) -> list[WriteReply]:
        """See `ports.PlantClient.write`."""
        if not items:
            return []
        shorts = [short_name(item.name) for item in items]
        if len(set(shorts)) != len(shorts):
            raise UsageError(
                "One of these tags would be written twice in one call.",
                cure="Write them one after the other.",
            )
        answer = await self._ask(lambda: self._dialect().write(items))
        body = result_of(decode_answer(answer.body), "writeTagValues", answer.status)
        echoes = Echoes(item.name for item in items)
        replies: dict[str, WriteReply] = {}
        for entry in body if isinstance(body, list) else []:
            if isinstance(entry, dict):
                echo = entry.get("name")
                name = echoes.find(str(echo)) if echo else None
                if name is None and len(items) == 1:
                    name = items[0].name
                if name is not None:
                    error = self._said(error_from_json(entry.get("error")))
                    replies[name] = WriteReply(name, error)
        # What the answer leaves out stays out: nobody knows what became of it.
        return [replies[item.name] for item in items if item.name in replies]

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
        found = await read_history(
            self._ask,
            self._dialect(),
            names,
            start_ns,
            end_ns,
            limit=limit,
            bounding=bounding,
            logging_tags=self._logging_tags,
        )
        return [replace(one, error=self._said(one.error)) if one.error else one for one in found]

    async def _logging_tags(self, name: str) -> list[str]:
        """Logging tags of a tag, for servers that take no other names; empty without a browse."""
        if Capability.BROWSE not in self._capabilities:
            return []
        known = self._logs.get(name)
        if known is None:
            items = await self.browse([f"{name}:*"], [TagKind.LOGGING_TAG])
            known = self._logs[name] = [item.name for item in items]
        return known

    # Alarms

    async def active_alarms(self, *, filter_text: str = "", language: str = "en-US") -> list[Alarm]:
        """See `ports.PlantClient.active_alarms`."""
        return await self._alarms(
            "activeAlarms", lambda lang: self._dialect().active_alarms(filter_text, lang), language
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
        """See `ports.PlantClient.logged_alarms`."""
        records = await self._alarms(
            "loggedAlarms",
            lambda lang: self._dialect().logged_alarms(start_ns, end_ns, filter_text, lang, limit),
            language,
        )
        records.sort(key=lambda alarm: alarm.modification_time_ns or 0, reverse=True)
        return records[:limit] if limit else records

    async def _alarms(
        self, root: str, make: Callable[[str], Operation], language: str
    ) -> list[Alarm]:
        try:
            answer = await self._ask(lambda: make(language))
        except ServerRefused as problem:
            # A language that the runtime does not have is refused as a whole (code 302).
            if problem.code != "302" or language == "en-US":
                raise
            answer = await self._ask(lambda: make("en-US"))
        alarms: list[Alarm] = []
        for rows in list_chunks(answer.body, root):
            alarms += alarms_from_json(rows)
            await asyncio.sleep(0)
        return alarms

    async def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> list[AlarmReply]:
        """See `ports.PlantClient.alarm_action`. A broken connection is an answer of its own."""
        if not keys:
            return []
        operation = self._dialect().alarm_action(action, keys)
        try:
            answer = await self._ask(lambda: self._dialect().alarm_action(action, keys))
        except NotReachable as problem:
            error = ItemError(problem.code, problem.message)
            return [
                AlarmReply(
                    key, error, sent=problem.may_have_arrived, uncertain=problem.may_have_arrived
                )
                for key in keys
            ]
        body = result_of(decode_answer(answer.body), operation.result, answer.status)
        replies = alarm_replies(body, list(keys))
        return [replace(one, error=self._said(one.error)) if one.error else one for one in replies]


def _asked_wrongly(problem: DocumentRefused) -> ServerRefused:
    """The server does not tell its schema, and takes changes in another form than was assumed."""
    return ServerRefused(
        "The server did not take the form of the request, so nothing was done: {said}",
        cure="Do it again: Tagwerk knows the form now.",
        code=problem.code,
        said=problem.message,
    )
