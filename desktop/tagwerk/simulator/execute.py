"""One GraphQL request from its text to its answer: parse, validate, run, encode.

A query of plain objects runs through a compiled selection (see `selection`), in slices, so that a
million rows neither take minutes nor hold up the plant; everything else goes through the
executor of the GraphQL library. Both call the same `operations`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from inspect import isawaitable
from typing import Any, NamedTuple

import msgspec
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLResolveInfo,
    GraphQLSchema,
    NameNode,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    execute,
    get_argument_values,
    is_required_argument,
    parse,
    specified_rules,
    validate,
)

from tagwerk.simulator.access import Caller, Unauthenticated, refusal
from tagwerk.simulator.operations import Operations
from tagwerk.simulator.schema import make_schema
from tagwerk.simulator.selection import Compiler, RootField, coerced_variables, find_operation
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import LoggedRows
from tagwerk.simulator.writers import RowWriter

DOCUMENTS_KEPT = 256
SLICE_ROWS = 500
ROWS_A_SLICE = 2000
SLICE_S = 0.004
CHUNK_BYTES = 256 * 1024

encode = msgspec.json.Encoder().encode
_COMPILED = frozenset(("browse", "tagValues", "loggedTagValues", "activeAlarms", "loggedAlarms"))
_MAX_TOKENS = 20_000


class Request(NamedTuple):
    """What a client sent, checked for shape only."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


class Prepared(NamedTuple):
    """A request whose document is valid."""

    document: DocumentNode
    operation: OperationDefinitionNode
    variables: dict[str, Any]

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    @property
    def root_names(self) -> set[str]:
        """Names of the fields at the root; fragments there are not looked into."""
        return {
            getattr(getattr(node, "name", None), "value", "")
            for node in self.operation.selection_set.selections
        }


