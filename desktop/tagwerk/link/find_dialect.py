"""Which dialect a server speaks, where nobody said so. Used by `side` and the command line.

The address mostly tells: its path, or a port that only one dialect has. Where it does not, the likeliest
dialect is tried first, so that finding out costs nothing where it is the right one; only when that
does not answer are the others looked for on their own ports, without a user or a password.
"""

from __future__ import annotations

from tagwerk.dialects import DIALECTS
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import (
    NotReachable,
    NotTrusted,
    ProtocolError,
    ServerRefused,
    TagwerkError,
)
from tagwerk.link.addresses import AUTO, endpoint_for, told_dialect
from tagwerk.link.look_around import CLASSIC_PORTS, find_classic, open_ports
from tagwerk.link.tls import client_context

_UNIFIED, _CLASSIC = "unified", "classic"
_NOT_HERE = frozenset({"", "404", "405"})
"""Of a refusal without a code of its own: JSON came, but not of this dialect."""
_ELSEWHERE = frozenset({"refused", "timeout", "no_tls", "broken"})


def dialect_of(address: str, wanted: str) -> str:
    """The dialect to begin with: the wanted one, what the address tells, or the likeliest."""
    if wanted != AUTO:
        return wanted if wanted in DIALECTS else _UNIFIED
    return told_dialect(address) or _UNIFIED


async def look_elsewhere(
    address: str, profile: ConnectionProfile, tried: str, problem: TagwerkError
) -> tuple[str, str] | None:
    """Another dialect's place on the same host: its address and the dialect's name.

    Args:
        problem: what the dialect that was tried first ended with. Where a server answered in it, or
            was not trusted, nothing else is looked for.
    """
    another_answers = isinstance(problem, ProtocolError) or (
        isinstance(problem, ServerRefused) and problem.code in _NOT_HERE
    )
    nobody_answers = (
        isinstance(problem, NotReachable)
        and not isinstance(problem, NotTrusted)
        and problem.code in _ELSEWHERE
    )
    if tried != _UNIFIED or not (another_answers or nobody_answers):
        return None
    endpoint = endpoint_for(address, profile.trust)
    others = (port for port in CLASSIC_PORTS if port != endpoint.port)
    ports = await open_ports(endpoint.host, others)
    if another_answers:
        ports = (endpoint.port, *ports)
    context = client_context(profile.trust) if endpoint.is_secure else None
    port = await find_classic(endpoint, context, ports) if ports else 0
    if not port:
        return None
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    info = DIALECTS[_CLASSIC]
    return f"{endpoint.parts.scheme}://{host}:{port}{info.public_path}", _CLASSIC
