"""Small sentences of the doctor's window: times, sizes, what works here, the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from tagwerk.domain.connection import Capabilities, Capability, ProbeResult, Step, StepName
from tagwerk.domain.text import format_number
from tagwerk.domain.verdict import Verdict
from tagwerk.ui.i18n import number_style, tr, tr_n
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.status_words import host_of, product_in_words, redundancy_in_words

_KILO = 1000
_TOLERANCE_S = 2.0


@dataclass(frozen=True, slots=True)
class Ability:
    """One line of "What works here".

    Args:
        text: what.
        icon, role: Lucide name and colour role.
        note: why not, or how; "" for nothing.
    """

    text: str
    icon: str
    role: str
    note: str = ""


def time_text(ms: float) -> str:
    """``12 ms``, ``1.4 s``."""
    if ms >= _KILO:
        return f"{format_number(ms / _KILO, 1, number_style())} s"
    return f"{format_number(round(ms), 0, number_style())} ms"


def bytes_text(count: int) -> str:
    """``640 B``, ``12.5 kB``, ``1.2 MB``."""
    if count < _KILO:
        return f"{count} B"
    if count < _KILO * _KILO:
        return f"{format_number(count / _KILO, 1, number_style())} kB"
    return f"{format_number(count / _KILO**2, 1, number_style())} MB"


def traffic_text(requests: int, size: int) -> str:
    """What this check cost the server."""
    return tr_n(
        "{count} request, {size}, secrets blacked out",
        "{count} requests, {size}, secrets blacked out",
        requests,
        size=bytes_text(size),
    )


def counts_in_words(verdict: Verdict, result: ProbeResult) -> str:
    """The line below the headline."""
    total = verdict.fine + verdict.failed + verdict.minor
    parts = [tr("{fine} of {all} checks are fine", fine=verdict.fine, all=total)]
    if verdict.failed:
        parts.append(tr("{count} failed", count=verdict.failed))
    if verdict.minor:
        parts.append(tr_n("{count} needs a look", "{count} need a look", verdict.minor))
    when = dt.datetime.fromtimestamp(result.at_ns / 1e9).astimezone()
    checked = tr(
        "Checked on {day} at {time}, took {seconds} s.",
        day=when.strftime("%Y-%m-%d"),
        time=when.strftime("%H:%M:%S"),
        seconds=format_number(result.took_ms / _KILO, 1, number_style()),
    )
    return f"{', '.join(parts)}. {checked}"


def server_facts(result: ProbeResult) -> list[tuple[str, str]]:
    """Runtime, system, redundancy and so on, as far as they are known."""
    server = result.server
    runtime = " ".join(part for part in (server.get("product"), server.get("version")) if part)
    round_trip = ""
    if server.get("round_trip_ms"):
        round_trip = tr(
            "{median} ms, worst {worst} ms",
            median=server["round_trip_ms"],
            worst=server.get("round_trip_worst_ms", "?"),
        )
    rows = [
        (tr("Address"), host_of(result.url)),
        (tr("Runtime"), product_in_words(runtime)),
        (tr("System"), server.get("systems", "")),
        (tr("Redundancy"), redundancy_in_words(server.get("redundancy", ""))),
        (tr("Web server"), server.get("web_server", "")),
        (tr("User"), result.session.user if result.session is not None else ""),
        (tr("Round trip"), round_trip),
    ]
    return [(name, text) for name, text in rows if text]


def abilities(result: ProbeResult) -> list[Ability]:
    """What works here, for this user; empty as long as nobody could sign in."""
    able = result.capabilities
    if not able.available and not able.reasons:
        return []
    if (Capability.READ in able) == (Capability.BROWSE in able):
        lines = [_ability(tr("Read, browse"), able, Capability.READ, Capability.BROWSE)]
    else:
        lines = [
            _ability(tr("Read"), able, Capability.READ),
            _ability(tr("Browse"), able, Capability.BROWSE),
        ]
    lines += [
        _ability(tr("History"), able, Capability.HISTORY),
        _ability(tr("Write, read back"), able, Capability.WRITE),
        _ability(tr("Acknowledge, reset"), able, Capability.ACKNOWLEDGE, Capability.RESET),
        _ability(tr("Shelve"), able, Capability.SHELVE),
    ]
    push = {step.step: step for step in result.steps}.get(StepName.PUSH)
    polled = Capability.PUSH not in able or (push is not None and _failed(push))
    for text, needed in ((tr("Values"), Capability.READ), (tr("Alarms"), Capability.ALARMS)):
        if needed not in able:
            lines.append(_ability(text, able, needed))
        elif polled:
            lines.append(Ability(text, "refresh-cw", "uncertain", tr("polled")))
        else:
            lines.append(Ability(text, "check", "text2", tr("pushed")))
    return lines


def _failed(step: Step) -> bool:
    return step.ok is False and not step.is_minor


def _ability(text: str, able: Capabilities, *needed: Capability) -> Ability:
    missing = [one for one in needed if one not in able]
    if not missing:
        return Ability(text, "check", "text2")
    return Ability(text, "x", "text3", reason_in_words(able.reason(missing[0])))


def clock_words(result: ProbeResult) -> str:
    """How server and computer stand, and what that means; "" when it is not known."""
    told = result.server.get("clock_offset_s", "")
    if not told:
        return ""
    offset_s = float(told)
    seconds = format_number(abs(offset_s), 1, number_style())
    if abs(offset_s) <= _TOLERANCE_S:
        return tr("Server and this computer agree.")
    effect = tr("Times in tables are the server's. Ages are corrected by the difference.")
    if offset_s < 0:
        return f"{tr('Server time is {seconds} s behind.', seconds=seconds)} {effect}"
    return f"{tr('Server time is {seconds} s ahead.', seconds=seconds)} {effect}"
