"""The log of tags as a field of the schema: bounds, caps, order and flags, as the switches want."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from tagwerk.simulator.access import Caller, Gate, texts_of
from tagwerk.simulator.state import LoggedRow, ModelError
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import UNKNOWN, is_unknown
from tagwerk.simulator.wire import Fields, Wire

if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel

BOUNDING = "BOUNDING"
CAP_WITH_A_SIGN = 1000
_TOO_MANY = ModelError("1", "Too many values: the result was cut")


class LoggedFields:
    """Each ``do_…`` is the field of that name.

    Args:
        short: the plant's name of a name that is asked for; raises ModelError 2.
        now_ns: the plant's time.
    """

    def __init__(
        self,
        model: PlantModel,
        wire: Wire,
        switches: Switches,
        gate: Gate,
        short: Callable[[str], str],
        now_ns: Callable[[], int],
    ) -> None:
        self._model = model
        self._wire = wire
        self._gate = gate
        self._short = short
        self._now_ns = now_ns
        self._sign = switches.text("history-cap-sign")
        self._cap = int(switches.number("history-cap", CAP_WITH_A_SIGN if self._sign else 0))
        exclusive = switches.text("exclusive-bounds")
        self._start_shift_ns = 1 if exclusive in ("both", "start") else 0
        self._end_shift_ns = 1 if exclusive in ("both", "end") else 0
        self._wants_logging_names = switches.on("plain-names-refused")
        self._log_name = switches.text("log-name-as")
        self._empty: list[Fields] | None = None if switches.on("history-null") else []
        self._is_shuffled = switches.on("shuffled")
        self._lacks_bounding = switches.text("bounding-missing")
        self._flags = switches.text("flags-as")
        self._unknown_flag = UNKNOWN["flag"] if is_unknown(switches, "flag") else ""
        self._order = switches.text("history-order")
        self._reshapes = bool(
            self._lacks_bounding or self._flags or self._unknown_flag or self._order or self._sign
        )

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
        span = (
            startTime + self._start_shift_ns,
            (endTime or self._now_ns() + 1) - self._end_shift_ns,
        )
        descending = sortingMode == "TIME_DESC"

        def series(name: str) -> Fields:
            try:
                if problem is not None:
                    raise problem
                return self._series(name, span, maxNumberOfValues, descending, boundingValuesMode)
            except ModelError as refused:
                return {
                    "loggingTagName": self._wire.echo(name),
                    "error": self._wire.error(refused),
                    "values": self._empty,
                }

        listed = texts_of("names", names)
        if self._is_shuffled:
            listed.reverse()
        return (series(name) for name in listed if self._gate.sees(caller, self._wire.short(name)))

    def _series(
        self, name: str, span: tuple[int, int], limit: int, descending: bool, bounding: str
    ) -> Fields:
        """The rows of one name. Raises ModelError."""
        short = self._short(name)
        if self._wants_logging_names and ":" not in short:
            raise ModelError("2", f"the name {name} cannot be resolved")
        log = self._model.logging_tag(short)
        capped = self._cap if self._cap and (not limit or limit > self._cap) else 0
        rows = self._model.logged(
            log.name,
            *span,
            limit=capped or limit,
            descending=descending,
            bounding=bounding,
        )
        error = self._wire.success()
        if self._reshapes:
            is_cut = capped > 0 and sum(not _is_bounding(row) for row in rows) >= capped
            if is_cut and self._sign == "error":
                error = self._wire.error(_TOO_MANY)
            rows = self._reshaped(rows, is_cut=is_cut)
        return {
            "loggingTagName": self._spelled(name, log.name),
            "error": error,
            "values": self._wire.logged_rows(rows, log.data_type) if rows else self._empty,
        }

    def _spelled(self, asked: str, log_name: str) -> str | None:
        if self._log_name == "null":
            return None
        if self._log_name == "tag":
            return self._wire.outward(log_name.partition(":")[0])
        if self._log_name == "asked" or ":" in asked.partition("::")[2]:
            return self._wire.echo(asked)
        return self._wire.outward(log_name)

    def _reshaped(self, rows: Sequence[LoggedRow], *, is_cut: bool) -> list[LoggedRow]:
        """Rows with other flags, in another order, or without some bounding ones."""
        kept = list(rows)
        lacks = self._lacks_bounding
        if kept and lacks in ("left", "both") and _is_bounding(kept[0]):
            del kept[0]
        if kept and lacks in ("right", "both") and _is_bounding(kept[-1]):
            del kept[-1]
        if lacks == "unflagged":
            kept = [row._replace(flags=()) if _is_bounding(row) else row for row in kept]
        if kept and is_cut and self._sign == "flag":
            kept[-1] = kept[-1]._replace(flags=(*(kept[-1].flags or ()), "PARTIAL"))
        if self._unknown_flag:
            kept = [row._replace(flags=(*(row.flags or ()), self._unknown_flag)) for row in kept]
        if self._flags:
            flags = () if self._flags == "empty" else None
            kept = [row._replace(flags=flags) for row in kept]
        if self._order == "reversed":
            kept.reverse()
        elif self._order == "mixed":
            kept = kept[::2] + kept[1::2]
        elif self._order == "twice":
            kept = [row for row in kept for _ in range(2)]
        return kept


def _is_bounding(row: LoggedRow) -> bool:
    return BOUNDING in (row.flags or ())


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
