"""Values, qualities and time stamps of Unified: the hot path, and its tolerant twin.

A value's answer is one typed struct decoded straight from the receive buffer. Whatever does not
fit the struct is read again by the generic decoder, so that tolerance costs nothing while all
is well. Both give the same result; a test holds them together.
"""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from tagwerk.dialects.base import json_text
from tagwerk.dialects.names import Echoes as Echoes
from tagwerk.dialects.names import name_batches as name_batches
from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import format_time, parse_time
from tagwerk.domain.values import (
    BAD,
    ItemError,
    LoggedPoint,
    Quality,
    Sample,
    Value,
    quality_from_text,
)


class ErrorBody(msgspec.Struct, gc=False):
    """``Error{code, description}`` as sent; the code may be a text or a number."""

    code: Any = None
    description: str | None = None


class QualityBody(msgspec.Struct, gc=False, frozen=True):
    """``Quality`` as far as the desk asks for it; hashable, because equal ones are looked up."""

    quality: str | None = None
    subStatus: str | None = None
    limit: str | None = None
    extendedSubStatus: str | None = None


class ValueBody(msgspec.Struct, gc=False):
    """``Value{value, timestamp, quality}``; a quality may be an object or a bare word."""

    value: Any = None
    timestamp: str | None = None
    quality: QualityBody | str | None = None


class TagBody(msgspec.Struct, gc=False):
    """One ``TagValueResult`` or ``TagValueNotification``."""

    name: str = ""
    value: ValueBody | None = None
    error: ErrorBody | None = None
    notificationReason: str | None = None


class LoggedBody(msgspec.Struct, gc=False):
    """One ``LoggedValue``."""

    value: ValueBody | None = None
    flags: Any = None


_quality_cache: dict[QualityBody | str | None, Quality] = {}
_second_cache: dict[str, int] = {}
_time_cache: dict[str | None, int] = {}
"""Whole texts: what changes in one cycle of a plant carries one time stamp."""
_CACHE_LIMIT = 8192
_LONGEST_KEPT = 1000
"""A longer text is no quality and no name; kept by the thousand it would fill the memory."""
_FRACTIONS = {
    f".{number:03}{zone}": number * 1_000_000 for number in range(1000) for zone in ("Z", "")
} | {"Z": 0, "": 0}
_UNSET = frozenset(f"1970-01-01T00:00:00{tail}" for tail in (".000Z", "Z", ".0000000Z", ""))
"""The usual spellings of "not set"; an alarm carries several."""
_LATEST_NS = 2**63 - 1
_PLAIN_TAIL = re.compile(r"(\.[0-9]{1,9})?Z?")
_SPELLED = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "+Infinity": math.inf,
    "-Infinity": -math.inf,
}
_DEEPEST_ARRAY = 16
_OK_CODES = (None, "", "0", 0)


def parse_timestamp(text: str | None) -> int | None:
    """Nanoseconds since 1970 UTC; None for nothing, for 1970 ("not set") and for nonsense.

    Whole seconds are cached; milliseconds, which all known runtimes send, are looked up.
    """
    if text is None:
        return None
    base = _second_cache.get(text[:19])
    if base is not None:
        fraction = _FRACTIONS.get(text[19:])
        if fraction is not None:
            if len(_time_cache) >= _CACHE_LIMIT:
                _time_cache.clear()
            _time_cache[text] = base + fraction
            return base + fraction
    return _parse_timestamp(text)


def _parse_timestamp(text: str) -> int | None:
    if text in _UNSET:
        return None
    try:
        result = parse_time(text)
    except UsageError:
        return None
    if not 0 < result <= _LATEST_NS:
        # 1970 is "not set"; the years 1 and 9999 are what .NET says for it.
        return None
    # Only a plain UTC text may teach the seconds; one with an offset means another moment.
    # The first second of 1970 teaches nothing: without a fraction it is "not set".
    if text[10:11] == "T" and result >= 1_000_000_000 and _PLAIN_TAIL.fullmatch(text[19:]):
        if len(_second_cache) >= _CACHE_LIMIT:
            _second_cache.clear()
        _second_cache[text[:19]] = result - result % 1_000_000_000
    return result


def format_timestamp(time_ns: int) -> str:
    """A time as argument: ISO 8601, UTC, milliseconds, Z."""
    return format_time(time_ns)


def quality_from_body(body: QualityBody | str | None) -> Quality:
    """Quality from its typed JSON; equal ones give the same object. None is uncertain."""
    found = _quality_cache.get(body)
    if found is None:
        if isinstance(body, QualityBody):
            words = [body.quality, body.subStatus, body.limit, body.extendedSubStatus]
        else:
            words = [body]
        found = quality_from_text(*(word or "" for word in words))
        if sum(len(word or "") for word in words) <= _LONGEST_KEPT:
            if len(_quality_cache) >= _CACHE_LIMIT:
                _quality_cache.clear()
            _quality_cache[body] = found
    return found


