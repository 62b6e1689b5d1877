"""One port of the demo plant's server: the library's application with the switches' manners.

Each face has one of its own; what is served there is none of its business.
"""

from __future__ import annotations

import ssl

from aiohttp import web

from tagwerk.simulator.http_manners import Handler, HttpManners

LARGEST_BODY = 1024 * 1024


class Listener:
    """Routes to handlers, listening on one port.

    Args:
        manners: how answers leave.
        largest_body: bytes of a request from which on it is answered 413.

    Attributes:
        port: the port that is listened on, 0 before `start`.
    """

    def __init__(self, manners: HttpManners, *, largest_body: int = LARGEST_BODY) -> None:
        self._application = web.Application(
            client_max_size=largest_body, middlewares=[manners.handle] if manners.plays else []
        )
        if manners.plays_headers:
            self._application.on_response_prepare.append(manners.before_headers)
        self._runner: web.AppRunner | None = None
        self.port = 0

    def serve(self, path: str, handler: Handler) -> None:
        """Answer requests of any method to a path with this; before `start`."""
        self._application.router.add_route("*", path, handler)

    async def start(self, host: str, port: int, context: ssl.SSLContext | None) -> None:
        """Listen; port 0 takes a free one.

        Raises:
            OSError: the port is taken; its `filename` is the address.
        """
        self._runner = web.AppRunner(
            self._application, access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port, ssl_context=context).start()
        except OSError as problem:
            raise OSError(problem.errno, problem.strerror, f"{host}:{port}") from None
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more. May be called twice."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def address(host: str, port: int, *, plain_http: bool) -> str:
    """``https://HOST:PORT`` as a client on this computer reaches it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"{'http' if plain_http else 'https'}://{shown}:{port}"
