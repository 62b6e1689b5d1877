"""What surrounds the skid: air, mains, weather, the controller itself, odd single tags."""

from __future__ import annotations

import math

from tagwerk.domain.text import format_time
from tagwerk.domain.values import Value
from tagwerk.simulator.blocks import Sensor, Wander, number
from tagwerk.simulator.image import ProcessImage


class Utilities:
    """Air, mains, weather, the controller itself, and tags that stand for themselves."""

    def __init__(self, image: ProcessImage, phase: float) -> None:
        self._image = image
        self._out = image.out
        output = image.output
        self.air = Sensor(image, "Utilities.PI2160")
        self._slots = [
            output(name)
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
        ]
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
        for slot, value in zip(self._slots, values, strict=True):
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
            volts: list[Value] = [round(230.8 + wander.at(now_s), 1) for wander in self._voltages]
            put(self._voltage, volts, time_ns)