class Invalid(Exception):
    """The request cannot be run at all: HTTP 400, or `error` on the WebSocket."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors

    @property
    def body(self) -> bytes:
        return encode({"errors": self.formatted})

    @property
    def formatted(self) -> list[dict[str, Any]]:
        return [dict(error.formatted) for error in self.errors]


def invalid(text: str, code: str) -> Invalid:
    """An invalid request with one message."""
    return Invalid([refusal(text, code)])


def read_request(payload: object) -> Request:
    """Check the shape of ``{"query": …, "variables": …, "operationName": …}``.

    Raises:
        Invalid: any other shape.
    """
    if not isinstance(payload, dict):
        raise invalid("The body must be one JSON object", "BAD_REQUEST")
    query, variables = payload.get("query"), payload.get("variables")
    name = payload.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise invalid("The body holds no query", "BAD_REQUEST")
    if variables is not None and not isinstance(variables, dict):
        raise invalid("variables must be an object", "BAD_REQUEST")
    if name is not None and not isinstance(name, str):
        raise invalid("operationName must be a text", "BAD_REQUEST")
    return Request(query, variables or {}, name or None)


class Engine:
    """The schema with its resolvers, and the two ways of running a request.

    Args:
        operations: what the fields do.
        switches: which schema is offered.
    """

    def __init__(self, operations: Operations, switches: Switches) -> None:
        self.operations = operations
        self.schema: GraphQLSchema = make_schema(switches)
        self._accepts_null = switches.on("accept-null")
        self._failed_data = switches.text("failed-data")
        self._rules = list(specified_rules)
        if switches.on("no-introspection"):
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, DocumentNode | list[GraphQLError]] = OrderedDict()
        self._defaults: dict[str, dict[str, Any]] = {}
        for kind in OperationType:
            root = self.schema.get_root_type(kind)
            for name, field in root.fields.items() if root else ():
                self._defaults.setdefault(name, {}).update(_defaults_of(name, field))

    def prepare(self, request: Request) -> Prepared:
        """Parse, validate and choose the operation.

        Raises:
            Invalid: with a code that says at which step.
        """
        document = self._documents.get(request.query)
        if document is None:
            document = self._read(request.query)
            self._documents[request.query] = document
            if len(self._documents) > DOCUMENTS_KEPT:
                self._documents.popitem(last=False)
        else:
            self._documents.move_to_end(request.query)
        if isinstance(document, list):
            raise Invalid(document)
        try:
            operation = find_operation(document, request.operation_name)
        except GraphQLError as problem:
            raise invalid(problem.message, "OPERATION_RESOLUTION_FAILURE") from None
        try:
            coerced_variables(self.schema, operation, request.variables)
        except GraphQLError as problem:
            problem.extensions = {"code": "BAD_USER_INPUT"}
            raise Invalid([problem]) from None
        return Prepared(document, operation, request.variables)

    def _read(self, query: str) -> DocumentNode | list[GraphQLError]:
        try:
            document = parse(query, max_tokens=_MAX_TOKENS)
        except GraphQLError as problem:
            problem.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
            return [problem]
        errors = validate(self.schema, document, self._rules)
        for error in errors:
            error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED"}
        return errors or document

    def check_session(self, prepared: Prepared, caller: Caller) -> None:
        """Raise Unauthenticated when a field of the operation needs a session and there is none."""
        for node in prepared.operation.selection_set.selections:
            name = getattr(getattr(node, "name", None), "value", "")
            if name and not name.startswith("__"):
                try:
                    self.operations.gate.check(name, caller)
                except Unauthenticated:
                    raise
                except (GraphQLError, KeyError):
                    continue

    # The executor's way: right for every query.

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """Any field: at the root the operation, below it the source's member."""
        if isinstance(source, str):
            # A word in the place of an object (the switch quality-as=word), in a query that only
            # the library can run: it has the word for the field of its own name, if any.
            return source if info.field_name == "quality" else None
        if source is not None:
            return source.get(info.field_name)
        self._refuse_nulls(info.field_name, arguments)
        found = self.operations.run(info.field_name, info.context, arguments)
        return list(found) if isinstance(found, Iterator) else found

    def _refuse_nulls(self, name: str, arguments: dict[str, Any]) -> None:
        """An explicit null for an argument that has a default is refused (browse says so)."""
        defaults = self._defaults[name]
        for argument in [key for key, value in arguments.items() if value is None]:
            if argument in defaults:
                if not self._accepts_null:
                    raise refusal(
                        f"Argument {argument} of {name} must not be null", "BAD_USER_INPUT"
                    )
                arguments[argument] = defaults[argument]

    async def run(self, prepared: Prepared, caller: Caller) -> dict[str, Any]:
        """The whole answer by the executor, as a dict."""
        found: ExecutionResult | Awaitable[ExecutionResult] = execute(
            self.schema,
            prepared.document,
            context_value=caller,
            field_resolver=self._resolve,
            variable_values=prepared.variables,
            operation_name=prepared.operation.name.value if prepared.operation.name else None,
        )
        result = await found if isawaitable(found) else found
        answer: dict[str, Any] = {}
        if result.errors:
            answer["errors"] = [formatted(error) for error in result.errors]
        answer["data"] = result.data
        if self._failed_data and result.errors and not any((result.data or {}).values()):
            answer["data"] = None
            if self._failed_data == "absent":
                del answer["data"]
        return answer

    # The compiled way: the same answer for plain queries, fast and in slices.

    def compile(self, prepared: Prepared) -> list[RootField] | None:
        """The query's fields compiled, or None where only the executor is right."""
        if prepared.kind is not OperationType.QUERY:
            return None
        if not prepared.root_names <= _COMPILED:
            return None
        compiler = Compiler(self.schema, prepared.document, prepared.operation, prepared.variables)
        fields = compiler.root_fields()
        if fields is None or not all(field.is_list for field in fields):
            return None
        return fields

    def compile_subscription(self, prepared: Prepared) -> RootField:
        """The subscription's one field.

        Raises:
            GraphQLError: nothing is left of it, or an argument is refused.
        """
        compiler = Compiler(self.schema, prepared.document, prepared.operation, prepared.variables)
        fields = compiler.root_fields()
        if not fields or len(fields) != 1:
            raise refusal("A subscription needs exactly one field", "GRAPHQL_VALIDATION_FAILED")
        self._refuse_nulls(fields[0].name, fields[0].arguments)
        return fields[0]

    async def stream(self, prepared: Prepared, caller: Caller) -> AsyncIterator[bytes]:
        """The whole answer in chunks of some 256 KB; other work runs in between."""
        rows = self._open(prepared, caller)
        if rows is None:
            yield encode(await self.run(prepared, caller))
            return
        chunk = bytearray(b'{"data":{')
        for position, (field, sources) in enumerate(rows):
            chunk += (b"," if position else b"") + encode(field.key) + b":["
            parts = self._series if field.name == "loggedTagValues" else _slices
            async for part in parts(field, sources):
                chunk += part
                if len(chunk) >= CHUNK_BYTES:
                    yield bytes(chunk)
                    chunk.clear()
            chunk += b"]"
        chunk += b"}}"
        yield bytes(chunk)

    async def _series(
        self, field: RootField, sources: Iterable[dict[str, Any]]
    ) -> AsyncIterator[bytes]:
        """Logged values as JSON without the outer brackets: rows by template, in slices."""
        for position, source in enumerate(sources):
            yield b",{" if position else b"{"
            for place, entry in enumerate(field.selection.entries):
                yield (b"," if place else b"") + encode(entry.key) + b":"
                rows = source.get(entry.name)
                if not isinstance(rows, LoggedRows) or entry.nested is None:
                    yield encode(entry.take(source))
                    continue
                writer = RowWriter(self.operations.wire, entry.nested.pick, rows.data_type)
                yield b"["
                for first in range(0, len(rows.raw), ROWS_A_SLICE):
                    yield (b"," if first else b"") + writer.write(
                        rows.raw[first : first + ROWS_A_SLICE]
                    )
                    await asyncio.sleep(0)
                yield b"]"
            yield b"}"
            await asyncio.sleep(0)

    def _open(
        self, prepared: Prepared, caller: Caller
    ) -> list[tuple[RootField, Iterable[dict[str, Any]]]] | None:
        """The compiled fields with their rows; None when anything is out of the ordinary.

        A refusal is left to the executor, which knows how to report it; opening a read twice
        does no harm.
        """
        try:
            fields = self.compile(prepared)
            if fields is None:
                return None
            opened = []
            for field in fields:
                self._refuse_nulls(field.name, field.arguments)
                opened.append((field, self.operations.run(field.name, caller, field.arguments)))
        except GraphQLError:
            return None
        return opened


