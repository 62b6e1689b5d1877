"""How skid 21 moves: cooling circuit, dosing station, utilities; the mixing tank is in `batch`.

One `step` advances everything by `dt` seconds. There is no randomness here: disturbances are
functions of time, measurement noise is added by the image. Numbers are believable for a small
skid: 18 m³/h of coolant, 120 L/h of additive, a tank of 1.6 m³.
"""

from __future__ import annotations

import math

from tagwerk.domain.text import format_time
from tagwerk.domain.values import Value
from tagwerk.simulator.batch import MixingTank
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
from tagwerk.simulator.state import SENSOR_FAILURE

STANDBY_START_S = 6.0
DOSING_TANK_L = 1578.0
DOSING_FULL_L_H = 150.0


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

    def step(self, dt: float, now_s: float, time_ns: int) -> None:
        effects = self._effects
        bypass = self.bypass.step(dt, False, time_ns)
        self._choose_pumps(dt)
        stall = 2.6 * effects.get("stall_p2121", 0.0)
        self.pump_a.step(dt, 100.0, self.pump_a.speed**2 + stall, time_ns)
        self.pump_b.step(dt, 100.0, self.pump_b.speed**2, time_ns)
        dirt = self._strainer.step(92.0 + 330.0 * effects.get("strainer", 0.0), dt)
        speed = math.hypot(self.pump_a.speed, 0.35 * self.pump_b.speed)
        speed = max(speed, math.hypot(self.pump_b.speed, 0.35 * self.pump_a.speed))
        flow = self._flow.step(18.6 * speed * (1.0 + 0.22 * bypass) * (1.1 - dirt / 920.0), dt)
        self._temperatures(dt, now_s, flow, bypass)
        self.flow.step(flow)
        self.pressure.step(2.41 * speed**2 * (1.0 - 0.18 * bypass) + 0.04)
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

    def _temperatures(self, dt: float, now_s: float, flow: float, bypass: float) -> None:
        supply = 11.9 + self._supply.at(now_s)
        valve = self._dead.step(self._positioner.step(self.controller.output, dt), now_s)
        if flow > 2.0:
            target = supply + 0.2 * valve * math.sqrt(18.6 / flow) - 1.3 * bypass
            target += 0.12 * self._load.at(now_s)
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
        self._standby_delay = image.input("Dosing.Station.StandbyDelay")
        self._refill_auto = image.input("Dosing.Station.RefillAuto")
        self._refill_at = image.input("Dosing.Station.RefillAt")
        self._dry_limit = image.input("Dosing.Station.DryRunLimit")
        self._total = image.output("Dosing.Station.Total")
        self._ratio = image.output("Dosing.Station.Ratio")
        self._flow = Lag(1.2, 120.0)
        self._pressure = Lag(0.6, 2.0)
        self._refilling = False
        self._dry = False
        self._active = int(number(self._duty))
        self._duty_seen = self._active
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
            pump.demand = key == self._active
            pump.step(dt, self.controller.output, torque, time_ns)
            speed = max(speed, pump.speed)
        self._pressure.step(speed**2 * (3.2 + 6.3 * shut), dt)
        wet = 0.0 if self._dry and self.level < 1.0 else 1.0
        flow = self._flow.step(DOSING_FULL_L_H * speed * math.sqrt(1.0 - shut) * wet, dt)
        # Over-dosing warms the worn bearing of pump A until its current runs away.
        overdosing = self.pumps[1].running and flow > 125.0 and self.pumps[1].wear
        self.heat = max(self.heat + (dt / 106.0 if overdosing else -dt / 300.0), 0.0)
        litres = flow * dt / 3600.0
        self.total_l += litres
        self.level = min(max(self.level - 100.0 * litres / DOSING_TANK_L, 0.0), 100.0)
        self.controller.step(flow, dt, hold=speed < 0.05)
        self.level_sensor.step(self.level)
        self.pressure.step(self._pressure.value)
        self.temperature.step(21.5 + 1.4 * math.sin(now_s / 9000.0))
        self._out[self._total] = self.total_l
        self._out[self._ratio] = flow / max(coolant, 0.5) / 10.0 if coolant > 0.5 else 0.0

    def _refill(self, dt: float, time_ns: int) -> None:
        if not self._refill_auto.value:
            self._refilling = False
        elif self.level <= number(self._refill_at):
            self._refilling = True
        if self.level >= 90.0:
            self._refilling = False
        opened = self.refill.step(dt, self._refilling, time_ns)
        self.level = min(self.level + opened * dt * 0.16, 100.0)
        limit = number(self._dry_limit)
        if self.level < limit:
            self._dry = True
        elif self.level > limit + 3.0:
            self._dry = False

    def _choose_pump(self, dt: float) -> None:
        duty = int(number(self._duty))
        if duty != self._duty_seen:
            self._duty_seen = duty
            if self.pumps[duty].available:
                self._active = duty
        if self.pumps[self._active].available:
            self._missing_s = 0.0
            return
        self._missing_s += dt
        other = 3 - self._active
        late = self._missing_s >= number(self._standby_delay)
        if self._auto_standby.value and late and self.pumps[other].available:
            self._active = other
            self._missing_s = 0.0


