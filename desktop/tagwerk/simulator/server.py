"""The demo plant's server: one running plant, and the faces that it is shown through.

Each face listens on a port of its own (`unified_face`, `classic.face`); the plant's clock is here.
Runs on a plain asyncio loop, in its own process (`main`) or inside a test.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tagwerk.domain.errors import UsageError
from tagwerk.simulator.classic.face import ClassicFace
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.running import RunningPlant
from tagwerk.simulator.security import default_folder, ensure_certificate, odd_certificate
from tagwerk.simulator.sessions import USERS, SessionStore
from tagwerk.simulator.state import Changes
from tagwerk.simulator.switches import parse_switches
from tagwerk.simulator.unified_face import UnifiedFace

TICK_S = 0.05
FAST_TICK_S = 0.02
SWEEP_S = 0.5
PAST_STEPS_A_TURN = 20
"""Some 1 to 2 ms."""
PAST_SHARE = 0.6
"""So much of a tick's time may go into working out the day before: it takes a second or two."""


class Face(Protocol):
    """One interface before the plant."""

    name: str

    @property
    def url(self) -> str: ...
    async def start(self, context: ssl.SSLContext | None) -> None: ...
    async def stop(self) -> None: ...
    def tell(self, changes: Changes) -> None: ...
    async def sweep(self) -> None: ...


class SimulatorServer:
    """A demo plant behind a real server.

    Args:
        options: what and where to serve.
        model: the plant; made from the options when None.
        clock_ns: wall time, nanoseconds since 1970 UTC.

    Attributes:
        unified, classic: the faces, None where the options do not want them.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        *,
        model: PlantModel | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.options = options
        self._switches = switches = parse_switches(options.switches)
        self._plant = plant = RunningPlant(options, switches, model, clock_ns)
        self.unified = UnifiedFace(options, switches, plant) if options.serves_unified else None
        self.classic = ClassicFace(options, switches, plant) if options.serves_classic else None
        self._faces: tuple[Face, ...] = tuple(
            face for face in (self.unified, self.classic) if face is not None
        )
        self._ticker: asyncio.Task[None] | None = None
        self.ca_file: Path | None = None

    # Life

    async def start(self) -> None:
        """Listen, and let the plant run.

        Raises:
            OSError: a port is taken.
            UsageError: the certificate folder cannot be written.
        """
        context = None if self.options.plain_http else self._context()
        for face in self._faces:
            await face.start(context)
        self._ticker = asyncio.create_task(self._tick_for_ever(), name="plant clock")

    def _context(self) -> ssl.SSLContext:
        """TLS with the certificate that the switches want."""
        folder = Path(self.options.data_dir) if self.options.data_dir else default_folder()
        try:
            kind = self._switches.text("certificate")
            certificate = (
                odd_certificate(folder, kind, host=self.options.host)
                if kind
                else ensure_certificate(folder, host=self.options.host)
            )
        except OSError as problem:
            raise UsageError(
                "The certificate cannot be kept in {folder}: {reason}.",
                cure="Choose another folder with --data-dir.",
                folder=str(folder),
                reason=problem.strerror or str(problem),
            ) from problem
        self.ca_file = certificate.ca_file
        return certificate.server_context()

    async def wait(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set; raises what broke the plant, should that happen."""
        if self._ticker is None:
            return
        asked = asyncio.create_task(stop.wait(), name="stop")
        try:
            done, _ = await asyncio.wait({asked, self._ticker}, return_when=asyncio.FIRST_COMPLETED)
            if self._ticker in done:
                self._ticker.result()
        finally:
            asked.cancel()

    async def stop(self) -> None:
        """Close every connection and stop listening; bounded in time."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        for face in self._faces:
            await face.stop()

    @property
    def model(self) -> PlantModel:
        """The plant."""
        return self._plant.model

    @property
    def sessions(self) -> SessionStore:
        """Who is logged in at the Unified face, the only one with sessions."""
        if self.unified is None:
            raise AttributeError("there is no Unified face")
        return self.unified.sessions

    @property
    def url(self) -> str:
        """The address of the interface; of Unified's where there are both."""
        return self._faces[0].url

    @property
    def ready(self) -> dict[str, Any]:
        """The ready line's content (docs/simulator.md)."""
        return {
            **{face.name: face.url for face in self._faces},
            **({"ca": str(self.ca_file)} if self.ca_file else {}),
            "users": [
                {
                    "name": user.name,
                    "password": user.password,
                    "rights": list(user.rights),
                    **({"token": user.token} if self.classic is not None else {}),
                }
                for user in USERS
            ],
        }

    # The plant's clock

    async def _tick_for_ever(self) -> None:
        period_s = FAST_TICK_S if self.options.rate > 0 else TICK_S
        swept = time.monotonic()
        has_past = False
        while True:
            began = time.monotonic()
            self.tick()
            if not has_past:
                has_past = await self._prepare_past(began + period_s * PAST_SHARE)
            if began - swept >= SWEEP_S:
                swept = began
                for face in self._faces:
                    await face.sweep()
            await asyncio.sleep(max(period_s - (time.monotonic() - began), 0))

    async def _prepare_past(self, until_s: float) -> bool:
        """Work out a part of the day before, in turns with the requests, before anybody asks for
        it: who asks earlier makes all others wait. True when it is done."""
        while time.monotonic() < until_s:
            if self.model.prepare_past(PAST_STEPS_A_TURN):
                return True
            await asyncio.sleep(0)
        return False

    def tick(self) -> None:
        """Move the plant up to now and tell the faces."""
        changes = self._plant.advance()
        if changes is not None:
            for face in self._faces:
                face.tell(changes)
