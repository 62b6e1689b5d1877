"""Alarms of Unified: which fields to ask for, and how an alarm is read.

Every field may be missing (versions differ), null, or hold a word that nobody listed.
"""

from __future__ import annotations

from typing import Any

from tagwerk.dialects.unified_schema import Schema, Wanted
from tagwerk.dialects.unified_values import error_from_json, parse_timestamp, value_from_json
from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmReply, AlarmState, Notification
from tagwerk.domain.values import ItemError, Value

_QUALITY: Wanted = {"quality": None, "subStatus": None, "limit": None, "extendedSubStatus": None}
_COMMON = [
    "name",
    "instanceID",
    "alarmGroupID",
    "raiseTime",
    "acknowledgmentTime",
    "clearTime",
    "resetTime",
    "modificationTime",
    "state",
    "textColor",
    "backColor",
    "languages",
    "alarmClassName",
    "alarmClassSymbol",
    "alarmClassID",
    "stateMachine",
    "priority",
    "alarmParameterValues",
    "alarmType",
    "eventText",
    "infoText",
    "alarmText1",
    "alarmText2",
    "alarmText3",
    "alarmText4",
    "alarmText5",
    "alarmText6",
    "alarmText7",
    "alarmText8",
    "alarmText9",
    "stateText",
    "origin",
    "area",
    "changeReason",
    "valueLimit",
    "sourceType",
    "suppressionState",
    "hostName",
    "userName",
    "value",
    "deadBand",
    "deadband",
    "producer",
    "duration",
    "flashing",
    "connectionName",
    "connection",
    "sourceID",
    "systemSeverity",
    "loopInAlarm",
    "path",
    "tag",
    "userResponse",
    "hasComments",
]
_FLAGS: Wanted = {
    "invalidConfiguration": None,
    "invalidTimestamp": None,
    "invalidAlarmParameter": None,
    "invalidEventText": None,
}
_WANTED: dict[str, Wanted | None] = {
    **dict.fromkeys(_COMMON),
    "quality": _QUALITY,
    "valueQuality": _QUALITY,
    "invalidFlags": _FLAGS,
}
_NOT_IN_V20 = ("connection", "tag", "deadband", "hasComments")
_NOT_LOGGED = ("flashing", "connectionName", "sourceID", "systemSeverity", "loopInAlarm")
_NOT_LOGGED_V20 = (*_NOT_LOGGED, "path", "userResponse", "deadBand", "connection", "tag")


def wanted_alarm_fields(schema: Schema, *, logged: bool, notified: bool = False) -> Wanted:
    """All fields of interest; the schema drops what does not exist.

    Where the schema is only assumed nothing is dropped, so the fields of other versions and of
    the other kind of alarm are left out here.
    """
    wanted = dict(_WANTED)
    if schema.assumed:
        for name in _NOT_LOGGED_V20 if logged else _NOT_IN_V20:
            wanted.pop(name, None)
    if notified:
        wanted["notificationReason"] = None
    return wanted


def notification(word: Any) -> Notification:
    """A notificationReason; ``Removed (Name changed)`` is a removal, an unknown word a change."""
    text = str(word or "").strip().lower()
    if text.startswith("removed"):
        return Notification.REMOVED
    return Notification.ADDED if text == "added" else Notification.MODIFIED


def _text(value: Any) -> str:
    """A text; of a list (one a language, in the order asked) the first that is not empty."""
    if isinstance(value, list):
        return next((str(item) for item in value if item not in (None, "")), "")
    return "" if value is None else str(value)


def _integer(value: Any) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float) and value == value and abs(value) != float("inf"):
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("+-").isascii():
        digits = value.strip()
        return int(digits) if digits.lstrip("+-").isdigit() else 0
    return 0


def _time(value: Any) -> int | None:
    return parse_timestamp(value) if isinstance(value, str) else None


def _colour(value: Any) -> str:
    """``#RRGGBBAA`` without its alpha; "" for a wholly transparent one and for nonsense."""
    if not isinstance(value, str) or not value.startswith("#"):
        return ""
    digits = value[1:]
    if len(digits) == 8 and digits[6:] == "00":
        return ""
    try:
        int(digits, 16)
    except ValueError:
        return ""
    return f"#{digits[:6].upper()}" if len(digits) in (6, 8) else ""


_STATES = {state.value: state for state in AlarmState}
_USED = frozenset(
    (
        *[
            "name",
            "instanceID",
            "alarmGroupID",
            "raiseTime",
            "acknowledgmentTime",
            "clearTime",
            "resetTime",
        ],
        *[
            "modificationTime",
            "state",
            "textColor",
            "backColor",
            "alarmClassName",
            "alarmClassSymbol",
        ],
        *[
            "stateMachine",
            "priority",
            "eventText",
            "infoText",
            "stateText",
            "origin",
            "area",
            "changeReason",
        ],
        *[
            "valueLimit",
            "sourceType",
            "suppressionState",
            "hostName",
            "userName",
            "value",
            "duration",
            "flashing",
        ],
        *[
            "connectionName",
            "connection",
            "path",
            "tag",
            "userResponse",
            "notificationReason",
            "languages",
        ],
        *(f"alarmText{number}" for number in range(1, 10)),
    )
)


