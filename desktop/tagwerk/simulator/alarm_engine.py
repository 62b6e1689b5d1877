"""Configured alarms and their instances: raising, clearing, acknowledging, shelving, disabling.

The engine knows nothing of the process: `alarm_conditions` tells it when a cause comes and
goes, users come in through the server. Every change makes an `AlarmRecord`, kept in the log
(bounded) and handed out once by `take_changes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tagwerk.domain.values import Value
from tagwerk.simulator import alarm_states
from tagwerk.simulator.alarm_config import AlarmConfig
from tagwerk.simulator.alarm_record import AlarmRecord, Texts
from tagwerk.simulator.alarm_states import AlarmEventKind, StateMachine, next_step, user_response
from tagwerk.simulator.state import GOOD, ModelError, QualityWords

RAISE_EVENT = "ALARM_STATE_CHANGED_RAISE_EVENT"
REMOVE_EVENT = "ALARM_STATE_CHANGED_REMOVE_EVENT"
_EVENT_WORDS = {
    AlarmEventKind.CLEAR: "ALARM_STATE_CHANGED_CLEAR_EVENT",
    AlarmEventKind.ACKNOWLEDGE: "ALARM_STATE_CHANGED_ACKNOWLEDGE_EVENT",
    AlarmEventKind.RESET: "ALARM_STATE_CHANGED_RESET_EVENT",
}
# A chattering alarm that nobody acknowledges would fill the list: the oldest instances leave.
INSTANCES_KEPT = 20
LOG_KEPT = 50_000


def _texts(template: Texts, values: Iterable[Value], decimals: tuple[int, ...]) -> Texts:
    """Fill a text in each language; numbers with the language's decimal mark."""
    listed = list(values)
    filled: Texts = {}
    for language, text in template.items():
        words: list[str] = []
        for number, value in enumerate(listed):
            if isinstance(value, float):
                places = decimals[number] if number < len(decimals) else 1
                word = f"{value:.{places}f}"
                words.append(word.replace(".", ",") if language.startswith("de") else word)
            else:
                words.append("—" if value is None else str(value))
        filled[language] = text.format(*words) if words else text
    return filled


