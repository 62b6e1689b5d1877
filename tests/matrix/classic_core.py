"""The questions that the client asks of the REST service under every switch, and what is expected.

A subject of the matrix is the demo plant in this process, its time standing still, so that values
and archives can be compared with what the plant itself knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tagwerk.dialects.classic import server_name
from tagwerk.domain.connection import Capability
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind

SP, PV, HORN, TEXT, COUNT = (
    "TIC2120.SP",
    "TIC2120.PV",
    "Alarm horn",
    "Schichtführer",
    "Offset Waage #2",
)
LIMITED = "TIC2120.SP"
READ_ONLY, UNKNOWN = "TIC2120.PV", "Nowhere.To.Be.Found"
ASKED = (SP, PV, HORN, TEXT, COUNT)
SPAN_NS = 30_000_000_000


@dataclass
class Seen:
    """Answers by question; an error as its class and code."""

    answers: dict[str, Any] = field(default_factory=dict)

    async def ask(self, question: str, asking: Any) -> Any:
        """Keep an answer, or how it failed."""
        try:
            found = await asking
        except TagwerkError as problem:
            found = f"{type(problem).__name__}: {problem.code}"
        self.answers[question] = found
        return found


async def ask_everything(client: Any, now_ns: int, *, lists: bool = True) -> dict[str, Any]:
    """All questions once, those for whole lists only where `lists`; the plant is left as it was."""
    seen = Seen()
    items = await seen.ask("browse", client.browse()) if lists else None
    if isinstance(items, list):
        kinds = [item.kind for item in items]
        seen.answers["browse"] = {
            kind.value: kinds.count(kind) for kind in sorted(set(kinds), key=str)
        }
        seen.answers["named"] = sorted(
            server_name(item.name) for item in items if item.kind is TagKind.TAG
        )
    samples = await seen.ask("read", client.read([*ASKED, UNKNOWN]))
    if isinstance(samples, list):
        by_name = {sample.name: sample for sample in samples}
        seen.answers["read"] = {
            name: (by_name[name].value, by_name[name].quality.level.value, by_name[name].time_ns)
            for name in ASKED
        }
        seen.answers["unknown"] = by_name[UNKNOWN].error is not None
    for question, name, value in (
        ("write", SP, 21.5),
        ("write back", SP, 22.0),
        ("write text", TEXT, "Jörg Müßig"),
        ("refused", READ_ONLY, 5.0),
        ("unknown write", UNKNOWN, 1.0),
    ):
        replies = await seen.ask(question, client.write([WriteItem(name, value)]))
        if isinstance(replies, list):
            seen.answers[question] = (
                "unknown" if not replies else "refused" if replies[0].error else "done"
            )
        if question == "write":
            again = await seen.ask("read back", client.read([SP]))
            if isinstance(again, list):
                seen.answers["read back"] = again[0].value
    series = await seen.ask("history", client.history([PV], now_ns - SPAN_NS, now_ns))
    if isinstance(series, list):
        one = series[0]
        seen.answers["history"] = (
            one.error.code if one.error else [(point.time_ns, point.value) for point in one.points]
        )
    for question, asking in (
        ("alarms", client.active_alarms()),
        ("logged alarms", client.logged_alarms(now_ns - 86_400_000_000_000, now_ns)),
    ):
        alarms = await seen.ask(question, asking)
        if isinstance(alarms, list):
            seen.answers[question] = sorted(
                (alarm.name, alarm.state.value, alarm.text, alarm.raise_time_ns) for alarm in alarms
            )
    limits = await seen.ask("limits", client.tag_limits()) if lists else None
    if isinstance(limits, dict):
        seen.answers["limits"] = len(limits)
    able = client.capabilities
    seen.answers["able"] = sorted(one.value for one in Capability if one in able)
    seen.answers["filters"] = client.alarm_filters
    return seen.answers
