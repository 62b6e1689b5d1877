"""Credentials on every request: HTTP Basic, or a Bearer token given by hand. No login, no session.

The WinCC V7/V8 service has no login call; `ensure` asks the smallest question to test user and
password. Once they were refused nothing is sent any more until a person asks: each request would
count as an attempt, and the account would be locked within seconds of polling.
"""

from __future__ import annotations

import asyncio
import base64
import logging

from tagwerk.dialects.classic import HELLO, Call
from tagwerk.dialects.classic_json import EMPTY_ANSWER, decode_body, error_of, rows_of
from tagwerk.domain.connection import Session
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    ProtocolError,
    ServerFailed,
    ServerRefused,
    UsageError,
)
from tagwerk.domain.message import black_out
from tagwerk.link.bodies import ACCEPTED
from tagwerk.link.keeper import Keeper
from tagwerk.link.transport import MOST_ANSWER_BYTES, Answer, HttpTransport, Outgoing

log = logging.getLogger(__name__)

_NEVER_S = 3600.0
"""There is no session to be renewed; the supervisor looks in now and then."""
_REPEATED = frozenset({"broken", EMPTY_ANSWER})
_NOT_JUDGING = frozenset({"502", "503", "504", "lost"})
_SAID_CHARS = 200


class BasicKeeper(Keeper):
    """Sends user and password, or a token, with each call.

    Args:
        transport: where requests go.
        user, password: of a WinCC user.
        language: of texts, e.g. ``de-DE``.
    """

    def __init__(self, transport: HttpTransport, user: str, password: str) -> None:
        super().__init__(transport, user, password)
        self.language = "en-US"
        self._foreign = ""
        self._refused: LoginFailed | None = None
        self._basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._tokens.append(self._basic)
        self._testing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"BasicKeeper({self.user!r} at {self.transport.endpoint.url!r})"

    @property
    def token(self) -> str:
        """Given by hand; "" where user and password are sent."""
        return self._foreign

    @property
    def is_foreign(self) -> bool:
        return bool(self._foreign)

    @property
    def renewal_in_s(self) -> float:
        return _NEVER_S

    def adopt(self, token: str) -> None:
        """See `Keeper.adopt`."""
        if not token.isascii() or not token.isprintable():
            raise UsageError("The token is not one.", cure="Give the token as it was issued.")
        self._foreign = token
        self._tokens.append(token)

    def allow_login(self) -> None:
        self.pace.asked()
        self._refused = None

    def forget(self) -> None:
        """There is nothing that a new login would bring."""

    async def login(self, *, since: int | None = None) -> None:
        """Test user and password.

        Raises:
            LoginFailed: refused, now or before.
            NotAllowed, ProtocolError, NotReachable: as `execute`.
        """
        del since
        async with self._testing:
            answer = await self._test()
            if not rows_of(decode_body(answer.body)) and not answer.body.lstrip().startswith(
                (b"[", b"{")
            ):
                raise ProtocolError("The answer is not a list of connections.", code="not_wincc")
            self.session = Session(self.user)
            self.pace.succeeded()
            # What the server offers may have changed while it was away: it is looked at anew.
            self.generation += 1

    async def _test(self) -> Answer:
        """The question that tests them. Some servers refuse a password by failing, or by hanging
        up: until it was taken once, attempts that nobody judged are made further and further apart.
        """
        try:
            return await self.execute(HELLO)
        except (ServerFailed, ServerRefused, NotReachable) as problem:
            is_away = isinstance(problem, NotReachable) and (
                not problem.may_have_arrived or problem.code in _NOT_JUDGING
            )
            if self.session is None and not is_away and not isinstance(problem, NotSupported):
                self.pace.unanswered()
            raise

    async def ensure(self) -> None:
        await self.login()

    async def logout(self, *, timeout_s: float = 2.0) -> None:
        """There is no session to end."""
        del timeout_s

    def _headers(self, call: Call) -> dict[str, str]:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": ACCEPTED,
            "Accept-Language": self.language,
        }
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        if self._foreign:
            headers["Authorization"] = f"Bearer {self._foreign}"
        elif self.user:
            headers["Authorization"] = f"Basic {self._basic}"
        return headers

    async def execute(
        self,
        call: Call,
        *,
        most_bytes: int = MOST_ANSWER_BYTES,
        timeout_s: float | None = None,
    ) -> Answer:
        """Send a call. A read is repeated once where a kept-alive connection broke or the answer is
        empty; a change never.

        Raises:
            all of `HttpTransport.send`; LoginFailed (401), NotAllowed (403), NotSupported (404, 405,
            501), ServerFailed, ServerRefused, ProtocolError.
        """
        with self._redacting():
            try:
                return await self._send(call, most_bytes, timeout_s)
            except NotReachable as problem:
                if call.changes_plant or problem.code not in _REPEATED:
                    raise
                return await self._send(call, most_bytes, timeout_s)

    async def _send(self, call: Call, most_bytes: int, timeout_s: float | None) -> Answer:
        if self._refused is not None:
            raise self._refused
        outgoing = Outgoing(
            call.method, call.suffix, call.encoded(), self._headers(call), call.what
        )
        answer = await self._answer(
            self.transport.send(outgoing, most_bytes=most_bytes, timeout_s=timeout_s)
        )
        if answer.status == 401:
            self._refused = self._unauthorized(answer)
            raise self._refused
        is_essential = call.path in (HELLO.path, "tagManagement/Values") and not call.changes_plant
        if answer.status in (404, 405) and is_essential:
            # Every such service has these: what answers is not one, or not yet.
            raise ProtocolError(
                "There is no REST service of WinCC at {path} (HTTP {status}).",
                cure="Check address and port, and that the service is in the computer's start-up list.",
                code=str(answer.status),
                path=self.transport.endpoint.parts.path or "/",
                status=answer.status,
            )
        check_status(answer)
        if not answer.body.strip():
            decode_body(answer.body)
        return answer

    def _unauthorized(self, answer: Answer) -> LoginFailed:
        scheme = answer.headers.get("www-authenticate", "").partition(" ")[0]
        if self._foreign:
            return LoginFailed(
                "The server does not take the token.",
                cure="Give a fresh one, or a user and a password.",
                code="401",
            )
        if scheme and scheme.lower() not in ("basic", "bearer"):
            return LoginFailed(
                "The server wants another kind of sign-in ({scheme}) than a user and a password.",
                cure="Switch on Basic authentication for the REST service, or give a token.",
                code="401",
                scheme=scheme[:40],
            )
        return LoginFailed(
            "The server refused the user “{user}” or the password.",
            cure="Check user name and password; too many wrong ones may lock the account.",
            code="401",
            user=self.user,
        )


