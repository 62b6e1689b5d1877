"""The blocks a process is built of: lags, dead times, controllers, motors, valves, sensors.

Each block reads its commands and parameters from tags, as a controller's function block does,
and writes true values to the image's outputs. Times are seconds; `dt` is the step.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Protocol, cast

from tagwerk.simulator.image import ProcessImage
from tagwerk.simulator.state import ProcessTag, QualityWords


def number(tag: ProcessTag) -> float:
    """The value of a numeric tag for the process."""
    return cast("float", tag.value)


class Analog(Protocol):
    """A tag that always holds a number. Reading `value` is all that a step may cost."""

    value: float


def analog(image: ProcessImage, name: str) -> Analog:
    """A numeric input for the hot path."""
    return cast("Analog", image.input(name))


class Lag:
    """First-order lag; implicit, so that any step width is stable."""

    __slots__ = ("tau_s", "value")

    def __init__(self, tau_s: float, value: float = 0.0) -> None:
        self.tau_s = tau_s
        self.value = value

    def step(self, target: float, dt: float) -> float:
        self.value += (target - self.value) * dt / (self.tau_s + dt)
        return self.value


class DeadTime:
    """What came in comes out `dead_s` later."""

    __slots__ = ("_queue", "dead_s", "value")

    def __init__(self, dead_s: float, value: float = 0.0) -> None:
        self.dead_s = dead_s
        self.value = value
        self._queue: deque[tuple[float, float]] = deque()

    def step(self, value: float, now_s: float) -> float:
        queue = self._queue
        queue.append((now_s, value))
        due_s = now_s - self.dead_s
        while queue and queue[0][0] <= due_s:
            self.value = queue.popleft()[1]
        return self.value


class Wander:
    """A slow disturbance: three sines that never quite repeat. Depends on time only."""

    __slots__ = ("_amplitude", "_omegas", "_phases")

    def __init__(self, amplitude: float, period_s: float, phase: float) -> None:
        self._amplitude = amplitude * 0.5
        self._omegas = tuple(2 * math.pi / (period_s * ratio) for ratio in (1.0, 0.381, 2.618))
        self._phases = (phase, phase * 2.3 + 1.0, phase * 0.7 + 2.0)

    def at(self, now_s: float) -> float:
        (o1, o2, o3), (p1, p2, p3) = self._omegas, self._phases
        sines = math.sin(o1 * now_s + p1) + 0.5 * math.sin(o2 * now_s + p2)
        return self._amplitude * (sines + 0.7 * math.sin(o3 * now_s + p3))


MANUAL, AUTO, CASCADE = 0, 1, 2
LIMITED = {
    -1: QualityWords(limit="LOW_LIMIT_VIOLATION"),
    0: None,
    1: QualityWords(limit="HIGH_LIMIT_VIOLATION"),
}
LOCKED_OUT = 2


class PidController:
    """A PID controller with bumpless manual mode and anti-windup.

    Args:
        span: width of the range to which the gain refers, in the unit of the actual value.
        direction: 1 when more output raises the actual value, -1 when it lowers it.
    """

    def __init__(
        self,
        image: ProcessImage,
        path: str,
        *,
        span: float,
        output: float,
        reverse: bool = False,
    ) -> None:
        self.setpoint = image.input(f"{path}.SP")
        self._wanted = analog(image, f"{path}.SP")
        self._mode = image.input(f"{path}.Mode")
        self._gain = analog(image, f"{path}.Kp")
        self._integral_time = analog(image, f"{path}.Ti")
        self._derivative_time = analog(image, f"{path}.Td")
        self._manual = analog(image, f"{path}.CVManual")
        self._out = image.out
        self._pv = image.output(f"{path}.PV")
        self._cv = image.output(f"{path}.CV")
        self._deviation = image.output(f"{path}.Deviation")
        self._saturated = image.output(f"{path}.Saturated")
        self._scale = (-100.0 if reverse else 100.0) / span
        self.output = output
        self._integral = output
        self._last_pv: float | None = None
        self._slope = Lag(4.0)
        self._image = image
        self._cv_name = f"{path}.CV"
        self._limited = 0

    def track(self, setpoint: float, time_ns: int) -> None:
        """Follow a sequence's setpoint, in cascade mode only."""
        if self._mode.value == CASCADE and self.setpoint.value != setpoint:
            self._image.put(self.setpoint, setpoint, time_ns)

    def step(self, pv: float, dt: float, *, hold: bool = False) -> float:
        """One step; returns the output in %. `hold` freezes the integral (pump off, …)."""
        out = self._out
        difference = self._wanted.value - pv
        error = difference * self._scale
        gain = self._gain.value
        proportional = gain * error
        slope = self._slope.step(0.0 if self._last_pv is None else (pv - self._last_pv) / dt, dt)
        self._last_pv = pv
        derivative = -gain * self._derivative_time.value * slope * self._scale
        low, high = 0.0, 100.0
        if self._mode.value == MANUAL:
            self.output = min(max(self._manual.value, low), high)
            self._integral = self.output - proportional
        else:
            wanted = proportional + self._integral + derivative
            self.output = min(max(wanted, low), high)
            rising = error > 0
            # Anti-windup: at a limit the integral may only lead back.
            stuck = (wanted > high and rising) or (wanted < low and not rising)
            if not hold and not stuck:
                self._integral += proportional * dt / self._integral_time.value
        out[self._pv] = pv
        out[self._cv] = self.output
        out[self._deviation] = difference
        limited = -1 if self.output <= low else 1 if self.output >= high else 0
        out[self._saturated] = 1.0 if limited else 0.0
        if limited != self._limited:
            self._limited = limited
            self._image.override_quality(self._cv_name, LIMITED[limited], self._image.now_ns)
        return self.output


