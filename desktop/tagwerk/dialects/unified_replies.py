"""Answers of Unified outside the hot path: envelope, login, browse, writing, subscription frames.

Errors come in two layers (reference, section 2): ``errors[]`` of the whole answer, raised here as
the domain's errors, and ``error`` of one item, which stays with its item.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tagwerk.dialects.base import UNREADABLE, decode_json
from tagwerk.dialects.unified_values import (
    LoggedBody,
    TagBody,
    error_from_json,
    parse_timestamp,
)
from tagwerk.domain.connection import Session
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotSupported,
    ProtocolError,
    ServerFailed,
    ServerRefused,
    SessionExpired,
    TagwerkError,
)
from tagwerk.domain.values import ItemError


@dataclass(frozen=True, slots=True)
class TopError:
    """One entry of ``errors[]``."""

    message: str
    code: str = ""


class SessionPerhapsEnded(ServerFailed):
    """The server failed inside, and speaks of login, token or session while it does."""


class DocumentRefused(NotSupported):
    """The server does not take the document itself: nothing of it was done.

    `said` is every message of the refusal; it may repeat a secret and is for `learn` only.
    """

    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """The secret of a session. Its text must never reach a log, an error or a file."""

    value: str

    def __repr__(self) -> str:
        return "Token(…)"


@dataclass(frozen=True, slots=True)
class Login:
    """A successful login or renewal."""

    token: Token
    session: Session


_SESSION_WORDS = re.compile(
    r"\b(log(ged)?[ -]?in|login|token|session|authenticat\w*|unauthori[sz]ed|expired|jwt)\b", re.I
)
_LONGEST_LOGOFF_S = 10**9
_SHAPE_WORDS = re.compile(
    r"^(Cannot query field|Unknown (argument|type|fragment)|.*[aA]rgument .* is required, but"
    r"|Variable \S+ of type|Field \S+ must not have a selection|Syntax Error"
    r"|GraphQL introspection (is not allowed|has been disabled))",
    re.I,
)
"""What GraphQL's reference implementation and its users say, where no code comes with it."""
_SHAPE_CODES = (
    "GRAPHQL_VALIDATION_FAILED",
    "GRAPHQL_PARSE_FAILED",
    "BAD_USER_INPUT",
    "BAD_REQUEST",
)


def errors_from_json(body: Any) -> list[TopError]:
    """``errors[]`` as far as it can be read."""
    entries = body if isinstance(body, list) else [body]
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            extensions = entry.get("extensions")
            code = extensions.get("code") if isinstance(extensions, dict) else None
            code = entry.get("code") if code is None else code
            found.append(
                TopError(str(entry.get("message") or ""), "" if code is None else str(code))
            )
        elif entry is not None:
            found.append(TopError(str(entry)))
    return found


def error_to_raise(errors: Sequence[TopError], status: int = 200) -> TagwerkError:
    """The domain's error for the errors of a whole answer.

    An expired token looks different on every server (unknown, reference section 2): anything
    that smells of it is SessionExpired, which costs one login and one repetition of a read.
    """
    first = errors[0] if errors else TopError("")
    codes = {error.code.upper() for error in errors}
    said = first.message or f"HTTP {status}"
    if "FORBIDDEN" in codes or (status == 403 and "UNAUTHENTICATED" not in codes):
        return NotAllowed(
            "The server denies access: {said}",
            cure="The user needs the right “GraphQL read access” or “GraphQL read/write access”.",
            code="FORBIDDEN",
            said=said,
        )
    if "UNAUTHENTICATED" in codes or status == 401:
        return SessionExpired(
            "The session has ended: {said}", cure="Log in again.", code="UNAUTHENTICATED", said=said
        )
    if any(code in codes for code in _SHAPE_CODES) or _SHAPE_WORDS.search(said):
        refused = DocumentRefused(
            "The server does not take this request: {said}",
            cure="This server version may lack the function.",
            code=first.code,
            said=said,
        )
        refused.said = tuple(error.message for error in errors)
        return refused
    if "INTERNAL_SERVER_ERROR" in codes or status >= 500:
        if _SESSION_WORDS.search(said):
            return SessionPerhapsEnded(
                "The server failed inside: {said}", code=first.code, said=said
            )
        return ServerFailed("The server failed inside: {said}", code=first.code, said=said)
    if _SESSION_WORDS.search(said):
        return SessionExpired(
            "The session has ended: {said}", cure="Log in again.", code=first.code, said=said
        )
    return ServerRefused("The server refused: {said}", code=first.code, said=said)


