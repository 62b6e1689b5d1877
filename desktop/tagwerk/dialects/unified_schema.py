"""What a Unified server's schema has: read by introspection, asked before each field is used.

Server versions differ (reference, section 9), and a field that does not exist fails the whole
query. So operations are built from this. Where introspection is switched off, the documented
V20 schema is assumed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tagwerk.dialects.base import Operation

Wanted = Mapping[str, "Wanted | None"]
"""Fields to ask for: None for a leaf, a mapping for an object's fields."""

_TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }"


def _introspection(fields: str, enum_values: str) -> Operation:
    return Operation(
        "query Introspection { __schema { queryType { name } mutationType { name } "
        "subscriptionType { name } types { kind name "
        f"{fields} {{ name args {{ name defaultValue type {{ {_TYPE} }} }} "
        f"type {{ {_TYPE} }} }} "
        f"inputFields {{ name defaultValue type {{ {_TYPE} }} }} "
        f"{enum_values} {{ name }} }} }} }}",
        {},
        "__schema",
    )


INTROSPECTION = _introspection(
    "fields(includeDeprecated: true)", "enumValues(includeDeprecated: true)"
)
PLAIN_INTROSPECTION = _introspection("fields", "enumValues")
"""For servers that take no argument there; what they call deprecated stays unknown."""


@dataclass(frozen=True, slots=True)
class SchemaField:
    """A field: the name of its type without list and non-null marks, and its arguments.

    Args:
        type_name: e.g. ``TagValueResult``.
        arguments: name → type as text, e.g. ``[String!]!``.
        is_object: it has fields of its own; None when that is not known.
        required: arguments that must be given: non-null ones without a default.
    """

    type_name: str
    arguments: dict[str, str] = field(default_factory=dict)
    is_object: bool | None = None
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Schema:
    """The server's schema, as far as it matters.

    Args:
        query, mutation, subscription: root fields by name.
        types: fields of object and input types by type name.
        enums: members by enum name.
        assumed: True when the server did not tell and V20 is taken for granted.
        absent: names of fields that answers taught not to exist, by root field.
    """

    query: dict[str, SchemaField]
    mutation: dict[str, SchemaField]
    subscription: dict[str, SchemaField]
    types: dict[str, dict[str, SchemaField]]
    enums: dict[str, frozenset[str]] = field(default_factory=dict)
    assumed: bool = False
    absent: dict[str, frozenset[str]] = field(default_factory=dict)

    def roots(self, kind: str) -> dict[str, SchemaField]:
        """Root fields of ``query``, ``mutation`` or ``subscription``."""
        if kind == "query":
            return self.query
        return self.mutation if kind == "mutation" else self.subscription

    def selection(
        self, type_name: str, wanted: Wanted, absent: frozenset[str] = frozenset()
    ) -> str:
        """The part of `wanted` that exists, as GraphQL text; all of it for an unknown type."""
        known = self.types.get(type_name)
        parts: list[str] = []
        for name, below in wanted.items():
            if name in absent or (known is not None and name not in known):
                continue
            target = known[name] if known is not None else SchemaField("")
            if below is None:
                if target.type_name not in self.types and not target.is_object:
                    parts.append(name)
                continue
            if target.is_object is False:
                # A scalar where others have an object: its value is read tolerantly.
                parts.append(name)
                continue
            inner = self.selection(target.type_name, below, absent)
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

    def lacking_arguments(self, kind: str, root: str, given: Mapping[str, Any]) -> list[str]:
        """Arguments that the server insists on and `given` has not, also inside input objects."""
        target = self.roots(kind)[root]
        lacking = sorted(target.required - given.keys())
        for name, value in given.items():
            row = self.types.get(_bare(target.arguments.get(name, "")), {})
            rows = value if isinstance(value, list) else [value]
            if all(isinstance(one, dict) for one in rows):
                have = set().union(*rows) if rows else set(KNOWN_INPUTS.get(root, ()))
                lacking += [
                    f"{name}.{inner}"
                    for inner, field_ in row.items()
                    if field_.required and inner not in have
                ]
        return lacking

    def operation(
        self, kind: str, root: str, arguments: Mapping[str, Any], wanted: Wanted | None
    ) -> Operation:
        """An operation on one root field, with only the arguments and fields that exist.

        Raises:
            KeyError: the root field does not exist; ask `roots` first.
        """
        target = self.roots(kind)[root]
        given = {
            name: self._fitted(target.arguments[name], value)
            for name, value in arguments.items()
            if name in target.arguments
        }
        declared = ", ".join(f"${name}: {target.arguments[name]}" for name in given)
        passed = ", ".join(f"{name}: ${name}" for name in given)
        absent = self.absent.get(root, frozenset())
        inner = ""
        if wanted and target.is_object is not False:
            inner = self.selection(target.type_name, wanted, absent)
        text = (
            f"{kind}{f' Desk({declared})' if declared else ' Desk'} "
            f"{{ {root}{f'({passed})' if passed else ''}{f' {{ {inner} }}' if inner else ''} }}"
        )
        return Operation(text, given, root, changes_plant=root in CHANGING)

    def _fitted(self, type_text: str, value: Any) -> Any:
        """A value as the server's type spells it: members of enums, fields of input objects."""
        if isinstance(value, list):
            return [self._fitted(type_text, one) for one in value]
        type_name = _bare(type_text)
        if isinstance(value, str):
            return self.spelled(type_name, value) or value
        known = self.types.get(type_name)
        if isinstance(value, dict) and known:
            return {name: inner for name, inner in value.items() if name in known}
        return value

    def spelled(self, type_name: str, word: str) -> str:
        """A word as a member of an enum: itself where the type is none, "" where it has no such
        member. Case and underscores may differ.
        """
        members = self.enums.get(type_name)
        if not members or word in members:
            return word
        plain = _plain_word(word)
        return next((member for member in sorted(members) if _plain_word(member) == plain), "")

    def learned(self, kind: str, root: str, messages: Iterable[str]) -> Schema | None:
        """This schema less what a server's validation errors say not to exist; None when they
        teach nothing new. Matters where introspection is refused.
        """
        fields = dict(self.roots(kind))
        target = fields.get(root)
        absent = self.absent.get(root, frozenset())
        if target is None:
            return None
        arguments, new_absent = dict(target.arguments), set(absent)
        for said in messages:
            if (match := _NO_FIELD.search(said)) is not None:
                if match["field"] == root:
                    fields.pop(root, None)
                else:
                    new_absent.add(match["field"])
            elif (match := _NO_ARGUMENT.search(said)) is not None:
                arguments.pop(match["argument"], None)
            elif (match := _NO_TYPE.search(said)) is not None:
                unknown = match["type"]
                arguments = {n: t for n, t in arguments.items() if _bare(t) != unknown}
            elif (match := _OTHER_TYPE.search(said)) and match["variable"] in arguments:
                arguments[match["variable"]] = match["type"]
            elif (match := _WANTED.search(said)) is not None:
                arguments[match["old"] or match["argument"]] = match["type"]
        if root in fields:
            fields[root] = replace(target, arguments=arguments)
        if fields == self.roots(kind) and new_absent == set(absent):
            return None
        taught = replace(self, absent={**self.absent, root: frozenset(new_absent)})
        if kind == "query":
            return replace(taught, query=fields)
        if kind == "mutation":
            return replace(taught, mutation=fields)
        return replace(taught, subscription=fields)


