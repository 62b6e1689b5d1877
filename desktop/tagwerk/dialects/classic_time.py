"""Times of a WinCC V7/V8 server: ISO without a zone, in the plant's own; and every other spelling.

Which zone the plant writes in is a setting of the connection (`zone_from_text`); left empty it is
this computer's own, because desk and plant mostly stand in the same hall. Pure.
"""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from typing import Any

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import parse_time

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,:](\d{1,9})\d*)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_GERMAN = re.compile(
    r"(\d\d?)\.(\d\d?)\.(\d{4}),?[T ](\d\d?):(\d\d)(?::(\d\d)(?:[.,:](\d{1,9}))?)?"
)
_AMERICAN = re.compile(
    r"(\d\d?)/(\d\d?)/(\d{4}),?\s+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(AM|PM)?",
    re.IGNORECASE,
)
_NET = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND_NS = 1_000_000_000
_DAY_NS = 86_400 * _SECOND_NS
_LATEST_NS = 2**63 - 1
_AHEAD_NS = 300 * _SECOND_NS
_FILETIME_EPOCH_S = 11_644_473_600
_CACHE_LIMIT = 4096
# Of a bare number only its size tells what it counts; the bounds are some decades around today.
_OLE_DAYS = (20_000.0, 80_000.0)


def zone_from_text(text: str) -> dt.tzinfo | None:
    """A zone setting: "" is this computer's own (None), ``UTC``, ``+01:00``, ``Europe/Berlin``.

    Raises:
        UsageError: not a zone, or one that this computer has no table of.
    """
    wanted = text.strip()
    if not wanted or wanted.lower() == "local":
        return None
    if wanted.upper() in ("UTC", "Z", "GMT"):
        return dt.UTC
    offset = _OFFSET.fullmatch(wanted)
    if offset is not None:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes < 24 * 60:
            return dt.timezone(dt.timedelta(minutes=-minutes if offset[1] == "-" else minutes))
    try:
        return zoneinfo.ZoneInfo(wanted)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            "“{zone}” is not a time zone that this computer knows.",
            cure="Give UTC, an offset like +01:00, or nothing for this computer's own zone.",
            zone=text,
        ) from None


FORMS = ("plain", "seconds", "utc")
"""How a time may be asked for, the one that was seen in practice first."""


class PlantTime:
    """Reads and writes times in the plant's zone.

    Args:
        zone: of times that do not say theirs; None is this computer's own.
    """

    def __init__(self, zone: dt.tzinfo | None = None) -> None:
        self.zone = zone
        self._minutes: dict[str, tuple[int, int]] = {}

    def parse(self, raw: Any, *, near_ns: int | None) -> int | None:
        """Nanoseconds since 1970 UTC; None for nothing, for "not set" and for nonsense.

        Args:
            raw: text or number, as it came.
            near_ns: about now, to choose in the hour that comes twice when summer time ends: the
                later of both, unless it lies in the future. None takes the first.
        """
        if raw is None or isinstance(raw, bool):
            return None
        if isinstance(raw, int | float):
            return _valid(_from_number(raw))
        if not isinstance(raw, str):
            return None
        text = raw.strip()
        found = _ISO.fullmatch(text)
        if found is not None:
            year, month, day, hour, minute, second, fraction, offset = found.groups()
            if offset:
                return _valid(_with_zone(text))
        else:
            parts = _european(text) or _american(text)
            if parts is None:
                return _valid(_from_odd_text(text))
            year, month, day, hour, minute, second, fraction = parts
        key = f"{year}-{month}-{day} {hour}:{minute}"
        first = self._minutes.get(key)
        if first is None:
            numbers = (int(year), int(month), int(day), int(hour), int(minute))
            first = self._minute(numbers)
            if first is None:
                return None
            if len(self._minutes) >= _CACHE_LIMIT:
                self._minutes.clear()
            self._minutes[key] = first
        rest_ns = int(second or 0) * _SECOND_NS + int((fraction or "0").ljust(9, "0"))
        early_ns, late_ns = first[0] + rest_ns, first[1] + rest_ns
        if near_ns is not None and early_ns != late_ns and late_ns <= near_ns + _AHEAD_NS:
            return _valid(late_ns)
        return _valid(early_ns)

    def _minute(self, numbers: tuple[int, int, int, int, int]) -> tuple[int, int] | None:
        """A minute of the plant's wall clock, twice where it comes twice."""
        try:
            plain = dt.datetime(*numbers)
            early, late = (self._moment(plain.replace(fold=fold)) for fold in (0, 1))
        except (ValueError, OverflowError, OSError):
            return None
        # In the hour that summer time leaves out, fold 1 lies before fold 0.
        return (early, late) if late >= early else (early, early)

    def _moment(self, plain: dt.datetime) -> int:
        aware = plain.astimezone() if self.zone is None else plain.replace(tzinfo=self.zone)
        elapsed = aware - _EPOCH
        return (elapsed.days * 86_400 + elapsed.seconds) * _SECOND_NS

    def format(self, time_ns: int, form: str = "plain") -> str:
        """A time as argument.

        Args:
            form: one of `FORMS`: ISO in the plant's zone without saying so, with or without
                milliseconds, or in UTC with a Z.
        """
        seconds, rest_ns = divmod(time_ns, _SECOND_NS)
        zone = dt.UTC if form == "utc" else self.zone
        moment = (_EPOCH + dt.timedelta(seconds=seconds)).astimezone(zone)
        fraction = "" if form == "seconds" else f".{rest_ns // 1_000_000:03d}"
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}{'Z' if form == 'utc' else ''}"


_Parts = tuple[str, str, str, str, str, str | None, str | None]


def _european(text: str) -> _Parts | None:
    found = _GERMAN.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second, fraction = found.groups()
    return year, month, day, hour, minute, second, fraction


def _american(text: str) -> _Parts | None:
    """Only where it is surely American: by AM or PM, or by a day that is no month."""
    found = _AMERICAN.fullmatch(text)
    if found is None:
        return None
    month, day, year, hour, minute, second, fraction, half = found.groups()
    if half is None and int(day) <= 12:
        return None
    if half is not None:
        hour = str(int(hour) % 12 + (12 if half.upper() == "PM" else 0))
    return year, month, day, hour, minute, second, fraction


def _valid(time_ns: int | None) -> int | None:
    """1970 is "not set"; so are the years 1, 1601 and 9999 of .NET and Windows."""
    if time_ns is None or not _DAY_NS < time_ns <= _LATEST_NS:
        return None
    return time_ns


def _with_zone(text: str) -> int | None:
    try:
        return parse_time(text)
    except UsageError:
        return None


def _from_odd_text(text: str) -> int | None:
    net = _NET.fullmatch(text)
    if net is not None:
        return int(net[1]) * 1_000_000
    if text.isascii() and text.isdigit() and len(text) <= 20:
        return _from_number(int(text))
    return None


def _from_number(number: int | float) -> int | None:
    """Seconds, milliseconds, microseconds since 1970, Windows' 100 ns since 1601, or days of OLE."""
    if number != number or abs(number) > 1e19:
        return None
    if isinstance(number, float) and _OLE_DAYS[0] <= number <= _OLE_DAYS[1]:
        return int((number - 25_569.0) * 86_400_000) * 1_000_000
    if number >= 1e17:
        return int(number) * 100 - _FILETIME_EPOCH_S * _SECOND_NS
    for bound, unit in ((1e14, 1000), (1e11, 1_000_000), (1e8, _SECOND_NS)):
        if number >= bound:
            whole = int(number)
            return whole * unit + int((number - whole) * unit)
    return None
