"""Puts values right whose type only the browse knows: a 64-bit integer may arrive as text.

How servers encode 64-bit integers is not documented (docs/protocol.md), and a text of digits may
as well be a text tag's value. So nothing is guessed in the dialect; the plant, which knows both
the tag and the value, decides here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tagwerk.domain.tags import BaseType, DataType
from tagwerk.domain.text import typed_value
from tagwerk.domain.values import LoggedPoint, Sample

_NUMBERS = (BaseType.INTEGER, BaseType.FLOAT)
# Compared by class and not by isinstance: this runs for every value of the stream.
_MAY_BE_WRONG: frozenset[type[Any]] = frozenset((str, list))


class KnownTypes:
    """Types of the tags that are listened to: learned on the loop, used on the stream's thread."""

    def __init__(self) -> None:
        self._numbers: Mapping[str, DataType] = {}

    def learn(self, types: Mapping[str, DataType]) -> None:
        """Replace what is known. One assignment, so that the stream needs no lock."""
        self._numbers = {name: known for name, known in types.items() if known.base in _NUMBERS}

    def put_right(self, samples: list[Sample]) -> list[Sample]:
        """The samples, with numbers that came as text as numbers. Any thread."""
        numbers = self._numbers
        odd = [i for i, sample in enumerate(samples) if type(sample.value) in _MAY_BE_WRONG]
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
        if sample is None or type(sample.value) not in _MAY_BE_WRONG:
            return False
        data_type = self._numbers.get(sample.name)
        return data_type is not None and typed_value(sample.value, data_type) != sample.value


def typed_points(points: Sequence[LoggedPoint], data_type: DataType) -> list[LoggedPoint]:
    """Logged points, with numbers that came as text as numbers."""
    if data_type.base not in _NUMBERS:
        return list(points)
    return [
        point._replace(value=typed_value(point.value, data_type))
        if type(point.value) in _MAY_BE_WRONG
        else point
        for point in points
    ]
