"""The demo plant as a subject of the matrix, in this process, one plant for all its servers.

Tags that the plant lacks (not-a-number, a name that differs only in case or system) are put beside
it here. The plant is as expensive as it is real, so that the servers of one test run share it and
the matrix leaves it as it was.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from matrix.subject import Account, Known, Names, Refused, Writable
from tagwerk.domain.alarms import AlarmKey
from tagwerk.domain.text import parse_time
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer
from tagwerk.simulator.sessions import USERS
from tagwerk.simulator.state import ModelError, ProcessTag

SYSTEM = "HMI_RT_1::"
NOT_A_NUMBER = "Matrix.NotANumber"
OTHER_CASE = "alarm HORN"
OTHER_SYSTEM = "HMI_RT_2::Alarm horn"

NAMES = Names(
    known={
        "bool": Known(f"{SYSTEM}Alarm horn", False),
        "int": Known(f"{SYSTEM}Offset Waage #2", -125),
        "int64": Known(f"{SYSTEM}Batch.Order", 2**53 + 1),
        "float": Known(f"{SYSTEM}Cooling.TIC2120.SP", 22.0),
        "nan": Known(f"{SYSTEM}{NOT_A_NUMBER}", None),
        "text": Known(f"{SYSTEM}Schichtführer", "Jörg Müßig"),
        "time": Known(f"{SYSTEM}Utilities.W2120.CleanedOn", "2026-04-12T06:30:00.000Z"),
        "array": Known(f"{SYSTEM}Batch.Amounts", [6.0, 2.5, 0.75, 0.0, 0.0, 12.25, 0.0, 1.0]),
        "element": Known(f"{SYSTEM}Batch.Amounts[2]", 0.75),
        "leaf": Known(f"{SYSTEM}Cooling.TIC2120.LimHigh", 23.5),
        "uncertain": Known(f"{SYSTEM}Quality.QI2131.PV", 1.27, "UNCERTAIN"),
        "other_case": Known(f"{SYSTEM}{OTHER_CASE}", True),
        "other_system": Known(OTHER_SYSTEM, True),
    },
    writable=Writable(f"{SYSTEM}Batch.Amounts[1]", 2.5, 3.25),
    big=Writable(f"{SYSTEM}Batch.Order", 2**53 + 1, 2**53 + 3),
    pushed=Writable(f"{SYSTEM}Batch.Amounts[3]", 0.0, 7.75),
    batched=Writable(f"{SYSTEM}Batch.MixTime", 180, 190),
    refused={
        "out_of_range": Refused(f"{SYSTEM}Offset Waage #2", 2**40, "201"),
        "wrong_type": Refused(f"{SYSTEM}Cooling.TIC2120.SP", "no number", "201"),
        "read_only": Refused(f"{SYSTEM}Cooling.FI2121.PV", 20.0, "1"),
        "device_refuses": Refused(f"{SYSTEM}Mixing.TIC2150.SP", 21.0, "1"),
        "unknown": Refused(f"{SYSTEM}Nowhere.To.Be.Found", 1, "2"),
        "structure": Refused(f"{SYSTEM}Cooling.TIC2120", 1, "202"),
    },
    structure=f"{SYSTEM}Cooling.TIC2120",
    unknown=f"{SYSTEM}Nowhere.To.Be.Found",
    hidden=f"{SYSTEM}Utilities.Compressor.ServiceIn",
    moving=f"{SYSTEM}Cooling.FI2121.PV",
    umlaut=f"{SYSTEM}Rührwerk Drehmoment [Nm]",
    logged=(
        f"{SYSTEM}Cooling.FI2121.PV",
        f"{SYSTEM}Temperatur Außen",
        f"{SYSTEM}Utilities.Compressor.Running",
    ),
    logging_tag="",
    unlogged=f"{SYSTEM}Schichtführer",
    alarm=f"{SYSTEM}Mixing.TIC2128.PV:PV_High",
    alarm_texts=("TIC2128: tank jacket above 75 °C", "TIC2128: Behältermantel über 75 °C"),
    single=f"{SYSTEM}Cooling.P2126.Trip:Alarm",
)


def make_model() -> PlantModel:
    """A plant that has run for a day, with the tags of the matrix."""
    model = PlantModel.create(start_ns=time.time_ns())
    for name, data_type, value in (
        (NOT_A_NUMBER, "LReal", math.nan),
        (OTHER_CASE, "Bool", True),
        (OTHER_SYSTEM, "Bool", True),
    ):
        tag = ProcessTag(name, data_type, value, False)
        tag.time_ns = model.now_ns
        model._element_names[name] = tag
    while not model.prepare_past(1000):
        time.sleep(0)  # others want to get on, too
    return model


class DemoPlant:
    """See `subject.Subject`."""

    operator = Account("operator", next(u.password for u in USERS if u.name == "operator"))
    viewer = Account("viewer", next(u.password for u in USERS if u.name == "viewer"))

    def __init__(self, server: SimulatorServer) -> None:
        self.server = server
        self.model = server.model
        self.url = server.url
        self.ca_file = str(server.ca_file)
        tag = self.model.spec.tags[NAMES.logged[0].removeprefix(SYSTEM)]
        self.names = Names(**{**vars(NAMES), "logging_tag": SYSTEM + tag.logging_tag})

    def browsed(self) -> set[str]:
        """See `Subject`."""
        return {SYSTEM + item.name for item in self.model.browse()}

    def logged(self, name: str, start_ns: int, end_ns: int) -> list[tuple[int, Any]]:
        """See `Subject`; times as finely as the server's time stamps are."""
        wire = self.server.unified.operations.wire
        found = self.model.logged(name.removeprefix(SYSTEM), start_ns, end_ns)
        return [(parse_time(wire.time(row.time_ns)), row.value) for row in found]

    def active(self) -> set[AlarmKey]:
        """See `Subject`."""
        return {AlarmKey(SYSTEM + one.name, one.instance_id) for one in self.model.alarms.active()}

    def value(self, name: str) -> Any:
        """See `Subject`."""
        return self.model.state(name).value

    def raise_alarm(self, name: str) -> None:
        """See `Subject`."""
        self.model.alarms.raise_alarm(
            name.removeprefix(SYSTEM), self.model.now_ns, value=76.5, limit=75, parameters=(75, 76)
        )

    def clear_alarm(self, name: str) -> None:
        """See `Subject`."""
        self.model.alarms.clear_alarm(name.removeprefix(SYSTEM), self.model.now_ns)

    def end_sessions(self) -> None:
        """See `Subject`."""
        for session in self.server.sessions._sessions.values():
            session.expires_ns = 0

    def open_sessions(self) -> int:
        """See `Subject`."""
        store = self.server.sessions
        return sum(not store.is_expired(one) for one in store._sessions.values())


@asynccontextmanager
async def demo_plant(
    model: PlantModel, folder: str, switches: tuple[str, ...]
) -> AsyncIterator[DemoPlant]:
    """A server with these switches."""
    server = SimulatorServer(SimulatorOptions(data_dir=folder, switches=switches), model=model)
    await server.start()
    try:
        yield DemoPlant(server)
    finally:
        await server.stop()
        _settle(model)


def _settle(model: PlantModel) -> None:
    """The alarms of the matrix are over and its values back, whatever became of them."""
    now_ns = model.now_ns
    for tag in (NAMES.writable, NAMES.big, NAMES.pushed, NAMES.batched):
        model.write(tag.name.removeprefix(SYSTEM), tag.before, now_ns=now_ns)
    for full in (NAMES.alarm, NAMES.single):
        name = full.removeprefix(SYSTEM)
        model.alarms.clear_alarm(name, now_ns)
        for answer in (model.alarms.acknowledge, model.alarms.reset):
            with contextlib.suppress(ModelError):
                answer(name, 0, now_ns)
    model.advance(now_ns + 200_000_000)
