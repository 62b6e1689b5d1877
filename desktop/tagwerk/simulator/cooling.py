"""The cooling circuit: two pumps, heat exchanger, mixing valve, bypass, strainer, buffer tank."""

from __future__ import annotations

import math

from tagwerk.simulator.blocks import (
    ControlledLoop,
    DeadTime,
    Lag,
    Motor,
    PidController,
    Sensor,
    Valve,
    Wander,
    number,
)
from tagwerk.simulator.image import ProcessImage

STANDBY_START_S = 6.0


class Cooling:
    """Two pumps, heat exchanger, mixing valve, bypass, strainer, buffer tank."""

    def __init__(self, image: ProcessImage, phase: float, effects: dict[str, float]) -> None:
        self._image = image
        self._out = image.out
        self._effects = effects
        self.pump_a = Motor(image, "Cooling.P2121")
        self.pump_b = Motor(image, "Cooling.P2126")
        self.bypass = Valve(image, "Cooling.V2125")
        self.flow = Sensor(image, "Cooling.FI2121")
        self.pressure = Sensor(image, "Cooling.PI2122")
        self.supply = Sensor(image, "Cooling.TI2123")
        self.outlet = Sensor(image, "Cooling.TI2124")
        self.strainer = Sensor(image, "Cooling.PDI2165")
        self.controller = PidController(image, "Cooling.TIC2120", span=15.0, output=30.0)
        self.buffer = ControlledLoop(image, "Cooling.TIC2131", phase + 4.0)
        self._duty = image.output("Utilities.W2120.Duty")
        self._fouling = image.output("Utilities.W2120.Fouling")
        self._positioner = Lag(2.5, 30.0)
        self._dead = DeadTime(6.0, 30.0)
        self._water = Lag(80.0, 18.0)
        self._sensor = Lag(20.0, 18.0)
        self._flow = Lag(1.8, 18.6)
        self._outlet = Lag(45.0, 34.0)
        self._strainer = Lag(300.0, 92.0)
        self._supply = Wander(0.25, 2100.0, phase)
        self._load = Wander(1.2, 1260.0, phase + 1.0)
        self._standby_s = 0.0
        self.fouling = number(image.input("Utilities.W2120.Fouling"))

    @property
    def flow_now(self) -> float:
        """m³/h."""
        return self._flow.value

    def step(self, dt: float, now_s: float, time_ns: int, load: float) -> None:
        """One step; `load` is 1 while the mixing tank gives its heat to the circuit, else 0."""
        effects = self._effects
        bypass = self.bypass.step(dt, False, time_ns)
        self._choose_pumps(dt)
        stall = 2.6 * effects.get("stall_p2121", 0.0)
        self.pump_a.step(dt, 100.0, self.pump_a.speed**2 + stall, time_ns)
        self.pump_b.step(dt, 100.0, self.pump_b.speed**2, time_ns)
        dirt = self._strainer.step(92.0 + 330.0 * effects.get("strainer", 0.0), dt)
        speed = math.hypot(self.pump_a.speed, 0.35 * self.pump_b.speed)
        speed = max(speed, math.hypot(self.pump_b.speed, 0.35 * self.pump_a.speed))
        flow = self._flow.step(18.6 * speed * (1.0 + 0.22 * bypass) * (1.05 - dirt / 1840.0), dt)
        self._temperatures(dt, now_s, flow, bypass, load)
        self.flow.step(flow)
        self.pressure.step(2.37 * speed**2 * (1.0 - 0.18 * bypass) + 0.04)
        self.strainer.step(dirt * (flow / 18.6) ** 2)
        self.buffer.step(dt, now_s)

    def _choose_pumps(self, dt: float) -> None:
        """Pump A leads; pump B takes over when A does not run."""
        self.pump_a.demand = True
        missing = not self.pump_a.running and not self.pump_a.available
        self._standby_s = self._standby_s + dt if missing else 0.0
        if self._standby_s >= STANDBY_START_S:
            self.pump_b.demand = True
        elif self.pump_a.speed > 0.95:
            self.pump_b.demand = False

    def _temperatures(
        self, dt: float, now_s: float, flow: float, bypass: float, load: float
    ) -> None:
        supply = 11.9 + self._supply.at(now_s)
        valve = self._dead.step(self._positioner.step(self.controller.output, dt), now_s)
        if flow > 2.0:
            target = supply + 0.2 * valve * math.sqrt(18.6 / flow) - 1.3 * bypass
            target += 0.12 * self._load.at(now_s) + 0.9 * load
            self._water.step(target, dt)
        else:
            self._water.step(27.0, dt * 0.15)
        returned = self._sensor.step(self._water.value, dt)
        self.controller.step(returned, dt, hold=flow < 2.0)
        outlet = self._outlet.step(
            34.0 + 0.6 * (returned - 18.0) + self._load.at(now_s) + 14.0 * (flow < 6.0), dt
        )
        self.outlet.step(outlet)
        self.supply.step(supply)
        self.fouling = min(self.fouling + dt * 2.0e-6, 100.0)
        self._out[self._duty] = flow * 1.163 * max(outlet - returned, 0.0)
        self._out[self._fouling] = self.fouling
