"""Filters as the interface takes them: name patterns of a browse, and the alarm filter language.

Pure functions from text to a predicate; the server calls them once a query, the predicates run
for every object.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import parse_time
from tagwerk.simulator.state import BrowseObject, ModelError

# A character of a name's segment: a dot or colon that the runtime escaped with $ belongs to it.
# The many-forms are unrolled loops, because they run for a million names.
_ONE = r"(?:\$.|[^.:$])"
_MANY = r"[^.:$]*(?:\$.[^.:$]*)*"
_MANY_LEVELS = r"(?=[^:])[^:$]*(?:\$.[^:$]*)*"


def name_pattern(pattern: str, system: str) -> re.Pattern[str] | None:
    """A browse name filter as a regular expression over names without their system.

    ``*`` and ``?`` stay inside one segment, ``**`` crosses dots: ``*::*`` are objects, ``*.*``
    elements of the first level, ``*.**`` of any level, ``*.**:*`` what hangs below elements.

    Returns:
        None when the pattern asks for another system.
    """
    head, mark, rest = pattern.partition("::")
    if mark:
        if not re.fullmatch(_translated(head), system):
            return None
    else:
        rest = pattern
    return re.compile(_translated(rest), re.IGNORECASE | re.DOTALL)


def _translated(pattern: str) -> str:
    parts = []
    for piece in re.findall(r"\*\*|\$.|.", pattern, re.DOTALL):
        if piece == "**":
            parts.append(_MANY_LEVELS)
        elif piece == "*":
            parts.append(_MANY)
        elif piece == "?":
            parts.append(_ONE)
        else:
            parts.append(re.escape(piece))
    return "".join(parts)


_TYPE_FAMILIES = {
    "TAG": ("SIMPLETAG", "STRUCTURETAG"),
    "TAGTYPE": ("SIMPLETAGTYPE", "STRUCTURETAGTYPE"),
}


def browse_filter(
    name_filters: Iterable[str],
    object_types: Iterable[str],
    base_types: Iterable[str],
    system: str,
) -> Callable[[BrowseObject], bool]:
    """The predicate of a browse: inside a list OR, between the lists AND; an empty list is no limit."""
    wanted_names = list(name_filters)
    patterns = [found for text in wanted_names if (found := name_pattern(text, system)) is not None]
    types = {member for name in object_types for member in (name, *_TYPE_FAMILIES.get(name, ()))}
    bases = [re.compile(_translated(text), re.IGNORECASE) for text in base_types]

    checks: list[Callable[[BrowseObject], bool]] = []
    if types:
        checks.append(lambda item: item.object_type in types)
    if len(patterns) == 1:
        single = patterns[0].fullmatch
        checks.append(lambda item: single(item.name) is not None)
    elif wanted_names:
        checks.append(lambda item: any(one.fullmatch(item.name) for one in patterns))
    if bases:
        checks.append(lambda item: any(one.fullmatch(item.data_type) for one in bases))
    if len(checks) == 1:
        return checks[0]
    return lambda item: all(check(item) for check in checks)


# --- the alarm filter language -------------------------------------------------------------------

AlarmPredicate = Callable[[Mapping[str, Any]], bool]
"""Takes an alarm as the interface's fields; times as nanoseconds in ``FIELD`` keys of `RAW_TIMES`."""

_TIME_FIELDS = frozenset(
    ("raiseTime", "acknowledgmentTime", "clearTime", "resetTime", "modificationTime")
)
_NUMBER_FIELDS = frozenset(
    ("instanceID", "alarmGroupID", "alarmClassID", "priority", "systemSeverity", "duration")
)
_BOOL_FIELDS = frozenset(("flashing", "hasComments"))
_VARIANT_FIELDS = frozenset(("value", "valueLimit", "deadBand", "deadband"))
_TEXT_FIELDS = frozenset(
    (
        "name",
        "alarmClassName",
        "alarmClassSymbol",
        "alarmParameterValues",
        "alarmType",
        "eventText",
        "infoText",
        "stateText",
        "origin",
        "area",
        "connectionName",
        "connection",
        "hostName",
        "userName",
        "sourceID",
        "loopInAlarm",
        "path",
        "tag",
        *(f"alarmText{number}" for number in range(1, 10)),
    )
)
_FILTERABLE = _TIME_FIELDS | _NUMBER_FIELDS | _BOOL_FIELDS | _VARIANT_FIELDS | _TEXT_FIELDS
UNFILTERABLE = frozenset(
    (
        "state",
        "stateMachine",
        "changeReason",
        "sourceType",
        "suppressionState",
        "invalidFlags",
        "producer",
        "userResponse",
        "textColor",
        "backColor",
        "valueQuality",
        "quality",
    )
)


class _Token(NamedTuple):
    kind: str
    text: str
    at: int


_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<operator><=|>=|=|<|>)|(?P<mark>[()])"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?P<word>[A-Za-z_]\w*))"
)


def _refuse(problem: str, at: int) -> ModelError:
    return ModelError("301", f"Syntax error in filter at position {at + 1}: {problem}")


def _tokens(text: str) -> list[_Token]:
    tokens = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            while text[at].isspace():
                at += 1
            raise _refuse(f"“{text[at : at + 12]}” is not understood", at)
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        at = match.end()
    tokens.append(_Token("end", "", len(text)))
    return tokens


