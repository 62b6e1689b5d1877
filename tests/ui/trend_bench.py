"""A plant with a hand-written server for the trend's tests; its clock is turned by hand."""

from __future__ import annotations

import math

from tagwerk.domain.connection import (
    Capabilities,
    Capability,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
)
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, LoggedPoint, LoggedSeries, Sample
from tagwerk.plant import Plant
from tagwerk.sheets import SheetEntry, TagSheet
from tagwerk.ui.desk import Desk
from tagwerk.ui.panels.trend import TrendPanel
from tagwerk.ui.settings import Settings

SECOND = 1_000_000_000
NOW = 1_781_791_012_000_000_000  # 2026-06-18 13:56:52 UTC
PV = "HMI_RT_1::Cooling.TIC2120.PV"
SP = "HMI_RT_1::Cooling.TIC2120.SP"
CV = "HMI_RT_1::Cooling.TIC2120.CV"
FLOW = "HMI_RT_1::Dosing.FIC2111.PV"
FLOW_SP = "HMI_RT_1::Dosing.FIC2111.SP"
LEVEL = "HMI_RT_1::Dosing.LI2102.PV"
PUMP = "HMI_RT_1::Dosing.P2111.Running"
PUMP_2 = "HMI_RT_1::Dosing.P2112.Running"
MODE = "HMI_RT_1::Cooling.TIC2120.Mode"
TEXT = "HMI_RT_1::Batch.Name"
ALL = (PV, SP, CV, FLOW, FLOW_SP, LEVEL, PUMP, PUMP_2)


def _entry(name, unit="", decimals=None, low=None, high=None, **more):
    words = {"name": name.partition("::")[2], "unit": unit, "decimals": decimals, "low": low,
             "high": high, "step": None, "texts": {}, "writable": None, "critical": False,
             "descriptions": {}, "data_type": "", "limits": {}}  # fmt: skip
    return SheetEntry(**(words | more))


ENTRIES = (
    _entry(PV, "°C", 2, 0, 60, limits={"PV_High": 23.5}, descriptions={"en": "Return temperature", "de": "Rücklauftemperatur"}),
    _entry(SP, "°C", 1, 0, 60, descriptions={"en": "Setpoint", "de": "Sollwert"}),
    _entry(CV, "%", 1, 0, 100, descriptions={"en": "Control valve TV2120", "de": "Regelventil TV2120"}),
    _entry(FLOW, "L/h", 1, 0, 160, descriptions={"en": "Dosing flow", "de": "Dosierstrom"}),
    _entry(FLOW_SP, "L/h", 1, 0, 160, descriptions={"en": "Setpoint", "de": "Sollwert"}),
    _entry(LEVEL, "%", 1, 0, 100, descriptions={"en": "Dosing tank level", "de": "Füllstand Dosierbehälter"}),
    _entry(PUMP, texts={0: {"en": "Off", "de": "Aus"}, 1: {"en": "On", "de": "Ein"}}, descriptions={"en": "Dosing pump A", "de": "Dosierpumpe A"}),
    _entry(PUMP_2, descriptions={"en": "Dosing pump B", "de": "Dosierpumpe B"}),
    _entry(MODE, texts={0: {"en": "Manual"}, 1: {"en": "Auto"}, 2: {"en": "Cascade"}}),
)  # fmt: skip
TYPES = {PV: "LReal", SP: "LReal", CV: "LReal", FLOW: "LReal", FLOW_SP: "LReal", LEVEL: "LReal",
         PUMP: "Bool", PUMP_2: "Bool", MODE: "Int", TEXT: "String"}  # fmt: skip


def value_at(name, time_ns):
    """A believable plant as pure functions of time."""
    s = (time_ns - NOW) / SECOND
    after = s + 450
    if name == SP:
        return 18.0 if after < 0 else 22.0
    if name == PV:
        noise = 0.06 * math.sin(s * 1.7) * math.sin(s * 0.31)
        rise = 0 if after < 0 else 4 * (1 - math.exp(-after / 40) * math.cos(after / 38))
        return 18 + rise + noise
    if name == CV:
        return (
            31 if after < 0 else 50 + 27 * math.exp(-after / 45) * math.cos(after / 45)
        ) + 0.2 * math.sin(s)
    if name in (FLOW, FLOW_SP):
        base = 120.0 if s < -180 else 130.0
        dip = -90 * math.exp(-(s + 80) / 6) if name == FLOW and s > -80 else 0
        return base + dip + (0.8 * math.sin(s * 2.3) if name == FLOW else 0)
    if name == LEVEL:
        return 55 - (s + 900) / 90
    if name == PUMP:
        return s < -85
    if name == PUMP_2:
        return s > -80
    if name == MODE:
        return 1 if s < -300 else 2
    return "Batch 7"


