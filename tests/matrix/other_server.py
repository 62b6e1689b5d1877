"""A second server for the same interface, written apart from the first: GraphQL by the plain
executor of graphql-core, hand-made resolvers, other names of types, other habits, strict in what
it takes. Nothing of the demo plant is used, so that the desk cannot have learnt its ways.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import re
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from graphql import (
    GraphQLError,
    build_schema,
    execute,
    get_operation_ast,
    parse,
    subscribe,
    validate,
)

from matrix.other_plant import ALARM_TEXTS, SECOND_NS, SINGLE, OtherPlant, Refused, Standing

SDL = """
schema { query: Fragen mutation: Taten subscription: Zusehen }
scalar Beliebig
scalar Zeit
enum Art { ALARM LOGGINGTAG SIMPLETAG STRUCTURETAG TAG }
enum Reihenfolge { TIME_DESC TIME_ASC }
enum Rand { LEFTRIGHT_BOUNDING_VALUES NO_BOUNDING_VALUES }
enum Zustand { RAISED RAISED_CLEARED RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED_CLEARED RAISED_CLEARED_ACKNOWLEDGED }
type Fehler { description: String code: Int! }
type Guete { quality: String! subStatus: String nurHier: Int }
type Messung { quality: Guete timestamp: Zeit value: Beliebig }
type Lesung { error: Fehler value: Messung name: String! nurHier: String }
type Neuigkeit { notificationReason: String! error: Fehler value: Messung name: String! }
type Fund { dataType: String objectType: Art! displayName: String name: String! }
type Eintrag { flags: [String!] value: Messung! }
type Reihe { values: [Eintrag] error: Fehler loggingTagName: String }
type Benutzer { name: String! groups: [Gruppe] id: Int }
type Gruppe { name: String }
type Anmeldung { expires: Zeit error: Fehler token: String user: Benutzer }
type Antwort { error: Fehler name: String! }
type AlarmAntwort { error: Fehler alarmInstanceID: Int alarmName: String! }
interface Meldung { name: String! instanceID: Int! }
type AktiveMeldung implements Meldung {
  eventText: [String!]! state: Zustand! userResponse: String instanceID: Int! name: String! raiseTime: Zeit
  modificationTime: Zeit acknowledgmentTime: Zeit clearTime: Zeit userName: String priority: Int connection: String
  nurHier: Boolean
}
type GemeldeteMeldung implements Meldung {
  notificationReason: String! eventText: [String!]! state: Zustand! userResponse: String instanceID: Int! name: String!
  raiseTime: Zeit modificationTime: Zeit acknowledgmentTime: Zeit clearTime: Zeit userName: String priority: Int
}
type AlteMeldung implements Meldung {
  modificationTime: Zeit! state: Zustand! instanceID: Int! name: String! eventText: [String!]! hasComments: Boolean
}
input Schreibauftrag { quality: String = null timestamp: Zeit name: String! value: Beliebig! }
input Quittung { instanceID: Int! name: String! }
type Fragen {
  browse(language: String! = "de-DE", objectTypeFilters: [Art!]! = [], nameFilters: [String!]! = []): [Fund!]!
  tagValues(directRead: Boolean! = false, names: [String]): [Lesung]!
  loggedTagValues(
    boundingValuesMode: Rand! = NO_BOUNDING_VALUES, sortingMode: Reihenfolge = TIME_ASC, maxNumberOfValues: Int! = 0,
    endTime: Zeit!, startTime: Zeit!, names: [String!]!
  ): [Reihe!]
  activeAlarms(languages: [String!]! = ["de-DE"], filterString: String, filterLanguage: String): [AktiveMeldung!]!
  loggedAlarms(languages: [String!]! = ["de-DE"], startTime: Zeit!, endTime: Zeit!): [AlteMeldung!]!
  uhrzeit: Zeit
}
type Taten {
  login(password: String!, username: String!): Anmeldung!
  logout(allSessions: Boolean): Boolean!
  extendSession: Anmeldung
  writeTagValues(input: [Schreibauftrag!]!): [Antwort!]!
  acknowledgeAlarms(input: [Quittung!]!): [AlarmAntwort!]!
  resetAlarms(input: [Quittung!]!): [AlarmAntwort!]!
  shelveAlarms(names: [String!]!, begruendung: String!): [AlarmAntwort!]!
}
type Zusehen {
  tagValues(names: [String!]!): Neuigkeit!
  activeAlarms(languages: [String!]! = ["de-DE"]): GemeldeteMeldung!
}
"""
USERS = {"meister": ("Geheim!1", True), "gast": ("Offen-2", False)}
"""Passwords, and who may write and see everything."""
MOST_ROWS = 90


def stamp(time_ns: int) -> str | None:
    """Six digits, no Z; nothing for "not set"."""
    if not time_ns:
        return None
    moment = dt.datetime.fromtimestamp(time_ns // SECOND_NS, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ns % SECOND_NS // 1000:06d}"


def nanoseconds(text: str) -> int:
    """What a client sends; must say that it is UTC."""
    if not text.endswith("Z"):
        raise GraphQLError(f"Zeit ohne Zone: {text}")
    moment = dt.datetime.fromisoformat(text)
    return int(moment.timestamp()) * SECOND_NS + moment.microsecond * 1000


def fault(problem: Refused | None) -> dict[str, Any] | None:
    """An item's error: nothing when all is well."""
    return None if problem is None else {"code": problem.code, "description": None}