async def _slices(
    field: RootField, sources: Iterable[dict[str, Any] | None]
) -> AsyncIterator[bytes]:
    """A list's items as JSON without brackets; gives way to others every few milliseconds."""
    picked: list[dict[str, Any] | None] = []
    pick = field.pick
    comma = b""
    began = time.perf_counter()
    for source in sources:
        picked.append(None if source is None else pick(source))
        if len(picked) >= SLICE_ROWS:
            yield comma + encode(picked)[1:-1]
            comma = b","
            picked = []
            if time.perf_counter() - began > SLICE_S:
                await asyncio.sleep(0)
                began = time.perf_counter()
    if picked:
        yield comma + encode(picked)[1:-1]


def _defaults_of(name: str, field: GraphQLField) -> dict[str, Any]:
    """The coerced defaults of a field's arguments, those without one left out."""
    optional = {
        key: argument for key, argument in field.args.items() if not is_required_argument(argument)
    }
    bare = GraphQLField(field.type, args=optional)
    return get_argument_values(bare, FieldNode(name=NameNode(value=name), arguments=()))


def formatted(error: GraphQLError) -> dict[str, Any]:
    """An error as the interface writes it: a code is always there."""
    return {
        **error.formatted,
        "extensions": {"code": "INTERNAL_SERVER_ERROR", **(error.extensions or {})},
    }