class FakeClient:
    """Answers history from `value_at`; `log` says for which tags and spans there is one."""

    capabilities = Capabilities(frozenset(Capability) - {Capability.ALARM_HISTORY})

    def __init__(self):
        self.asked = []
        self.fails = None
        self.holes = {}
        self.period_ns = SECOND

    async def history(self, names, start_ns, end_ns, *, limit=0, bounding=False):
        self.asked.append((tuple(names), start_ns, end_ns))
        if self.fails is not None:
            raise self.fails
        answer = []
        for name in names:
            first = -(-start_ns // self.period_ns) * self.period_ns
            points = [
                LoggedPoint(t, value_at(name, t), GOOD)
                for t in range(first, end_ns, self.period_ns)
                if not any(a <= t < b for a, b in self.holes.get(name, ()))
            ]
            answer.append(LoggedSeries(name, f"{name}:Log_1s", points))
        return answer

    async def logged_alarms(self, start_ns, end_ns, *, filter_text="", language="en-US", limit=0):
        return []

    async def browse(self, patterns=(), kinds=(), *, language="en-US", on_items=None):
        return []

    async def read(self, names, *, direct=False):
        raise AssertionError("a trend never reads")

    async def write(self, items):
        raise AssertionError("a trend never writes")


class FakeLink:
    counters = LinkCounters()

    def __init__(self, client):
        self.client = client
        self.status = LinkStatus()
        self.wanted = frozenset()

    def start(self):
        pass

    def want(self, names, quick=frozenset()):
        self.wanted = names

    def set_language(self, language):
        pass

    def reconnect_now(self):
        pass

    async def close(self):
        pass


class Bench:
    """Panel, plant and clock."""

    def __init__(self, *, plant=True, size=(1134, 690)):
        self.now = NOW
        self.reported = []
        self.banners = []
        self.desk = Desk(None, Settings(None), lambda error, name: self.reported.append(error))
        self.desk.banner_requested.connect(lambda *words: self.banners.append(words))
        self.client = FakeClient()
        self.link = FakeLink(self.client)
        self.plant = self.make_plant() if plant else None
        self.panel = TrendPanel(self.desk)
        self.panel.resize(*size)
        self.panel.set_plant(self.plant)
        self.desk.plant = self.plant
        self.panel.show()

    def make_plant(self, name="Skid 21"):
        sheet = TagSheet(ENTRIES)
        plant = Plant(
            ConnectionProfile(name, "https://skid21/graphql/"), sheet, clock_ns=lambda: self.now
        )
        plant.attach(self.link)
        plant.tree.put([BrowseItem(n, "", TagKind.TAG, t, "") for n, t in TYPES.items()])
        plant.tree.put([BrowseItem(f"{n}:Log_1s", "", TagKind.LOGGING_TAG, "", "") for n in TYPES])
        plant.tree.finish()
        plant.on_status(
            LinkStatus(LinkState.LIVE, since_ns=self.now, capabilities=FakeClient.capabilities)
        )
        plant.drain()
        return plant

    @property
    def page(self):
        return self.panel.page

    @property
    def model(self):
        return self.panel.page.model

    @property
    def view(self):
        return self.panel.page.view

    def curve(self, name):
        return self.plant.trends.curve(name)

    def frame(self, seconds=0.0):
        """Turn the clock and give the panel its frame."""
        self.now += round(seconds * SECOND)
        frame = self.plant.drain()
        self.panel.on_frame(frame)
        return frame

    def feed(self, names, start_s, end_s, period_s=1.0, *, received_late=0.0):
        """Live samples between two times, relative to `NOW`."""
        count = round((end_s - start_s) / period_s)
        for name in names:
            self.plant.on_samples([
                Sample(name, value_at(name, t), GOOD, t, t + round(received_late * SECOND))
                for t in (NOW + round((start_s + i * period_s) * SECOND) for i in range(count))
            ])  # fmt: skip

    def read_log(self, names, start_s, end_s):
        """As if the plant had read this span of the log."""
        for name in names:
            start, end = NOW + round(start_s * SECOND), NOW + round(end_s * SECOND)
            first = -(-start // SECOND) * SECOND
            points = [LoggedPoint(t, value_at(name, t), GOOD) for t in range(first, end, SECOND)]
            self.curve(name).merge_log(points, start, end)

    def lose(self, at_s):
        self.now = NOW + round(at_s * SECOND)
        self.plant.on_status(LinkStatus(LinkState.RECONNECTING, since_ns=self.now, lost_at_ns=self.now,
                                        capabilities=FakeClient.capabilities))  # fmt: skip
        self.frame()

    def come_back(self, at_s):
        self.now = NOW + round(at_s * SECOND)
        self.plant.on_status(
            LinkStatus(LinkState.LIVE, since_ns=self.now, capabilities=FakeClient.capabilities)
        )
        self.frame()

    def story(self):
        """The picture's quarter of an hour: log, live, a hole half filled, live again."""
        self.panel.add_tags(ALL)
        self.now = NOW - 780 * SECOND
        self.frame()
        self.feed(ALL, -780, -690)
        self.frame()
        self.lose(-690)
        self.come_back(-616)
        self.feed(ALL, -616, 0)
        self.now = NOW
        self.frame()
        self.read_log(ALL, -1000, -780)
        for name in (FLOW, FLOW_SP, LEVEL):
            self.read_log([name], -692, -614)
        for name in (PV, SP, CV, PUMP, PUMP_2):
            self.curve(name).mark_unavailable(
                NOW - 690 * SECOND, NOW - 616 * SECOND, "not in the log"
            )
        self.settle()

    def settle(self):
        """Nothing waits for the log any more."""
        for name in self.model.names:
            self.plant.cancel_history(name)
        self.frame(1)
