"""Looks at a server step by step, and opens links. The composition root hands it to the window.

The steps themselves are in `probe`, `find_interface` and `deep_probe`, what they mean in
`findings`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from tagwerk.dialects import DIALECTS
from tagwerk.domain.connection import ConnectionProfile, ProbeResult, Step, Trust
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantLink, PlantSink
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.addresses import AUTO, endpoint_for
from tagwerk.link.frames import Slicer
from tagwerk.link.plant_link import SupervisedLink
from tagwerk.link.probe import Probe


class HttpConnector:
    """See `ports.Connector`."""

    async def inspect(
        self,
        address: str,
        *,
        trust: Trust,
        user: str = "",
        password: str = "",
        token: str = "",
        timeout_s: float = 15.0,
        on_step: Callable[[Step], None] | None = None,
        deep: bool = False,
        traffic: TrafficSink | None = None,
        profile: ConnectionProfile | None = None,
    ) -> ProbeResult:
        """See `ports.Connector.inspect`; a `token` issued elsewhere stands in for user and password."""
        asked = profile or ConnectionProfile(address, address)
        asked = replace(asked, url=address, user=user, trust=trust, timeout_s=timeout_s)
        if asked.by_token and not token:
            password, token = "", password
        at_ns, began_s = time.time_ns(), time.perf_counter()
        probe = Probe(trust, timeout_s, on_step, traffic)
        try:
            await probe.run(asked, password, deep, token)
        except TagwerkError as problem:
            probe.error = problem
        finally:
            await probe.close()
        took_ms = round((time.perf_counter() - began_s) * 1000, 1)
        result = probe.result()
        known = DIALECTS.get(result.dialect)
        settings = known.settings if known is not None else ()
        return replace(result, settings=settings, at_ns=at_ns, took_ms=took_ms)

    def whole_address(self, address: str, *, trust: Trust, dialect: str = AUTO) -> str:
        """See `ports.Connector.whole_address`."""
        return endpoint_for(address, trust, dialect).url

    def open(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        *,
        token: str = "",
        traffic: TrafficSink | None = None,
        slicer: Slicer | None = None,
    ) -> PlantLink:
        """See `ports.Connector.open`; a `token` issued elsewhere stands in for the password.

        `slicer`: time slices of the stream; None for a process that has a window or a file to
        look after as well.
        """
        url = endpoint_for(profile.url, profile.trust, profile.dialect).url
        if profile.by_token and not token:
            password, token = "", password
        return SupervisedLink(
            replace(profile, url=url), password, sink, token=token, traffic=traffic, slicer=slicer
        )
