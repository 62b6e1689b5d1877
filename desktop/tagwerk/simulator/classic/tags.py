"""``tagManagement``: connections, groups, structures, variables, and their values (§C2, §C3).

The shapes of values are known; those of everything else are invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tagwerk.domain.values import Value
from tagwerk.simulator.classic.catalogue import (
    BIT,
    Catalogue,
    Group,
    Variable,
)
from tagwerk.simulator.classic.lists import Element, Lists
from tagwerk.simulator.classic.question import Answer, Question, Refused, member, texts
from tagwerk.simulator.classic.spelling import Spelling
from tagwerk.simulator.classic.values import (
    NOT_FOUND,
    OTHER,
    READ_ONLY,
    WRONG_TYPE,
    ValueRows,
    error_code,
)
from tagwerk.simulator.running import RunningPlant
from tagwerk.simulator.spec import PlantSpec, StructureSpec
from tagwerk.simulator.state import ModelError
from tagwerk.simulator.switches import Switches

_DRIVER = "SIMATIC S7-1200, S7-1500 Channel"
_EACH_SOME = 7


class TagCalls:
    """Each method answers a call of `calls.CALLS`.

    Args:
        catalogue: what has a name.
        plant: what runs behind it.
    """

    def __init__(
        self,
        switches: Switches,
        plant: RunningPlant,
        catalogue: Catalogue,
        lists: Lists,
        spelling: Spelling,
        rows: ValueRows,
    ) -> None:
        self._plant = plant
        self._catalogue = catalogue
        self._lists = lists
        self._spelling = spelling
        self._rows = rows
        self._missing = switches.text("classic-missing-rows")
        self._groups = switches.text("classic-groups-as")
        self._refused = switches.text("classic-write-refused")
        self._status = int(switches.text("classic-write-status", "0"))
        self._reply = switches.text("classic-write-reply")
        self._most_names = int(switches.number("classic-names-limit", 0))
        self._is_shuffled = switches.on("shuffled")

    @property
    def _spec(self) -> PlantSpec:
        return self._plant.model.spec

    # Connections, groups and structures

    def connections(self, question: Question) -> Answer:
        return self._lists.answer(
            question,
            self._catalogue.connections,
            str,
            self._connection,
            "connections",
            "connectionName",
        )

    def connection(self, question: Question) -> Answer:
        found = _named(question.names[0], self._catalogue.connections, str)
        return Answer(self._spelling.single(self._connection(found)))

    def _connection(self, name: str) -> Element:
        return {
            "connectionName": name,
            "communicationDriver": _DRIVER,
            "channelUnit": "OMS+",
            "parameter": f"192.168.21.{10 + self._catalogue.connections.index(name)},0,1",
        }

    def groups(self, question: Question) -> Answer:
        return self._lists.answer(
            question, self._catalogue.groups, _group_name, self._group, "groups", "groupName"
        )

    def group(self, question: Question) -> Answer:
        found = _named(question.names[0], self._catalogue.groups, _group_name)
        return Answer(self._spelling.single(self._group(found)))

    def _group(self, group: Group) -> Element:
        row: Element = {"groupName": group.name}
        self._place(row, group.connection, "")
        return row

    def structure_types(self, question: Question) -> Answer:
        return self._lists.answer(
            question,
            list(self._spec.types),
            str,
            lambda name: {"structureTypeName": name},
            "structureTypes",
            "structureTypeName",
        )

    def structure_type(self, question: Question) -> Answer:
        name = _named(question.names[0], list(self._spec.types), str)
        instance = next(
            (one.instance for one in self._catalogue.variables if one.structure == name), ""
        )
        elements = [
            {"elementName": one.element, "dataType": one.type_number}
            for one in self._catalogue.variables
            if one.structure == name and one.instance == instance
        ]
        return Answer(self._spelling.single({"structureTypeName": name, "elements": elements}))

    def structure_variable(self, question: Question) -> Answer:
        """The instances of one type."""
        name = _named(question.names[0], list(self._spec.types), str)
        return self._instances(question, [name])

    def structure_variables(self, question: Question) -> Answer:
        """The instances of several types; unknown ones have none."""
        return self._instances(question, texts(question.body, "typeNames"))

    def _instances(self, question: Question, types: Sequence[str]) -> Answer:
        wanted = {name.casefold() for name in types}
        found = [one for one in self._catalogue.structures if one.type_name.casefold() in wanted]
        return self._lists.answer(
            question,
            found,
            self._catalogue.instance_name,
            self._instance,
            "structureVariables",
            "structureVariableName",
        )

    def _instance(self, structure: StructureSpec) -> Element:
        name = self._catalogue.instance_name(structure)
        members = [one for one in self._catalogue.variables if one.instance == name]
        row: Element = {"structureVariableName": name, "structureTypeName": structure.type_name}
        self._place(row, members[0].connection, members[0].group)
        row["variables"] = [one.name for one in members]
        return row

    # Variables

    def variables(self, question: Question) -> Answer:
        """All, or those that match ``variableName``."""
        pattern = question.query.get("variablename", "") or "*"
        found = (
            self._catalogue.all() if pattern in ("*", "**") else self._catalogue.matching(pattern)
        )
        return self._lists.answer(
            question, found, _variable_name, self._variable, "variables", "variableName"
        )

    def variable(self, question: Question) -> Answer:
        found = self._catalogue.find(question.names[0])
        if found is None:
            raise Refused(404, "Not Found")
        return Answer(self._spelling.single(self._variable(found)))

    def _place(self, row: Element, connection: str, group: str) -> None:
        if self._groups == "absent":
            return
        if self._groups == "nested":
            row["connection"] = {"name": connection}
            if group:
                row["group"] = {"name": group}
            return
        row["connectionName"] = connection
        if group or self._groups == "empty":
            row["groupName"] = "" if self._groups == "empty" else group

    def _variable(self, variable: Variable) -> Element:
        row: Element = {"variableName": variable.name, "dataType": variable.type_number}
        self._place(row, variable.connection, variable.group)
        if variable.structure:
            row["structureTypeName"] = variable.structure
            row["structureVariableName"] = variable.instance
        spec = variable.spec
        if spec is not None and spec.clamp is not None and variable.type_number != BIT:
            # Start and end value limits as the tag's own dialog has them.
            row["lowLimit"], row["highLimit"] = spec.clamp
        if spec is not None:
            row["comment"] = spec.display["en-US"]
        return row

    # Values

    def value(self, question: Question) -> Answer:
        (row,) = self._read(question.names)
        return Answer(self._spelling.single(row), names=1)

    def values(self, question: Question) -> Answer:
        names = texts(question.body, "variableNames")
        self._check_number(names)
        rows = [row for number, row in enumerate(self._read(names)) if self._is_given(number, row)]
        if self._is_shuffled:
            rows.reverse()
        return Answer(self._spelling.wrapped(rows, "values"), names=len(names))

    def _check_number(self, names: Sequence[Any]) -> None:
        if self._most_names and len(names) > self._most_names:
            raise Refused(400, f"At most {self._most_names} variables a call")

    def _is_given(self, number: int, row: Element) -> bool:
        """Whether an answer has this row."""
        if not self._missing:
            return True
        if self._missing == "some":
            return number % _EACH_SOME != _EACH_SOME - 1
        if self._missing == "bad":
            return row.get("value") is not None
        return "value" in row and self._missing == "unknown"

    def _read(self, names: Sequence[str]) -> list[Element]:
        find, model, rows = self._catalogue.find, self._plant.model, self._rows
        answer = []
        for name in names:
            variable = find(name)
            state = model.find(variable.plant_name) if variable is not None else None
            if variable is None or state is None:
                answer.append(rows.failed(name, NOT_FOUND))
            else:
                answer.append(rows.read(name, variable, state))
        return answer

    # Writes

    def write_value(self, question: Question) -> Answer:
        body = question.body
        if not isinstance(body, dict) or not any(key.lower() == "value" for key in body):
            raise Refused(400, "The body needs “value”")
        row = self._write(question.names[0], member(body, "value"), question)
        return self._replied([row], single=True)

    def write_values(self, question: Question) -> Answer:
        items = question.body
        if not isinstance(items, list) or not all(
            isinstance(member(one, "variableName"), str) for one in items
        ):
            raise Refused(400, "The body needs a list of objects with “variableName” and “value”")
        self._check_number(items)
        rows = [
            self._write(member(one, "variableName"), member(one, "value"), question)
            for one in items
        ]
        return self._replied(rows, single=False)

    def _write(self, name: str, value: Value, question: Question) -> Element:
        """One value to the plant; the row says what became of it.

        Raises:
            Refused: every write is, by a status.
        """
        if self._status:
            raise Refused(self._status, "Write access denied")
        variable = self._catalogue.find(name)
        if variable is None:
            return self._rows.failed(name, NOT_FOUND)
        if self._refused:
            return self._refusal(name)
        if variable.type_number == 12:
            return self._rows.failed(name, READ_ONLY)
        if isinstance(value, (dict, list)):
            return self._rows.failed(name, WRONG_TYPE)
        try:
            self._plant.writes.write(
                variable.plant_name,
                value,
                now_ns=self._plant.now_ns(),
                user=question.user.name,
            )
        except ModelError as problem:
            return self._rows.failed(name, error_code(problem))
        return self._rows.written(name)

    def _refusal(self, name: str) -> Element:
        row: Element = {"variableName": self._rows.name(name)}
        row["errorcode"] = 0 if self._refused == "error" else OTHER
        if self._refused != "code":
            row["error"] = "Operation failed"
        return row

    def _replied(self, rows: list[Element], *, single: bool) -> Answer:
        """The answer to writes in the shape that a switch wants."""
        answer = Answer(None, names=len(rows), is_write=True)
        if self._reply in ("empty", "204"):
            answer.is_bare = True
            answer.status = 204 if self._reply == "204" else 200
            return answer
        if self._reply == "no-code":
            for row in rows:
                row.pop("errorcode", None)
        elif self._reply == "names":
            rows = [{"variableName": row["variableName"]} for row in rows if "error" not in row]
        elif self._reply == "missing":
            rows = [row for row in rows if "error" in row]
        if self._is_shuffled:
            rows.reverse()
        if self._reply == "object":
            answer.content = {"errorcode": 0}
        elif single:
            answer.content = self._spelling.single(rows[0]) if rows else {}
        else:
            answer.content = self._spelling.wrapped(rows, "values")
        return answer


def _group_name(group: Group) -> str:
    return group.name


def _variable_name(variable: Variable) -> str:
    return variable.name


def _named(name: str, items: Sequence[Any], name_of: Any) -> Any:
    """The item of a name in any case. Raises Refused 404."""
    folded = name.casefold()
    for item in items:
        if name_of(item).casefold() == folded:
            return item
    raise Refused(404, "Not Found")
