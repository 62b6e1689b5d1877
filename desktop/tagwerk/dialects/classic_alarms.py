"""Message lists and message archives of the WinCC V7/V8 REST service, as alarms.

Neither the keys nor the words for states are documented, so all that are plausible are read: the
numbers of WinCC's own interface, English and German words, and the signs of its message lists. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tagwerk.dialects.classic_json import Row, first, fold, fold_key, text_of, to_integer
from tagwerk.dialects.classic_time import PlantTime
from tagwerk.dialects.classic_values import value_of
from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.domain.errors import ProtocolError
from tagwerk.domain.values import Value

_NUMBER = (
    "messagenumber", "msgnr", "msgno", "number", "nr", "messageid", "msgid", "id", "alarmid",
    "nummer", "meldenummer", "meldungsnummer",
)  # fmt: skip
_COUNTER = ("counter", "instanceid", "instance", "sequencenumber", "cursor", "zähler")
_STATE = (
    "state", "messagestate", "status", "statename", "statetext", "msgstate", "zustand",
    "meldezustand",
)  # fmt: skip
_TIME = ("datetime", "timestamp", "time", "cametime", "date", "eventtime", "zeitpunkt", "zeit")
_PRIORITY = ("priority", "prio", "priorität")
_CLASS = (
    "messageclassname", "classname", "messageclass", "class", "klasse", "meldeklasse",
    "messageclassid", "classid",
)  # fmt: skip
_TYPE = (
    "messagetypename", "typename", "messagetype", "type", "art", "meldeart", "messagetypeid",
    "typeid",
)  # fmt: skip
_CAME_AT = (
    "raisetime", "cametime", "timecame", "timecamein", "cameintime", "camein", "came",
    "comingtime", "gekommen",
)  # fmt: skip
_WENT_AT = (
    "cleartime", "wenttime", "timewent", "timewentout", "wentouttime", "goneouttime", "gone",
    "went", "wentout", "gegangen",
)  # fmt: skip
_ACKNOWLEDGED_AT = (
    "acknowledgetime", "acktime", "timeack", "timeacknowledged", "acknowledgedtime",
    "acknowledged", "quittiert",
)  # fmt: skip
_TEXT_BLOCKS = (
    "usertextblocks", "usertexts", "textblocks", "texts", "messageblocks", "anwendertextblöcke",
)  # fmt: skip
_VALUE_BLOCKS = ("processvalueblocks", "processvalues", "valueblocks", "prozesswertblöcke")
_NAMED_BLOCKS = ("blocks", "systemblocks", "systemblöcke", "blöcke")
_TEXT = (
    "messagetext", "text1", "text", "msgtext", "eventtext", "usertextblock1", "userblock1",
    "meldetext",
)  # fmt: skip
_ORIGIN = ("pointoferror", "origin", "text2", "usertextblock2", "störort", "area")
_TAG = ("triggertag", "messagetag", "variablename", "tagname", "monitoredtag")
_NUMBERED_TEXT = re.compile(r"(?:text|usertextblock|userblock|textblock)(\d{1,2})")
_SHOWN = frozenset(
    (*_NUMBER, *_COUNTER, *_STATE, *_PRIORITY, *_CLASS, *_TEXT, *_TEXT_BLOCKS, *_VALUE_BLOCKS,
     *_NAMED_BLOCKS)
)  # fmt: skip

_BY_NUMBER = {
    1: AlarmState.RAISED,
    2: AlarmState.RAISED_CLEARED,
    3: AlarmState.RAISED_ACKNOWLEDGED,
    10: AlarmState.RAISED_ACKNOWLEDGED,
    11: AlarmState.RAISED_ACKNOWLEDGED,
}
_CAME = (
    "came",
    "come",
    "raised",
    "raise",
    "active",
    "incoming",
    "pending",
    "gekommen",
    "kommt",
    "+",
)
_WENT = ("went", "gone", "cleared", "clear", "outgoing", "inactive", "gegangen", "geht", "-")
_ACKNOWLEDGED = ("ack", "acknowledged", "quit", "quittiert", "*")
_WORD = re.compile(r"[a-zäöü]+|[+\-*]", re.IGNORECASE)
_DIGITS = re.compile(r"\d{1,3}")
_UNACKNOWLEDGED = re.compile(r"un-?ack\w*|not\s+ack\w*|unquit\w*|nicht\s+quit\w*", re.IGNORECASE)


def state_of(raw: Any) -> AlarmState:
    """A state from WinCC's number, a word, several words, or the signs + - *."""
    number = to_integer(raw)
    if number is not None:
        return _BY_NUMBER.get(number, AlarmState.UNKNOWN)
    words = [word.lower() for word in _WORD.findall(_UNACKNOWLEDGED.sub(" ", str(raw or "")))]
    went = any(word in _WENT for word in words)
    came = any(word in _CAME for word in words)
    acknowledged = any(word in _ACKNOWLEDGED or word.startswith("acknowl") for word in words)
    if went and acknowledged:
        return AlarmState.RAISED_CLEARED_ACKNOWLEDGED
    if went:
        return AlarmState.RAISED_CLEARED
    if acknowledged:
        return AlarmState.RAISED_ACKNOWLEDGED
    return AlarmState.RAISED if came else AlarmState.UNKNOWN


