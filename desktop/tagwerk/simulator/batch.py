"""The mixing tank and its batch sequence: fill, heat, dose, mix, cool, drain, and again.

The sequence drives valves, agitator, drain pump and the jacket's setpoint (when that loop is
in cascade); an operator starts, holds, resumes and aborts it through ``Batch.Command``.
"""

from __future__ import annotations

from tagwerk.domain.text import format_time
from tagwerk.domain.values import Value
from tagwerk.simulator.blocks import ControlledLoop, Motor, Sensor, Valve, number
from tagwerk.simulator.image import ProcessImage

IDLE, FILL, HEAT, DOSE, MIX, COOL, DRAIN, COMPLETE, HELD, ABORTED = range(10)
START, HOLD, RESUME, ABORT = 1, 2, 3, 4
REST_TEMPERATURE = 24.0
FULL_LEVEL, EMPTY_LEVEL = 80.0, 4.0
PRODUCTS = {1: "Kühlmittel 40", 2: "Kühlmittel 55", 3: "Reiniger blau"}
TICKS_OF_100_NS = 10_000_000


class MixingTank:
    """Tank, jacket, agitator, valves, outlet loops, and the sequence that uses them."""

    def __init__(self, image: ProcessImage, phase: float) -> None:
        self._image = image
        self._out = image.out
        self.level = EMPTY_LEVEL
        self.jacket = ControlledLoop(image, "Mixing.TIC2128", phase)
        self.outlet = ControlledLoop(image, "Mixing.TIC2140", phase + 1.0)
        self.spare = ControlledLoop(image, "Mixing.TIC2141", phase + 3.0)
        self.agitator = Motor(image, "Mixing.M2142")
        self.drain_pump = Motor(image, "Mixing.P2145")
        self.fill_valve = Valve(image, "Mixing.V2144")
        self.drain_valve = Valve(image, "Mixing.V2146")
        self.level_sensor = Sensor(image, "Mixing.LI2140")
        self._torque = image.output("Rührwerk Drehmoment [Nm]")
        names = ("Step", "StepTime", "Number", "Elapsed", "Dosed", "Progress")
        self._slots = {name: image.output(f"Batch.{name}") for name in names}
        self._tags = {
            name: image.input(f"Batch.{name}")
            for name in (
                "Auto",
                "Command",
                "Product",
                "Target",
                "HeatTo",
                "MixTime",
                "Name",
                "Start",
                "End",
                "StepsDone",
            )
        }
        self.number = int(number(image.input("Batch.Number")))
        self.current = IDLE
        self._held_step = IDLE
        self._shown_done = -1
        self._in_step_s = 0.0
        self._elapsed_s = 0.0
        self._dosed_l = 0.0

    @property
    def draining(self) -> float:
        """1 while product leaves, else 0."""
        return 1.0 if self.current == DRAIN and self.level > EMPTY_LEVEL else 0.0

    @property
    def cooling(self) -> float:
        """1 while the jacket is cooled down, else 0: heat for the cooling circuit."""
        return 1.0 if self.current == COOL else 0.0

    def step(self, dt: float, now_s: float, time_ns: int, dosing_flow: float) -> None:
        """One step; `dosing_flow` in L/h is what the station gives, used while dosing."""
        self._obey(time_ns)
        self._in_step_s += dt
        if self.current not in (IDLE, COMPLETE, ABORTED):
            self._elapsed_s += dt
        if self.current == DOSE:
            self._dosed_l += dosing_flow * dt / 3600.0
        self._advance(time_ns)
        current = self.current
        filled = self.fill_valve.step(dt, current == FILL, time_ns)
        drained = self.drain_valve.step(dt, current == DRAIN, time_ns)
        self.agitator.demand = current in (HEAT, DOSE, MIX, COOL)
        self.agitator.step(dt, 100.0, self.agitator.speed**2 * (0.5 + self.level / 120.0), time_ns)
        self.drain_pump.demand = current == DRAIN and self.level > EMPTY_LEVEL
        self.drain_pump.step(dt, 100.0, self.drain_pump.speed**2, time_ns)
        outflow = 0.5 * drained * self.drain_pump.speed
        # The valve and the pump end on the level itself, whatever the step width.
        self.level = min(self.level + dt * 0.42 * filled, FULL_LEVEL + 0.6)
        self.level = max(self.level - dt * outflow, min(self.level, EMPTY_LEVEL - 0.1))
        warm = current in (HEAT, DOSE, MIX)
        self.jacket.controller.track(
            number(self._tags["HeatTo"]) if warm else REST_TEMPERATURE, time_ns
        )
        self.jacket.step(dt, now_s)
        self.outlet.step(dt, now_s, 0.6 * self.draining)
        self.spare.step(dt, now_s)
        self.level_sensor.step(self.level)
        self._show(time_ns)

    def _obey(self, time_ns: int) -> None:
        command = self._tags["Command"].value
        if not command:
            return
        self._image.put(self._tags["Command"], 0, time_ns)
        if command == START and self.current in (IDLE, COMPLETE, ABORTED):
            self._begin(time_ns)
        elif command == HOLD and self.current in (FILL, HEAT, DOSE, MIX, COOL, DRAIN):
            self._held_step = self.current
            self._go(HELD)
        elif command == RESUME and self.current == HELD:
            self._go(self._held_step)
        elif command == ABORT and self.current in (FILL, HEAT, DOSE, MIX, COOL, DRAIN, HELD):
            self._go(ABORTED)

    def _advance(self, time_ns: int) -> None:
        current, in_step = self.current, self._in_step_s
        tags = self._tags
        if current in (IDLE, ABORTED) and tags["Auto"].value and in_step > 10.0:
            # After an abort somebody has to look first; only an idle sequence goes on by itself.
            if current == IDLE:
                self._begin(time_ns)
        elif current == FILL and self.level >= FULL_LEVEL:
            self._go(HEAT)
        elif current == HEAT and self.jacket.pv >= number(tags["HeatTo"]) - 1.0:
            self._dosed_l = 0.0
            self._go(DOSE)
        elif current == DOSE and self._dosed_l >= number(tags["Target"]):
            self._go(MIX)
        elif current == MIX and in_step >= number(tags["MixTime"]):
            self._go(COOL)
        elif current == COOL and self.jacket.pv <= REST_TEMPERATURE + 6.0:
            self._go(DRAIN)
        elif current == DRAIN and self.level <= EMPTY_LEVEL and in_step > 30.0:
            self._go(COMPLETE)
            self._image.put(tags["End"], format_time(time_ns), time_ns)
        elif current == COMPLETE and in_step >= 20.0:
            self._go(IDLE)
            self._dosed_l = 0.0

    def _begin(self, time_ns: int) -> None:
        self.number += 1
        self._elapsed_s = 0.0
        self._dosed_l = 0.0
        tags, put = self._tags, self._image.put
        product = PRODUCTS[int(number(tags["Product"]))]
        put(tags["Name"], f"{product} · {self.number}", time_ns)
        put(tags["Start"], format_time(time_ns), time_ns)
        self._go(DRAIN if self.level > FULL_LEVEL - 5.0 else FILL)

    def _go(self, step: int) -> None:
        self.current = step
        self._in_step_s = 0.0

    def _show(self, time_ns: int) -> None:
        out, slots = self._out, self._slots
        out[slots["Step"]] = self.current
        out[slots["StepTime"]] = int(self._in_step_s)
        out[slots["Number"]] = self.number
        out[slots["Elapsed"]] = int(self._elapsed_s) * TICKS_OF_100_NS
        out[slots["Dosed"]] = self._dosed_l
        done = self.current if self.current <= COMPLETE else self._held_step
        out[slots["Progress"]] = done * 100.0 / COMPLETE
        out[self._torque] = 18.0 * self.agitator.current * self.agitator.speed
        if done != self._shown_done:
            self._shown_done = done
            flags: list[Value] = [step < done for step in range(10)]
            self._image.put(self._tags["StepsDone"], flags, time_ns)
