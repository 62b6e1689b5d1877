"""What is to be written, and what came of it: plain frozen data.

Who uses it: the window and the command line make requests; `guard` judges them; `service` turns
them into results; panels show those. Nothing in here does anything.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from uuid import uuid4

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message
from tagwerk.domain.tags import BaseType, TagInfo
from tagwerk.domain.text import parse_time
from tagwerk.domain.values import ItemError, Sample, Value

DEFAULT_WAIT_S = 5.0
"""How long a read-back may take before a write is called unverified."""
_FLOAT32_RELATIVE = 2.0**-23
_DATETIME_TOLERANCE_NS = 1_000_000


class Outcome(Enum):
    """What became of a write. The value is the word of the command line and of the audit."""

    CONFIRMED = "confirmed"
    """Read back: the plant has the value."""
    CLAMPED = "clamped"
    """Accepted, but the plant settled on another value."""
    REJECTED = "rejected"
    """The server said no."""
    UNVERIFIED = "unverified"
    """It may have happened: no answer, or no read-back in time."""
    FAILED = "failed"
    """It never left this computer, or is known not to have happened."""

    @property
    def may_have_changed_the_plant(self) -> bool:
        return self in (Outcome.CONFIRMED, Outcome.CLAMPED, Outcome.UNVERIFIED)


class Phase(Enum):
    """Where a running write is."""

    AUDITING = "auditing"
    SENDING = "sending"
    READING_BACK = "reading_back"


def _new_id() -> str:
    return uuid4().hex[:16]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One value for one tag, with what the user knew when asking for it.

    Args:
        name: full name of the tag.
        value: the new value, already parsed (see `domain.text.parse_value`).
        seen: the value that the user saw when deciding; None when there was none.
        seen_time_ns: when the seen value was received; None when there was none.
        who: the user, for the audit.
        reason: free text, for the audit.
        tolerance: how far the read-back may be off, in the tag's unit; None for the default of
            `tolerance_for`.
        wait_s: how long the read-back may take, seconds.
        accepted: codes of the guard's questions that the user has answered with yes.
        undo_of: id of the write that this one takes back, or "".
        id: unique; ties intent and outcome together in the audit.
    """

    name: str
    value: Value
    seen: Value = None
    seen_time_ns: int | None = None
    who: str = ""
    reason: str = ""
    tolerance: float | None = None
    wait_s: float = DEFAULT_WAIT_S
    accepted: frozenset[str] = frozenset()
    undo_of: str = ""
    id: str = field(default_factory=_new_id)

    def accepting(self, codes: Iterable[str]) -> WriteRequest:
        """The same request with more of the guard's questions answered."""
        return replace(self, accepted=self.accepted | frozenset(codes))

    def seeing(self, sample: Sample | None) -> WriteRequest:
        """The same request by a user who now has seen `sample` ("keep mine")."""
        if sample is None:
            return replace(self, seen=None, seen_time_ns=None)
        return replace(self, seen=sample.value, seen_time_ns=sample.received_ns)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What came of a request.

    Args:
        request: as it was sent.
        outcome: see `Outcome`.
        old: the plant's value just before sending; None when unknown.
        read_back: the value read afterwards; None when none was.
        detail: what happened, for people; "" for a plain confirmation.
        error: the server's code and words when it said no.
        started_ns, finished_ns: wall clock.
        sent: whether anything can have left this computer.
        audit_first, audit_last: numbers of the audit entries; 0 when there is none.
        audit_error: set when the outcome could not be written to the audit.
    """

    request: WriteRequest
    outcome: Outcome
    old: Value = None
    read_back: Value = None
    detail: Message = Message()
    error: ItemError | None = None
    started_ns: int = 0
    finished_ns: int = 0
    sent: bool = False
    audit_first: int = 0
    audit_last: int = 0
    audit_error: Message = Message()

    @property
    def name(self) -> str:
        return self.request.name

    @property
    def took_s(self) -> float:
        """From confirmation to outcome, seconds."""
        return (self.finished_ns - self.started_ns) / 1e9


@dataclass(frozen=True, slots=True)
class PastWrite:
    """One line of the list of last writes; also from earlier sessions, out of the audit."""

    id: str
    name: str
    at_ns: int
    old: Value
    value: Value
    read_back: Value
    who: str
    reason: str
    outcome: Outcome
    undo_of: str = ""


def is_single_precision(info: TagInfo) -> bool:
    """True when the type holds 32-bit floats, so that a read-back cannot be exact."""
    return info.data_type.text.strip().lower() in ("real", "float", "float32")


def tolerance_for(request: WriteRequest, info: TagInfo, old: Value) -> float:
    """How far a read-back number may be off and still be the number that was written.

    Half of the last shown digit, because the user cannot tell a smaller difference; but never as
    much as half the change itself, so that the untouched old value cannot pass for the new one.
    At least what a 32-bit float loses.
    """
    value = request.value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    number = _number(old)
    change = abs(float(value) - float(number)) if isinstance(number, (int, float)) else 0.0
    largest = change / 2.000001 if change else float("inf")
    if request.tolerance is not None:
        return min(request.tolerance, largest)
    if info.data_type.base is BaseType.INTEGER:
        return 0.0
    floor = abs(float(value)) * _FLOAT32_RELATIVE
    if info.decimals is None:
        return floor
    half_digit = 0.5 * 10.0**-info.decimals
    return max(min(half_digit, largest), floor)


def same_value(first: Value, second: Value, info: TagInfo, tolerance: float = 0.0) -> bool:
    """Whether two values are the same for this tag: 1 and True, 5 and "5", two spellings of a time."""
    if first is None or second is None:
        return first is second
    base = info.data_type.base
    if base is BaseType.DATETIME and isinstance(first, str) and isinstance(second, str):
        try:
            return abs(parse_time(first) - parse_time(second)) <= _DATETIME_TOLERANCE_NS
        except UsageError:
            return first == second
    if base in (BaseType.INTEGER, BaseType.FLOAT, BaseType.BOOL, BaseType.TIMESPAN):
        first, second = _number(first), _number(second)
    if not isinstance(first, (int, float)) or not isinstance(second, (int, float)):
        return first == second
    if isinstance(first, int) and isinstance(second, int) and not tolerance:
        return first == second
    return abs(float(first) - float(second)) <= tolerance * (1 + 1e-9)


def fits_single_precision(value: float) -> bool:
    """Whether a number is inside the range of a 32-bit float."""
    try:
        struct.pack("<f", value)
    except OverflowError:
        return False
    return True


def _number(value: Value) -> Value:
    """Servers may send big integers as text and bools as 0 and 1."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        lowered = value.strip().lower()
        if lowered in ("true", "false"):
            return int(lowered == "true")
        try:
            return int(value)
        except ValueError:
            try:
                return float(value)
            except ValueError:
                return value
    return value
