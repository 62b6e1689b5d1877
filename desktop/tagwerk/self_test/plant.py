"""Steps of the self test that drive the program: a demo plant, a connection, one write, one alarm.

The demo plant is a process of its own on a loopback port with certificates made for this run, the
window is the real one, and what is sent goes the way of every write (`write.service`). Called by
`run`, on the window's loop.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tagwerk.app import DEMO_TREND, DEMO_USER, demo_name
from tagwerk.domain.alarms import Alarm, AlarmAction
from tagwerk.domain.connection import Capability, ConnectionProfile, Trust, TrustMode
from tagwerk.domain.message import Message, message
from tagwerk.domain.values import Sample
from tagwerk.link.login import open_client
from tagwerk.link.tls import client_context, fetch_certificate, find_verification_error
from tagwerk.self_test.runner import Faulty, Finding, Runner, until
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.process import SimulatorProcess, start_simulator
from tagwerk.ui.services import FirstView
from tagwerk.write.request import Outcome as WriteOutcome

if TYPE_CHECKING:
    from tagwerk.plant import Plant
    from tagwerk.ui.connect_flow import ConnectFlow
    from tagwerk.ui.window import MainWindow

NAME = "Self test"
VALUE_TAG = "Cooling.TIC2120.PV"
WRITE_TAG = "Cooling.TIC2120.SP"
STEP = 0.5
"""By so much, in the tag's unit, the setpoint is moved."""
ARMED_S = 30.0

SIMULATOR = message("Demo plant")
REFUSED = message("Unknown certificate")
CONNECT = message("Connect")
VALUE = message("Value")
WRITE = message("Write")
ALARM = message("Alarm")
OTHER = message("Other interface")