class ControlledLoop:
    """A controller with a process of its own: dead time, two lags, a wandering disturbance."""

    def __init__(self, image: ProcessImage, path: str, phase: float) -> None:
        loop = image.spec.structures[path].loop
        setpoint = number(image.input(f"{path}.SP"))
        gain, base = float(loop["gain"]), float(loop["base"])
        balance = min(max((setpoint - base) / gain, 0.0), 100.0)
        self._gain, self._base = gain, base
        self.controller = PidController(
            image, path, span=loop["span"], output=balance, reverse=loop.get("reverse", False)
        )
        start = base + gain * balance
        self._dead = DeadTime(loop["dead_s"], balance)
        self._process = Lag(loop["lag_s"], start)
        self._sensor = Lag(loop["lag2_s"], start)
        self._wander = Wander(loop["wander"], loop["wander_s"], phase)

    @property
    def pv(self) -> float:
        return self._sensor.value

    def step(self, dt: float, now_s: float, disturbance: float = 0.0) -> float:
        output = self._dead.step(self.controller.output, now_s)
        target = self._base + self._gain * output + self._wander.at(now_s) + disturbance
        self._process.step(target, dt)
        pv = self._sensor.step(self._process.value, dt)
        self.controller.step(pv, dt)
        return pv


class Motor:
    """A motor with its starter: modes, interlock, trip on over-current, hours and starts."""

    TRIP_DELAY_S = 0.6

    def __init__(self, image: ProcessImage, path: str) -> None:
        model = image.spec.structures[path].model
        self.path = path
        self._image = image
        self._out = image.out
        self._command = image.input(f"{path}.Cmd")
        self._mode = image.input(f"{path}.Mode")
        self._speed_max = analog(image, f"{path}.SpeedMax")
        self._trip_limit = analog(image, f"{path}.TripLimit")
        self._reset = image.input(f"{path}.Reset")
        self._current_tag = image.input(f"{path}.Current")
        self._slots = [
            image.output(f"{path}.{element}")
            for element in (
                "Running",
                "Speed",
                "Current",
                "Hours",
                "Starts",
                "Trip",
                "Ready",
                "Interlock",
                "Power",
                "Winding",
            )
        ]
        tags = image.spec.tags
        self.hours = cast("float", tags[f"{path}.Hours"].value)
        self.starts = cast("int", tags[f"{path}.Starts"].value)
        self.wear = model.get("wear", 0.0)
        self._nominal_rpm = model["nominal_rpm"]
        self._idle_a, self._load_a = model["idle_a"], model["load_a"]
        self._speed = Lag(model["acceleration_s"] / 2.5)
        self._current = Lag(0.35)
        self._winding = Lag(420.0, 32.0)
        self._over_s = 0.0
        self.running = False
        self.tripped = False
        self.interlocked = False
        self.demand = False

    @property
    def speed(self) -> float:
        """Fraction of the nominal speed."""
        return self._speed.value

    @property
    def current(self) -> float:
        return self._current.value

    @property
    def power_kw(self) -> float:
        return self._current.value * 0.62 if self.running else 0.0

    @property
    def available(self) -> bool:
        """Can run when the sequence asks for it."""
        return not self.tripped and not self.interlocked and self._mode.value == AUTO

    def step(self, dt: float, speed_percent: float, torque: float, time_ns: int) -> None:
        """One step. `speed_percent` is the wanted speed, `torque` the load (1 = nominal)."""
        mode = self._mode.value
        wanted = bool(self._command.value) if mode == MANUAL else self.demand and mode == AUTO
        if self._reset.value:
            self.tripped = False
            self._over_s = 0.0
            self._image.put(self._reset, False, time_ns)
        run = wanted and not self.tripped and not self.interlocked and mode != LOCKED_OUT
        if run and not self.running:
            self.starts += 1
        self.running = run
        fraction = min(speed_percent, self._speed_max.value) / 100.0 if run else 0.0
        self._speed.step(fraction, dt)
        self._current.step(self._idle_a + self._load_a * torque if run else 0.0, dt)
        current = self._current.value
        self._winding.step(31.0 + 1.05 * current * current, dt)
        if run:
            self.hours += dt / 3600.0
        self._watch_current(dt, time_ns)
        self._show(wanted)

    def _watch_current(self, dt: float, time_ns: int) -> None:
        limit = self._trip_limit.value
        self._over_s = self._over_s + dt if self._current.value > limit else 0.0
        if self.running and self._over_s >= self.TRIP_DELAY_S:
            self.tripped = True
            self.running = False
            # What the starter saw when it tripped must be in the image before the alarm looks.
            self._image.put(self._current_tag, round(self._current.value, 2), time_ns)

    def _show(self, wanted: bool) -> None:
        out = self._out
        running, speed, current, hours, starts, trip, ready, interlock, power, winding = self._slots
        out[running] = 1.0 if self.running else 0.0
        out[speed] = self._nominal_rpm * self._speed.value
        out[current] = self._current.value
        out[hours] = self.hours
        out[starts] = self.starts
        out[trip] = 1.0 if self.tripped else 0.0
        out[ready] = 0.0 if self.tripped or self.interlocked else 1.0
        out[interlock] = 1.0 if self.interlocked else 0.0
        out[power] = self.power_kw
        out[winding] = self._winding.value


