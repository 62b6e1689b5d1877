"""The rules that a write must pass: one pure function a rule, each with a case row in its test.

Who calls it: `service` before and after the audit's intent, the window to show the checks.
No rule knows a clock, a disk or a server; all it may look at is in `Situation`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message, message
from tagwerk.domain.tags import BaseType, TagInfo, split_name
from tagwerk.domain.text import format_value, parse_time
from tagwerk.domain.values import QualityLevel, Sample, Value
from tagwerk.write.request import (
    WriteRequest,
    fits_single_precision,
    is_single_precision,
    same_value,
    tolerance_for,
)


class Level(Enum):
    """How a check stands in the way."""

    OK = "ok"
    WARN = "warn"
    """Shown, does not stop."""
    ASK = "ask"
    """Needs a yes of its own: its code among `WriteRequest.accepted`."""
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Check:
    """One rule's finding. `code` is stable, English, and goes into the audit."""

    code: str
    level: Level
    text: Message


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a rule may look at.

    Args:
        info: what is known about the tag.
        sample: the latest value, None when none ever came.
        stale: the value may no longer be the plant's.
        armed: the lock is open.
        capabilities: what server and user allow.
        busy: another write of this tag is still on its way.
    """

    info: TagInfo
    sample: Sample | None
    stale: bool
    armed: bool
    capabilities: Capabilities
    busy: bool = False

    @property
    def live_value(self) -> Value:
        return self.sample.value if self.sample is not None else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings of all rules, in the order of the rules."""

    checks: tuple[Check, ...]

    @property
    def blocks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.level is Level.BLOCK)

    @property
    def asks(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.level is Level.ASK)

    @property
    def allowed(self) -> bool:
        """Nothing in the way: no block, no open question."""
        return not self.blocks and not self.asks

    @property
    def worst(self) -> Check | None:
        """The first finding of the worst level that is not OK; None when all is well."""
        for level in (Level.BLOCK, Level.ASK, Level.WARN):
            for check in self.checks:
                if check.level is level:
                    return check
        return None

    def has(self, code: str) -> bool:
        return any(check.code == code for check in self.checks)


Rule = Callable[[WriteRequest, Situation], "Check | None"]


def _ok(rule: str, text: Message) -> Check:
    return Check(rule, Level.OK, text)


def _block(rule: str, text: Message) -> Check:
    return Check(rule, Level.BLOCK, text)


def _warn(rule: str, text: Message) -> Check:
    return Check(rule, Level.WARN, text)


def _ask(request: WriteRequest, rule: str, text: Message) -> Check:
    level = Level.WARN if rule in request.accepted else Level.ASK
    return Check(rule, level, text)


@dataclass(frozen=True, slots=True)
class Shown:
    """A value inside a message. ``str()`` is English; the window may format it anew.

    Args:
        value: the value.
        info: for decimals, texts and the unit.
        with_unit: False in "5 to 40 °C", where the unit comes once.
    """

    value: Value
    info: TagInfo
    with_unit: bool = True

    def __str__(self) -> str:
        unit = self.info.unit if self.with_unit and _is_number(self.value) else ""
        return f"{format_value(self.value, self.info)} {unit}".rstrip()


