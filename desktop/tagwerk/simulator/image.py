"""The process image: the tags' memory, and the channels through which the process fills it.

The process computes true values into `out`; the acquisition publishes each channel at its own
cycle, with measurement noise, rounded, in the tag's type. So a curve looks measured, and the
same true values can be worked out coarsely for the past and dressed with the same noise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwerk.domain.values import Value
from tagwerk.simulator.spec import PlantSpec, TagSpec
from tagwerk.simulator.state import NO_COMMUNICATION, ProcessTag, QualityWords

TICK_NS = 100_000_000
TICKS_IN_CYCLE = 20
NOISE_LENGTH = 8192
NOISE_MASK = NOISE_LENGTH - 1
INTEGER_TYPES = frozenset(
    ("SInt", "USInt", "Byte", "Int", "UInt", "Word", "DInt", "UDInt", "LInt", "ULInt", "LTime")
)


class Channel(NamedTuple):
    """One way from a true value to a tag.

    Args:
        slot: index into `ProcessImage.out`.
        places: digits kept of a measured value.
        top: from here on a value rests at its upper end and shows no noise.
        stride, offset: where in the noise table this channel walks.
    """

    slot: int
    tag: ProcessTag
    spec: TagSpec
    kind: str
    places: int
    top: float
    noise: float
    stride: int
    offset: int


def noise_table(seed: int) -> NDArray[np.float64]:
    """Standard normal noise that all channels walk through, each in its own way."""
    return np.random.default_rng(seed).standard_normal(NOISE_LENGTH)


class ProcessImage:
    """All named tags of a plant and what the process says about them.

    Args:
        spec: the plant.
        seed: of the measurement noise.
    """

    def __init__(self, spec: PlantSpec, seed: int) -> None:
        self.spec = spec
        self.tags: dict[str, ProcessTag] = {}
        for name, tag_spec in spec.tags.items():
            value = tag_spec.value
            tag = ProcessTag(
                name,
                tag_spec.data_type,
                list(value) if isinstance(value, list) else value,
                tag_spec.writable,
            )
            tag.quality = tag_spec.quality
            self.tags[name] = tag
        self.out: list[float] = []
        self.channels: list[Channel] = []
        self.touched: dict[str, ProcessTag] = {}
        self.in_outage = False
        self.now_ns = 0
        self.quality_overrides: dict[str, QualityWords] = {}
        self.on_quality: Callable[[ProcessTag], None] | None = None
        self._table: list[float] = noise_table(seed).tolist()
        self._due: list[list[Channel]] = []
        self._phase = seed % TICKS_IN_CYCLE

    def output(self, name: str) -> int:
        """Give the process a slot for the true value of a tag; returns its index in `out`."""
        tag, spec = self.tags[name], self.spec.tags[name]
        slot = len(self.out)
        self.out.append(0.0)
        if spec.frozen:
            return slot
        if spec.data_type == "Bool":
            kind = "bool"
        elif spec.data_type in INTEGER_TYPES:
            kind = "int"
        else:
            kind = "float"
        number = len(self.channels)
        places = (spec.decimals if spec.decimals is not None else 2) + 1
        top = math.inf
        if spec.high is not None:
            top = spec.high - 4 * spec.noise if spec.unit == "%" else spec.high
        stride, offset = 2 * number + 7, number * 997
        self.channels.append(
            Channel(slot, tag, spec, kind, places, top, spec.noise, stride, offset)
        )
        self._due = []
        return slot

    def input(self, name: str) -> ProcessTag:
        """The tag that the process reads."""
        return self.tags[name]

    def put(self, tag: ProcessTag, value: Value, time_ns: int) -> None:
        """Set a tag past the channels: texts, arrays, commands that fall back."""
        if tag.value != value:
            tag.value = value
            tag.time_ns = time_ns
            self.touched[tag.name] = tag

    def due_at(self, tick: int) -> list[Channel]:
        """The channels whose turn it is at this tick."""
        if not self._due:
            self._plan()
        return self._due[tick % TICKS_IN_CYCLE]

    def publish(self, due: list[Channel], tick: int, time_ns: int) -> None:
        """Bring the values of these channels into their tags."""
        if self.in_outage:
            return
        out, table, touched = self.out, self._table, self.touched
        for slot, tag, _, kind, places, top, noise, stride, offset in due:
            true = out[slot]
            value: Value
            if kind == "float":
                # What rests at an end (a stopped motor, an open valve) has no noise to show.
                if noise and true < top and not -4 * noise < true < 4 * noise:
                    true += noise * table[(tick * stride + offset) & NOISE_MASK]
                value = round(true, places)
            elif kind == "bool":
                value = true >= 0.5
            else:
                if noise:
                    true += noise * table[(tick * stride + offset) & NOISE_MASK]
                value = int(true + 0.5) if true >= 0 else -int(0.5 - true)
            if value != tag.value:
                tag.value = value
                tag.time_ns = time_ns
                touched[tag.name] = tag

    def set_outage(self, lost: bool, time_ns: int) -> None:
        """The controller stops or begins to answer: quality of all its tags."""
        self.in_outage = lost
        for tag in self.tags.values():
            if not self.spec.tags[tag.name].survives_outage:
                self._set_quality(tag, time_ns)

    def override_quality(self, name: str, quality: QualityWords | None, time_ns: int) -> None:
        """Another quality than the configured one, e.g. a broken sensor; None takes it back."""
        if quality is None:
            self.quality_overrides.pop(name, None)
        else:
            self.quality_overrides[name] = quality
        self._set_quality(self.tags[name], time_ns)

    def _set_quality(self, tag: ProcessTag, time_ns: int) -> None:
        spec = self.spec.tags[tag.name]
        quality = self.quality_overrides.get(tag.name, spec.quality)
        if self.in_outage and not spec.survives_outage and spec.quality.quality != "BAD":
            quality = NO_COMMUNICATION
        if quality != tag.quality:
            tag.quality = quality
            tag.time_ns = time_ns
            self.touched[tag.name] = tag
            if self.on_quality is not None:
                self.on_quality(tag)

    def _plan(self) -> None:
        """Who is due at which tick; staggered, so that a second has no spike."""
        self._due = [[] for _ in range(TICKS_IN_CYCLE)]
        for number, channel in enumerate(self.channels):
            every = max(1, channel.spec.cycle_ms // 100)
            for tick in range(TICKS_IN_CYCLE):
                if (tick + number * 3 + self._phase) % every == 0:
                    self._due[tick].append(channel)