def _trigger_tag(name: str, path: str) -> str:
    """Full name of the tag that raised the alarm: told by the server, else read off the name."""
    system, mark, rest = name.partition("::")
    if path:
        return path if "::" in path or not mark else f"{system}::{path}"
    tag, colon, _ = rest.partition(":") if mark else name.partition(":")
    if not colon or not tag:
        return ""
    return f"{system}::{tag}" if mark else tag


def alarm_from_json(body: Any) -> Alarm | None:
    """One ActiveAlarm or LoggedAlarm; None when it has no name."""
    if not isinstance(body, dict) or not body.get("name"):
        return None
    name = str(body["name"])
    word = _text(body.get("state"))
    reasons = body.get("changeReason")
    reasons = reasons if isinstance(reasons, list) else [] if reasons is None else [reasons]
    texts = tuple(_text(body.get(f"alarmText{number}")) for number in range(1, 10))
    duration = body.get("duration")
    extra = tuple(
        (key, _extra(value))
        for key, value in body.items()
        if key not in _USED and value is not None and value != []
    )
    return Alarm(
        key=AlarmKey(name, _integer(body.get("instanceID"))),
        state=_STATES.get(word, AlarmState.UNKNOWN),
        state_word=word,
        state_text=_text(body.get("stateText")),
        state_machine=_text(body.get("stateMachine")),
        priority=_integer(body.get("priority")),
        class_name=_text(body.get("alarmClassName")),
        class_symbol=_text(body.get("alarmClassSymbol")),
        text=_text(body.get("eventText")),
        info_text=_text(body.get("infoText")),
        alarm_texts=texts if any(texts) else (),
        raise_time_ns=_time(body.get("raiseTime")),
        acknowledge_time_ns=_time(body.get("acknowledgmentTime")),
        clear_time_ns=_time(body.get("clearTime")),
        reset_time_ns=_time(body.get("resetTime")),
        modification_time_ns=_time(body.get("modificationTime")),
        text_color=_colour(body.get("textColor")),
        back_color=_colour(body.get("backColor")),
        flashing=body.get("flashing") in (True, "true", 1),
        area=_text(body.get("area")),
        origin=_text(body.get("origin")),
        value=value_from_json(body.get("value")),
        value_limit=value_from_json(body.get("valueLimit")),
        source_type=_text(body.get("sourceType")),
        suppression=_text(body.get("suppressionState")),
        user_response=_text(body.get("userResponse")),
        user_name=_text(body.get("userName")),
        host_name=_text(body.get("hostName")),
        connection_name=_text(body.get("connectionName") or body.get("connection")),
        trigger_tag=_trigger_tag(name, _text(body.get("path") or body.get("tag"))),
        group_id=_integer(body.get("alarmGroupID")),
        change_reasons=tuple(str(reason) for reason in reasons if reason),
        duration_ns=_integer(duration) * 100 if isinstance(duration, int | float | str) else None,
        extra=extra,
    )


def _extra(value: Any) -> Value:
    if isinstance(value, dict):
        return ", ".join(
            f"{key}={inner}" for key, inner in value.items() if inner not in (None, "")
        )
    return value_from_json(value)


def alarms_from_json(body: Any) -> list[Alarm]:
    """A list of alarms; what cannot be read is left out."""
    entries = body if isinstance(body, list) else []
    return [alarm for entry in entries if (alarm := alarm_from_json(entry)) is not None]


def alarm_event(body: Any) -> AlarmEvent | None:
    """One notification of the alarm subscription."""
    alarm = alarm_from_json(body)
    if alarm is None:
        return None
    return AlarmEvent(notification(body.get("notificationReason")), alarm)


def alarm_replies(body: Any, keys: list[AlarmKey]) -> list[AlarmReply]:
    """What the server said to an acknowledge or reset, one reply for each key that was sent.

    Matched by name and instance; an instance of 0 stands for all of that name.
    """
    by_key: dict[tuple[str, int | None], ItemError | None] = {}
    for entry in body if isinstance(body, list) else []:
        if not isinstance(entry, dict):
            continue
        error = error_from_json(entry.get("error"))
        name = str(entry.get("alarmName") or entry.get("name") or "")
        instance = entry.get("alarmInstanceID", entry.get("instanceID"))
        number = None if instance is None else _integer(instance)
        for echo in {name, name.partition("::")[2] or name}:
            by_key.setdefault((echo, number), error)
            if error is not None or (echo, None) not in by_key:
                by_key[echo, None] = error
    replies = []
    for key in keys:
        short = key.name.partition("::")[2] or key.name
        candidates = (
            (key.name, key.instance),
            (short, key.instance),
            (key.name, None if key.instance == 0 or (key.name, 0) in by_key else -1),
            (short, None if key.instance == 0 or (short, 0) in by_key else -1),
        )
        found = next((candidate for candidate in candidates if candidate in by_key), None)
        if found is None and ((key.name, None) in by_key or (short, None) in by_key):
            # Answered by name without a usable instance number.
            found = (key.name, None) if (key.name, None) in by_key else (short, None)
        if found is None:
            replies.append(
                AlarmReply(
                    key,
                    ItemError("NOT_RETURNED", "The server's answer leaves it out."),
                    uncertain=True,
                )
            )
        else:
            replies.append(AlarmReply(key, by_key[found]))
    return replies
