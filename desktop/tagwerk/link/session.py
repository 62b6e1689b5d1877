"""A login and its life: the token in memory only, renewal, one new login where a read needs it.

All requests of one server pass through `SessionKeeper.execute`. Never a login storm: a refused
login stops everything until a person asks again.
"""

from __future__ import annotations

import asyncio
import logging
import time

from tagwerk.dialects.base import Operation
from tagwerk.dialects.unified import (
    LOGOUT,
    SESSION_SELECTIONS,
    extend_operation,
    login_operation,
)
from tagwerk.dialects.unified_replies import (
    DocumentRefused,
    Login,
    SessionPerhapsEnded,
    Token,
    decode_answer,
    error_to_raise,
    errors_from_json,
    login_from_json,
    result_of,
)
from tagwerk.domain.connection import Session
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    ProtocolError,
    ServerFailed,
    ServerRefused,
    SessionExpired,
    TagwerkError,
)
from tagwerk.link.bodies import BodyTaker
from tagwerk.link.keeper import Keeper
from tagwerk.link.policy import UNJUDGED_LOGIN
from tagwerk.link.transport import MOST_ANSWER_BYTES, MOST_SMALL_BYTES, Answer, HttpTransport

log = logging.getLogger(__name__)

_LONGEST_RENEWAL_S = 900.0
_SHORTEST_RENEWAL_S = 1.0
_WITHOUT_EXPIRY_S = 120.0
_LATE_LOGIN_S = 1.0
"""How long leaving waits for a login that is under way: its session would stay on the server."""
_EDGE_BYTES = 2048
_PASSED_ON_NOTHING = ("502", "503", "504")


