"""Which server of a redundant pair is spoken to, and when the other one's turn comes.

WinCC Unified tells by ``reduState`` whether it is ACTIVE or PASSIVE; on PASSIVE a client should log
off and go to the partner. Rules, in this order:

| what happened | next |
|---|---|
| a person asked (`PlantLink.go_to_partner`) | the other one, and from then on that one |
| no partner, or it need not be followed | the same one |
| it is PASSIVE | the other one; both being passive, they alternate |
| it was live and was lost | the same one once, then they alternate |
| it cannot be reached | they alternate |
| the partner needs a person (certificate, address, nonsense) | it is left out until a person asks |
| anything else that needs a person | none: logins and rights are the same on both |

Nobody goes back by itself from an active server: who went to the partner stays there until it is
passive or lost. Every turn is an attempt like any other: `policy.retry_delay_s` grows over all turns,
so that the two are never tried faster than one would be. Used by `supervisor`.
"""

from __future__ import annotations

from collections.abc import Iterator

from tagwerk.domain.errors import (
    NotReachable,
    NotSupported,
    NotTrusted,
    ProtocolError,
    TagwerkError,
    UsageError,
)
from tagwerk.link.side import ServerSide

PASSIVE = "PASSIVE"
ASKED = "asked_to_switch"
WENT_PASSIVE = "passive"


class Servers:
    """The one or two servers of a link.

    Args:
        main: the configured one.
        partner: its redundant partner, if any.
        follow: go to the partner by itself.
    """

    def __init__(self, main: ServerSide, partner: ServerSide | None, *, follow: bool) -> None:
        self.main = main
        self.partner = partner
        self.current = main
        self._follow = follow

    def __iter__(self) -> Iterator[ServerSide]:
        yield self.main
        if self.partner is not None:
            yield self.partner

    @property
    def other(self) -> ServerSide | None:
        """The one that is not spoken to."""
        return self.partner if self.current is self.main else self.main

    @property
    def follows(self) -> bool:
        """Whether the other one may be gone to without asking."""
        other = self.other
        return self._follow and other is not None and other.refused is None

    def switch(self) -> None:
        """Speak to the other one from now on, if there is one."""
        other = self.other
        if other is not None:
            self.current = other

    def after(self, problem: TagwerkError, *, fatal: bool, was_live: bool) -> bool:
        """Choose who is tried next.

        Args:
            problem: why the current one is not spoken to any more.
            fatal: it needs a person, by `policy.needs_person`.
            was_live: it was live until just now.

        Returns:
            True when a person is needed: nobody is tried.
        """
        if problem.code == ASKED:
            self.switch()
            return False
        if fatal:
            return not self._leave_out(problem)
        if self.follows and (problem.code == WENT_PASSIVE or not was_live):
            self.switch()
        return False

    def _leave_out(self, problem: TagwerkError) -> bool:
        """A partner that nobody vouched for must not keep us from the server itself."""
        about_place = isinstance(problem, NotTrusted | UsageError | NotSupported | ProtocolError)
        if not (self._follow and self.current is self.partner and about_place):
            return False
        self.current.refused = problem
        self.current = self.main
        return True

    def person_asked(self) -> None:
        """Everything may be tried again."""
        for side in self:
            side.refused = None
            if side.keeper is not None:
                side.keeper.allow_login()


def passive_problem(side: ServerSide) -> NotReachable:
    """Why a passive server is left."""
    return NotReachable(
        "{host} is the passive server of the pair.",
        cure="The partner is tried.",
        code=WENT_PASSIVE,
        host=side.host,
    )


def switch_problem(side: ServerSide) -> NotReachable:
    """Why a server is left that a person wants to leave."""
    return NotReachable(
        "Going from {host} to its partner, as asked.",
        cure="It is connected in a moment.",
        code=ASKED,
        host=side.host,
    )
