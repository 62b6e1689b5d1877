"""Whether a server and a user can do what a command is for; asked before anything is sent."""

from __future__ import annotations

from tagwerk.domain.connection import Capabilities, Capability
from tagwerk.domain.errors import NotAllowed, NotSupported
from tagwerk.domain.reasons import OF_THE_USER, reason_text


def must_be_able(capabilities: Capabilities, capability: Capability, user: str, doing: str) -> None:
    """Do nothing where it can be done.

    Args:
        user: whose rights count; "" for a token.
        doing: a verb with its object, e.g. ``acknowledge alarms``.

    Raises:
        NotAllowed: another user may be able to do it.
        NotSupported: nobody can do it over this interface.
    """
    reason = capabilities.reason(capability)
    if not reason:
        return
    if reason in OF_THE_USER:
        raise NotAllowed(
            "{user} may not {doing} on this server.",
            cure="Use a user with the right “GraphQL read/write access”.",
            code=reason,
            user=user or "This token",
            doing=doing,
        )
    raise NotSupported(
        "Nobody can {doing} over this connection: {why}.",
        code=reason,
        doing=doing,
        why=reason_text(reason),
    )
