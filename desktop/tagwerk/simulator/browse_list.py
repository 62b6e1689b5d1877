"""What a browse finds: everything that a plant has names for, made while it is gone through."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import overload

from tagwerk.simulator.generated import GeneratedTags
from tagwerk.simulator.spec import PlantSpec
from tagwerk.simulator.state import BrowseObject

_PLACE = re.compile(r"\{\d\}")


class BrowseList(Sequence[BrowseObject]):
    """All objects of a plant: structures before their elements, tags before their logs and
    alarms, generated ones last and made on the way."""

    def __init__(self, spec: PlantSpec, generated: GeneratedTags) -> None:
        self._named = list(_named_objects(spec))
        self._generated = generated

    def __len__(self) -> int:
        return len(self._named) + self._generated.browse_count()

    def __iter__(self) -> Iterator[BrowseObject]:
        yield from self._named
        yield from self._generated.browse()

    @overload
    def __getitem__(self, index: int) -> BrowseObject: ...
    @overload
    def __getitem__(self, index: slice) -> list[BrowseObject]: ...
    def __getitem__(self, index: int | slice) -> BrowseObject | list[BrowseObject]:
        """By number; outside the named objects this walks and is slow."""
        if isinstance(index, slice):
            return list(self)[index]
        if 0 <= index < len(self._named):
            return self._named[index]
        return list(self)[index]


def _named_objects(spec: PlantSpec) -> Iterator[BrowseObject]:
    for name, texts in spec.types.items():
        yield BrowseObject(f"@{name}", texts, "STRUCTURETAGTYPE", name, "")
    for alarm_class in spec.alarm_classes:
        yield BrowseObject(f"@{alarm_class.name}", alarm_class.display, "ALARMCLASS", "", "")
    alarms: dict[str, list[BrowseObject]] = {}
    for config in spec.alarms:
        alarms.setdefault(config.trigger_tag, []).append(
            BrowseObject(
                config.name,
                {language: _PLACE.sub("…", text) for language, text in config.event_text.items()},
                "ALARM",
                "",
                config.trigger_tag,
            )
        )
    seen: set[str] = set()
    for structure in spec.structures.values():
        yield BrowseObject(
            structure.path,
            structure.display,
            "STRUCTURETAG",
            structure.type_name or "Struct",
            structure.parent,
        )
        for tag in spec.tags.values():
            if tag.parent == structure.path:
                yield from _tag_objects(spec, tag.name, alarms)
                seen.add(tag.name)
    for name in spec.tags:
        if name not in seen:
            yield from _tag_objects(spec, name, alarms)


def _tag_objects(
    spec: PlantSpec, name: str, alarms: dict[str, list[BrowseObject]]
) -> Iterator[BrowseObject]:
    tag = spec.tags[name]
    yield BrowseObject(name, tag.display, "SIMPLETAG", tag.data_type, tag.parent)
    if tag.log:
        yield BrowseObject(
            tag.logging_tag,
            {"en-US": f"Log_{tag.log}", "de-DE": f"Log_{tag.log}"},
            "LOGGINGTAG",
            tag.data_type,
            name,
        )
    yield from alarms.get(name, ())
