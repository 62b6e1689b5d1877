"""The table of a self test: rows, as they come, to the terminal and to a file.

A windowed program has no terminal, and a program that dies in the middle shall have said how far it
came: each row is written at once, everywhere. Knows nothing of what is tested.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TextIO

from tagwerk.domain.message import Message, message

STEP_WIDTH = 22
RESULT_WIDTH = 8
_MS_WIDTH = 6


class Outcome(Enum):
    """How a step went."""

    FINE = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


OUTCOME_WORDS = {
    Outcome.FINE: message("OK"),
    Outcome.WARNING: message("warning"),
    Outcome.FAILED: message("FAILED"),
    Outcome.SKIPPED: message("left out"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One step.

    Args:
        step: what was tested.
        outcome: how it went.
        detail: what was seen.
        cure: what to do about it; empty when all is well.
        took_ms: so long it took.
    """

    step: Message
    outcome: Outcome
    detail: Message = field(default_factory=Message)
    cure: Message = field(default_factory=Message)
    took_ms: float = 0.0


class Table:
    """Writes rows to all `streams`, and keeps them.

    Args:
        streams: a terminal, a file; one that cannot be written to is left out from then on.
        translate: gives a message in the user's language.
    """

    def __init__(
        self, streams: Iterable[TextIO], translate: Callable[[Message], str] = str
    ) -> None:
        self._streams = list(streams)
        self.translate = translate
        self.rows: list[Row] = []
        self._began_s = time.perf_counter()

    @property
    def has_failed(self) -> bool:
        """Whether a step failed, or was left out because another one did."""
        return any(row.outcome in (Outcome.FAILED, Outcome.SKIPPED) for row in self.rows)

    def begin(self, lines: Sequence[str]) -> None:
        """Head lines, and the names of the columns."""
        for line in lines:
            self._write(line)
        self._write("")
        step, result, detail = (
            self.translate(word) for word in (message("Step"), message("Result"), message("Detail"))
        )
        self._write(f"{step:<{STEP_WIDTH}} {result:<{RESULT_WIDTH}} {'ms':>{_MS_WIDTH}}  {detail}")

    def add(self, row: Row) -> None:
        """One row, at once."""
        self.rows.append(row)
        step, result = self.translate(row.step), self.translate(OUTCOME_WORDS[row.outcome])
        detail = " ".join(self.translate(row.detail).split())
        took = f"{row.took_ms:.0f}" if row.outcome is not Outcome.SKIPPED else ""
        self._write(f"{step:<{STEP_WIDTH}} {result:<{RESULT_WIDTH}} {took:>{_MS_WIDTH}}  {detail}")
        if row.cure:
            indent = " " * (STEP_WIDTH + RESULT_WIDTH + _MS_WIDTH + 4)
            self._write(f"{indent}→ {self.translate(row.cure)}")

    def end(self) -> None:
        """The last line: how many of which, and how long it took."""
        counts = {one: sum(row.outcome is one for row in self.rows) for one in Outcome}
        took_s = f"{time.perf_counter() - self._began_s:.1f}"
        self._write("")
        self._write(
            self.translate(
                message(
                    "{fine} OK · warnings {warnings} · failed {failed} · left out {skipped} · {seconds} s",
                    fine=counts[Outcome.FINE],
                    warnings=counts[Outcome.WARNING],
                    failed=counts[Outcome.FAILED],
                    skipped=counts[Outcome.SKIPPED],
                    seconds=took_s,
                )
            )
        )
        verdict = message("SELF TEST FAILED") if self.has_failed else message("SELF TEST PASSED")
        self._write(self.translate(verdict))

    def _write(self, line: str) -> None:
        for stream in list(self._streams):
            try:
                stream.write(line.rstrip() + "\n")
                stream.flush()
            except (OSError, ValueError):
                with contextlib.suppress(ValueError):
                    self._streams.remove(stream)