class Valve:
    """An open/close valve with travel time, end positions and running-time supervision."""

    def __init__(self, image: ProcessImage, path: str) -> None:
        self._out = image.out
        self._command = image.input(f"{path}.Cmd")
        self._mode = image.input(f"{path}.Mode")
        self._image = image
        self._slots = [
            image.output(f"{path}.{element}")
            for element in ("Position", "Open", "Closed", "Fault", "Cycles")
        ]
        self._travel_s = image.spec.structures[path].model["travel_s"]
        self.cycles = cast("int", image.spec.tags[f"{path}.Cycles"].value)
        self.position = 1.0 if self._command.value else 0.0
        self.stuck = False
        self._late_s = 0.0

    def step(self, dt: float, demand: bool | None, time_ns: int) -> float:
        """One step; in auto mode `demand` sets the command. Returns the position 0 … 1."""
        if demand is not None and self._mode.value == AUTO:
            self._image.put(self._command, demand, time_ns)
        target = 1.0 if self._command.value else 0.0
        way = target - self.position
        if not self.stuck and way:
            if self.position in (0.0, 1.0):
                self.cycles += 1
            reach = dt / self._travel_s
            self.position = (
                target if abs(way) <= reach else self.position + math.copysign(reach, way)
            )
        self._late_s = self._late_s + dt if self.position != target else 0.0
        out = self._out
        position, opened, closed, fault, cycles = self._slots
        out[position] = self.position * 100.0
        out[opened] = 1.0 if self.position >= 0.99 else 0.0
        out[closed] = 1.0 if self.position <= 0.01 else 0.0
        out[fault] = 1.0 if self._late_s > 3 * self._travel_s + 2 else 0.0
        out[cycles] = self.cycles
        return self.position


class Sensor:
    """A measurement; `broken` shows what the module answers to a broken wire."""

    BROKEN_VALUE = 850.0

    def __init__(self, image: ProcessImage, path: str) -> None:
        self._out = image.out
        self._pv = image.output(f"{path}.PV")
        self._fault = image.output(f"{path}.Fault")
        self.path = path
        self.broken = False

    def step(self, value: float) -> None:
        self._out[self._pv] = self.BROKEN_VALUE if self.broken else value
        self._out[self._fault] = 1.0 if self.broken else 0.0