def alarm_of(row: Row, clock: PlantTime, *, near_ns: int | None) -> Alarm | None:
    """One row of a list or an archive; None when it has neither number nor text."""
    row = _with_named_blocks(row)
    number, text = text_of(row, *_NUMBER) or _likely_number(row), _text(row)
    if not number and not text:
        return None
    name = text_of(row, "messagename", "alarmname", "name") or number or text
    raw_state = first(row, *_STATE)
    at_ns = _moment(row, clock, near_ns)
    raised_ns = clock.parse(first(row, *_CAME_AT), near_ns=near_ns)
    cleared_ns = clock.parse(first(row, *_WENT_AT), near_ns=near_ns)
    acknowledged_ns = clock.parse(first(row, *_ACKNOWLEDGED_AT), near_ns=near_ns)
    state = state_of(raw_state)
    if state is AlarmState.UNKNOWN:
        state = _state_from_times(raised_ns, cleared_ns, acknowledged_ns)
    if state is AlarmState.RAISED:
        raised_ns = raised_ns or at_ns
    elif state is AlarmState.RAISED_CLEARED:
        cleared_ns = cleared_ns or at_ns
    elif state is AlarmState.RAISED_ACKNOWLEDGED:
        acknowledged_ns = acknowledged_ns or at_ns
    return Alarm(
        key=AlarmKey(name, to_integer(first(row, *_COUNTER)) or 0),
        state=state,
        # A number is no word: then ours is shown.
        state_word="" if raw_state is None or to_integer(raw_state) is not None else str(raw_state),
        priority=max(to_integer(first(row, *_PRIORITY)) or 0, 0),
        class_name=text_of(row, *_CLASS),
        class_symbol=text_of(row, *_TYPE),
        text=text,
        info_text=text_of(row, "infotext", "info", "comment"),
        alarm_texts=_further_texts(row),
        raise_time_ns=raised_ns,
        acknowledge_time_ns=acknowledged_ns,
        clear_time_ns=cleared_ns,
        modification_time_ns=at_ns or acknowledged_ns or cleared_ns or raised_ns,
        text_color=_color(first(row, "textcolor", "forecolor", "foregroundcolor")),
        back_color=_color(first(row, "backcolor", "backgroundcolor")),
        area=text_of(row, "area"),
        origin=text_of(row, *_ORIGIN),
        value=_plain(
            first(row, "processvalue1", "value", "processvalue")
            or _blocks(row, *_VALUE_BLOCKS).get(1)
        ),
        value_limit=_plain(first(row, "limitvalue", "limit")),
        user_name=text_of(row, "username", "user"),
        host_name=text_of(row, "computername", "hostname", "computer"),
        trigger_tag=text_of(row, *_TAG),
        extra=_extra(row),
    )


