"""The log as one: the day before (`Past`), then what was lived (`LivedLog`), without a seam.

Resolves logging tags, applies bounds, order and row limits, adds bounding values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from tagwerk.simulator.lived_log import LivedLog
from tagwerk.simulator.past import Past
from tagwerk.simulator.spec import PlantSpec, TagSpec
from tagwerk.simulator.state import LoggedRow, ModelError

# How far to look for the value outside the span: change logs may be quiet for long.
_BOUNDING_REACH_NS = 30 * 3600 * 1_000_000_000


class LoggingTag(NamedTuple):
    """A logging tag: its own short name, the tag it logs, and that tag's type."""

    name: str
    tag: str
    data_type: str


class History:
    """Answers questions about logged values.

    Args:
        spec: the plant; lived: the log since the scene; past: makes the day before, once.
    """

    def __init__(self, spec: PlantSpec, lived: LivedLog, past: Callable[[], Past]) -> None:
        self._spec = spec
        self._lived = lived
        self._past = past

    def logging_tag(self, name: str) -> LoggingTag:
        """Find a logging tag, or the only one of a tag.

        Raises:
            ModelError: 2 unknown, 3 the tag is not logged.
        """
        tag, mark, suffix = name.partition(":")
        spec = self._spec.tags.get(tag)
        if spec is None or (mark and f"{tag}:{suffix}" != spec.logging_tag):
            raise ModelError("2", f"the name {name} cannot be resolved")
        if not spec.log:
            raise ModelError("3", f"{name} has no logging tag")
        return LoggingTag(spec.logging_tag, tag, spec.data_type)

    def logged(
        self,
        name: str,
        start_ns: int | None,
        end_ns: int | None,
        *,
        limit: int = 0,
        descending: bool = False,
        bounding: str = "NO_BOUNDING_VALUES",
    ) -> list[LoggedRow]:
        """Rows from start to end, both included.

        Args:
            name: logging tag or tag.
            start_ns, end_ns: None or 0 for an open end.
            limit: most rows without bounding ones, 0 for all.
            bounding: NO_, LEFT_, RIGHT_ or LEFTRIGHT_BOUNDING_VALUES.

        Raises:
            ModelError: 2 unknown, 3 not logged or a bound that cannot be.
        """
        spec = self._spec.tags[self.logging_tag(name).tag]
        first_ns = start_ns or 0
        last_ns = end_ns or 1 << 62
        if last_ns < first_ns:
            raise ModelError("3", "the end is before the start")
        if limit < 0:
            raise ModelError("3", "the number of values cannot be negative")
        rows = self._rows(spec, first_ns, last_ns, limit, descending)
        left, right = bounding.startswith("LEFT"), "RIGHT" in bounding
        before = self._neighbour(spec, first_ns, -1) if left and start_ns else []
        after = self._neighbour(spec, last_ns, 1) if right and end_ns else []
        return after + rows + before if descending else before + rows + after

    def _rows(
        self, spec: TagSpec, first_ns: int, last_ns: int, limit: int, descending: bool
    ) -> list[LoggedRow]:
        if descending:
            # The newest first: the lived log may be enough to fill the limit.
            rows = list(self._lived.rows(spec.name, first_ns, last_ns))
            if (not limit or len(rows) < limit) and first_ns < self._lived.begin_ns:
                rows = list(self._past().rows(spec.name, first_ns, last_ns)) + rows
            rows.reverse()
            return rows[:limit] if limit else rows
        stream = self._ascending(spec, first_ns, last_ns)
        return list(islice(stream, limit)) if limit else list(stream)

    def _ascending(self, spec: TagSpec, first_ns: int, last_ns: int) -> Iterator[LoggedRow]:
        if first_ns < self._lived.begin_ns:
            yield from self._past().rows(spec.name, first_ns, last_ns)
        yield from self._lived.rows(spec.name, first_ns, last_ns)

    def _neighbour(self, spec: TagSpec, at_ns: int, side: int) -> list[LoggedRow]:
        """The row just outside, flagged BOUNDING; empty when there is none."""
        reach_ns = _BOUNDING_REACH_NS if spec.log == "change" else 60_000_000_000
        if side < 0:
            found = self._rows(spec, at_ns - reach_ns, at_ns - 1, 1, True)
        else:
            found = self._rows(spec, at_ns + 1, at_ns + reach_ns, 1, False)
        return [row._replace(flags=("BOUNDING",)) for row in found]
