"""A small server of our own for the link's tests: speaks just enough, and every fault on demand.

It shares no code with the desk or the demo plant.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
import threading

from aiohttp import WSMsgType, web

ROOT = re.compile(r"\{\s*(\w+)")
NORMAL = object()


def _passing_over_a_double_end(loop, context):
    """A client that leaves while much is being sent to it may end asyncio's transport twice.

    ``_write_ready`` resumes the TLS protocol, which writes on and meets the reset: the end is put
    on the loop, and then done at once as well, since the buffer is empty by now.
    """
    error = context.get("exception")
    if isinstance(error, AttributeError) and "_call_connection_lost" in str(context.get("handle")):
        return
    loop.default_exception_handler(context)


def value(number, *, time="2026-06-18T12:00:00.000Z", quality="GOOD_CASCADE"):
    return {
        "value": number,
        "timestamp": time,
        "quality": {"quality": quality, "subStatus": "NON_SPECIFIC"},
    }


def scalar(name):
    return {"kind": "SCALAR", "name": name, "ofType": None}


def listed(name, kind="OBJECT"):
    return {"kind": "LIST", "name": None, "ofType": {"kind": kind, "name": name, "ofType": None}}


def fields(**types):
    return [{"name": name, "args": [], "type": type_} for name, type_ in types.items()]


def root(name, type_, **arguments):
    return {
        "name": name,
        "args": [{"name": argument, "type": scalar(text)} for argument, text in arguments.items()],
        "type": type_,
    }


ALARM_FIELDS = [
    "name",
    "instanceID",
    "state",
    "eventText",
    "priority",
    "modificationTime",
    "raiseTime",
    "userResponse",
    "stateMachine",
    "languages",
]


def introspection(*, v19=False):
    """A cut-down schema, hand-made: V20, or one without what V19 lacks."""
    object_ = lambda name: {"kind": "OBJECT", "name": name, "ofType": None}  # noqa: E731
    alarm_arguments = {
        "filterString": "String",
        "filterLanguage": "String",
        "languages": "[String]",
    }
    query = [
        root("tagValues", listed("TagValueResult"), names="[String!]!")
        if v19
        else root("tagValues", listed("TagValueResult"), names="[String!]!", directRead="Boolean"),
        root("activeAlarms", listed("ActiveAlarm"), **alarm_arguments),
        root(
            "loggedAlarms",
            listed("ActiveAlarm"),
            startTime="Timestamp",
            endTime="Timestamp",
            **alarm_arguments,
        ),
        root("session", listed("Session")),
    ]
    if not v19:
        query += [
            root(
                "browse",
                listed("BrowseTagsResult"),
                nameFilters="[String]",
                objectTypeFilters="[ObjectTypesEnum]",
                language="String",
            ),
            root(
                "loggedTagValues",
                listed("LoggedTagValuesResult"),
                names="[String]!",
                startTime="Timestamp",
                endTime="Timestamp",
                maxNumberOfValues="Int",
                sortingMode="SortingEnum",
                boundingValuesMode="BoundingEnum",
            ),
        ]
    quality = fields(quality=scalar("QualityEnum"), subStatus=scalar("SubEnum"))
    types = [
        {"kind": "OBJECT", "name": "Query", "fields": query},
        {
            "kind": "OBJECT",
            "name": "Mutation",
            "fields": [
                root("login", object_("Session"), username="String!", password="String!"),
                root("extendSession", object_("Session")),
                root("logout", scalar("Boolean"), allSessions="Boolean"),
                root("writeTagValues", listed("WriteResult"), input="[TagValueInput]!"),
                root("acknowledgeAlarms", listed("AlarmResult"), input="[AlarmInput]!"),
                root("resetAlarms", listed("AlarmResult"), input="[AlarmInput]!"),
            ],
        },
        {
            "kind": "OBJECT",
            "name": "Subscription",
            "fields": [
                root("tagValues", object_("TagValueResult"), names="[String!]!"),
                root("activeAlarms", object_("ActiveAlarm"), **alarm_arguments),
                root("reduState", object_("ReduStateNotification")),
            ],
        },
        {
            "kind": "OBJECT",
            "name": "ReduStateNotification",
            "fields": fields(value=object_("ReduState"), notificationReason=scalar("String")),
        },
        {
            "kind": "OBJECT",
            "name": "ReduState",
            "fields": fields(value=scalar("String"), timestamp=scalar("Timestamp")),
        },
        {
            "kind": "OBJECT",
            "name": "TagValueResult",
            "fields": fields(name=scalar("String"), value=object_("Value"), error=object_("Error")),
        },
        {
            "kind": "OBJECT",
            "name": "WriteResult",
            "fields": fields(name=scalar("String"), error=object_("Error")),
        },
        {
            "kind": "OBJECT",
            "name": "AlarmResult",
            "fields": fields(
                alarmName=scalar("String"), alarmInstanceID=scalar("Int"), error=object_("Error")
            ),
        },
        {
            "kind": "OBJECT",
            "name": "Value",
            "fields": fields(
                value=scalar("Variant"), timestamp=scalar("Timestamp"), quality=object_("Quality")
            ),
        },
        {"kind": "OBJECT", "name": "Quality", "fields": quality},
        {
            "kind": "OBJECT",
            "name": "Error",
            "fields": fields(code=scalar("String"), description=scalar("String")),
        },
        {
            "kind": "OBJECT",
            "name": "ActiveAlarm",
            "fields": fields(
                **dict.fromkeys(ALARM_FIELDS, scalar("String")),
                **(
                    {"connection": scalar("String"), "tag": scalar("String")}
                    if v19
                    else {"connectionName": scalar("String"), "path": scalar("String")}
                ),
            ),
        },
        {
            "kind": "OBJECT",
            "name": "BrowseTagsResult",
            "fields": fields(
                name=scalar("String"),
                displayName=scalar("String"),
                objectType=scalar("String"),
                dataType=scalar("String"),
            ),
        },
        {
            "kind": "OBJECT",
            "name": "LoggedTagValuesResult",
            "fields": fields(
                loggingTagName=scalar("String"),
                error=object_("Error"),
                values=listed("LoggedValue"),
            ),
        },
        {
            "kind": "OBJECT",
            "name": "LoggedValue",
            "fields": fields(value=object_("Value"), flags=listed("FlagEnum", "ENUM")),
        },
    ]
    return {
        "queryType": {"name": "Query"},
        "mutationType": {"name": "Mutation"},
        "subscriptionType": {"name": "Subscription"},
        "types": types,
    }


class TinyServer:
    """Faults are attributes; what happened is in `calls` and `sockets`."""

    def __init__(self) -> None:
        self.tags = {"HMI_RT_1::A": value(1.5), "HMI_RT_1::B": value(2)}
        self.alarms: list[dict] = []
        self.log: list[tuple[str, float]] = []
        self.log_cap = 0
        self.tokens: set[str] = set()
        self.lifetime_s = 3600.0
        self.calls: list[str] = []
        self.init_tokens: list[str] = []
        self.sockets: list[web.WebSocketResponse] = []
        self.subscriptions: dict[str, list[str]] = {}
        self.redundancy_ids: list = []
        self.alarm_id = ""
        self.schema = introspection()
        # Faults
        self.short_echo = False
        self.redirect = False
        self.body_limit = 0
        self.html = ""
        self.status = 0
        self.forbidden: set[str] = set()
        self.new_token_on_extend = False
        self.socket_status = 0
        self.init_close_code = 0
        self.refuse_name = ""
        self.forbidden_subscription = ""
        self.broken_on: str = ""
        self.write_error = None
        self.redundancy = ""
        """ACTIVE or PASSIVE; "" tells nothing."""
        self.answers_pings = True
        self.kills_sockets = ""
        """What becomes of each socket once it is acknowledged: ``abort`` or a close code."""
        self.login_answer = None
        """Instead of logging in: a Session object, or a response."""
        self.extend_answer = NORMAL
        """Instead of renewing: what ``extendSession`` gives."""
        self.expires = NORMAL
        """Instead of a time `lifetime_s` ahead."""
        self.url = ""
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._context: ssl.SSLContext | None = None
        self.port = 0

    async def _call(self, coroutine):
        """Run on the server's own thread, so that a test's loop holds only what is tested."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._loop))

    async def start(self, context: ssl.SSLContext | None = None, *, port: int = 0) -> None:
        self._loop = asyncio.SelectorEventLoop()
        self._loop.set_exception_handler(_passing_over_a_double_end)
        self._thread = threading.Thread(target=self._loop.run_forever, name="tiny server")
        self._thread.start()
        await self._call(self._start(context, port))

    async def stop(self) -> None:
        if self._runner is None:
            return
        await self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self, context: ssl.SSLContext | None, port: int) -> None:
        application = web.Application(client_max_size=2**24)
        application.router.add_post("/graphql/", self._post)
        application.router.add_post("/graphql", self._post)
        application.router.add_get("/graphql/", self._socket)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        self._context = context
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}/graphql/"

    async def _stop(self) -> None:
        runner, self._runner = self._runner, None
        # A connection that waits to be taken is taken now, so that it is closed below with the rest.
        for _ in range(10):
            await asyncio.sleep(0)
        self.break_sockets_here()
        await runner.cleanup()
        current = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not current]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        # Connections that a client broke off in the handshake still have to be noticed.
        await until(lambda: len(self._loop._selector.get_map()) <= 1)

    async def _post(self, request: web.Request) -> web.StreamResponse:
        if self.status:
            return web.Response(status=self.status, text=self.html or "no")
        if self.html:
            return web.Response(text=self.html, content_type="text/html")
        if self.redirect and request.path == "/graphql":
            return web.Response(status=301, headers={"Location": "/graphql/"})
        assert request.headers.get("apollo-require-preflight") == "true"
        raw = await request.read()
        if self.body_limit and len(raw) > self.body_limit:
            return web.Response(status=413, text="too large")
        body = json.loads(raw)
        name = ROOT.search(body["query"]).group(1)
        self.calls.append(name)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if name == self.broken_on:
            request.transport.abort()
            return web.Response()
        if name not in ("login", "__typename") and token not in self.tokens:
            return self._refuse("UNAUTHENTICATED", "Not logged in")
        if name in self.forbidden:
            return self._refuse("FORBIDDEN", "Access denied")
        answer = getattr(self, f"_do_{name.strip('_')}")(body.get("variables") or {})
        if isinstance(answer, web.Response):
            return answer
        return web.json_response({"data": {name: answer}})

    @staticmethod
    def _refuse(code: str, text: str) -> web.Response:
        error = {"message": text, "extensions": {"code": code}}
        return web.json_response({"errors": [error], "data": None})

    def _session(self, error=None):
        token = None if error else f"secret-token-{len(self.tokens)}-{len(self.calls)}"
        if token:
            self.tokens.add(token)
        import datetime as dt

        expires = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.lifetime_s)
        if self.expires is not NORMAL:
            return {**self._plain_session(token, error), "expires": self.expires}
        return {
            **self._plain_session(token, error),
            "expires": expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }

    @staticmethod
    def _plain_session(token, error):
        return {
            "token": token,
            "user": {
                "id": 1,
                "name": "operator",
                "fullName": "Olga Operator",
                "groups": [{"id": 1, "name": "Ops"}],
            },
            "error": error or {"code": "0", "description": "Succeeded"},
        }

    def _do_typename(self, variables):
        return "Query"

    def _do_login(self, variables):
        if self.login_answer is not None:
            return self.login_answer
        if variables["password"] != "right":
            return self._session({"code": "101", "description": "wrong"})
        return self._session()

    def _do_extendSession(self, variables):
        if self.extend_answer is not NORMAL:
            return self.extend_answer
        if self.new_token_on_extend:
            return self._session()
        return {**self._session(), "token": None}

    def _do_logout(self, variables):
        return True

    def _do_schema(self, variables):
        return self.schema

    def _echo(self, name):
        return name.partition("::")[2] or name if self.short_echo else name

    def _find(self, name):
        return next((full for full in self.tags if name in (full, full.partition("::")[2])), None)

    def _value_of(self, name):
        full = self._find(name)
        if full is None:
            return {
                "name": self._echo(name),
                "value": None,
                "error": {"code": "2", "description": "unknown"},
            }
        return {"name": self._echo(name), "value": self.tags[full], "error": None}

    def _do_tagValues(self, variables):
        return [self._value_of(name) for name in reversed(variables["names"])]

    def _do_writeTagValues(self, variables):
        for row in variables["input"]:
            if self._find(row["name"]):
                self.tags[self._find(row["name"])] = value(row["value"])
        return [
            {"name": self._echo(row["name"]), "error": self.write_error}
            for row in variables["input"]
        ]

    def _do_browse(self, variables):
        rows = [
            {"name": name, "displayName": name, "objectType": "Tag", "dataType": "LReal"}
            for name in self.tags
        ]
        return [
            *rows,
            {
                "name": "HMI_RT_1::A:Log",
                "displayName": "",
                "objectType": "LoggingTag",
                "dataType": None,
            },
        ]

    def _do_loggedTagValues(self, variables):
        start, end = variables["startTime"], variables["endTime"]
        rows = [(time, number) for time, number in self.log if start <= time <= end]
        if variables.get("sortingMode") == "TIME_DESC":
            rows.reverse()
        most = variables.get("maxNumberOfValues") or len(rows)
        rows = rows[: min(most, self.log_cap or most)]
        values = [{"value": value(number, time=time), "flags": []} for time, number in rows]
        return [{"loggingTagName": "HMI_RT_1::A:Log", "error": None, "values": values}]

    def _do_activeAlarms(self, variables):
        return self.alarms

    def _do_loggedAlarms(self, variables):
        return self.alarms

    def _do_acknowledgeAlarms(self, variables):
        return [
            {
                "alarmName": row["name"],
                "alarmInstanceID": row["instanceID"],
                "error": {"code": "0", "description": ""},
            }
            for row in variables["input"]
        ]

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if self.socket_status:
            return web.Response(status=self.socket_status, text="no")
        socket = web.WebSocketResponse(
            protocols=("graphql-transport-ws",), autoping=self.answers_pings
        )
        await socket.prepare(request)
        self.sockets.append(socket)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await self._on_message(socket, json.loads(message.data))
        except ConnectionError:
            pass  # the client hung up while it was being told something
        finally:
            self.sockets.remove(socket)
        return socket

    async def _on_message(self, socket, message):
        kind = message["type"]
        assert kind != "ping", "runtimes complain about the protocol's ping"
        if kind == "connection_init":
            token = message["payload"]["Authorization"].removeprefix("Bearer ")
            self.init_tokens.append(token)
            if self.init_close_code or token not in self.tokens:
                await socket.close(code=self.init_close_code or 4401, message=b"no")
                return
            await socket.send_json({"type": "connection_ack"})
            if self.kills_sockets == "abort":
                socket._req.transport.abort()
            elif self.kills_sockets:
                await socket.close(code=int(self.kills_sockets))
        elif kind == "subscribe":
            name = ROOT.search(message["payload"]["query"]).group(1)
            variables = message["payload"].get("variables") or {}
            if name == self.forbidden_subscription:
                error = {"message": "Access denied", "extensions": {"code": "FORBIDDEN"}}
                await socket.send_json({"type": "error", "id": message["id"], "payload": [error]})
                return
            if name == "reduState":
                self.redundancy_ids.append((socket, message["id"]))
                if self.redundancy:
                    await self._tell_redundancy()
                return
            if name == "activeAlarms":
                self.alarm_id = message["id"]
                for alarm in self.alarms:
                    await self._next(
                        socket, message["id"], name, {**alarm, "notificationReason": "Added"}
                    )
                return
            names = variables["names"]
            if self.refuse_name in names:
                await socket.send_json(
                    {
                        "type": "error",
                        "id": message["id"],
                        "payload": [
                            {"message": f"bad name {self.refuse_name}", "extensions": {"code": "X"}}
                        ],
                    }
                )
                return
            self.subscriptions[message["id"]] = names
            for one in names:
                await self._next(
                    socket,
                    message["id"],
                    name,
                    {**self._value_of(one), "notificationReason": "Added"},
                )
        elif kind == "complete":
            self.subscriptions.pop(message["id"], None)

    @staticmethod
    async def _next(socket, operation, name, body):
        await socket.send_json({"id": operation, "type": "next", "payload": {"data": {name: body}}})

    async def push(self, name: str, number) -> None:
        """A change of one tag to whoever subscribed it."""
        await self._call(self._push(name, number))

    async def push_alarm(self, operation: str, body) -> None:
        """One notification of the alarm subscription."""
        await self._call(self._push_alarm(operation, body))

    async def _push(self, name: str, number) -> None:
        self.tags[name] = value(number)
        for operation, names in list(self.subscriptions.items()):
            for one in names:
                if self._find(one) == name:
                    for socket in list(self.sockets):
                        # One that has just died is told nothing more; who subscribes anew is told
                        # the value then.
                        with contextlib.suppress(ConnectionError):
                            await self._next(
                                socket,
                                operation,
                                "tagValues",
                                {**self._value_of(one), "notificationReason": "Modified"},
                            )

    async def _push_alarm(self, operation: str, body) -> None:
        for socket in self.sockets:
            await self._next(socket, self.alarm_id or operation, "activeAlarms", body)

    async def change_redundancy(self, state: str) -> None:
        """Become ACTIVE or PASSIVE."""
        self.redundancy = state
        await self._call(self._tell_redundancy())

    async def _tell_redundancy(self) -> None:
        body = {"value": {"value": self.redundancy, "timestamp": None}}
        for socket, operation in self.redundancy_ids:
            if not socket.closed:
                await self._next(socket, operation, "reduState", body)

    async def say(self, operation: str, name: str, **body) -> None:
        """Any notification of a tag on every socket."""
        for socket in list(self.sockets):
            await self._call(self._next(socket, operation, "tagValues", {"name": name, **body}))

    async def send(self, message: dict) -> None:
        """Any message of the protocol on every socket."""
        for socket in list(self.sockets):
            await self._call(socket.send_json(message))

    async def close_sockets(self, code: int) -> None:
        """Say good-bye on every socket."""
        for socket in list(self.sockets):
            await self._call(socket.close(code=code))

    def break_sockets(self) -> None:
        """As a pulled plug that is noticed."""
        self._loop.call_soon_threadsafe(self.break_sockets_here)

    def break_sockets_here(self) -> None:
        for socket in list(self.sockets):
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()


async def until(condition, *, timeout_s: float = 8.0):
    """Wait until a condition holds; a failing test says which."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not condition():
        assert loop.time() < deadline, "it never came true"
        await asyncio.sleep(0.005)