class AlarmEngine:
    """All configured alarms of one plant, and what stands of them.

    Args:
        configs: the configured alarms.
        state_texts: state word → texts.
        first_instance: number of the first instance of each alarm.

    Attributes:
        earlier: makes the records before `earlier_end_ns`, asked when somebody wants them.
        on_enabled: called with name and time when an alarm is enabled again.
    """

    def __init__(
        self,
        configs: Iterable[AlarmConfig],
        state_texts: Mapping[str, Texts],
        *,
        first_instance: int = 1,
        log_kept: int = LOG_KEPT,
    ) -> None:
        self.configs: dict[str, AlarmConfig] = {config.name: config for config in configs}
        self._state_texts = dict(state_texts)
        self._instances: dict[str, dict[int, AlarmRecord]] = {name: {} for name in self.configs}
        self._last_instance: dict[str, int] = dict.fromkeys(self.configs, first_instance - 1)
        self._disabled: set[str] = set()
        self._shelved_until_ns: dict[str, int] = {}
        self._changes: list[AlarmRecord] = []
        self._log: deque[AlarmRecord] = deque(maxlen=log_kept)
        self._expires_ns: dict[tuple[str, int], int] = {}
        self.earlier: Callable[[], list[AlarmRecord]] | None = None
        self.earlier_end_ns = 0
        self.on_enabled: Callable[[str, int], None] | None = None

    # What is asked for.

    def active(self) -> list[AlarmRecord]:
        """All active instances, oldest raise first."""
        records = [record for each in self._instances.values() for record in each.values()]
        return sorted(records, key=lambda record: (record.raise_time_ns, record.name))

    def logged(self, start_ns: int, end_ns: int) -> list[AlarmRecord]:
        """Records changed strictly between the two times, oldest first."""
        found: list[AlarmRecord] = []
        if self.earlier is not None and start_ns < self.earlier_end_ns:
            found += self.earlier()
        found += self._log
        wanted = [r for r in found if start_ns < r.modification_time_ns < end_ns]
        return sorted(wanted, key=lambda record: record.modification_time_ns)

    def is_disabled(self, name: str) -> bool:
        return self._config(name).name in self._disabled

    def is_shelved(self, name: str) -> bool:
        return self._config(name).name in self._shelved_until_ns

    def is_single(self, name: str) -> bool:
        """Whether the alarm must be alone in an acknowledge or reset call. Raises code 2."""
        return self._config(name).single

    def take_changes(self) -> list[AlarmRecord]:
        """All records since the last call, in order."""
        changes, self._changes = self._changes, []
        return changes

    # What the process does.

    def raise_alarm(
        self,
        name: str,
        now_ns: int,
        *,
        value: Value = None,
        limit: Value = None,
        parameters: Iterable[Value] = (),
        quality: QualityWords = GOOD,
    ) -> AlarmRecord | None:
        """The cause came. Makes a new instance; None when the alarm is disabled."""
        config = self.configs[name]
        if name in self._disabled:
            return None
        if config.machine is StateMachine.RAISE:
            for number in list(self._instances[name]):
                self._remove(name, number, now_ns, REMOVE_EVENT)
        while len(self._instances[name]) >= INSTANCES_KEPT:
            self._remove(name, min(self._instances[name]), now_ns, REMOVE_EVENT)
        self._last_instance[name] += 1
        number = self._last_instance[name]
        listed = tuple(parameters)
        record = AlarmRecord(
            name=name,
            instance_id=number,
            raise_time_ns=now_ns,
            modification_time_ns=now_ns,
            state=alarm_states.RAISED,
            state_machine=config.machine.value,
            active=True,
            change_reason=(RAISE_EVENT,),
            alarm_group_id=config.group,
            alarm_class_name=config.alarm_class.name,
            alarm_class_symbol=config.alarm_class.symbol,
            alarm_class_id=config.alarm_class.number,
            priority=config.priority,
            alarm_parameter_values=listed,
            alarm_type=config.alarm_class.display,
            event_text=_texts(config.event_text, listed, config.decimals),
            info_text=config.info_text,
            alarm_texts=config.alarm_texts,
            origin=config.origin,
            area=config.area,
            connection_name=config.connection,
            value_limit=limit,
            source_type=config.source_type,
            suppression_state="SHELVED" if name in self._shelved_until_ns else "UNSUPPRESSED",
            value=value,
            value_quality=quality,
            dead_band=config.dead_band,
            source_id=str(config.number),
            loop_in_alarm=config.loop_in,
            path=config.trigger_tag,
            trigger_tag=config.trigger_tag,
        )
        if config.machine is StateMachine.RAISE:
            self._expires_ns[name, number] = now_ns + int(config.removed_after_s * 1e9)
        return self._keep(self._dressed(config, record))

    def clear_alarm(self, name: str, now_ns: int) -> None:
        """The cause went. Means nothing where the machine does not clear."""
        for number, record in list(self._instances[name].items()):
            if record.clear_time_ns is None:
                self._step(name, number, AlarmEventKind.CLEAR, now_ns)

    def change_quality(self, name: str, quality: QualityWords, now_ns: int) -> None:
        """The trigger tag's quality changed while the cause stands: recorded, no new raise."""
        for record in list(self._instances[name].values()):
            if record.clear_time_ns is None:
                self._keep(
                    replace(
                        record,
                        value_quality=quality,
                        modification_time_ns=now_ns,
                        change_reason=("ALARM_QUALITY_CHANGED",),
                    )
                )

    def tick(self, now_ns: int) -> None:
        """Timed ends: shelving, and entries of RAISE alarms."""
        for name, until_ns in list(self._shelved_until_ns.items()):
            if now_ns >= until_ns:
                self._set_shelved(name, None, now_ns, "", "")
        for (name, number), until_ns in list(self._expires_ns.items()):
            if now_ns >= until_ns:
                self._remove(name, number, now_ns, REMOVE_EVENT)

    # What users do. Names may carry the system; each raises ModelError for its item.

    def acknowledge(
        self, name: str, instance: int, now_ns: int, user: str = "", host: str = ""
    ) -> None:
        """Acknowledge one instance, or all that can be with 0.

        Raises:
            ModelError: 2 unknown alarm, 304 disabled, 305 nothing to acknowledge now.
        """
        self._answer(name, instance, AlarmEventKind.ACKNOWLEDGE, now_ns, user, host)

    def reset(self, name: str, instance: int, now_ns: int, user: str = "", host: str = "") -> None:
        """Reset one instance, or all that can be with 0. Raises like `acknowledge`."""
        self._answer(name, instance, AlarmEventKind.RESET, now_ns, user, host)

    def check_single(self, names: Iterable[str]) -> None:
        """Refuse a call that has an alarm with single acknowledgement among others.

        Raises:
            ModelError: 305, for the whole call.
        """
        listed = list(names)
        if len(listed) < 2:
            return
        for name in listed:
            config = self.configs.get(_short(name))
            if config is not None and config.single:
                raise ModelError(
                    "305", f"{config.name} requires single acknowledgement: send it alone"
                )

    def shelve(
        self,
        name: str,
        now_ns: int,
        timeout_ns: int = 0,
        user: str = "",
        host: str = "",
    ) -> None:
        """Put aside for a time (0: as configured). Shelved alarms keep coming, marked.

        Raises:
            ModelError: 2 unknown alarm, 3 negative time, 304 disabled or already shelved.
        """
        config = self._enabled_config(name)
        if timeout_ns < 0:
            raise ModelError("3", "the shelving time cannot be negative")
        if config.name in self._shelved_until_ns:
            raise ModelError("304", f"{config.name} is already shelved")
        until_ns = now_ns + (timeout_ns or int(config.shelve_s * 1e9))
        self._set_shelved(config.name, until_ns, now_ns, user, host)

    def unshelve(self, name: str, now_ns: int, user: str = "", host: str = "") -> None:
        """Take back. Raises ModelError 2 unknown, 304 disabled or not shelved."""
        config = self._enabled_config(name)
        if config.name not in self._shelved_until_ns:
            raise ModelError("304", f"{config.name} is not shelved")
        self._set_shelved(config.name, None, now_ns, user, host)

    def disable(self, name: str, now_ns: int, user: str = "", host: str = "") -> None:
        """Stop watching: active instances leave. Raises ModelError 2, 304 already disabled."""
        config = self._enabled_config(name)
        self._disabled.add(config.name)
        self._shelved_until_ns.pop(config.name, None)
        for number in list(self._instances[config.name]):
            self._remove(
                config.name, number, now_ns, "ALARM_ENABLE_STATE_CHANGED", user=user, host=host
            )

    def enable(self, name: str, now_ns: int, user: str = "", host: str = "") -> None:
        """Watch again: raises at once when the cause stands. ModelError 2, 304 not disabled."""
        config = self._config(name)
        if config.name not in self._disabled:
            raise ModelError("304", f"{config.name} is not disabled")
        self._disabled.discard(config.name)
        if self.on_enabled is not None:
            self.on_enabled(config.name, now_ns)

    # Inside.

    def _config(self, name: str) -> AlarmConfig:
        config = self.configs.get(_short(name))
        if config is None:
            raise ModelError("2", f"no alarm is named {name}")
        return config

    def _enabled_config(self, name: str) -> AlarmConfig:
        config = self._config(name)
        if config.name in self._disabled:
            raise ModelError("304", f"{config.name} is disabled")
        return config

    def _answer(
        self, name: str, instance: int, event: AlarmEventKind, now_ns: int, user: str, host: str
    ) -> None:
        config = self._enabled_config(name)
        standing = self._instances[config.name]
        if instance and instance not in standing:
            raise ModelError("305", f"{config.name} has no active instance {instance}")
        chosen = [instance] if instance else sorted(standing)
        able = [
            number
            for number in chosen
            if next_step(config.machine, standing[number].state, event) is not None
        ]
        if not able:
            verb = "acknowledged" if event is AlarmEventKind.ACKNOWLEDGE else "reset"
            raise ModelError("305", f"{config.name} cannot be {verb} now")
        for number in able:
            self._step(config.name, number, event, now_ns, user=user, host=host)

    def _step(
        self,
        name: str,
        number: int,
        event: AlarmEventKind,
        now_ns: int,
        *,
        user: str = "",
        host: str = "",
    ) -> None:
        config = self.configs[name]
        record = self._instances[name][number]
        step = next_step(config.machine, record.state, event)
        if step is None:
            return
        cleared = now_ns if event is AlarmEventKind.CLEAR else record.clear_time_ns
        ended = cleared if cleared is not None else now_ns
        changed = replace(
            record,
            state=step.state,
            active=step.active,
            modification_time_ns=now_ns,
            change_reason=(_EVENT_WORDS[event],),
            clear_time_ns=cleared,
            acknowledgment_time_ns=now_ns
            if event is AlarmEventKind.ACKNOWLEDGE
            else record.acknowledgment_time_ns,
            reset_time_ns=now_ns if event is AlarmEventKind.RESET else record.reset_time_ns,
            duration=(ended - record.raise_time_ns) // 100,
            user_name=user or record.user_name,
            host_name=host or record.host_name,
        )
        self._keep(self._dressed(config, changed))

    def _remove(
        self, name: str, number: int, now_ns: int, reason: str, *, user: str = "", host: str = ""
    ) -> None:
        record = self._instances[name][number]
        changed = replace(
            record,
            state=alarm_states.REMOVED,
            active=False,
            modification_time_ns=now_ns,
            change_reason=(reason,),
            user_name=user or record.user_name,
            host_name=host or record.host_name,
        )
        self._keep(self._dressed(self.configs[name], changed))

    def _set_shelved(
        self, name: str, until_ns: int | None, now_ns: int, user: str, host: str
    ) -> None:
        if until_ns is None:
            self._shelved_until_ns.pop(name, None)
        else:
            self._shelved_until_ns[name] = until_ns
        word = "UNSUPPRESSED" if until_ns is None else "SHELVED"
        for record in list(self._instances[name].values()):
            self._keep(
                replace(
                    record,
                    suppression_state=word,
                    modification_time_ns=now_ns,
                    change_reason=("ALARM_SUPPRESSION_STATE_CHANGED",),
                    user_name=user or record.user_name,
                    host_name=host or record.host_name,
                )
            )

    def _dressed(self, config: AlarmConfig, record: AlarmRecord) -> AlarmRecord:
        """With the colours, texts and awaited answer that belong to its state."""
        alarm_class = config.alarm_class
        if record.state == alarm_states.RAISED:
            colors = alarm_class.raised
        elif record.state == alarm_states.RAISED_CLEARED:
            colors = alarm_class.cleared
        else:
            colors = alarm_class.acknowledged
        response = user_response(config.machine, record.state, single=config.single)
        return replace(
            record,
            text_color=colors.text,
            back_color=colors.back,
            flashing=alarm_class.flashing and record.active and response.endswith("EMENT"),
            state_text=self._state_texts.get(record.state, {}),
            user_response=response if record.active else "NONE",
        )

    def _keep(self, record: AlarmRecord) -> AlarmRecord:
        if record.active:
            self._instances[record.name][record.instance_id] = record
        else:
            self._instances[record.name].pop(record.instance_id, None)
            self._expires_ns.pop((record.name, record.instance_id), None)
        self._changes.append(record)
        self._log.append(record)
        return record


def _short(name: str) -> str:
    return name.partition("::")[2] or name
