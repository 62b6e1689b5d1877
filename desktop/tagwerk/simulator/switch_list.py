"""The registry of switches: each unknown, version difference and field quirk of the interface.

Only names, values and words; `switches` reads them from a command line, the server's parts play
them. `source` names the paragraph of the interface's description that a switch plays: V is the
maker's own word, F was seen in the field, G has been measured by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Takes(Enum):
    """What stands behind a switch's equals sign."""

    NOTHING = "nothing"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


class Group(Enum):
    """Under which heading a switch is listed."""

    REPLIES = "Replies"
    SCHEMA = "Schema"
    SESSIONS = "Sessions"
    LOGGED_VALUES = "Logged values"
    ALARMS = "Alarms"
    WRITES = "Writes"
    WEBSOCKET = "WebSocket"
    HTTP = "HTTP"
    FAULTS = "Faults"


@dataclass(frozen=True, slots=True)
class Switch:
    """One row of the registry.

    Args:
        name: as typed on the command line.
        explanation: one line, what the server does differently.
        source: paragraph of the description and how sure it is, e.g. ``§4 G``.
        takes: kind of value.
        choices: allowed values for CHOICE.
        default: value when the switch is given without one; "" means that a value is needed.
        least, most: limits of a NUMBER, both included.
        whole: a NUMBER without a fraction.
        pattern: what a TEXT has to match, "" for anything.
        group: set by the registry.
    """

    name: str
    explanation: str
    source: str
    takes: Takes = Takes.NOTHING
    choices: tuple[str, ...] = ()
    default: str = ""
    least: float = 0.0
    most: float = 1e9
    whole: bool = False
    pattern: str = ""

    @property
    def usage(self) -> str:
        """``name``, ``name=N``, ``name=a|b`` as shown in lists."""
        if self.takes is Takes.NOTHING:
            return self.name
        shown = "|".join(self.choices) if self.choices else self.takes.value.upper()
        if self.pattern:
            # Only an example tells the form.
            shown = self.default
        return f"{self.name}[={shown}]" if self.default else f"{self.name}={shown}"

    @property
    def variants(self) -> tuple[str, ...]:
        """Each way worth trying: every choice, else the switch with its default."""
        if self.choices:
            return tuple(f"{self.name}={choice}" for choice in self.choices)
        return (f"{self.name}={self.default}",) if self.default else (self.name,)


def _flag(name: str, source: str, explanation: str) -> Switch:
    return Switch(name, explanation, source)


def _choice(name: str, source: str, explanation: str, choices: str, *, default: str = "") -> Switch:
    return Switch(name, explanation, source, Takes.CHOICE, tuple(choices.split()), default)


def _number(
    name: str,
    source: str,
    explanation: str,
    default: str,
    *,
    least: float = 0.0,
    most: float = 1e9,
    whole: bool = False,
) -> Switch:
    return Switch(
        name,
        explanation,
        source,
        Takes.NUMBER,
        default=default,
        least=least,
        most=most,
        whole=whole,
    )


def _text(name: str, source: str, explanation: str, default: str, *, pattern: str = "") -> Switch:
    return Switch(name, explanation, source, Takes.TEXT, default=default, pattern=pattern)


