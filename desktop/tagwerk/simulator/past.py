"""The day before the scene: the same process at coarse steps, worked out when first asked for.

The result is a matrix of true values. Queries interpolate it to the log's cycle and dress it
with the very noise that the live acquisition uses. At its end it meets the scene: counters are
shifted by a constant, other values led over the last two hours onto the scene's first ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tagwerk.simulator.image import NOISE_MASK, TICK_NS, Channel, ProcessImage, noise_table
from tagwerk.simulator.lived_log import typed, typed_column
from tagwerk.simulator.skid21 import Skid21
from tagwerk.simulator.spec import PlantSpec
from tagwerk.simulator.state import GOOD, NO_COMMUNICATION, LoggedRow, QualityWords
from tagwerk.simulator.story import StoryPlayer

SECOND_NS = 1_000_000_000
COARSE_S, FINE_S = 8.0, 1.0
FINE_AFTER_EVENT_S = 150.0
LEAD_S = 7200.0
SETTLE_S = 3600.0
COUNTERS = frozenset(
    (
        "Hours",
        "Starts",
        "Cycles",
        "Total",
        "Energy",
        "Fouling",
        "Number",
        "Heartbeat",
        "ServiceIn",
        "Zähler Gebinde",
    )
)


class _Column(NamedTuple):
    """Where a tag's curve lies in the matrix; `channel` is None for inputs."""

    number: int
    channel: Channel | None


