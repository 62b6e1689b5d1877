"""``tagLogging``: archives, their variables, timers, and archived values (§C4).

The call for values and the nesting of its answer were seen; all other shapes are invented.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tagwerk.simulator.classic.catalogue import ARCHIVES, TIMERS, Catalogue, Variable
from tagwerk.simulator.classic.clock import SECOND_NS, PlantTimes
from tagwerk.simulator.classic.lists import Element, Lists
from tagwerk.simulator.classic.question import Answer, Question, Refused, member, texts
from tagwerk.simulator.classic.spelling import Spelling
from tagwerk.simulator.classic.values import NOT_FOUND, ValueRows
from tagwerk.simulator.running import RunningPlant
from tagwerk.simulator.state import LoggedRow
from tagwerk.simulator.switches import Switches

DEFAULT_SPAN_NS = 3600 * SECOND_NS
DEFAULT_VALUES = 1000
_MARK = "\\"
"""Between the names of an archive and its variable, as WinCC writes both in one."""


class ArchiveCalls:
    """Each method answers a call of `calls.CALLS`."""

    def __init__(
        self,
        switches: Switches,
        plant: RunningPlant,
        catalogue: Catalogue,
        lists: Lists,
        spelling: Spelling,
        rows: ValueRows,
        times: PlantTimes,
    ) -> None:
        self._plant = plant
        self._catalogue = catalogue
        self._lists = lists
        self._spelling = spelling
        self._rows = rows
        self._times = times
        self._is_empty = switches.on("classic-archive-empty")
        self._cap = int(switches.number("classic-archive-cap", 0))
        self._keeps = switches.text("classic-archive-keeps")
        self._order = switches.text("classic-archive-order")
        self._shape = switches.text("classic-archive-shape")
        self._names = switches.text("classic-archive-names")

    # What there is

    def archives(self, question: Question) -> Answer:
        return self._lists.answer(
            question, list(ARCHIVES.values()), str, self._archive, "archives", "archiveName"
        )

    def archive(self, question: Question) -> Answer:
        return Answer(self._spelling.single(self._archive(_archive_named(question.names[0]))))

    def _archive(self, name: str) -> Element:
        return {
            "archiveName": name,
            "archiveType": "ProcessValueArchive",
            "variableCount": len(self._catalogue.archived(name)),
        }

    def archive_variables(self, question: Question) -> Answer:
        return self._listed(question, _archive_named(question.names[0]))

    def variables(self, question: Question) -> Answer:
        return self._listed(question, "")

    def _listed(self, question: Question, archive: str) -> Answer:
        return self._lists.answer(
            question,
            self._catalogue.archived(archive),
            lambda one: one.name,
            self._variable,
            "variables",
            "variableName",
        )

    def archive_variable(self, question: Question) -> Answer:
        archive, name = question.names
        return self._one(name, _archive_named(archive))

    def variable(self, question: Question) -> Answer:
        return self._one(question.names[0], "")

    def _one(self, name: str, archive: str) -> Answer:
        variable = self._find(name, archive)
        if variable is None:
            raise Refused(404, "Not Found")
        return Answer(self._spelling.single(self._variable(variable)))

    def _variable(self, variable: Variable) -> Element:
        log = variable.spec.log if variable.spec is not None else ""
        row: Element = {
            "variableName": self._listed_name(variable),
            "archiveName": variable.archive,
            "processVariableName": variable.name,
            "acquisitionType": "Cyclic" if log in TIMERS else "Upon change",
        }
        if log in TIMERS:
            row["acquisitionCycle"] = TIMERS[log][0]
        return row

    def timers(self, question: Question) -> Answer:
        return self._lists.answer(
            question, list(TIMERS.values()), _timer_name, _timer, "timers", "timerName"
        )

    def timer(self, question: Question) -> Answer:
        folded = question.names[0].casefold()
        for one in TIMERS.values():
            if one[0].casefold() == folded:
                return Answer(self._spelling.single(_timer(one)))
        raise Refused(404, "Not Found")

    # Values

    def archive_values(self, question: Question) -> Answer:
        archive = _archive_named(question.names[0])
        names = texts(question.body, "variableNames")
        span = self._span(question.query.get("begin", ""), question.query.get("end", ""))
        most = question.number("maxValues", 0)
        return self._answer([self._series(name, archive, span, most) for name in names])

    def values(self, question: Question) -> Answer:
        """Of several archives, each variable with a span of its own; or of plain names."""
        archives = member(question.body, "archives")
        if archives is None:
            names = texts(question.body, "variableNames")
            span = self._span(question.query.get("begin", ""), question.query.get("end", ""))
            most = question.number("maxValues", 0)
            return self._answer([self._series(name, "", span, most) for name in names])
        return self._answer(
            [
                series
                for archive in _objects(archives, "archives")
                for series in self._archive_series(archive)
            ]
        )

    def _archive_series(self, archive: Any) -> Iterator[Element]:
        """The series of one archive of the body."""
        name = _archive_named(str(member(archive, "name") or ""))
        for variable in _objects(member(archive, "variables"), "variables"):
            yield self._series(
                str(member(variable, "name") or ""),
                name,
                self._own_span(variable),
                _count(member(variable, "maxValues")),
            )

    def _own_span(self, variable: Any) -> tuple[int, int]:
        """The span of one variable; ``range`` is taken as seconds from ``timeFrom``, or up to
        ``timeTo`` or now (its meaning is not known)."""
        start = str(member(variable, "timeFrom") or "")
        end = str(member(variable, "timeTo") or "")
        range_ns = _count(member(variable, "range")) * SECOND_NS
        if not range_ns or (start and end):
            return self._span(start, end)
        if start:
            start_ns = self._times.read(start, "timeFrom")
            return start_ns, start_ns + range_ns
        end_ns = self._times.read(end, "timeTo") if end else self._plant.now_ns()
        return end_ns - range_ns, end_ns

    def _span(self, begin: str, end: str) -> tuple[int, int]:
        """Both bounds in nanoseconds; without them the last hour. Raises Refused 400."""
        end_ns = self._times.read(end, "end") if end else self._plant.now_ns()
        begin_ns = self._times.read(begin, "begin") if begin else end_ns - DEFAULT_SPAN_NS
        if begin_ns > end_ns:
            raise Refused(400, "begin is behind end")
        return begin_ns, end_ns

    def _find(self, name: str, archive: str) -> Variable | None:
        """The archived variable of a name, with or without its archive before it."""
        given, mark, plain = name.rpartition(_MARK)
        if self._names == "wanted" and not mark:
            return None
        variable = self._catalogue.find(plain)
        if variable is None or not variable.archive:
            return None
        own = variable.archive.casefold()
        fits = (not mark or given.casefold() == own) and archive in ("", variable.archive)
        return variable if fits else None

    def _listed_name(self, variable: Variable) -> str:
        return f"{variable.archive}{_MARK}{variable.name}" if self._names else variable.name

    def _told(self, asked: str, variable: Variable) -> str:
        """The name of a series: as it was asked, or with its archive."""
        if self._names and _MARK not in asked:
            return self._listed_name(variable)
        return self._rows.name(asked)

    def _series(self, name: str, archive: str, span: tuple[int, int], most: int) -> Element:
        variable = self._find(name, archive)
        if variable is None:
            row: Element = {"variableName": self._rows.name(name), "values": []}
            return self._rows.with_error(row, NOT_FOUND)
        rows = [] if self._is_empty else self._logged(variable, span, most)
        return {
            "variableName": self._told(name, variable),
            "values": [self._rows.logged(one, variable) for one in rows],
        }

    def _logged(self, variable: Variable, span: tuple[int, int], most: int) -> Sequence[LoggedRow]:
        limit = most or DEFAULT_VALUES
        if self._cap:
            limit = min(limit, self._cap)
        model = self._plant.model
        if self._keeps == "newest":
            rows = model.logged(variable.plant_name, *span, limit=limit, descending=True)[::-1]
        elif self._keeps == "spread":
            rows = model.logged(variable.plant_name, *span)
            rows = rows[:: max(-(-len(rows) // limit), 1)]
        else:
            rows = model.logged(variable.plant_name, *span, limit=limit)
        if self._order == "reversed":
            return rows[::-1]
        if self._order == "mixed":
            return rows[::2] + rows[1::2]
        return [row for row in rows for _ in range(2)] if self._order == "twice" else rows

    def _answer(self, series: list[Element]) -> Answer:
        """The series in the shape that a switch wants."""
        content: Any = series
        if self._shape == "flat":
            content = [
                {"variableName": one["variableName"], **row}
                for one in series
                for row in one["values"]
            ]
            # What has no row has nothing to stand beside.
            content += [
                {key: part for key, part in one.items() if key != "values"}
                for one in series
                if "error" in one
            ]
        elif self._shape == "columns":
            for one in series:
                rows = one.pop("values")
                for key in rows[0] if rows else ():
                    one[f"{key}s"] = [row[key] for row in rows]
        elif self._shape == "map":
            return Answer({one["variableName"]: one["values"] for one in series})
        return Answer(self._spelling.wrapped(content, "values"), names=len(series))


def _archive_named(name: str) -> str:
    folded = name.casefold()
    for archive in ARCHIVES.values():
        if archive.casefold() == folded:
            return archive
    raise Refused(404, "Not Found")


def _timer_name(timer: tuple[str, int, int]) -> str:
    return timer[0]


def _timer(timer: tuple[str, int, int]) -> Element:
    name, base_ms, factor = timer
    return {"timerName": name, "timeBase": base_ms, "timeFactor": factor}


def _objects(found: Any, name: str) -> list[Any]:
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise Refused(400, f"The body needs “{name}”, a list of objects")
    return found


def _count(value: Any) -> int:
    """A number in a body that may be missing, or a text."""
    if value in (None, ""):
        return 0
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = -1
    if count < 0:
        raise Refused(400, f"{value!r} is no number")
    return count
