"""Deciding from what was answered and read back what became of a write.

Pure: no clock, no client; `service` feeds it and asks it. One `Watch` a write.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tagwerk.domain.message import Message, message
from tagwerk.domain.ports import WriteReply
from tagwerk.domain.tags import TagInfo, short_name
from tagwerk.domain.values import ItemError, QualityLevel, Sample, Value
from tagwerk.write.guard import Shown
from tagwerk.write.request import Outcome, same_value

SETTLED_S = 1.5
"""A read-back that shows the same third value for so long has settled: clamped."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known after the one attempt."""

    outcome: Outcome | None
    """None: accepted, read back decides."""
    detail: Message = Message()
    error: ItemError | None = None
    sent: bool = True


class Watch:
    """What the read-back has shown so far, and when that is enough to decide."""

    def __init__(self, wanted: Value, old: Value, info: TagInfo, tolerance: float) -> None:
        self._wanted, self._old, self._info, self._tolerance = wanted, old, info, tolerance
        self.value: Value = None
        self.matched = False
        self._since_s = 0.0
        self._bad_word = ""

    def see(self, sample: Sample, now_s: float) -> None:
        if not is_usable(sample):
            self._bad_word = sample.quality.sub_status or sample.quality.text
            return
        self._bad_word = ""
        self.matched = same_value(sample.value, self._wanted, self._info, self._tolerance)
        if self.value is None or not same_value(sample.value, self.value, self._info):
            self._since_s = now_s
        self.value = sample.value

    def decide(self, answer: Answer, now_s: float, time_is_up: bool) -> Answer | None:
        """The final answer; None to go on watching."""
        accepted = answer.outcome is None
        changed = not same_value(self.value, self._old, self._info)
        if self.matched and (accepted or changed):
            return replace(answer, outcome=Outcome.CONFIRMED, detail=Message())
        settled = self.value is not None and now_s - self._since_s >= SETTLED_S
        third = self.value is not None and changed and not self.matched
        if accepted and settled and third:
            return self._clamped()
        if not time_is_up:
            return None
        if not accepted:
            return answer
        if self.value is None:
            return Answer(Outcome.UNVERIFIED, self._why_no_value())
        if not settled and changed:
            return Answer(
                Outcome.UNVERIFIED,
                message(
                    "The value still moves, last {value}.", value=Shown(self.value, self._info)
                ),
            )
        return self._clamped()

    def _clamped(self) -> Answer:
        asked = Shown(self._wanted, self._info, with_unit=False)
        took = Shown(self.value, self._info, with_unit=False)
        if same_value(self.value, self._old, self._info):
            return Answer(
                Outcome.CLAMPED, message("asked {asked}, kept {took}", asked=asked, took=took)
            )
        return Answer(
            Outcome.CLAMPED, message("asked {asked}, took {took}", asked=asked, took=took)
        )

    def _why_no_value(self) -> Message:
        if self._bad_word:
            return message("Read back with bad quality: {word}.", word=self._bad_word)
        return message("No read-back in time; the write may have happened.")


def answer_of(replies: Sequence[WriteReply], name: str) -> Answer:
    """The reply for our tag, by name, short or full; never by position."""
    wanted = short_name(name)
    for reply in replies:
        if short_name(reply.name) == wanted:
            if reply.error is None:
                return Answer(None)
            text = message(
                "{code}: {description}", code=reply.error.code, description=reply.error.description
            )
            return Answer(Outcome.REJECTED, text, reply.error)
    return Answer(
        Outcome.UNVERIFIED, message("The server said nothing about this tag; it may have happened.")
    )


def is_usable(sample: Sample) -> bool:
    """Whether a sample says what the plant has: a value, no error, not bad."""
    return (
        sample.error is None
        and sample.value is not None
        and sample.quality.level is not QualityLevel.BAD
    )
