"""Watches the process image and tells the alarm engine when a cause comes and goes.

The same rules are applied to whole curves of the past in `past_alarms`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from tagwerk.domain.values import Value
from tagwerk.simulator.alarm_engine import AlarmEngine
from tagwerk.simulator.spec import ConditionSpec
from tagwerk.simulator.state import ProcessTag


class Condition:
    """One alarm's cause, with hysteresis and delay. Bad quality leaves it as it was."""

    __slots__ = (
        "_limit",
        "_limit_tag",
        "_quality",
        "_since_ns",
        "_tags",
        "spec",
        "standing",
        "tag",
    )

    def __init__(self, spec: ConditionSpec, tags: dict[str, ProcessTag]) -> None:
        self.spec = spec
        self.standing = False
        self.tag = tags[spec.tag]
        self._tags = tags
        self._limit_tag = tags[spec.limit] if isinstance(spec.limit, str) else None
        self._limit = None if isinstance(spec.limit, str) else spec.limit
        self._since_ns = -1
        self._quality = self.tag.quality

    @property
    def limit(self) -> float | None:
        if self._limit_tag is not None:
            return cast("float", self._limit_tag.value)
        return self._limit

    @property
    def value(self) -> Value:
        return self._tags[self.spec.value_tag].value

    def parameters(self) -> list[Value]:
        """The values for the alarm's text, in its order."""
        return [
            self.tag.value
            if name == "value"
            else self.limit
            if name == "limit"
            else self._tags[name].value
            for name in self.spec.parameters
        ]

    def holds(self) -> bool:
        """Whether the cause is there, hysteresis included."""
        kind, value = self.spec.kind, self.tag.value
        if self.tag.quality.is_bad or value is None:
            return self.standing
        if kind == "substitute":
            return self.tag.quality.sub_status == "SUBSTITUTE_VALUE"
        if kind == "true":
            return bool(value)
        if kind == "false":
            return not value
        limit = cast("float", self.limit)
        number = cast("float", value)
        if kind == "equals":
            return number == limit
        band = self.spec.hysteresis if self.standing else 0.0
        return number > limit - band if kind == "high" else number < limit + band

    def changed(self, now_ns: int) -> bool:
        """Look again; True when `standing` has just changed."""
        holds = self.holds()
        if holds == self.standing:
            self._since_ns = -1
            return False
        if holds and self.spec.delay_s:
            if self._since_ns < 0:
                self._since_ns = now_ns
            if now_ns - self._since_ns < self.spec.delay_s * 1e9:
                return False
        self._since_ns = -1
        self.standing = holds
        return True

    def quality_changed(self) -> bool:
        """Whether the trigger tag's quality is another than at the last look."""
        if self.tag.quality is self._quality:
            return False
        self._quality = self.tag.quality
        return True


class AlarmWatch:
    """All conditions of a plant.

    Args:
        specs: the conditions.
        tags: the process image.
        engine: told about every change.
    """

    def __init__(
        self, specs: Iterable[ConditionSpec], tags: dict[str, ProcessTag], engine: AlarmEngine
    ) -> None:
        self.conditions = {spec.alarm: Condition(spec, tags) for spec in specs}
        self._listed = list(self.conditions.values())
        self._engine = engine
        engine.on_enabled = self._enabled

    def evaluate(self, now_ns: int) -> None:
        """Look at every condition."""
        for condition in self._listed:
            if condition.quality_changed() and condition.standing:
                self._engine.change_quality(condition.spec.alarm, condition.tag.quality, now_ns)
            if condition.changed(now_ns):
                if condition.standing:
                    self.raise_now(condition, now_ns)
                else:
                    self._engine.clear_alarm(condition.spec.alarm, now_ns)
        self._engine.tick(now_ns)

    def raise_now(self, condition: Condition, now_ns: int) -> None:
        """Raise a condition's alarm with the values of this moment."""
        self._engine.raise_alarm(
            condition.spec.alarm,
            now_ns,
            value=condition.value,
            limit=condition.limit,
            parameters=condition.parameters(),
            quality=condition.tag.quality,
        )

    def _enabled(self, alarm: str, now_ns: int) -> None:
        condition = self.conditions[alarm]
        if condition.standing:
            self.raise_now(condition, now_ns)
