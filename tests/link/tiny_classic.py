"""A small REST service of our own for the link's tests: the shapes of the reference, every fault on demand.

It shares no code with the desk or the demo plant. Faults are attributes; what came is in `requests`.
"""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from urllib.parse import unquote

from aiohttp import web

from link.tiny_server import TinyServer

BASE = "/WinCCRestService"


def tag(value, *, kind=9, quality=0x80, time="2026-06-18T12:00:00.000Z", **more):
    """What a tag has, as the service tells it."""
    return {"dataType": kind, "value": value, "qualitycode": quality, "timestamp": time, **more}


class TinyClassic(TinyServer):
    """WinCCRestService, the smallest."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = {"A": tag(1.5), "B": tag(2, kind=4), "Pump1.Speed": tag(900.0)}
        self.rows = None
        """Rows of ``variables``; None makes them of `tags`."""
        self.requests: list[tuple[str, str, object]] = []
        self.asked: list[list[str]] = []
        """Names of each read."""
        self.user, self.password, self.bearer = "operator", "right", ""
        self.filters = ["All"]
        self.messages: list[dict] = []
        self.archived: list[dict] = []
        self.archives = {"Process": {"A": []}}
        self.limits: list[dict] = []
        # Faults
        self.answers: dict[str, object] = {}
        """By ``METHOD path``: a response made of status, bytes or JSON, or a function of the body."""
        self.leave_out: set[str] = set()
        self.delay_s = 0.0
        self.each_s = 0.0
        """So long more for each name that is read."""
        self.cap = 0
        """Rows of a page at most, whatever was asked."""
        self.point_in = ""
        """Where the next page is told: header, body, last, or nowhere."""
        self.errorcode: dict[str, int] = {}
        self.write_rows = True
        self.clamps: dict[str, float] = {}
        self.under_way = self.most_under_way = 0
        self.twice: list[str] = []
        self._asked_now: set[str] = set()

    async def _start(self, context: ssl.SSLContext | None, port: int) -> None:
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{path:.*}", self._any)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2, access_log=None)
        await self._runner.setup()
        self._context = context
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.port}{BASE}"

    async def _any(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else None
        path = request.raw_path.partition("?")[0]
        if not path.lower().startswith(BASE.lower() + "/"):
            return web.Response(status=404, text="Not Found")
        path = path[len(BASE) + 1 :]
        self.requests.append((request.method, path, body))
        if not self._may(request.headers.get("Authorization", "")):
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="WinCC"'})
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            return await self._answer(request, path, body)
        finally:
            self.under_way -= 1

    def _may(self, authorization: str) -> bool:
        if self.bearer:
            return authorization == f"Bearer {self.bearer}"
        expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return authorization == f"Basic {expected}"

    async def _answer(self, request: web.Request, path: str, body) -> web.StreamResponse:
        key = f"{request.method} {path}"
        if key in self.answers:
            given = self.answers[key]
            if callable(given):
                given = given(body)
            if given == "abort":
                request.transport.abort()
                return web.Response()
            if isinstance(given, int):
                return web.Response(status=given, text="")
            if isinstance(given, bytes):
                return web.Response(body=given)
            if given is not None:
                return web.json_response(given)
        if key == "POST tagManagement/Values":
            return await self._read(body["variableNames"])
        if key == "PUT tagManagement/Values":
            return web.json_response(self._write(body))
        if request.method == "POST" and path.startswith("tagLogging/Archive/"):
            return web.json_response(self._log(path.split("/")[2], body, request.query))
        found = self._list(unquote(path))
        if found is None:
            return web.Response(status=404, text="Not Found")
        return self._page(found, request.query)

    async def _read(self, names) -> web.Response:
        self.asked.append(names)
        self.twice += [name for name in names if name in self._asked_now]
        self._asked_now |= set(names)
        try:
            if self.each_s:
                await asyncio.sleep(self.each_s * len(names))
        finally:
            self._asked_now -= set(names)
        rows = []
        for name in names:
            if name in self.leave_out:
                continue
            known = self.tags.get(name)
            if known is None:
                rows.append({"variableName": name, "errorcode": -2147467259, "error": "Not Found"})
            else:
                rows.append({"variableName": name, "errorcode": 0, **known})
        return web.json_response(rows)

    def _write(self, items):
        rows = []
        for item in items:
            name, number = item["variableName"], item["value"]
            code = self.errorcode.get(name, 0 if name in self.tags else 1)
            if not code:
                limit = self.clamps.get(name)
                self.tags[name]["value"] = number if limit is None else min(number, limit)
            row = {"variableName": name, "errorcode": code}
            if code:
                row["error"] = "Access denied"
            if self.write_rows:
                rows.append(row)
        return rows

    def _log(self, archive, body, query):
        (name,) = body["variableNames"]
        points = [
            {"timestamp": time, "value": number, "qualitycode": 128}
            for time, number in self.archives[archive][name]
            if query["begin"] <= time <= query["end"]
        ][: int(query["maxValues"])]
        return [{"variableName": name, "values": points}]

    def _list(self, path):
        own = self.rows
        if own is None:
            own = [
                {"variableName": name, "dataType": one["dataType"], "connectionName": "PLC_1"}
                for name, one in self.tags.items()
            ]
        if path == "tagLogging/Archives":
            return [{"archiveName": name, "name": name} for name in self.archives]
        if path.startswith("tagLogging/Archive/"):
            return [{"name": name, "tagName": name} for name in self.archives[path.split("/")[2]]]
        kind, _, name = path.removeprefix("alarmLogging/").partition("/")
        lists = {
            "tagManagement/Connections": [{"name": "PLC_1"}],
            "tagManagement/variables": own,
            "tagManagement/StructureTypes": [],
            "alarmLogging/RestFilters": [{"name": name} for name in self.filters],
            "alarmLogging/LimitValues": self.limits,
        }
        if path in lists:
            return lists[path]
        if name in self.filters and kind == "MessageList":
            return self.messages
        if name in self.filters and kind in ("LongTermArchive", "ShortTermArchive"):
            return self.archived
        return None

    def _page(self, rows, query) -> web.Response:
        limit = int(query.get("itemLimit", 0)) or len(rows) + 1
        limit = min(limit, self.cap) if self.cap else limit
        point = query.get("continuationPoint", "")
        start = int(point) if point.isdigit() else 0
        part = rows[start : start + limit]
        more = str(start + limit) if start + limit < len(rows) else ""
        if self.point_in == "header":
            return web.json_response(part, headers={"ContinuationPoint": more} if more else {})
        if self.point_in == "body":
            return web.json_response({"items": part, "continuationPoint": more or None})
        if self.point_in == "last":
            return web.json_response([*part, {"continuationPoint": more}] if more else part)
        return web.json_response(part)
