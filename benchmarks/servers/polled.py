"""A REST service that is only polled: many tags, a fixed time a call, every value new at each look.

Speaks just enough of the WinCC V7/V8 interface for any client, in a process of its own. Prints one JSON
line when ready; ``GET /counts`` tells calls and names so far.

    python benchmarks/servers/polled.py --tags 20000 --call-ms 200
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import sys
from typing import Any

from aiohttp import web

BASE = "/WinCCRestService"


class Service:
    """Counts what it is asked."""

    def __init__(self, tags: int, call_ms: float) -> None:
        self.names = [f"T{number:05}" for number in range(tags)]
        self.known = set(self.names)
        self.call_s = call_ms / 1000.0
        self.calls = self.asked = 0
        self._next = itertools.count()

    def row(self, name: str) -> dict[str, Any]:
        """One value, another one each time."""
        return {
            "variableName": name,
            "dataType": 9,
            "value": next(self._next) % 100_000 / 10,
            "timestamp": "2026-06-18T12:00:00.000Z",
            "qualitycode": 128,
            "errorcode": 0,
        }

    async def many(self, request: web.Request) -> web.Response:
        """POST tagManagement/Values."""
        names = (await request.json())["variableNames"]
        await self._count(len(names))
        return web.json_response([self.row(name) for name in names if name in self.known])

    async def one(self, request: web.Request) -> web.Response:
        """GET tagManagement/Value/{tag}."""
        await self._count(1)
        return web.json_response(self.row(request.match_info["name"]))

    async def _count(self, names: int) -> None:
        self.calls += 1
        self.asked += names
        await asyncio.sleep(self.call_s)

    async def counts(self, _request: web.Request) -> web.Response:
        """What was asked for so far."""
        return web.json_response({"calls": self.calls, "names": self.asked})

    async def listed(self, request: web.Request) -> web.Response:
        """Any list: connections and filters are all that is asked for."""
        name = "All" if request.path.endswith("RestFilters") else "PLC_1"
        return web.json_response([{"name": name}])

    async def nothing(self, _request: web.Request) -> web.Response:
        """No message stands."""
        return web.json_response([])


async def serve(tags: int, call_ms: float) -> None:
    """Serve until standard input ends."""
    service = Service(tags, call_ms)
    application = web.Application(client_max_size=2**24)
    application.router.add_post(f"{BASE}/tagManagement/Values", service.many)
    application.router.add_get(f"{BASE}/tagManagement/Value/{{name}}", service.one)
    application.router.add_get(f"{BASE}/alarmLogging/MessageList/{{name}}", service.nothing)
    application.router.add_get(f"{BASE}/{{path:.*}}", service.listed)
    application.router.add_get("/counts", service.counts)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    print(json.dumps({"url": f"http://127.0.0.1:{port}{BASE}", "counts": f"http://127.0.0.1:{port}/counts"}), flush=True)  # fmt: skip
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, default=20_000)
    parser.add_argument("--call-ms", type=float, default=200.0)
    options = parser.parse_args()
    asyncio.run(serve(options.tags, options.call_ms))


if __name__ == "__main__":
    main()
