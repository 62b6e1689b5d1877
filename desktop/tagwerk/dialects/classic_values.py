"""Values, data types, qualities and write replies of the WinCC V7/V8 REST service.

Shapes are in the reference's section 3; what is only guessed there is read in every plausible
spelling. Pure; the link hands rows in and takes samples out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from tagwerk.dialects.base import json_text
from tagwerk.dialects.classic_json import (
    Row,
    error_of,
    first,
    fold,
    name_of,
    rows_of,
    says_done,
    to_integer,
)
from tagwerk.dialects.classic_time import PlantTime
from tagwerk.dialects.names import Echoes, clean_name
from tagwerk.domain.tags import BaseType, data_type_from_text, short_name
from tagwerk.domain.values import (
    BAD,
    ItemError,
    LoggedPoint,
    LoggedSeries,
    Quality,
    QualityLevel,
    Sample,
    Value,
    quality_from_text,
)

NO_VALUE = ItemError("NO_VALUE", "The server gives neither a value nor an error.")
UNREADABLE = ItemError("UNREADABLE", "The server gives values whose times cannot be read.")
_TIMES = ("timestamp", "time", "datetime", "t", "ts", "date")

_TYPE_WORDS = {
    1: "Bool", 2: "SInt", 3: "USInt", 4: "Int", 5: "UInt", 6: "DInt", 7: "UDInt",
    8: "Real", 9: "LReal", 10: "String", 11: "WString", 12: "Raw", 14: "Struct", 15: "String",
    16: "DateTime",
}  # fmt: skip
_BITS = {8: ("SInt", "USInt"), 16: ("Int", "UInt"), 32: ("DInt", "UDInt"), 64: ("LInt", "ULInt")}
_WIDTH = re.compile(r"(?<!\d)(8|16|32|64)(?!\d)")

_BAD_REASONS = (
    "NON_SPECIFIC", "CONFIGURATION_ERROR", "NOT_CONNECTED", "DEVICE_FAILURE", "SENSOR_FAILURE",
    "NO_COMMUNICATION_LAST_USABLE_VALUE", "NO_COMMUNICATION_NO_USABLE_VALUE", "OUT_OF_SERVICE",
)  # fmt: skip
_UNCERTAIN_REASONS = (
    "NON_SPECIFIC", "LAST_USABLE_VALUE", "SUBSTITUTE_VALUE", "INITIAL_VALUE",
    "SENSOR_CONVERSION_NOT_ACCURATE", "ENGINEERING_UNIT_RANGE_VIOLATION", "SUB_NORMAL",
    "CONFIGURATION_ERROR", "SIMULATED_VALUE", "SENSOR_CALIBRATION",
)  # fmt: skip
_LIMITS = ("OK", "LOW_LIMIT_VIOLATION", "HIGH_LIMIT_VIOLATION", "CONSTANT")
_LOCAL_OVERRIDE = 6

_NOT_NUMBERS = {
    "nan": math.nan, "1.#qnan": math.nan, "-1.#ind": math.nan, "1.#ind": math.nan,
    "inf": math.inf, "+inf": math.inf, "infinity": math.inf, "+infinity": math.inf,
    "1.#inf": math.inf, "-inf": -math.inf, "-infinity": -math.inf, "-1.#inf": -math.inf,
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_BOOLS = {"1": True, "-1": True, "true": True, "on": True, "0": False, "false": False, "off": False}


@lru_cache(maxsize=256)
def type_text(raw: Any) -> str:
    """A data type in words that `data_type_from_text` knows, from WinCC's number or its wording.

    ``4`` is ``Int``, ``Unsigned 32-bit value`` is ``UDInt``; what is not known keeps its number.
    """
    number = to_integer(raw)
    if number is not None:
        return _TYPE_WORDS.get(number, f"type {number}")
    text = "" if raw is None else clean_name(str(raw))
    if data_type_from_text(text).base is not BaseType.UNKNOWN:
        return text
    return _type_in_words(text.lower()) or text


def _type_in_words(words: str) -> str:
    width = _WIDTH.search(words)
    bits = int(width[1]) if width else 0
    if "float" in words or "double" in words or "ieee" in words:
        return "LReal" if bits == 64 or "double" in words else "Real"
    if "text" in words or "string" in words:
        return "String"
    if "unsigned" in words and bits in _BITS:
        return _BITS[bits][1]
    if "signed" in words and bits in _BITS:
        return _BITS[bits][0]
    for word, name in (("raw", "Raw"), ("struct", "Struct"), ("date", "DateTime")):
        if word in words:
            return name
    if "binary" in words or words in ("bit", "bits") or words.startswith("bit "):
        return "Bool"
    return ""


@lru_cache(maxsize=4096)
def quality_from_code(code: int) -> Quality:
    """A quality from WinCC's byte: two bits of level, four of reason, two of limit.

    The reasons get the words of the other dialects, so that a substitute looks the same everywhere.
    """
    level, reason, limit = (code >> 6) & 3, (code >> 2) & 15, _LIMITS[code & 3]
    shown = f"0x{code & 0xFF:02X}"
    if level == 0:
        known = _BAD_REASONS[reason] if reason < len(_BAD_REASONS) else f"REASON_{reason}"
        return Quality(QualityLevel.BAD, "BAD", known, limit, shown)
    if level == 1:
        known = (
            _UNCERTAIN_REASONS[reason] if reason < len(_UNCERTAIN_REASONS) else f"REASON_{reason}"
        )
        return Quality(QualityLevel.UNCERTAIN, "UNCERTAIN", known, limit, shown)
    text = "GOOD_CASCADE" if level == 3 else "GOOD_NON_CASCADE"
    known = "NON_SPECIFIC" if reason == 0 else f"REASON_{reason}"
    if level == 3 and reason == _LOCAL_OVERRIDE:
        known = "LOCAL_OVERRIDE"
    return Quality(QualityLevel.GOOD, text, known, limit, shown)


def quality_of(row: Row) -> Quality:
    """A row's quality; nobody vouched for a value without one: uncertain."""
    raw = first(row, "qualitycode", "quality", "qc", "qualityid")
    code = to_integer(raw)
    if code is None and isinstance(raw, str):
        # Hex digits without their mark, as some lists show them: 4C, but not 80, which is a number.
        if re.fullmatch(r"[0-9a-fA-F]{2}", raw.strip()):
            code = int(raw, 16)
        else:
            return quality_from_text(clean_name(raw).upper())
    return quality_from_text("") if code is None else quality_from_code(code)


