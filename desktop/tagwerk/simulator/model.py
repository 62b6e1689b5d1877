"""The demo plant as one object: browse, read, write, log, alarms, and the passing of time.

Pure and synchronous; deterministic for (seed, start, writes and the times of the calls). The
servers call it from one thread; nothing here knows a protocol, a socket or a wall clock.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tagwerk.domain.values import Value
from tagwerk.simulator.alarm_conditions import AlarmWatch
from tagwerk.simulator.alarm_engine import AlarmEngine
from tagwerk.simulator.alarm_record import AlarmRecord
from tagwerk.simulator.browse_list import BrowseList
from tagwerk.simulator.generated import GeneratedTags
from tagwerk.simulator.history import History, LoggingTag
from tagwerk.simulator.image import TICK_NS, Channel, ProcessImage
from tagwerk.simulator.lived_log import LivedLog
from tagwerk.simulator.past import SECOND_NS, SETTLE_S, Past
from tagwerk.simulator.past_alarms import LAST_PAST_INSTANCE, PastAlarms
from tagwerk.simulator.skid21 import Skid21
from tagwerk.simulator.spec import PlantSpec, load_plant
from tagwerk.simulator.state import (
    ArrayElement,
    Changes,
    LoggedRow,
    ModelError,
    ProcessTag,
    TagState,
)
from tagwerk.simulator.story import HOST, StoryPlayer, clamped
from tagwerk.simulator.writing import convert

TICKS_IN_SECOND = SECOND_NS // TICK_NS
MILLISECOND_NS = 1_000_000
# Longer pauses (a turned clock) are made up for in steps of a second.
LONG_PAUSE_NS = 120 * SECOND_NS
# More steps than a day has.
WHOLE_DAY = 1_000_000
_ELEMENT = re.compile(r"(.+)\[(\d+)\]")
_ARRAY = re.compile(r"Array \[0\.\.(\d+)\] of (\w+)")


class _Write(NamedTuple):
    """A write that the interface accepted and the PLC takes at its next cycle."""

    tag: ProcessTag
    value: Value
    element: int


class PlantModel:
    """See the module. Made with `create`.

    Attributes:
        system: e.g. ``HMI_RT_1``.
        alarms: the alarm engine.
        generated: the generated tags.
    """

    def __init__(
        self, spec: PlantSpec, seed: int, start_ns: int, generated: int, rate_per_s: float
    ) -> None:
        self.system = spec.system
        self._spec = spec
        self._seed = seed
        self._epoch_ns = start_ns // SECOND_NS * SECOND_NS
        self._image = ProcessImage(spec, seed)
        self._process = Skid21(self._image, seed, self._epoch_ns)
        self.alarms = AlarmEngine(
            spec.alarms, spec.state_texts, first_instance=LAST_PAST_INSTANCE + 1
        )
        self._watch = AlarmWatch(spec.conditions, self._image.tags, self.alarms)
        self._lived = LivedLog(spec.tags, self._image.tags)
        self._image.on_quality = self._lived.note_quality
        self._changed_logs = {name for name, tag in spec.tags.items() if tag.log == "change"}
        self._elements: dict[str, list[TagState]] = {}
        self._element_names: dict[str, ArrayElement] = {}
        self._pending: list[_Write] = []
        self._touched: dict[str, ProcessTag] = {}
        self._history = History(spec, self._lived, self._make_past)
        self._past: Past | None = None
        self._past_records: list[AlarmRecord] | None = None
        self.generated = GeneratedTags(generated, rate_per_s, seed, self._epoch_ns)
        self._structures = frozenset(spec.structures)
        self._tick = self._epoch_ns // TICK_NS
        self._play_scene()

    @classmethod
    def create(
        cls,
        *,
        plant: str = "skid21",
        seed: int = 1,
        start_ns: int,
        generated: int = 0,
        rate_per_s: float = 0.0,
    ) -> PlantModel:
        """Make a plant that has been running for a day.

        Args:
            plant: folder below ``resources/plants``.
            seed: of noise and disturbances.
            start_ns: now, in plant time.
            generated: number of generated tags.
            rate_per_s: value changes a second over all generated tags.

        Raises:
            PlantFileError: unknown plant or broken files.
        """
        return cls(load_plant(plant), seed, start_ns, generated, rate_per_s)

    @property
    def spec(self) -> PlantSpec:
        return self._spec

    @property
    def now_ns(self) -> int:
        """Plant time of the last step."""
        return self._tick * TICK_NS

    # Names.

    def browse(self) -> BrowseList:
        """Every object; made one by one while it is gone through."""
        return BrowseList(self._spec, self.generated)

    def find(self, name: str) -> TagState | None:
        """The tag, array or element of that name (short or full), None when there is none."""
        short = self._short(name)
        tag = self._image.tags.get(short)
        if tag is not None:
            return tag
        if self.generated.count and short.startswith("Generated."):
            return self.generated.find(short)
        element = self._element_names.get(short)
        if element is not None:
            return element
        return self._new_element(short)

    def state(self, name: str) -> TagState:
        """Like `find`.

        Raises:
            ModelError: 2 unknown, 202 a structure.
        """
        found = self.find(name)
        if found is not None:
            return found
        if self.is_structure(name):
            raise ModelError("202", f"{name} is a structure: only its leaves can be addressed")
        raise ModelError("2", f"the name {name} cannot be resolved")

    def is_structure(self, name: str) -> bool:
        short = self._short(name)
        return short in self._structures or self.generated.is_structure(short)

    # Values.

    def write(self, name: str, value: Value, *, now_ns: int, user: str = "") -> None:
        """Accept a write; the PLC takes it at its next cycle and cuts it to its own limits.

        Raises:
            ModelError: 2 unknown, 202 a structure, 201 not convertible, 1 read-only or refused.
        """
        target = self.state(name)
        element = -1
        if isinstance(target, ArrayElement):
            element, tag = target.number, target.array
        elif isinstance(target, ProcessTag):
            tag = target
        else:
            raise ModelError("1", f"{name} is read-only")
        spec = self._spec.tags[tag.name]
        if spec.reject:
            raise ModelError("1", spec.reject)
        if not spec.writable:
            raise ModelError("1", f"{name} is read-only")
        if element < 0 and isinstance(tag.value, list):
            raise ModelError("1", f"{name} is an array: only its elements can be written")
        converted = convert(value, target.data_type)
        self._pending.append(_Write(tag, clamped(spec, converted), element))

    def advance(self, now_ns: int) -> Changes:
        """Let time pass up to `now_ns`; returns what changed since the last call."""
        last = now_ns // TICK_NS
        if (last - self._tick) * TICK_NS > LONG_PAUSE_NS:
            self._hurry(last)
        while self._tick < last:
            self._tick += 1
            self._step(0.1, self._image.due_at(self._tick))
        touched, self._touched = self._touched, {}
        tags: list[TagState] = list(touched.values())
        for name in touched:
            if name in self._elements:
                tags += self._elements[name]
        return Changes(tags, self.alarms.take_changes(), self.generated.advance(now_ns))

    # The log.

    def logging_tag(self, name: str) -> LoggingTag:
        """The logging tag of that name, or the only one of a tag. Raises ModelError 2 or 3."""
        short = self._short(name)
        if ":" not in short:
            self.state(short)
            if short not in self._spec.tags:
                raise ModelError("3", f"{name} has no logging tag")
        return self._history.logging_tag(short)

    def logged(
        self,
        name: str,
        start_ns: int | None,
        end_ns: int | None,
        *,
        limit: int = 0,
        descending: bool = False,
        bounding: str = "NO_BOUNDING_VALUES",
    ) -> list[LoggedRow]:
        """Logged values; see `History.logged`. The first question about the time before the
        scene takes about a second, because that day is worked out then."""
        return self._history.logged(
            self.logging_tag(name).name,
            start_ns,
            end_ns,
            limit=limit,
            descending=descending,
            bounding=bounding,
        )

    def prepare_past(self, steps: int = 100) -> bool:
        """Work out a part of the day before the scene, so that nobody has to wait for it later.

        Args:
            steps: how much; one takes about 50 µs, the whole day about 17,000.

        Returns:
            True when the day is complete. Calling it is never needed, only polite.
        """
        return (self._past or self._begin_past()).work(steps)

    # Inside.

    def _short(self, name: str) -> str:
        system, mark, rest = name.partition("::")
        return rest if mark and system == self.system else name

    def _new_element(self, name: str) -> ArrayElement | None:
        match = _ELEMENT.fullmatch(name)
        if match is None:
            return None
        tag = self._image.tags.get(match[1])
        array = _ARRAY.fullmatch(tag.data_type) if tag is not None else None
        if tag is None or array is None or int(match[2]) > int(array[1]):
            return None
        element = ArrayElement(tag, int(match[2]), array[2])
        if element.name != name:
            return None
        self._element_names[name] = element
        self._elements.setdefault(tag.name, []).append(element)
        return element

    def _step(self, dt: float, due: list[Channel]) -> None:
        """One cycle of the PLC, the acquisition of the `due` channels, the alarms and the log."""
        tick = self._tick
        time_ns = tick * TICK_NS
        if self._pending:
            self._take_writes(time_ns)
        self._process.step(dt, (time_ns - self._epoch_ns) / 1e9)
        image = self._image
        # The acquisition looks some milliseconds before the cycle ends, as real ones do.
        seen_ns = time_ns - tick * 37 % 83 * MILLISECOND_NS
        image.publish(due, tick, seen_ns)
        touched, image.touched = image.touched, {}
        for name in touched.keys() & self._changed_logs:
            self._lived.note_change(touched[name])
        self._touched.update(touched)
        self._watch.evaluate(seen_ns)
        if tick % TICKS_IN_SECOND == 0:
            self._lived.note_second(time_ns)

    def _take_writes(self, time_ns: int) -> None:
        pending, self._pending = self._pending, []
        for tag, value, element in pending:
            if element >= 0 and isinstance(tag.value, list):
                values = list(tag.value)
                values[element] = value
                self._image.put(tag, values, time_ns)
            else:
                self._image.put(tag, value, time_ns)
            # A value written anew has a new time, also when it is the same.
            tag.time_ns = time_ns
            self._image.touched[tag.name] = tag

    def _hurry(self, last: int) -> None:
        """Steps of a second, on whole seconds, until the last few."""
        while self._tick % TICKS_IN_SECOND:
            self._tick += 1
            self._step(0.1, self._image.due_at(self._tick))
        while self._tick + TICKS_IN_SECOND <= last:
            self._tick += TICKS_IN_SECOND
            self._step(1.0, self._image.channels)

    def _play_scene(self) -> None:
        """Settle, take down where the past has to arrive, and live the last minutes."""
        story, image = self._spec.story, self._image
        begin_s = -story.scene_s
        automatic = image.input("Batch.Auto")
        automatic.value = False
        self._process.settle(begin_s - SETTLE_S, begin_s, level=story.scene_level)
        self._scene_start = list(image.out)
        begin_ns = self._epoch_ns - round(story.scene_s * SECOND_NS)
        for tag in image.tags.values():
            tag.time_ns = begin_ns
        image.publish(image.channels, begin_ns // TICK_NS, begin_ns)
        self._lived.begin(begin_ns)
        self._raise_standing()
        player = StoryPlayer(story.scene, image, self._process, self.alarms)
        self._tick = begin_ns // TICK_NS
        end = self._epoch_ns // TICK_NS
        # What nobody logs and no alarm watches need not be looked at before the end.
        watched = {c.tag for c in self._spec.conditions} | {
            name for c in self._spec.conditions for name in c.parameters
        }
        due = [c for c in image.channels if c.spec.log or c.tag.name in watched]
        while self._tick < end:
            self._tick += TICKS_IN_SECOND
            time_ns = self._tick * TICK_NS
            player.play((time_ns - self._epoch_ns) / 1e9, time_ns)
            self._step(1.0, due if self._tick < end else image.channels)
        self._touched.clear()
        self.alarms.take_changes()
        self.alarms.earlier = self._earlier_records
        self.alarms.earlier_end_ns = begin_ns

    def _raise_standing(self) -> None:
        """Alarms that stand since before the scene."""
        for standing in self._spec.story.standing:
            condition = self._watch.conditions[standing.alarm]
            condition.standing = True
            raised_ns = self._epoch_ns - round(standing.raised_s * SECOND_NS)
            self._watch.raise_now(condition, raised_ns)
            if standing.acknowledged_s is not None:
                at_ns = self._epoch_ns - round(standing.acknowledged_s * SECOND_NS)
                self.alarms.acknowledge(standing.alarm, 0, at_ns, standing.user, HOST)

    def _make_past(self) -> Past:
        """The day before the scene, complete."""
        past = self._past or self._begin_past()
        past.work(WHOLE_DAY)
        return past

    def _begin_past(self) -> Past:
        self._past = Past(self._spec, self._seed, self._epoch_ns, self._scene_start)
        return self._past

    def _earlier_records(self) -> list[AlarmRecord]:
        if self._past_records is None:
            names = frozenset(standing.alarm for standing in self._spec.story.standing)
            self._past_records = PastAlarms(self._make_past(), names).records()
        return self._past_records
