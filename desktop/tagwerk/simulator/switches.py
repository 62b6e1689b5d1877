"""Named switches: each unknown or variant of the interface that the demo server can play.

The reference marks what nobody has measured; for each such point the desk accepts every plausible
answer, and a switch here lets the demo server give it. Called by the command line
(``--switch NAME[=VALUE]``, ``--list-switches``) and read by the server's parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from tagwerk.domain.errors import UsageError


class Takes(Enum):
    """What stands behind a switch's equals sign."""

    NOTHING = "nothing"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Switch:
    """One row of the registry.

    Args:
        name: as typed on the command line.
        explanation: one line, what the server does differently.
        takes: kind of value.
        choices: allowed values for CHOICE.
        default: value when the switch is given without one; "" means that a value is needed.
    """

    name: str
    explanation: str
    takes: Takes = Takes.NOTHING
    choices: tuple[str, ...] = ()
    default: str = ""

    @property
    def usage(self) -> str:
        """``name``, ``name=N``, ``name=a|b`` as shown in lists."""
        if self.takes is Takes.NOTHING:
            return self.name
        shown = "|".join(self.choices) if self.choices else self.takes.value.upper()
        return f"{self.name}[={shown}]" if self.default else f"{self.name}={shown}"


SWITCHES: tuple[Switch, ...] = (
    # Replies
    Switch("error-null", 'success is "error": null instead of code "0"'),
    Switch("short-name-echo", "replies carry names without the system, however they were asked"),
    Switch("full-name-echo", "replies carry full names, however they were asked"),
    Switch("no-z", "time stamps come without the final Z"),
    Switch(
        "time-digits", "digits after the second in time stamps (0 to 9)", Takes.NUMBER, default="7"
    ),
    Switch("int64-as-text", "64-bit integers come as JSON strings"),
    Switch("nan-as-text", 'NaN and infinity come as "NaN", "Infinity" instead of null'),
    Switch(
        "hide-denied",
        "objects that match are left out for users without the write right",
        Takes.TEXT,
        default="*.Service*",
    ),
    Switch("single-refused-by-item", "a mixed call with single acknowledgement gets an error for each item"),
    # Schema
    Switch("no-browse", "the schema has no browse"),
    Switch("no-logging", "the schema has no loggedTagValues"),
    Switch("no-direct-read", "tagValues has no directRead argument"),
    Switch("old-alarm-fields", "alarms have connection and tag where newer ones have connectionName and path"),
    Switch("v19", "the schema of V19: all of the four above, no identityProviderURL, no durationIso"),
    Switch("no-introspection", "introspection is refused"),
    # Sessions
    Switch("accept-null", "explicit nulls for arguments with a default are taken as not given"),
    Switch("preflight", "requests without apollo-require-preflight are answered 400"),
    Switch(
        "expired-as",
        "how an expired or unknown token is answered",
        Takes.CHOICE,
        ("401", "403", "FORBIDDEN", "UNAUTHENTICATED", "message"),
    ),
    Switch("auto-logoff", "seconds until an idle session ends", Takes.NUMBER, default="5"),
    Switch("new-token-on-extend", "extendSession answers with a new token; the old one runs out"),
    Switch("slow-login", "seconds that a login takes", Takes.NUMBER, default="3"),
    # Logged values
    Switch("history-cap", "rows that loggedTagValues gives at most", Takes.NUMBER, default="1000"),
    Switch("exclusive-bounds", "the bounds of loggedTagValues do not count as inside"),
    # The WebSocket
    Switch("no-websocket", "WebSocket is switched off: queries work, subscriptions fail"),
    Switch("ping", "answer to a client's protocol ping", Takes.CHOICE, ("complain", "pong", "close")),
    Switch("server-ping", "seconds between protocol pings of the server", Takes.NUMBER, default="1"),
    Switch(
        "refused-token-closes",
        "close code when connection_init carries no valid token",
        Takes.CHOICE,
        ("4401", "4403"),
    ),
    Switch("init-timeout", "seconds until a silent connection is closed", Takes.NUMBER, default="3"),
    Switch("fragments", "WebSocket messages are cut into frames of so many bytes", Takes.NUMBER, default="7"),
    Switch("keep-expired-streams", "subscriptions go on when their session runs out"),
)  # fmt: skip

_BY_NAME = {switch.name: switch for switch in SWITCHES}
_V19 = ("no-browse", "no-logging", "no-direct-read", "old-alarm-fields")


@dataclass(frozen=True, slots=True)
class Switches:
    """The switches that are on, with their values. Made by `parse_switches`."""

    values: dict[str, str] = field(default_factory=dict)

    def on(self, name: str) -> bool:
        """Whether the switch was given."""
        return _known(name).name in self.values

    def text(self, name: str, otherwise: str = "") -> str:
        """Its value, or `otherwise` when it is off."""
        return self.values.get(_known(name).name, otherwise)

    def number(self, name: str, otherwise: float) -> float:
        """Its value as a number, or `otherwise` when it is off."""
        text = self.values.get(_known(name).name)
        return otherwise if text is None else float(text)


def _known(name: str) -> Switch:
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UsageError(
            "There is no switch “{name}”.",
            cure="See the names with: tagwerk simulate --list-switches",
            name=name,
        ) from None


def parse_switches(texts: Iterable[str]) -> Switches:
    """Read ``NAME`` and ``NAME=VALUE``; the last one wins.

    Raises:
        UsageError: unknown name, missing, superfluous or unfit value; names the switch.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition("=")
        switch = _known(name.strip())
        values[switch.name] = _checked(switch, value.strip(), bool(mark))
    if "v19" in values:
        values.update((name, "") for name in _V19)
    return Switches(values)


def _checked(switch: Switch, value: str, given: bool) -> str:
    if switch.takes is Takes.NOTHING:
        if given:
            raise UsageError("The switch “{name}” takes no value.", name=switch.name)
        return ""
    if not value:
        if not switch.default:
            raise UsageError(
                "The switch “{name}” needs a value.",
                cure="Write {usage}.",
                name=switch.name,
                usage=switch.usage,
            )
        return switch.default
    fits = True
    if switch.takes is Takes.CHOICE:
        fits = value in switch.choices
    elif switch.takes is Takes.NUMBER:
        try:
            fits = 0 <= float(value) < 1e9
        except ValueError:
            fits = False
    if not fits:
        raise UsageError(
            "“{value}” does not fit the switch “{name}”.",
            cure="Write {usage}.",
            value=value,
            name=switch.name,
            usage=switch.usage,
        )
    return value


def list_switches() -> str:
    """The registry as text, one line a switch."""
    width = max(len(switch.usage) for switch in SWITCHES)
    return "\n".join(f"{switch.usage:<{width}}  {switch.explanation}" for switch in SWITCHES)
