"""One-shot use of a server: log in, work, log out. For the command line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tagwerk.domain.connection import ConnectionProfile, Session
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.addresses import endpoint_for
from tagwerk.link.client import HttpClient
from tagwerk.link.session import SessionKeeper
from tagwerk.link.transport import HttpTransport
from tagwerk.link.wiretap import Wiretap


class OneShotClient(HttpClient):
    """A client that is logged in; `session` says as whom."""

    @property
    def session(self) -> Session | None:
        """The login, without its token."""
        return self.keeper.session


@asynccontextmanager
async def open_client(
    profile: ConnectionProfile,
    password: str,
    *,
    token: str = "",
    traffic: TrafficSink | None = None,
) -> AsyncIterator[OneShotClient]:
    """Log in, hand out a client on this loop, log out at the end.

    Args:
        profile: which server, whom to trust, which user.
        password: never stored.
        token: issued elsewhere; used instead of logging in.
        traffic: told what goes over the wire, without secrets.

    Raises:
        NotReachable, NotTrusted, LoginFailed, NotAllowed, ProtocolError: could not be opened.
    """
    transport = HttpTransport(
        endpoint_for(profile.url, profile.trust),
        profile.trust,
        timeout_s=profile.timeout_s,
        tap=Wiretap(traffic),
    )
    keeper = SessionKeeper(transport, profile.user, password)
    client = OneShotClient(keeper)
    try:
        if token:
            keeper.adopt(token)
        else:
            await keeper.login()
        await client.prepare()
        yield client
    finally:
        await keeper.logout()
        await transport.close()