class PlantSteps:
    """The steps in their order.

    Args:
        runner: writes the rows.
        window, flow: of the program under test.
        folder: where the demo plant keeps its certificates.
    """

    def __init__(self, runner: Runner, window: MainWindow, flow: ConnectFlow, folder: Path) -> None:
        self._runner, self._window, self._flow, self._folder = runner, window, flow, folder
        self._simulator: SimulatorProcess | None = None
        self._acknowledged: Alarm | None = None

    async def run(self) -> bool:
        """Run them; whether a plant is on show at the end."""
        wait = self._runner.wait
        if not await wait(SIMULATOR, self._start):
            self._skip(SIMULATOR, REFUSED, CONNECT, VALUE, WRITE, ALARM, OTHER)
            return False
        await wait(REFUSED, self._refuses_unknown)
        if not await wait(CONNECT, self._connect):
            self._skip(CONNECT, VALUE, WRITE, ALARM)
            await wait(OTHER, self._other_interface)
            return False
        if await wait(VALUE, self._value):
            await wait(WRITE, self._write)
        else:
            self._skip(VALUE, WRITE)
        await wait(ALARM, self._alarm)
        await wait(OTHER, self._other_interface)
        return True

    async def end(self) -> None:
        """End the demo plant; the window has closed its connection by then."""
        if self._simulator is not None:
            await self._simulator.stop()

    def _skip(self, because: Message, *steps: Message) -> None:
        for step in steps:
            self._runner.skip(step, because)

    @property
    def _plant(self) -> Plant:
        plant = self._flow.plant
        if plant is None:
            raise Faulty("the window shows no plant")
        return plant

    @property
    def _server(self) -> SimulatorProcess:
        if self._simulator is None:
            raise Faulty("the demo plant does not run")
        return self._simulator

    # The steps.

    async def _start(self) -> Finding:
        options = SimulatorOptions(dialect="both", data_dir=str(self._folder))
        self._simulator = await start_simulator(options, timeout_s=self._runner.step_s)
        return message(
            "process {pid}, {unified}, {classic}",
            pid=self._simulator.pid,
            unified=self._simulator.url,
            classic=self._simulator.classic_url,
        )

    async def _refuses_unknown(self) -> Finding:
        """The system's certificate store vouches for nobody that it does not know."""
        parts = urlsplit(self._server.url)
        context = client_context(Trust())
        try:
            _reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port, ssl=context, server_hostname=parts.hostname
            )
        except (OSError, ssl.SSLError) as problem:
            if find_verification_error(problem) is None:
                raise
            return message("refused, as it must be")
        writer.transport.abort()
        raise Faulty(
            "the demo plant's certificate was accepted, although nobody vouches for it",
            cure="Look at the certificate store of this computer: something there vouches for everybody.",
        )

    async def _connect(self) -> Finding:
        profile = await self._profile(self._server.url, "unified")
        trend = tuple(demo_name(name, "unified") for name in DEMO_TREND)
        view = FirstView(trend, (demo_name(WRITE_TAG, "unified"),), reveal=trend[0])
        self._flow.open_profile(profile, self._server.password(DEMO_USER), view)
        await until(lambda: self._flow.plant is not None and self._plant.status.state.is_live)
        status = self._plant.status
        if Capability.PUSH not in status.capabilities:
            raise Faulty(
                "connected, but the WebSocket is not: values are polled",
                cure="A program on this computer keeps WebSockets from loopback addresses: look at proxy and virus scanner.",
            )
        return message("{server}, TLS with the pinned certificate, WebSocket", server=status.server)

    async def _profile(self, url: str, dialect: str) -> ConnectionProfile:
        parts = urlsplit(url)
        seen = await fetch_certificate(parts.hostname or "", parts.port or 443)
        trust = Trust(TrustMode.PINNED, sha256=seen.sha256)
        return ConnectionProfile(NAME, url, DEMO_USER, dialect=dialect, trust=trust)

    async def _value(self) -> Finding:
        """A first value, and then a newer one: the stream goes on."""
        name = demo_name(VALUE_TAG, "unified")
        first = await self._good(name)
        await until(lambda: (self._live(name) or first).time_ns != first.time_ns)
        return message(
            "{tag} = {value}", tag=name, value=_rounded((self._live(name) or first).value)
        )

    async def _good(self, name: str) -> Sample:
        await until(lambda: self._live(name) is not None)
        sample = self._live(name)
        if sample is None or sample.error is not None:
            raise Faulty("{tag} has no value", tag=name)
        return sample

    def _live(self, name: str) -> Sample | None:
        live = self._plant.live
        return None if live.is_stale(name) else live.get(name)

    async def _write(self) -> Finding:
        """Guard, audit, one attempt, read back: as every write."""
        name = demo_name(WRITE_TAG, "unified")
        sample = await self._good(name)
        if not isinstance(sample.value, float):
            raise Faulty("{tag} is no number", tag=name)
        writes = self._plant.writes
        writes.arm(ARMED_S)
        try:
            request = writes.request(name, sample.value + STEP, reason=NAME)
            asked = [check.code for check in writes.check(request).asks]
            result = await writes.write(request.accepting(asked))
        finally:
            writes.disarm()
        if result.outcome is not WriteOutcome.CONFIRMED:
            raise Faulty(
                "{tag}: {outcome} {said}",
                tag=name,
                outcome=result.outcome.value,
                said=result.detail or (result.error.description if result.error else ""),
            )
        return message(
            "{tag}: {old} → {new}, read back",
            tag=name,
            old=_rounded(result.old),
            new=_rounded(result.read_back),
        )

    async def _alarm(self) -> Finding:
        """An alarm arrives, is acknowledged, and the acknowledgement comes back."""
        plant = self._plant
        await until(lambda: self._waiting_alarm() is not None)
        alarm = self._waiting_alarm()
        if alarm is None:
            raise Faulty("no alarm waits for acknowledgement")
        (reply,) = await plant.writes.act_on_alarms(AlarmAction.ACKNOWLEDGE, [alarm], reason=NAME)
        if reply.error is not None or reply.uncertain:
            said = reply.error.description if reply.error is not None else ""
            raise Faulty("{alarm} was not acknowledged: {said}", alarm=alarm.name, said=said)

        def is_acknowledged() -> bool:
            now = plant.alarms.get(alarm.key)
            return now is None or not now.needs_acknowledgement

        await until(is_acknowledged)
        return message(
            "{count} active; {alarm} acknowledged", count=len(plant.alarms), alarm=alarm.name
        )

    def _waiting_alarm(self) -> Alarm | None:
        if self._plant.alarms.is_stale:
            return None
        return next((one for one in self._plant.alarms if one.needs_acknowledgement), None)

    async def _other_interface(self) -> Finding:
        profile = await self._profile(self._server.classic_url, "classic")
        name = demo_name(VALUE_TAG, "classic")
        async with open_client(profile, self._server.password(DEMO_USER)) as client:
            (sample,) = await client.read([name])
        if sample.error is not None:
            raise Faulty("{tag}: {said}", tag=name, said=sample.error.description)
        return message("WinCC V7/V8: {tag} = {value}", tag=name, value=_rounded(sample.value))


def _rounded(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
