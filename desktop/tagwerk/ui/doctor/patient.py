"""Whom the doctor looks at, and what a look costs. Made by `flow`, used by `window`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tagwerk.domain.connection import ConnectionProfile, Trust
from tagwerk.domain.traffic import Exchange, TrafficKind, TrafficSink

NO_PULSE = -1
"""What `Patient.pulse` tells of a connection that is down."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom to look at.

    Args:
        address: "" asks for one.
        trust: whom to trust.
        user: "" looks without signing in.
        timeout_s: for each single thing.
        name: what the user calls it; the host when "".
        is_live: a plant on show that is connected; its session is another one.
        was_refused: the server refused this user's password before; it is not tried unasked.
        pulse: called before and after a check: `NO_PULSE` while the running connection is down,
            else how often it came back. Another number afterwards tells that it broke meanwhile
            (servers with one session for a user end it at our sign-in).
        traffic: told what goes over the wire, too (the traffic log of the plant on show).
        profile: what the address alone does not tell, e.g. the dialect; None where there is none.
        get_password: from memory, keyring or a question; None to look without signing in.
    """

    address: str = ""
    trust: Trust = Trust()
    user: str = ""
    timeout_s: float = 15.0
    name: str = ""
    is_live: bool = False
    was_refused: bool = False
    profile: ConnectionProfile | None = None
    pulse: Callable[[], int] | None = None
    traffic: TrafficSink | None = None
    get_password: Callable[[], Awaitable[str | None]] | None = None


class TrafficCounter:
    """Counts requests and bytes of one check; hands them on to `also`, keeps nothing else."""

    def __init__(self, also: TrafficSink | None = None) -> None:
        self._also = also
        self.requests = 0
        self.bytes = 0

    def on_exchange(self, exchange: Exchange) -> None:
        """See `domain.traffic.TrafficSink`."""
        self.requests += exchange.kind is TrafficKind.HTTP
        self.bytes += exchange.sent_bytes + exchange.received_bytes
        if self._also is not None:
            self._also.on_exchange(exchange)
