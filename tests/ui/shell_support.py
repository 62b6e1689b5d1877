"""A window with small panels and a strict hand-written server; nothing of it reaches a socket."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from PySide6.QtWidgets import QLineEdit, QVBoxLayout

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    Certificate,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
    ProbeResult,
    Session,
    Step,
    StepName,
    TrustMode,
)
from tagwerk.domain.errors import LoginFailed, NotTrusted
from tagwerk.domain.message import message
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.link.connector import HttpConnector
from tagwerk.plant import Plant
from tagwerk.ui.commands import Command, make_action
from tagwerk.ui.desk import Desk
from tagwerk.ui.errors import Reporter
from tagwerk.ui.panels.base import Panel
from tagwerk.ui.services import DemoPlant, FirstView, Services
from tagwerk.ui.settings import Settings
from tagwerk.ui.window import MainWindow

SECOND = 1_000_000_000
ALL = frozenset(Capability)
PROFILE = ConnectionProfile("skid21-hmi", "https://skid21-hmi/graphql/", "m.brandt", note="Hall 3")
SHA = "9c417e0b" * 8
OTHER_SHA = "510de792" * 8


class FakeClient:
    """Knows three names; everything else is an error."""

    capabilities = Capabilities(ALL)

    async def browse(self, patterns=(), kinds=(), *, language="en-US", on_items=None):
        names = ("Cooling.TIC2120.PV", "Cooling.TIC2120.SP", "Dosing.FIC2111.PV")
        items = [BrowseItem(f"HMI_RT_1::{name}", "", TagKind.TAG, "LReal") for name in names]
        if on_items is not None:
            on_items(items)
        return items


class FakeLink:
    """A link that is told what happens to it."""

    def __init__(self, profile, password, sink):
        self.profile, self.password, self.sink = profile, password, sink
        self.client = FakeClient()
        self.status = LinkStatus()
        self.counters = LinkCounters()
        self.languages = []
        self.reconnects = 0
        self.started = self.closed = False

    def tell(self, state, **fields):
        self.status = replace(LinkStatus(), state=state, **fields)
        self.sink.on_status(self.status)

    def go_live(self, since_ns=0):
        self.tell(
            LinkState.LIVE,
            since_ns=since_ns or self.sink.clock_ns(),
            server="WinCC Unified V20",
            systems=("HMI_RT_1",),
            session=Session(self.profile.user, "Markus Brandt", ("Commissioning",)),
            capabilities=Capabilities(ALL),
        )

    def lose(self, lost_ns):
        self.tell(
            LinkState.RECONNECTING,
            since_ns=lost_ns,
            lost_at_ns=lost_ns,
            attempt=4,
            next_attempt_ns=lost_ns + 6 * SECOND,
            detail=message("Nothing answers."),
        )

    def start(self):
        self.started = True
        self.go_live()

    def want(self, names, quick=frozenset()):
        self.wanted = names

    def set_language(self, language):
        self.languages.append(language)

    def reconnect_now(self):
        self.reconnects += 1

    async def close(self):
        self.closed = True


def certificate(sha=SHA):
    return Certificate(
        sha, "SKID21-HMI", "SKID21-HMI", 0, 4 * 10**18, ("SKID21-HMI",), "RSA 2048, SHA-256",
        self_signed=True, matches_host=False,
    )  # fmt: skip


class FakeConnector:
    """A server with one certificate and one user: m.brandt, "right"."""

    def __init__(self, sha=SHA):
        self.sha = sha
        self.asked = []
        self.links = []
        self.hold = None
        self.plain = False

    async def inspect(
        self, address, *, trust, user="", password="", timeout_s=15.0, on_step=None, deep=False,
        traffic=None, profile=None,
    ):  # fmt: skip
        self.asked.append((address, trust, user))
        if self.hold is not None:
            await self.hold.wait()
        url = "https://skid21-hmi/graphql/"
        shown = certificate(self.sha)
        on_step(Step(StepName.RESOLVE, True, 12.0, message("10.21.3.15")))
        if self.plain and trust.mode is not TrustMode.PLAIN_HTTP:
            error = NotTrusted("Plain.", cure="Use https.", code="plain_http")
            return ProbeResult("http://skid21-hmi:4000/graphql", error=error)
        if self.plain:
            return self._signed_in("http://skid21-hmi:4000/graphql", user, password, on_step)
        if trust.mode is not TrustMode.PINNED or trust.sha256 != self.sha:
            on_step(Step(StepName.TLS, False, 31.0))
            pinned = trust.sha256 if trust.mode is TrustMode.PINNED else ""
            error = NotTrusted(
                "Not known.", certificate=shown, pinned_sha256=pinned, known=trust.known
            )
            return ProbeResult(url, certificate=shown, error=error)
        on_step(Step(StepName.TLS, True, 31.0))
        return self._signed_in(url, user, password, on_step, shown)

    @staticmethod
    def _signed_in(url, user, password, on_step, shown=None):
        if not user:
            return ProbeResult(url, "unified", certificate=shown)
        if (user, password) != ("m.brandt", "right"):
            on_step(Step(StepName.LOGIN, False, 8.0, message("No.")))
            return ProbeResult(url, "unified", error=LoginFailed("Wrong.", cure="Check it."))
        on_step(Step(StepName.LOGIN, True, 8.0))
        return ProbeResult(
            url, "unified", session=Session(user, "Markus Brandt", ("Commissioning",)),
            capabilities=Capabilities(ALL - {Capability.WRITE}, {Capability.WRITE: "right_missing"}),
        )  # fmt: skip

    def whole_address(self, address, *, trust, dialect="auto"):
        return HttpConnector().whole_address(address, trust=trust, dialect=dialect)

    def open(self, profile, password, sink, *, traffic=None):
        link = FakeLink(profile, password, sink)
        self.links.append(link)
        return link


class FakeSecrets:
    """A keyring in a dictionary."""

    def __init__(self, has_keyring=True):
        self.has_keyring = has_keyring
        self.kept = {}

    def available(self):
        return self.has_keyring

    def get(self, profile):
        return self.kept.get(profile.keyring_name)

    def set(self, profile, password):
        self.kept[profile.keyring_name] = password

    def delete(self, profile):
        self.kept.pop(profile.keyring_name, None)


class _Panel(Panel):
    menu = ""

    def __init__(self, desk):
        super().__init__(desk)
        self.frames, self.plants, self.restored = [], [], None
        self.field = QLineEdit(self)
        self.field.setAccessibleName("field")
        QVBoxLayout(self).addWidget(self.field)
        self.ran = 0
        self.action = make_action(
            Command(f"{self.object_name}.do", "History", self.menu), self._run, self
        )

    def _run(self):
        self.ran += 1

    def set_plant(self, plant):
        self.plants.append(plant)

    def on_frame(self, frame):
        self.frames.append(frame)

    def header_text(self):
        return "18 412"

    def save_state(self):
        return {"text": self.field.text()}

    def restore_state(self, state):
        self.restored = state
        self.field.setText(state["text"])


class TagPanel(_Panel):
    object_name, title, menu = "tagPanel", "Tags", "View"


class TrendPanel(_Panel):
    object_name, title, menu = "trendPanel", "Trends", "Trend"


class SetpointPanel(_Panel):
    object_name, title, menu = "setpointPanel", "Setpoints", "Setpoints"


class AlarmPanel(_Panel):
    object_name, title, menu = "alarmPanel", "Alarms", "Alarms"


PANELS = tuple(
    f"ui.shell_support:{name}" for name in ("TagPanel", "TrendPanel", "SetpointPanel", "AlarmPanel")
)


async def until(condition, timeout_s=5.0):
    """Wait for a state; fails when it does not come."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.005)


