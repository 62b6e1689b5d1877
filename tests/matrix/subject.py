"""What the matrix is told about a server: its address, its names, and how to ask its own truth.

A `Subject` is made for each server that the matrix runs against; `core` knows nothing else of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from tagwerk.domain.alarms import AlarmKey
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode


@dataclass(frozen=True)
class Known:
    """A tag that does not change by itself.

    Args:
        name: full name.
        value: what a read must give.
        quality: the server's main word for it.
    """

    name: str
    value: Any
    quality: str = "GOOD_CASCADE"


@dataclass(frozen=True)
class Writable:
    """A tag to write and put back: what it holds, and another value that it takes."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Refused:
    """A write that must be refused, and the code it is refused with."""

    name: str
    value: Any
    code: str


@dataclass(frozen=True)
class Names:
    """The names of one plant that the matrix uses."""

    known: dict[str, Known]
    writable: Writable
    big: Writable
    pushed: Writable
    batched: Writable
    refused: dict[str, Refused]
    structure: str
    unknown: str
    hidden: str
    moving: str
    umlaut: str
    logged: tuple[str, ...]
    logging_tag: str
    unlogged: str
    alarm: str
    alarm_texts: tuple[str, str]
    single: str


@dataclass
class Account:
    """Who logs in."""

    user: str
    password: str = field(repr=False)


class Subject(Protocol):
    """A running server and its own truth."""

    url: str
    ca_file: str
    names: Names
    operator: Account
    viewer: Account

    def browsed(self) -> set[str]:
        """Full names of everything that a browse must find."""

    def logged(self, name: str, start_ns: int, end_ns: int) -> list[tuple[int, Any]]:
        """Rows of a tag's log from start to end, both included, as a reply can show them."""

    def active(self) -> set[AlarmKey]:
        """The active alarms."""

    def value(self, name: str) -> Any:
        """What the plant itself holds."""

    def raise_alarm(self, name: str) -> None:
        """Its cause comes."""

    def clear_alarm(self, name: str) -> None:
        """Its cause goes."""

    def end_sessions(self) -> None:
        """Every token has run out from now on."""

    def open_sessions(self) -> int:
        """Logins that are still good."""


def profile(subject: Subject, account: Account) -> ConnectionProfile:
    """How the desk reaches it."""
    trust = Trust(TrustMode.CA_FILE, ca_file=subject.ca_file)
    return ConnectionProfile("matrix", subject.url, account.user, trust=trust, timeout_s=10.0)


async def until(condition: Any, what: str, *, timeout_s: float = 12.0) -> None:
    """Wait until a condition holds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not condition():
        assert loop.time() < deadline, f"never came true: {what}"
        await asyncio.sleep(0.005)