class Unfit(Exception):
    """A document that cannot be run."""

    def __init__(self, problems: list[GraphQLError]) -> None:
        super().__init__(problems[0].message)
        self.formatted = [dict(problem.formatted) for problem in problems]


class OtherServer:
    """See the module.

    Args:
        plant: what is served.
        introspection: the errors that asking for the schema is answered with; none: the schema.
    """

    def __init__(self, plant: OtherPlant, introspection: tuple[dict[str, Any], ...] = ()) -> None:
        self.plant = plant
        self.introspection = list(introspection)
        self.tokens: dict[str, str] = {}
        self.schema = build_schema(SDL)
        for kind in ("query", "mutation"):
            for name, field in getattr(self.schema, f"{kind}_type").fields.items():
                field.resolve = getattr(self, f"{kind}_{name}", None)
        for name, field in self.schema.subscription_type.fields.items():
            field.subscribe = getattr(self, f"watch_{name}")
            field.resolve = lambda event, _info, **_arguments: event
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._ticker: asyncio.Task[None] | None = None

    # Serving

    async def start(self, context: Any) -> None:
        """Listen on a free port of this computer."""
        application = web.Application(client_max_size=2**20)
        application.router.add_post("/graphql/", self.answer)
        application.router.add_get("/graphql/", self.talk)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._ticker = asyncio.create_task(self._move(), name="other plant")

    async def stop(self) -> None:
        """Stop listening."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _move(self) -> None:
        turns = 0.0
        while True:
            await asyncio.sleep(0.05)
            turns += 0.25
            self.plant.put("Werk Süd::Drehzahl", turns, time.time_ns())

    async def answer(self, request: web.Request) -> web.Response:
        """One question."""
        if request.headers.get("Content-Type") != "application/json":
            return self._reply({"errors": ["nur application/json"]}, 415)
        body = json.loads(await request.read())
        word, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self.tokens.get(token) if word == "Bearer" else None
        try:
            document, variables = self._checked(body)
        except Unfit as problem:
            return self._reply({"errors": problem.formatted, "data": None}, 200)
        operation = get_operation_ast(document)
        roots = {one.name.value for one in operation.selection_set.selections}
        if "__schema" in roots and self.introspection:
            return self._reply({"errors": self.introspection}, 200)
        if user is None and not roots <= {"login", "__typename"}:
            return self._reply({"message": "jwt expired", "statusCode": 401}, 401)
        result = execute(
            self.schema, document, variable_values=variables, context_value=(user, token)
        )
        answer: dict[str, Any] = {"extensions": {"dauer": 1}}
        if result.errors:
            answer["errors"] = [one.formatted for one in result.errors]
        answer["data"] = result.data
        return self._reply(answer, 200)

    @staticmethod
    def _reply(body: Any, status: int) -> web.Response:
        return web.Response(
            text=json.dumps(body), status=status, content_type="application/graphql-response+json"
        )

    def _checked(self, body: Any) -> tuple[Any, dict[str, Any]]:
        """Strict: only what the protocol knows, every variable declared and used.

        Raises:
            Unfit: anything else.
        """
        if not isinstance(body, dict) or not set(body) <= {"query", "variables", "operationName"}:
            raise Unfit([GraphQLError("unbekannte Schlüssel im Auftrag")])
        document = parse(body["query"])
        problems = validate(self.schema, document)
        if problems:
            raise Unfit(problems)
        variables = body.get("variables") or {}
        declared = {
            one.variable.name.value
            for one in get_operation_ast(document).variable_definitions or ()
        }
        if set(variables) != declared:
            raise Unfit([GraphQLError(f"Variablen {sorted(variables)}, nicht {sorted(declared)}")])
        if any(value is None for value in variables.values()):
            raise Unfit([GraphQLError("null ist hier kein Wert")])
        return document, variables

    # The protocol of the WebSocket

    async def talk(self, request: web.Request) -> web.StreamResponse:
        """graphql-transport-ws, to the letter."""
        socket = web.WebSocketResponse(protocols=("graphql-transport-ws",))
        await socket.prepare(request)
        running: dict[str, asyncio.Task[None]] = {}
        user: str | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT or socket.ws_protocol is None:
                    await socket.close(code=4400)
                    break
                body = json.loads(message.data)
                kind, name = body.get("type"), body.get("id")
                if kind == "connection_init" and user is None:
                    token = body["payload"]["Authorization"].removeprefix("Bearer ")
                    user = self.tokens.get(token)
                    if user is None:
                        await socket.close(code=4403, message=b"Forbidden")
                        break
                    await socket.send_str('{"payload": null, "type": "connection_ack"}')
                elif user is None:
                    await socket.close(code=4401, message=b"Unauthorized")
                elif kind == "subscribe" and name not in running:
                    running[name] = asyncio.create_task(
                        self._serve(socket, name, body["payload"], user), name=f"watch {name}"
                    )
                elif kind == "complete":
                    task = running.pop(name, None)
                    if task is not None:
                        task.cancel()
                elif kind not in ("pong",):
                    await socket.close(code=4400, message=b"Bad message")
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)
        return socket

    async def _serve(self, socket: Any, name: str, payload: Any, user: str) -> None:
        def text(kind: str, inner: Any) -> str:
            return json.dumps({"payload": inner, "id": name, "type": kind})

        try:
            document, variables = self._checked(payload)
        except Unfit as problem:
            await socket.send_str(text("error", problem.formatted))
            return
        found = subscribe(
            self.schema, document, variable_values=variables, context_value=(user, "")
        )
        if hasattr(found, "__await__"):
            found = await found
        if hasattr(found, "errors"):
            await socket.send_str(text("error", [one.formatted for one in found.errors]))
            return
        with contextlib.suppress(ConnectionError):
            async for result in found:
                await socket.send_str(text("next", result.formatted))

    @asynccontextmanager
    async def _listening(self, what: str) -> AsyncIterator[asyncio.Queue[Any]]:
        queue: asyncio.Queue[Any] = asyncio.Queue()

        def listener(kind: str, name: str, reason: str, thing: Any) -> None:
            if kind == what:
                queue.put_nowait((name, reason, thing))

        self.plant.listeners.append(listener)
        try:
            yield queue
        finally:
            self.plant.listeners.remove(listener)

    async def watch_tagValues(self, _root: Any, info: Any, names: list[str]) -> AsyncIterator[Any]:
        """Each tag once, then its changes."""
        full = {self._full(name) for name in names}
        async with self._listening("tag") as queue:
            for name in full:
                yield {**self._reading(name), "notificationReason": "Added"}
            while True:
                name, reason, _ = await queue.get()
                if name in full:
                    yield {**self._reading(name), "notificationReason": reason}

    async def watch_activeAlarms(
        self, _root: Any, info: Any, languages: list[str]
    ) -> AsyncIterator[Any]:
        """What stands, then the changes."""
        async with self._listening("alarm") as queue:
            for one in list(self.plant.standing.values()):
                yield {**self._alarm(one, languages), "notificationReason": "Added"}
            while True:
                _, reason, one = await queue.get()
                yield {**self._alarm(one, languages), "notificationReason": reason}

    # Tags

    @staticmethod
    def _full(name: str) -> str:
        return name if "::" in name else f"Werk Süd::{name}"

    def _reading(self, name: str) -> dict[str, Any]:
        tag = self.plant.tags.get(name)
        if tag is None:
            inner = any(other.startswith(f"{name}.") for other in self.plant.tags)
            problem = Refused(202 if inner else 2, "")
            return {"name": name, "value": None, "error": fault(problem)}
        value = {
            "value": tag.value,
            "timestamp": stamp(tag.time_ns),
            "quality": {"quality": tag.quality},
        }
        return {"name": name, "value": value, "error": None}

    @staticmethod
    def _sees(info: Any, name: str) -> bool:
        return USERS[info.context[0]][1] or "Geheim" not in name

    def query_tagValues(
        self, _root: Any, info: Any, names: Any = (), directRead: bool = False
    ) -> Any:
        """Last asked, first answered."""
        full = [self._full(name) for name in names or ()]
        return [self._reading(name) for name in reversed(full) if self._sees(info, name)]

    def query_browse(
        self, _root: Any, info: Any, language: str, objectTypeFilters: Any, nameFilters: Any
    ) -> Any:
        """Generous: what a star stands for here is anything."""
        patterns = [
            re.compile(re.escape(one).replace(r"\*", ".*").replace(r"\?", "."))
            for one in nameFilters
        ]
        return [
            one
            for one in self.objects()
            if self._sees(info, one["name"])
            and (not patterns or any(pattern.fullmatch(one["name"]) for pattern in patterns))
            and (
                not objectTypeFilters
                or one["objectType"] in objectTypeFilters
                or ("TAG" in objectTypeFilters and one["objectType"] == "SIMPLETAG")
            )
        ]

    def objects(self) -> list[dict[str, Any]]:
        """Everything that has a name; elements of arrays are none."""
        found = [{"name": "Werk Süd::Schieber", "objectType": "STRUCTURETAG", "dataType": None}]
        for name, tag in self.plant.tags.items():
            if "[" not in name:
                found.append({"name": name, "objectType": "SIMPLETAG", "dataType": tag.kind})
        logs = [f"{name}:Archiv" for name in ("Werk Süd::Drehzahl", "Werk Süd::Füllstand")]
        for kind, names in (("LOGGINGTAG", logs), ("ALARM", list(ALARM_TEXTS))):
            found += [{"name": name, "objectType": kind, "dataType": None} for name in names]
        return found

    def query_loggedTagValues(
        self,
        _root: Any,
        info: Any,
        names: list[str],
        startTime: str,
        endTime: str,
        maxNumberOfValues: int,
        sortingMode: str,
        boundingValuesMode: str,
    ) -> Any:
        """At most ninety rows, whatever is asked."""
        start_ns, end_ns = nanoseconds(startTime), nanoseconds(endTime)
        series = []
        for asked in names:
            name = self._full(asked).removesuffix(":Archiv")
            if name not in ("Werk Süd::Drehzahl", "Werk Süd::Füllstand"):
                code = 3 if name in self.plant.tags else 2
                problem = Refused(code, "")
                series.append({"loggingTagName": None, "error": fault(problem), "values": None})
                continue
            rows = self.plant.logged(name, start_ns, end_ns)
            if sortingMode == "TIME_DESC":
                rows.reverse()
            rows = rows[: min(maxNumberOfValues or MOST_ROWS, MOST_ROWS)]
            if boundingValuesMode == "LEFTRIGHT_BOUNDING_VALUES":
                before = self.plant.logged(name, start_ns - 60 * SECOND_NS, start_ns - 1)[-1:]
                rows = rows + before if sortingMode == "TIME_DESC" else before + rows
            values = [
                {
                    "value": {
                        "value": v,
                        "timestamp": stamp(t),
                        "quality": {"quality": "GOOD_CASCADE"},
                    },
                    "flags": None,
                }
                for t, v in rows
            ]
            series.append({"loggingTagName": f"{name}:Archiv", "error": None, "values": values})
        return series

    def mutation_writeTagValues(self, _root: Any, info: Any, input: list[Any]) -> Any:
        """One after the other; the replies in the order of the alphabet."""
        self._must_write(info)
        replies = []
        for item in input:
            name = self._full(item["name"])
            problem = None
            try:
                self.plant.write(name, item["value"], time.time_ns())
            except Refused as refused:
                problem = refused
            replies.append({"name": name, "error": fault(problem)})
        return sorted(replies, key=lambda reply: reply["name"])

    @staticmethod
    def _must_write(info: Any) -> None:
        if not USERS[info.context[0]][1]:
            raise GraphQLError("Keine Berechtigung", extensions={"code": "FORBIDDEN"})

    # Alarms

    @staticmethod
    def _alarm(one: Standing, languages: list[str]) -> dict[str, Any]:
        texts = dict(zip(("en-US", "de-DE"), ALARM_TEXTS[one.name], strict=True))
        waits = one.acknowledged_ns == 0
        needed = "SINGLE_ACKNOWLEDGEMENT" if one.name == SINGLE else "ACKNOWLEDGEMENT"
        may_reset = one.name == SINGLE and one.cleared_ns and not waits
        return {
            "name": one.name,
            "instanceID": one.number,
            "state": one.state,
            "userResponse": needed if waits else "SINGLE_RESET" if may_reset else "NONE",
            "eventText": [texts[language] for language in languages],
            "raiseTime": stamp(one.raised_ns),
            "modificationTime": stamp(one.changed_ns),
            "acknowledgmentTime": stamp(one.acknowledged_ns),
            "clearTime": stamp(one.cleared_ns),
            "userName": one.who or None,
            "priority": 12,
        }

    def query_activeAlarms(
        self, _root: Any, info: Any, languages: list[str], filterString: Any = None, **_other: Any
    ) -> Any:
        """What stands."""
        return [self._alarm(one, languages) for one in self.plant.standing.values()]

    def query_loggedAlarms(
        self, _root: Any, info: Any, languages: list[str], startTime: str, endTime: str
    ) -> Any:
        """Oldest first."""
        start_ns, end_ns = nanoseconds(startTime), nanoseconds(endTime)
        return [
            self._alarm(one, languages)
            for one in self.plant.records
            if start_ns < one.changed_ns < end_ns
        ]

    def mutation_acknowledgeAlarms(self, _root: Any, info: Any, input: list[Any]) -> Any:
        """The whole call or nothing where one wants to be alone."""
        self._must_write(info)
        if len(input) > 1 and any(item["name"] == SINGLE for item in input):
            raise GraphQLError("Einzelquittierung", extensions={"code": 305})
        return self._each(
            input,
            lambda name, number: self.plant.acknowledge(
                name, number, info.context[0], time.time_ns()
            ),
        )

    def mutation_resetAlarms(self, _root: Any, info: Any, input: list[Any]) -> Any:
        """Each for itself."""
        self._must_write(info)
        return self._each(
            input, lambda name, number: self.plant.reset(name, number, time.time_ns())
        )

    @staticmethod
    def _each(items: list[Any], do: Any) -> list[dict[str, Any]]:
        replies = []
        for item in items:
            problem = None
            try:
                do(item["name"], item["instanceID"])
            except Refused as refused:
                problem = refused
            replies.append(
                {
                    "alarmName": item["name"],
                    "alarmInstanceID": item["instanceID"],
                    "error": fault(problem),
                }
            )
        return replies

    # Sessions

    def mutation_login(self, _root: Any, info: Any, username: str, password: str) -> Any:
        """A token that says nothing."""
        if USERS.get(username, ("",))[0] != password:
            return {"error": {"code": 101, "description": "abgelehnt"}, "token": None}
        token = uuid.uuid4().hex
        self.tokens[token] = username
        return self._session(username, token)

    def mutation_extendSession(self, _root: Any, info: Any) -> Any:
        """Another token each time; the old one stays good."""
        user, token = info.context
        return self._session(user, token)

    @staticmethod
    def _session(user: str, token: str) -> dict[str, Any]:
        until_ns = time.time_ns() + 600 * SECOND_NS
        return {"token": token, "expires": stamp(until_ns), "user": {"name": user, "groups": None}}

    def mutation_logout(self, _root: Any, info: Any, allSessions: bool = False) -> Any:
        """This one only."""
        return self.tokens.pop(info.context[1], None) is not None
