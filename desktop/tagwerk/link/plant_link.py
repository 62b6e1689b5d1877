"""`SupervisedLink`: the `PlantLink` of the ports. May be used from any loop; works on its own thread."""

from __future__ import annotations

import asyncio
import logging

from tagwerk.domain.connection import ConnectionProfile, LinkCounters, LinkStatus
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient, PlantSink
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.bridge import LinkThread, ThreadedClient
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.frames import Slicer
from tagwerk.link.supervisor import Supervisor
from tagwerk.link.wiretap import Wiretap

log = logging.getLogger(__name__)


class SupervisedLink:
    """See `ports.PlantLink`.

    Args:
        profile: how to reach the server.
        password: kept in memory for logins.
        sink: called from the link's thread.
        slicer: time slices of the stream.
        token: one issued elsewhere, used instead of logging in.
        traffic: told what goes over the wire, without secrets.
    """

    def __init__(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        *,
        slicer: Slicer | None = None,
        ping_s: float = 1.0,
        token: str = "",
        traffic: TrafficSink | None = None,
    ) -> None:
        self._thread = LinkThread(f"link {Endpoint(profile.url).host}")
        self._supervisor = Supervisor(
            profile, password, sink, slicer or Slicer(), ping_s, token, Wiretap(traffic)
        )
        self._client = ThreadedClient(
            self._thread, lambda: self._supervisor.http, self._supervisor.http_for_changes
        )

    @property
    def client(self) -> PlantClient:
        return self._client

    @property
    def status(self) -> LinkStatus:
        return self._supervisor.status

    @property
    def counters(self) -> LinkCounters:
        return self._supervisor.counters()

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()
        self._thread.soon(self._supervisor.begin)

    def want(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        """See `ports.PlantLink.want`."""
        self._supervisor.wanted = names
        self._supervisor.quick = quick
        self._thread.soon(self._supervisor.wanted_changed)

    def set_language(self, language: str) -> None:
        """See `ports.PlantLink.set_language`."""
        if self._thread.is_running:
            self._thread.soon(self._supervisor.set_language, language)
        else:
            self._supervisor.set_language(language)

    def reconnect_now(self) -> None:
        """See `ports.PlantLink.reconnect_now`."""
        self._thread.soon(self._supervisor.kick)

    def go_to_partner(self) -> None:
        """See `ports.PlantLink.go_to_partner`."""
        self._thread.soon(self._supervisor.go_to_partner)

    def server_shown(self, url: str) -> None:
        """See `ports.PlantLink.server_shown`."""
        self._supervisor.server_shown(url)

    async def close(self) -> None:
        """Log out and end; bounded, never raises."""
        if self._thread.is_running:
            try:
                async with asyncio.timeout(4.0):
                    await self._thread.call(self._supervisor.stop)
            except (TimeoutError, TagwerkError):
                log.info("the link did not end in time")
        await self._thread.close()