def value_of(value: Any, data_type: Any = None) -> Value:
    """A value by its type: numbers come as text too, with a point or a comma; integers keep all digits.

    What does not fit its type stays as it came; a value of unknown type is not guessed at.
    """
    if isinstance(value, dict):
        return json_text(value)
    if isinstance(value, list):
        return [value_of(item, data_type) for item in value]
    if value is None or data_type is None:
        return value  # type: ignore[no-any-return]
    base = data_type_from_text(type_text(data_type)).base
    if base is BaseType.BOOL:
        return _bool(value)
    if base is BaseType.INTEGER:
        return _integer(value)
    if base is BaseType.FLOAT:
        return _float(value)
    if base is BaseType.TEXT:
        return value if isinstance(value, str) else json_text(value)
    return value  # type: ignore[no-any-return]


def _bool(value: Any) -> Value:
    if isinstance(value, str):
        return _BOOLS.get(value.strip().lower(), value)
    if isinstance(value, int | float) and value in (0, 1, -1):
        return bool(value)
    return value  # type: ignore[no-any-return]


def _integer(value: Any) -> Value:
    if isinstance(value, bool):
        return int(value)
    whole = to_integer(value)
    if whole is not None:
        return whole
    number = _number(value) if isinstance(value, str) else None
    if number is not None and math.isfinite(number) and number.is_integer():
        return int(number)
    return value if number is None else number


def _float(value: Any) -> Value:
    if isinstance(value, str):
        number = _number(value)
        return value if number is None else number
    try:
        return float(value)
    except OverflowError:
        return value  # type: ignore[no-any-return]


def _number(text: str) -> float | None:
    stripped = text.strip()
    known = _NOT_NUMBERS.get(stripped.lower())
    if known is not None:
        return known
    if _NUMBER.fullmatch(stripped) is None:
        return None
    return float(stripped.replace(",", "."))


def sample_of(row: Row, name: str, received_ns: int, clock: PlantTime) -> Sample:
    """A sample under the name that the desk knows the tag by."""
    error = error_of(row)
    kind = first(row, "datatype", "type", "vartype", "variabletype")
    value = value_of(first(row, "value", "currentvalue"), kind)
    time_ns = clock.parse(first(row, *_TIMES), near_ns=received_ns)
    if error is not None:
        return Sample(name, value, BAD, time_ns, received_ns, error)
    quality = quality_of(row)
    if value is None and time_ns is None and not quality.text:
        return Sample(name, None, BAD, None, received_ns, NO_VALUE)
    return Sample(name, value, quality, time_ns, received_ns)