def result_of(body: Any, field: str, status: int = 200) -> Any:
    """``data.field`` of a decoded answer.

    Partial data with errors counts: the other items of the same call are good.

    Raises:
        NotAllowed, SessionExpired, ServerRefused: errors and no data.
        ProtocolError: not the shape of a GraphQL answer.
    """
    if not isinstance(body, dict) or ("data" not in body and "errors" not in body):
        raise ProtocolError(
            "The answer is not a GraphQL answer.",
            cure="Check that the address is the GraphQL interface of WinCC Unified.",
        )
    data = body.get("data")
    found = data.get(field) if isinstance(data, dict) else None
    errors = errors_from_json(body["errors"]) if body.get("errors") else []
    if found is None and errors:
        raise error_to_raise(errors, status)
    return found


def _login_refused(code: str, user: str, said: str) -> LoginFailed:
    """The domain's error by the codes of the login (reference, section 2)."""
    if code == "101":
        return LoginFailed(
            "The server does not accept user “{user}” with this password.",
            cure="Check user name and password; too many attempts may lock the account.",
            code=code,
            user=user,
        )
    if code == "102":
        return LoginFailed(
            "The server's user management (UMC) could not check user “{user}”: {said}",
            cure="Check on the server that UMC runs and is reached; then connect again.",
            code=code,
            user=user,
            said=said,
        )
    if code == "103":
        return LoginFailed(
            "The login of “{user}” took too long: {said}",
            cure="Connect again; if it comes back, compare the clocks of computer and server.",
            code=code,
            user=user,
            said=said,
        )
    return LoginFailed(
        "The server refused the login of “{user}”: {said}",
        cure="Check the user in the runtime's user administration.",
        code=code,
        user=user,
        said=said,
    )


def login_from_json(body: Any, user: str) -> Login:
    """A Session object of login or extendSession.

    Raises:
        LoginFailed: wrong user or password, or no token.
    """
    if isinstance(body, list):
        body = body[0] if body else None
    problem = error_from_json(body.get("error")) if isinstance(body, dict) else None
    token = body.get("token") if isinstance(body, dict) else None
    if problem is not None or not isinstance(token, str) or not token:
        code = problem.code if problem else ""
        said = (problem.description if problem else "") or "no token"
        raise _login_refused(code, user, said)
    return Login(Token(token), session_from_json(body, user))


def session_from_json(body: dict[str, Any], user: str) -> Session:
    """The part of a Session object that may be shown."""
    person = body.get("user")
    person = person if isinstance(person, dict) else {}
    groups = person.get("groups")
    names = [
        str(group.get("name") or group.get("id") or "") if isinstance(group, dict) else str(group)
        for group in (groups if isinstance(groups, list) else [])
    ]
    expires = body.get("expires")
    logoff = person.get("autoLogoffSec")
    return Session(
        user=str(person.get("name") or user),
        full_name=str(person.get("fullName") or ""),
        groups=tuple(name for name in names if name),
        language=str(person.get("language") or ""),
        expires_ns=parse_timestamp(expires) if isinstance(expires, str) else None,
        auto_logoff_s=_seconds(logoff),
    )


def _seconds(value: Any) -> int | None:
    """A sensible number of seconds: neither text, infinity nor more than a life."""
    sensible = isinstance(value, int | float) and 0 < value < _LONGEST_LOGOFF_S
    return max(int(value), 1) if sensible else None


# Values of queries


class _TagData(msgspec.Struct, gc=False):
    tagValues: list[TagBody]


class _TagAnswer(msgspec.Struct, gc=False):
    data: _TagData


_tag_answer = msgspec.json.Decoder(_TagAnswer).decode


def tag_bodies(data: bytes, status: int = 200) -> list[TagBody] | list[Any]:
    """Results of a tagValues query: typed where they fit, else decoded JSON objects."""
    try:
        return _tag_answer(data).data.tagValues
    except UNREADABLE:
        found = result_of(decode_answer(data), "tagValues", status)
        return found if isinstance(found, list) else [] if found is None else [found]


