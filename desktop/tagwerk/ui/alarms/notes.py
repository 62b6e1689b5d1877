"""What became of acknowledging and resetting: a note at the alarm until it is settled.

A note goes when the alarm itself shows that it was done, or when the user dismisses it; it never
goes by time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmKey, AlarmReply
from tagwerk.ui.i18n import tr


class NoteKind(Enum):
    """How it stands with an operation."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    """The server said yes; the alarm will show it with its next notification."""
    REJECTED = "rejected"
    UNVERIFIED = "unverified"
    """Sent, and no answer came: it may have happened."""
    FAILED = "failed"
    """Never left this computer."""


_LOOK = {
    NoteKind.SENDING: ("loader-circle", "accent"),
    NoteKind.ACCEPTED: ("check", "text2"),
    NoteKind.REJECTED: ("circle-x", "bad"),
    NoteKind.UNVERIFIED: ("circle-question-mark", "uncertain"),
    NoteKind.FAILED: ("circle-x", "bad"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """One operation on one alarm.

    Args:
        reason: the server's words, or ours; "" when there is nothing to add.
        code: the server's code.
    """

    kind: NoteKind
    action: AlarmAction
    code: str = ""
    reason: str = ""

    @property
    def icon(self) -> str:
        return _LOOK[self.kind][0]

    @property
    def role(self) -> str:
        return _LOOK[self.kind][1]

    @property
    def is_problem(self) -> bool:
        return self.kind in (NoteKind.REJECTED, NoteKind.UNVERIFIED, NoteKind.FAILED)

    @property
    def short(self) -> str:
        """For the table's cell."""
        match self.kind:
            case NoteKind.SENDING:
                return tr("being sent")
            case NoteKind.ACCEPTED:
                return tr("accepted")
            case NoteKind.REJECTED:
                return tr("rejected {code}", code=self.code).strip()
            case NoteKind.UNVERIFIED:
                return tr("unverified")
        return tr("not sent")

    @property
    def sentence(self) -> str:
        """For the strip above the table and the details."""
        acknowledge = self.action is AlarmAction.ACKNOWLEDGE
        match self.kind:
            case NoteKind.REJECTED if acknowledge:
                said = tr(
                    "The server refused to acknowledge: {reason} ({code})",
                    reason=self.reason,
                    code=self.code,
                )
            case NoteKind.REJECTED:
                said = tr(
                    "The server refused to reset: {reason} ({code})",
                    reason=self.reason,
                    code=self.code,
                )
            case NoteKind.UNVERIFIED:
                said = tr("Sent, but no answer came: it may have happened.")
            case NoteKind.FAILED:
                said = tr("Nothing was sent: {reason}", reason=self.reason)
            case _:
                said = self.short
        return said


def note_of(reply: AlarmReply, action: AlarmAction, explain: str) -> Note:
    """The note of a server's reply; `explain` is the translated reason."""
    if reply.uncertain:
        return Note(NoteKind.UNVERIFIED, action)
    if reply.error is None:
        return Note(NoteKind.ACCEPTED, action)
    kind = NoteKind.REJECTED if reply.sent else NoteKind.FAILED
    return Note(kind, action, reply.error.code, explain)


class Notes:
    """Notes by alarm."""

    def __init__(self) -> None:
        self._by_key: dict[AlarmKey, Note] = {}

    def get(self, alarm: Alarm) -> Note | None:
        # Asked for each row of each picture; mostly there are none.
        return self._by_key.get(alarm.key) if self._by_key else None

    def set(self, key: AlarmKey, note: Note) -> None:
        self._by_key[key] = note

    def settle(self, key: AlarmKey, alarm: Alarm | None) -> bool:
        """Drop the note when the alarm shows that it is done, or has left. True when dropped."""
        note = self._by_key.get(key)
        if note is None or note.kind is NoteKind.SENDING:
            return False
        acknowledge = note.action is AlarmAction.ACKNOWLEDGE
        waits = alarm is not None and (
            alarm.needs_acknowledgement if acknowledge else alarm.needs_reset
        )
        if not waits:
            del self._by_key[key]
        return not waits

    def dismiss(self) -> None:
        """Drop all that went wrong; what is still on its way stays."""
        self._by_key = {key: note for key, note in self._by_key.items() if not note.is_problem}

    def clear(self) -> None:
        self._by_key = {}

    def problems(self) -> list[tuple[AlarmKey, Note]]:
        return [(key, note) for key, note in self._by_key.items() if note.is_problem]

    def keys_shown(self) -> list[AlarmKey]:
        return list(self._by_key)

    def is_sending(self, key: AlarmKey) -> bool:
        if not self._by_key:
            return False
        note = self._by_key.get(key)
        return note is not None and note.kind is NoteKind.SENDING
