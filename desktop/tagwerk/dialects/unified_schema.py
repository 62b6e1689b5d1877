"""What a Unified server's schema has: read by introspection, asked before each field is used.

Server versions differ (reference, section 9), and a field that does not exist fails the whole
query. So operations are built from this. Where introspection is switched off, the documented
V20 schema is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagwerk.dialects.base import Operation

Wanted = Mapping[str, "Wanted | None"]
"""Fields to ask for: None for a leaf, a mapping for an object's fields."""

_TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }"
INTROSPECTION = Operation(
    "query Introspection { __schema { queryType { name } mutationType { name } "
    "subscriptionType { name } types { kind name "
    f"fields(includeDeprecated: true) {{ name args {{ name type {{ {_TYPE} }} }} "
    f"type {{ {_TYPE} }} }} "
    f"inputFields {{ name type {{ {_TYPE} }} }} "
    "enumValues(includeDeprecated: true) { name } } } }",
    {},
    "__schema",
)


@dataclass(frozen=True, slots=True)
class SchemaField:
    """A field: the name of its type without list and non-null marks, and its arguments.

    Args:
        type_name: e.g. ``TagValueResult``.
        arguments: name → type as text, e.g. ``[String!]!``.
    """

    type_name: str
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Schema:
    """The server's schema, as far as it matters.

    Args:
        query, mutation, subscription: root fields by name.
        types: fields of object and input types by type name.
        enums: members by enum name.
        assumed: True when the server did not tell and V20 is taken for granted.
    """

    query: dict[str, SchemaField]
    mutation: dict[str, SchemaField]
    subscription: dict[str, SchemaField]
    types: dict[str, dict[str, SchemaField]]
    enums: dict[str, frozenset[str]] = field(default_factory=dict)
    assumed: bool = False

    def roots(self, kind: str) -> dict[str, SchemaField]:
        """Root fields of ``query``, ``mutation`` or ``subscription``."""
        if kind == "query":
            return self.query
        return self.mutation if kind == "mutation" else self.subscription

    def selection(self, type_name: str, wanted: Wanted) -> str:
        """The part of `wanted` that exists, as GraphQL text; all of it for an unknown type."""
        known = self.types.get(type_name)
        parts: list[str] = []
        for name, below in wanted.items():
            if known is not None and name not in known:
                continue
            inner_type = known[name].type_name if known is not None else ""
            if below is None:
                if not self.types.get(inner_type):
                    parts.append(name)
                continue
            if known is not None and inner_type not in self.types:
                parts.append(name)
                continue
            inner = self.selection(inner_type, below)
            if inner:
                parts.append(f"{name} {{ {inner} }}")
        return " ".join(parts)

    def has_field(self, kind: str, root: str, *path: str) -> bool:
        """True when root field and the fields below it exist, or are taken for granted."""
        current = self.roots(kind).get(root)
        if self.assumed:
            return current is not None
        for name in path:
            if current is None:
                return False
            current = self.types.get(current.type_name, {}).get(name)
        return current is not None

    def operation(
        self, kind: str, root: str, arguments: Mapping[str, Any], wanted: Wanted | None
    ) -> Operation:
        """An operation on one root field, with only the arguments and fields that exist.

        Raises:
            KeyError: the root field does not exist; ask `roots` first.
        """
        target = self.roots(kind)[root]
        given = {name: value for name, value in arguments.items() if name in target.arguments}
        declared = ", ".join(f"${name}: {target.arguments[name]}" for name in given)
        passed = ", ".join(f"{name}: ${name}" for name in given)
        inner = self.selection(target.type_name, wanted) if wanted else ""
        text = (
            f"{kind}{f' Desk({declared})' if declared else ' Desk'} "
            f"{{ {root}{f'({passed})' if passed else ''}{f' {{ {inner} }}' if inner else ''} }}"
        )
        return Operation(text, dict(given), root, changes_plant=root in CHANGING)


