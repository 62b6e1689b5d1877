"""Decisions about a lost connection, each in one place: what ended it, who must act, when to try again."""

from __future__ import annotations

import random

from tagwerk.domain.errors import (
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
_LONGEST_DELAY_S = 15.0


def needs_person(problem: TagwerkError, *, was_live: bool) -> bool:
    """Fatal or transient, decided here and nowhere else.

    Fatal is what trying again cannot mend: a refused login (repeating it may lock the account), a
    missing right, a certificate that nobody vouched for, a request that cannot be. A session that
    ended is transient, as is every broken connection. An answer that cannot be understood is
    fatal as long as the address never worked, and transient once it did: a restarting web server
    shows odd pages.
    """
    if isinstance(problem, SessionExpired):
        return False
    if isinstance(problem, NotTrusted | NotAllowed | UsageError | NotSupported):
        return True
    return isinstance(problem, ProtocolError) and not was_live


def retry_delay_s(attempt: int) -> float:
    """Seconds to wait before attempt 1, 2, …: 0.5 doubling to 15, less up to half at random, so
    that the desks of a hall do not all come back at the same moment.
    """
    ceiling = min(_FIRST_DELAY_S * 2.0 ** min(attempt - 1, 10), _LONGEST_DELAY_S)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret


def close_reason(code: int, reason: str, host: str, *, silent: bool = False) -> TagwerkError:
    """What a close code of graphql-transport-ws means for us."""
    if code in (4401, 4403):
        return SessionExpired(
            "The server closed the stream: {reason}",
            cure="Log in again.",
            code=str(code),
            reason=reason or "not logged in",
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
