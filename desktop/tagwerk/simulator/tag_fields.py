"""Tags as fields of the schema: browse, read, write, and their log."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tagwerk.simulator.access import Caller, Gate, refusal, texts_of
from tagwerk.simulator.filters import browse_filter
from tagwerk.simulator.state import ModelError, TagState
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import Fields, Wire

if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel


class TagFields:
    """Each ``do_…`` is the field of that name."""

    def __init__(
        self,
        model: PlantModel,
        wire: Wire,
        switches: Switches,
        gate: Gate,
        now_ns: Callable[[], int],
    ) -> None:
        self._model = model
        self._wire = wire
        self._switches = switches
        self._gate = gate
        self._now_ns = now_ns

    def do_browse(
        self,
        caller: Caller,
        nameFilters: Sequence[str | None],
        objectTypeFilters: Sequence[str | None],
        baseTypeFilters: Sequence[str | None],
        language: str,
    ) -> Iterator[Fields]:
        keep = browse_filter(
            texts_of("nameFilters", nameFilters),
            texts_of("objectTypeFilters", objectTypeFilters),
            texts_of("baseTypeFilters", baseTypeFilters),
            self._wire.system,
        )
        outward = self._wire.outward
        hides = self._gate.hides

        def rows() -> Iterator[Fields]:
            for item in self._model.browse():
                if keep(item) and not (hides and not self._gate.sees(caller, item.name)):
                    display = item.display
                    yield {
                        "name": outward(item.name),
                        "displayName": display.get(language) or display.get("en-US", item.name),
                        "objectType": item.object_type,
                        "dataType": item.data_type,
                    }

        return rows()

    def state(self, asked: str) -> TagState:
        """The tag of a name.

        Raises:
            ModelError: 2 cannot be resolved, 202 a structure.
        """
        return self._model.state(self._wire.short(asked))

    def do_tagValues(
        self,
        caller: Caller,
        names: Sequence[str],
        directRead: bool | None = False,
    ) -> Iterator[Fields]:
        return (
            self.tag_value(name)
            for name in names
            if self._gate.sees(caller, self._wire.short(name))
        )

    def tag_value(self, asked: str) -> Fields:
        """One item of a read or a notification, the reason left out."""
        try:
            state = self.state(asked)
        except ModelError as problem:
            return {
                "name": self._wire.echo(asked),
                "value": None,
                "error": self._wire.error(problem),
            }
        return {
            "name": self._wire.echo(asked),
            "value": self._wire.sample(state.value, state.quality, state.time_ns, state.data_type),
            "error": self._wire.success(),
        }

    def do_writeTagValues(
        self,
        caller: Caller,
        input: Sequence[dict[str, Any] | None],
        timestamp: int | None = None,
        quality: Fields | None = None,
    ) -> list[Fields]:
        replies = []
        for item in input:
            if item is None:
                raise refusal("An item of input is null", "BAD_USER_INPUT")
            problem = None
            try:
                self._model.write(
                    self._wire.short(item["name"]),
                    item["value"],
                    now_ns=self._now_ns(),
                    user=caller.identified.user.name,
                )
            except ModelError as refused:
                problem = refused
            replies.append(
                {"name": self._wire.echo(item["name"]), "error": self._wire.error(problem)}
            )
        return replies

    # Logged values

    def do_loggedTagValues(
        self,
        caller: Caller,
        names: Sequence[str | None],
        startTime: int,
        endTime: int,
        maxNumberOfValues: int,
        sortingMode: str,
        boundingValuesMode: str,
    ) -> Iterator[Fields]:
        problem = _span_problem(startTime, endTime, maxNumberOfValues, sortingMode)
        end_ns = endTime or self._now_ns() + 1
        limit = maxNumberOfValues
        cap = int(self._switches.number("history-cap", 0))
        if cap:
            limit = min(limit, cap) if limit else cap
        shift = 1 if self._switches.on("exclusive-bounds") else 0

        def series(name: str) -> Fields:
            try:
                if problem is not None:
                    raise problem
                log = self._model.logging_tag(self._wire.short(name))
                rows = self._model.logged(
                    log.name,
                    startTime + shift,
                    end_ns - shift,
                    limit=limit,
                    descending=sortingMode == "TIME_DESC",
                    bounding=boundingValuesMode,
                )
            except ModelError as refused:
                return {
                    "loggingTagName": self._wire.echo(name),
                    "error": self._wire.error(refused),
                    "values": [],
                }
            spelled = (
                self._wire.echo(name)
                if ":" in name.partition("::")[2]
                else self._wire.outward(log.name)
            )
            return {
                "loggingTagName": spelled,
                "error": self._wire.success(),
                "values": self._wire.logged_rows(rows, log.data_type),
            }

        return (
            series(name)
            for name in texts_of("names", names)
            if self._gate.sees(caller, self._wire.short(name))
        )


def _span_problem(start_ns: int, end_ns: int, limit: int, sorting: str) -> ModelError | None:
    """The argument rules of logged values; 1970 is "not given"."""
    if not start_ns and not end_ns:
        return ModelError("3", "startTime or endTime is needed")
    if limit < 0:
        return ModelError("3", "maxNumberOfValues must not be negative")
    if start_ns and end_ns:
        return ModelError("3", "startTime is behind endTime") if start_ns > end_ns else None
    if not limit:
        return ModelError("3", "With one bound only, maxNumberOfValues is needed")
    if start_ns and sorting != "TIME_ASC":
        return ModelError("3", "With startTime only, sortingMode must be TIME_ASC")
    if end_ns and sorting != "TIME_DESC":
        return ModelError("3", "With endTime only, sortingMode must be TIME_DESC")
    return None
