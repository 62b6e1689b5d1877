"""What the composition root hands to the window: everything that reaches beyond the screen.

The window never imports the link, the keyring or the simulator; it calls these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.ports import Connector

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class Secrets(Protocol):
    """The passwords of connections, in the keyring of the computer. May block: call in a thread."""

    def available(self) -> bool:
        """Whether there is a keyring that really keeps secrets."""
        ...

    def get(self, profile: ConnectionProfile) -> str | None: ...

    def set(self, profile: ConnectionProfile, password: str) -> None: ...

    def delete(self, profile: ConnectionProfile) -> None: ...


@dataclass(frozen=True, slots=True)
class FirstView:
    """What a plant shows when it is opened for the first time; full names of tags."""

    trend: tuple[str, ...] = ()
    setpoints: tuple[str, ...] = ()
    reveal: str = ""


@dataclass(frozen=True, slots=True)
class DemoPlant:
    """A demo plant that runs: how to connect to it, what to show, how to end it."""

    profile: ConnectionProfile
    password: str = field(repr=False)
    view: FirstView
    stop: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Services:
    """Handed to `MainWindow.serve`.

    Args:
        connector: looks at servers.
        secrets: the keyring.
        open_plant: makes a plant with its link, attached and not yet started; tells through its
            last argument what is wrong but no hindrance (a tag sheet that cannot be read).
        start_demo: starts the demo plant's process; cancelling it ends the process.
        forget_names: deletes what is kept of a server's names; may block.
    """

    connector: Connector
    secrets: Secrets
    open_plant: Callable[[ConnectionProfile, str, Callable[[TagwerkError], None]], Awaitable[Plant]]
    start_demo: Callable[[], Awaitable[DemoPlant]]
    forget_names: Callable[[ConnectionProfile], None] = lambda _profile: None
