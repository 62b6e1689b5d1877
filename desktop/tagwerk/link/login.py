"""One-shot use of a server: log in, work, log out. For the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.registry import SPEAKERS
from tagwerk.link.side import ServerSide
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.wiretap import Wiretap


@asynccontextmanager
async def open_client(
    profile: ConnectionProfile,
    password: str,
    *,
    token: str = "",
    traffic: TrafficSink | None = None,
) -> AsyncIterator[SpokenClient]:
    """Log in, hand out a client on this loop, log out at the end.

    Args:
        profile: which server, whom to trust, which user.
        password: never stored.
        token: issued elsewhere; used instead of logging in.
        traffic: told what goes over the wire, without secrets.

    Raises:
        NotReachable, NotTrusted, LoginFailed, NotAllowed, ProtocolError: could not be opened.
    """
    side = ServerSide(
        profile.url,
        profile,
        SPEAKERS,
        password,
        tap=Wiretap(traffic),
        on_phase=lambda _phase: None,
        token=token,
    )
    try:
        try:
            await _sign_in(side)
        except TagwerkError as problem:
            if not await side.found_elsewhere(problem):
                raise
            await _sign_in(side)
        _, client = side.open()
        await client.prepare()
        yield client
    finally:
        await side.close()


async def _sign_in(side: ServerSide) -> None:
    keeper, _ = side.open()
    if not keeper.is_foreign:
        await keeper.login()
