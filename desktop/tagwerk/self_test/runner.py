"""Runs the steps of a self test one after the other, each bounded, and writes their rows.

Whatever a step raises becomes its row: a test that ends with a trace has tested nothing behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.self_test.rows import Outcome, Row, Table

STEP_S = 20.0
"""So long one waiting step may take, unless the whole test was given more time than usual."""

_LOOK_S = 0.02
_INSTALL = message("Install the program anew. If it stays, pass this table on.")


class Faulty(TagwerkError):
    """A step found what must not be."""


@dataclass(frozen=True, slots=True)
class Told:
    """A step went through, but someone should know: a warning with its cure."""

    detail: Message
    cure: Message = field(default_factory=Message)


Finding = Message | Told


class Runner:
    """Runs steps into a table.

    Args:
        table: gets a row a step.
        step_s: so long one waiting step may take.

    Attributes:
        running: the step that runs now; empty between two.
    """

    def __init__(self, table: Table, step_s: float = STEP_S) -> None:
        self.table = table
        self.step_s = step_s
        self.running = Message()

    def run(self, step: Message, work: Callable[[], Finding]) -> bool:
        """Run a step that does not wait; whether it went through."""
        began_s = self._begin(step)
        try:
            found = work()
        except Exception as problem:  # noqa: BLE001 - a door: what a step raises is its row
            return self._failed(step, problem, began_s)
        return self._found(step, found, began_s)

    async def wait(self, step: Message, work: Callable[[], Awaitable[Finding]]) -> bool:
        """Run a step that waits; whether it went through in time."""
        began_s = self._begin(step)
        try:
            async with asyncio.timeout(self.step_s):
                found = await work()
        except TimeoutError:
            late = Faulty(
                "not within {seconds} s",
                cure="Try again when the computer has less to do. If it stays, pass this table on.",
                seconds=f"{self.step_s:g}",
            )
            return self._failed(step, late, began_s)
        except Exception as problem:  # noqa: BLE001 - a door: what a step raises is its row
            return self._failed(step, problem, began_s)
        return self._found(step, found, began_s)

    def skip(self, step: Message, because: Message) -> None:
        """A step that cannot be run, since `because` failed."""
        why = message("because “{step}” failed", step=because)
        self.table.add(Row(step, Outcome.SKIPPED, why))

    def _begin(self, step: Message) -> float:
        self.running = step
        return time.perf_counter()

    def _found(self, step: Message, found: Finding, began_s: float) -> bool:
        told = found if isinstance(found, Told) else Told(found)
        outcome = Outcome.WARNING if isinstance(found, Told) else Outcome.FINE
        self._add(Row(step, outcome, told.detail, told.cure), began_s)
        return True

    def _failed(self, step: Message, problem: Exception, began_s: float) -> bool:
        if isinstance(problem, TagwerkError):
            row = Row(step, Outcome.FAILED, problem.text, problem.cure_text or _INSTALL)
        else:
            said = LIVE_SECRETS.redactor().text(f"{type(problem).__name__}: {problem}")
            row = Row(step, Outcome.FAILED, message("{said}", said=said), _INSTALL)
        self._add(row, began_s)
        return False

    def _add(self, row: Row, began_s: float) -> None:
        self.running = Message()
        took_ms = (time.perf_counter() - began_s) * 1000
        self.table.add(Row(row.step, row.outcome, row.detail, row.cure, took_ms))


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a state; the runner gives up for us."""
    # Stores and window tell their news in frames, to whoever looks: there is nothing to wait on.
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_S)
