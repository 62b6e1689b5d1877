"""A plant with a strict client behind it, and the setpoint panel in front of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagwerk.domain.connection import (
    Capabilities,
    ConnectionProfile,
    LinkCounters,
    LinkState,
    LinkStatus,
    Session,
)
from tagwerk.domain.tags import BrowseItem, TagKind
from tagwerk.domain.values import GOOD, Quality, Sample, Value, quality_from_text
from tagwerk.plant import Plant
from tagwerk.sheets import SheetEntry, TagSheet
from tagwerk.ui.desk import Desk
from tagwerk.ui.panels.setpoints import SetpointPanel
from write.bench import ALL, StrictClient, Ticks

SYSTEM = "HMI_RT_1::"
SP, KP, TI = (f"{SYSTEM}Cooling.TIC2120.{leaf}" for leaf in ("SP", "Kp", "Ti"))
MODE = f"{SYSTEM}Cooling.TIC2120.Mode"
FLOW = f"{SYSTEM}Dosing.FIC2111.SP"
SPEED = f"{SYSTEM}Dosing.P2112.SpeedMax"
LOW = f"{SYSTEM}Dosing.LI2102.LimLow"
HIGH = f"{SYSTEM}Cooling.PI2122.LimHigh"
VALVE = f"{SYSTEM}Cooling.V2125.Cmd"
PH = f"{SYSTEM}Neutral.QIC2130.SP"
NAME = f"{SYSTEM}Batch.Recipe.Name"

OVERRIDE = quality_from_text("GOOD_NON_CASCADE", "LOCAL_OVERRIDE")
UNSURE = quality_from_text("UNCERTAIN", "SENSOR_CALIBRATION")

# name: type, value, quality, sheet
TAGS: dict[str, tuple[str, Value, Quality, dict[str, Any]]] = {
    SP: ("LReal", 22.0, GOOD, {"unit": "°C", "decimals": 1, "low": 5.0, "high": 40.0, "step": 5.0, "descriptions": {"en": "Return temperature, setpoint", "de": "Rücklauftemperatur, Sollwert"}}),
    KP: ("LReal", 1.8, GOOD, {"decimals": 2, "low": 0.1, "high": 20.0, "descriptions": {"en": "Gain", "de": "Verstärkung"}}),
    TI: ("LReal", 45.0, GOOD, {"unit": "s", "decimals": 1, "low": 1.0, "high": 999.0, "descriptions": {"en": "Integral time", "de": "Nachstellzeit"}}),
    MODE: ("Int", 1, GOOD, {"texts": {0: {"en": "Manual", "de": "Hand"}, 1: {"en": "Auto", "de": "Automatik"}, 2: {"en": "Cascade", "de": "Kaskade"}}, "descriptions": {"en": "Controller mode", "de": "Reglerbetriebsart"}}),
    FLOW: ("LReal", 130.0, GOOD, {"unit": "L/h", "decimals": 1, "low": 0.0, "high": 150.0, "descriptions": {"en": "Dosing flow", "de": "Dosierstrom"}}),
    SPEED: ("LReal", 92.0, GOOD, {"unit": "%", "decimals": 1, "low": 0.0, "high": 100.0, "descriptions": {"en": "Highest speed", "de": "Höchstdrehzahl"}}),
    LOW: ("LReal", 50.0, OVERRIDE, {"unit": "%", "decimals": 1, "descriptions": {"en": "Low limit dosing tank", "de": "Untere Grenze Dosierbehälter"}}),
    HIGH: ("LReal", 3.2, UNSURE, {"unit": "bar", "decimals": 2, "low": 0.0, "high": 6.0, "critical": True, "descriptions": {"en": "High limit pressure", "de": "Obere Druckgrenze"}}),
    VALVE: ("Bool", False, GOOD, {"texts": {0: {"en": "Close", "de": "Zu"}, 1: {"en": "Open", "de": "Auf"}}, "descriptions": {"en": "Bypass valve", "de": "Bypassventil"}}),
    PH: ("LReal", 7.2, GOOD, {"unit": "pH", "decimals": 2, "writable": False}),
    NAME: ("WString[20]", "Wash 4", GOOD, {}),
}  # fmt: skip


class QuietLink:
    """A link that does nothing by itself."""

    def __init__(self, client: StrictClient) -> None:
        self.client = client
        self.status = LinkStatus()
        self.counters = LinkCounters()
        self.wanted: frozenset[str] = frozenset()

    def want(self, names: frozenset[str], quick: frozenset[str] = frozenset()) -> None:
        self.wanted = names

    def set_language(self, language: str) -> None:
        self.language = language


class NoConnector:
    """The panel never connects by itself."""


@dataclass
class PanelBench:
    """Plant, client and panel; `frame` is what the frame clock would do."""

    plant: Plant
    client: StrictClient
    panel: SetpointPanel
    desk: Desk
    link: QuietLink
    clock_ns: Ticks
    errors: list[tuple[BaseException, str]]

    def frame(self) -> None:
        self.panel.on_frame(self.plant.drain())

    def show(self, name: str, value: Value, quality: Quality = GOOD) -> None:
        """The plant has and pushes this value."""
        now_ns = self.clock_ns()
        self.client.values[name] = value
        self.plant.on_samples([Sample(name, value, quality, now_ns, now_ns)])
        self.frame()

    def link_state(self, state: LinkState, capabilities: Capabilities | None = None) -> None:
        """The link says how it is."""
        now_ns = self.clock_ns()
        self.client.capabilities = capabilities or Capabilities(ALL)
        self.plant.on_status(
            LinkStatus(
                state,
                now_ns,
                systems=("HMI_RT_1",),
                session=Session("m.brandt"),
                capabilities=self.client.capabilities,
                lost_at_ns=None if state.is_live else now_ns,
            )
        )
        self.frame()

    def push_all(self) -> None:
        """Every tag is heard of."""
        for name, (_type, value, quality, _sheet) in TAGS.items():
            self.show(name, value, quality)


def make_panel(settings: object, audit_path: Path | None = None, start_ns: int = 0) -> PanelBench:
    """A live plant with all tags known, and the panel with an empty list."""
    clock_ns = Ticks()
    if start_ns:
        clock_ns.now_ns = start_ns
    sheet = TagSheet(SheetEntry(name, **entry) for name, (_t, _v, _q, entry) in TAGS.items())
    profile = ConnectionProfile(
        "skid21-hmi", "https://skid21-hmi/graphql/", "m.brandt", note="Hall 3"
    )
    plant = Plant(profile, sheet, audit_path=audit_path, clock_ns=clock_ns)
    client = StrictClient(clock_ns, {name: row[1] for name, row in TAGS.items()})
    link = QuietLink(client)
    plant.attach(link)  # type: ignore[arg-type]
    plant.tree.put([BrowseItem(name, "", TagKind.TAG, row[0]) for name, row in TAGS.items()])
    plant.tree.finish()
    errors: list[tuple[BaseException, str]] = []
    desk = Desk(NoConnector(), settings, lambda error, name: errors.append((error, name)))  # type: ignore[arg-type]
    panel = SetpointPanel(desk)
    panel.resize(432, 760)
    bench = PanelBench(plant, client, panel, desk, link, clock_ns, errors)
    panel.set_plant(plant)
    bench.link_state(LinkState.LIVE)
    bench.push_all()
    return bench
