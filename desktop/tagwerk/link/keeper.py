"""What every way of being known to a server has in common: its secrets, its requests under way.

`session.SessionKeeper` logs in and renews a token; `basic_keeper.BasicKeeper` sends the credentials
with each request. The supervisor sees only this.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from tagwerk.domain.connection import Session
from tagwerk.domain.errors import NotReachable, TagwerkError
from tagwerk.domain.redaction import LIVE_SECRETS
from tagwerk.link.policy import LoginPace
from tagwerk.link.transport import Answer, HttpTransport


class Keeper(ABC):
    """One user at one server.

    Args:
        transport: where requests go.
        user, password: kept in memory.
    """

    def __init__(self, transport: HttpTransport, user: str, password: str) -> None:
        self.transport = transport
        self.user = user
        self.session: Session | None = None
        self.generation = 0
        """Grows with each token; a stream that runs on an older one must be replaced."""
        self.on_new_token: Callable[[], None] = lambda: None
        self.clock_offset_ns: int | None = None
        self.server_header = ""
        self.pace = LoginPace()
        self.heard_s = 0.0
        """When the server last answered anything; seconds on the monotonic clock."""
        self.on_answer: Callable[[], None] = lambda: None
        self._password = password
        self._tokens: deque[str] = deque(maxlen=4)
        self._under_way: set[asyncio.Task[Answer]] = set()
        LIVE_SECRETS.add(self)
        transport.tap.know(self)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must not be repeated: for `TagwerkError.redact` only."""
        return self._password, *self._tokens

    @property
    @abstractmethod
    def token(self) -> str:
        """The secret for a stream's first message; "" when not logged in."""

    @property
    @abstractmethod
    def is_foreign(self) -> bool:
        """The token was issued elsewhere."""

    @property
    @abstractmethod
    def renewal_in_s(self) -> float:
        """Seconds until the session should be renewed."""

    @abstractmethod
    def adopt(self, token: str) -> None:
        """Use a token issued elsewhere; it is not renewed and not logged out by us."""

    @abstractmethod
    def allow_login(self) -> None:
        """A person asked again: one more login may be tried."""

    @abstractmethod
    def forget(self) -> None:
        """Drop what the server no longer takes."""

    @abstractmethod
    async def login(self, *, since: int | None = None) -> None:
        """Log in; not where another login has brought a token after generation `since`."""

    @abstractmethod
    async def ensure(self) -> None:
        """Be logged in."""

    @abstractmethod
    async def logout(self, *, timeout_s: float = 2.0) -> None:
        """Tell the server that we leave; bounded, never raises."""

    @contextmanager
    def _redacting(self) -> Iterator[None]:
        """Servers repeat what they were sent; an error goes on its way without the secrets."""
        before = self.secrets
        try:
            yield
        except TagwerkError as problem:
            problem.redact((*before, *self.secrets))
            raise

    async def _answer(self, sending: Coroutine[Any, Any, Answer]) -> Answer:
        """One request that ends when the link is declared lost, see `cut_off`."""
        work = asyncio.get_running_loop().create_task(sending, name="request")
        self._under_way.add(work)
        try:
            answer = await work
        except asyncio.CancelledError:
            mine = asyncio.current_task()
            if work.cancelled() and mine is not None and not mine.cancelling():
                raise NotReachable(
                    "The link to {host} was lost before the answer was there.",
                    cure="Check the network; it is tried again by itself.",
                    code="lost",
                    # Nobody can tell any more how far it got.
                    may_have_arrived=True,
                    host=self.transport.endpoint.host,
                ) from None
            raise
        finally:
            self._under_way.discard(work)
        if answer.clock_offset_ns is not None:
            self.clock_offset_ns = answer.clock_offset_ns
        self.server_header = answer.server or self.server_header
        self.heard_s = time.monotonic()
        self.on_answer()
        return answer

    def cut_off(self) -> None:
        """The link is lost: whoever still waits for an answer is told now, not after the time-out."""
        for work in tuple(self._under_way):
            work.cancel()
