"""What the layers ask of each other, as Protocols: the link below is handed in, never imported.

``link`` implements `PlantClient`, `PlantLink` and `Connector`; ``store`` implements `PlantSink`.
All coroutines run on the loop of the caller (the window's, or the command line's). `PlantSink`
is called from the value stream's thread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmEvent, AlarmKey, AlarmReply
from tagwerk.domain.connection import (
    Capabilities,
    ConnectionProfile,
    LinkCounters,
    LinkStatus,
    ProbeResult,
    Step,
    Trust,
)
from tagwerk.domain.tags import BrowseItem, TagKind, TagLimits
from tagwerk.domain.traffic import TrafficSink
from tagwerk.domain.values import ItemError, LoggedSeries, Sample, Value


class WriteItem(NamedTuple):
    """One value to write: the full name and a value of the tag's type."""

    name: str
    value: Value


class WriteReply(NamedTuple):
    """The server's answer for one item; `error` None means accepted, not that the PLC has it."""

    name: str
    error: ItemError | None


OnItems: TypeAlias = Callable[[Sequence[BrowseItem]], Awaitable[None] | None]
"""Takes a chunk of a browse (of a long one as `BrowseColumns`); it may answer with something to wait for before the next one."""


class PlantClient(Protocol):
    """One server's interface, whatever its dialect. Raises the errors of `domain.errors`.

    Reads are repeated once after a new login when the session had ended; writes and
    acknowledgements are sent once, ever.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    async def browse(
        self,
        patterns: Sequence[str] = (),
        kinds: Sequence[TagKind] = (),
        *,
        language: str = "en-US",
        on_items: OnItems | None = None,
    ) -> list[BrowseItem]:
        """All objects, elements, logging tags and alarms that match (empty = everything).

        `on_items` receives them in chunks of at most a few thousand while they arrive, a name
        perhaps twice; then the result is empty: a million names are held by nobody but the one
        who wants them.
        """
        ...

    async def read(self, names: Sequence[str], *, direct: bool = False) -> list[Sample]:
        """One sample a name, in the order asked, under the names asked for (full where known)."""
        ...

    async def write(self, items: Sequence[WriteItem]) -> list[WriteReply]:
        """Write once. Only `tagwerk.write.service` may call this. An item that the server's answer
        leaves out has no reply: what became of it is not known.

        Raises NotReachable with `may_have_arrived` when no answer came.
        """
        ...

    async def history(
        self,
        names: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        limit: int = 0,
        bounding: bool = False,
    ) -> list[LoggedSeries]:
        """Logged values, one series a name; paged inside so that a capped server loses nothing.

        `limit` 0 is all; else at most so many of the newest. `bounding` also asks for the values
        just outside, so that a curve starts at the edge.
        """
        ...

    async def active_alarms(
        self, *, filter_text: str = "", language: str = "en-US"
    ) -> list[Alarm]: ...

    async def logged_alarms(
        self,
        start_ns: int,
        end_ns: int,
        *,
        filter_text: str = "",
        language: str = "en-US",
        limit: int = 0,
    ) -> list[Alarm]:
        """Alarm records changed in the span, newest first."""
        ...

    async def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> list[AlarmReply]:
        """Acknowledge or reset in one call, sent once. The caller splits single ones beforehand."""
        ...


@runtime_checkable
class TellsLimits(Protocol):
    """A `PlantClient` whose server knows ranges of tags beside their values."""

    async def tag_limits(self) -> dict[str, TagLimits]:
        """Ranges by short name; none where the server has no such thing."""
        ...


class PlantSink(Protocol):
    """Where the value stream delivers. Called from its thread; must be quick and never raise."""

    def on_samples(self, samples: list[Sample]) -> None: ...

    def on_alarms(self, events: list[AlarmEvent]) -> None: ...

    def on_alarms_restart(self, complete: list[Alarm]) -> None:
        """After a (re)connect: these and only these alarms are active now."""
        ...

    def on_status(self, status: LinkStatus) -> None: ...


class PlantLink(Protocol):
    """A supervised connection: keeps itself alive until closed."""

    @property
    def client(self) -> PlantClient: ...

    @property
    def status(self) -> LinkStatus: ...

    @property
    def counters(self) -> LinkCounters: ...

    def start(self) -> None:
        """Begin to connect; progress comes through `PlantSink.on_status`."""
        ...

    def want(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        """The tags to be subscribed from now on; cheap, called whenever the views change.

        Where values are polled, those in `quick` are asked for more often: a curve needs more than
        a number does.
        """
        ...

    def set_language(self, language: str) -> None:
        """Language of alarm texts, e.g. ``de-DE``; the alarm subscription is renewed."""
        ...

    def reconnect_now(self) -> None:
        """Do not wait for the next attempt."""
        ...

    def go_to_partner(self) -> None:
        """Speak to the other server of the redundant pair from now on (a person asked for it)."""
        ...

    def server_shown(self, url: str) -> None:
        """The user is shown that `LinkStatus.url` is this one. Until then nothing that changes the
        plant is sent to another server than the one that was shown before."""
        ...

    async def close(self) -> None:
        """Log out and end; bounded in time, never raises."""
        ...


class Connector(Protocol):
    """Makes links and looks at servers; handed to the window by the composition root."""

    async def inspect(
        self,
        address: str,
        *,
        trust: Trust,
        user: str = "",
        password: str = "",
        timeout_s: float = 15.0,
        on_step: Callable[[Step], None] | None = None,
        deep: bool = False,
        traffic: TrafficSink | None = None,
        profile: ConnectionProfile | None = None,
    ) -> ProbeResult:
        """Look at a server step by step; logs in only when a user is given; `deep` goes on to
        browse, read, push and clock. Never raises what it can report in the result.

        Args:
            profile: tells the dialect and what else a dialect needs; what is given beside it counts.
        """
        ...

    def whole_address(self, address: str, *, trust: Trust, dialect: str = "auto") -> str:
        """What a typed address stands for: with the scheme, port and path of such a server.

        Args:
            dialect: as in `ConnectionProfile.dialect`.

        Raises:
            UsageError: not an address.
        """
        ...

    def open(
        self,
        profile: ConnectionProfile,
        password: str,
        sink: PlantSink,
        *,
        traffic: TrafficSink | None = None,
    ) -> PlantLink: ...