CHANGING = frozenset(
    (
        "writeTagValues",
        "acknowledgeAlarms",
        "resetAlarms",
        "shelveAlarms",
        "unshelveAlarms",
        "disableAlarms",
        "enableAlarms",
    )
)
"""Mutations that change the plant: sent once, never repeated."""


def _type_text(type_: Any) -> str:
    """A type reference as GraphQL writes it: ``[String!]!``."""
    if not isinstance(type_, dict):
        return "String"
    if type_.get("kind") == "NON_NULL":
        return f"{_type_text(type_.get('ofType'))}!"
    if type_.get("kind") == "LIST":
        return f"[{_type_text(type_.get('ofType'))}]"
    return str(type_.get("name") or "String")


def _bare(type_text: str) -> str:
    return type_text.strip("[]!")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def schema_from_introspection(data: Any) -> Schema | None:
    """Read the ``__schema`` object of an answer; None when it is not one."""
    if not isinstance(data, dict) or not isinstance(data.get("types"), list):
        return None
    types: dict[str, dict[str, SchemaField]] = {}
    enums: dict[str, frozenset[str]] = {}
    for entry in _dicts(data["types"]):
        name = str(entry.get("name"))
        if name.startswith("__"):
            continue
        members = _dicts(entry.get("enumValues"))
        if members:
            enums[name] = frozenset(str(member.get("name")) for member in members)
        fields = _dicts(entry.get("fields")) or _dicts(entry.get("inputFields"))
        if fields:
            types[name] = {
                str(one.get("name")): SchemaField(
                    _bare(_type_text(one.get("type"))),
                    {
                        str(argument.get("name")): _type_text(argument.get("type"))
                        for argument in _dicts(one.get("args"))
                    },
                )
                for one in fields
            }

    def root(kind: str) -> dict[str, SchemaField]:
        named = data.get(f"{kind}Type")
        return types.pop(str(named.get("name")), {}) if isinstance(named, dict) else {}

    return Schema(root("query"), root("mutation"), root("subscription"), types, enums)


def assumed_schema() -> Schema:
    """The documented V20 schema, for servers that refuse introspection.

    Result types are left unknown, so that every wanted field is asked for.
    """

    def make(**roots: dict[str, str]) -> dict[str, SchemaField]:
        return {name: SchemaField("", arguments) for name, arguments in roots.items()}

    names = {"names": "[String!]!"}
    alarms = {
        "systemNames": "[String]",
        "filterString": "String",
        "filterLanguage": "String",
        "languages": "[String]",
    }
    query = make(
        tagValues={**names, "directRead": "Boolean"},
        browse={
            "nameFilters": "[String]",
            "objectTypeFilters": "[ObjectTypesEnum]",
            "baseTypeFilters": "[String]",
            "language": "String",
        },
        loggedTagValues={
            "names": "[String]!",
            "startTime": "Timestamp",
            "endTime": "Timestamp",
            "maxNumberOfValues": "Int",
            "sortingMode": "LoggedTagValuesSortingModeEnum",
            "boundingValuesMode": "LoggedTagValuesBoundingModeEnum",
        },
        activeAlarms=dict(alarms),
        loggedAlarms={
            **alarms,
            "startTime": "Timestamp",
            "endTime": "Timestamp",
            "maxNumberOfResults": "Int",
        },
        session={"allSessions": "Boolean"},
    )
    mutation = make(
        login={"username": "String!", "password": "String!"},
        extendSession={},
        logout={"allSessions": "Boolean"},
        writeTagValues={"input": "[TagValueInput]!"},
        acknowledgeAlarms={"input": "[AlarmIdentifierInput]!"},
        resetAlarms={"input": "[AlarmIdentifierInput]!"},
    )
    subscription = make(tagValues=dict(names), activeAlarms=dict(alarms), reduState={})
    # Scalars have no fields below them: an empty type says so.
    mutation["logout"] = SchemaField("Boolean", mutation["logout"].arguments)
    return Schema(query, mutation, subscription, {}, assumed=True)