def quality_from_json(body: Any) -> Quality:
    """Quality from decoded JSON: an object, a bare word, or nothing."""
    if isinstance(body, dict):
        words = [body.get(key) for key in ("quality", "subStatus", "limit", "extendedSubStatus")]
        return quality_from_text(*("" if word is None else str(word) for word in words))
    return quality_from_text("" if body is None else str(body))


def value_from_json(value: Any, *, depth: int = 0) -> Value:
    """A Variant: bare JSON. NaN and infinities spelled as text become numbers."""
    if isinstance(value, str):
        return _SPELLED.get(value, value)
    if isinstance(value, list) and depth < _DEEPEST_ARRAY:
        return [value_from_json(item, depth=depth + 1) for item in value]
    if isinstance(value, dict | list):
        # Not documented, so it is shown rather than lost.
        return json_text(value)
    return value  # type: ignore[no-any-return]


def error_from_json(body: Any) -> ItemError | None:
    """``error`` of a result item: null, absent or code 0 (text or number) is success."""
    if body is None or body is False:
        return None
    if isinstance(body, dict):
        code = body.get("code")
        if code in _OK_CODES and not (code is None and body.get("description")):
            return None
        return ItemError("" if code is None else str(code), str(body.get("description") or ""))
    return ItemError("", str(body))


def _error(body: ErrorBody) -> ItemError | None:
    if body.code in _OK_CODES and not (body.code is None and body.description):
        return None
    return ItemError("" if body.code is None else str(body.code), body.description or "")


def sample_from_body(body: TagBody, name: str, received_ns: int) -> Sample:
    """A sample under the name the desk knows the tag by."""
    value = body.value
    error = None if body.error is None else _error(body.error)
    if value is None:
        return Sample(name, None, BAD if error else _UNKNOWN, None, received_ns, error)
    plain: Any = value.value
    if plain.__class__ in NEEDS_CARE:
        plain = value_from_json(plain)
    quality = _quality_cache.get(value.quality)
    if quality is None:
        quality = quality_from_body(value.quality)
    time_ns = _time_cache.get(value.timestamp)
    if time_ns is None:
        time_ns = parse_timestamp(value.timestamp)
    return new_sample(Sample, (name, plain, quality, time_ns, received_ns, error))


new_sample = tuple.__new__
"""Makes a named tuple of a tuple in half the time."""
NEEDS_CARE: frozenset[Any] = frozenset((str, list, dict))
"""Classes of decoded values that `value_from_json` has to look at."""
_UNKNOWN = quality_from_text("")


def sample_from_json(body: Any, name: str, received_ns: int) -> Sample:
    """The tolerant twin of `sample_from_body`, from decoded JSON."""
    if not isinstance(body, dict):
        return Sample(name, None, _UNKNOWN, None, received_ns)
    error = error_from_json(body.get("error"))
    inner = body.get("value")
    if inner is None:
        return Sample(name, None, BAD if error else _UNKNOWN, None, received_ns, error)
    if not isinstance(inner, dict):
        # A bare value instead of the documented object.
        return Sample(name, value_from_json(inner), _UNKNOWN, None, received_ns, error)
    stamp = inner.get("timestamp")
    return Sample(
        name,
        value_from_json(inner.get("value")),
        quality_from_json(inner.get("quality")),
        parse_timestamp(stamp) if isinstance(stamp, str) else None,
        received_ns,
        error,
    )


def flags_from_json(flags: Any) -> tuple[str, ...]:
    """Flags of a logged value: a list, one word, several words in one text, or nothing."""
    if isinstance(flags, str):
        return tuple(flags.replace("|", " ").replace(",", " ").split())
    if isinstance(flags, list):
        return tuple(str(flag) for flag in flags)
    return ()


def logged_point(body: Any) -> LoggedPoint | None:
    """One logged value, typed or decoded; None when it carries no time."""
    if isinstance(body, LoggedBody):
        value = body.value
        if value is None:
            return None
        time_ns = parse_timestamp(value.timestamp)
        if time_ns is None:
            return None
        plain: Any = value.value
        if plain.__class__ in NEEDS_CARE:
            plain = value_from_json(plain)
        flags = flags_from_json(body.flags) if body.flags else ()
        return LoggedPoint(time_ns, plain, quality_from_body(value.quality), flags)
    if not isinstance(body, dict):
        return None
    sample = sample_from_json({"value": body.get("value")}, "", 0)
    if sample.time_ns is None:
        return None
    return LoggedPoint(
        sample.time_ns, sample.value, sample.quality, flags_from_json(body.get("flags"))
    )
