"""Connections: how to reach a server, how it stands with it now, what it can do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tagwerk.domain.message import Message


class LinkState(Enum):
    """The states of a supervised connection, in the order in which they usually come."""

    OFFLINE = "offline"
    RESOLVING = "resolving"
    CONNECTING = "connecting"
    SECURING = "securing"
    LOGGING_IN = "logging_in"
    BROWSING = "browsing"
    LIVE = "live"
    STALE = "stale"
    """Still connected, but without a sign of life: nothing that is shown may be taken for now."""
    RECONNECTING = "reconnecting"
    REFUSED = "refused"
    """Needs a person: wrong password, missing right, unknown or changed certificate."""

    @property
    def is_live(self) -> bool:
        return self is LinkState.LIVE


class Capability(Enum):
    """What a server may or may not be able to do. Panels ask these, never "which server is it"."""

    READ = "read"
    WRITE = "write"
    BROWSE = "browse"
    PUSH = "push"
    HISTORY = "history"
    DIRECT_READ = "direct_read"
    ALARMS = "alarms"
    ALARM_HISTORY = "alarm_history"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    REDUNDANCY = "redundancy"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What this server can do for this user. A missing capability has a reason, shown as tooltip.

    Reasons are stable codes (``schema_lacks_field``, ``right_missing``, ``not_known_yet``, …)
    or the server's own words; the user interface translates the codes.
    """

    available: frozenset[Capability] = frozenset()
    reasons: dict[Capability, str] = field(default_factory=dict)

    def __contains__(self, capability: Capability) -> bool:
        return capability in self.available

    def reason(self, capability: Capability) -> str:
        """Why it is missing; "" when it is there."""
        return "" if capability in self.available else self.reasons.get(capability, "not_known_yet")


class TrustMode(Enum):
    """Who vouches for the server's certificate."""

    SYSTEM = "system"
    CA_FILE = "ca_file"
    PINNED = "pinned"
    PLAIN_HTTP = "plain_http"


@dataclass(frozen=True, slots=True)
class TrustedCertificate:
    """What is remembered of a pinned certificate beside its fingerprint, to tell a change by.

    Nothing in it decides about trust. Times are nanoseconds since 1970 UTC, 0 when not known.

    Args:
        subject, issuer, names, key, not_before_ns, not_after_ns: as in `Certificate`.
        trusted_ns: when the user decided to trust it.
    """

    subject: str = ""
    issuer: str = ""
    names: tuple[str, ...] = ()
    key: str = ""
    not_before_ns: int = 0
    not_after_ns: int = 0
    trusted_ns: int = 0


