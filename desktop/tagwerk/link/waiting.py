"""Waiting for the next attempt, and noticing that it need not wait: the network is back.

Two signs, both cheap and both only while something is waited for: the address that this computer
would send from towards the server changes (a cable, a wireless network, a VPN came or went; asked of
the routing table, no packet leaves), or the server's port takes a bare TCP connection again that it
did not take before (nothing is sent on it). Used by `supervisor`.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import random
import socket
import threading
from collections.abc import Sequence
from typing import Any

from tagwerk.domain.errors import NotReachable, TagwerkError

LOOK_EVERY_S = 1.0
_KNOCK_S = 0.8
_AFTER_RETURN_S = 0.3
_NOWHERE = ("192.0.2.1", 9)
"""An address of the documentation: its route is the default route."""

Address = tuple[Any, ...]
"""``(family, sockaddr)`` of one place."""

_KNOCKED_FOR = frozenset(
    {"refused", "timeout", "broken", "silent", "resolve", "not_connected", "1006"}
)


def may_be_the_network(problem: TagwerkError) -> bool:
    """Whether the network's return could mend this, so that it is worth looking out for it.

    Not where the server did answer (HTTP 5xx, a refused login, a page): then only time helps.
    """
    return isinstance(problem, NotReachable) and problem.code in _KNOCKED_FOR


async def resolve(host: str, port: int, *, timeout_s: float) -> list[Address]:
    """Addresses of a host. In a daemon thread of its own, since a broken DNS can keep a thread
    for half a minute, and ending the program must not wait for it.

    Raises:
        NotReachable: the name is not known, or nobody tells.
    """
    with contextlib.suppress(ValueError):
        version = ipaddress.ip_address(host).version
        family = socket.AF_INET if version == 4 else socket.AF_INET6
        return [(family, (host, port))]
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Address]] = loop.create_future()

    def settle(found: list[Address] | None, problem: Exception | None) -> None:
        if answer.done():
            return
        if problem is not None:
            answer.set_exception(problem)
        else:
            answer.set_result(found or [])

    def look_up() -> None:
        found: list[Address] | None = None
        failed: Exception | None = None
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys((entry[0], entry[4]) for entry in entries))
        except (OSError, UnicodeError) as problem:
            failed = problem
        # Whoever asked may be gone by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, found, failed)

    threading.Thread(target=look_up, name="asyncio_resolve", daemon=True).start()
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except (OSError, UnicodeError, TimeoutError) as problem:
        raise NotReachable(
            "The name {host} is not known.",
            cure="Check the spelling, or give the server's address.",
            code="resolve",
            host=host,
        ) from problem


def own_address(addresses: Sequence[Address]) -> str:
    """The address that this computer would send from; "" without a route. No packet leaves."""
    family, place = addresses[0] if addresses else (socket.AF_INET, _NOWHERE)
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
        asked.connect(place)
        return str(asked.getsockname()[0])
    return ""


async def knock(addresses: Sequence[Address]) -> bool:
    """Whether a TCP connection is taken; it is closed again without a byte."""
    loop = asyncio.get_running_loop()
    for family, place in addresses[:2]:
        with (
            contextlib.suppress(OSError, TimeoutError),
            socket.socket(family, socket.SOCK_STREAM) as door,
        ):
            door.setblocking(False)
            async with asyncio.timeout(_KNOCK_S):
                await loop.sock_connect(door, place)
            return True
    return False


class Lookout:
    """Looks out for the network's return during one wait.

    Args:
        addresses: of the server, as last resolved; [] when it never was.
        own: our own address when the last attempt began; None for that of now.
        was_shut: the last attempt has found the port closed.
    """

    def __init__(
        self, addresses: Sequence[Address], *, own: str | None = None, was_shut: bool = False
    ) -> None:
        self._addresses = addresses
        self._own = own_address(addresses) if own is None else own
        self._was_shut = was_shut
        self._knocks = bool(addresses)

    async def look(self) -> bool:
        """True when it is worth trying at once."""
        own = own_address(self._addresses)
        if own != self._own:
            self._own = own
            if own:
                return True
        if not self._knocks:
            return False
        if not await knock(self._addresses):
            self._was_shut = True
            return False
        # A port that was open all the time is no news, and need not be asked again.
        self._knocks = False
        return self._was_shut


async def wait(seconds: float, lookout: Lookout | None, *, woken: asyncio.Event) -> bool:
    """Wait so long, or less: until `woken`, or a moment after the network is back.

    Returns:
        True when it did not take the whole time.
    """
    loop = asyncio.get_running_loop()
    end_s = loop.time() + seconds
    while (left_s := end_s - loop.time()) > 0:
        began_s = loop.time()
        if lookout is not None and await lookout.look():
            # Not all desks of a hall in the same millisecond.
            pause_s = random.uniform(0.0, _AFTER_RETURN_S)  # noqa: S311 - spreads load only
            await _until(woken, min(pause_s, max(end_s - loop.time(), 0.0)))
            return True
        pause_s = max(LOOK_EVERY_S - (loop.time() - began_s), 0.05) if lookout else left_s
        if await _until(woken, min(pause_s, max(end_s - loop.time(), 0.0))):
            return True
    return False


async def _until(woken: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return False
    return True
