"""The part of the doctor's look that depends on the dialect: the seam between `probe` and the steps of
`find_interface` (Unified) and `find_service` (V7/V8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tagwerk.link.keeper import Keeper
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.transport import Answer, HttpTransport

if TYPE_CHECKING:
    from tagwerk.link.deep_probe import Steps
    from tagwerk.link.probe import Probe


class Look(Protocol):
    """How a server of one dialect is looked at.

    Attributes:
        most_names: so many names are given to `feel_push`.
    """

    most_names: int

    async def find(self, probe: Probe) -> HttpTransport:
        """The steps HTTP and interface. It may hand the probe over to another dialect's look.

        Raises:
            NotReachable, ProtocolError: the interface is not there; reported already.
        """
        ...

    async def sign_in(self, probe: Probe, keeper: Keeper) -> None:
        """Inside the step sign-in: be known to the server, once, and say as whom."""
        ...

    async def feel_push(
        self, steps: Steps, client: SpokenClient, keeper: Keeper, names: list[str]
    ) -> None:
        """Inside the step push: whether and how values come by themselves."""
        ...

    async def ask(self, transport: HttpTransport, keeper: Keeper | None) -> Answer:
        """The smallest question, whatever the answer; without a keeper nothing secret is sent."""
        ...