@dataclass(frozen=True, slots=True)
class Trust:
    """An explicit decision about the server's certificate.

    Args:
        mode: system store, a CA file, a pinned certificate, or no TLS at all.
        ca_file: path of a PEM or DER file, for CA_FILE.
        sha256: the pinned leaf certificate's fingerprint, 64 lower-case hex digits, for PINNED.
        compared: the user said to have compared the fingerprint.
        known: what else is known of the pinned certificate; takes no part in comparisons.
    """

    mode: TrustMode = TrustMode.SYSTEM
    ca_file: str = ""
    sha256: str = ""
    compared: bool = False
    known: TrustedCertificate | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A server certificate as shown to the user. Times are nanoseconds since 1970 UTC.

    Args:
        sha256: fingerprint of the DER form, lower-case hex.
        subject, issuer: common names, or the whole RFC 4514 text when there is none.
        names: DNS names and addresses of the subject alternative name.
        key: e.g. ``RSA 2048, SHA-256``.
        matches_host: whether the host that was asked for is among `names`.
        chain: RFC 4514 subjects from the leaf up, as sent.
        links: the certificates of the chain themselves, leaf first, each without links.
        weakness: why its key or signature counts as weak today; empty when it does not.
    """

    sha256: str
    subject: str
    issuer: str
    not_before_ns: int
    not_after_ns: int
    names: tuple[str, ...]
    key: str
    self_signed: bool
    matches_host: bool
    chain: tuple[str, ...] = ()
    links: tuple[Certificate, ...] = ()
    weakness: Message = Message()


def fingerprint_blocks(sha256: str) -> str:
    """``9C:41:…`` in upper case, as people compare it."""
    upper = sha256.upper()
    return ":".join(upper[i : i + 2] for i in range(0, len(upper), 2))


@dataclass(frozen=True, slots=True)
class ConnectionProfile:
    """A saved connection. Never holds a secret; the password is in the keyring under `keyring_name`.

    Args:
        name: what the user calls it; unique.
        url: the GraphQL endpoint, normalised (``https://host/graphql/``).
        user: login name.
        dialect: ``auto``, ``unified`` or ``classic``.
        trust: whom to trust.
        sheet: path of a tag sheet, "" for none.
        note: a second line in lists (hall, machine).
        timeout_s: for one request.
        partner: the redundant partner's address, "" for none; same users, same trust rules.
        follow_partner: go to the partner by itself when this server says that it is passive.
        partner_trust: whom to trust there; None: the same decision as for the server.
        time_zone: of times that the server writes without one: ``UTC``, ``+01:00``,
            ``Europe/Berlin``; "" is this computer's own.
        alarm_filter: which filter for messages, where filters are configured on the server;
            "" for the first.
        by_token: what is kept as the password is a token that was issued elsewhere.
    """

    name: str
    url: str
    user: str = ""
    dialect: str = "auto"
    trust: Trust = Trust()
    sheet: str = ""
    note: str = ""
    timeout_s: float = 15.0
    partner: str = ""
    follow_partner: bool = False
    partner_trust: Trust | None = None
    time_zone: str = ""
    alarm_filter: str = ""
    by_token: bool = False

    @property
    def keyring_name(self) -> str:
        """User name under which the keyring holds the password or the token (service ``tagwerk``).

        Two names for the same user on the same server: a password must never be sent as a token,
        nor a token as a password. An address holds no blank, so the names cannot meet.
        """
        name = f"{self.user}@{self.url}"
        return f"{name} (token)" if self.by_token else name


@dataclass(frozen=True, slots=True)
class Session:
    """A login, as far as it may be shown: never the token.

    Args:
        expires_ns: None when the server did not say.
        groups: the user's groups.
    """

    user: str
    full_name: str = ""
    groups: tuple[str, ...] = ()
    language: str = ""
    expires_ns: int | None = None
    auto_logoff_s: int | None = None


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """One observation of a connection; a new one is made at each change.

    Args:
        state: see `LinkState`.
        since_ns: when the state began.
        server: what the server is, e.g. ``WinCC Unified``, with version where it tells.
        systems: runtime system names, e.g. ``("HMI_RT_1",)``.
        session: None when not logged in.
        capabilities: known after login and introspection.
        detail: why it is not live, in the server's or system's words.
        cure: what to do about it.
        attempt: number of the running or next attempt to reconnect, 0 when live.
        next_attempt_ns: when it is tried again; None when not waiting.
        lost_at_ns: when the link was lost; None when live or never live.
        redundancy: ACTIVE, PASSIVE or "".
        url: the endpoint that is spoken to: the server's, or its partner's; "" before the first.
        dialect: which one is spoken: ``unified``, ``classic``; "" before that is known.
        alarm_filters: filters for messages that are configured on the server, where it has such.
        error: what `detail` says, for those who must tell a refused login from a certificate.
    """

    state: LinkState = LinkState.OFFLINE
    since_ns: int = 0
    server: str = ""
    systems: tuple[str, ...] = ()
    session: Session | None = None
    capabilities: Capabilities = Capabilities()
    detail: Message = Message()
    cure: Message = Message()
    attempt: int = 0
    next_attempt_ns: int | None = None
    lost_at_ns: int | None = None
    redundancy: str = ""
    url: str = ""
    dialect: str = ""
    alarm_filters: tuple[str, ...] = ()
    error: Exception | None = field(default=None, compare=False, repr=False)

    @property
    def was_never_up(self) -> bool:
        """It is tried again and again, and nothing was lost: there was no connection yet."""
        return self.state is LinkState.RECONNECTING and self.lost_at_ns is None


QUICK_POLL_S = 0.25
"""How often a trended tag is asked for where values are polled, if the server keeps up."""


@dataclass(frozen=True, slots=True)
class LinkCounters:
    """Running totals of the value stream, for rates and the status bar.

    `coalesced` is what the link dropped in favour of later values: a link that delivers all that
    arrives, as ours does, leaves it at 0. The stores count what they coalesce for the screen.

    Where values are polled, `polls` counts the requests, `poll_every_s` is the interval that is
    really achieved for what is looked at, and `poll_stretch` how many times as long as wished that
    is because the server is slow; 0 where values are pushed.
    """

    messages: int = 0
    bytes: int = 0
    values: int = 0
    coalesced: int = 0
    subscribed: int = 0
    reconnects: int = 0
    pings: int = 0
    polls: int = 0
    poll_every_s: float = 0.0
    poll_stretch: float = 0.0


class StepName(Enum):
    """Steps of finding out about a server; the values are the contract of ``probe --json``."""

    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    HTTP = "http"
    INTERFACE = "interface"
    LOGIN = "login"
    RIGHTS = "rights"
    BROWSE = "browse"
    READ = "read"
    HISTORY = "history"
    ALARMS = "alarms"
    PUSH = "push"
    CLOCK = "clock"
    ROUND_TRIP = "round_trip"


@dataclass(frozen=True, slots=True)
class Step:
    """One step's finding.

    Args:
        step: which.
        ok: None: not tried, or does not apply.
        ms: how long it took.
        detail: what was seen.
        cure: what to do, in one sentence.
        code: stable name of the finding, e.g. ``websocket_off``; "" when all is well.
        meaning: why it is so and what it means for the work.
        actions: what to do, step by step.
        command: a command line that does it on the server, to be copied; "" for none.
        until_then: how Tagwerk gets along meanwhile.
        is_minor: work goes on, but it needs a look.
    """

    step: StepName
    ok: bool | None
    ms: float = 0.0
    detail: Message = Message()
    cure: Message = Message()
    code: str = ""
    meaning: Message = Message()
    actions: tuple[Message, ...] = ()
    command: str = ""
    until_then: Message = Message()
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """All that a probe found. `error` is set when it could not go on.

    `settings` names the fields of a profile that matter for such a server beyond address, trust and
    user (``time_zone``, ``alarm_filter``, ``by_token``), `alarm_filters` the filters to choose from.
    `at_ns` is when it began (0: not told), `took_ms` how long it took.
    """

    url: str
    dialect: str = ""
    server: dict[str, str] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    certificate: Certificate | None = None
    session: Session | None = None
    capabilities: Capabilities = Capabilities()
    error: Exception | None = None
    at_ns: int = 0
    took_ms: float = 0.0
    settings: tuple[str, ...] = ()
    alarm_filters: tuple[str, ...] = ()
