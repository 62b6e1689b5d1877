"""A plant as data: reads ``resources/plants/NAME/*.toml`` into frozen descriptions.

Who uses it: the model makes tags, logs and alarms from it; `tag_sheet` prints the sheet that
the desk reads. Nothing here moves. A mistake in a file raises `PlantFileError` with its place.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from tagwerk.domain.values import Value
from tagwerk.resources import resource
from tagwerk.simulator.alarm_config import AlarmClassConfig, AlarmColors, AlarmConfig
from tagwerk.simulator.alarm_record import Texts
from tagwerk.simulator.alarm_states import StateMachine
from tagwerk.simulator.state import GOOD, QualityWords

LANGUAGES = ("en-US", "de-DE")
_MACHINES = {
    "raise": StateMachine.RAISE,
    "raise_clear": StateMachine.RAISE_CLEAR,
    "ack": StateMachine.RAISE_REQUIRES_ACKNOWLEDGMENT,
    "optional_ack": StateMachine.RAISE_CLEAR_OPTIONAL_ACKNOWLEDGMENT,
    "clear_ack": StateMachine.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT,
    "clear_ack_reset": StateMachine.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET,
}


class PlantFileError(Exception):
    """A plant file says something that cannot be; the text names the file and the entry."""


@dataclass(frozen=True, slots=True)
class TagSpec:
    """One leaf or array tag.

    Args:
        name: short name; parent: its structure, "" at the top.
        texts: number → texts by language.
        clamp: bounds to which the PLC cuts what is written.
        reject: why the PLC refuses every write, "" when it does not.
        log: "1s", "10s", "change" or "" for no log.
        cycle_ms: how often the acquisition looks at it.
        noise: standard deviation of the measurement noise, in the unit.
        frozen: the process never writes it.
        survives_outage: is the runtime's own, not the controller's.
        sheet_writable: what the tag sheet says, which need not be true.
        limits: names of limits → tag that holds them, for the sheet.
    """

    name: str
    parent: str
    data_type: str
    display: Texts
    value: Value = None
    unit: str = ""
    decimals: int | None = None
    low: float | None = None
    high: float | None = None
    step: float | None = None
    texts: dict[int, Texts] = field(default_factory=dict)
    writable: bool = False
    critical: bool = False
    clamp: tuple[float, float] | None = None
    reject: str = ""
    log: str = ""
    cycle_ms: int = 100
    noise: float = 0.0
    quality: QualityWords = GOOD
    frozen: bool = False
    survives_outage: bool = False
    sheet_writable: bool = False
    limits: dict[str, str] = field(default_factory=dict)

    @property
    def logging_tag(self) -> str:
        """Full short name of the logging tag, "" when the tag is not logged."""
        return f"{self.name}:Log_{self.log}" if self.log else ""


@dataclass(frozen=True, slots=True)
class StructureSpec:
    """A structure tag. `type_name` is "" for a mere group."""

    path: str
    parent: str
    type_name: str
    display: Texts
    model: dict[str, float] = field(default_factory=dict)
    loop: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """When an alarm is raised. `limit` is a number or the name of the tag that holds it."""

    alarm: str
    kind: str
    tag: str
    limit: float | str | None = None
    hysteresis: float = 0.0
    delay_s: float = 0.0
    value_tag: str = ""
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryEvent:
    """Something that happened before the start; `before_s` seconds before it."""

    before_s: float
    action: str
    target: str
    value: Value = None
    user: str = ""


@dataclass(frozen=True, slots=True)
class StandingSpec:
    """An alarm that stands since before the scene; times in seconds before the start."""

    alarm: str
    raised_s: float
    acknowledged_s: float | None
    user: str


@dataclass(frozen=True, slots=True)
class Story:
    """The time before the start; see ``scenario.toml``."""

    scene_s: float
    past_s: float
    scene_level: float
    past_level: float
    scene: tuple[StoryEvent, ...]
    past: tuple[StoryEvent, ...]
    standing: tuple[StandingSpec, ...]


@dataclass(frozen=True, slots=True)
class PlantSpec:
    """Everything about a plant that does not move."""

    system: str
    tags: dict[str, TagSpec]
    structures: dict[str, StructureSpec]
    types: dict[str, Texts]
    alarms: tuple[AlarmConfig, ...]
    conditions: tuple[ConditionSpec, ...]
    alarm_classes: tuple[AlarmClassConfig, ...]
    state_texts: dict[str, Texts]
    story: Story


@lru_cache(maxsize=4)
def load_plant(plant: str) -> PlantSpec:
    """Read a plant's files; cached, because the result never changes.

    Raises:
        PlantFileError: unknown plant, or a mistake in its files.
    """
    folder = resource("plants", plant)
    if not folder.is_dir():
        raise PlantFileError(f"there is no plant {plant!r} in {folder.parent}")
    documents: dict[str, dict[str, Any]] = {}
    for part in ("plant", "alarms", "scenario"):
        path = folder / f"{part}.toml"
        try:
            documents[part] = tomllib.loads(path.read_text("utf-8"))
        except (OSError, tomllib.TOMLDecodeError) as problem:
            raise PlantFileError(f"{path}: {problem}") from problem
    tags, structures, types = _read_tags(documents["plant"])
    classes = tuple(_read_class(name, row) for name, row in documents["alarms"]["classes"].items())
    alarms, conditions = _read_alarms(
        documents["alarms"], {c.name: c for c in classes}, tags, structures
    )
    return PlantSpec(
        system=documents["plant"]["system"],
        tags=tags,
        structures=structures,
        types=types,
        alarms=alarms,
        conditions=conditions,
        alarm_classes=classes,
        state_texts={word: _pair(*texts) for word, texts in documents["alarms"]["states"].items()},
        story=_read_story(documents["scenario"]),
    )


def _pair(english: str, german: str) -> Texts:
    return dict(zip(LANGUAGES, (english, german), strict=True))


def _read_tags(
    document: dict[str, Any],
) -> tuple[dict[str, TagSpec], dict[str, StructureSpec], dict[str, Texts]]:
    lists = {
        name: {int(number): _pair(*texts) for number, texts in rows.items()}
        for name, rows in document["texts"].items()
    }
    types = document["types"]
    tags: dict[str, TagSpec] = {}
    structures: dict[str, StructureSpec] = {}
    for row in document["groups"]:
        structures[row["path"]] = StructureSpec(row["path"], "", "", _pair(row["en"], row["de"]))
    for row in document["structures"]:
        path = row["path"]
        type_name = row.get("type", "")
        if type_name and type_name not in types:
            raise PlantFileError(f"plant.toml: {path} has the unknown type {type_name}")
        structures[path] = StructureSpec(
            path,
            path.rpartition(".")[0],
            type_name,
            _pair(row["en"] or path.rpartition(".")[2], row["de"] or path.rpartition(".")[2]),
            row.get("model", {}),
            row.get("loop", {}),
        )
        elements = dict(types[type_name]["elements"]) if type_name else {}
        own = row.get("elements", {})
        for key in [*elements, *(key for key in own if key not in elements)]:
            merged = {**_scaled(elements.get(key, {}), row), **own.get(key, {})}
            tags[f"{path}.{key}"] = _read_tag(f"{path}.{key}", path, merged, lists, row)
    for row in document["tags"]:
        tags[row["name"]] = _read_tag(row["name"], "", row, lists, row)
    return tags, structures, {n: _pair(t["en"], t["de"]) for n, t in types.items()}


def _scaled(element: dict[str, Any], structure: dict[str, Any]) -> dict[str, Any]:
    """Unit, decimals and range of the structure for elements that ask for them."""
    if not element.get("scale"):
        return element
    low, high = structure["low"], structure["high"]
    if element.get("range") == "difference":
        low, high = low - high, high - low
    taken = {"unit": structure["unit"], "decimals": structure["decimals"], "low": low, "high": high}
    return {**taken, **element}


def _read_tag(
    name: str,
    parent: str,
    row: dict[str, Any],
    lists: dict[str, dict[int, Texts]],
    structure: dict[str, Any],
) -> TagSpec:
    try:
        data_type = row.get("type", "")
        quality = row.get("quality")
        clamp = row.get("clamp")
        reject = row.get("reject", "")
        return TagSpec(
            name=name,
            parent=parent,
            data_type=data_type,
            display=_pair(row["en"] or structure["en"], row["de"] or structure["de"]),
            value=_initial(data_type, row.get("value")),
            unit=row.get("unit", ""),
            decimals=row.get("decimals"),
            low=row.get("low"),
            high=row.get("high"),
            step=row.get("step"),
            texts=lists[row["texts"]] if "texts" in row else {},
            writable=row.get("writable", False) and not reject,
            critical=row.get("critical", False),
            clamp=(float(clamp[0]), float(clamp[1])) if clamp else None,
            reject=reject,
            log=row.get("log", ""),
            cycle_ms=row.get("cycle_ms", 100),
            noise=row.get("noise", 0.0),
            quality=QualityWords(*quality) if quality else GOOD,
            frozen=row.get("frozen", False),
            survives_outage=row.get("survives_outage", False),
            sheet_writable=row.get("sheet_writable", row.get("writable", False) and not reject),
            limits=row.get("limits", {}),
        )
    except KeyError as problem:
        raise PlantFileError(f"plant.toml: {name} lacks {problem}") from problem


def _initial(data_type: str, value: Value) -> Value:
    if value is not None:
        return float(value) if data_type in ("Real", "LReal") and isinstance(value, int) else value
    if data_type == "Bool":
        return False
    if data_type in ("Real", "LReal"):
        return None
    return "" if data_type in ("WString", "String", "DateTime") else 0


def _read_class(name: str, row: dict[str, Any]) -> AlarmClassConfig:
    return AlarmClassConfig(
        name=name,
        number=row["number"],
        symbol=_pair(*row["symbol"]),
        display=_pair(row["en"], row["de"]),
        raised=AlarmColors(*row["raised"]),
        acknowledged=AlarmColors(*row["acknowledged"]),
        cleared=AlarmColors(*row["cleared"]),
        flashing=row["flashing"],
    )


def _read_alarms(
    document: dict[str, Any],
    classes: dict[str, AlarmClassConfig],
    tags: dict[str, TagSpec],
    structures: dict[str, StructureSpec],
) -> tuple[tuple[AlarmConfig, ...], tuple[ConditionSpec, ...]]:
    configs: list[AlarmConfig] = []
    conditions: list[ConditionSpec] = []
    for number, row in enumerate(document["alarms"], start=1):
        name = f"{row['tag']}:{row['name']}"
        limit = row.get("limit")
        parameters = tuple(row.get("parameters", ()))
        for used in (row["tag"], *(p for p in parameters if p not in ("value", "limit"))):
            if used not in tags:
                raise PlantFileError(f"alarms.toml: {name} speaks of the unknown tag {used}")
        connection = "PLC_21"
        configs.append(
            AlarmConfig(
                name=name,
                number=number,
                machine=_MACHINES[row["machine"]],
                alarm_class=classes[row["class"]],
                priority=row["priority"],
                trigger_tag=row["tag"],
                event_text=_pair(row["en"], row["de"]),
                info_text=_pair(row.get("info_en", ""), row.get("info_de", "")),
                alarm_texts=_places(row["tag"], structures),
                area=row["area"],
                origin=row.get("origin", connection),
                group=classes[row["class"]].number,
                parameters=parameters,
                decimals=tuple(row.get("decimals", ())),
                single=row.get("single", False),
                removed_after_s=row.get("removed_after_s", 900.0),
                source_type=row.get("source", "TAG"),
                connection=connection,
                dead_band=row.get("hysteresis"),
                loop_in=row["area"],
            )
        )
        conditions.append(
            ConditionSpec(
                alarm=name,
                kind=row["kind"],
                tag=row["tag"],
                limit=limit,
                hysteresis=row.get("hysteresis", 0.0),
                delay_s=row.get("delay_s", 0.0),
                value_tag=row.get("value", row["tag"]),
                parameters=parameters,
            )
        )
    return tuple(configs), tuple(conditions)


def _places(tag: str, structures: dict[str, StructureSpec]) -> tuple[Texts, ...]:
    """Where the tag belongs, from the outside in, as additional alarm texts."""
    parts = tag.split(".")[:-1]
    paths = (".".join(parts[: number + 1]) for number in range(len(parts)))
    return tuple(structures[path].display for path in paths)


def _seconds(text: str) -> float:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


_ACTIONS = ("write", "fault", "effect", "acknowledge", "reset", "shelve", "outage_s")


def _read_event(row: dict[str, Any]) -> StoryEvent:
    for action in _ACTIONS:
        if action in row:
            target = "" if action == "outage_s" else str(row[action])
            value = row[action] if action == "outage_s" else row.get("value", row.get("shelve_s"))
            name = "outage" if action == "outage_s" else action
            return StoryEvent(_seconds(row["at"]), name, target, value, row.get("user", ""))
    raise PlantFileError(f"scenario.toml: the entry at {row.get('at')} does nothing")


def _read_story(document: dict[str, Any]) -> Story:
    def events(key: str) -> tuple[StoryEvent, ...]:
        found = [_read_event(row) for row in document[key]]
        return tuple(sorted(found, key=lambda event: -event.before_s))

    return Story(
        scene_s=_seconds(document["scene_begins"]),
        past_s=_seconds(document["past_begins"]),
        scene_level=document["scene_dosing_level"],
        past_level=document["past_dosing_level"],
        scene=events("scene"),
        past=events("past"),
        standing=tuple(
            StandingSpec(
                row["alarm"],
                _seconds(row["raised"]),
                _seconds(row["acknowledged"]) if "acknowledged" in row else None,
                row.get("user", ""),
            )
            for row in document["standing"]
        ),
    )
