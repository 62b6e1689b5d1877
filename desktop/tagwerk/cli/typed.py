"""Types that the printed values need: a 64-bit integer may come as text, which only the browse tells."""

from __future__ import annotations

from collections.abc import Iterable

from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import DataType, data_type_from_text, short_name
from tagwerk.domain.values import LoggedSeries, Sample, Value
from tagwerk.plant.types import KnownTypes, typed_points


async def known_types(client: PlantClient, samples: Iterable[Sample]) -> KnownTypes:
    """Types of the tags whose value does not tell by itself; asks only when there are such."""
    types = KnownTypes()
    types.learn(await _browse_types(client, {one.name: one.value for one in samples}))
    return types


async def typed_series(client: PlantClient, series: list[LoggedSeries]) -> list[LoggedSeries]:
    """Logged series, with numbers that came as text as numbers."""
    values: dict[str, Value] = {
        one.name: next((point.value for point in one.points if point.value is not None), 0)
        for one in series
    }
    types = await _browse_types(client, values)
    for one in series:
        if one.name in types:
            one.points[:] = typed_points(one.points, types[one.name])
    return series


async def _browse_types(client: PlantClient, values: dict[str, Value]) -> dict[str, DataType]:
    suspects = [name for name, value in values.items() if not isinstance(value, (int, float))]
    if not suspects or Capability.BROWSE not in client.capabilities:
        return {}
    tags = {name: short_name(name).partition(":")[0].partition("[")[0] for name in suspects}
    try:
        items = await client.browse(list(dict.fromkeys(tags.values())))
    except TagwerkError:
        return {}  # types are a help, not a need: the text is printed as it came
    found = {short_name(item.name): data_type_from_text(item.data_type) for item in items}
    return {name: found[tag] for name, tag in tags.items() if tag in found}