class _Asked:
    """Finds asked names behind echoes, also where the one or the other has invisible characters."""

    def __init__(self, names: list[str]) -> None:
        self._names = names
        # By what was sent: what the desk puts in front of a name is no server's business, and what a
        # server puts there is none of ours.
        self._by_clean = {clean_name(short_name(name)): name for name in names}
        self._echoes = Echoes(self._by_clean)

    def find(self, row: Row) -> str | None:
        """The name that a row is about; a row without one belongs to the only one asked for."""
        echo = name_of(row)
        if not echo:
            return self._names[0] if len(self._names) == 1 else None
        found = self._echoes.find(echo)
        return None if found is None else self._by_clean[found]


def samples_of(
    body: Any, names: list[str], received_ns: int, clock: PlantTime
) -> dict[str, Sample]:
    """Samples by asked name, matched by what each row says it is; rows may be missing."""
    asked = _Asked(names)
    found: dict[str, Sample] = {}
    for row in rows_of(body):
        name = asked.find(row)
        if name is not None:
            found[name] = sample_of(row, name, received_ns, clock)
    return found


def write_replies(body: Any, names: list[str]) -> dict[str, ItemError | None]:
    """What the server said to each write, by asked name: None is done.

    HTTP 200 comes in either case. Only ``errorcode`` 0 without an ``error`` is success; a row that
    does not say it, and a name without a row, are left out: what became of them is not known.
    """
    asked = _Asked(names)
    found: dict[str, ItemError | None] = {}
    # An error beside the rows contradicts those that say done: then nobody knows.
    is_doubtful = isinstance(body, dict) and error_of(fold(body)) is not None
    for row in rows_of(body):
        name = asked.find(row)
        if name is None:
            continue
        error = error_of(row)
        if error is not None:
            found[name] = error
        elif says_done(row) and name not in found and not is_doubtful:
            found[name] = None
    return found


def logged_points(rows: Any, clock: PlantTime, data_type: Any = None) -> list[LoggedPoint]:
    """Archived values, those without a time left out."""
    points: list[LoggedPoint] = []
    for row in rows_of(rows):
        time_ns = clock.parse(first(row, *_TIMES), near_ns=None)
        if time_ns is None:
            continue
        kind = first(row, "datatype", "type", default=data_type)
        value = _archived(first(row, "value", "v", "val"), kind)
        raw_flags = first(row, "flags", "flag", default=())
        flags = (str(raw_flags),) if raw_flags and not isinstance(raw_flags, list) else ()
        points.append(LoggedPoint(time_ns, value, _archived_quality(row), flags))
    return points


def _archived(value: Any, kind: Any) -> Value:
    """Archives hold numbers; where no type is told, digits as text are one."""
    if kind is None and isinstance(value, str):
        whole = to_integer(value)
        if whole is not None and value.strip()[:2].lower() != "0x":
            return whole
        number = _number(value)
        return value if number is None else number
    return value_of(value, kind)


def _archived_quality(row: Row) -> Quality:
    return quality_of(row)


def archive_series(body: Any, asked: Iterable[str], clock: PlantTime) -> dict[str, LoggedSeries]:
    """The log by asked variable: elements with a name and ``values``, or bare rows of values."""
    names = list(asked)
    echoes = Echoes(names)
    found: dict[str, LoggedSeries] = {}
    loose: dict[str, list[Row]] = {}
    for row in rows_of(body):
        echo = name_of(row)
        # Archive variables may be told with their archive: Archive\Variable.
        name = (echoes.find(echo) or echoes.find(echo.rpartition("\\")[2])) if echo else None
        if name is None and len(names) == 1:
            name = names[0]
        if name is None:
            continue
        values = first(row, "values", "data", "points")
        if isinstance(values, list | dict):
            kind = first(row, "datatype", "type")
            values = _joined(row, values)
            points = logged_points(values, clock, kind)
            error = None
            if not points:
                error = error_of(row) or (UNREADABLE if values else None)
            before = found.get(name)
            if before is not None:
                points = [*before.points, *points]
            found[name] = LoggedSeries(name, echo, points, error=error)
        elif first(row, "value", "v") is not None and not error_of(row):
            loose.setdefault(name, []).append(row)
        else:
            found.setdefault(name, LoggedSeries(name, echo, [], error=error_of(row)))
    for name, rows in loose.items():
        points = logged_points(rows, clock)
        found[name] = LoggedSeries(name, name, points, error=None if points else UNREADABLE)
    return found


def _joined(row: Row, values: Any) -> Any:
    """Values and their times may come as columns beside each other."""
    times = first(row, "timestamps", "times", *_TIMES)
    if not isinstance(values, list) or not isinstance(times, list) or len(times) != len(values):
        return values
    codes = first(row, "qualitycodes", "qualities", "qualitycode", "quality")
    if not isinstance(codes, list) or len(codes) != len(values):
        codes = [None] * len(values)
    return [
        {"value": value, "timestamp": time, "qualitycode": code}
        for value, time, code in zip(values, times, codes, strict=True)
    ]
