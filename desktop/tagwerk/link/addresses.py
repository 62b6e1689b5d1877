"""What people type as a server's address, made into places to look at.

A bare host name is enough; a URL copied from a browser, one with ``ws:``, or one without the
slash that matters is put right. Used by `connector`, `supervisor` and `login`.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tagwerk.dialects import DIALECTS
from tagwerk.domain.connection import Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.link.transport import Endpoint

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_UNIFIED = DIALECTS["unified"]


def endpoint_for(address: str, trust: Trust | None = None) -> Endpoint:
    """The most likely endpoint of an address.

    Raises:
        UsageError: not an address.
    """
    return candidates(address, trust or Trust())[0]


def candidates(address: str, trust: Trust) -> list[Endpoint]:
    """Places to look at, the most likely first. Plain HTTP only where it was asked for.

    Raises:
        UsageError: not an address, or one with a password in it.
    """
    text = address.strip().strip("\u200b\ufeff")
    if not text or any(character.isspace() for character in text):
        raise _not_an_address(address)
    scheme, mark, rest = text.partition("://")
    if mark and scheme.lower() not in _SCHEMES:
        raise _not_an_address(address)
    wanted = _SCHEMES[scheme.lower()] if mark else ""
    try:
        parts = urlsplit(f"//{_bracketed(rest if mark else text)}")
        host, port = parts.hostname, parts.port
    except ValueError as problem:
        raise _not_an_address(address) from problem
    if parts.username or parts.password:
        raise UsageError(
            "An address must not hold a user or a password.",
            cure="Give the user apart; the password is asked for.",
        )
    if not host:
        raise _not_an_address(address)
    where = f"[{host}]" if ":" in host else host
    path = parts.path
    if wanted:
        return [_endpoint(wanted, where, port, path)]
    found = [_endpoint("https", where, port, path)]
    if trust.mode is TrustMode.PLAIN_HTTP:
        found.insert(0, _endpoint("http", where, port or _UNIFIED.internal_port, path))
    return found


def _endpoint(scheme: str, host: str, port: int | None, path: str) -> Endpoint:
    internal = scheme == "http" and port == _UNIFIED.internal_port
    standard = _UNIFIED.internal_path if internal else _UNIFIED.public_path
    if path in ("", "/") or path.rstrip("/") == standard.rstrip("/"):
        path = standard
    default = 443 if scheme == "https" else 80
    shown = "" if port in (None, default) else f":{port}"
    return Endpoint(f"{scheme}://{host}{shown}{path}")


def _bracketed(text: str) -> str:
    """A bare IPv6 address gets the brackets that it needs inside a URL."""
    try:
        bare = ipaddress.ip_address(text.partition("/")[0])
    except ValueError:
        return text
    if bare.version == 4:
        return text
    head, slash, tail = text.partition("/")
    return f"[{head}]{slash}{tail}"


def _not_an_address(address: str) -> UsageError:
    return UsageError(
        "“{address}” is not an address.",
        cure="Give a host name or an address like https://server/graphql/.",
        address=address,
    )
