"""The table of calls below the base: path and method → what answers it and which right it needs.

Paths are found in any case; ``{…}`` is a name. The requests are documented or were seen (§C2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from tagwerk.simulator.classic.archives import ArchiveCalls
from tagwerk.simulator.classic.messages import MessageCalls
from tagwerk.simulator.classic.question import Answer, Question
from tagwerk.simulator.classic.tags import TagCalls
from tagwerk.simulator.sessions import READ, WRITE

Calls: TypeAlias = TagCalls | ArchiveCalls | MessageCalls
Handle: TypeAlias = Callable[[Question], Answer]


class Call(NamedTuple):
    """One call: its documented path, and a method of one of the groups of calls."""

    method: str
    path: str
    group: type[Calls]
    answer: str
    right: str = READ


class Target(NamedTuple):
    """What a request has found."""

    call: Call
    handle: Handle


CALLS: tuple[Call, ...] = (
    Call("GET", "tagManagement/Connections", TagCalls, "connections"),
    Call("GET", "tagManagement/Connection/{name}", TagCalls, "connection"),
    Call("GET", "tagManagement/Groups", TagCalls, "groups"),
    Call("GET", "tagManagement/Group/{name}", TagCalls, "group"),
    Call("GET", "tagManagement/StructureTypes", TagCalls, "structure_types"),
    Call("GET", "tagManagement/StructureType/{name}", TagCalls, "structure_type"),
    Call("GET", "tagManagement/StructureVariable/{type}", TagCalls, "structure_variable"),
    Call("POST", "tagManagement/StructureVariables", TagCalls, "structure_variables"),
    Call("GET", "tagManagement/variables", TagCalls, "variables"),
    Call("POST", "tagManagement/variables", TagCalls, "variables"),
    Call("GET", "tagManagement/variable/{tag}", TagCalls, "variable"),
    Call("POST", "tagManagement/Values", TagCalls, "values"),
    Call("GET", "tagManagement/Value/{tag}", TagCalls, "value"),
    Call("PUT", "tagManagement/Values", TagCalls, "write_values", WRITE),
    Call("PUT", "tagManagement/Value/{tag}", TagCalls, "write_value", WRITE),
    Call("GET", "tagLogging/Archives", ArchiveCalls, "archives"),
    Call("GET", "tagLogging/Archive/{archive}", ArchiveCalls, "archive"),
    Call("GET", "tagLogging/Archive/{archive}/Variables", ArchiveCalls, "archive_variables"),
    Call("GET", "tagLogging/Archive/{archive}/Variable/{tag}", ArchiveCalls, "archive_variable"),
    Call("GET", "tagLogging/Variables", ArchiveCalls, "variables"),
    Call("GET", "tagLogging/Variable/{tag}", ArchiveCalls, "variable"),
    Call("GET", "tagLogging/Timers", ArchiveCalls, "timers"),
    Call("GET", "tagLogging/Timer/{name}", ArchiveCalls, "timer"),
    Call("POST", "tagLogging/Archive/{archive}/Values", ArchiveCalls, "archive_values"),
    Call("POST", "tagLogging/Values", ArchiveCalls, "values"),
    Call("GET", "alarmLogging/MessageClasses", MessageCalls, "classes"),
    Call("GET", "alarmLogging/MessageClass/{name}", MessageCalls, "class_"),
    Call("GET", "alarmLogging/MessageTypes", MessageCalls, "types"),
    Call("GET", "alarmLogging/MessageType/{name}", MessageCalls, "type_"),
    Call("GET", "alarmLogging/MessageGroups", MessageCalls, "groups"),
    Call("GET", "alarmLogging/MessageGroup/{name}", MessageCalls, "group"),
    Call("GET", "alarmLogging/MessageBlocks", MessageCalls, "blocks"),
    Call("GET", "alarmLogging/MessageBlock/{name}", MessageCalls, "block"),
    Call("GET", "alarmLogging/Messages", MessageCalls, "messages"),
    Call("GET", "alarmLogging/Message/{number}", MessageCalls, "message"),
    Call("GET", "alarmLogging/LimitValues", MessageCalls, "limit_values"),
    Call("GET", "alarmLogging/LimitValue/{tag}", MessageCalls, "limit_value"),
    Call("GET", "alarmLogging/RestFilters", MessageCalls, "rest_filters"),
    Call("GET", "alarmLogging/RestFilter/{name}", MessageCalls, "rest_filter"),
    Call("GET", "alarmLogging/MessageList/{filter}", MessageCalls, "message_list"),
    Call("GET", "alarmLogging/ShortTermArchive/{filter}", MessageCalls, "short_term_archive"),
    Call("GET", "alarmLogging/LongTermArchive/{filter}", MessageCalls, "long_term_archive"),
    Call("GET", "alarmLogging/HitList/{filter}", MessageCalls, "hit_list"),
    Call("GET", "alarmLogging/LockList/{filter}", MessageCalls, "lock_list"),
    Call("GET", "alarmLogging/Hidelist/{filter}", MessageCalls, "hide_list"),
    Call("GET", "alarmLogging/HiddenMessageList/{filter}", MessageCalls, "hidden_message_list"),
)

_Key: TypeAlias = tuple[str, ...]


class CallTable:
    """Finds the call of a path.

    Args:
        groups: the objects whose methods answer.
    """

    def __init__(self, *groups: Calls) -> None:
        of_type = {type(group): group for group in groups}
        self._targets: dict[_Key, dict[str, Target]] = {}
        for call in CALLS:
            handle = getattr(of_type[call.group], call.answer)
            self._targets.setdefault(_key(call.path.split("/")), {})[call.method] = Target(
                call, handle
            )

    def find(self, segments: list[str]) -> dict[str, Target]:
        """The targets of a path by method; empty when there are none."""
        return self._targets.get(_key(segments), {})


def _key(segments: list[str]) -> _Key:
    """A path's words in lower case; names are all the same to it."""
    return (str(len(segments)), *(one.lower() for one in (*segments[:2], *segments[3:4])))


def names_in(segments: list[str]) -> tuple[str, ...]:
    """The names in a path: its third and fifth segment."""
    return tuple(segments[2::2])
