"""What each field of the schema's Query and Mutation does on the plant.

Independent of how it is called: by the GraphQL executor or by a compiled query. Answers are dicts
in the schema's spelling (see `wire`); refusals are GraphQLErrors with a code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import translate
import re
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from tagwerk.simulator.filters import alarm_filter, browse_filter
if TYPE_CHECKING:
    from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.schema import LANGUAGES
from tagwerk.simulator.sessions import READ, WRITE, Session, SessionStore, User
from tagwerk.simulator.state import ModelError, TagState
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import Fields, Wire

HOST = "demo-plant"
SESSION_ONLY = "session"
PUBLIC = ""

ACCESS = {
    "nonce": PUBLIC,
    "identityProviderURL": PUBLIC,
    "login": PUBLIC,
    "loginSWAC": PUBLIC,
    "session": SESSION_ONLY,
    "extendSession": SESSION_ONLY,
    "logout": SESSION_ONLY,
    "tagValues": READ,
    "loggedTagValues": READ,
    "browse": READ,
    "activeAlarms": READ,
    "loggedAlarms": READ,
    "reduState": READ,
    "writeTagValues": WRITE,
    "acknowledgeAlarms": WRITE,
    "resetAlarms": WRITE,
    "disableAlarms": WRITE,
    "enableAlarms": WRITE,
    "shelveAlarms": WRITE,
    "unshelveAlarms": WRITE,
}
"""Field → what the caller needs. Fields of Query, Mutation and Subscription."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the session of the token that was sent, None without a living one."""

    session: Session | None = None

    @property
    def user(self) -> User | None:
        return self.session.user if self.session else None


class Unauthenticated(GraphQLError):
    """The token is missing, unknown or expired."""


def refusal(text: str, code: str) -> GraphQLError:
    """A refusal of a whole field, with its code for clients."""
    return GraphQLError(text, extensions={"code": code})


def model_refusal(problem: ModelError) -> GraphQLError:
    """A refusal of a whole field where the interface has no place for an item's error."""
    return refusal(problem.description, problem.code)