class Bench:
    """A window that serves, with everything it was given."""

    def __init__(self, settings, secrets, connector):
        self.settings = settings
        self.secrets = secrets
        self.connector = connector
        self.clock_ns = 1_781_791_012 * SECOND
        self.demo_gate = None
        self.demo_stopped = False
        self.report = Reporter()
        self.window = MainWindow(settings, self.report)
        self.window.resize(1280, 800)
        self.window.show()
        self.desk = Desk(connector, settings, self.report)
        self.flow = self.window.serve(
            self.desk, Services(connector, secrets, self._open_plant, self._start_demo)
        )

    async def _open_plant(self, profile, password, warn):
        plant = Plant(profile, clock_ns=lambda: self.clock_ns)
        plant.attach(self.connector.open(profile, password, plant))
        return plant

    async def _start_demo(self):
        if self.demo_gate is not None:
            await self.demo_gate.wait()

        async def stop():
            self.demo_stopped = True

        view = FirstView(trend=("HMI_RT_1::Cooling.TIC2120.PV",))
        return DemoPlant(replace(PROFILE, name="Skid 21"), "demo", view, stop)

    @property
    def link(self):
        return self.connector.links[-1]

    def panel(self, name):
        return self.window.panels[name]

    async def open(self):
        """The plant of `PROFILE`, live."""
        self.flow.open_profile(PROFILE, "right")
        await until(lambda: self.window.clock.frames > 0)
        self.window.clock.tick()

    async def close(self):
        self.window.clock.stop()
        await self.window.close_panels()
        await self.flow.shut_down()
        await self.window.end()
        self.window.close_for_good()
        self.window.deleteLater()


@asynccontextmanager
async def bench(monkeypatch, *, settings=None, has_keyring=True, sha=SHA):
    """A window, closed in order at the end."""
    monkeypatch.setattr("tagwerk.ui.panels.PANELS", PANELS)
    made = Bench(
        settings if settings is not None else Settings(),
        FakeSecrets(has_keyring),
        FakeConnector(sha),
    )
    try:
        yield made
    finally:
        await made.close()
