"""Values as text and text as values: shown in the user's locale, typed strictly.

Who uses it: every table, editor, export and the command line. A typed number that could mean
two things ("1,000") is refused with both readings named, never guessed.
"""

from __future__ import annotations

import datetime as dt
import math
import re

from tagwerk.domain.errors import UsageError
from tagwerk.domain.local_time import moment_in
from tagwerk.domain.numbers import (
    EM_DASH,
    ENGLISH,
    GERMAN,
    MINUS,
    THIN_SPACE,
    NumberStyle,
    format_number,
    guess_decimals,
)
from tagwerk.domain.tags import BaseType, DataType, TagInfo
from tagwerk.domain.values import Value

__all__ = [
    "EM_DASH",
    "ENGLISH",
    "GERMAN",
    "MINUS",
    "THIN_SPACE",
    "AmbiguousNumber",
    "NumberStyle",
    "format_age",
    "format_number",
    "format_time",
    "format_value",
    "guess_decimals",
    "parse_number",
    "parse_time",
    "parse_value",
    "typed_value",
]


class AmbiguousNumber(UsageError):
    """The text can be read as two numbers; `readings` has both."""

    def __init__(self, text: str, readings: tuple[float, float]) -> None:
        super().__init__(
            "“{text}” can mean {first} or {second}.",
            cure="Type it without the mark, or with digits that leave no doubt.",
            text=text,
            first=f"{readings[0]:g}",
            second=f"{readings[1]:g}",
        )
        self.readings = readings


def format_value(value: Value, info: TagInfo | None = None, style: NumberStyle = ENGLISH) -> str:
    """A value as people read it, without its unit; an em dash for no value."""
    if value is None:
        return EM_DASH
    if isinstance(value, bool):
        if info is not None and int(value) in info.texts:
            return info.texts[int(value)]
        return style.true_text if value else style.false_text
    if isinstance(value, int):
        if info is not None:
            if value in info.texts:
                return info.texts[value]
            if info.data_type.base is BaseType.BOOL and value in (0, 1):
                return format_value(bool(value), info, style)
        return format_number(value, info.decimals if info is not None else None, style)
    if isinstance(value, float):
        if info is not None and info.texts and value.is_integer() and int(value) in info.texts:
            return info.texts[int(value)]
        return format_number(value, info.decimals if info is not None else None, style)
    if isinstance(value, list):
        shown = ", ".join(format_value(item, info, style) for item in value[:8])
        return f"[{shown}{', …' if len(value) > 8 else ''}]"
    return value


_INTEGER = re.compile(r"[+-]?[0-9]{1,300}")
_LONGEST_NUMBER = 300
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")


def parse_number(text: str, style: NumberStyle = ENGLISH) -> float | int:
    """Read a typed number strictly.

    Plain digits with at most one mark are read; a mark that is the locale's decimal mark is that.
    The *other* mark followed by exactly three digits is refused as ambiguous ("1,000" in English,
    "1.000" in German); followed by any other number of digits it is taken as decimal mark, since
    it can mean nothing else. Spaces (also thin ones) may group digits.

    Returns:
        int when there is no mark and no exponent, so that 64-bit integers keep every digit.

    Raises:
        AmbiguousNumber: two readings.
        UsageError: not a number.
    """
    compact = re.sub(r"(?<=\d)[\s\u00a0\u202f\u2009'’](?=\d{3}(?!\d))", "", text.strip())
    compact = compact.replace(MINUS, "-")
    if len(compact) > _LONGEST_NUMBER:
        raise UsageError("“{text}…” is too long.", cure="Type a shorter number.", text=text[:20])
    if _INTEGER.fullmatch(compact):
        return int(compact)
    other = "," if style.decimal == "." else "."
    if style.decimal in compact and other in compact:
        grouped = rf"[+-]?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+{re.escape(style.decimal)}\d*"
        if not re.fullmatch(grouped, compact):
            raise UsageError(
                "“{text}” is not a number.", cure="Type digits with one decimal mark.", text=text
            )
        compact = compact.replace(other, "")
    elif other in compact:
        if re.fullmatch(rf"[+-]?[1-9]\d{{0,2}}{re.escape(other)}\d{{3}}", compact):
            raise AmbiguousNumber(
                text, (float(compact.replace(other, ".")), float(compact.replace(other, "")))
            )
        if compact.count(other) > 1:
            if not re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", compact):
                raise UsageError(
                    "“{text}” is not a number.",
                    cure="Type digits with one decimal mark.",
                    text=text,
                )
            return int(compact.replace(other, ""))
        compact = compact.replace(other, style.decimal)
    if not re.fullmatch(r"[+-]?(\d+[.,]?\d*|[.,]\d+)([eE][+-]?\d{1,3})?", compact):
        raise UsageError(
            "“{text}” is not a number.", cure="Type digits with one decimal mark.", text=text
        )
    result = float(compact.replace(style.decimal, "."))
    if not math.isfinite(result):
        raise UsageError("“{text}” is too large.", cure="Type a smaller number.", text=text)
    return result


