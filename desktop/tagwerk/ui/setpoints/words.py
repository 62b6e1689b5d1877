"""How values, verdicts and outcomes are said and marked; used by all parts of the setpoint panel."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TypeGuard

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message
from tagwerk.domain.tags import BaseType, TagInfo, split_name
from tagwerk.domain.text import (
    EM_DASH,
    format_age,
    format_number,
    format_time,
    format_value,
    guess_decimals,
    parse_number,
    parse_time,
    parse_value,
)
from tagwerk.domain.values import Value
from tagwerk.ui.i18n import number_style, tr, tr_message
from tagwerk.write.guard import Level, Shown
from tagwerk.write.request import Outcome, Phase

_ZONE = re.compile(r":\d\d\S*\s*(Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)
_TEN_SECONDS_NS = 10_000_000_000
_AGE_STEP_NS = 5_000_000_000
ARROW = "\N{RIGHTWARDS ARROW}"

# outcome: icon, colour role
OUTCOME_LOOK = {
    Outcome.CONFIRMED: ("circle-check", "text2"),
    Outcome.CLAMPED: ("triangle-alert", "uncertain"),
    Outcome.UNVERIFIED: ("circle-question-mark", "uncertain"),
    Outcome.REJECTED: ("circle-x", "bad"),
    Outcome.FAILED: ("circle-x", "bad"),
}
LEVEL_LOOK = {
    Level.OK: ("check", "text2"),
    Level.WARN: ("triangle-alert", "uncertain"),
    Level.ASK: ("triangle-alert", "uncertain"),
    Level.BLOCK: ("circle-x", "bad"),
}


def outcome_word(outcome: Outcome) -> str:
    """The outcome in one translated word."""
    return {
        Outcome.CONFIRMED: tr("Confirmed"),
        Outcome.CLAMPED: tr("Clamped"),
        Outcome.UNVERIFIED: tr("Unverified"),
        Outcome.REJECTED: tr("Rejected"),
        Outcome.FAILED: tr("Failed"),
    }[outcome]


def phase_word(phase: Phase) -> str:
    """What a running write does now, translated."""
    return {
        Phase.AUDITING: tr("Writing"),
        Phase.SENDING: tr("Writing"),
        Phase.READING_BACK: tr("Reading back"),
    }[phase]


def value_text(value: Value, info: TagInfo) -> str:
    """A value without its unit, in the user's way of writing; times in local time."""
    if info.data_type.base is BaseType.DATETIME and isinstance(value, str):
        try:
            return format_time(parse_time(value), zone=None)
        except UsageError:
            return value
    return format_value(value, info, number_style())


def with_unit(value: Value, info: TagInfo) -> str:
    """A value with its unit."""
    text = value_text(value, info)
    if not info.unit or text == EM_DASH or not is_number(value) or _has_text(value, info):
        return text
    return f"{text} {info.unit}"


def change_text(old: Value, new: Value, info: TagInfo) -> str:
    """``18.0 → 22.0``, without unit."""
    return f"{value_text(old, info)} {ARROW} {value_text(new, info)}"


def change_line(old: Value, new: Value, info: TagInfo) -> str:
    """``change −0.5 °C, −2.3 %``; "" where there is no difference to speak of."""
    amount = change_amount(old, new, info)
    if not amount:
        return ""
    amount = f"{amount} {info.unit}".rstrip()
    if not is_number(old) or not is_number(new) or not old:
        return tr("change {amount}", amount=amount)
    percent = signed(100.0 * (new - old) / abs(old), 1)
    return tr("change {amount}, {percent} %", amount=amount, percent=percent)


def change_amount(old: Value, new: Value, info: TagInfo) -> str:
    """``−0.5`` with its sign, without unit; "" for what has no difference."""
    if not is_number(old) or not is_number(new) or info.texts:
        return ""
    decimals = info.decimals
    if decimals is None and isinstance(old, float):
        decimals = max(guess_decimals(old), guess_decimals(float(new)))
    return signed(new - old, decimals)


def signed(number: float, decimals: int | None) -> str:
    """A difference with its sign."""
    text = format_number(number, decimals, number_style())
    return f"+{text}" if number > 0 else text