def check_status(answer: Answer) -> None:
    """Whether an answer's status lets it be read.

    Raises:
        NotAllowed, NotSupported, NotReachable, ServerFailed, ServerRefused, ProtocolError.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    said = _said(answer)
    if status == 401:
        raise LoginFailed("The server asks for a user and a password.", code="401")
    if status == 403:
        raise NotAllowed(
            "The user may not use the REST service: {said}",
            cure="Give the user the right to use the REST service in WinCC's user administration.",
            code="403",
            said=said or "HTTP 403",
        )
    if status in (404, 405, 501):
        raise NotSupported(
            "This server has no such call: {said}",
            cure="WinCC V7.5 SP2 and later have the REST service.",
            code=str(status),
            said=said or f"HTTP {status}",
        )
    if status in (502, 503, 504):
        raise NotReachable(
            "The web server answers HTTP {status}: the runtime behind it does not.",
            cure="Check whether the runtime is running.",
            code=str(status),
            may_have_arrived=True,
            status=status,
        )
    if status >= 500:
        raise ServerFailed(
            "The server failed (HTTP {status}): {said}",
            code=str(status),
            status=status,
            said=said,
        )
    if status >= 400:
        raise ServerRefused(
            "The server refused the call (HTTP {status}): {said}",
            code=str(status),
            status=status,
            said=said,
        )
    raise ProtocolError(
        "The server answers HTTP {status} instead of data.",
        cure="Check the address; the service is usually at port 34568, /WinCCRestService.",
        code=str(status),
        status=status,
    )


def _said(answer: Answer) -> str:
    """What the server says of a refusal, shortened; "" where it is a page or nothing."""
    try:
        body = decode_body(answer.body)
    except (NotReachable, ProtocolError):
        return ""
    if isinstance(body, str):
        return black_out(body[:_SAID_CHARS], ())
    for row in rows_of(body):
        error = error_of(row)
        if error is not None and error.description:
            return error.description[:_SAID_CHARS]
        said = row.get("message") or row.get("detail") or row.get("title")
        if isinstance(said, str):
            return said[:_SAID_CHARS]
    return ""
