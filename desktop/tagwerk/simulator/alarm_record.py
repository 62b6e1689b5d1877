"""One alarm instance at one moment, with every field that the interface has for it.

Frozen: each change of an alarm makes a new record, which is at once the notification, the
entry of the alarm log and the answer to a query. Field names are the interface's in
snake_case; times end in ``_ns``; texts are language (``en-US``, ``de-DE``) → text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tagwerk.domain.values import Value
from tagwerk.simulator.state import GOOD, QualityWords

Texts = dict[str, str]


@dataclass(frozen=True, slots=True)
class AlarmRecord:
    """See the module. `active` False: the instance has left the list of active alarms.

    Args:
        name: short name of the configured alarm, ``Cooling.TIC2120.PV:PV_High``.
        instance_id: counts the raises of this configured alarm.
        duration: 100 ns units since the raise, until it cleared.
        trigger_tag: short name of the tag that raises it.
        alarm_texts: up to nine additional texts, `alarmText1` first.
    """

    name: str
    instance_id: int
    raise_time_ns: int
    modification_time_ns: int
    state: str
    state_machine: str
    active: bool
    change_reason: tuple[str, ...]
    alarm_group_id: int = 0
    acknowledgment_time_ns: int | None = None
    clear_time_ns: int | None = None
    reset_time_ns: int | None = None
    text_color: str = "#000000FF"
    back_color: str = "#FFFFFFFF"
    flashing: bool = False
    alarm_class_name: str = ""
    alarm_class_symbol: Texts = field(default_factory=dict)
    alarm_class_id: int = 0
    priority: int = 0
    alarm_parameter_values: tuple[Value, ...] = ()
    alarm_type: Texts = field(default_factory=dict)
    event_text: Texts = field(default_factory=dict)
    info_text: Texts = field(default_factory=dict)
    alarm_texts: tuple[Texts, ...] = ()
    state_text: Texts = field(default_factory=dict)
    origin: str = ""
    area: str = ""
    connection_name: str = ""
    value_limit: Value = None
    source_type: str = "TAG"
    suppression_state: str = "UNSUPPRESSED"
    host_name: str = ""
    user_name: str = ""
    value: Value = None
    value_quality: QualityWords = GOOD
    quality: QualityWords = GOOD
    invalid_configuration: bool = False
    invalid_timestamp: bool = False
    invalid_alarm_parameter: bool = False
    invalid_event_text: bool = False
    dead_band: Value = None
    producer: str = "WINCC"
    duration: int = 0
    source_id: str = ""
    system_severity: int = 0
    loop_in_alarm: str = ""
    loop_in_alarm_parameter_values: Value = None
    path: str = ""
    user_response: str = "NONE"
    has_comments: bool = False
    trigger_tag: str = ""
