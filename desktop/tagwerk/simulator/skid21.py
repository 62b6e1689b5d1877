"""How skid 21 moves: puts cooling, dosing, mixing, quality and utilities together.

One `step` advances everything by `dt` seconds. There is no randomness here: disturbances are
functions of time, measurement noise is added by the image. Numbers are believable for a small
skid: 18 m³/h of coolant, 120 L/h of additive, a tank of 1.6 m³.
"""

from __future__ import annotations

import math

from tagwerk.simulator.batch import MixingTank
from tagwerk.simulator.blocks import ControlledLoop, Lag, Motor, Sensor
from tagwerk.simulator.cooling import Cooling
from tagwerk.simulator.dosing import Dosing
from tagwerk.simulator.image import ProcessImage
from tagwerk.simulator.state import SENSOR_FAILURE
from tagwerk.simulator.utilities import Utilities


class Skid21:
    """The whole process. `step` after `step` it fills the image.

    Args:
        image: tags and outputs; empty of outputs so far.
        seed: phases of the slow disturbances.
        start_ns: the moment that `now_s` = 0 stands for.
    """

    def __init__(self, image: ProcessImage, seed: int, start_ns: int) -> None:
        self.image = image
        self.start_ns = start_ns
        phase = (seed * 0.7548776662) % 1.0 * 2 * math.pi
        self.effects: dict[str, float] = {}
        self.cooling = Cooling(image, phase, self.effects)
        self.dosing = Dosing(image)
        self.mixing = MixingTank(image, phase)
        self.quality = ControlledLoop(image, "Quality.QIC2130", phase + 2.0)
        self.turbidity = Sensor(image, "Quality.QI2132")
        self._turbidity = Lag(25.0, 3.0)
        self.utilities = Utilities(image, phase)
        self._connected = image.output("System.PLC_21_Connected")
        self._outage = image.output("System.PLC_21_Outage")
        self.outage_left_s = 0.0
        self._outage_s = 0.0
        self._outage_shown_s = 0.0
        for tag in ("Quality.QI2131.Fault", "System.Backup"):
            image.output(tag)

    def step(self, dt: float, now_s: float) -> None:
        """Advance by `dt` seconds to `now_s` seconds after the start (negative before it)."""
        time_ns = self.image.now_ns = self.start_ns + round(now_s * 1e9)
        cooling, dosing, mixing = self.cooling, self.dosing, self.mixing
        cooling.step(dt, now_s, time_ns, mixing.cooling)
        dosing.step(dt, cooling.flow_now, now_s, time_ns)
        mixing.step(dt, now_s, time_ns, dosing.flow)
        self.quality.step(dt, now_s, 0.25 * mixing.draining)
        self.turbidity.step(self._turbidity.step(self._clouding(mixing.draining, now_s), dt))
        power = sum(motor.power_kw for motor in self.motors)
        self.utilities.step(dt, now_s, time_ns, power)
        self._watch_connection(dt, time_ns)

    def _clouding(self, draining: float, now_s: float) -> float:
        """Draining stirs up sediment, some batches more than others."""
        sediment = 6.5 + 4.0 * math.sin(2.4 * self.mixing.number)
        return 3.2 + sediment * draining + 0.4 * math.sin(now_s / 70.0)

    @property
    def motors(self) -> tuple[Motor, ...]:
        return (
            self.cooling.pump_a,
            self.cooling.pump_b,
            *self.dosing.pumps.values(),
            self.mixing.agitator,
            self.mixing.drain_pump,
        )

    def settle(self, begin_s: float, end_s: float, *, level: float) -> None:
        """Come to rest before anything is shown; counters stay where they are.

        Args:
            level: of the dosing tank at the end, in %.
        """
        counters = [(motor, motor.hours, motor.starts) for motor in self.motors]
        valves = (
            self.cooling.bypass,
            self.dosing.refill,
            self.dosing.discharge,
            self.mixing.fill_valve,
            self.mixing.drain_valve,
        )
        cycles = [(valve, valve.cycles) for valve in valves]
        fouling, total_l = self.cooling.fouling, self.dosing.total_l
        utilities = self.utilities
        utility_counters = (utilities.energy_kwh, utilities.containers, utilities.compressor_h)
        automatic = self.image.input("Batch.Auto")
        wanted = automatic.value
        automatic.value = False
        now_s = begin_s
        while now_s < end_s:
            dt = min(5.0, end_s - now_s)
            now_s += dt
            self.step(dt, now_s)
        automatic.value = wanted
        for motor, hours, starts in counters:
            motor.hours, motor.starts = hours, max(starts, 1)
        for valve, count in cycles:
            valve.cycles = count
        self.cooling.fouling, self.dosing.total_l = fouling, total_l
        utilities.energy_kwh, utilities.containers, utilities.compressor_h = utility_counters
        self.dosing.level = level
        # One small step shows what was set back.
        self.step(0.1, end_s)
        self.image.touched.clear()

    def break_sensor(self, path: str, broken: bool, time_ns: int) -> None:
        """A wire breaks, or is mended."""
        for sensor in (self.cooling.supply, self.cooling.outlet, self.cooling.flow):
            if sensor.path == path:
                sensor.broken = broken
                quality = SENSOR_FAILURE if broken else None
                self.image.override_quality(f"{path}.PV", quality, time_ns)
                return
        raise KeyError(path)

    def lose_connection(self, duration_s: float, time_ns: int) -> None:
        """The controller does not answer for a while; the process goes on."""
        self._outage_s = self.outage_left_s = duration_s
        self.image.out[self._connected] = 0.0
        self.image.put(self.image.input("System.PLC_21_Connected"), False, time_ns)
        self.image.set_outage(True, time_ns)

    def _watch_connection(self, dt: float, time_ns: int) -> None:
        out = self.image.out
        if self.outage_left_s > 0:
            self.outage_left_s -= dt
            if self.outage_left_s <= 0:
                self.image.set_outage(False, time_ns)
                self._outage_shown_s = 10.0
        out[self._connected] = 0.0 if self.outage_left_s > 0 else 1.0
        self._outage_shown_s = max(self._outage_shown_s - dt, 0.0)
        out[self._outage] = self._outage_s if self._outage_shown_s > 0 else 0.0
