"""A service that repeats user, password and header wherever it can: none of it gets out."""

from __future__ import annotations

import base64
import logging
import traceback

import pytest
from aiohttp import web

from link.conftest import profile_for
from link.tiny_classic import TinyClassic
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import WriteItem
from tagwerk.link.login import open_client
from tagwerk.store.traffic import TrafficStore

PASSWORD = 'MARK-Qz73 "x\\ü€'
TOKEN = "tok-MARK-Wq5d-881c"
NOON_NS = 1_781_000_000 * 10**9


class Repeating(TinyClassic):
    """Once `kind` is set it answers each call with what it was sent."""

    kind = ""

    async def _any(self, request):
        given = request.headers.get("Authorization", "")
        if not self.kind or not given:
            return await super()._any(request)
        clear = base64.b64decode(given[6:]).decode() if given.startswith("Basic ") else given
        said = f"got {given} for {clear}"
        headers = {"Server": given}
        if self.kind == "scheme":
            code = given.partition(" ")[2]
            return web.Response(status=401, headers={"WWW-Authenticate": f"{code} x"})
        if self.kind == "moved":
            return web.Response(status=302, headers={"Location": f"/other?was={given}"})
        if self.kind == "row":
            rows = [{"variableName": "A", "errorcode": 1, "error": said}]
            return web.json_response(rows, headers=headers)
        if self.kind == "page":
            return web.Response(text=f"<html>{said}", headers=headers)
        body = {"message": said, "error": {"code": clear, "message": said}}
        return web.json_response(body, status=int(self.kind), headers=headers)


@pytest.fixture
async def repeating():
    server = Repeating()
    server.password = PASSWORD
    await server.start()
    yield server
    await server.stop()


def told(problem):
    """All that an exception may be shown as, its causes included."""
    parts = ["".join(traceback.format_exception(problem))]
    seen = problem
    while seen is not None:
        parts += [str(seen), repr(seen), repr(seen.args), repr(getattr(seen, "__dict__", ""))]
        seen = seen.__cause__ or seen.__context__
    return parts


@pytest.mark.parametrize(
    "kind", ["400", "403", "404", "500", "503", "page", "row", "moved", "scheme"]
)
@pytest.mark.parametrize("by_token", [False, True])
async def test_nothing_that_the_service_repeats_gets_out(repeating, caplog, kind, by_token):
    caplog.set_level(logging.DEBUG)
    store = TrafficStore()
    repeating.bearer = TOKEN if by_token else ""
    secret = {"token": TOKEN} if by_token else {}
    password = "" if by_token else PASSWORD
    texts = []
    async with open_client(profile_for(repeating), password, traffic=store, **secret) as client:
        repeating.kind = kind
        for ask in (
            lambda: client.read(["A"]),
            lambda: client.write([WriteItem("A", 1.0)]),
            lambda: client.browse(),
            lambda: client.history(["A"], NOON_NS, NOON_NS + 10**9),
            lambda: client.active_alarms(),
            lambda: client.tag_limits(),
        ):
            try:
                texts.append(repr(await ask()))
            except TagwerkError as problem:
                texts += told(problem)
        texts += [repr(client), repr(client.keeper), repr(vars(client.keeper.transport))]
    texts += [repr(exchange) for exchange in store.all()]
    texts += [record.getMessage() for record in caplog.records if record.name != "aiohttp.access"]
    assert store.totals.requests >= 2
    code = base64.b64encode(f"operator:{PASSWORD}".encode()).decode()
    for text in texts:
        for mark in ("MARK", "Qz73", "Wq5d", code, code[8:-8]):
            assert mark not in text, text[:400]
