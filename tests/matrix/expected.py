"""What must be found under each switch of the demo server, and what its user sees.

A row for every switch of the registry; a test fails for one without. Everything that a row does
not name must be found as without the switch. ``docs/matrix.md`` is made from these rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from matrix.core import NEVER, Findings
from matrix.demo_plant import NAMES
from tagwerk.simulator.switch_list import SWITCHES

ANY = "anything"
"""A question whose answer may depend on when it is asked."""
LEFT_OPEN = {"logout": ANY}
"""The server keeps a session that was replaced until it runs out."""
LEFT_TREE = {"browse.all": ANY, "browse.wildcard": ANY}
"""The tag leaves the project in the middle of everything."""
STOPPED = {"*": ""}
"""Nothing else is asked: the connection does not come up."""


@dataclass(frozen=True)
class Row:
    """One switch.

    Args:
        sees: what the user sees, for the table.
        finds: what is found instead of the usual.
        by_value: the same for single values of the switch, on top of `finds`.
        play: values to try instead of the registry's (shorter times).
        disturbs: answers fail now and then: only the kind of each error and the coming back count.
        alone: not combined with others.
    """

    sees: str
    finds: Findings = field(default_factory=dict)
    by_value: dict[str, Findings] = field(default_factory=dict)
    play: tuple[str, ...] = ()
    disturbs: bool = False
    alone: bool = False


SAME = "no difference"


def _values(word: str, *ways: str) -> Findings:
    """A word for every known tag, by the given ways of asking."""
    return {f"{way}.{key}": word for way in ways or ("read", "push") for key in NAMES.known}


def _both(key: str, word: str) -> Findings:
    return {f"read.{key}": word, f"push.{key}": word}


def _writes(word: str) -> Findings:
    return {f"write.{key}": word for key in NAMES.refused}


def _refused_writes_as(code: str) -> Findings:
    """Every refusal with one code; those that have it anyway stay."""
    return {
        f"write.{key}": f"error {code}" for key, one in NAMES.refused.items() if one.code != code
    }


NO_BROWSE: Findings = {
    "can.browse": "schema_lacks_field",
    **dict.fromkeys(
        ("browse.all", "browse.kinds", "browse.one", "browse.wildcard", "viewer.browse"),
        "NotSupported",
    ),
}
NO_LOGGING: Findings = {
    "can.history": "schema_lacks_field",
    **{f"history.{number}": "NotSupported" for number in range(len(NAMES.logged))},
    **dict.fromkeys(
        (f"history.{word}" for word in ("short", "logging_tag", "newest", "bounds", "unlogged")),
        "NotSupported",
    ),
}
NO_DIRECT: Findings = {"can.direct_read": "schema_lacks_field", "read.direct": "NotSupported"}
POLLED: Findings = {"connect.polled": "yes", "can.push": "push_refused"}
NO_REPLY = {"write.value": "no reply", "write.big": "no reply"}
UNTYPED = {
    "browse.kinds": "['TagKind.TAG', 'TagKind.TAG', 'TagKind.LOGGING_TAG', 'TagKind.ALARM'] instead of "
    "['TagKind.TAG', 'TagKind.STRUCTURE', 'TagKind.LOGGING_TAG', 'TagKind.ALARM']"
}
ESCALATED = {
    "alarms.state": "RAISED_ESCALATED",
    "alarms.logged": "RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED_CLEARED RAISED_ESCALATED",
}


def _stopped(state: str, error: str) -> Findings:
    return {**STOPPED, "connect": state, "connect.error": error}


ROWS: dict[str, Row] = {
    # Replies
    "error-null": Row(SAME),
    "success-empty": Row(SAME),
    "error-code-number": Row(SAME),
    "error-without-text": Row("the code of an error without a text"),
    "empty-errors": Row(SAME),
    "failed-data": Row(SAME),
    "extensions": Row(SAME),
    "short-name-echo": Row("names without the system, wherever the server names something first"),
    "full-name-echo": Row(SAME),
    "unresolved-as": Row(
        "a wrong name is marked “not returned” or “neither value nor error” instead of the server's text",
        by_value={
            "left-out": {
                "read.mixed": "ok NOT_RETURNED ok ok",
                "read.unknown": "NOT_RETURNED",
                "read.structure": "NOT_RETURNED",
            },
            "null": {
                "read.mixed": "ok NOT_RETURNED ok ok",
                "read.unknown": "NOT_RETURNED",
                "read.structure": "NOT_RETURNED",
            },
            "silent": {
                "read.mixed": "ok NO_VALUE ok ok",
                "read.unknown": "NO_VALUE",
                "read.structure": "NO_VALUE",
                "push.unknown": "a value",
            },
        },
    ),
    "shuffled": Row(SAME),
    "hide-denied": Row(
        "who may not see a tag finds it neither in the tree nor by reading: “not returned”",
        {"viewer.hidden": "NOT_RETURNED", "viewer.browse": "hidden"},
    ),
    "no-z": Row(SAME),
    "time-digits": Row(
        "times as finely as the server tells them", play=("time-digits=7", "time-digits=1", "time-digits=0")
    ),
    "time-offset": Row(SAME),
    "unset-null": Row(SAME),
    "int64-as-text": Row(
        "every digit; the tag's data type makes a number of it", _both("int64", "as text")
    ),
    "int64-as-double": Row(
        "what the server rounded stays rounded, and is shown as a float", _both("int64", "rounded")
    ),
    "nan-as-text": Row("“NaN” instead of no value", _both("nan", "nan")),
    "nan-bare": Row("“NaN” instead of no value", _both("nan", "nan")),
    "datetime-as": Row(
        "the same date; a number becomes one by the tag's data type",
        by_value={
            "offset": _both("time", "other spelling"),
            "no-zone": _both("time", "other spelling"),
            **{
                word: _both("time", "as number")
                for word in ("epoch-s", "epoch-ms", "ticks", "filetime")
            },
        },
    ),
    "quality-as": Row(
        "without a quality a value counts as uncertain, never as good",
        by_value={"null": _values("quality")},
    ),
    "bad-value-null": Row(SAME),
    "unknown-members": Row(
        "the server's own word, as it is",
        by_value={
            "quality": _values("quality GOOD_BY_VOTE"),
            "state": ESCALATED,
            "all": {**_values("quality GOOD_BY_VOTE"), **ESCALATED},
        },
    ),
    "object-type-as": Row(
        "a structure that is not called one looks like a tag until its elements are seen",
        by_value={"tag": UNTYPED, "empty": UNTYPED, "null": UNTYPED},
    ),
    "display-name-as": Row(SAME),
    "data-type-as": Row(SAME),
    "json-style": Row(SAME),
    # Schema
    "no-browse": Row("no tree: “this server version cannot do it”; names are typed in", NO_BROWSE),
    "no-logging": Row("no history: “this server version cannot do it”", NO_LOGGING),
    "no-direct-read": Row("reading from the controller is greyed out, with the reason", NO_DIRECT),
    "old-alarm-fields": Row(SAME),
    "v19": Row("no tree, no history, no direct read, each with its reason", NO_BROWSE | NO_LOGGING | NO_DIRECT),
    "v20": Row(SAME),
    "no-introspection": Row(
        "all but shelving: what the server lacks is found out by asking",
        {"can.shelve": "schema_lacks_field"},
    ),
    "no-redu-state": Row("no redundancy, with the reason", {"can.redundancy": "schema_lacks_field"}),
    "no-alarm-control": Row("no shelving, with the reason", {"can.shelve": "schema_lacks_field"}),
    "accept-null": Row(SAME),
    # Sessions
    "expired-as": Row(
        "one new login, nothing else; a write at that moment is refused, or uncertain where the server says “failed”",
        by_value={
            word: {"session.write_after_end": "SessionPerhapsEnded"} for word in ("500", "message")
        },
    ),
    "auto-logoff": Row(SAME, play=("auto-logoff=6",)),
    "new-token-on-extend": Row("no difference; the old token runs out by itself", LEFT_OPEN),
    "extend-as": Row("no difference; where renewing is refused a new login takes its place", LEFT_OPEN),
    "slow-login": Row("“logging in” for so long", play=("slow-login=0.4",)),
    "login-refused": Row(
        "no connection: the server's reason and what to do; no second try where an account could be locked",
        by_value={
            "101": _stopped("refused", "LoginFailed 101"),
            "102": _stopped("reconnecting", "LoginFailed 102"),
            "103": _stopped("reconnecting", "LoginFailed 103"),
            "null": _stopped("refused", "LoginFailed"),
            "FORBIDDEN": _stopped("refused", "LoginFailed FORBIDDEN"),
        },
        alone=True,
    ),
    "expires-as": Row(SAME),
    "no-token-echo": Row(SAME),
    "user-as": Row("the login's name without groups or full name"),
    "single-session": Row(SAME),
    "stale-header-refused": Row(SAME),
    # Logged values
    "history-cap": Row(SAME, play=("history-cap=100",)),
    "history-cap-sign": Row(SAME),
    "exclusive-bounds": Row(SAME),
    "history-order": Row(SAME),
    "history-null": Row(SAME),
    "plain-names-refused": Row(
        "the same; the logging tag is found by browsing", {"history.unlogged": "2"}
    ),
    "flags-as": Row(SAME),
    "bounding-missing": Row(
        "the curve begins at its first value instead of at the edge",
        by_value={word: {"history.bounds": "ok, nothing before"} for word in ("left", "both")},
    ),
    "log-name-as": Row(SAME),
    # Alarms
    "single-refused-by-item": Row(
        "each alarm of such a call with its own refusal", {"alarms.mixed_call": "305 305"}
    ),
    "alarm-texts": Row(
        "the alarm's name where it has no text",
        by_value={word: {"alarms.texts": "empty, empty"} for word in ("null", "empty")},
    ),
    "alarm-nulls": Row(
        "what is raised counts as waiting for acknowledgement; single ones are not known as such",
        {
            "alarms.single": "not told",
            "alarms.split_calls": "ServerRefused",
            "alarms.twice": "done",
            "alarms.acknowledged": "RAISED_ACKNOWLEDGED RAISED",
            "alarms.reset": NEVER,
        },
        alone=True,
    ),
    "instance-id": Row(
        "instances of one alarm cannot be told apart", by_value={"null": {"alarms.list": "other instances"}}
    ),
    "no-alarm-added": Row(SAME),
    "alarm-resync": Row(SAME, play=("alarm-resync=0.5",)),
    "alarm-end": Row(SAME),
    "alarm-filter": Row("a filter that is refused is said; the desk's own lists use none"),
    "one-language": Row(
        "alarm texts in English where there is no German", {"alarms.texts": "English, English"}
    ),
    # Writes
    "write-refused": Row(
        "the server's code and text with the item",
        by_value={code: _refused_writes_as(code) for code in ("1", "2", "3", "201")},
    ),
    "write-left-out": Row(
        "“unverified” until it was read back: nobody said what became of it",
        by_value={
            "refused": {**_writes("no reply"), "write.batch": "no reply, done"},
            "accepted": {**NO_REPLY, "write.batch": "refused, no reply"},
            "all": {**NO_REPLY, **_writes("no reply"), "write.batch": "no reply, no reply"},
            "null": {**NO_REPLY, **_writes("no reply"), "write.batch": "no reply, no reply"},
        },
    ),
    "write-lost": Row(
        "“unverified”: accepted, and the old value is read back", disturbs=True, alone=True
    ),
    "write-late": Row(
        "“unverified” until the value is read back",
        {"write.out_of_range": "accepted", "write.wrong_type": "accepted", "write.batch": "done, done"},
        play=("write-late=0.4",),
        alone=True,
    ),
    "write-unanswered": Row(
        "“unverified”; never sent twice, read again as soon as the server answers",
        {
            **dict.fromkeys(("write.value", "write.big", "write.batch"), "uncertain"),
            **_writes("uncertain"),
            "alarms.mixed_call": "broken broken",
            "alarms.split_calls": "broken broken",
            "alarms.twice": "broken",
            "alarms.reset": "broken",
            "session.write_after_end": "NotReachable",
            "viewer.can.write": "yes",
            "viewer.write": "NotReachable",
        },
        alone=True,
    ),
    # WebSocket
    "no-websocket": Row(
        "“Values are polled: the server refuses push.”, with what to switch on",
        POLLED,
    ),
    "no-subprotocol": Row(SAME),
    "ping": Row(SAME),
    "server-ping": Row(SAME, play=("server-ping=0.1",)),
    "socket-pings": Row(SAME, play=("socket-pings=0.2",)),
    "refused-token-closes": Row(SAME),
    "expired-socket": Row(SAME),
    "keep-expired-streams": Row(SAME),
    "init-timeout": Row(SAME),
    "ack-late": Row("“connecting” for so long", play=("ack-late=0.4",)),
    "no-ack": Row(
        "“Values are polled”, after the time-out: the server takes the WebSocket and does not answer on it",
        POLLED,
        alone=True,
    ),
    "ack-payload": Row(SAME),
    "fragments": Row(SAME),
    "socket-deflate": Row(SAME),
    "numeric-ids": Row(SAME),
    "push-list": Row(SAME),
    "push-together": Row(SAME),
    "no-added": Row("what is not pushed at first is read once, after a moment", alone=True),
    "modified-first": Row(SAME),
    "complete-after": Row("reconnecting, then as before", play=("complete-after=2",), disturbs=True, alone=True),
    "remove-after": Row("the tag says that it was removed", LEFT_TREE, play=("remove-after=0.5",)),
    "rename-after": Row("the tag says that its name has changed", LEFT_TREE, play=("rename-after=0.5",)),
    "gone": Row(SAME),
    "redundancy": Row("“passive”, with the partner offered where one is known"),
    "passive-after": Row("“passive” from then on", play=("passive-after=0.5",)),
    # HTTP
    "preflight": Row(SAME),
    "certificate": Row(
        "the certificate, and why it is not trusted; nothing is sent before the user's decision",
        by_value={
            "self-signed": _stopped("refused", "NotTrusted unknown_issuer"),
            "other-host": _stopped("refused", "NotTrusted name"),
            "expired": _stopped("refused", "NotTrusted expired"),
            "future": _stopped("refused", "NotTrusted not_yet_valid"),
        },
        alone=True,
    ),
    "missing-slash": Row(SAME),
    "redirect-absolute": Row(SAME),
    "body-limit": Row(SAME, play=("body-limit=4096",)),
    "body-limit-html": Row(SAME),
    "invalid-as": Row(SAME),
    "content-type": Row(SAME),
    "bom": Row(SAME),
    "compress": Row(SAME),
    "chunked": Row(SAME),
    "connection-close": Row(SAME),
    "http10": Row(SAME),
    "iis": Row(SAME),
    # Faults
    "clock-offset": Row("the difference of the clocks in the doctor"),
    "slow": Row("everything later", play=("slow=0.02",)),
    "jitter": Row("everything later", play=("jitter=20",)),
    "busy-at-start": Row("“reconnecting” until the server answers", play=("busy-at-start=1",)),
    "busy-every": Row("reconnecting now and then; each refused question says so", disturbs=True, alone=True),
    "html-every": Row("a page instead of data is named as such", disturbs=True, alone=True),
    "drop-every": Row("reads are repeated once; a write without an answer is “unverified”", disturbs=True, alone=True),
    "cut-every": Row("reads are repeated once; a write without an answer is “unverified”", disturbs=True, alone=True),
    "flaky-socket": Row("reconnecting, with the holes filled from the log", play=("flaky-socket=1",), disturbs=True, alone=True),
    "frozen-socket": Row("stale within seconds, then reconnecting", play=("frozen-socket=1",), disturbs=True, alone=True),
}  # fmt: skip


def variants(name: str) -> tuple[str, ...]:
    """The values of a switch that are tried."""
    row = ROWS.get(name)
    known = next(switch for switch in SWITCHES if switch.name == name)
    return row.play if row is not None and row.play else known.variants


def expected(usual: Findings, played: tuple[str, ...]) -> Findings:
    """What must be found under these switches: the usual, changed by each row."""
    found = dict(usual)
    for text in played:
        name, _, value = text.partition("=")
        row = ROWS.get(name, Row(SAME))
        changes = row.finds | row.by_value.get(value, {})
        if "*" in changes:
            return {key: word for key, word in changes.items() if key != "*"}
        found |= changes
    return found


def changes_of(text: str) -> Findings:
    """What one switch with its value changes."""
    name, _, value = text.partition("=")
    row = ROWS.get(name, Row(SAME))
    return row.finds | row.by_value.get(value, {})


def differences(found: Findings, wanted: Findings) -> list[str]:
    """A line for each question that was answered otherwise."""
    return [
        f"{key}: {found.get(key, 'not asked')!r}, expected {wanted.get(key, 'not to be asked')!r}"
        for key in {**wanted, **found}
        if found.get(key) != wanted.get(key) and not (key in found and wanted.get(key) == ANY)
    ]
