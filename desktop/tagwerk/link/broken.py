"""What a connection that failed or broke is called, in the domain's words.

For whatever httpx, the TLS library or the operating system raised; certificates are `tls`'s business.
Called by whoever opens connections: `transport`, `stream`, `probe`.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import httpx

from tagwerk.domain.errors import NotReachable
from tagwerk.link.tls import is_too_old, too_old


def connection_error(
    problem: BaseException, host: str, port: int, *, may_have_arrived: bool = False
) -> NotReachable:
    """The domain's error for a broken or refused connection, of httpx or the operating system."""
    where: dict[str, Any] = {"host": host, "port": port}
    if isinstance(problem, httpx.TimeoutException | TimeoutError | asyncio.TimeoutError):
        return NotReachable(
            "{host}:{port} does not answer in time.",
            cure="Check network, firewall and whether the runtime is running.",
            code="timeout",
            may_have_arrived=may_have_arrived,
            **where,
        )
    said = str(problem) or type(problem).__name__
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, UnicodeError):
            # A label of more than 63 letters, or letters that no name can have.
            return _name_unknown(where)
        if isinstance(cause, OSError) and cause.strerror:
            said = cause.strerror
            lowered = said.lower()
            if ("name" in lowered and ("not known" in lowered or "resolution" in lowered)) or (
                "getaddrinfo" in str(cause)
            ):
                return _name_unknown(where)
            if isinstance(cause, ConnectionRefusedError) or "refused" in lowered:
                return NotReachable(
                    "Nothing listens on {host}:{port}.",
                    cure="Check the port and whether the runtime and its web server are running.",
                    code="refused",
                    **where,
                )
        if isinstance(cause, ssl.SSLError):
            said = cause.reason or said
            if is_too_old(cause):
                return too_old(cause, host, port)
            if "WRONG_VERSION" in said or "UNKNOWN_PROTOCOL" in said or "HTTP_REQUEST" in said:
                return NotReachable(
                    "{host}:{port} does not speak TLS.",
                    cure="Plain HTTP would send the password readably; allow it only on a network of your own.",
                    code="no_tls",
                    **where,
                )
        cause = cause.__cause__ or cause.__context__
    return NotReachable(
        "The connection to {host}:{port} broke: {said}",
        cure="Check network and server.",
        code="broken",
        may_have_arrived=may_have_arrived,
        said=said,
        **where,
    )


def _name_unknown(where: dict[str, Any]) -> NotReachable:
    return NotReachable(
        "The name {host} is not known.",
        cure="Check the spelling, or give the server's address.",
        code="resolve",
        **where,
    )