def _plain(value: Any) -> Value:
    return value_of(value, None)


def _with_named_blocks(row: Row) -> Row:
    """Blocks that have names, brought up beside the other members; those that are there count."""
    found: Row = {}
    for key in _NAMED_BLOCKS:
        blocks = row.get(key)
        if isinstance(blocks, Mapping):
            found |= fold(blocks)
        elif isinstance(blocks, list):
            for one in blocks:
                block = fold(one) if isinstance(one, Mapping) else {}
                name = text_of(block, "name", "blockname", "key")
                if name:
                    found[fold_key(name)] = first(block, "value", "text", "content")
    return {**found, **row} if found else row


def _likely_number(row: Row) -> str:
    """Where no key is known: a message that came is shown, under the first whole number in it."""
    if any(key in row for key in (*_STATE, *_TIME, *_TEXT, *_TEXT_BLOCKS)):
        return ""
    numbers = (value for value in row.values() if not isinstance(value, bool))
    return next((str(value) for value in numbers if isinstance(value, int)), "")


def _moment(row: Row, clock: PlantTime, near_ns: int | None) -> int | None:
    """When it happened: one member, or date and time apart, or the milliseconds apart."""
    date, time = row.get("date"), row.get("time")
    if isinstance(date, str) and isinstance(time, str):
        together = clock.parse(f"{date.strip()} {time.strip()}", near_ns=near_ns)
        if together is not None:
            return together
    at_ns = clock.parse(first(row, *_TIME), near_ns=near_ns)
    milliseconds = to_integer(first(row, "milliseconds", "millisecond", "ms"))
    if at_ns is not None and milliseconds is not None and 0 <= milliseconds < 1000:
        return at_ns // 1_000_000_000 * 1_000_000_000 + milliseconds * 1_000_000
    return at_ns


def _state_from_times(
    raised_ns: int | None, cleared_ns: int | None, acknowledged_ns: int | None
) -> AlarmState:
    """Where the state is told in no way that is known, the times that are set tell it."""
    if raised_ns is None:
        return AlarmState.UNKNOWN
    if cleared_ns is not None:
        return (
            AlarmState.RAISED_CLEARED_ACKNOWLEDGED
            if acknowledged_ns is not None
            else AlarmState.RAISED_CLEARED
        )
    return AlarmState.RAISED_ACKNOWLEDGED if acknowledged_ns is not None else AlarmState.RAISED


def _blocks(row: Row, *keys: str) -> dict[int, Any]:
    """Blocks by number, given as a list, or as an object whose keys hold the number."""
    found = first(row, *keys)
    if isinstance(found, list):
        numbered = [_block(one, place) for place, one in enumerate(found, 1)]
        return {number: value for number, value in numbered if value not in (None, "")}
    if not isinstance(found, Mapping):
        return {}
    digits = ((_DIGITS.search(str(key)), value) for key, value in found.items())
    return {int(number[0]): value for number, value in digits if number and value not in (None, "")}


def _block(one: Any, place: int) -> tuple[int, Any]:
    """The number and content of one element of a list of blocks."""
    if not isinstance(one, Mapping):
        return place, one
    block = fold(one)
    number = to_integer(first(block, "id", "number", "nr", "block", "blocknumber"))
    return number or place, first(block, "value", "text", "content")


def _text(row: Row) -> str:
    said = text_of(row, *_TEXT) or str(_blocks(row, *_TEXT_BLOCKS).get(1, ""))
    if said or any(key in row for key in (*_TEXT, *_TEXT_BLOCKS)):
        return said
    # No key is known: the longest text says most.
    texts = [value for key, value in row.items() if isinstance(value, str) and " " in value]
    return max(texts, key=len, default="")