class SessionKeeper(Keeper):
    """Keeps one login alive.

    Args:
        transport: where requests go.
        user, password: kept in memory, for the one new login that an ended session needs.
    """

    def __init__(self, transport: HttpTransport, user: str, password: str) -> None:
        super().__init__(transport, user, password)
        self._token: Token | None = None
        self._refused: LoginFailed | None = None
        self._foreign = False
        self._lock = asyncio.Lock()
        self._arriving: asyncio.Task[None] | None = None
        self._denied: set[tuple[int, str]] = set()
        self._renewed_at_s = 0.0
        self._selection = 0
        self._life_s: float | None = None

    def __repr__(self) -> str:
        return f"SessionKeeper({self.user!r} at {self.transport.endpoint.url!r})"

    @property
    def token(self) -> str:
        """The secret for a stream's first message; "" when not logged in."""
        return self._token.value if self._token else ""

    def adopt(self, token: str) -> None:
        """Use a token issued elsewhere; it is not renewed and not logged out by us."""
        self._token = Token(token)
        self._tokens.append(token)
        self._foreign = True
        self._refused = LoginFailed(
            "The server no longer takes the token.",
            cure="Give a fresh one, or a user and a password.",
        )

    @property
    def is_foreign(self) -> bool:
        """The token was issued elsewhere."""
        return self._foreign

    def allow_login(self) -> None:
        """A person asked again: one more login may be tried."""
        self.pace.asked()
        if not self._foreign:
            self._refused = None

    def forget(self) -> None:
        """Drop the token: the server no longer takes it."""
        self._token = None

    async def login(self, *, since: int | None = None) -> None:
        """Log in; not where another login has brought a token after generation `since`.

        Raises:
            LoginFailed: refused, now or before.
        """
        async with self._lock:
            if since is not None and self.generation != since and self._token is not None:
                return
            with self._redacting():
                await self._login()

    async def ensure(self) -> None:
        """Be logged in: take the token that is there if the server still knows it.

        Raises:
            LoginFailed, NotReachable, …
        """
        if self._foreign:
            if self._refused is not None and self._token is None:
                raise self._refused
            return
        generation = self.generation
        if self._token is not None:
            try:
                await self.extend()
            except ServerFailed:
                raise
            except NotReachable as problem:
                if problem.code != "broken":
                    raise
                # Some servers hang up instead of renewing, every time. Whether they still take the
                # token shows as soon as it is used.
                return
            except (NotAllowed, ServerRefused):
                if self.generation != generation:
                    return  # a request noticed it too, and has logged in anew
                self.forget()
            else:
                return
        await self.login(since=generation)

    async def _login(self) -> None:
        """One login at a time. Who asked for it may give up meanwhile; it goes on all the same: the
        server makes a session of it, and that one has to be known to be used, or ended.
        """
        if self._arriving is None or self._arriving.done():
            if self._refused is not None:
                raise self._refused
            pause_s = self.pace.pause_s
            if pause_s > 0:
                raise NotReachable(
                    "Logging in waits {seconds} s, so that no account gets locked.",
                    cure="It is tried again by itself.",
                    code="login_pause",
                    seconds=round(pause_s) or 1,
                )
            self.pace.began()
            self._arriving = asyncio.get_running_loop().create_task(self._arrive(), name="login")
            self._arriving.add_done_callback(_take_silently)
        await asyncio.shield(self._arriving)

    async def _arrive(self) -> None:
        try:
            login = await self._log_in()
        except LoginFailed as problem:
            self._token = None
            if problem.code in UNJUDGED_LOGIN:
                self.pace.unjudged_again()
            else:
                self._refused = problem
            raise
        except (NotAllowed, SessionExpired) as problem:
            # Refused as a whole instead of in the Session's own error.
            self._token = None
            self._refused = LoginFailed(
                "The server refused the login of “{user}”: {said}",
                cure="Check user name and password.",
                code=problem.code,
                user=self.user,
                said=problem.message,
            )
            raise self._refused from problem
        except NotReachable as problem:
            # HTTP 502 to 504 come from a web server that could not pass the login on.
            if problem.may_have_arrived and problem.code not in _PASSED_ON_NOTHING:
                self.pace.unanswered()
            raise
        except (ServerRefused, ProtocolError):
            self.pace.unanswered()
            raise
        self.pace.succeeded()
        self._take(login)

    async def _log_in(self) -> Login:
        """A document that the server refuses was not done: asking for less is no second login."""
        while True:
            operation = login_operation(self.user, self._password, self._selection)
            answer = await self._post(operation.body(), most_bytes=MOST_SMALL_BYTES)
            try:
                return login_from_json(_checked(answer, "login"), self.user)
            except DocumentRefused:
                if self._selection + 1 == len(SESSION_SELECTIONS):
                    raise
                self._selection += 1

    def _take(self, login: Login) -> None:
        changed = self._token is None or login.token.value != self._token.value
        self._token = login.token
        if changed:
            self._tokens.append(login.token.value)
        self.session = login.session
        self._life_s = self._life_of(login.session)
        self.touch()
        if changed:
            self.generation += 1
            self._denied.clear()
            self.on_new_token()

    def touch(self) -> None:
        """The session was just used or renewed."""
        self._renewed_at_s = time.monotonic()

    def _life_of(self, session: Session) -> float | None:
        """Seconds that a session lives from now, counted on the server's clock because laptop and
        plant seldom agree; None where that is not known, or cannot be: the past.
        """
        if session.expires_ns is None:
            return None
        server_now_ns = time.time_ns() + (self.clock_offset_ns or 0)
        life_s = (session.expires_ns - server_now_ns) / 1e9
        return life_s if life_s > 0 else None

    async def _post(
        self,
        body: bytes,
        *,
        token: str = "",
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
        taker: BodyTaker | None = None,
    ) -> Answer:
        """One request that ends when the link is declared lost, see `cut_off`."""
        return await self._answer(
            self.transport.post(
                body, token=token, most_bytes=most_bytes, timeout_s=timeout_s, taker=taker
            )
        )

    async def extend(self) -> None:
        """Renew the session; `generation` grows when the server gave a new token.

        Raises:
            SessionExpired: the server no longer knows the token.
        """
        async with self._lock:
            with self._redacting():
                await self._extend()

    async def _extend(self) -> None:
        question = extend_operation(self._selection).body()
        answer = await self._post(question, token=self.token, most_bytes=MOST_SMALL_BYTES)
        try:
            body = _checked(answer, "extendSession")
            if body is None:
                # Taken, and nothing told: any operation prolongs the session (reference, section 2).
                self.touch()
                return
            self._take(login_from_json(_with_old_token(body, self.token), self.user))
        except (LoginFailed, NotAllowed) as problem:
            if isinstance(problem, LoginFailed) and problem.code in UNJUDGED_LOGIN:
                raise ServerFailed(
                    "The server cannot ask its user administration: {said}",
                    code=problem.code,
                    said=problem.message,
                ) from problem
            raise SessionExpired(
                "The session of “{user}” has ended: {said}",
                cure="Log in again.",
                code=problem.code,
                user=self.user,
                said=problem.message,
            ) from problem

    @property
    def renewal_in_s(self) -> float:
        """Seconds until the session should be renewed: at half of its life, at most 15 minutes.

        Where `expires` is missing, or lies in the past although the login has just been taken (a
        wrong clock), every minute.
        """
        life_s = self._life_s if self._life_s is not None else _WITHOUT_EXPIRY_S
        if self.session is not None and self.session.auto_logoff_s:
            life_s = min(life_s, float(self.session.auto_logoff_s))
        due_s = min(max(life_s / 2, _SHORTEST_RENEWAL_S), _LONGEST_RENEWAL_S)
        return max(self._renewed_at_s + due_s - time.monotonic(), 0.0)

    async def execute(
        self,
        operation: Operation,
        *,
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
        taker: BodyTaker | None = None,
    ) -> Answer:
        """Send an operation. A read is repeated once after a new login where the answer smells
        of an ended session, or once where a kept-alive connection broke; a change never.

        Raises:
            all of `HttpTransport.post`; NotAllowed, SessionExpired, ServerRefused.
        """
        with self._redacting():
            return await self._execute(operation, most_bytes, timeout_s, taker)

    async def _execute(
        self,
        operation: Operation,
        most_bytes: int,
        timeout_s: float | None,
        taker: BodyTaker | None,
    ) -> Answer:
        if self._refused is not None and self._token is None:
            raise self._refused
        body = operation.body()
        generation = self.generation
        try:
            return await self._send(operation, body, most_bytes, timeout_s, taker)
        except NotReachable as problem:
            if operation.changes_plant or problem.code != "broken":
                raise
            return await self._send(operation, body, most_bytes, timeout_s, taker)
        except NotAllowed as problem:
            if (generation, operation.result) in self._denied:
                raise
            if operation.changes_plant:
                if isinstance(problem, SessionExpired):
                    await self._login_again(generation)
                raise
            await self._login_again(generation)
        except SessionPerhapsEnded:
            # What failed inside may have been done: only a read is asked again.
            if operation.changes_plant or (generation, operation.result) in self._denied:
                raise
            await self._login_again(generation)
        try:
            return await self._send(operation, body, most_bytes, timeout_s, taker)
        except (NotAllowed, SessionPerhapsEnded):
            # The new login did not help: it is the right that is missing.
            self._denied.add((self.generation, operation.result))
            raise

    async def _send(
        self,
        operation: Operation,
        body: bytes,
        most_bytes: int,
        timeout_s: float | None,
        taker: BodyTaker | None,
    ) -> Answer:
        answer = await self._post(
            body, token=self.token, most_bytes=most_bytes, timeout_s=timeout_s, taker=taker
        )
        data = answer.body
        edges = data[:_EDGE_BYTES] + data[-_EDGE_BYTES:]
        if answer.status != 200 or b'"errors"' in edges or edges.lstrip()[:1] != b"{":
            _checked(answer, operation.result)
        return answer

    async def _login_again(self, generation: int) -> None:
        async with self._lock:
            if self.generation != generation:
                return  # another request has already done it
            log.info("session ended, logging in again")
            await self._login()

    async def logout(self, *, timeout_s: float = 2.0) -> None:
        """Tell the server that we leave; bounded, never raises."""
        arriving, self._arriving = self._arriving, None
        if arriving is not None and not arriving.done():
            try:
                await asyncio.wait({arriving}, timeout=_LATE_LOGIN_S)
            finally:
                arriving.cancel()
            await asyncio.wait({arriving})
        if self._token is None or self._foreign:
            return
        token, self._token = self._token, None
        try:
            async with asyncio.timeout(timeout_s):
                await self._leave(token)
        except (TagwerkError, TimeoutError):
            log.debug("logout was not answered")

    async def _leave(self, token: Token) -> None:
        """Twice where a kept-alive connection broke: a session ends only once."""
        for last in (False, True):
            try:
                await self.transport.post(LOGOUT.body(), token=token.value)
            except NotReachable as problem:
                if last or problem.code != "broken":
                    raise
            else:
                return


