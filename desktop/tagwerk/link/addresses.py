"""What people type as a server's address, made into places to look at.

A bare host name is enough; a URL copied from a browser, one with ``ws:``, or one without the
slash that matters is put right. Used by `connector`, `supervisor` and `login`.
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from tagwerk.dialects import DIALECTS, DialectInfo
from tagwerk.domain.connection import Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.link.endpoint import Endpoint

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_UNIFIED = DIALECTS["unified"]
AUTO = "auto"


def told_dialect(address: str) -> str:
    """The dialect that an address itself tells of, by its path or its port; "" when it does not."""
    text = address.strip()
    try:
        parts = urlsplit(text if "://" in text else f"//{_bracketed(text)}")
        port, path = parts.port, parts.path
    except ValueError:
        return ""
    for info in DIALECTS.values():
        if path.strip("/") and info.is_at(path):
            return info.key
    for info in DIALECTS.values():
        if port in (info.public_port, *info.other_ports) and port != _UNIFIED.public_port:
            return info.key
    return ""


def endpoint_for(address: str, trust: Trust | None = None, dialect: str = AUTO) -> Endpoint:
    """The most likely endpoint of an address.

    Args:
        dialect: as in `ConnectionProfile.dialect`; ``auto`` goes by the address.

    Raises:
        UsageError: not an address.
    """
    return candidates(address, trust or Trust(), dialect)[0]


def candidates(address: str, trust: Trust, dialect: str = AUTO) -> list[Endpoint]:
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
    key = told_dialect(address) if dialect == AUTO else dialect
    if key and key != _UNIFIED.key:
        return [_other_endpoint(DIALECTS[key], wanted or "https", where, port, path)]
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


def _other_endpoint(
    info: DialectInfo, scheme: str, host: str, port: int | None, path: str
) -> Endpoint:
    """The base of a service: what was copied from below it is cut off, its usual path put in."""
    own = info.public_path
    at = path.lower().find(own.lower())
    if at >= 0:
        path = path[: at + len(own)]
    elif path in ("", "/") or DIALECTS[_UNIFIED.key].is_at(path):
        path = own
    if port is None and at < 0:
        port = info.public_port
    default = 443 if scheme == "https" else 80
    shown = "" if port in (None, default) else f":{port}"
    return Endpoint(f"{scheme}://{host}{shown}{path.rstrip('/')}")


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
