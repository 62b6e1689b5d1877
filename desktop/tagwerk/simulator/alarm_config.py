"""What an engineer configures of an alarm: class, colours, texts, priority, state machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from tagwerk.simulator.alarm_record import Texts
from tagwerk.simulator.alarm_states import StateMachine


@dataclass(frozen=True, slots=True)
class AlarmColors:
    """Text and background in one state, ``#RRGGBBAA``."""

    text: str
    back: str


@dataclass(frozen=True, slots=True)
class AlarmClassConfig:
    """An alarm class: colours by state and the symbols in each language."""

    name: str
    number: int
    symbol: Texts
    display: Texts
    raised: AlarmColors
    acknowledged: AlarmColors
    cleared: AlarmColors
    flashing: bool


@dataclass(frozen=True, slots=True)
class AlarmConfig:
    """One configured alarm.

    Args:
        name: short name, ``Cooling.TIC2120.PV:PV_High``.
        event_text: with places ``{0}``, ``{1}`` … for the parameter values.
        parameters: short names of tags whose values go into the text and the record;
            ``limit`` stands for the limit itself.
        decimals: of each parameter in the text.
        single: must be acknowledged alone.
        removed_after_s: for RAISE, when the entry leaves the list.
        shelve_s: configured shelving time.
    """

    name: str
    number: int
    machine: StateMachine
    alarm_class: AlarmClassConfig
    priority: int
    trigger_tag: str
    event_text: Texts
    info_text: Texts = field(default_factory=dict)
    alarm_texts: tuple[Texts, ...] = ()
    area: str = ""
    origin: str = ""
    group: int = 0
    parameters: tuple[str, ...] = ()
    decimals: tuple[int, ...] = ()
    single: bool = False
    removed_after_s: float = 900.0
    shelve_s: float = 1800.0
    source_type: str = "TAG"
    connection: str = ""
    dead_band: float | None = None
    loop_in: str = ""
