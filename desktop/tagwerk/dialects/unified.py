"""The WinCC Unified dialect: operations to send, and what the server can do.

Built once after login from the server's schema. Pure; `tagwerk.link` sends the operations and
hands the answers to the readers in the neighbouring ``unified_*`` modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tagwerk.dialects.base import DialectInfo, Operation
from tagwerk.dialects.names import pattern_matcher as pattern_matcher
from tagwerk.dialects.unified_alarms import wanted_alarm_fields
from tagwerk.dialects.unified_browse import KIND_FILTERS
from tagwerk.dialects.unified_replies import DocumentRefused
from tagwerk.dialects.unified_schema import KNOWN_INPUTS, Schema, SchemaField, Wanted
from tagwerk.dialects.unified_values import format_timestamp
from tagwerk.domain.alarms import AlarmAction, AlarmKey
from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import NotSupported
from tagwerk.domain.ports import WriteItem
from tagwerk.domain.tags import TagKind
from tagwerk.domain.values import Value

INFO = DialectInfo("unified", "WinCC Unified", "/graphql/", 4000, "/graphql")

_ERROR: Wanted = {"code": None, "description": None}
_QUALITY: Wanted = {"quality": None, "subStatus": None, "limit": None, "extendedSubStatus": None}
_VALUE: Wanted = {"value": None, "timestamp": None, "quality": _QUALITY}
SESSION_SELECTIONS = (
    "token expires user { id name fullName language autoLogoffSec groups { id name } } "
    "error { code description }",
    "token expires error { code description }",
    "token error { code description }",
    "token",
)
"""What is asked of a session, ever less: a login comes before the schema is known, and a field
that a version lacks fails the whole document."""

HELLO = Operation("query Hello { __typename }", {}, "__typename")
"""The smallest question: is a GraphQL interface there, and does it live?"""

RIGHT_MISSING = "right_missing"
SCHEMA_LACKS_FIELD = "schema_lacks_field"
SCHEMA_WANTS_MORE = "schema_wants_more"
"""The server insists on an argument that the desk does not know."""


def login_operation(user: str, password: str, selection: int = 0) -> Operation:
    """Log in; `selection` is an index of `SESSION_SELECTIONS`."""
    return Operation(
        "mutation Login($username: String!, $password: String!) "
        "{ login(username: $username, password: $password) "
        f"{{ {SESSION_SELECTIONS[selection]} }} }}",
        {"username": user, "password": password},
        "login",
    )


def extend_operation(selection: int = 0) -> Operation:
    """Renew the session; `selection` as at its login."""
    return Operation(
        f"mutation Extend {{ extendSession {{ {SESSION_SELECTIONS[selection]} }} }}",
        {},
        "extendSession",
    )


LOGOUT = Operation("mutation Logout { logout(allSessions: false) }", {}, "logout")

_ALARM_ARGUMENTS = ("filterString", "filterLanguage", "languages")
_NEEDS: dict[Capability, tuple[str, str, tuple[str, ...]]] = {
    Capability.READ: ("query", "tagValues", ("names",)),
    Capability.WRITE: ("mutation", "writeTagValues", ("input",)),
    Capability.BROWSE: ("query", "browse", ("nameFilters", "objectTypeFilters", "language")),
    Capability.PUSH: ("subscription", "tagValues", ("names",)),
    Capability.HISTORY: (
        "query",
        "loggedTagValues",
        ("names", "startTime", "endTime", "maxNumberOfValues", "sortingMode"),
    ),
    Capability.ALARMS: ("query", "activeAlarms", _ALARM_ARGUMENTS),
    Capability.ALARM_HISTORY: (
        "query",
        "loggedAlarms",
        (*_ALARM_ARGUMENTS, "startTime", "endTime", "maxNumberOfResults"),
    ),
    Capability.ACKNOWLEDGE: ("mutation", "acknowledgeAlarms", ("input",)),
    Capability.RESET: ("mutation", "resetAlarms", ("input",)),
    Capability.SHELVE: ("mutation", "shelveAlarms", ("names", "shelveTimeout")),
    Capability.REDUNDANCY: ("subscription", "reduState", ()),
    Capability.SESSION: ("mutation", "extendSession", ()),
}
"""Root field and the arguments that the desk can give, by capability."""
WRITING = (Capability.WRITE, Capability.ACKNOWLEDGE, Capability.RESET, Capability.SHELVE)
"""What the right “GraphQL read/write access” is needed for."""


class UnifiedDialect:
    """Operations for one server.

    Args:
        schema: what introspection told.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    @property
    def version(self) -> str:
        """A guess from what the schema has, e.g. ``V20 or later``; "" when it was not told."""
        if self.schema.assumed:
            return ""
        if "browse" in self.schema.query:
            return "V20 or later"
        return "V18 or V19"

    def capabilities(self, missing: Mapping[Capability, str] | None = None) -> Capabilities:
        """What the schema offers, less what this user or this network lacks.

        Args:
            missing: reasons by capability; "" is none.
        """
        available: set[Capability] = set()
        reasons: dict[Capability, str] = {}
        for capability, (kind, root, given) in _NEEDS.items():
            if not self.schema.has_field(kind, root):
                reasons[capability] = SCHEMA_LACKS_FIELD
            elif self.schema.lacking_arguments(kind, root, _empty(root, given)):
                reasons[capability] = SCHEMA_WANTS_MORE
            else:
                available.add(capability)
        if Capability.READ not in available:
            reasons[Capability.DIRECT_READ] = reasons[Capability.READ]
        elif self.has_argument("query", "tagValues", "directRead"):
            available.add(Capability.DIRECT_READ)
        else:
            reasons[Capability.DIRECT_READ] = SCHEMA_LACKS_FIELD
        for capability, reason in (missing or {}).items():
            if reason and capability in available:
                available.discard(capability)
                reasons[capability] = reason
        return Capabilities(frozenset(available), reasons)

    def has_argument(self, kind: str, root: str, argument: str) -> bool:
        """Whether a root field takes an argument."""
        target = self.schema.roots(kind).get(root)
        return target is not None and argument in target.arguments

    def _make(
        self, kind: str, root: str, arguments: dict[str, Any], wanted: Wanted | None
    ) -> Operation:
        if root not in self.schema.roots(kind):
            raise NotSupported(
                "This server has no “{field}”.",
                cure="WinCC Unified V20 and later have it.",
                code=SCHEMA_LACKS_FIELD,
                field=root,
            )
        lacking = self.schema.lacking_arguments(kind, root, arguments)
        if lacking:
            raise NotSupported(
                "This server wants more for “{field}” than Tagwerk knows: {lacking}.",
                cure="Report the server's version; until then it cannot be used here.",
                code=SCHEMA_WANTS_MORE,
                field=root,
                lacking=", ".join(lacking),
            )
        return self.schema.operation(kind, root, arguments, wanted)

    def learn(self, operation: Operation, problem: NotSupported) -> bool:
        """Take from a refused document what this server does not have; True when that was news,
        so that the same question, asked anew, is another one.
        """
        kind = operation.text.partition(" ")[0].partition("(")[0]
        said = problem.said if isinstance(problem, DocumentRefused) else (problem.message,)
        learned = self.schema.learned(kind, operation.result, said)
        if learned is None:
            return False
        self.schema = learned
        return True

    def read(self, names: Sequence[str], *, direct: bool = False) -> Operation:
        """Values of many tags."""
        arguments: dict[str, Any] = {"names": list(names)}
        if direct:
            if not self.has_argument("query", "tagValues", "directRead"):
                raise NotSupported(
                    "This server cannot read directly from the controller.",
                    cure="Read without the direct option; WinCC Unified V20 and later have it.",
                    code=SCHEMA_LACKS_FIELD,
                )
            arguments["directRead"] = True
        return self._make(
            "query", "tagValues", arguments, {"name": None, "value": _VALUE, "error": _ERROR}
        )

    def write(self, items: Sequence[WriteItem]) -> Operation:
        """Write values. An empty list writes nothing; only its refusal tells something."""
        rows = [{"name": item.name, "value": _variant(item.value)} for item in items]
        return self._make(
            "mutation", "writeTagValues", {"input": rows}, {"name": None, "error": _ERROR}
        )

    def browse(self, filters: Sequence[str], kinds: Sequence[TagKind], language: str) -> Operation:
        """Objects that match one of `filters`; a kind that the server lacks is not asked for."""
        arguments: dict[str, Any] = {"nameFilters": list(filters), "language": language}
        if kinds:
            taken = self.schema.query.get("browse", SchemaField("")).arguments
            members = taken.get("objectTypeFilters", "").strip("[]!")
            words = [word for kind in kinds for word in KIND_FILTERS[kind]]
            words = [word for word in words if self.schema.spelled(members, word)]
            if words:
                arguments["objectTypeFilters"] = words
        return self._make(
            "query",
            "browse",
            arguments,
            {"name": None, "displayName": None, "objectType": None, "dataType": None},
        )

    def history(
        self,
        names: Sequence[str],
        start_ns: int,
        end_ns: int,
        *,
        most: int,
        newest_first: bool = False,
        bounding: bool = False,
    ) -> Operation:
        """Logged values between two times, at most `most` of each tag."""
        arguments: dict[str, Any] = {
            "names": list(names),
            "startTime": format_timestamp(start_ns),
            "endTime": format_timestamp(end_ns),
            "maxNumberOfValues": most,
            "sortingMode": "TIME_DESC" if newest_first else "TIME_ASC",
        }
        if bounding:
            arguments["boundingValuesMode"] = "LEFTRIGHT_BOUNDING_VALUES"
        return self._make(
            "query",
            "loggedTagValues",
            arguments,
            {
                "loggingTagName": None,
                "error": _ERROR,
                "values": {"value": _VALUE, "flags": None},
            },
        )

    def active_alarms(self, filter_text: str, language: str) -> Operation:
        """The active alarms."""
        wanted = wanted_alarm_fields(self.schema, logged=False)
        return self._make("query", "activeAlarms", _alarm_arguments(filter_text, language), wanted)

    def logged_alarms(
        self, start_ns: int, end_ns: int, filter_text: str, language: str, limit: int
    ) -> Operation:
        """Alarm records changed strictly between two times."""
        arguments = _alarm_arguments(filter_text, language)
        arguments["startTime"] = format_timestamp(start_ns)
        arguments["endTime"] = format_timestamp(end_ns)
        if limit:
            arguments["maxNumberOfResults"] = limit
        wanted = wanted_alarm_fields(self.schema, logged=True)
        return self._make("query", "loggedAlarms", arguments, wanted)

    def alarm_action(self, action: AlarmAction, keys: Sequence[AlarmKey]) -> Operation:
        """Acknowledge or reset."""
        root = "acknowledgeAlarms" if action is AlarmAction.ACKNOWLEDGE else "resetAlarms"
        rows = [{"name": key.name, "instanceID": key.instance} for key in keys]
        return self._make(
            "mutation",
            root,
            {"input": rows},
            {"alarmName": None, "alarmInstanceID": None, "error": _ERROR},
        )

    def subscribe_values(self, names: Sequence[str]) -> Operation:
        """Push of values; the server sends each name once at once, then its changes."""
        return self._make(
            "subscription",
            "tagValues",
            {"names": list(names)},
            {"name": None, "value": _VALUE, "error": _ERROR, "notificationReason": None},
        )

    def subscribe_alarms(self, language: str) -> Operation:
        """Push of alarms; what stands is sent first."""
        wanted = wanted_alarm_fields(self.schema, logged=False, notified=True)
        return self._make("subscription", "activeAlarms", _alarm_arguments("", language), wanted)

    def subscribe_redundancy(self) -> Operation:
        """Push of the redundancy state."""
        return self._make(
            "subscription",
            "reduState",
            {},
            {"value": {"value": None, "timestamp": None}, "notificationReason": None},
        )