class LoggedSeriesBody(msgspec.Struct, gc=False):
    """One ``LoggedTagValuesResult``."""

    loggingTagName: str | None = None
    values: list[LoggedBody] | None = None
    error: Any = None


class _LoggedData(msgspec.Struct, gc=False):
    loggedTagValues: list[LoggedSeriesBody]


class _LoggedAnswer(msgspec.Struct, gc=False):
    data: _LoggedData


_logged_answer = msgspec.json.Decoder(_LoggedAnswer).decode


@dataclass(frozen=True, slots=True)
class LoggedResult:
    """One series as it came: rows are `LoggedBody` or decoded JSON."""

    logging_tag: str
    rows: Sequence[Any]
    error: ItemError | None


def logged_results(data: bytes, status: int = 200) -> list[LoggedResult]:
    """Results of a loggedTagValues query."""
    try:
        return [
            LoggedResult(one.loggingTagName or "", one.values or (), error_from_json(one.error))
            for one in _logged_answer(data).data.loggedTagValues
        ]
    except UNREADABLE:
        found = result_of(decode_answer(data), "loggedTagValues", status)
    results = []
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict):
            rows = one.get("values")
            results.append(
                LoggedResult(
                    str(one.get("loggingTagName") or one.get("name") or ""),
                    rows if isinstance(rows, list) else (),
                    error_from_json(one.get("error")),
                )
            )
    return results


def decode_answer(data: bytes) -> Any:
    """A whole answer as JSON.

    Raises:
        ProtocolError: it is not JSON (an HTML page of a proxy, an empty body, …).
    """
    try:
        return decode_json(data)
    except ValueError as problem:
        start = bytes(data[:60]).decode("utf-8", "replace").strip().split("\n")[0]
        if not start:
            raise ProtocolError("The server sent an empty answer.") from problem
        raise ProtocolError(
            "The answer is not JSON; it begins with “{start}”.",
            cure="Something else than WinCC Unified answers at this address.",
            start=start,
        ) from problem


# Subscription frames


class _NextData(msgspec.Struct, gc=False):
    tagValues: TagBody | None = None


class _NextPayload(msgspec.Struct, gc=False):
    data: _NextData | None = None
    errors: Any = None


class ServerFrame(msgspec.Struct, gc=False):
    """One message of graphql-transport-ws that carries a tag's value, or has no payload."""

    type: str = ""
    id: str = ""
    payload: _NextPayload | None = None


decode_value_frame = msgspec.json.Decoder(ServerFrame).decode
"""The hot path: raises msgspec's or Unicode errors for all that `decode_any_frame` must read."""


@dataclass(frozen=True, slots=True)
class AnyFrame:
    """A message of any kind, read tolerantly.

    Args:
        kind: ``next``, ``error``, ``complete``, ``connection_ack``, ``ping``, ``pong`` or else.
        operation: the id, "" when there is none.
        data: ``payload.data`` of a ``next``.
        errors: of a ``next`` or an ``error``.
        payload: as sent, to be echoed in a pong.
    """

    kind: str
    operation: str = ""
    data: dict[str, Any] | None = None
    errors: tuple[TopError, ...] = ()
    payload: Any = None


def decode_any_frame(data: bytes | memoryview) -> AnyFrame:
    """Read a message that the hot path could not.

    Raises:
        ProtocolError: not a message of this protocol.
    """
    try:
        body = decode_json(data)
    except ValueError as problem:
        raise ProtocolError("A message of the subscription is not JSON.") from problem
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise ProtocolError("A message of the subscription has no type.")
    payload = body.get("payload")
    operation = body.get("id")
    name = "" if operation is None else str(operation)
    if body["type"] == "error":
        return AnyFrame("error", name, None, tuple(errors_from_json(payload)), payload)
    if body["type"] == "next" and isinstance(payload, dict):
        inner = payload.get("data")
        errors = tuple(errors_from_json(payload["errors"])) if payload.get("errors") else ()
        return AnyFrame("next", name, inner if isinstance(inner, dict) else None, errors, payload)
    return AnyFrame(body["type"], name, None, (), payload)
