"""Decisions about a lost connection, each in one place: what ended it, who must act, when to try
again, how often somebody may be logged in. Pure: no socket, no loop; clocks are handed in.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    NotTrusted,
    ProtocolError,
    SessionExpired,
    TagwerkError,
    UsageError,
)

_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 5.0
"""An attempt costs the server little, since logins have a pace of their own (`LoginPace`)."""
UNJUDGED_LOGIN = frozenset({"102", "103"})
"""Codes with which a server refuses a login without having judged the password: its user
administration could not be asked (UMC error), or its nonce was too old."""
_MOST_UNJUDGED = 3
STABLE_S = 10.0
"""A connection that lived as long was a good one: the next loss counts from one again."""


def needs_person(problem: TagwerkError, *, was_live: bool, unjudged: int = 0) -> bool:
    """Fatal or transient, decided here and nowhere else.

    Args:
        problem: what ended a connection, or an attempt.
        was_live: this server was live before, in this run and with this password.
        unjudged: logins in a row that were refused without a judgement (see `UNJUDGED_LOGIN`).

    | error | decision | because |
    |---|---|---|
    | `SessionExpired` | transient | log in again, once; see `LoginPace` for its repetition |
    | `LoginFailed` 101, 401, 403, no token, any other code | fatal | repeating it may lock the account |
    | `LoginFailed` 102, 103 | transient, slowly; fatal after three if never live | the password was not judged: the user administration could not be asked, or a nonce had run out |
    | `NotAllowed` | fatal | a right is missing |
    | `NotTrusted`: unknown, changed, wrong name, expired, not yet valid | fatal | a person compares, installs or sets the clock |
    | `UsageError`, `NotSupported` | fatal | the same request would be refused again |
    | `NotReachable` ``no_tls`` | fatal if never live | an address that never spoke TLS is the wrong one |
    | other `NotReachable`: name, route, refused, time-out, reset (also inside the TLS handshake), silence, HTTP 5xx, close codes | transient | it ends by itself; a name that is not known may be DNS that is not there yet |
    | `ProtocolError` | fatal if never live | an address that never worked and answers nonsense is the wrong one; later it is a web server that restarts |
    | `ServerRefused`, `ServerFailed` | transient | it broke, or was busy |
    """
    if isinstance(problem, SessionExpired):
        return False
    if isinstance(problem, LoginFailed) and problem.code in UNJUDGED_LOGIN:
        return not was_live and unjudged >= _MOST_UNJUDGED
    if isinstance(problem, NotTrusted | NotAllowed | UsageError | NotSupported):
        return True
    if isinstance(problem, NotReachable):
        return problem.code == "no_tls" and not was_live
    return isinstance(problem, ProtocolError) and not was_live


def retry_delay_s(attempt: int) -> float:
    """Seconds to wait before attempt 1, 2, …: 0.5 doubling to 5, less up to half at random, so
    that the desks of a hall do not all come back at the same moment.
    """
    ceiling = min(_FIRST_DELAY_S * 2.0 ** min(attempt - 1, 10), _LONGEST_DELAY_S)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret


class LoginPace:
    """How often somebody may be logged in without a person asking. Kept by each `SessionKeeper`.

    At most `MOST` logins in `SPAN_S`, whatever goes wrong. After one whose outcome is not known (it
    timed out, or the server failed while doing it: it may have counted as an attempt) or that was
    refused without a judgement, the next one waits 5 s doubling to 60, or 30 s doubling to 120.

    Args:
        clock: monotonic seconds.
    """

    MOST = 6
    SPAN_S = 60.0
    UNANSWERED_S = (5.0, 60.0)
    UNJUDGED_S = (30.0, 120.0)

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: deque[float] = deque(maxlen=self.MOST)
        self._not_before_s = 0.0
        self._unanswered = 0
        self.unjudged = 0
        """Logins in a row that were refused without a judgement."""

    @property
    def pause_s(self) -> float:
        """Seconds until the next login may be sent; 0 for now."""
        now_s = self._clock()
        until_s = self._not_before_s
        if len(self._began) == self.MOST:
            until_s = max(until_s, self._began[0] + self.SPAN_S)
        return max(until_s - now_s, 0.0)

    def began(self) -> None:
        """A login is about to be sent."""
        self._began.append(self._clock())

    def succeeded(self) -> None:
        """It was taken."""
        self._unanswered = self.unjudged = 0
        self._not_before_s = 0.0

    def unanswered(self) -> None:
        """It may have arrived, and nobody knows what became of it."""
        self._unanswered += 1
        self._hold(self.UNANSWERED_S, self._unanswered)

    def unjudged_again(self) -> None:
        """It was refused without a judgement."""
        self.unjudged += 1
        self._hold(self.UNJUDGED_S, self.unjudged)

    def _hold(self, bounds: tuple[float, float], count: int) -> None:
        first_s, longest_s = bounds
        wait_s = min(first_s * 2.0 ** (count - 1), longest_s)
        wait_s *= random.uniform(0.75, 1.0)  # noqa: S311 - spreads load, keeps no secret
        self._not_before_s = self._clock() + wait_s

    def asked(self) -> None:
        """A person wants to try now: one more is free, and the counts begin anew."""
        self._not_before_s = 0.0
        self._unanswered = self.unjudged = 0
        if len(self._began) == self.MOST:
            self._began.popleft()


_BUSY_CODES = (4408, 4429, 4500)
"""Init took too long, too many inits, the server failed inside: a matter of the moment."""


def close_reason(code: int, reason: str, host: str, *, silent: bool = False) -> TagwerkError:
    """What a close code of graphql-transport-ws means for us."""
    if code in (4401, 4403):
        return SessionExpired(
            "The server closed the stream: {reason}",
            cure="Log in again.",
            code=str(code),
            reason=reason or "not logged in",
        )
    if code in _BUSY_CODES:
        return NotReachable(
            "{host} closed the stream: {reason} (code {number})",
            cure="It is tried again by itself.",
            code=str(code),
            host=host,
            reason=reason or "busy",
            number=code,
        )
    if 4000 <= code < 5000:
        return ProtocolError(
            "The server closed the stream: {reason} (code {number})",
            code=str(code),
            reason=reason or "protocol error",
            number=code,
        )
    if silent:
        return NotReachable(
            "{host} has fallen silent.",
            cure="Check the network; it is tried again by itself.",
            code="silent",
            host=host,
        )
    if code:
        return NotReachable(
            "{host} closed the stream (code {number}).",
            cure="It is tried again by itself.",
            code=str(code),
            host=host,
            number=code,
        )
    return NotReachable(
        "The stream of {host} broke.",
        cure="Check the network; it is tried again by itself.",
        code="broken",
        host=host,
    )