class Operations:
    """The fields of Query and Mutation as methods of the same name.

    Args:
        model: the plant.
        sessions: who is logged in.
        wire: spelling of answers.
        switches: variants to be played.
        now_ns: the plant's time.
    """

    def __init__(
        self,
        model: PlantModel,
        sessions: SessionStore,
        wire: Wire,
        switches: Switches,
        now_ns: Callable[[], int],
    ) -> None:
        self.model = model
        self.sessions = sessions
        self.wire = wire
        self._switches = switches
        self._now_ns = now_ns
        hidden = switches.text("hide-denied")
        self._hidden = re.compile(translate(hidden)) if hidden else None

    def check(self, field: str, caller: Caller) -> None:
        """Refuse a caller without session or right.

        Raises:
            Unauthenticated: no living session.
            GraphQLError: FORBIDDEN, the user's function right is missing.
        """
        needed = ACCESS[field]
        if needed == PUBLIC:
            return
        if caller.session is None:
            how = self._switches.text("expired-as", "UNAUTHENTICATED")
            if how == "message":
                raise Unauthenticated("Session is invalid or has expired, please login")
            code = "FORBIDDEN" if how in ("FORBIDDEN", "403") else "UNAUTHENTICATED"
            text = "Access denied" if code == "FORBIDDEN" else "Not authenticated"
            raise Unauthenticated(text, extensions={"code": code})
        if needed != SESSION_ONLY and not caller.session.user.may(needed):
            raise refusal("Access denied", "FORBIDDEN")

    def run(self, field: str, caller: Caller, arguments: dict[str, Any]) -> Any:
        """Check and do one field; the result may be awaitable.

        Raises:
            GraphQLError: refused as a whole.
        """
        self.check(field, caller)
        return getattr(self, "do_" + field)(caller, **arguments)

    def sees(self, caller: Caller, name: str) -> bool:
        """Whether the caller may know of an object (short name)."""
        if self._hidden is None or (caller.user and caller.user.may(WRITE)):
            return True
        return self._hidden.fullmatch(name) is None

    # Sessions

    def _session_fields(self, session: Session) -> Fields:
        user = session.user
        return {
            "user": {
                "id": user.name,
                "name": user.name,
                "groups": [{"id": group, "name": group} for group in user.groups],
                "fullName": user.full_name,
                "language": user.language,
                "autoLogoffSec": int(self.sessions.auto_logoff_s(user)),
            },
            "token": session.token,
            "expires": self.wire.time(session.expires_ns),
            "error": self.wire.success(),
        }

    @staticmethod
    def _no_session(code: str, description: str) -> Fields:
        return {
            "user": None,
            "token": None,
            "expires": None,
            "error": {"code": code, "description": description},
        }

    async def do_login(self, caller: Caller, username: str, password: str) -> Fields:
        delay_s = self._switches.number("slow-login", 0)
        if delay_s:
            await asyncio.sleep(delay_s)
        session = self.sessions.login(username, password)
        if session is None:
            return self._no_session("101", "Wrong user name or password")
        return self._session_fields(session)

    def do_loginSWAC(self, caller: Caller, claim: str, signedClaim: str) -> Fields:  # noqa: N802, N803
        return self._no_session("102", "There is no identity provider")

    def do_extendSession(self, caller: Caller) -> Fields:  # noqa: N802
        assert caller.session is not None
        return self._session_fields(self.sessions.extend(caller.session))

    def do_logout(self, caller: Caller, allSessions: bool | None = False) -> bool:  # noqa: N803
        assert caller.session is not None
        self.sessions.logout(caller.session, all_sessions=bool(allSessions))
        return True

    def do_session(self, caller: Caller, allSessions: bool | None = False) -> list[Fields]:  # noqa: N803
        assert caller.session is not None
        if not allSessions:
            return [self._session_fields(caller.session)]
        return [self._session_fields(one) for one in self.sessions.of_user(caller.session.user)]

    def do_nonce(self, caller: Caller) -> Fields:
        nonce = self.sessions.nonce()
        return {"value": nonce.value, "validFor": nonce.valid_for_s}

    def do_identityProviderURL(self, caller: Caller) -> str:  # noqa: N802
        return "https://localhost/umc-sso/"

    # Tags

    def do_browse(
        self,
        caller: Caller,
        nameFilters: Sequence[str | None],  # noqa: N803
        objectTypeFilters: Sequence[str | None],  # noqa: N803
        baseTypeFilters: Sequence[str | None],  # noqa: N803
        language: str,
    ) -> Iterator[Fields]:
        keep = browse_filter(
            _texts_of("nameFilters", nameFilters),
            _texts_of("objectTypeFilters", objectTypeFilters),
            _texts_of("baseTypeFilters", baseTypeFilters),
            self.wire.system,
        )
        outward = self.wire.outward
        hides = self._hidden is not None

        def rows() -> Iterator[Fields]:
            for item in self.model.browse():
                if keep(item) and not (hides and not self.sees(caller, item.name)):
                    display = item.display
                    yield {
                        "name": outward(item.name),
                        "displayName": display.get(language) or display.get("en-US", item.name),
                        "objectType": item.object_type,
                        "dataType": item.data_type,
                    }

        return rows()

    def state(self, asked: str) -> TagState:
        """The tag of a name.

        Raises:
            ModelError: 2 cannot be resolved, 202 a structure.
        """
        return self.model.state(self.wire.short(asked))

    def do_tagValues(  # noqa: N802
        self,
        caller: Caller,
        names: Sequence[str],
        directRead: bool | None = False,  # noqa: N803
    ) -> Iterator[Fields]:
        return (
            self.tag_value(name) for name in names if self.sees(caller, self.wire.short(name))
        )

    def tag_value(self, asked: str) -> Fields:
        """One item of a read or a notification, the reason left out."""
        try:
            state = self.state(asked)
        except ModelError as problem:
            return {"name": self.wire.echo(asked), "value": None, "error": self.wire.error(problem)}
        return {
            "name": self.wire.echo(asked),
            "value": self.wire.sample(state.value, state.quality, state.time_ns, state.data_type),
            "error": self.wire.success(),
        }

    def do_writeTagValues(  # noqa: N802
        self,
        caller: Caller,
        input: Sequence[dict[str, Any] | None],  # noqa: A002
        timestamp: int | None = None,
        quality: Fields | None = None,
    ) -> list[Fields]:
        assert caller.user is not None
        replies = []
        for item in input:
            if item is None:
                raise refusal("An item of input is null", "BAD_USER_INPUT")
            problem = None
            try:
                self.model.write(
                    self.wire.short(item["name"]),
                    item["value"],
                    now_ns=self._now_ns(),
                    user=caller.user.name,
                )
            except ModelError as refused:
                problem = refused
            replies.append({"name": self.wire.echo(item["name"]), "error": self.wire.error(problem)})
        return replies

    # Logged values

    def do_loggedTagValues(  # noqa: N802
        self,
        caller: Caller,
        names: Sequence[str | None],
        startTime: int,  # noqa: N803
        endTime: int,  # noqa: N803
        maxNumberOfValues: int,  # noqa: N803
        sortingMode: str,  # noqa: N803
        boundingValuesMode: str,  # noqa: N803
    ) -> Iterator[Fields]:
        problem = _span_problem(startTime, endTime, maxNumberOfValues, sortingMode)
        end_ns = endTime or self._now_ns() + 1
        limit = maxNumberOfValues
        cap = int(self._switches.number("history-cap", 0))
        if cap:
            limit = min(limit, cap) if limit else cap
        shift = 1 if self._switches.on("exclusive-bounds") else 0

        def series(name: str) -> Fields:
            try:
                if problem is not None:
                    raise problem
                log = self.model.logging_tag(self.wire.short(name))
                rows = self.model.logged(
                    log.name,
                    startTime + shift,
                    end_ns - shift,
                    limit=limit,
                    descending=sortingMode == "TIME_DESC",
                    bounding=boundingValuesMode,
                )
            except ModelError as refused:
                return {
                    "loggingTagName": self.wire.echo(name),
                    "error": self.wire.error(refused),
                    "values": [],
                }
            spelled = self.wire.echo(name) if ":" in name.partition("::")[2] else self.wire.outward(log.name)
            return {
                "loggingTagName": spelled,
                "error": self.wire.success(),
                "values": self.wire.logged_rows(rows, log.data_type),
            }

        return (
            series(name)
            for name in _texts_of("names", names)
            if self.sees(caller, self.wire.short(name))
        )

    # Alarms

    def alarm_question(
        self,
        systemNames: Sequence[str | None],  # noqa: N803
        filterString: str,  # noqa: N803
        filterLanguage: str,  # noqa: N803
        languages: Sequence[str | None],
    ) -> AlarmQuestion:
        """Read the arguments that all alarm fields share.

        Raises:
            GraphQLError: codes 301, 302 and 303.
        """
        wanted = _texts_of("languages", languages)
        for language in wanted:
            if language not in LANGUAGES:
                raise refusal(f"Language {language} is not valid", "302")
        if filterLanguage not in LANGUAGES:
            raise refusal(f"Filter language {filterLanguage} is not valid", "303")
        try:
            keep = alarm_filter(filterString)
        except ModelError as problem:
            raise model_refusal(problem) from None
        systems = _texts_of("systemNames", systemNames)
        is_here = not systems or self.wire.system in systems
        is_all = not filterString.strip()

        def matches(record: Any) -> bool:
            return is_here and (is_all or keep(self.wire.filter_fields(record, filterLanguage)))

        return AlarmQuestion(matches, tuple(wanted))

    def do_activeAlarms(self, caller: Caller, **arguments: Any) -> Iterator[Fields]:  # noqa: N802
        question = self.alarm_question(**arguments)
        return (
            self.wire.alarm(record, question.languages)
            for record in self.model.alarms.active()
            if self.sees(caller, record.name) and question.matches(record)
        )

    def do_loggedAlarms(  # noqa: N802
        self,
        caller: Caller,
        startTime: int,  # noqa: N803
        endTime: int,  # noqa: N803
        maxNumberOfResults: int,  # noqa: N803
        **arguments: Any,
    ) -> Iterator[Fields]:
        question = self.alarm_question(**arguments)
        if maxNumberOfResults < 0:
            raise refusal("maxNumberOfResults must not be negative", "3")
        if startTime and endTime and startTime > endTime:
            raise refusal("startTime is behind endTime", "3")
        end_ns = endTime or self._now_ns() + 1
        records = [
            record
            for record in self.model.alarms.logged(startTime, end_ns)
            if self.sees(caller, record.name) and question.matches(record)
        ]
        if maxNumberOfResults:
            records = records[-maxNumberOfResults:]
        return (self.wire.alarm(record, question.languages) for record in records)

    def do_acknowledgeAlarms(  # noqa: N802
        self,
        caller: Caller,
        input: Sequence[Fields | None],  # noqa: A002
    ) -> list[Fields]:
        return self._answer_alarms(caller, input, self.model.alarms.acknowledge)

    def do_resetAlarms(self, caller: Caller, input: Sequence[Fields | None]) -> list[Fields]:  # noqa: A002, N802
        return self._answer_alarms(caller, input, self.model.alarms.reset)

    def _answer_alarms(
        self, caller: Caller, items: Sequence[Fields | None], answer: Callable[..., None]
    ) -> list[Fields]:
        assert caller.user is not None
        listed = [item for item in items if item is not None]
        if len(listed) < len(items):
            raise refusal("An item of input is null", "BAD_USER_INPUT")
        try:
            self.model.alarms.check_single(self.wire.short(item["name"]) for item in listed)
        except ModelError as problem:
            # One with single acknowledgement among others: nothing of the call is done.
            if not self._switches.on("single-refused-by-item"):
                raise model_refusal(problem) from None
            return [self._alarm_reply(item, problem) for item in listed]
        replies = []
        for item in listed:
            name, instance = item["name"], item.get("instanceID") or 0
            refused = None
            try:
                if "::" not in name:
                    raise ModelError("2", f"“{name}” is no full name")
                answer(self.wire.short(name), instance, self._now_ns(), caller.user.name, HOST)
            except ModelError as problem:
                refused = problem
            replies.append(self._alarm_reply(item, refused))
        return replies

    def _alarm_reply(self, item: Fields, problem: ModelError | None) -> Fields:
        return {
            "alarmName": item["name"],
            "alarmInstanceID": item.get("instanceID") or 0,
            "error": self.wire.error(problem),
        }

    def do_disableAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:  # noqa: N802
        return self._configure_alarms(caller, names, self.model.alarms.disable)

    def do_enableAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:  # noqa: N802
        return self._configure_alarms(caller, names, self.model.alarms.enable)

    def do_unshelveAlarms(self, caller: Caller, names: Sequence[str | None]) -> list[Fields]:  # noqa: N802
        return self._configure_alarms(caller, names, self.model.alarms.unshelve)

    def do_shelveAlarms(  # noqa: N802
        self,
        caller: Caller,
        names: Sequence[str | None],
        shelveTimeout: int,  # noqa: N803
    ) -> list[Fields]:
        timeout_ns = shelveTimeout * 100

        def shelve(name: str, now_ns: int, user: str, host: str) -> None:
            self.model.alarms.shelve(name, now_ns, timeout_ns, user, host)

        return self._configure_alarms(caller, names, shelve)

    def _configure_alarms(
        self,
        caller: Caller,
        names: Sequence[str | None],
        act: Callable[[str, int, str, str], None],
    ) -> list[Fields]:
        assert caller.user is not None
        replies = []
        for name in _texts_of("names", names):
            refused = None
            try:
                act(self.wire.short(name), self._now_ns(), caller.user.name, HOST)
            except ModelError as problem:
                refused = problem
            replies.append({"alarmName": name, "error": self.wire.error(refused)})
        return replies


@dataclass(frozen=True, slots=True)
class AlarmQuestion:
    """Which alarms are asked for, and in which languages."""

    matches: Callable[[Any], bool]
    languages: tuple[str, ...]


def _texts_of(argument: str, values: Sequence[str | None]) -> list[str]:
    texts = [value for value in values if value is not None]
    if len(texts) < len(values):
        raise refusal(f"An item of {argument} is null", "BAD_USER_INPUT")
    return texts


def _span_problem(start_ns: int, end_ns: int, limit: int, sorting: str) -> ModelError | None:
    """The argument rules of logged values; 1970 is "not given"."""
    if not start_ns and not end_ns:
        return ModelError("3", "startTime or endTime is needed")
    if limit < 0:
        return ModelError("3", "maxNumberOfValues must not be negative")
    if start_ns and end_ns:
        return ModelError("3", "startTime is behind endTime") if start_ns > end_ns else None
    if not limit:
        return ModelError("3", "With one bound only, maxNumberOfValues is needed")
    if start_ns and sorting != "TIME_ASC":
        return ModelError("3", "With startTime only, sortingMode must be TIME_ASC")
    if end_ns and sorting != "TIME_DESC":
        return ModelError("3", "With endTime only, sortingMode must be TIME_DESC")
    return None