def alarm_filter(text: str) -> AlarmPredicate:
    """A ``filterString`` as a predicate over an alarm's fields (see `wire.filter_fields`).

    Comparisons ``= < > <= >= LIKE``, ``AND`` before ``OR``, brackets; texts in single quotes
    (a doubled quote stands for one), ``*`` and ``?`` behind LIKE. An empty text lets all through.

    Raises:
        ModelError: code 301 with the position, also for fields that cannot be filtered.
    """
    if not text.strip():
        return lambda alarm: True
    parser = _Parser(_tokens(text))
    predicate = parser.either()
    parser.expect_end()
    return predicate


class _Parser:
    """Recursive descent: either := both (OR both)*; both := term (AND term)*."""

    MAX_DEPTH = 100

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._depth = 0

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += token.kind != "end"
        return token

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token.kind == "word" and token.text.upper() == word

    def expect_end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise _refuse(f"“{token.text}” is not expected here", token.at)

    def either(self) -> AlarmPredicate:
        terms = [self._both()]
        while self._is_word("OR"):
            self._take()
            terms.append(self._both())
        if len(terms) == 1:
            return terms[0]
        return lambda alarm: any(term(alarm) for term in terms)

    def _both(self) -> AlarmPredicate:
        terms = [self._term()]
        while self._is_word("AND"):
            self._take()
            terms.append(self._term())
        if len(terms) == 1:
            return terms[0]
        return lambda alarm: all(term(alarm) for term in terms)

    def _term(self) -> AlarmPredicate:
        token = self._take()
        if token == ("mark", "(", token.at):
            self._depth += 1
            if self._depth > self.MAX_DEPTH:
                raise _refuse("too many brackets", token.at)
            inner = self.either()
            closing = self._take()
            if closing.text != ")" or closing.kind != "mark":
                raise _refuse("a closing bracket is missing", closing.at)
            self._depth -= 1
            return inner
        if token.kind != "word":
            raise _refuse(
                f"a field name is expected instead of “{token.text}”"
                if token.text
                else "it ends too early",
                token.at,
            )
        return self._comparison(token)

    def _comparison(self, field: _Token) -> AlarmPredicate:
        name = field.text
        if name in UNFILTERABLE:
            raise _refuse(f"the field {name} cannot be filtered", field.at)
        if name not in _FILTERABLE:
            raise _refuse(f"there is no field {name}", field.at)
        operator = self._take()
        is_like = operator.kind == "word" and operator.text.upper() == "LIKE"
        if operator.kind != "operator" and not is_like:
            raise _refuse(f"a comparison is expected behind {name}", operator.at)
        literal = self._take()
        boolean = literal.kind == "word" and literal.text.lower() in ("true", "false")
        if literal.kind not in ("text", "number") and not boolean:
            raise _refuse(f"a value is expected behind {operator.text}", literal.at)
        if is_like:
            return _like(name, literal)
        return _compare(name, operator.text, literal)


def _unquoted(literal: _Token) -> str:
    if literal.kind == "text":
        return literal.text[1:-1].replace("''", "'")
    return literal.text


def _texts(value: object) -> list[str]:
    if value is None:
        return []
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value if one is not None]
    return [str(value)]


def _like(name: str, literal: _Token) -> AlarmPredicate:
    if name in _TIME_FIELDS or name in _NUMBER_FIELDS:
        raise _refuse(f"LIKE needs a text field, {name} is none", literal.at)
    if literal.kind != "text":
        raise _refuse("LIKE needs a text in single quotes", literal.at)
    pattern = "".join(
        {"*": ".*", "?": "."}.get(character, re.escape(character))
        for character in _unquoted(literal)
    )
    matches = re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch
    return lambda alarm: any(matches(text) for text in _texts(alarm.get(name)))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda left, right: bool(left == right),
    "<": lambda left, right: bool(left < right),
    ">": lambda left, right: bool(left > right),
    "<=": lambda left, right: bool(left <= right),
    ">=": lambda left, right: bool(left >= right),
}


def _compare(name: str, operator: str, literal: _Token) -> AlarmPredicate:
    holds = _OPERATORS[operator]
    text = _unquoted(literal)
    if name in _TIME_FIELDS:
        try:
            moment = parse_time(text)
        except UsageError:
            raise _refuse(f"{name} needs a time, not “{text}”", literal.at) from None
        return lambda alarm: (at := alarm.get(name)) is not None and holds(at, moment)
    if name in _BOOL_FIELDS:
        if operator != "=" or text.lower() not in ("true", "false", "0", "1"):
            raise _refuse(f"{name} is true or false", literal.at)
        expected = text.lower() in ("true", "1")
        return lambda alarm: alarm.get(name) is expected
    if name in _NUMBER_FIELDS or (name in _VARIANT_FIELDS and literal.kind == "number"):
        try:
            number = float(text)
        except ValueError:
            raise _refuse(f"{name} needs a number, not “{text}”", literal.at) from None
        return lambda alarm: (
            isinstance(value := alarm.get(name), (int, float)) and holds(value, number)
        )
    return lambda alarm: any(holds(one, text) for one in _texts(alarm.get(name)))