def _further_texts(row: Row) -> tuple[str, ...]:
    numbered = {number: str(text) for number, text in _blocks(row, *_TEXT_BLOCKS).items()} or {
        int(found[1]): str(value)
        for key, value in row.items()
        if value not in (None, "") and (found := _NUMBERED_TEXT.fullmatch(key))
    }
    return tuple(text for number, text in sorted(numbered.items()) if number > 1)


def _color(raw: Any) -> str:
    """``#RRGGBB``; numbers are Windows' BGR."""
    if isinstance(raw, str) and re.fullmatch(r"#[0-9a-fA-F]{6}", raw.strip()):
        return raw.strip().upper()
    number = to_integer(raw)
    if number is None or not 0 <= number <= 0xFFFFFF:
        return ""
    red, green, blue = number & 0xFF, (number >> 8) & 0xFF, number >> 16
    return f"#{red:02X}{green:02X}{blue:02X}"


def _extra(row: Row) -> tuple[tuple[str, Value], ...]:
    return tuple(
        (key, value_of(value, None))
        for key, value in row.items()
        if key not in _SHOWN and value not in (None, "")
    )


def pending_alarms(rows: Iterable[Row], clock: PlantTime, *, near_ns: int | None) -> list[Alarm]:
    """What stands now, one alarm a message: of several rows of one message the newest counts, with
    the times of the others. What has gone and needs nothing more is left out.

    Raises:
        ProtocolError: elements came, and not one can be read: that is no empty list.
    """
    found: dict[AlarmKey, Alarm] = {}
    unread = 0
    for row in rows:
        alarm = alarm_of(row, clock, near_ns=near_ns)
        if alarm is not None:
            known = found.get(alarm.key)
            found[alarm.key] = alarm if known is None else _merged(known, alarm)
        elif row:
            unread += 1
    if unread and not found:
        raise ProtocolError(
            "The server told {count} messages in a shape that cannot be read.",
            cure="There may be active alarms: look at them in WinCC itself.",
            code="unreadable_messages",
            count=unread,
        )
    done = (AlarmState.RAISED_CLEARED_ACKNOWLEDGED, AlarmState.RAISED_ACKNOWLEDGED_CLEARED)
    return [alarm for alarm in found.values() if alarm.state not in done and not alarm.is_gone]


def _merged(one: Alarm, other: Alarm) -> Alarm:
    old, new = one, other
    if (new.modification_time_ns or 0) < (old.modification_time_ns or 0):
        old, new = new, old
    state = new.state
    if {old.state, new.state} == {AlarmState.RAISED_CLEARED, AlarmState.RAISED_ACKNOWLEDGED}:
        state = AlarmState.RAISED_CLEARED_ACKNOWLEDGED
    return replace(
        new,
        state=state,
        raise_time_ns=new.raise_time_ns or old.raise_time_ns,
        clear_time_ns=new.clear_time_ns or old.clear_time_ns,
        acknowledge_time_ns=new.acknowledge_time_ns or old.acknowledge_time_ns,
    )


def archived_alarms(rows: Iterable[Row], clock: PlantTime) -> list[Alarm]:
    """Archive records, one alarm a record, newest first."""
    found = [alarm for row in rows if (alarm := alarm_of(row, clock, near_ns=None)) is not None]
    found.sort(key=lambda alarm: alarm.modification_time_ns or 0, reverse=True)
    return found


def differences(before: dict[AlarmKey, Alarm], now: list[Alarm]) -> list[AlarmEvent]:
    """What a polled list says that a subscription would have said."""
    events = []
    present = {alarm.key: alarm for alarm in now}
    for key, alarm in present.items():
        known = before.get(key)
        if known is None:
            events.append(AlarmEvent(Notification.ADDED, alarm))
        elif known != alarm:
            events.append(AlarmEvent(Notification.MODIFIED, alarm))
    for key, alarm in before.items():
        if key not in present:
            events.append(AlarmEvent(Notification.REMOVED, alarm))
    return events
