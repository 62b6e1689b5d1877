"""Values, qualities and samples as they come from a plant.

Who uses it: dialects make them, stores keep them, panels and the command line show them.
Times are integers: nanoseconds since 1970 in UTC, because a float of seconds cannot hold
100 ns steps of today's dates and a datetime is slow to make and to compare.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeAlias

Value: TypeAlias = "bool | int | float | str | list[Value] | None"
"""A tag's value. Integers keep every digit; DateTime values are their ISO text; arrays are lists."""


class QualityLevel(Enum):
    """The three levels that decide how a value is shown."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


class Badge(Enum):
    """Where a value does not come from the process itself."""

    SIMULATED = "SIM"
    OVERRIDDEN = "OVR"
    SUBSTITUTE = "SUB"


@dataclass(frozen=True, slots=True)
class Quality:
    """A value's quality: the level for everyone, the server's own words for the curious.

    Args:
        level: good, uncertain or bad.
        text: the server's main quality as it spelled it, e.g. ``GOOD_CASCADE``.
        sub_status: e.g. ``SENSOR_FAILURE``; "" when the server said nothing.
        limit: e.g. ``HIGH_LIMIT_VIOLATION``; "" or ``OK`` when there is none.
        extended: the extended sub-status; "" when the server said nothing.

    Unlisted words are kept as they are (reference: an unknown member must not break anything).
    """

    level: QualityLevel
    text: str
    sub_status: str = ""
    limit: str = ""
    extended: str = ""

    @property
    def badge(self) -> Badge | None:
        """SIM, OVR or SUB when the sub-status says that the value is not the process's own."""
        return _BADGES.get(self.sub_status) or _BADGES.get(self.extended)

    @property
    def is_usable(self) -> bool:
        """True unless bad: only usable values are drawn as a curve."""
        return self.level is not QualityLevel.BAD


_BADGES = {
    "SIMULATED_VALUE": Badge.SIMULATED,
    "LOCAL_OVERRIDE": Badge.OVERRIDDEN,
    "MANUAL_INPUT": Badge.OVERRIDDEN,
    "SUBSTITUTE_VALUE": Badge.SUBSTITUTE,
}

GOOD = Quality(QualityLevel.GOOD, "GOOD_CASCADE", "NON_SPECIFIC")
BAD = Quality(QualityLevel.BAD, "BAD", "NON_SPECIFIC")
NO_COMMUNICATION = Quality(QualityLevel.BAD, "BAD", "NO_COMMUNICATION_NO_USABLE_VALUE")


@lru_cache(maxsize=4096)
def quality_from_text(
    text: str, sub_status: str = "", limit: str = "", extended: str = ""
) -> Quality:
    """Make a quality from the server's words; cached, so equal qualities are one object.

    A text that begins with GOOD is good and one with BAD is bad; anything else, also an
    unknown word, is uncertain: never show as good what nobody vouched for.
    """
    upper = text.upper()
    if upper.startswith("GOOD"):
        level = QualityLevel.GOOD
    elif upper.startswith("BAD"):
        level = QualityLevel.BAD
    else:
        level = QualityLevel.UNCERTAIN
    return Quality(level, text, sub_status, limit, extended)


@dataclass(frozen=True, slots=True)
class ItemError:
    """What the server said about one item of a call. `code` is the server's, e.g. "201"."""

    code: str
    description: str


class Sample(NamedTuple):
    """One value of one tag at one time. A NamedTuple because hundreds of thousands are made a second.

    Args:
        name: the full name, system included, as the desk knows the tag.
        value: None when the server gave none.
        quality: never None; a value without any quality is uncertain.
        time_ns: the server's time stamp, or None when it is missing or 1970 ("not set").
        received_ns: when this computer got it.
        error: set when the server could not give the value (unknown name, no right, …).
    """

    name: str
    value: Value
    quality: Quality
    time_ns: int | None
    received_ns: int
    error: ItemError | None = None


class LoggedPoint(NamedTuple):
    """One value from the log. `flags` are the server's words, e.g. ("CALCULATED",)."""

    time_ns: int
    value: Value
    quality: Quality
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoggedSeries:
    """The log of one tag, rising in time, without doubles.

    Args:
        name: the tag that was asked for (full name).
        logging_tag: the logging tag that answered, or "".
        points: rising in time.
        truncated: True when the server or a limit cut the answer short.
        error: set when there is no log for this tag.
    """

    name: str
    logging_tag: str
    points: list[LoggedPoint]
    truncated: bool = False
    error: ItemError | None = None
