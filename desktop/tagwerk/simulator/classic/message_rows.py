"""Messages as the classic interface may show them: state, times, texts and process values.

Every shape here is invented, the plain one too: nobody has published an element of a message
list. The words follow WinCC's own: a message came in, went out, was acknowledged; texts stand in
user text blocks, values in process value blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tagwerk.simulator import alarm_states
from tagwerk.simulator.alarm_config import AlarmConfig
from tagwerk.simulator.alarm_record import AlarmRecord, Texts
from tagwerk.simulator.classic.clock import PlantTimes
from tagwerk.simulator.switches import Switches

Element = dict[str, Any]

FIRST_NUMBER = 21_000
"""Message numbers count from here."""
CAME_IN, WENT_OUT, ACKNOWLEDGED, ACKNOWLEDGED_BY_SYSTEM = 1, 2, 3, 16
_STATES: dict[int, tuple[str, str, str, str, int]] = {
    CAME_IN: ("Came in", "CAME_IN", "+", "Gekommen", 1),
    WENT_OUT: ("Went out", "WENT_OUT", "-", "Gegangen", 2),
    ACKNOWLEDGED: ("Acknowledged", "ACKNOWLEDGED", "*", "Quittiert", 4),
    ACKNOWLEDGED_BY_SYSTEM: ("Acknowledged by system", "ACK_SYSTEM", "#", "Systemquittiert", 8),
}
"""Number → English, word, symbol, German, bit."""
_STANDING = {
    alarm_states.RAISED: CAME_IN,
    alarm_states.RAISED_CLEARED: WENT_OUT,
    alarm_states.RAISED_ACKNOWLEDGED: ACKNOWLEDGED,
    alarm_states.RAISED_ACKNOWLEDGED_CLEARED: WENT_OUT,
    alarm_states.RAISED_CLEARED_ACKNOWLEDGED: ACKNOWLEDGED,
}
_EVENTS = {
    "ALARM_STATE_CHANGED_RAISE_EVENT": CAME_IN,
    "ALARM_STATE_CHANGED_CLEAR_EVENT": WENT_OUT,
    "ALARM_STATE_CHANGED_ACKNOWLEDGE_EVENT": ACKNOWLEDGED,
    "ALARM_STATE_CHANGED_RESET_EVENT": ACKNOWLEDGED_BY_SYSTEM,
}
BLOCKS: tuple[tuple[int, str, str, str], ...] = (
    (1, "Message text", "Meldetext", "UserTextBlock"),
    (2, "Point of error", "Störort", "UserTextBlock"),
    (3, "Help text", "Hilfetext", "UserTextBlock"),
    (1, "Process value 1", "Prozesswert 1", "ProcessValueBlock"),
    (2, "Process value 2", "Prozesswert 2", "ProcessValueBlock"),
)
"""Number, English, German and kind of the configured blocks."""
_FLAT_TEXTS = ("messageText", "pointOfError", "helpText")
_KEYS = {
    "short": {
        "messageNumber": "number",
        "dateTime": "time",
        "messageClassID": "classID",
        "messageClassName": "class",
        "messageTypeID": "typeID",
        "messageTypeName": "type",
        "timeCameIn": "came",
        "timeWentOut": "gone",
        "timeAcknowledged": "acknowledged",
    },
    "german": {
        "messageNumber": "Nummer",
        "dateTime": "Zeitpunkt",
        "state": "Zustand",
        "messageClassName": "Klasse",
        "messageTypeName": "Art",
        "priority": "Priorität",
        "timeCameIn": "Gekommen",
        "timeWentOut": "Gegangen",
        "timeAcknowledged": "Quittiert",
        "computerName": "Rechnername",
        "userName": "Benutzername",
        "comment": "Kommentar",
        "duration": "Dauer",
        "userTextBlocks": "Anwendertextblöcke",
        "processValueBlocks": "Prozesswertblöcke",
    },
}
_PLACE = re.compile(r"\{(\d)\}")


def message_number(config_number: int) -> int:
    """The message number of a configured alarm."""
    return FIRST_NUMBER + config_number


def event_of(record: AlarmRecord) -> int | None:
    """What a record of the log tells, None for what V7 has no message state for."""
    return next((_EVENTS[word] for word in record.change_reason if word in _EVENTS), None)


class MessageRows:
    """Elements of message lists of one server.

    Args:
        switches: those under "Classic: messages".
        outward: V7's name of a tag.
    """

    def __init__(
        self, switches: Switches, times: PlantTimes, outward: Callable[[str], str]
    ) -> None:
        self._times = times
        self._outward = outward
        self._keys = switches.text("classic-message-keys")
        self._blocks = switches.text("classic-blocks")
        self._state = switches.text("classic-state-as")
        self._time = switches.text("classic-message-time")

    def pending(self, record: AlarmRecord, language: str) -> Element:
        """A message that stands, in the state that it is in."""
        return self._message(record, _STANDING.get(record.state, WENT_OUT), language)

    def event(self, record: AlarmRecord, language: str) -> Element:
        """A change of state, as archives keep it."""
        return self._message(record, event_of(record) or WENT_OUT, language)

    def _message(self, record: AlarmRecord, state: int, language: str) -> Element:
        row: Element = {"messageNumber": FIRST_NUMBER + int(record.source_id or 0)}
        self._with_times(row, record)
        row |= {
            "state": self.state(state),
            "messageClassID": record.alarm_class_id,
            "messageClassName": _text(record.alarm_type, language),
            "messageTypeID": record.alarm_class_id * 16 + 1,
            "messageTypeName": _text(record.alarm_type, language),
            "priority": record.priority,
        }
        spoken = (
            _text(record.event_text, language),
            " / ".join(_text(one, language) for one in record.alarm_texts),
            _text(record.info_text, language),
        )
        self._with_blocks(row, spoken, record.alarm_parameter_values, language)
        row |= {
            "computerName": record.host_name or "WINCC01",
            "userName": record.user_name,
            "comment": "",
            "duration": record.duration // 10_000_000,
        }
        if record.trigger_tag:
            row["variableName"] = self._outward(record.trigger_tag)
        return self._respelled(row)

    def state(self, number: int) -> Any:
        """A state as the switch wants it."""
        english, word, symbol, german, bit = _STATES[number]
        shown = {"text": english, "enum": word, "symbol": symbol, "german": german, "bits": bit}
        return shown.get(self._state, number)

    def _with_times(self, row: Element, record: AlarmRecord) -> None:
        if not self._times.is_told:
            return
        at_ns = record.modification_time_ns
        if self._time == "split":
            moment = self._times.moment(at_ns)
            row["date"] = f"{moment:%Y-%m-%d}"
            row["time"] = f"{moment:%H:%M:%S}.{at_ns % 10**9 // 10**6:03d}"
        elif self._time == "milliseconds":
            row["dateTime"] = self._times.write(at_ns // 10**9 * 10**9)
            row["milliseconds"] = at_ns % 10**9 // 10**6
        else:
            row["dateTime"] = self._times.write(at_ns)
        if self._time == "one":
            return
        for key, time_ns in (
            ("timeCameIn", record.raise_time_ns),
            ("timeWentOut", record.clear_time_ns),
            ("timeAcknowledged", record.acknowledgment_time_ns),
        ):
            row[key] = None if time_ns is None else self._times.write(time_ns)

    def _with_blocks(
        self, row: Element, spoken: tuple[str, ...], values: tuple[Any, ...], language: str
    ) -> None:
        if self._blocks == "numbered":
            row |= {f"text{number}": text for number, text in enumerate(spoken, 1)}
            row |= {f"processValue{number}": value for number, value in enumerate(values, 1)}
        elif self._blocks == "flat":
            row |= dict(zip(_FLAT_TEXTS, spoken, strict=True))
            row["processValues"] = list(values)
        elif self._blocks == "named":
            names = [
                english if language.startswith("en") else german
                for _, english, german, kind in BLOCKS
                if kind == "UserTextBlock"
            ]
            row["blocks"] = {
                **dict(zip(names, spoken, strict=True)),
                **{f"Process value {number}": value for number, value in enumerate(values, 1)},
            }
        elif self._blocks == "list":
            row["userTextBlocks"] = [
                {"id": number, "text": text} for number, text in enumerate(spoken, 1)
            ]
            row["processValueBlocks"] = [
                {"id": number, "value": value} for number, value in enumerate(values, 1)
            ]
        else:
            row["userTextBlocks"] = {str(n): text for n, text in enumerate(spoken, 1)}
            row["processValueBlocks"] = {str(n): value for n, value in enumerate(values, 1)}

    def _respelled(self, row: Element) -> Element:
        if self._keys == "blocks":
            system = {key: row.pop(key) for key in ("dateTime", "state", "priority") if key in row}
            row["systemBlocks"] = [{"name": key, "value": value} for key, value in system.items()]
            return row
        renamed = _KEYS.get(self._keys, {})
        return {renamed.get(key, key): value for key, value in row.items()} if renamed else row

    def configured(self, config: AlarmConfig, language: str) -> Element:
        """A message as it is configured; places for process values in WinCC's own spelling."""
        return {
            "messageNumber": message_number(config.number),
            "messageClassID": config.alarm_class.number,
            "messageClassName": _text(config.alarm_class.display, language),
            "messageTypeID": config.alarm_class.number * 16 + 1,
            "messageGroupName": config.area,
            "priority": config.priority,
            "messageText": _PLACE.sub(
                lambda place: f"@{int(place[1]) + 1}%s@", _text(config.event_text, language)
            ),
            "variableName": self._outward(config.trigger_tag),
        }


def _text(texts: Texts, language: str) -> str:
    return texts.get(language) or texts.get("en-US", "")