_TRUE = {"1", "true", "on", "yes", "ein", "wahr", "ja", "an"}
_FALSE = {"0", "false", "off", "no", "aus", "falsch", "nein"}


def parse_value(text: str, info: TagInfo, style: NumberStyle = ENGLISH) -> Value:
    """Read what a user typed for a tag: by the tag's type, its texts first.

    Raises:
        UsageError: does not fit the type; the message names the tag and what would fit.
    """
    stripped = text.strip()
    for number, word in info.texts.items():
        if stripped.casefold() == word.casefold():
            return bool(number) if info.data_type.base is BaseType.BOOL else number
    base = info.data_type.base
    if info.data_type.is_array:
        raise UsageError(
            "{name} is an array and cannot be written as a whole.",
            cure="Write one element, e.g. {name}[0].",
            name=info.name,
        )
    if base is BaseType.BOOL:
        lowered = stripped.casefold()
        if lowered in _TRUE or lowered in _FALSE:
            return lowered in _TRUE
        raise UsageError(
            "{name} is on or off; “{text}” is neither.",
            cure="Type 1 or 0, on or off.",
            name=info.name,
            text=text,
        )
    if base in (BaseType.INTEGER, BaseType.FLOAT):
        number_value = parse_number(stripped, style)
        if base is BaseType.FLOAT:
            try:
                return float(number_value)
            except OverflowError as problem:
                raise UsageError(
                    "“{text}” is too large.", cure="Type a smaller number.", text=stripped
                ) from problem
        if isinstance(number_value, float):
            if not number_value.is_integer():
                raise UsageError(
                    "{name} takes whole numbers; “{text}” is not one.",
                    cure="Type a whole number.",
                    name=info.name,
                    text=text,
                )
            if abs(number_value) >= 2**53:
                raise UsageError(
                    "“{text}” is too large to be read without loss.",
                    cure="Type a whole number without mark and exponent.",
                    text=text,
                )
            number_value = int(number_value)
        return number_value
    if base is BaseType.DATETIME:
        return format_time(parse_time(stripped))
    if base is BaseType.TIMESPAN and _INTEGER.fullmatch(stripped):
        return int(stripped)
    if base is BaseType.STRUCTURE:
        raise UsageError(
            "{name} is a structure.", cure="Write one of its elements.", name=info.name
        )
    if base is BaseType.UNKNOWN:
        return _literal(stripped, style)
    return text


