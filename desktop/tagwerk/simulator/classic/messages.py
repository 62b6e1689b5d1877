"""``alarmLogging``: what is configured of messages, their filters, and their lists (§C5).

The calls are known, their answers are not: each shape is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tagwerk.simulator.alarm_config import AlarmClassConfig, AlarmConfig
from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.classic.catalogue import Catalogue
from tagwerk.simulator.classic.clock import SECOND_NS
from tagwerk.simulator.classic.lists import Element, Lists
from tagwerk.simulator.classic.message_rows import (
    BLOCKS,
    CAME_IN,
    MessageRows,
    event_of,
    message_number,
)
from tagwerk.simulator.classic.question import Answer, Question, Refused
from tagwerk.simulator.classic.spelling import Spelling
from tagwerk.simulator.running import RunningPlant
from tagwerk.simulator.spec import ConditionSpec
from tagwerk.simulator.switches import Switches

MOST_MESSAGES = 1000
SHORT_TERM_NS = 6 * 3600 * SECOND_NS


class RestFilter(NamedTuple):
    """A filter as somebody configured it in WinCC for the service."""

    name: str
    description: str
    keeps: Callable[[AlarmConfig], bool]


FILTERS = (
    RestFilter("All", "All messages", lambda config: True),
    # Names as people give them, with what is awkward in an address.
    RestFilter("Störungen/Kühlung", "Area Cooling", lambda config: config.area == "Cooling"),
    RestFilter("Priority > 8", "Priority above 8", lambda config: config.priority > 8),
)


class MessageCalls:
    """Each method answers a call of `calls.CALLS`."""

    def __init__(
        self,
        switches: Switches,
        plant: RunningPlant,
        catalogue: Catalogue,
        lists: Lists,
        spelling: Spelling,
        rows: MessageRows,
    ) -> None:
        self._plant = plant
        self._catalogue = catalogue
        self._lists = lists
        self._spelling = spelling
        self._rows = rows
        self._filters = switches.text("classic-filters")
        self._order = switches.text("classic-message-order")
        self._has_events = switches.text("classic-pending-as") == "events"
        self._limits = switches.text("classic-limits-as")
        self._is_shuffled = switches.on("shuffled")

    @property
    def _configs(self) -> list[AlarmConfig]:
        return list(self._plant.model.alarms.configs.values())

    @property
    def _classes(self) -> Sequence[AlarmClassConfig]:
        return self._plant.model.spec.alarm_classes

    # What is configured

    def classes(self, question: Question) -> Answer:
        return self._configured(question, *self._class_list(question))

    def class_(self, question: Question) -> Answer:
        return self._single(question, *self._class_list(question))

    def _class_list(self, question: Question) -> tuple[list[Element], str, str]:
        rows = [
            {
                "messageClassID": one.number,
                "messageClassName": one.display.get(question.language, one.name),
            }
            for one in self._classes
        ]
        return rows, "messageClasses", "messageClassName"

    def types(self, question: Question) -> Answer:
        return self._configured(question, *self._type_list(question))

    def type_(self, question: Question) -> Answer:
        return self._single(question, *self._type_list(question))

    def _type_list(self, question: Question) -> tuple[list[Element], str, str]:
        rows = [
            {
                "messageTypeID": one.number * 16 + 1,
                "messageTypeName": one.display.get(question.language, one.name),
                "messageClassID": one.number,
                "textColor": one.raised.text[:7],
                "backgroundColor": one.raised.back[:7],
            }
            for one in self._classes
        ]
        return rows, "messageTypes", "messageTypeName"

    def groups(self, question: Question) -> Answer:
        return self._configured(question, *self._group_list())

    def group(self, question: Question) -> Answer:
        return self._single(question, *self._group_list())

    def _group_list(self) -> tuple[list[Element], str, str]:
        areas = dict.fromkeys(config.area for config in self._configs)
        rows = [
            {"messageGroupID": number, "messageGroupName": area}
            for number, area in enumerate(areas, 1)
        ]
        return rows, "messageGroups", "messageGroupName"

    def blocks(self, question: Question) -> Answer:
        return self._configured(question, *self._block_list(question))

    def block(self, question: Question) -> Answer:
        return self._single(question, *self._block_list(question))

    def _block_list(self, question: Question) -> tuple[list[Element], str, str]:
        is_german = question.language.startswith("de")
        rows = [
            {
                "messageBlockID": number,
                "messageBlockName": german if is_german else english,
                "messageBlockType": kind,
            }
            for number, english, german, kind in BLOCKS
        ]
        return rows, "messageBlocks", "messageBlockName"

    def messages(self, question: Question) -> Answer:
        return self._configured(question, *self._message_list(question))

    def message(self, question: Question) -> Answer:
        return self._single(question, *self._message_list(question))

    def _message_list(self, question: Question) -> tuple[list[Element], str, str]:
        rows = [self._rows.configured(one, question.language) for one in self._configs]
        return rows, "messages", "messageNumber"

    def _configured(self, question: Question, rows: list[Element], own: str, key: str) -> Answer:
        return self._lists.answer(
            question, rows, lambda row: str(row[key]), lambda row: dict(row), own, key
        )

    def _single(self, question: Question, rows: list[Element], own: str, key: str) -> Answer:
        """The row of a name, or of the number that some rows have too."""
        del own
        asked = question.names[0].casefold()
        for row in rows:
            number = row.get(key.replace("Name", "ID"), "")
            if asked in (str(row[key]).casefold(), str(number)):
                return Answer(self._spelling.single(row))
        raise Refused(404, "Not Found")

    # Limit values

    def limit_values(self, question: Question) -> Answer:
        rows = self._limit_list()
        return self._lists.answer(
            question,
            rows,
            lambda row: str(row["variableName"]),
            dict,
            "limitValues",
            "variableName",
        )

    def limit_value(self, question: Question) -> Answer:
        asked = question.names[0].casefold()
        found = [row for row in self._limit_list() if row["variableName"].casefold() == asked]
        if not found:
            raise Refused(404, "Not Found")
        if self._limits == "by-variable":
            return Answer(self._spelling.single(found[0]))
        return Answer(self._spelling.wrapped(found, "limitValues"))

    def _limit_list(self) -> list[Element]:
        """The limits that are watched: a row each, or one for all of a variable."""
        configs = self._plant.model.alarms.configs
        rows = [
            self._limit(one, configs[one.alarm])
            for one in self._plant.model.spec.conditions
            if one.kind in ("high", "low") and one.alarm in configs
        ]
        if self._limits != "by-variable":
            return rows
        gathered: dict[str, Element] = {}
        for row in rows:
            name = row.pop("variableName")
            gathered.setdefault(name, {"variableName": name, "limits": []})["limits"].append(row)
        return list(gathered.values())

    def _limit(self, condition: ConditionSpec, config: AlarmConfig) -> Element:
        is_high = condition.kind == "high"
        limit: Any = condition.limit
        row: Element = {"variableName": self._catalogue.outward(condition.tag)}
        if self._limits == "words":
            row["type"] = "HIGH" if is_high else "LOW"
        elif self._limits == "numbers":
            row["limitType"] = int(not is_high)
        else:
            row["limitType"] = "Upper limit" if is_high else "Lower limit"
        if isinstance(limit, str):
            held = self._plant.model.find(limit)
            row["limitVariableName"] = self._catalogue.outward(limit)
            limit = held.value if held is not None else None
        row["limitValue"] = limit
        row["hysteresis"] = condition.hysteresis
        row["delayTime"] = round(condition.delay_s * 1000)
        row["messageNumber"] = message_number(config.number)
        return row

    # Filters

    @property
    def _offered(self) -> tuple[RestFilter, ...]:
        if self._filters == "none":
            return ()
        return FILTERS[:1] if self._filters == "one" else FILTERS

    def rest_filters(self, question: Question) -> Answer:
        if self._filters == "404":
            raise Refused(404, "Not Found")
        return self._lists.answer(
            question,
            self._offered,
            lambda one: one.name,
            _filter_row,
            "restFilters",
            "filterName",
        )

    def rest_filter(self, question: Question) -> Answer:
        return Answer(self._spelling.single(_filter_row(self._filter(question))))

    def _filter(self, question: Question) -> RestFilter:
        asked = question.names[0].casefold()
        for one in self._offered:
            if one.name.casefold() == asked:
                return one
        raise Refused(404, "Filter not found")

    def _kept(self, question: Question) -> Callable[[AlarmRecord], bool]:
        keeps = self._filter(question).keeps
        configs = self._plant.model.alarms.configs
        return lambda record: keeps(configs[record.name])

    # Lists

    def message_list(self, question: Question) -> Answer:
        """What is pending; what is hidden is not shown."""
        keeps = self._kept(question)
        records = [one for one in self._active() if keeps(one) and not _is_hidden(one)]
        if self._has_events:
            standing = {(one.name, one.instance_id) for one in records}
            first_ns = min((one.raise_time_ns for one in records), default=0)
            events = [
                one
                for one in self._plant.model.alarms.logged(first_ns - 1, self._plant.now_ns() + 1)
                if (one.name, one.instance_id) in standing and event_of(one) is not None
            ]
            return self._told([self._rows.event(one, question.language) for one in events])
        return self._told([self._rows.pending(one, question.language) for one in records])

    def _active(self) -> list[AlarmRecord]:
        return self._plant.model.alarms.active()

    def _told(self, rows: list[Element]) -> Answer:
        if self._is_shuffled:
            rows.reverse()
        return Answer(self._spelling.wrapped(rows, "messages"))

    def short_term_archive(self, question: Question) -> Answer:
        return self._archive(question, self._plant.now_ns() - SHORT_TERM_NS)

    def long_term_archive(self, question: Question) -> Answer:
        return self._archive(question, 0)

    def _archive(self, question: Question, since_ns: int) -> Answer:
        most = min(question.number("maxValues", MOST_MESSAGES) or MOST_MESSAGES, MOST_MESSAGES)
        records = self._events(question, since_ns)[-most:]
        if not self._order:
            records.reverse()
        elif self._order == "mixed":
            records = records[::2] + records[1::2]
        return self._told([self._rows.event(one, question.language) for one in records])

    def _events(self, question: Question, since_ns: int) -> list[AlarmRecord]:
        keeps = self._kept(question)
        logged = self._plant.model.alarms.logged(since_ns, self._plant.now_ns() + 1)
        return [one for one in logged if event_of(one) is not None and keeps(one)]

    def hit_list(self, question: Question) -> Answer:
        """How often each message came in, and for how long; the most frequent first."""
        most = min(question.number("maxValues", MOST_MESSAGES) or MOST_MESSAGES, MOST_MESSAGES)
        counts: dict[str, int] = {}
        seconds: dict[str, float] = {}
        for record in self._events(question, 0):
            if event_of(record) == CAME_IN:
                counts[record.name] = counts.get(record.name, 0) + 1
            elif record.clear_time_ns == record.modification_time_ns:
                seconds[record.name] = seconds.get(record.name, 0.0) + record.duration / 1e7
        configs = self._plant.model.alarms.configs
        rows = [
            {
                "messageNumber": message_number(configs[name].number),
                "count": count,
                "totalDuration": round(seconds.get(name, 0.0), 3),
                "averageDuration": round(seconds.get(name, 0.0) / count, 3),
                "messageText": self._rows.configured(configs[name], question.language)[
                    "messageText"
                ],
            }
            for name, count in sorted(counts.items(), key=lambda pair: -pair[1])
        ]
        return self._told(rows[:most])

    def lock_list(self, question: Question) -> Answer:
        """Messages that are locked: they don't come any more."""
        return self._some(question, self._plant.model.alarms.is_disabled)

    def hide_list(self, question: Question) -> Answer:
        """Messages that are hidden when they come."""
        return self._some(question, self._plant.model.alarms.is_shelved)

    def _some(self, question: Question, is_meant: Callable[[str], bool]) -> Answer:
        keeps = self._filter(question).keeps
        return self._told(
            [
                self._rows.configured(one, question.language)
                for one in self._configs
                if is_meant(one.name) and keeps(one)
            ]
        )

    def hidden_message_list(self, question: Question) -> Answer:
        """What is pending and hidden."""
        keeps = self._kept(question)
        records = [one for one in self._active() if keeps(one) and _is_hidden(one)]
        return self._told([self._rows.pending(one, question.language) for one in records])


def _is_hidden(record: AlarmRecord) -> bool:
    return record.suppression_state == "SHELVED"


def _filter_row(found: RestFilter) -> Element:
    return {"filterName": found.name, "description": found.description}