class Past:
    """24 h of curves before the scene.

    Args:
        spec: the plant; seed: of disturbances and noise, as for the live process.
        epoch_ns: the start of the plant (a whole second).
        target: the true values at the beginning of the scene, where the curves must arrive.
    """

    def __init__(self, spec: PlantSpec, seed: int, epoch_ns: int, target: list[float]) -> None:
        self.spec = spec
        self.begin_ns = epoch_ns - round(spec.story.past_s * SECOND_NS)
        self.end_ns = epoch_ns - round(spec.story.scene_s * SECOND_NS)
        self.outages_ns: list[tuple[int, int]] = []
        self._epoch_ns = epoch_ns
        self._noise = noise_table(seed)
        self._image = ProcessImage(spec, seed)
        self._process = Skid21(self._image, seed, epoch_ns)
        self._columns: dict[str, _Column] = {}
        self._target = target
        self._prepare()

    def _prepare(self) -> None:
        """Everything but the day itself: who has which column, where it begins."""
        spec, image = self.spec, self._image
        story = spec.story
        self._process.settle(-story.past_s - SETTLE_S, -story.past_s, level=story.past_level)
        channels = {channel.tag.name for channel in image.channels}
        self._inputs = [
            image.tags[name] for name in spec.tags if spec.tags[name].log and name not in channels
        ]
        self._width = len(image.out)
        for channel in image.channels:
            self._columns[channel.tag.name] = _Column(channel.slot, channel)
        for number, tag in enumerate(self._inputs):
            self._columns[tag.name] = _Column(self._width + number, None)
        self._player = StoryPlayer(story.past, image, self._process, None)
        self._now_s = -story.past_s
        self._row_seconds: list[float] = []
        self._row_values: list[NDArray[np.float64]] = []
        self._matrix = np.empty((0, 0))
        self._seconds = np.empty(0)
        for event in story.past:
            if event.action == "outage" and isinstance(event.value, (int, float)):
                lost_ns = self._epoch_ns - round(event.before_s * SECOND_NS)
                self.outages_ns.append((lost_ns, lost_ns + round(event.value * SECOND_NS)))

    @property
    def is_ready(self) -> bool:
        return bool(len(self._seconds))

    def work(self, steps: int) -> bool:
        """Live through some more steps of the day (about 50 µs each); True when it is done."""
        end_s = -self.spec.story.scene_s
        player, process = self._player, self._process
        while steps > 0 and not self.is_ready:
            self._take_row()
            if self._now_s >= end_s:
                self._seconds = np.array(self._row_seconds)
                self._matrix = np.array(self._row_values)
                self._row_seconds, self._row_values = [], []
                self._arrive(self._target)
                break
            quiet = self._now_s - player.last_s > FINE_AFTER_EVENT_S
            dt = min(COARSE_S if quiet else FINE_S, end_s - self._now_s)
            # Events and the ends of outages are met to the second.
            dt = min(dt, player.next_s - self._now_s, process.outage_left_s or dt)
            self._now_s += dt
            player.play(self._now_s, self._epoch_ns + round(self._now_s * 1e9))
            process.step(dt, self._now_s)
            steps -= 1
        return self.is_ready

    def _take_row(self) -> None:
        row = np.empty(self._width + len(self._inputs))
        row[: self._width] = self._image.out
        row[self._width :] = [tag.value for tag in self._inputs]
        self._row_seconds.append(self._now_s)
        self._row_values.append(row)

    def _arrive(self, target: list[float]) -> None:
        """Make the curves end where the scene begins."""
        seconds = self._seconds
        lead = np.clip((seconds - (seconds[-1] - LEAD_S)) / LEAD_S, 0.0, 1.0)
        lead = lead * lead * (3.0 - 2.0 * lead)
        self.arrival_gaps: dict[str, float] = {}
        for name, column in self._columns.items():
            channel = column.channel
            if channel is None:
                continue
            gap = target[channel.slot] - float(self._matrix[-1, channel.slot])
            if not gap:
                continue
            if name.rpartition(".")[2] in COUNTERS:
                self._matrix[:, channel.slot] += gap
            elif channel.kind == "float":
                self.arrival_gaps[name] = gap
                self._matrix[:, channel.slot] += gap * lead

    def has(self, name: str) -> bool:
        """Whether there is a curve of this tag."""
        return name in self._columns

    def values(self, name: str, times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
        """The measured values of a tag at the given times, as they were logged."""
        column = self._columns[name]
        seconds = (times_ns - self._epoch_ns) / 1e9
        channel = column.channel
        curve = self._matrix[:, column.number]
        if channel is None or channel.kind != "float":
            rows = np.searchsorted(self._seconds, seconds, side="right") - 1
            values = curve[np.clip(rows, 0, len(curve) - 1)]
            return values if channel is None else np.floor(values + 0.5)
        true = np.interp(seconds, self._seconds, curve)
        if channel.noise:
            index = ((times_ns // TICK_NS) * channel.stride + channel.offset) & NOISE_MASK
            noisy = (np.abs(true) >= 4 * channel.noise) & (true < channel.top)
            true = np.where(noisy, true + channel.noise * self._noise[index], true)
        return np.round(true, channel.places)

    def rows(self, name: str, start_ns: int, end_ns: int) -> Iterator[LoggedRow]:
        """Log rows from start to end, both included, before the scene."""
        spec = self.spec.tags[name]
        start_ns, end_ns = max(start_ns, self.begin_ns), min(end_ns, self.end_ns - 1)
        if start_ns > end_ns:
            return
        if name not in self._columns:
            yield from self._constant_rows(name, start_ns, end_ns)
            return
        if spec.log == "change":
            yield from self._change_rows(name, start_ns, end_ns)
            return
        times_ns = self._grid(spec.log, start_ns, end_ns)
        held_ns = times_ns.copy()
        bad = np.zeros(len(times_ns), dtype=bool)
        if not spec.survives_outage:
            for lost_ns, back_ns in self.outages_ns:
                inside = (times_ns >= lost_ns) & (times_ns < back_ns)
                held_ns[inside] = lost_ns
                bad |= inside
        values = typed_column(spec, self.values(name, held_ns))
        good = spec.quality
        qualities = (NO_COMMUNICATION if is_bad else good for is_bad in bad.tolist())
        yield from map(LoggedRow, times_ns.tolist(), values, qualities)

    def _grid(self, log: str, start_ns: int, end_ns: int) -> NDArray[np.int64]:
        every_ns = int(log[:-1]) * SECOND_NS
        return np.arange(-(-start_ns // every_ns) * every_ns, end_ns + 1, every_ns, dtype=np.int64)

    def _constant_rows(self, name: str, start_ns: int, end_ns: int) -> Iterator[LoggedRow]:
        """A tag that the process never writes."""
        spec = self.spec.tags[name]
        if spec.log == "change":
            if start_ns <= self.begin_ns <= end_ns:
                yield LoggedRow(self.begin_ns, spec.value, spec.quality)
            return
        failed_ns = self._failed_ns(name)
        for time_ns in self._grid(spec.log, start_ns, end_ns).tolist():
            if time_ns >= failed_ns or not isinstance(spec.value, float):
                yield LoggedRow(time_ns, spec.value, spec.quality)
                continue
            wave = 0.05 * np.sin((time_ns - self.begin_ns) / 2.4e12 + 1.0)
            noise = 0.003 * self._noise[time_ns // SECOND_NS & NOISE_MASK]
            yield LoggedRow(time_ns, round(float(spec.value + wave + noise), 3), GOOD)

    def _failed_ns(self, name: str) -> int:
        """Since when a tag shows a substitute value: since its alarm stands."""
        for standing in self.spec.story.standing:
            if standing.alarm.startswith(f"{name}:"):
                return self._epoch_ns - round(standing.raised_s * SECOND_NS)
        return self.begin_ns

    def _change_rows(self, name: str, start_ns: int, end_ns: int) -> Iterator[LoggedRow]:
        spec = self.spec.tags[name]
        times_ns, values = self.changes(name)
        entries: list[tuple[int, float, QualityWords]] = [
            (time_ns, value, GOOD)
            for time_ns, value in zip(times_ns.tolist(), values.tolist(), strict=True)
        ]
        if not spec.survives_outage:
            for lost_ns, back_ns in self.outages_ns:
                at = np.array([lost_ns, back_ns], dtype=np.int64)
                before, after = self.values(name, at).tolist()
                entries = [e for e in entries if not lost_ns <= e[0] < back_ns]
                entries += [(lost_ns, before, NO_COMMUNICATION), (back_ns, after, GOOD)]
            entries.sort(key=lambda entry: entry[0])
        for time_ns, value, quality in entries:
            if start_ns <= time_ns <= end_ns:
                yield LoggedRow(time_ns, typed(spec, value), quality)

    def changes(self, name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and new values of a two-state or whole-number tag, the first row included."""
        curve = np.floor(self._matrix[:, self._columns[name].number] + 0.5)
        at = np.concatenate(([0], np.flatnonzero(np.diff(curve)) + 1))
        return self._epoch_ns + np.round(self._seconds[at] * 1e9).astype(np.int64), curve[at]

    def second_grid(self) -> NDArray[np.int64]:
        """Every whole second of the past."""
        return self._grid("1s", self.begin_ns, self.end_ns - 1)
