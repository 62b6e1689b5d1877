"""Acknowledging and resetting from the window: what may be sent, asking, sending, keeping the reply.

The plant's write service sends and audits; here is only what the user is asked and told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from tagwerk.domain.alarms import Alarm, AlarmAction, AlarmReply
from tagwerk.domain.connection import Capability, LinkState
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import message
from tagwerk.plant import Plant
from tagwerk.ui.alarms.acknowledge import AcknowledgeDialog
from tagwerk.ui.alarms.notes import Note, NoteKind, Notes, note_of
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.tasks import TaskScope

CAPABILITY = {
    AlarmAction.ACKNOWLEDGE: Capability.ACKNOWLEDGE,
    AlarmAction.RESET: Capability.RESET,
}
_REPLIES = {
    "no_answer": message("no answer"),
    "cancelled": message("cancelled"),
}


def missing_text(plant: Plant | None, capability: Capability) -> str:
    """Why the plant cannot do it for this user; "" when it can."""
    if plant is None:
        return tr("no plant is connected")
    reason = plant.status.capabilities.reason(capability)
    return reason_in_words(reason) if reason else ""


class AlarmOperator(QObject):
    """Acknowledges and resets for one panel.

    Args:
        tasks: scope of the panel.
        owner: parent of the dialog.
        plant: the plant on show, or None.

    Signals:
        changed: notes changed; table, strip and buttons look again.
    """

    changed = Signal()

    def __init__(self, tasks: TaskScope, owner: QWidget, plant: Callable[[], Plant | None]) -> None:
        super().__init__(owner)
        self._tasks = tasks
        self._owner = owner
        self._plant = plant
        self.notes = Notes()
        self.dialog: AcknowledgeDialog | None = None

    def waiting(self, action: AlarmAction, alarms: Sequence[Alarm]) -> list[Alarm]:
        """Those of the alarms that wait for the operation and are not being sent already."""
        # Tens of thousands where all are selected.
        if action is AlarmAction.ACKNOWLEDGE:
            waiting = [alarm for alarm in alarms if alarm.needs_acknowledgement]
        else:
            waiting = [alarm for alarm in alarms if alarm.needs_reset]
        return [alarm for alarm in waiting if not self.notes.is_sending(alarm.key)]

    def why_not(self, action: AlarmAction, alarms: Sequence[Alarm]) -> str:
        """Why the operation cannot be done on these alarms now; "" when it can."""
        return self.why_not_of(action, len(alarms), len(self.waiting(action, alarms)))

    def why_not_of(self, action: AlarmAction, selected: int, waiting: int) -> str:
        """As `why_not`, for so many alarms of which so many wait."""
        plant = self._plant()
        missing = missing_text(plant, CAPABILITY[action])
        if missing:
            return missing
        if plant is not None and plant.status.state is LinkState.STALE:
            return tr("the server gives no sign of life, nothing can be sent")
        if plant is None or plant.alarms.is_stale:
            return tr("the link is down, nothing can be sent")
        if not selected:
            return tr("no alarm is selected")
        if waiting:
            return ""
        if action is AlarmAction.ACKNOWLEDGE:
            return tr("none of the selected alarms waits for it")
        return tr("none of the selected alarms waits for a reset")

    def run(self, action: AlarmAction, alarms: Sequence[Alarm]) -> None:
        """Send for one alarm; ask first when it would be several."""
        if self.why_not(action, alarms):
            return
        waiting = self.waiting(action, alarms)
        if len(waiting) == 1:
            self.send(action, waiting)
            return
        if self.dialog is not None:
            self.dialog.close()
        dialog = AcknowledgeDialog(action, alarms, waiting, self._owner.window())
        dialog.confirmed.connect(lambda chosen: self.send(action, chosen))
        dialog.finished.connect(self._dialog_closed)
        self.dialog = dialog
        dialog.open()

    def _dialog_closed(self, _result: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def send(self, action: AlarmAction, alarms: Sequence[Alarm]) -> None:
        """Send once for those that still wait: what changed while the dialog was open is left out."""
        plant = self._plant()
        if plant is None:
            return
        now = [plant.alarms.get(alarm.key) for alarm in alarms]
        ready = self.waiting(action, [alarm for alarm in now if alarm is not None])
        if not ready or self.why_not(action, ready):
            return
        for alarm in ready:
            self.notes.set(alarm.key, Note(NoteKind.SENDING, action))
        self.changed.emit()
        self._tasks.start(self._send(plant, action, ready), f"alarms-{action.value}")

    async def _send(self, plant: Plant, action: AlarmAction, alarms: list[Alarm]) -> None:
        unknown = Note(NoteKind.UNVERIFIED, action)
        outcome = {alarm.key: unknown for alarm in alarms}
        try:
            for reply in await plant.writes.act_on_alarms(action, alarms):
                outcome[reply.key] = note_of(reply, action, _explain(reply))
        except TagwerkError as error:
            failed = Note(NoteKind.REJECTED, action, error.code, tr_message(error.text))
            outcome = dict.fromkeys(outcome, failed)
        finally:
            # Another plant may have alarms of the same names: it must not get this one's replies.
            if plant is self._plant():
                for key, note in outcome.items():
                    self.notes.set(key, note)
                    self.notes.settle(key, plant.alarms.get(key))
                self.changed.emit()

    def settle(self, plant: Plant) -> None:
        """Drop the notes that the alarms themselves have answered."""
        settled = [
            key for key in self.notes.keys_shown() if self.notes.settle(key, plant.alarms.get(key))
        ]
        if settled:
            self.changed.emit()

    def dismiss(self) -> None:
        """The user has seen what went wrong."""
        self.notes.dismiss()
        self.changed.emit()

    def forget(self) -> None:
        """Another plant: its alarms have nothing to do with these notes."""
        self.notes.clear()
        if self.dialog is not None:
            self.dialog.close()
        self.changed.emit()


def _explain(reply: AlarmReply) -> str:
    """The reply's reason in the user's language; the server's own words as they are."""
    if reply.error is None:
        return ""
    known = _REPLIES.get(reply.error.code)
    if known is not None:
        return tr_message(known)
    return reason_in_words(reply.error.description)