def _take_silently(task: asyncio.Task[None]) -> None:
    """Whoever asked may have given up: then nobody is there to take the error."""
    if not task.cancelled():
        task.exception()


def _with_old_token(body: object, token: str) -> object:
    """extendSession may answer without a token: then the old one goes on."""
    if isinstance(body, list):
        body = body[0] if body else None
    if isinstance(body, dict) and not body.get("token"):
        return {**body, "token": token}
    return body


def _checked(answer: Answer, field: str) -> object:
    """``data.field``, or the domain's error for what came instead.

    Raises:
        NotReachable: the web server answers for a runtime that is not there (5xx).
        ProtocolError, NotAllowed, …
    """
    status = answer.status
    try:
        body = decode_answer(answer.body)
    except ProtocolError:
        if status in (401, 403):
            raise error_to_raise([], status) from None
        if status >= 500:
            raise _gateway_error(status) from None
        if status >= 300:
            raise ProtocolError(
                "The server answers HTTP {status} instead of data.",
                cure="Check the address; the interface is usually at /graphql/.",
                code=str(status),
                status=status,
            ) from None
        raise
    if status >= 400 and not (isinstance(body, dict) and ("errors" in body or "data" in body)):
        if status >= 500:
            raise _gateway_error(status)
        raise error_to_raise(errors_from_json(body), status)
    return result_of(body, field, status)


def _gateway_error(status: int) -> NotReachable:
    return NotReachable(
        "The web server answers HTTP {status}: the runtime behind it does not.",
        cure="Check whether the runtime is running.",
        code=str(status),
        may_have_arrived=True,
        status=status,
    )


def check_interface(answer: Answer) -> None:
    """Whether a GraphQL server answered, even if it only said no.

    Raises:
        ProtocolError, NotReachable: something else did.
    """
    try:
        _checked(answer, "__typename")
    except (NotReachable, ProtocolError):
        raise
    except NotAllowed:
        # Any GraphQL answer will do, but the web server's own login page is none.
        if not answer.body.lstrip().startswith(b"{"):
            raise ProtocolError(
                "The web server itself asks for a login (HTTP {status}).",
                cure="The GraphQL interface must be reachable without one; check the IIS settings.",
                code=str(answer.status),
                status=answer.status,
            ) from None
    except TagwerkError:
        return
