"""One server of a link: its transport, session and client, made when it is first spoken to.

A link has one, or two where a redundant partner is configured. Each keeps a session, a pace of logins
and a view of its own, so that nothing meant for one can reach the other. Used by `supervisor` and
`redundancy`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import NotReachable, TagwerkError
from tagwerk.link.addresses import endpoint_for
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.find_dialect import dialect_of, look_elsewhere
from tagwerk.link.keeper import Keeper
from tagwerk.link.speaker import Speaker, SpokenClient
from tagwerk.link.transport import HttpTransport
from tagwerk.link.waiting import Address, own_address, resolve
from tagwerk.link.wiretap import Wiretap

log = logging.getLogger(__name__)
_CLOSING_S = 1.0


class ServerSide:
    """One server.

    Args:
        address: as configured; checked when it is opened.
        profile: the rest of how it is reached: dialect, trust, user, time-out.
        speakers: the dialects by name.
        password, token: as for the link.
        tap: told of the traffic.
        on_phase: told ``connect``, ``tls`` and ``request`` as its connections come up.
    """

    def __init__(
        self,
        address: str,
        profile: ConnectionProfile,
        speakers: Mapping[str, Speaker],
        password: str,
        *,
        tap: Wiretap,
        on_phase: Callable[[str], None],
        token: str = "",
    ) -> None:
        self.address = address
        self.profile = profile
        self.trust = profile.trust
        self.speaker: Speaker = speakers[dialect_of(address, profile.dialect)]
        self.keeper: Keeper | None = None
        self.http: SpokenClient | None = None
        self.addresses: list[Address] = []
        """As last resolved."""
        self.own_address: str | None = None
        """Ours towards it when the last attempt began."""
        self.was_live = False
        self.pongs_seen = False
        self.redundancy = ""
        self.refused: TagwerkError | None = None
        """Why it is left out until a person asks."""
        self.renewed_for = -1
        """Generation of the login that a denied subscription has cost already."""
        self.push_failures = 0
        """Attempts in a row in which HTTP worked and the WebSocket did not."""
        self.is_spent = False
        """The connections of its transport belong to a link that is lost."""
        self._prepared_generation = -1
        self._speakers = speakers
        self._password = password
        self._token = token
        self._timeout_s = profile.timeout_s
        self._tap = tap
        self._on_phase = on_phase

    @property
    def url(self) -> str:
        """The endpoint that is spoken to, after redirects."""
        return self.keeper.transport.endpoint.url if self.keeper is not None else self.address

    @property
    def host(self) -> str:
        """Its name, for people."""
        return Endpoint(self.url).host or self.address

    def open(self) -> tuple[Keeper, SpokenClient]:
        """Have a transport, a session keeper and a client; no byte leaves.

        Raises:
            UsageError: not an address.
            NotTrusted: plain HTTP that nobody allowed.
        """
        if self.keeper is None or self.http is None:
            endpoint = endpoint_for(self.address, self.trust, self.speaker.info.key)
            transport = self._make_transport(endpoint)
            self.keeper = self.speaker.keeper(transport, self.profile.user, self._password)
            if self._token:
                self.keeper.adopt(self._token)
            self.http = self.speaker.client(self.keeper, self.profile)
        return self.keeper, self.http

    def _make_transport(self, endpoint: Endpoint) -> HttpTransport:
        return HttpTransport(
            endpoint,
            self.trust,
            timeout_s=self._timeout_s,
            on_phase=self._on_phase,
            tap=self._tap,
        )

    async def refresh(self) -> None:
        """Look up the name, and begin with new connections after a loss: those that were kept for
        later may be as dead as the one that was noticed.

        Raises:
            NotReachable: the name is not known.
        """
        keeper, _ = self.open()
        if self.is_spent:
            self.is_spent = False
            old = keeper.transport
            keeper.transport = self._make_transport(old.endpoint)
            keeper.transport.tap.know(keeper)
            await close_quickly(old)
        endpoint = keeper.transport.endpoint
        self.own_address = own_address(self.addresses)
        self.addresses = await resolve(endpoint.host, endpoint.port, timeout_s=self._timeout_s)
        self.own_address = own_address(self.addresses)

    async def found_elsewhere(self, problem: TagwerkError) -> bool:
        """Where nobody said which dialect is spoken, and none answered in the likeliest: whether
        another one does, on its own port. It is spoken from then on.
        """
        if self.was_live or self.profile.dialect != "auto" or self._token:
            return False
        place = await look_elsewhere(self.address, self.profile, self.speaker.info.key, problem)
        if place is None:
            return False
        await self.close()
        self.keeper = self.http = None
        self._prepared_generation = -1
        self.address, key = place
        self.speaker = self._speakers[key]
        log.info("%s speaks the dialect “%s”", self.address, key)
        return True

    async def prepare(self) -> None:
        """After a login with a new token: schema and rights.

        Raises:
            as `HttpClient.prepare`.
        """
        keeper, http = self.open()
        if self._prepared_generation != keeper.generation:
            await http.prepare()
            self._prepared_generation = keeper.generation

    def ask(self) -> asyncio.Task[None] | None:
        """Ask for a sign of life over HTTP, in a task of its own."""
        http = self.http
        if http is None or not http.is_known:
            return None

        async def hello() -> None:
            # Any answer is one, and what the server says to it does not matter here.
            with contextlib.suppress(TagwerkError):
                await http.hello(timeout_s=self._timeout_s)

        return asyncio.get_running_loop().create_task(hello(), name="sign of life")

    async def leave(self) -> None:
        """Log off, and let go of every connection; it may be spoken to again."""
        keeper = self.keeper
        if keeper is None:
            return
        keeper.cut_off()
        await keeper.logout()
        self.redundancy = ""
        self.is_spent = True

    async def close(self) -> None:
        """Log off and hang up for good."""
        keeper = self.keeper
        if keeper is None:
            return
        await keeper.logout()
        await close_quickly(keeper.transport)

    def not_known(self) -> NotReachable:
        """What to say to who asks before it was ever spoken to."""
        return NotReachable("The server is not known yet.", code="not_connected")


async def close_quickly(transport: HttpTransport) -> None:
    """Close connections, some of which may be dead."""
    try:
        async with asyncio.timeout(_CLOSING_S):
            await transport.close()
    except (TimeoutError, OSError, RuntimeError):
        log.debug("a transport did not close by itself")
