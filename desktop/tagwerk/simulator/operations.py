"""What each field of the schema does on the plant, in one place to ask.

Independent of how it is called: by the GraphQL executor or by a compiled query. Answers are dicts
in the schema's spelling (see `wire`); refusals are GraphQLErrors with a code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tagwerk.simulator.access import Caller, Gate
from tagwerk.simulator.alarm_fields import AlarmFields
from tagwerk.simulator.logged_fields import LoggedFields
from tagwerk.simulator.session_fields import SessionFields
from tagwerk.simulator.sessions import SessionStore
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.tag_fields import TagFields
from tagwerk.simulator.wire import Wire
from tagwerk.simulator.writes_played import WritesPlayed

if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel


class Operations:
    """The fields of Query and Mutation, with the rules of access before them.

    Args:
        model: the plant.
        sessions: who is logged in.
        wire: spelling of answers.
        switches: variants to be played.
        now_ns: the plant's time.
        writes: the way of written values; one of its own when None.
    """

    def __init__(
        self,
        model: PlantModel,
        sessions: SessionStore,
        wire: Wire,
        switches: Switches,
        now_ns: Callable[[], int],
        writes: WritesPlayed | None = None,
    ) -> None:
        self.model = model
        self.wire = wire
        self.gate = Gate(switches)
        self.tags = TagFields(
            model, wire, switches, self.gate, now_ns, writes or WritesPlayed(model, switches)
        )
        self.alarms = AlarmFields(model, wire, switches, self.gate, now_ns)
        logged = LoggedFields(model, wire, switches, self.gate, self.tags.short, now_ns)
        groups = (SessionFields(sessions, wire, switches), self.tags, logged, self.alarms)
        self._fields: dict[str, Callable[..., Any]] = {
            name.removeprefix("do_"): getattr(group, name)
            for group in groups
            for name in dir(group)
            if name.startswith("do_")
        }

    def run(self, field: str, caller: Caller, arguments: dict[str, Any]) -> Any:
        """Check and do one field; the result may be awaitable.

        Raises:
            GraphQLError: refused as a whole.
        """
        self.gate.check(field, caller)
        return self._fields[field](caller, **arguments)