GROUPS: dict[Group, tuple[Switch, ...]] = {
    Group.REPLIES: (
        _flag("error-null", "§2 G", 'success is "error": null instead of code "0"'),
        _flag("success-empty", "§2 G", "success is an error object whose code and description are null"),
        _flag("error-code-number", "§2 G", "the code of an error is a number instead of a text, 0 too"),
        _flag("error-without-text", "§2 G", "the description of an error is null"),
        _choice("empty-errors", "§2 G", 'answers without errors carry "errors" as an empty list or null', "list null", default="list"),
        _choice("failed-data", "§2 G", "an answer that failed as a whole has data null, or no data", "null absent", default="null"),
        _flag("extensions", "§2 G", "answers and messages carry extensions and keys that nobody asked for"),
        _flag("short-name-echo", "§5 G", "replies carry names without the system, however they were asked"),
        _flag("full-name-echo", "§5 G", "replies carry full names, however they were asked"),
        _choice("unresolved-as", "§2 G", "names that cannot be resolved are left out, null, or without value and error", "left-out null silent", default="left-out"),
        _flag("shuffled", "§2 V", "the items of a reply come in another order than they were asked"),
        _text("hide-denied", "§2 V", "objects that match are left out for users without the write right", "*.Service*"),
        _flag("no-z", "§4 F", "time stamps come without the final Z"),
        _number("time-digits", "§4 F", "digits after the second in time stamps (0 to 9)", "7", most=9, whole=True),
        _text("time-offset", "§4 G", "time stamps come with this offset from UTC instead of Z", "+02:00", pattern=r"[+-](0\d|1[0-4]):[0-5]\d"),
        _flag("unset-null", "§4 G", 'times that are "not set" are null instead of 1970'),
        _flag("int64-as-text", "§4 G", "64-bit integers come as JSON strings"),
        _flag("int64-as-double", "§4 G", "64-bit integers come as floating point numbers, rounded as those are"),
        _flag("nan-as-text", "§4 G", 'NaN and infinity come as "NaN", "Infinity" instead of null'),
        _flag("nan-bare", "§4 G", "NaN and infinity come as bare words, which is no JSON"),
        _choice("datetime-as", "§4 G", "how values of the type DateTime are written", "offset no-zone epoch-s epoch-ms ticks filetime", default="epoch-ms"),
        _choice("quality-as", "§4 G", "a quality is null, a bare word, or has only its main member", "null word short", default="null"),
        _flag("bad-value-null", "§4 G", "values whose quality is BAD are null"),
        _choice("unknown-members", "§4 G", "words that no list has: quality, subStatus, alarm state, reason, object type, flag", "all quality sub-status state reason object-type flag", default="all"),
        _choice("object-type-as", "§5 G", "how a browse spells the object type of a tag", "lower title snake tag empty null", default="title"),
        _choice("display-name-as", "§5 G", "the display names of a browse are null, empty, or the full names", "null empty full", default="null"),
        _choice("data-type-as", "§5 G", "how a browse spells data types", "upper lower dotnet empty null", default="upper"),
        _choice("json-style", "§2 G", "answers and messages with escaped characters only, or spread over many lines", "ascii pretty", default="ascii"),
    ),
    Group.SCHEMA: (
        _flag("no-browse", "§9 V", "the schema has no browse"),
        _flag("no-logging", "§9 V", "the schema has no loggedTagValues"),
        _flag("no-direct-read", "§9 V", "tagValues has no directRead argument"),
        _flag("old-alarm-fields", "§9 V", "alarms have connection and tag where newer ones have connectionName and path"),
        _flag("v19", "§9 V", "the schema of V19: all of the four above, no identityProviderURL, no durationIso"),
        _flag("v20", "§2 F", "V20 behind IIS: all fields, and the switch preflight"),
        _flag("no-introspection", "§1 V", "introspection is refused"),
        _flag("no-redu-state", "§9 G", "the schema has no reduState"),
        _flag("no-alarm-control", "§9 G", "the schema has no disabling, enabling, shelving and unshelving of alarms"),
        _flag("accept-null", "§5 V", "explicit nulls for arguments with a default are taken as not given"),
    ),
    Group.SESSIONS: (
        _choice("expired-as", "§2 G", "how an expired or unknown token is answered", "401 401-html 403 500 FORBIDDEN UNAUTHENTICATED message"),
        _number("auto-logoff", "§2 V", "seconds until an idle session ends", "5"),
        _flag("new-token-on-extend", "§2 F", "extendSession answers with a new token; the old one runs out"),
        _choice("extend-as", "§2 G", "extendSession is null, an item error, refused, or cuts the connection", "null error refused close", default="null"),
        _number("slow-login", "§2 G", "seconds that a login takes", "3"),
        _choice("login-refused", "§2 V", "every login is refused: by an error code, a null session, or FORBIDDEN", "101 102 103 null FORBIDDEN", default="102"),
        _choice("expires-as", "§2 F", "how a session tells its end: not, far ahead, seconds left, seconds since 1970, 1970", "null ten-years seconds epoch unset", default="null"),
        _flag("no-token-echo", "§2 G", "only login tells the token; session and extendSession have null in its place"),
        _choice("user-as", "§2 G", "the user of a session is null, has null groups, or nothing but a name", "null no-groups name-only", default="no-groups"),
        _flag("single-session", "§2 G", "a login ends the same user's other sessions"),
        _flag("stale-header-refused", "§2 F", "a stale Authorization header is answered 401 even at a login"),
    ),
    Group.LOGGED_VALUES: (
        _number("history-cap", "§6 G", "rows that loggedTagValues gives at most", "1000", whole=True),
        _choice("history-cap-sign", "§6 G", "a capped series (1000 rows without history-cap) says so: by error 1, or the flag PARTIAL", "error flag", default="error"),
        _choice("exclusive-bounds", "§6 G", "bounds of loggedTagValues that do not count as inside", "both start end", default="both"),
        _choice("history-order", "§6 G", "logged rows come newest first, mixed, or each twice", "reversed mixed twice", default="mixed"),
        _flag("history-null", "§6 G", "a series without rows has null in the place of a list"),
        _flag("plain-names-refused", "§6 V", "loggedTagValues wants names of logging tags; plain tag names are not resolved"),
        _choice("flags-as", "§6 G", "the flags of logged rows are null or never filled", "null empty", default="null"),
        _choice("bounding-missing", "§6 G", "bounding values that are not given, or given without their flag", "left right both unflagged", default="left"),
        _choice("log-name-as", "§6 G", "the series is named as asked, by its tag, or not at all", "asked tag null", default="asked"),
    ),
    Group.ALARMS: (
        _flag("single-refused-by-item", "§7 V", "a mixed call with single acknowledgement gets an error for each item"),
        _choice("alarm-texts", "§7 G", "texts of alarms are null, empty lists, or fewer than the languages asked", "null empty one", default="null"),
        _flag("alarm-nulls", "§7 G", "all that an alarm can do without is null: area, origin, colours, user, value …"),
        _choice("instance-id", "§7 G", "the instanceID of an alarm is null or a text", "null text", default="text"),
        _flag("no-alarm-added", "§7 G", "what stands is not sent when an alarm subscription begins"),
        _number("alarm-resync", "§7 V", "seconds between resynchronisations: all standing alarms as REMOVED, then Added again", "5", least=0.2),
        _choice("alarm-end", "§7 G", "an alarm that leaves comes as Modified with this state instead of Removed", "NORMAL REMOVED", default="NORMAL"),
        _choice("alarm-filter", "§7 G", "filters of alarms are refused with code 301, or have no effect", "refused ignored", default="refused"),
        _flag("one-language", "§7 G", "the project has en-US only: other languages are refused with code 302"),
    ),
    Group.WRITES: (
        _choice("write-refused", "§8 G", "the code of every refused write", "1 2 3 201", default="201"),
        _choice("write-left-out", "§8 G", "items that a reply to writes lacks: refused ones, accepted ones, all, the list itself", "refused accepted all null", default="accepted"),
        _flag("write-lost", "§8 V", "a write is answered as accepted and never reaches the controller"),
        _number("write-late", "§8 V", "seconds until an accepted write reaches the controller", "2"),
        _flag("write-unanswered", "§8 V", "writes and acknowledgements are done, and the connection drops before the answer"),
    ),
    Group.WEBSOCKET: (
        _choice("no-websocket", "§1 V", "WebSocket is switched off: queries work, subscriptions fail with this status", "400 200 404 405 426 500 501 503", default="400"),
        _flag("no-subprotocol", "§3 G", "the handshake does not name the sub-protocol"),
        _choice("ping", "§3 F", "answer to a client's protocol ping", "complain pong close"),
        _number("server-ping", "§3 F", "seconds between protocol pings of the server", "1", least=0.01),
        _number("socket-pings", "§3 F", "seconds between WebSocket ping frames of the server, which wants a pong", "2", least=0.1),
        _choice("refused-token-closes", "§3 G", "close code when connection_init carries no valid token; 1006 is a cut without one", "4401 4403 1006"),
        _choice("expired-socket", "§2 G", "how a session's end is told on its WebSocket: a close code, a cut, a message a subscription, silence", "4401 4403 1000 1006 error complete silent", default="4403"),
        _flag("keep-expired-streams", "§2 V", "subscriptions go on when their session runs out"),
        _number("init-timeout", "§3 G", "seconds until a silent connection is closed", "3"),
        _number("ack-late", "§3 G", "seconds until connection_init is acknowledged", "2"),
        _flag("no-ack", "§3 G", "connection_init is never acknowledged"),
        _flag("ack-payload", "§3 G", "connection_ack carries a payload"),
        _number("fragments", "§3 G", "WebSocket messages are cut into frames of so many bytes", "7", least=1, whole=True),
        _flag("socket-deflate", "§3 G", "permessage-deflate, where the client offers it"),
        _flag("numeric-ids", "§3 G", "ids of messages come as numbers where they can"),
        _flag("push-list", "§3 F", "data.tagValues of a subscription is a list of one"),
        _number("push-together", "§3 F", "data.tagValues of a subscription is a list of up to so many tags", "10", least=1, whole=True),
        _choice("no-added", "§3 V", "names without a first Added: unresolved ones, those without good quality, all", "unresolved bad all", default="unresolved"),
        _flag("modified-first", "§3 V", "each Added follows a Modified of the same tag"),
        _number("complete-after", "§3 G", "seconds until the server completes a subscription by itself", "5"),
        _number("remove-after", "§3 V", "seconds until the tags of the switch gone leave the project: Removed", "5"),
        _number("rename-after", "§3 V", "seconds until the tags of the switch gone get another name: Removed (Name changed)", "5"),
        _text("gone", "§3 V", "which tags remove-after and rename-after are about", "Cooling.TIC2120.PV"),
        _choice("redundancy", "§3 V", "what reduState tells", "ACTIVE PASSIVE", default="PASSIVE"),
        _number("passive-after", "§3 V", "seconds until reduState turns PASSIVE; logins and reads are still answered", "5"),
    ),
    Group.HTTP: (
        _flag("preflight", "§2 F", "requests without apollo-require-preflight are answered 400"),
        _choice("certificate", "§1 F", "a certificate signed by itself, for another host, expired, or not yet valid", "self-signed other-host expired future", default="self-signed"),
        _choice("missing-slash", "§1 F", "answer to the address without its last slash: a redirect, 404, or the answer itself", "301 302 303 307 308 404 served", default="308"),
        _flag("redirect-absolute", "§1 F", "redirects name the whole address"),
        _number("body-limit", "§1 V", "bytes of a request from which on it is answered 413", "1048576", least=4096, whole=True),
        _flag("body-limit-html", "§1 V", "413 comes as a page in HTML, as IIS sends it"),
        _choice("invalid-as", "§2 G", "status of the answer to an invalid document", "200 400 422 500", default="200"),
        _choice("content-type", "§2 G", "what answers are declared as", "graphql html text octet-stream", default="graphql"),
        _flag("bom", "§2 G", "answers begin with a byte order mark"),
        _choice("compress", "§2 G", "answers are compressed, where the client allows it", "gzip deflate raw-deflate", default="gzip"),
        _number("chunked", "§2 G", "answers come in chunks of so many bytes, without a length", "100", least=1, whole=True),
        _flag("connection-close", "§2 G", "the connection ends after each answer"),
        _flag("http10", "§2 G", "answers are of HTTP/1.0"),
        _flag("iis", "§1 V", "as IIS stands before it: compress=gzip, body-limit-html, redirect-absolute"),
    ),
    Group.FAULTS: (
        _number("clock-offset", "§4 G", "seconds by which the server's clock is ahead, or behind with a minus", "3600", least=-1e8, most=1e8),
        _number("slow", "§1 G", "seconds that every answer takes", "1"),
        _number("jitter", "§1 G", "milliseconds that an answer takes longer at most", "200"),
        _number("busy-at-start", "§1 G", "seconds from the start in which everything is answered 503", "5"),
        _number("busy-every", "§1 G", "each so manieth request is answered 503", "5", least=2, whole=True),
        _number("html-every", "§1 G", "each so manieth request is answered 200 with a page in HTML", "5", least=2, whole=True),
        _number("drop-every", "§1 G", "each so manieth request gets no answer: its connection is cut before anything is done", "5", least=2, whole=True),
        _number("cut-every", "§1 G", "each so manieth answer breaks off half-way", "5", least=2, whole=True),
        _number("flaky-socket", "§3 V", "seconds after which a WebSocket is cut", "5", least=0.1),
        _number("frozen-socket", "§3 V", "seconds after which a WebSocket stays open and is dead: no message, no pong", "5", least=0.1),
    ),
}  # fmt: skip
"""All switches by heading, in the order of the list."""

SWITCHES: tuple[Switch, ...] = tuple(switch for group in GROUPS.values() for switch in group)
"""All switches."""

COMPOSITES: dict[str, tuple[str, ...]] = {
    "v19": ("no-browse", "no-logging", "no-direct-read", "old-alarm-fields"),
    "v20": ("preflight",),
    "iis": ("compress", "body-limit-html", "redirect-absolute"),
}
"""Switches that turn others on; an own value of those wins."""
