"""Times of the classic interface: how they are written and read, with the plant's own zone.

Known is only that times without a zone occur (§C4); each form beyond is invented.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tagwerk.domain.errors import UsageError
from tagwerk.simulator.classic.question import Refused
from tagwerk.simulator.iso_times import iso_second
from tagwerk.simulator.switches import Switches

SECOND_NS = 1_000_000_000
_FILETIME_1970 = 116_444_736_000_000_000
_GERMAN = re.compile(r"(\d\d?)\.(\d\d?)\.(\d{4})[ T](.+)")

TimeForm = Callable[[int], str | int | None]


def plant_zone(name: str) -> dt.tzinfo | None:
    """The zone of a name; None for "", this computer's own.

    Raises:
        UsageError: there is no such zone.
    """
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            "There is no time zone “{name}”.",
            cure="Write it as Europe/Berlin or America/New_York.",
            name=name,
        ) from None


class PlantTimes:
    """Times of one server.

    Args:
        switches: ``classic-zone``, ``classic-time-as``, ``classic-span-refused``.

    Attributes:
        write: the form of a moment (nanoseconds since 1970 UTC).
        is_told: whether moments are told at all.
    """

    def __init__(self, switches: Switches) -> None:
        self._zone = plant_zone(switches.text("classic-zone"))
        self._refused = switches.text("classic-span-refused")
        form = switches.text("classic-time-as")
        self._second = -1
        self._text = ""
        self.is_told = form != "absent"
        self.write: TimeForm = {
            "": self._utc,
            "no-zone": lambda at: self._local(at, "T") + _millisecond(at),
            "utc-no-zone": lambda at: self._utc(at)[:-1],
            "offset": lambda at: self._local(at, "T") + _millisecond(at) + self._offset(at),
            "seconds": lambda at: self._utc(at)[:19] + "Z",
            "fraction7": lambda at: self._utc(at)[:19] + f".{at % SECOND_NS // 100:07d}Z",
            "space": lambda at: self._local(at, " ") + _millisecond(at),
            "german": lambda at: f"{self.moment(at):%d.%m.%Y %H:%M:%S},{_thousandths(at):03d}",
            "us": lambda at: (
                f"{self.moment(at):%m/%d/%Y %I:%M:%S}.{_thousandths(at):03d}"
                f" {'AM' if self.moment(at).hour < 12 else 'PM'}"
            ),
            "epoch-ms": lambda at: at // 1_000_000,
            "filetime": lambda at: at // 100 + _FILETIME_1970,
            "null": lambda at: None,
            "absent": lambda at: None,
        }[form]

    def moment(self, at_ns: int) -> dt.datetime:
        """A moment in the plant's zone, to the second."""
        return dt.datetime.fromtimestamp(at_ns // SECOND_NS, dt.UTC).astimezone(self._zone)

    def _utc(self, at_ns: int) -> str:
        second, rest = divmod(at_ns, SECOND_NS)
        if second != self._second:
            self._text = iso_second(second)
            self._second = second
        return f"{self._text}.{rest // 1_000_000:03d}Z"

    def _local(self, at_ns: int, between: str) -> str:
        return self.moment(at_ns).replace(tzinfo=None).isoformat(between)

    def _offset(self, at_ns: int) -> str:
        return self.moment(at_ns).isoformat()[19:]

    def read(self, text: str, name: str) -> int:
        """Nanoseconds since 1970 of a time in a request; without a zone it is the plant's.

        Raises:
            Refused: 400, it is no time, or not in the form that a switch wants.
        """
        given = text.strip()
        german = _GERMAN.fullmatch(given)
        if german is not None:
            given = f"{german[3]}-{german[2]:>02}-{german[1]:>02}T{german[4]}"
        try:
            moment = dt.datetime.fromisoformat(given)
        except ValueError:
            raise Refused(400, f"{name} is no time: {text}") from None
        if (
            (self._refused == "zone" and moment.tzinfo is not None)
            or (self._refused == "no-zone" and moment.tzinfo is None)
            or (self._refused == "fraction" and re.search(r"\d[.,]\d", given))
        ):
            raise Refused(400, f"{name} has not the right format: {text}")
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=self._zone) if self._zone else moment.astimezone()
        whole = moment.replace(microsecond=0)
        return round(whole.timestamp()) * SECOND_NS + moment.microsecond * 1000


def _thousandths(at_ns: int) -> int:
    return at_ns % SECOND_NS // 1_000_000


def _millisecond(at_ns: int) -> str:
    return f".{_thousandths(at_ns):03d}"
