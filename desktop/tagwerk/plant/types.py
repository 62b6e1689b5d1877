"""Puts values right whose type only the browse knows: a 64-bit integer may arrive as text, a date
as a number.

How servers encode 64-bit integers and dates is not documented (docs/protocol.md), and a text of digits may
as well be a text tag's value. So nothing is guessed in the dialect; the plant, which knows both
the tag and the value, decides here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tagwerk.domain.tags import BaseType, DataType
from tagwerk.domain.text import typed_value
from tagwerk.domain.values import LoggedPoint, Sample

_TYPED = (BaseType.INTEGER, BaseType.FLOAT, BaseType.DATETIME)
# Compared by class and not by isinstance: this runs for every value of the stream.
_MAY_BE_WRONG: frozenset[type[Any]] = frozenset((str, list))


class KnownTypes:
    """Types of the tags that are listened to: learned on the loop, used on the stream's thread."""

    def __init__(self) -> None:
        self._numbers: Mapping[str, DataType] = {}
        self._dates: frozenset[str] = frozenset()

    def learn(self, types: Mapping[str, DataType]) -> None:
        """Replace what is known. One assignment each, so that the stream needs no lock."""
        self._dates = frozenset(
            name for name, known in types.items() if known.base is BaseType.DATETIME
        )
        self._numbers = {name: known for name, known in types.items() if known.base in _TYPED}

    def put_right(self, samples: list[Sample]) -> list[Sample]:
        """The samples, with numbers that came as text as numbers, and dates that came as numbers
        as dates. Any thread."""
        numbers, dates = self._numbers, self._dates
        odd = [
            i
            for i, sample in enumerate(samples)
            if type(sample.value) in _MAY_BE_WRONG or (dates and sample.name in dates)
        ]
        if not numbers or not odd:
            return samples
        result = list(samples)
        for index in odd:
            sample = samples[index]
            data_type = numbers.get(sample.name)
            if data_type is not None:
                result[index] = sample._replace(value=typed_value(sample.value, data_type))
        return result

    def wrong(self, sample: Sample | None) -> bool:
        """Whether a sample that was taken earlier would be put right now."""
        if sample is None:
            return False
        if type(sample.value) not in _MAY_BE_WRONG and sample.name not in self._dates:
            return False
        data_type = self._numbers.get(sample.name)
        return data_type is not None and typed_value(sample.value, data_type) != sample.value


def typed_points(points: Sequence[LoggedPoint], data_type: DataType) -> list[LoggedPoint]:
    """Logged points, put right like `KnownTypes.put_right`."""
    if data_type.base not in _TYPED:
        return list(points)
    is_date = data_type.base is BaseType.DATETIME
    return [
        point._replace(value=typed_value(point.value, data_type))
        if is_date or type(point.value) in _MAY_BE_WRONG
        else point
        for point in points
    ]