class Utilities:
    """Air, mains, weather, the controller itself, and tags that stand for themselves."""

    def __init__(self, image: ProcessImage, phase: float) -> None:
        self._image = image
        self._out = image.out
        output = image.output
        self.air = Sensor(image, "Utilities.PI2160")
        self._slots = {
            name: output(name)
            for name in (
                "Utilities.Compressor.Running",
                "Utilities.Compressor.Hours",
                "Utilities.Compressor.ServiceIn",
                "Utilities.Power.Active",
                "Utilities.Power.Energy",
                "Utilities.Power.Frequency",
                "Utilities.Power.PowerFactor",
                "System.CycleTime",
                "System.CpuLoad",
                "System.CpuTemperature",
                "System.LifeBit",
                "System.Heartbeat",
                "System.DoorOpen",
                "System.CabinetTemperature",
                "Temperatur Außen",
                "Temperatur Halle 3",
                "Line speed (actual)",
                "Zähler Gebinde",
                "Prüfstelle 3$.1",
            )
        }
        self._voltage = image.input("Utilities.Power.Voltage")
        self._pulses = image.input("Utilities.Power.EnergyPulses")
        self._pulses_base = int(number(self._pulses))
        self._plc_time = image.input("System.PLC_21_Time")
        self._mains = Wander(0.03, 97.0, phase)
        self._voltages = [Wander(1.6, 400.0 + 90.0 * k, phase + k) for k in range(3)]
        self.energy_kwh = number(image.input("Utilities.Power.Energy"))
        self._energy_base = self.energy_kwh
        self.containers = number(image.input("Zähler Gebinde"))
        self.compressor_h = number(image.input("Utilities.Compressor.Hours"))
        self._service_h = number(image.input("Utilities.Compressor.ServiceIn")) + 0.6
        self._compressor_base = self.compressor_h
        self._second = -1

    def step(self, dt: float, now_s: float, time_ns: int, power_kw: float) -> None:
        # The compressor's cycle is a function of time, so that any step width meets it.
        in_cycle = (now_s + 60.0) % 260.0
        loading = in_cycle < 70.0
        self.air.step(6.3 + 1.1 * (in_cycle / 70.0 if loading else (260.0 - in_cycle) / 190.0))
        if loading:
            self.compressor_h += dt / 3600.0
        power = 4.2 + power_kw + 5.5 * loading
        self.energy_kwh += power * dt / 3600.0
        day = 2 * math.pi * now_s / 86400.0
        speed = 45.0 + 6.0 * math.sin(now_s / 340.0)
        self.containers += speed * dt / 60.0
        second = int(now_s // 1.0)
        values = (
            1.0 if loading else 0.0,
            self.compressor_h,
            math.floor(self._service_h - (self.compressor_h - self._compressor_base)),
            power,
            self.energy_kwh,
            50.0 + self._mains.at(now_s),
            0.93 - 0.03 * loading,
            11.5,
            31.0 + 4.0 * math.sin(now_s / 50.0),
            54.0 + 2.0 * math.sin(now_s / 1500.0),
            float(second % 2 == 0),
            float(second % 4_294_967_296),
            0.0,
            33.0 + 2.5 * math.sin(day + 0.8),
            19.0 + 5.5 * math.sin(day + 0.4),
            22.0 + 1.8 * math.sin(day),
            speed,
            math.floor(self.containers),
            4.812 + 0.02 * math.sin(now_s / 210.0),
        )
        out = self._out
        for slot, value in zip(self._slots.values(), values, strict=True):
            out[slot] = value
        if second != self._second:
            self._second = second
            self._each_second(second, now_s, time_ns)

    def _each_second(self, second: int, now_s: float, time_ns: int) -> None:
        put = self._image.put
        pulses = self._pulses_base + int((self.energy_kwh - self._energy_base) * 1000.0)
        put(self._pulses, pulses, time_ns)
        put(self._plc_time, format_time(time_ns // 1_000_000_000 * 1_000_000_000), time_ns)
        if second % 2 == 0:
            volts: list[Value] = [
                round(230.8 + wander.at(now_s), 1) for wander in self._voltages
            ]
            put(self._voltage, volts, time_ns)


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
        self._outage_left_s = 0.0
        self._outage_s = 0.0
        self._outage_shown_s = 0.0
        for tag in ("Quality.QI2131.Fault", "System.Backup"):
            image.output(tag)

    def step(self, dt: float, now_s: float) -> None:
        """Advance by `dt` seconds to `now_s` seconds after the start (negative before it)."""
        time_ns = self.start_ns + round(now_s * 1e9)
        cooling, dosing, mixing = self.cooling, self.dosing, self.mixing
        cooling.step(dt, now_s, time_ns)
        dosing.step(dt, cooling.flow_now, now_s, time_ns)
        mixing.step(dt, now_s, time_ns, dosing.flow)
        self.quality.step(dt, now_s, 0.25 * mixing.draining)
        self.turbidity.step(
            self._turbidity.step(self._clouding(mixing.draining, now_s), dt)
        )
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
        self._outage_s = self._outage_left_s = duration_s
        self.image.out[self._connected] = 0.0
        self.image.put(self.image.input("System.PLC_21_Connected"), False, time_ns)
        self.image.set_outage(True, time_ns)

    def _watch_connection(self, dt: float, time_ns: int) -> None:
        out = self.image.out
        if self._outage_left_s > 0:
            self._outage_left_s -= dt
            if self._outage_left_s <= 0:
                self.image.set_outage(False, time_ns)
                self._outage_shown_s = 10.0
        out[self._connected] = 0.0 if self._outage_left_s > 0 else 1.0
        self._outage_shown_s = max(self._outage_shown_s - dt, 0.0)
        out[self._outage] = self._outage_s if self._outage_shown_s > 0 else 0.0
