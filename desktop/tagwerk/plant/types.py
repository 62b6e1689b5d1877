"""Puts values right whose type only the browse knows: a 64-bit integer may arrive as text, a date
as a number.

How servers encode 64-bit integers and dates is not documented (docs/protocol.md), and a text of digits may
as well be a text tag's value. So nothing is guessed in the dialect; the plant, which knows both
the tag and the value, decides here.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from tagwerk.domain.tags import BaseType, DataType
from tagwerk.domain.text import typed_value
from tagwerk.domain.values import LoggedPoint, Sample

_TYPED = (BaseType.INTEGER, BaseType.FLOAT, BaseType.DATETIME)
# Compared by class and not by isinstance: this runs for every value of the stream.
_MAY_BE_WRONG: frozenset[type[Any]] = frozenset((str, list))
_name, _value = (itemgetter(Sample._fields.index(field)) for field in ("name", "value"))


LESSONS_A_FRAME = 200
"""So many types are looked up a frame: some milliseconds."""

FRAMES_TO_SETTLE = 4
"""So many frames after types were learned the stream may still deliver what it put right before."""


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
        if not numbers or (
            _MAY_BE_WRONG.isdisjoint(map(type, map(_value, samples)))
            and (not dates or dates.isdisjoint(map(_name, samples)))
        ):
            return samples
        result = list(samples)
        for index, sample in enumerate(samples):
            if type(sample.value) in _MAY_BE_WRONG or sample.name in dates:
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


class TypeLessons:
    """Looks types up for `KnownTypes`, some a frame: thousands at once would hold up the window.

    Args:
        types: that learns.
        look_up: finds the type of a tag by its full name.
    """

    def __init__(self, types: KnownTypes, look_up: Callable[[str], DataType]) -> None:
        self._types = types
        self._look_up = look_up
        self._known: dict[str, DataType] = {}
        self._unknown: dict[str, None] = {}
        self._settling = 0

    def want(self, names: frozenset[str]) -> None:
        """The tags that are listened to from now on."""
        self._known = {name: known for name, known in self._known.items() if name in names}
        self._unknown = dict.fromkeys(
            name for name in names if name not in self._known or name in self._unknown
        )

    def again(self) -> None:
        """Names were read: what was known may have changed, and holds until it is looked up."""
        self._unknown |= dict.fromkeys(self._known)

    def frame(self) -> list[str]:
        """Learn some more; returns the names whose earlier values may now be put right."""
        names = list(itertools.islice(self._unknown, LESSONS_A_FRAME))
        for name in names:
            del self._unknown[name]
            self._known[name] = self._look_up(name)
        if names:
            self._types.learn(self._known)
            self._settling = FRAMES_TO_SETTLE
        return names

    def is_settling(self) -> bool:
        """Whether the stream may still deliver what it put right by what was known before.

        To be asked once a frame.
        """
        self._settling = max(self._settling - 1, 0)
        return self._settling > 0


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
