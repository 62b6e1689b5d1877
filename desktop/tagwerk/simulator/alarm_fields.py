"""Alarms as fields of the schema: standing and logged ones, and what a user does to them."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tagwerk.simulator.access import Caller, Gate, model_refusal, refusal, texts_of
from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.filters import alarm_filter
from tagwerk.simulator.schema import LANGUAGES
from tagwerk.simulator.state import ModelError
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import Fields, Wire

if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel

HOST = "demo-plant"
"""The computer from which users act, as alarm records name it."""


@dataclass(frozen=True, slots=True)
class AlarmQuestion:
    """Which alarms are asked for, and in which languages."""

    matches: Callable[[AlarmRecord], bool]
    languages: tuple[str, ...]


class AlarmFields:
    """Each ``do_…`` is the field of that name."""

    def __init__(
        self,
        model: PlantModel,
        wire: Wire,
        switches: Switches,
        gate: Gate,
        now_ns: Callable[[], int],
    ) -> None:
        self._model = model
        self._wire = wire
        self._switches = switches
        self._gate = gate
        self._now_ns = now_ns
        self._languages = LANGUAGES[:1] if switches.on("one-language") else LANGUAGES
        self._filter = switches.text("alarm-filter")
        self._is_shuffled = switches.on("shuffled")
        self.end_state = switches.text("alarm-end")
        """State with which a leaving alarm is told as Modified; "" tells it as Removed."""
        self.tells_standing = not switches.on("no-alarm-added")

    def question(
        self,
        systemNames: Sequence[str | None],
        filterString: str,
        filterLanguage: str,
        languages: Sequence[str | None],
    ) -> AlarmQuestion:
        """Read the arguments that all alarm fields share.

        Raises:
            GraphQLError: codes 301, 302 and 303.
        """
        wanted = texts_of("languages", languages)
        for language in wanted:
            if language not in self._languages:
                raise refusal(f"Language {language} is not valid", "302")
        if filterLanguage not in self._languages:
            raise refusal(f"Filter language {filterLanguage} is not valid", "303")
        if filterString.strip() and self._filter == "refused":
            raise refusal("Filters are not supported", "301")
        wanted_filter = "" if self._filter == "ignored" else filterString
        try:
            keep = alarm_filter(wanted_filter)
        except ModelError as problem:
            raise model_refusal(problem) from None
        systems = texts_of("systemNames", systemNames)
        is_here = not systems or self._wire.system in systems
        is_all = not wanted_filter.strip()

        def matches(record: AlarmRecord) -> bool:
            return is_here and (is_all or keep(self._wire.filter_fields(record, filterLanguage)))

        return AlarmQuestion(matches, tuple(wanted))

    def do_activeAlarms(self, caller: Caller, **arguments: Any) -> Iterator[Fields]:
        question = self.question(**arguments)
        standing = self._model.alarms.active()
        if self._is_shuffled:
            standing.reverse()
        return (
            self._wire.alarm(record, question.languages)
            for record in standing
            if self._gate.sees(caller, record.name) and question.matches(record)
        )

    def do_loggedAlarms(
        self,
        caller: Caller,
        startTime: int,
        endTime: int,
        maxNumberOfResults: int,
        **arguments: Any,
    ) -> Iterator[Fields]:
        question = self.question(**arguments)
        if maxNumberOfResults < 0:
            raise refusal("maxNumberOfResults must not be negative", "3")
        if startTime and endTime and startTime > endTime:
            raise refusal("startTime is behind endTime", "3")
        end_ns = endTime or self._now_ns() + 1
        records = [
            record
            for record in self._model.alarms.logged(startTime, end_ns)
            if self._gate.sees(caller, record.name) and question.matches(record)
        ]
        if maxNumberOfResults:
            records = records[-maxNumberOfResults:]
        if self._is_shuffled:
            records.reverse()
        return (self._wire.alarm(record, question.languages) for record in records)

    def do_acknowledgeAlarms(
        self,
        caller: Caller,
        input: Sequence[Fields | None],
    ) -> list[Fields]:
        return self._answer_alarms(caller, input, self._model.alarms.acknowledge)

    def do_resetAlarms(self, caller: Caller, input: Sequence[Fields | None]) -> list[Fields]:
        return self._answer_alarms(caller, input, self._model.alarms.reset)

    def _answer_alarms(
        self, caller: Caller, items: Sequence[Fields | None], answer: Callable[..., None]
    ) -> list[Fields]:
        listed = [item for item in items if item is not None]
        if len(listed) < len(items):
            raise refusal("An item of input is null", "BAD_USER_INPUT")
        try:
            self._model.alarms.check_single(self._wire.short(item["name"]) for item in listed)
        except ModelError as problem:
            # One with single acknowledgement among others: nothing of the call is done.
            if not self._switches.on("single-refused-by-item"):
                raise model_refusal(problem) from None
            return [self._alarm_reply(item, problem) for item in listed]
        replies = []
        for item in listed:
            name, instance = item["name"], item.get("instanceID") or 0
            refused = None
            try:
                if "::" not in name and self._wire.outward(name) != name:
                    raise ModelError("2", f"“{name}” is no full name")
                answer(
                    self._wire.short(name),
                    instance,
                    self._now_ns(),
                    caller.identified.user.name,
                    HOST,
                )
            except ModelError as problem:
                refused = problem
            replies.append(self._alarm_reply(item, refused))
        return replies[::-1] if self._is_shuffled else replies

    def _alarm_reply(self, item: Fields, problem: ModelError | None) -> Fields:
        return {
            "alarmName": item["name"],
            "alarmInstanceID": item.get("instanceID") or 0,
            "error": self._wire.error(problem),
        }

    def do_disableAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:
        return self._configure_alarms(caller, names, self._model.alarms.disable)

    def do_enableAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:
        return self._configure_alarms(caller, names, self._model.alarms.enable)

    def do_unshelveAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:
        return self._configure_alarms(caller, names, self._model.alarms.unshelve)

    def do_shelveAlarms(
        self,
        caller: Caller,
        names: Sequence[str | None],
        shelveTimeout: int,
    ) -> list[Fields]:
        timeout_ns = shelveTimeout * 100

        def shelve(name: str, now_ns: int, user: str, host: str) -> None:
            self._model.alarms.shelve(name, now_ns, timeout_ns, user, host)

        return self._configure_alarms(caller, names, shelve)

    def _configure_alarms(
        self,
        caller: Caller,
        names: Sequence[str | None],
        act: Callable[[str, int, str, str], None],
    ) -> list[Fields]:
        replies = []
        for name in texts_of("names", names):
            refused = None
            try:
                act(self._wire.short(name), self._now_ns(), caller.identified.user.name, HOST)
            except ModelError as problem:
                refused = problem
            replies.append({"alarmName": name, "error": self._wire.error(refused)})
        return replies[::-1] if self._is_shuffled else replies
