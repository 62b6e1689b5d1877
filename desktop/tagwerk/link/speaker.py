"""How the link speaks to servers of one dialect: the seam between what is the same for all, and what
is not.

`supervisor`, `side`, `redundancy`, `login` and the command line know only what stands here. A dialect
gives a `Speaker`, which makes the three things that differ:

- a `Keeper` (who we are at the server: a session with a token, or credentials on each request),
- a `SpokenClient` (what can be asked),
- `Feeds` (what runs while it is live: a stream, or polls).

`registry` holds the speakers by the word of ``--dialect``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tagwerk.dialects.base import DialectInfo
from tagwerk.domain.connection import Capability, ConnectionProfile, Session
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message
from tagwerk.domain.ports import PlantClient, PlantSink
from tagwerk.link.frames import Slicer, StreamTotals
from tagwerk.link.keeper import Keeper
from tagwerk.link.polling import BatchSize
from tagwerk.link.transport import HttpTransport
from tagwerk.link.wiretap import Wiretap

if TYPE_CHECKING:
    from tagwerk.link.side import ServerSide


class SpokenClient(PlantClient, Protocol):
    """A `PlantClient` as the link itself uses it, on its own loop."""

    on_change: Callable[[], None]

    @property
    def keeper(self) -> Keeper: ...

    @property
    def systems(self) -> tuple[str, ...]:
        """Systems or connections that its names begin with."""
        ...

    @property
    def batch(self) -> BatchSize:
        """How many names one request asks for at present."""
        ...

    @property
    def alarm_filters(self) -> tuple[str, ...]:
        """Filters for messages that are configured on the server, where it has such."""
        ...

    @property
    def is_known(self) -> bool:
        """`prepare` has run: it is known what the server can do."""
        ...

    @property
    def session(self) -> Session | None:
        """As whom it is signed in; None when nobody is."""
        ...

    @property
    def product(self) -> str:
        """What the server is, for people, e.g. ``WinCC Unified V20 or later``."""
        ...

    def set_reason(self, capability: Capability, reason: str) -> None:
        """Say why something is missing; "" when it is there."""
        ...

    async def prepare(self) -> None:
        """After login: find out what the server and this user can do."""
        ...

    async def hello(self, *, timeout_s: float | None = None) -> None:
        """The smallest round trip."""
        ...


@dataclass(frozen=True, slots=True)
class FeedSetup:
    """What feeds need of their owner.

    Args:
        on_quiet, on_life: the server gives no sign of life; it does again.
        on_redundancy: told ACTIVE or PASSIVE.
        slicer: time slices of a stream.
        ping_s: after so long without a sign of life one is asked for; 0 never.
        totals: counted up.
        timeout_s: for one request.
        tap: told of the traffic.
        language: of alarm texts.
    """

    on_quiet: Callable[[], None]
    on_life: Callable[[], None]
    on_redundancy: Callable[[str], None]
    slicer: Slicer
    ping_s: float
    totals: StreamTotals
    timeout_s: float
    tap: Wiretap
    language: str


class Feeds(Protocol):
    """What runs while one server is live. Made for each connection, closed with it."""

    side: ServerSide
    redundancy_known: asyncio.Event
    ended_generation: int

    @property
    def subscribed(self) -> int:
        """Tags subscribed or polled now."""
        ...

    @property
    def heard_s(self) -> float:
        """The last sign of life, on the monotonic clock; 0 before the first."""
        ...

    @property
    def tells_redundancy(self) -> bool:
        """Whether the server says by itself that it is active or passive."""
        ...

    @property
    def is_stand_in(self) -> bool:
        """Values are polled only because push was refused: a person may ask to look again."""
        ...

    @property
    def remark(self) -> tuple[Message, Message]:
        """What there is to say although it is live, and what to do about it."""
        ...

    @property
    def is_outdated(self) -> bool:
        """There is a newer token than the one it runs on."""
        ...

    @property
    def look_for_push_in_s(self) -> float | None:
        """Seconds until push is worth another try; None while nobody should look."""
        ...

    @property
    def poll_every_s(self) -> float:
        """Seconds between two looks at a visible tag, as really achieved; 0 where values are pushed."""
        ...

    @property
    def poll_stretch(self) -> float:
        """How many times as long as wished the intervals are; 0 where values are pushed."""
        ...

    @property
    def requests(self) -> int:
        """Polls sent so far; 0 where values are pushed."""
        ...

    async def connect(self) -> None: ...

    def begin(self, names: frozenset[str], quick: frozenset[str]) -> None: ...

    def want(self, names: frozenset[str], quick: frozenset[str]) -> None:
        """The tags wanted from now on; those in `quick` more often, where values are polled."""
        ...

    def set_language(self, language: str) -> None: ...

    async def run(self) -> TagwerkError:
        """Wait until it has ended; returns why."""
        ...

    async def renew(self) -> float: ...

    async def replace(self) -> float: ...

    async def look_for_push(self) -> bool: ...

    async def close(self) -> None: ...


class Speaker(Protocol):
    """One dialect. See the module's text."""

    @property
    def info(self) -> DialectInfo: ...

    def keeper(self, transport: HttpTransport, user: str, password: str) -> Keeper: ...

    def client(self, keeper: Keeper, profile: ConnectionProfile) -> SpokenClient: ...

    def feeds(self, side: ServerSide, sink: PlantSink, setup: FeedSetup) -> Feeds: ...
