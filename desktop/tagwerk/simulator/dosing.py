"""The dosing station: tank with refill, two pumps of which one works, flow controller."""

from __future__ import annotations

import math

from tagwerk.simulator.blocks import Lag, Motor, PidController, Sensor, Valve, analog, number
from tagwerk.simulator.image import ProcessImage

TANK_L = 1578.0
FULL_FLOW_L_H = 150.0
RETURN_DELAY_S = 10.0
REFILLED = 90.0


class Dosing:
    """Tank with refill, two pumps of which one works, discharge valve, flow controller."""

    def __init__(self, image: ProcessImage) -> None:
        self._image = image
        self._out = image.out
        self.level = 62.0
        self.total_l = number(image.input("Dosing.Station.Total"))
        self.pumps = {1: Motor(image, "Dosing.P2111"), 2: Motor(image, "Dosing.P2112")}
        self.refill = Valve(image, "Dosing.V2103")
        self.discharge = Valve(image, "Dosing.V2113")
        self.level_sensor = Sensor(image, "Dosing.LI2102")
        self.pressure = Sensor(image, "Dosing.PI2112")
        self.temperature = Sensor(image, "Dosing.TI2104")
        self.controller = PidController(image, "Dosing.FIC2111", span=200.0, output=80.0)
        self._duty = image.input("Dosing.Station.Duty")
        self._auto_standby = image.input("Dosing.Station.AutoStandby")
        self._standby_delay = analog(image, "Dosing.Station.StandbyDelay")
        self._refill_auto = image.input("Dosing.Station.RefillAuto")
        self._refill_at = analog(image, "Dosing.Station.RefillAt")
        self._dry_limit = analog(image, "Dosing.Station.DryRunLimit")
        self._total = image.output("Dosing.Station.Total")
        self._ratio = image.output("Dosing.Station.Ratio")
        self._flow = Lag(1.2, 120.0)
        self._pressure = Lag(0.6, 2.0)
        self._refilling = False
        self._dry = False
        self._active = int(number(self._duty))
        self._healthy_s = 0.0
        self._missing_s = 0.0
        self.heat = 0.0

    @property
    def flow(self) -> float:
        """L/h."""
        return self._flow.value

    def step(self, dt: float, coolant: float, now_s: float, time_ns: int) -> None:
        self._refill(dt, time_ns)
        shut = 1.0 - self.discharge.step(dt, None, time_ns)
        self._choose_pump(dt)
        speed = 0.0
        for key, pump in self.pumps.items():
            pump.interlocked = self._dry
            torque = 0.75 * pump.speed + 0.058 * self._pressure.value + 1.3 * shut * pump.speed
            if pump.wear and self.heat > 0.9:
                torque += min((self.heat - 0.9) / 0.02, 1.0) * 1.6
            # The pump that leaves runs until the other one carries the flow.
            relieved = self.pumps[3 - key].speed > 0.9 * self.controller.output / 100.0
            pump.demand = key == self._active or (pump.running and not relieved)
            pump.step(dt, self.controller.output, torque, time_ns)
            speed = max(speed, pump.speed)
        self._pressure.step(speed**2 * (3.2 + 6.3 * shut), dt)
        wet = 0.0 if self._dry and self.level < 1.0 else 1.0
        flow = self._flow.step(FULL_FLOW_L_H * speed * math.sqrt(1.0 - shut) * wet, dt)
        # Over-dosing warms the worn bearing of pump A until its current runs away.
        overdosing = self.pumps[1].running and flow > 125.0 and self.pumps[1].wear
        self.heat = max(self.heat + (dt / 106.0 if overdosing else -dt / 300.0), 0.0)
        litres = flow * dt / 3600.0
        self.total_l += litres
        self.level = min(max(self.level - 100.0 * litres / TANK_L, 0.0), 100.0)
        self.controller.step(flow, dt, hold=speed < 0.05)
        self.level_sensor.step(self.level)
        self.pressure.step(self._pressure.value)
        self.temperature.step(21.5 + 1.4 * math.sin(now_s / 9000.0))
        self._out[self._total] = self.total_l
        self._out[self._ratio] = flow / max(coolant, 0.5) / 10.0 if coolant > 0.5 else 0.0

    def _refill(self, dt: float, time_ns: int) -> None:
        if not self._refill_auto.value:
            self._refilling = False
        elif self.level <= self._refill_at.value:
            self._refilling = True
        opened = self.refill.step(dt, self._refilling, time_ns)
        # The float switch ends it, whatever the step width.
        self.level = max(self.level, min(self.level + opened * dt * 0.16, REFILLED))
        if self.level >= REFILLED:
            self._refilling = False
        limit = self._dry_limit.value
        if self.level < limit:
            self._dry = True
        elif self.level > limit + 3.0:
            self._dry = False

    def _choose_pump(self, dt: float) -> None:
        duty, active = int(number(self._duty)), self._active
        if duty == active or not self.pumps[duty].available:
            self._healthy_s = 0.0
        else:
            # The duty pump is back, or another was made duty pump.
            self._healthy_s += dt
            if self._healthy_s >= RETURN_DELAY_S:
                self._active = duty
        if self.pumps[active].available:
            self._missing_s = 0.0
            return
        self._missing_s += dt
        other = 3 - active
        late = self._missing_s >= self._standby_delay.value
        if self._auto_standby.value and late and self.pumps[other].available:
            self._active = other
            self._missing_s = 0.0
