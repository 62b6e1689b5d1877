"""Columns and texts of the traffic table, for painting, copying and screen readers alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tagwerk.domain.connection import LinkState
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import EM_DASH, format_number, format_time
from tagwerk.domain.traffic import NEVER_UP, Exchange, TrafficKind
from tagwerk.ui.i18n import number_style, tr_message
from tagwerk.ui.status_words import NOT_UP_YET, STATE_WORDS


class Column(Enum):
    """The columns, from left to right."""

    TIME = "time"
    KIND = "kind"
    WHAT = "what"
    STATUS = "status"
    SENT = "sent"
    RECEIVED = "received"
    MS = "ms"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class ColumnLook:
    """How a column is shown.

    Args:
        width: pixels at normal density; 0 takes what the others leave.
        right: numbers stand on the right.
        drop: the higher, the earlier it goes when there is no room; 0 stays.
    """

    column: Column
    title: Message
    width: int
    right: bool = False
    drop: int = 0


COLUMNS = (
    ColumnLook(Column.TIME, message("Time"), 104),
    ColumnLook(Column.KIND, message("Kind"), 104, drop=3),
    ColumnLook(Column.WHAT, message("Operation"), 156),
    ColumnLook(Column.STATUS, message("Status"), 58, right=True),
    ColumnLook(Column.SENT, message("Sent"), 74, right=True, drop=4),
    ColumnLook(Column.RECEIVED, message("Received"), 84, right=True, drop=2),
    ColumnLook(Column.MS, message("ms"), 70, right=True, drop=1),
    ColumnLook(Column.NOTE, message("Note"), 0),
)
INDEX = {look.column: index for index, look in enumerate(COLUMNS)}
KIND_TEXTS = {
    TrafficKind.HTTP: message("Request"),
    TrafficKind.SENT: message("Sent"),
    TrafficKind.RECEIVED: message("Received"),
    TrafficKind.EVENT: message("Event"),
}
KIND_ICONS = {
    TrafficKind.HTTP: "arrow-up-down",
    TrafficKind.SENT: "arrow-up",
    TrafficKind.RECEIVED: "arrow-down",
    TrafficKind.EVENT: "plug",
}
_EVENTS: dict[str, Message] = {
    "connected": message("HTTP connection opened"),
    "socket opened": message("Socket opened"),
    "socket closed": message("Socket closed"),
    "socket": message("Socket"),
    NEVER_UP: NOT_UP_YET,
    **{state.value: STATE_WORDS[state] for state in LinkState if state in STATE_WORDS},
}


def size_text(size: int) -> str:
    """``812 B``, ``12.4 kB``, ``3.1 MB``; a dash for nothing."""
    if not size:
        return EM_DASH
    if size < 1000:
        return f"{size} B"
    for unit in ("kB", "MB"):
        size_in_unit = size / (1e3 if unit == "kB" else 1e6)
        if size_in_unit < 999.95:
            break
    return f"{format_number(size_in_unit, 1, number_style())} {unit}"


def what_text(exchange: Exchange) -> str:
    """The operation as the server calls it, or the event in the user's language."""
    if exchange.kind is TrafficKind.EVENT and exchange.what in _EVENTS:
        return tr_message(_EVENTS[exchange.what])
    return exchange.what


def cell_text(exchange: Exchange, column: Column) -> str:
    """What stands in a cell."""
    if column is Column.TIME:
        return format_time(exchange.at_ns, zone=None)[11:]
    if column is Column.KIND:
        return tr_message(KIND_TEXTS[exchange.kind])
    if column is Column.WHAT:
        return what_text(exchange)
    if column is Column.STATUS:
        return str(exchange.status) if exchange.status else EM_DASH
    if column is Column.SENT:
        return size_text(exchange.sent_bytes)
    if column is Column.RECEIVED:
        return size_text(exchange.received_bytes)
    if column is Column.MS:
        return format_number(exchange.ms, 1, number_style()) if exchange.ms else EM_DASH
    said = exchange.problem or exchange.note
    return " ".join(tr_message(said).split())
