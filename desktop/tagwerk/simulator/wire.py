"""The model's records as the interface's fields: plain dicts in the schema's own spelling.

Both ways of answering (the GraphQL executor and the compiled writers) take these dicts as their
source, so that they cannot differ. Nothing here knows GraphQL.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tagwerk.domain.values import Value
from tagwerk.simulator.alarm_record import AlarmRecord, Texts
from tagwerk.simulator.iso_times import iso_duration, iso_second
from tagwerk.simulator.state import LoggedRow, ModelError, QualityWords
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import (
    UNKNOWN,
    alarm_dressings,
    bare,
    big_form,
    date_form,
    is_unknown,
    offset_minutes,
    quality_form,
)

_BIG_TYPES = ("lint", "ulint", "int64", "uint64", "lword")
_SECOND_NS = 1_000_000_000

Fields = dict[str, Any]


class Wire:
    """Spelling of one server: the system's name, and what the switches change in it.

    Args:
        system: e.g. ``HMI_RT_1``.
        switches: echo of names, form of times and numbers.
    """

    def __init__(self, system: str, switches: Switches) -> None:
        self.system = system
        self._prefix = system + "::"
        self._echo = (
            "short"
            if switches.on("short-name-echo")
            else "full"
            if switches.on("full-name-echo")
            else "asked"
        )
        self._codes_are_numbers = switches.on("error-code-number")
        self._describes = not switches.on("error-without-text")
        self._success: Fields | None = self.problem("0", "Succeeded")
        if switches.on("error-null"):
            self._success = None
        elif switches.on("success-empty"):
            self._success = {"code": None, "description": None}
        offset = switches.text("time-offset")
        self._shift_s = offset_minutes(offset) * 60 if offset else 0
        self._zone = offset or ("" if switches.on("no-z") else "Z")
        self._digits = int(switches.number("time-digits", 3))
        self._unset_is_null = switches.on("unset-null")
        self._big_form = big_form(switches)
        self._date_form = date_form(switches)
        self._nan_as_text = switches.on("nan-as-text")
        self._nan_is_bare = switches.on("nan-bare")
        self.bad_is_null = switches.on("bad-value-null")
        """Whether a value of bad quality is not told."""
        self._quality_form = quality_form(switches)
        self._dressings = alarm_dressings(switches)
        self.modified_word = UNKNOWN["reason"] if is_unknown(switches, "reason") else "Modified"
        """The reason of a notification of a change."""
        self.pushes_lists = switches.on("push-list") or switches.on("push-together")
        """Whether a notification of tags is a list."""
        self._second = -1
        self._second_text = ""

    # Names

    def short(self, name: str) -> str:
        """The name as the model knows it; a name of another system stays as it is."""
        return name.removeprefix(self._prefix)

    def full(self, name: str) -> str:
        return name if "::" in name else self._prefix + name

    def echo(self, asked: str) -> str:
        """How a reply spells a name that was asked for."""
        if self._echo == "asked":
            return asked
        return self.full(asked) if self._echo == "full" else self.short(asked)

    def outward(self, short: str) -> str:
        """How a reply spells a name that nobody asked for (browse, alarms)."""
        return short if self._echo == "short" else self._prefix + short

    # Leaves

    def time(self, time_ns: int | None) -> str:
        """ISO 8601 UTC; "not set" is 1970."""
        second, rest = divmod(time_ns or 0, _SECOND_NS)
        if second != self._second:
            self._second_text = iso_second(second + self._shift_s)
            self._second = second
        if self._digits == 3:
            return f"{self._second_text}.{rest // 1_000_000:03d}{self._zone}"
        if self._digits == 0:
            return self._second_text + self._zone
        return f"{self._second_text}.{rest:09d}"[: 20 + self._digits] + self._zone

    def alarm_time(self, time_ns: int | None) -> str | None:
        """A time of an alarm, which may not have come yet."""
        if not time_ns and self._unset_is_null:
            return None
        return self.time(time_ns)

    def value(self, value: Value, data_type: str = "") -> Any:
        """A value as JSON can hold it."""
        if isinstance(value, float) and not math.isfinite(value):
            if self._nan_is_bare:
                return bare(value)
            if not self._nan_as_text:
                return None
            return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        if isinstance(value, (list, tuple)):
            return [self.value(one, data_type) for one in value]
        if self._big_form and type(value) is int and self.is_big(data_type):
            return self._big_form(value)
        if self._date_form and isinstance(value, str) and data_type == "DateTime":
            return self._date_form(value)
        return value

    @staticmethod
    def is_big(data_type: str) -> bool:
        """Whether a data type holds 64-bit integers, as an array too."""
        return data_type.lower().rpartition(" of ")[2].strip() in _BIG_TYPES

    def success(self) -> Fields | None:
        return self._success

    def error(self, problem: ModelError | None) -> Fields | None:
        """An item's error field."""
        if problem is None:
            return self._success
        return self.problem(problem.code, problem.description)

    def problem(self, code: str, description: str) -> Fields:
        """An error object."""
        return {
            "code": int(code) if self._codes_are_numbers else code,
            "description": description if self._describes else None,
        }

    # Values

    def quality(self, words: QualityWords) -> Any:
        """A quality: its fields, unless a switch makes it a word or null."""
        return self._quality_form(words)

    def sample(
        self, value: Value, words: QualityWords, time_ns: int, data_type: str = ""
    ) -> Fields:
        """A value with time and quality."""
        return {
            "value": None if self.bad_is_null and words.is_bad else self.value(value, data_type),
            "timestamp": self.time(time_ns),
            "quality": self.quality(words),
        }

    def logged_rows(self, rows: Sequence[LoggedRow], data_type: str) -> LoggedRows:
        """The rows of one logging tag; fields are made only when somebody goes through them."""
        return LoggedRows(self, rows, data_type)

    # Alarms

    def alarm(self, record: AlarmRecord, languages: Sequence[str]) -> Fields:
        """Every field that any alarm type of the schema has; texts in the order of `languages`."""
        fields = self._alarm(record, languages)
        for dress in self._dressings:
            dress(fields)
        return fields

    def _alarm(self, record: AlarmRecord, languages: Sequence[str]) -> Fields:

        def texts(source: Texts) -> list[str]:
            return [source.get(language, "") for language in languages]

        fields: Fields = {
            "name": self.outward(record.name),
            "instanceID": record.instance_id,
            "alarmGroupID": record.alarm_group_id,
            "raiseTime": self.alarm_time(record.raise_time_ns),
            "acknowledgmentTime": self.alarm_time(record.acknowledgment_time_ns),
            "clearTime": self.alarm_time(record.clear_time_ns),
            "resetTime": self.alarm_time(record.reset_time_ns),
            "modificationTime": self.alarm_time(record.modification_time_ns),
            "state": record.state,
            "textColor": record.text_color,
            "backColor": record.back_color,
            "flashing": record.flashing,
            "languages": list(languages),
            "alarmClassName": record.alarm_class_name,
            "alarmClassSymbol": texts(record.alarm_class_symbol),
            "alarmClassID": record.alarm_class_id,
            "stateMachine": record.state_machine,
            "priority": record.priority,
            "alarmParameterValues": [self.value(one) for one in record.alarm_parameter_values],
            "alarmType": texts(record.alarm_type),
            "eventText": texts(record.event_text),
            "infoText": texts(record.info_text),
            "stateText": texts(record.state_text),
            "origin": record.origin,
            "area": record.area,
            "changeReason": list(record.change_reason),
            "connectionName": record.connection_name,
            "connection": record.connection_name,
            "valueLimit": self.value(record.value_limit),
            "sourceType": record.source_type,
            "suppressionState": record.suppression_state,
            "hostName": record.host_name,
            "userName": record.user_name,
            "value": self.value(record.value),
            "valueQuality": self.quality(record.value_quality),
            "quality": self.quality(record.quality),
            "invalidFlags": {
                "invalidConfiguration": record.invalid_configuration,
                "invalidTimestamp": record.invalid_timestamp,
                "invalidAlarmParameter": record.invalid_alarm_parameter,
                "invalidEventText": record.invalid_event_text,
            },
            "deadBand": self.value(record.dead_band),
            "deadband": self.value(record.dead_band),
            "producer": record.producer,
            "duration": record.duration,
            "durationIso": iso_duration(record.duration),
            "sourceID": record.source_id,
            "systemSeverity": record.system_severity,
            "loopInAlarm": record.loop_in_alarm,
            "loopInAlarmParameterValues": self.value(record.loop_in_alarm_parameter_values),
            "path": record.path,
            "tag": self.outward(record.trigger_tag) if record.trigger_tag else "",
            "userResponse": record.user_response,
            "hasComments": record.has_comments,
        }
        for number in range(1, 10):
            source = record.alarm_texts[number - 1] if number <= len(record.alarm_texts) else None
            fields[f"alarmText{number}"] = texts(source) if source else [""] * len(languages)
        return fields

    def filter_fields(self, record: AlarmRecord, language: str) -> Mapping[str, Any]:
        """The fields as the filter compares them: times as nanoseconds, texts in one language."""
        fields = self._alarm(record, [language])
        fields.update(
            raiseTime=record.raise_time_ns,
            acknowledgmentTime=record.acknowledgment_time_ns,
            clearTime=record.clear_time_ns,
            resetTime=record.reset_time_ns,
            modificationTime=record.modification_time_ns,
            name=self._prefix + record.name,
        )
        return fields


class LoggedRows:
    """Rows of one logging tag: fields for the executor, raw for a compiled writer."""

    __slots__ = ("_wire", "data_type", "raw")

    def __init__(self, wire: Wire, rows: Sequence[LoggedRow], data_type: str) -> None:
        self._wire = wire
        self.raw = rows
        self.data_type = data_type

    def __iter__(self) -> Iterator[Fields]:
        for row in self.raw:
            yield {
                "value": self._wire.sample(row.value, row.quality, row.time_ns, self.data_type),
                "flags": None if row.flags is None else list(row.flags),
            }
