"""Spellings of values, qualities, object types and alarms, as the switches want them.

Each function here is chosen once, when a server is made, and called by `wire` and the fields;
without its switch it is not called at all.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from tagwerk.domain.text import parse_time
from tagwerk.simulator.state import QualityWords
from tagwerk.simulator.switches import Switches

UNKNOWN = {
    "quality": "GOOD_BY_VOTE",
    "sub-status": "REDUNDANT_SOURCE",
    "state": "RAISED_ESCALATED",
    "reason": "Modified (Limit changed)",
    "object-type": "VIRTUALTAG",
    "flag": "REPLAYED",
}
"""Words that no published list has, by value of the switch ``unknown-members``."""

BARE_MARK = "\ue010"
"""Stands before a word that has to lose its quotes; no text of the plant holds it."""

_TICKS_1970 = 621_355_968_000_000_000
_FILETIME_1970 = 116_444_736_000_000_000
_DOTNET = {
    "bool": "Boolean", "sint": "SByte", "usint": "Byte", "byte": "Byte", "int": "Int16",
    "uint": "UInt16", "word": "UInt16", "dint": "Int32", "udint": "UInt32", "dword": "UInt32",
    "lint": "Int64", "ulint": "UInt64", "lword": "UInt64", "real": "Single", "lreal": "Double",
    "string": "String", "wstring": "String", "datetime": "DateTime", "ltime": "TimeSpan",
}  # fmt: skip
_OBJECT_TYPES: dict[str, dict[str, str]] = {
    "title": {"SIMPLETAG": "SimpleTag", "STRUCTURETAG": "StructureTag", "LOGGINGTAG": "LoggingTag"},
    "snake": {
        "SIMPLETAG": "SIMPLE_TAG",
        "STRUCTURETAG": "STRUCTURE_TAG",
        "LOGGINGTAG": "LOGGING_TAG",
        "STRUCTURETAGTYPE": "STRUCTURE_TAG_TYPE",
        "ALARMCLASS": "ALARM_CLASS",
    },
    "tag": {"SIMPLETAG": "Tag", "STRUCTURETAG": "Tag", "LOGGINGTAG": "Logging tag"},
}

Spelling = Callable[[str], str | None]
QualityForm = Callable[[QualityWords], Any]
AlarmDressing = Callable[[dict[str, Any]], None]


def is_unknown(switches: Switches, what: str) -> bool:
    """Whether ``unknown-members`` is about one of the keys of `UNKNOWN`."""
    return switches.text("unknown-members") in (what, "all")


# Values


def bare(value: float) -> str:
    """NaN or infinity, marked to become a bare word of the answer's text."""
    return BARE_MARK + ("NaN" if value != value else "Infinity" if value > 0 else "-Infinity")


def big_form(switches: Switches) -> Callable[[int], Any] | None:
    """How 64-bit integers are written, None as numbers."""
    if switches.on("int64-as-text"):
        return str
    return float if switches.on("int64-as-double") else None


def date_form(switches: Switches) -> Callable[[str], Any] | None:
    """How a DateTime's value is written; takes the plant's own ISO text. None: as it is."""
    how = switches.text("datetime-as")
    if not how:
        return None

    def written(text: str) -> Any:
        if not text:
            # A date that was never set.
            return "" if how in ("offset", "no-zone") else 0
        time_ns = parse_time(text)
        if how == "no-zone":
            return text.removesuffix("Z")
        if how == "offset":
            moment = dt.datetime.fromtimestamp(
                time_ns // 1_000_000 / 1000, dt.timezone(dt.timedelta(hours=2))
            )
            return moment.isoformat(timespec="milliseconds")
        if how == "epoch-s":
            return time_ns // 1_000_000_000
        if how == "epoch-ms":
            return time_ns // 1_000_000
        return time_ns // 100 + (_TICKS_1970 if how == "ticks" else _FILETIME_1970)

    return written


def offset_minutes(text: str) -> int:
    """Minutes of ``+02:00``."""
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 60 + int(text[4:6]))


# Qualities


def whole_quality(words: QualityWords) -> dict[str, Any]:
    """A quality with all members."""
    return {
        "quality": words.quality,
        "subStatus": words.sub_status,
        "limit": words.limit,
        "extendedSubStatus": words.extended,
        "sourceQuality": True,
        "sourceTime": True,
        "timeCorrected": False,
    }