# What GraphQL's reference implementation says; most servers are built on it or repeat its words.
_NO_FIELD = re.compile(r"Cannot query field [\"'“](?P<field>\w+)[\"'”]")
_NO_ARGUMENT = re.compile(r"Unknown argument [\"'“](?P<argument>\w+)[\"'”]")
_NO_TYPE = re.compile(r"Unknown type [\"'“](?P<type>\w+)[\"'”]")
_OTHER_TYPE = re.compile(
    r"Variable [\"'“]\$(?P<variable>\w+)[\"'”] of type .* expecting type [\"'“](?P<type>[\w\[\]!]+)[\"'”]"
)


_WANTED = re.compile(
    r"[aA]rgument (?:[\"'“](?P<argument>\w+)[\"'”]|\S+?\((?P<old>\w+):\)\S?) "
    r"of type [\"'“](?P<type>[\w\[\]!]+)[\"'”] is required"
)


def _plain_word(word: str) -> str:
    return word.replace("_", "").casefold()


KNOWN_INPUTS = {
    "writeTagValues": ("name", "value"),
    "acknowledgeAlarms": ("name", "instanceID"),
    "resetAlarms": ("name", "instanceID"),
}
"""What the desk gives for an item of an input list."""

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


def _is_object(type_: Any) -> bool | None:
    """Whether the type below lists and non-null marks has fields; None when it is not told."""
    while isinstance(type_, dict):
        kind, below = type_.get("kind"), type_.get("ofType")
        if kind not in ("NON_NULL", "LIST"):
            return kind in ("OBJECT", "INTERFACE", "UNION") if kind else None
        type_ = below
    return None


def _must_be_given(entry: dict[str, Any]) -> bool:
    type_ = entry.get("type")
    non_null = isinstance(type_, dict) and type_.get("kind") == "NON_NULL"
    return non_null and entry.get("defaultValue") is None


def _field(entry: dict[str, Any]) -> SchemaField:
    """A field of an object type, or of an input type: its own name stands in `required` then."""
    arguments = _dicts(entry.get("args"))
    required = {str(one.get("name")) for one in arguments if _must_be_given(one)}
    if "args" not in entry and _must_be_given(entry):
        required.add(str(entry.get("name")))
    return SchemaField(
        _bare(_type_text(entry.get("type"))),
        {str(one.get("name")): _type_text(one.get("type")) for one in arguments},
        _is_object(entry.get("type")),
        frozenset(required),
    )


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
            types[name] = {str(one.get("name")): _field(one) for one in fields}

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
    mutation["logout"] = SchemaField("Boolean", mutation["logout"].arguments, is_object=False)
    return Schema(query, mutation, subscription, {}, assumed=True)