def typed_value(value: Value, data_type: DataType) -> Value:
    """A value in its type's own form, where a server sent another: numbers that came as text, whole
    numbers that came as floats, dates that came as numbers. Others as they are.
    """
    if isinstance(value, list):
        return [typed_value(item, data_type) for item in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return _typed_number(value, data_type.base)
    if not isinstance(value, str):
        return value
    text = value.strip()
    if data_type.base in (BaseType.INTEGER, BaseType.FLOAT) and _INTEGER.fullmatch(text):
        return int(text) if data_type.base is BaseType.INTEGER else float(text)
    if data_type.base is BaseType.FLOAT and _DECIMAL.fullmatch(text):
        return float(text)
    return value


def _typed_number(value: int | float, base: BaseType) -> Value:
    if base is BaseType.INTEGER and isinstance(value, float):
        # Beyond 53 bits a float has lost digits: that must stay to be seen.
        return int(value) if abs(value) < 2**53 and value.is_integer() else value
    if base is BaseType.DATETIME:
        time_ns = _time_of_number(value)
        return value if time_ns is None else format_time(time_ns)
    return value


_SECOND_NS = 1_000_000_000
_BEGIN_NS, _END_NS = 315_532_800 * _SECOND_NS, 4_102_444_800 * _SECOND_NS
"""1980 to 2100: what a controller's date can sensibly be."""
_UNITS = (
    # Nanoseconds a unit, and units from the count's own beginning to 1970.
    (_SECOND_NS, 0),
    (_SECOND_NS // 1_000, 0),
    (_SECOND_NS // 1_000_000, 0),
    (100, 621_355_968_000_000_000),  # 100 ns since the year 1 (.NET)
    (100, 116_444_736_000_000_000),  # 100 ns since 1601 (Windows)
    (1, 0),
)


def _time_of_number(value: int | float) -> int | None:
    """A date written as a count of seconds, milliseconds … since 1970, 1601 or the year 1, told
    apart by their size; None for what is no date of our time in any of them.
    """
    if value != value or abs(value) > 1e19:
        return None
    for unit_ns, offset in _UNITS:
        time_ns = int((value - offset) * unit_ns)
        if _BEGIN_NS <= time_ns < _END_NS:
            return time_ns
    return None


def _literal(text: str, style: NumberStyle) -> Value:
    """The natural reading when the type is not known: bool words, numbers, else text."""
    if text.casefold() in ("true", "false"):
        return text.casefold() == "true"
    try:
        return parse_number(text, style)
    except AmbiguousNumber:
        raise
    except UsageError:
        return text


_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d\d:?\d\d)?",
    re.IGNORECASE,
)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def parse_time(text: str, zone: dt.tzinfo = dt.UTC) -> int:
    """ISO 8601 to nanoseconds since 1970 UTC. 0 to 9 fraction digits; without a zone it is in `zone`.

    Raises:
        UsageError: not a time.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            "“{text}” is not a time.", cure="Type it like 2026-06-18T14:15:00Z.", text=text
        )
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = dt.datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            tzinfo=zone,
        )
        if offset and offset.upper() == "Z":
            moment = moment.replace(tzinfo=dt.UTC)
        elif offset:
            sign = -1 if offset[0] == "-" else 1
            delta = dt.timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
            moment = moment.replace(tzinfo=dt.timezone(sign * delta))
    except ValueError as problem:
        raise UsageError(
            "“{text}” is not a time.", cure="Type it like 2026-06-18T14:15:00Z.", text=text
        ) from problem
    elapsed = moment - _EPOCH
    whole = (elapsed.days * 86_400 + elapsed.seconds) * 1_000_000_000
    return whole + int((fraction or "0").ljust(9, "0"))


def format_time(time_ns: int, *, zone: dt.tzinfo | None = dt.UTC) -> str:
    """UTC as ISO 8601 with milliseconds and Z; in another zone ``yyyy-MM-dd HH:mm:ss.fff``.

    `zone` None is the computer's own zone, with summer time as it was at that moment.
    """
    seconds, rest = divmod(time_ns, 1_000_000_000)
    moment = moment_in(seconds, zone)
    millis = f".{rest // 1_000_000:03d}"
    # Not strftime: it is ten times slower, and exports write a million of these.
    if zone is dt.UTC:
        return moment.isoformat("T", "seconds")[:19] + millis + "Z"
    return moment.isoformat(" ", "seconds")[:19] + millis


def format_age(age_ns: int, style: NumberStyle = ENGLISH) -> str:
    """``0.2 s``, ``12 s``, ``5 min``, ``3 h``, ``2 d``: how long ago, short."""
    seconds = max(age_ns, 0) / 1e9
    if seconds < 9.95:
        return f"{seconds:.1f}".replace(".", style.decimal) + " s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} d"
