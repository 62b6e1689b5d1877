"""Who asks, and what they may: the rules that stand before every field.

`ACCESS` names each field's right once; refusals are GraphQLErrors with a code for clients.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate

from graphql import GraphQLError

from tagwerk.simulator.sessions import READ, WRITE, Session, User
from tagwerk.simulator.state import ModelError
from tagwerk.simulator.switches import Switches

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

    @property
    def identified(self) -> Session:
        """The session, where `Gate.check` has let the caller through.

        Raises:
            Unauthenticated: there is none.
        """
        if self.session is None:
            raise Unauthenticated("Not authenticated", extensions={"code": "UNAUTHENTICATED"})
        return self.session


class Unauthenticated(GraphQLError):
    """The token is missing, unknown or expired."""


def refusal(text: str, code: str) -> GraphQLError:
    """A refusal of a whole field, with its code for clients."""
    return GraphQLError(text, extensions={"code": code})


def model_refusal(problem: ModelError) -> GraphQLError:
    """A refusal of a whole field where the interface has no place for an item's error."""
    return refusal(problem.description, problem.code)


def texts_of(argument: str, values: Sequence[str | None]) -> list[str]:
    """A list argument without nulls. Raises GraphQLError when it holds one."""
    texts = [value for value in values if value is not None]
    if len(texts) < len(values):
        raise refusal(f"An item of {argument} is null", "BAD_USER_INPUT")
    return texts


class Gate:
    """Lets callers through to fields, and objects through to callers.

    Args:
        switches: how a stale token is answered, what is hidden from whom.
    """

    def __init__(self, switches: Switches) -> None:
        self._stale = switches.text("expired-as", "UNAUTHENTICATED")
        hidden = switches.text("hide-denied")
        self._hidden = re.compile(translate(hidden)) if hidden else None

    @property
    def hides(self) -> bool:
        """Whether anything is hidden from anybody."""
        return self._hidden is not None

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
            if self._stale in ("message", "500"):
                raise Unauthenticated("Session is invalid or has expired, please login")
            code = "FORBIDDEN" if self._stale in ("FORBIDDEN", "403") else "UNAUTHENTICATED"
            text = "Access denied" if code == "FORBIDDEN" else "Not authenticated"
            raise Unauthenticated(text, extensions={"code": code})
        if needed != SESSION_ONLY and not caller.session.user.may(needed):
            raise refusal("Access denied", "FORBIDDEN")

    def sees(self, caller: Caller, name: str) -> bool:
        """Whether the caller may know of an object (short name)."""
        if self._hidden is None or (caller.user and caller.user.may(WRITE)):
            return True
        return self._hidden.fullmatch(name) is None
