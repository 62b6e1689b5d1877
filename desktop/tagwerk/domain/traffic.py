"""What went over the wire, as far as it may be shown: tokens and passwords are blacked out before
an `Exchange` is made. Made by the link, kept by `store.traffic`, shown by the traffic panel.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from tagwerk.domain.message import Message

NEVER_UP = "not up yet"
"""The event of a connection that is tried again and was not up before; others are named by their
`LinkState`."""


class TrafficKind(Enum):
    """What kind of traffic a record tells of."""

    HTTP = "http"
    """One request and its answer."""
    SENT = "sent"
    """One message of ours on the WebSocket."""
    RECEIVED = "received"
    """One message of the server's that is not a value (values are only counted)."""
    EVENT = "event"
    """Something that happened to the connection: opened, closed, state changed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One record.

    Args:
        at_ns: when it began, nanoseconds since 1970 UTC.
        kind: see `TrafficKind`.
        what: the operation's name (``login``, ``tagValues``, ``connection_init``, ``live``, …).
        url: where to.
        status: HTTP status or close code; 0 for none.
        sent_bytes, received_bytes: sizes of the bodies or messages.
        ms: from the first byte out to the last byte in; 0 where it does not apply.
        request, answer: the texts, blacked out, cut to a few kilobytes.
        problem: what went wrong, in words; empty when nothing did.
        note: what else is worth saying (the number of names, the TLS version).
    """

    at_ns: int
    kind: TrafficKind
    what: str
    url: str = ""
    status: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    ms: float = 0.0
    request: str = ""
    answer: str = ""
    problem: Message = Message()
    note: Message = Message()

    @property
    def is_problem(self) -> bool:
        """It failed, or the server answered that it failed."""
        if self.problem:
            return True
        return self.kind is TrafficKind.HTTP and self.status >= 400


class TrafficSink(Protocol):
    """Where the link tells its traffic. Called from the link's thread; quick, never raises."""

    def on_exchange(self, exchange: Exchange) -> None: ...