def quality_form(switches: Switches) -> QualityForm:
    """How qualities are written."""
    how = switches.text("quality-as")
    main = UNKNOWN["quality"] if is_unknown(switches, "quality") else ""
    sub = UNKNOWN["sub-status"] if is_unknown(switches, "sub-status") else ""
    if not how and not main and not sub:
        return whole_quality
    if how == "null":
        return lambda words: None

    def renamed(words: QualityWords) -> QualityWords:
        # What is bad stays bad: an unknown word is for what nobody can judge.
        if words.is_bad:
            return words
        return words._replace(quality=main or words.quality, sub_status=sub or words.sub_status)

    if how == "word":
        return lambda words: renamed(words).quality
    if how == "short":
        return lambda words: {"quality": renamed(words).quality}
    return lambda words: whole_quality(renamed(words))


# Browse


def object_type_spelling(switches: Switches) -> Callable[[str, str], str | None] | None:
    """Takes object type and data type, gives the reply's object type. None: as the schema."""
    how = switches.text("object-type-as")
    unknown = UNKNOWN["object-type"] if is_unknown(switches, "object-type") else ""
    if not how and not unknown:
        return None

    def spelled(object_type: str, data_type: str) -> str | None:
        if unknown and object_type == "SIMPLETAG" and data_type == "Bool":
            return unknown
        if how == "null":
            return None
        if how == "empty":
            return ""
        if how == "lower":
            return object_type.lower()
        return _OBJECT_TYPES.get(how, {}).get(object_type, object_type)

    return spelled


def data_type_spelling(switches: Switches) -> Spelling | None:
    """Takes a data type, gives the reply's. None: as the plant spells it."""
    how = switches.text("data-type-as")
    if not how:
        return None
    if how == "dotnet":
        return _as_dotnet
    spellings: dict[str, Spelling] = {
        "upper": str.upper,
        "lower": str.lower,
        "empty": lambda text: "",
        "null": lambda text: None,
    }
    return spellings[how]


def _as_dotnet(text: str) -> str:
    array = re.fullmatch(r"Array \[\d+\.\.\d+\] of (\w+)", text, re.IGNORECASE)
    inner = array[1] if array else text
    name = _DOTNET.get(inner.lower())
    if name is None:
        return text
    return f"System.{name}[]" if array else f"System.{name}"


# Alarms

_DISPENSABLE = """
    area origin textColor backColor flashing alarmClassSymbol alarmClassID stateMachine
    alarmParameterValues alarmType stateText changeReason valueLimit sourceType suppressionState
    hostName userName value valueQuality quality invalidFlags producer duration durationIso
    connectionName connection sourceID systemSeverity loopInAlarm loopInAlarmParameterValues path
    tag userResponse hasComments deadBand deadband alarmGroupID"""
_TEXTS = (
    "alarmClassSymbol alarmType eventText infoText stateText "
    + " ".join(f"alarmText{number}" for number in range(1, 10))
).split()


def alarm_dressings(switches: Switches) -> tuple[AlarmDressing, ...]:
    """What is changed in the fields of an alarm before they are told, in order."""
    found: list[AlarmDressing] = []
    texts = switches.text("alarm-texts")
    if texts:
        form: Callable[[list[str]], Any] = {
            "null": lambda listed: None,
            "empty": lambda listed: [],
            "one": lambda listed: listed[:1],
        }[texts]
        found.append(lambda alarm: alarm.update({name: form(alarm[name]) for name in _TEXTS}))
    if switches.on("alarm-nulls"):
        found.append(lambda alarm: alarm.update(dict.fromkeys(_DISPENSABLE.split())))
    instance = switches.text("instance-id")
    if instance:
        found.append(
            lambda alarm: alarm.update(
                instanceID=str(alarm["instanceID"]) if instance == "text" else None
            )
        )
    if is_unknown(switches, "state"):

        def escalate(alarm: dict[str, Any]) -> None:
            if alarm["state"] == "RAISED":
                alarm["state"] = UNKNOWN["state"]

        found.append(escalate)
    return tuple(found)