def _is_number(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# Codes of `Capabilities.reason` that have a sentence of their own; others are the server's words.
_REASONS = {
    "right_missing": message("This user may only read on this server."),
    "schema_lacks_field": message("This server has no function for writing."),
    "not_known_yet": message("It is not known yet whether this user may write."),
}
_TEXT_LENGTH = re.compile(r"w?string\s*[\[(]\s*(\d+)\s*[\])]", re.IGNORECASE)


# The rules, in the order in which they are shown.


def known_tag(_request: WriteRequest, situation: Situation) -> Check | None:
    """A name that the server does not know is not written to."""
    sample = situation.sample
    if sample is not None and sample.error is not None:
        return _block(
            "tag_error",
            message(
                "The server gives no value for this tag: {description} ({code}).",
                description=sample.error.description,
                code=sample.error.code,
            ),
        )
    return None


def addressable(request: WriteRequest, situation: Situation) -> Check | None:
    """Only leaves of structures and single elements can be written (reference, section 8)."""
    if split_name(request.name).suffix:
        return _block("not_a_tag", message("A logging tag or an alarm cannot be written."))
    if situation.info.data_type.base is BaseType.STRUCTURE:
        return _block(
            "structure", message("A structure cannot be written as a whole; write an element.")
        )
    if situation.info.data_type.is_array or isinstance(request.value, list):
        return _block("array", message("An array cannot be written as a whole; write one element."))
    return None


def fits_type(request: WriteRequest, situation: Situation) -> Check | None:
    """The value is of the tag's type, inside the type's own bounds."""
    value, info = request.value, situation.info
    if value is None:
        return _block("no_value", message("There is no value to write."))
    if isinstance(value, list) or info.data_type.is_array:
        return None
    problem = _type_problem(value, info)
    if problem is not None:
        return problem
    if info.data_type.base is BaseType.UNKNOWN:
        return _warn(
            "type_unknown", message("The type of the tag is not known; the server decides.")
        )
    if info.texts and isinstance(value, int) and int(value) not in info.texts:
        return _warn(
            "no_text", message("{value} has no text in the list of this tag.", value=int(value))
        )
    return _ok(
        "type",
        message("{type}, fits the type", type=info.data_type.text or info.data_type.base.value),
    )


def _type_problem(value: Value, info: TagInfo) -> Check | None:
    data_type = info.data_type
    wrong = _block("type", message("{type} does not take this value.", type=data_type.text))
    match data_type.base:
        case BaseType.BOOL:
            return None if isinstance(value, bool) else wrong
        case BaseType.INTEGER:
            if isinstance(value, bool) or not isinstance(value, int):
                return wrong
            low, high = data_type.minimum, data_type.maximum
            if (low is not None and value < low) or (high is not None and value > high):
                return _block(
                    "type_range",
                    message(
                        "{type} takes {low} to {high}.", type=data_type.text, low=low, high=high
                    ),
                )
        case BaseType.FLOAT:
            if not _is_number(value):
                return wrong
            if not math.isfinite(_as_float(value)):
                return _block("not_finite", message("Only a finite number can be written."))
            if is_single_precision(info) and not fits_single_precision(_as_float(value)):
                return _block(
                    "type_range",
                    message("The number is too large for {type}.", type=data_type.text),
                )
        case BaseType.TEXT:
            if not isinstance(value, str):
                return wrong
            length = _TEXT_LENGTH.search(data_type.text)
            if length is not None and len(value) > int(length[1]):
                return _block(
                    "type_length",
                    message(
                        "{type} takes {limit} characters, these are {count}.",
                        type=data_type.text,
                        limit=int(length[1]),
                        count=len(value),
                    ),
                )
        case BaseType.DATETIME:
            return None if isinstance(value, str) and _is_time(value) else wrong
        case BaseType.TIMESPAN:
            return None if isinstance(value, (int, str)) and not isinstance(value, bool) else wrong
        case BaseType.RAW:
            return _block("raw", message("Raw data cannot be written here."))
        case _:
            if isinstance(value, float) and not math.isfinite(value):
                return _block("not_finite", message("Only a finite number can be written."))
    return None


def inside_limits(request: WriteRequest, situation: Situation) -> Check | None:
    """Inside low and high of the tag sheet."""
    info, value = situation.info, request.value
    if not _is_number(value) or (info.low is None and info.high is None):
        return None
    number = _as_float(value)
    if info.high is not None and number > info.high:
        return _block(
            "above_high", message("Above the limit {limit}", limit=Shown(info.high, info))
        )
    if info.low is not None and number < info.low:
        return _block("below_low", message("Below the limit {limit}", limit=Shown(info.low, info)))
    if info.low is None:
        return _ok("limits", message("not above {high}", high=Shown(info.high, info)))
    if info.high is None:
        return _ok("limits", message("not below {low}", low=Shown(info.low, info)))
    low, high = Shown(info.low, info, with_unit=False), Shown(info.high, info)
    return _ok("limits", message("inside {low} to {high}", low=low, high=high))


def step_size(request: WriteRequest, situation: Situation) -> Check | None:
    """A change larger than the sheet's step asks."""
    info, live = situation.info, situation.live_value
    if info.step is None or not _is_number(request.value) or not _is_number(live):
        return None
    change = abs(_as_float(request.value) - _as_float(live))
    places = {"change": Shown(change, info), "step": Shown(info.step, info)}
    if change > info.step * (1 + 1e-9):
        return _ask(
            request, "big_step", message("The change of {change} is larger than {step}.", **places)
        )
    return _ok("step", message("change of {change}, a big step would be {step}", **places))


def critical(request: WriteRequest, situation: Situation) -> Check | None:
    """A tag that the sheet calls critical asks."""
    if not situation.info.critical:
        return None
    return _ask(request, "critical", message("The tag sheet calls this tag critical."))


def usable_value(request: WriteRequest, situation: Situation) -> Check | None:
    """Who cannot see the value writes blind: stale blocks, bad or none asks, uncertain warns."""
    sample = situation.sample
    if situation.stale:
        return _block("stale", message("The value shown is stale; nothing is written blind."))
    if sample is None or (sample.value is None and sample.quality.level is not QualityLevel.BAD):
        return _ask(request, "no_live_value", message("The value that is there now is not known."))
    word = sample.quality.sub_status or sample.quality.text
    if sample.quality.level is QualityLevel.BAD:
        return _ask(
            request, "bad_quality", message("The quality of the value is bad: {word}.", word=word)
        )
    if sample.quality.level is QualityLevel.UNCERTAIN:
        return _warn(
            "uncertain_quality",
            message("The quality of the value is uncertain: {word}.", word=word),
        )
    return None


def unchanged(request: WriteRequest, situation: Situation) -> Check | None:
    """The value that the user saw is the value that is there."""
    sample, info = situation.sample, situation.info
    if sample is None or sample.value is None or request.seen_time_ns is None:
        return None
    slack = _seen_slack(info, request.seen)
    if not same_value(request.seen, sample.value, info, slack):
        return _ask(
            request,
            "changed",
            message(
                "Was {was}, is {now} now",
                was=Shown(request.seen, info, with_unit=False),
                now=Shown(sample.value, info, with_unit=False),
            ),
        )
    tolerance = tolerance_for(request, info, None)
    if same_value(request.value, sample.value, info, min(tolerance, slack)):
        return _warn("no_change", message("The tag has this value already."))
    return _ok("unchanged", message("value you saw is the value that is there"))


def not_busy(_request: WriteRequest, situation: Situation) -> Check | None:
    """One write of a tag at a time."""
    if situation.busy:
        return _block("busy", message("The last write of this tag is not finished yet."))
    return None


def writable(_request: WriteRequest, situation: Situation) -> Check | None:
    """The tag sheet may forbid writing."""
    if situation.info.writable is False:
        return _block("not_writable", message("The tag sheet says that this tag is not written."))
    return None


def allowed(_request: WriteRequest, situation: Situation) -> Check | None:
    """The server can and the user may."""
    capabilities = situation.capabilities
    if Capability.WRITE in capabilities:
        return None
    reason = capabilities.reason(Capability.WRITE)
    known = _REASONS.get(reason)
    if known is not None:
        return _block("not_allowed", known)
    return _block("not_allowed", message("Writing is not possible: {reason}", reason=reason))


def armed(_request: WriteRequest, situation: Situation) -> Check | None:
    """The lock is open."""
    return None if situation.armed else _block("not_armed", message("Writing is locked."))


RULES: tuple[Rule, ...] = (
    known_tag,
    addressable,
    fits_type,
    inside_limits,
    step_size,
    unchanged,
    usable_value,
    critical,
    not_busy,
    writable,
    allowed,
    armed,
)


def judge(request: WriteRequest, situation: Situation) -> Verdict:
    """All findings, also the good ones, in the order of the rules."""
    findings = (rule(request, situation) for rule in RULES)
    return Verdict(tuple(check for check in findings if check is not None))


def why_read_only(situation: Situation) -> Message:
    """Why a tag can never be written as things stand, whatever the value; empty when it can.

    Arming, staleness and running writes pass by themselves and are not among the reasons.
    """
    probe = WriteRequest(situation.info.name, True, id="-")
    for rule in (known_tag, addressable, writable, allowed):
        check = rule(probe, situation)
        if check is not None and check.level is Level.BLOCK:
            return check.text
    if situation.info.data_type.base is BaseType.RAW:
        return message("Raw data cannot be written here.")
    return Message()


def _seen_slack(info: TagInfo, seen: Value) -> float:
    """Numbers that look the same to the user count as unchanged."""
    if not _is_number(seen) or info.data_type.base is BaseType.INTEGER:
        return 0.0
    if info.decimals is not None:
        return 0.5 * 10.0**-info.decimals
    return abs(_as_float(seen)) * 1e-6


def _as_float(value: Value) -> float:
    if isinstance(value, (int, float)):
        try:
            return float(value)
        except OverflowError:
            return math.inf if value > 0 else -math.inf
    raise TypeError("not a number")


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except UsageError:
        return False
    return True