def _empty(root: str, given: Sequence[str]) -> dict[str, Any]:
    """The arguments that the desk can give, without anything in them."""
    return {name: [] if name == "input" and root in KNOWN_INPUTS else None for name in given}


def _variant(value: Value) -> Value:
    """A value as it may be written: JSON has no NaN, so those are spelled as text."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _alarm_arguments(filter_text: str, language: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if filter_text:
        arguments["filterString"] = filter_text
        arguments["filterLanguage"] = language
    # English behind the wanted language: a text that was never translated is better than none.
    arguments["languages"] = [language] if language == "en-US" else [language, "en-US"]
    return arguments


EVERYTHING = ("*::*", "*.**", "*:*", "*.**:*")
"""Objects, elements of any level, and what hangs behind objects and behind elements."""


def browse_filters(patterns: Sequence[str]) -> list[str]:
    """Name filters that find at least what `matches` then lets through.

    In the server's filters a star does not cross a dot or a colon; people mean that it does. So
    the text before the first wildcard goes to the server, and `matches` decides here.
    """
    filters: list[str] = []
    for pattern in patterns:
        system, mark, local = pattern.partition("::")
        if not mark:
            system, local = "*", pattern
        prefix = re.split(r"[*?]", local, maxsplit=1)[0]
        if prefix == local:
            filters.append(f"{system}::{local}")
        elif not prefix and system == "*":
            return list(EVERYTHING)
        elif ":" in prefix or "." in prefix:
            filters += [f"{system}::{prefix}*", f"{system}::{prefix}*:*"]
            if ":" not in prefix:
                filters += [f"{system}::{prefix}*.**", f"{system}::{prefix}*.**:*"]
        else:
            head = f"{system}::{prefix}*"
            filters += [head, f"{head}.**", f"{head}:*", f"{head}.**:*"]
    return list(dict.fromkeys(filters)) or list(EVERYTHING)