def say(said: Message) -> str:
    """Translate what came from below, values in it in the user's way of writing."""
    params = tuple(
        (place, _shown(value) if isinstance(value, Shown) else value)
        for place, value in said.params
    )
    return tr_message(Message(said.template, params))


def say_error(error: Exception) -> str:
    """Translate an error and what to do about it."""
    text = getattr(error, "text", None)
    if not isinstance(text, Message):
        return str(error)
    cure = getattr(error, "cure_text", Message())
    return f"{say(text)} {say(cure) if cure else ''}".strip()


def parse_typed(text: str, info: TagInfo) -> Value:
    """What a user typed for a tag, strictly. Times without a zone are local time.

    Raises:
        UsageError: does not fit; `AmbiguousNumber` when it can mean two numbers.
    """
    if info.data_type.base is BaseType.DATETIME:
        return format_time(_local_time_ns(text.strip()))
    if info.data_type.base is BaseType.FLOAT and not info.texts:
        number = parse_number(text, number_style())
        try:
            result = float(number)
        except OverflowError as problem:
            raise UsageError(
                "“{text}” is too large.", cure="Type a smaller number.", text=text
            ) from problem
        if not math.isfinite(result):
            raise UsageError("“{text}” is too large.", cure="Type a smaller number.", text=text)
        return result
    return parse_value(text, info, number_style())


def range_text(info: TagInfo) -> str:
    """``5.0 to 40.0 °C`` of the sheet, else the type's own bounds, else ""."""
    low: float | int | None = info.low
    high: float | int | None = info.high
    if low is None and high is None:
        low, high = info.data_type.minimum, info.data_type.maximum
    if low is None and high is None:
        return ""
    if low is None:
        return tr("at most {high}", high=with_unit(high, info))
    if high is None:
        return tr("at least {low}", low=with_unit(low, info))
    return tr("{low} to {high}", low=value_text(low, info), high=with_unit(high, info))


def clock_text(time_ns: int) -> str:
    """Local time of day, ``14:09:20``; with the day when it was not today."""
    text = format_time(time_ns, zone=None)
    today = dt.datetime.now().astimezone().strftime("%Y-%m-%d")
    return text[11:19] if text.startswith(today) else text[5:16]


def row_labels(names: list[str]) -> dict[str, str]:
    """A short label a name: its last two parts, more where two rows would look alike."""
    labels: dict[str, str] = {}
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_last_parts(name, 2), []).append(name)
    for label, members in groups.items():
        for name in members:
            labels[name] = label if len(members) == 1 else split_name(name).tag
    if len(set(labels.values())) < len(labels):
        return {name: name for name in names}
    return labels


def is_number(value: Value) -> TypeGuard[int | float]:
    """A number and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def coarse_age(age_ns: int) -> str:
    """How old a value is at least; beyond ten seconds in steps of five, so that a list at rest is
    not painted anew with every second."""
    if _TEN_SECONDS_NS <= age_ns < 10 * _TEN_SECONDS_NS:
        age_ns -= age_ns % _AGE_STEP_NS
    return format_age(age_ns, number_style())


def duration_text(seconds: float) -> str:
    """``8:42``: minutes and seconds left, rounded up so that 0:00 is over."""
    whole = max(math.ceil(seconds), 0)
    return f"{whole // 60}:{whole % 60:02d}"


def _last_parts(name: str, count: int) -> str:
    return ".".join(split_name(name).path[-count:])


def _has_text(value: Value, info: TagInfo) -> bool:
    return isinstance(value, int) and value in info.texts


def _shown(shown: Shown) -> str:
    return (
        with_unit(shown.value, shown.info)
        if shown.with_unit
        else value_text(shown.value, shown.info)
    )


def _local_time_ns(text: str) -> int:
    """ISO time to ns; what has no zone is local time with the summer time of that day."""
    time_ns = parse_time(text)
    if _ZONE.search(text):
        return time_ns
    naive = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=time_ns // 1000)
    local = naive.astimezone()
    offset = local.utcoffset() or dt.timedelta()
    return time_ns - round(offset.total_seconds()) * 1_000_000_000
