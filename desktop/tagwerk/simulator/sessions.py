"""Users of the demo plant and their sessions: opaque tokens, sliding expiry, rights.

Pure state with a clock handed in; the server asks it for each request.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

READ = "read"
WRITE = "write"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the demo plant. The password is no secret: the ready line shows it."""

    name: str
    password: str = field(repr=False)
    rights: tuple[str, ...]
    full_name: str
    language: str = "en-US"
    groups: tuple[str, ...] = ()
    auto_logoff_s: int = 3600

    @property
    def token(self) -> str:
        """A Bearer token for the classic interface, as an administrator would issue by hand."""
        return f"demo-token-of-{self.name}"

    def may(self, right: str) -> bool:
        return right in self.rights


USERS: tuple[User, ...] = (
    User(
        "operator",
        "Operator-1",
        (READ, WRITE),
        "Olivia Operator",
        groups=("Operators",),
    ),
    User(
        "engineer",
        "Ingenieur-1",
        (READ, WRITE),
        "Emil Engineer",
        language="de-DE",
        groups=("Operators", "Engineers"),
    ),
    User(
        "viewer",
        "Viewer-1",
        (READ,),
        "Victor Viewer",
        groups=("Viewers",),
    ),
    User(
        "nobody",
        "Nobody-1",
        (),
        "Nora Nobody",
        groups=("Visitors",),
    ),
)


def find_user(name: str, password: str, users: tuple[User, ...] = USERS) -> User | None:
    """The user of a name (in any case) and a password, None when either is wrong."""
    folded = name.casefold()
    user = next((one for one in users if one.name.casefold() == folded), None)
    expected = user.password if user else ""
    is_right = hmac.compare_digest(expected.encode(), password.encode())
    return user if is_right else None


def find_token(token: str, users: tuple[User, ...] = USERS) -> User | None:
    """The user of a Bearer token that was issued by hand, None for an unknown one."""
    return next(
        (one for one in users if hmac.compare_digest(one.token.encode(), token.encode())),
        None,
    )


@dataclass(slots=True)
class Session:
    """One login. Times are nanoseconds since 1970 UTC."""

    user: User
    token: str = field(repr=False)
    expires_ns: int


class Nonce(NamedTuple):
    """A random text for claims, and for how long it is good in seconds."""

    value: str
    valid_for_s: int


class SessionStore:
    """All sessions of a server.

    Args:
        clock_ns: wall time, nanoseconds since 1970 UTC.
        users: who may log in.
        auto_logoff_s: idle time of every session; None takes each user's own.
        renews_token: extending answers with a new token.
        single: a login ends the same user's other sessions.
    """

    def __init__(
        self,
        clock_ns: Callable[[], int],
        users: tuple[User, ...] = USERS,
        *,
        auto_logoff_s: float | None = None,
        renews_token: bool = False,
        single: bool = False,
    ) -> None:
        self._clock_ns = clock_ns
        self._users = users
        self._auto_logoff_s = auto_logoff_s
        self._renews_token = renews_token
        self._single = single
        self._sessions: dict[str, Session] = {}

    def auto_logoff_s(self, user: User) -> float:
        return user.auto_logoff_s if self._auto_logoff_s is None else self._auto_logoff_s

    def login(self, name: str, password: str) -> Session | None:
        """A new session, or None when name or password are wrong."""
        user = find_user(name, password, self._users)
        if user is None:
            return None
        if self._single:
            for other in self.of_user(user):
                other.expires_ns = self._clock_ns()
        return self._begin(user)

    def _begin(self, user: User) -> Session:
        self._forget_expired()
        session = Session(user, secrets.token_urlsafe(32), self._until(user))
        self._sessions[session.token] = session
        return session

    def _until(self, user: User) -> int:
        return self._clock_ns() + int(self.auto_logoff_s(user) * 1e9)

    def _forget_expired(self) -> None:
        for token in [token for token, one in self._sessions.items() if self.is_expired(one)]:
            del self._sessions[token]

    def is_expired(self, session: Session) -> bool:
        return self._clock_ns() >= session.expires_ns

    def remaining_s(self, session: Session) -> int:
        """Whole seconds until the session ends by itself."""
        return max((session.expires_ns - self._clock_ns()) // 1_000_000_000, 0)

    def find(self, token: str) -> Session | None:
        """The living session of a token; does not renew it."""
        session = self._sessions.get(token)
        return None if session is None or self.is_expired(session) else session

    def touch(self, session: Session) -> None:
        """An operation was done: its time begins anew."""
        session.expires_ns = self._until(session.user)

    def extend(self, session: Session) -> Session:
        """Renew; the answer may be a new session, while the old token runs out by itself."""
        if self._renews_token:
            return self._begin(session.user)
        self.touch(session)
        return session

    def logout(self, session: Session, *, all_sessions: bool = False) -> None:
        """End the session, or all of its user."""
        if all_sessions:
            for other in self.of_user(session.user):
                self._sessions.pop(other.token, None)
        self._sessions.pop(session.token, None)

    def of_user(self, user: User) -> list[Session]:
        """The user's living sessions, oldest first."""
        return [
            session
            for session in self._sessions.values()
            if session.user is user and not self.is_expired(session)
        ]

    def nonce(self) -> Nonce:
        """A fresh random text."""
        return Nonce(secrets.token_urlsafe(24), 60)
