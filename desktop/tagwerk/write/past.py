"""The list of last writes, made from the audit's entries; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import parse_time
from tagwerk.write.audit import Entry
from tagwerk.write.request import Outcome, PastWrite, WriteResult


def past_writes(entries: Sequence[Entry]) -> list[PastWrite]:
    """The writes among audit entries, newest first; entries that make no sense are left out."""
    found: dict[str, PastWrite] = {}
    for entry in entries:
        try:
            identifier = str(entry["id"]) if "id" in entry else ""
            if entry.get("event") == "write_intent":
                found[identifier] = PastWrite(
                    identifier,
                    str(entry["tag"]),
                    _time_of(entry),
                    entry.get("old"),
                    entry["new"],
                    None,
                    str(entry.get("who", "")),
                    str(entry.get("reason", "")),
                    Outcome.UNVERIFIED,
                    str(entry.get("undo_of", "")),
                )
            elif entry.get("event") in ("write_outcome", "write_settled") and identifier in found:
                outcome = Outcome(entry["outcome"])
                found[identifier] = replace(
                    found[identifier], outcome=outcome, read_back=entry.get("read_back")
                )
        except (KeyError, ValueError, UsageError):
            continue
    return list(found.values())[::-1]


def _time_of(entry: Entry) -> int:
    return parse_time(str(entry["at"]))


def past_of(result: WriteResult) -> PastWrite:
    """The line of the list for a result."""
    request = result.request
    return PastWrite(
        request.id,
        request.name,
        result.started_ns,
        result.old,
        request.value,
        result.read_back,
        request.who,
        request.reason,
        result.outcome,
        request.undo_of,
    )
