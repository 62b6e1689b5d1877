"""Why writing is locked, and why it cannot be armed: in the user's words."""

from __future__ import annotations

from tagwerk.domain.connection import Capability, LinkState
from tagwerk.plant import Plant
from tagwerk.ui.i18n import tr
from tagwerk.ui.reasons import reason_in_words
from tagwerk.ui.setpoints.words import clock_text
from tagwerk.write.arming import LockCause


def user_of(plant: Plant) -> str:
    """Who is signed in, else who would be."""
    session = plant.status.session
    return session.user if session is not None else plant.profile.user


def why_not_armable(plant: Plant | None) -> str:
    """Why writing cannot be armed now, translated; "" when it can."""
    if plant is None:
        return tr("Connect to a plant first.")
    if plant.status.state is LinkState.STALE:
        return tr("The server gives no sign of life.")
    if not plant.status.state.is_live:
        return tr("There is no link to the server.")
    if Capability.WRITE not in plant.capabilities:
        return no_right(plant)
    return ""


def no_right(plant: Plant) -> str:
    """Why this server or user cannot write, translated."""
    reason = plant.capabilities.reason(Capability.WRITE)
    if reason == "right_missing":
        return tr("{user} may only read on this server", user=user_of(plant))
    if reason == "schema_lacks_field":
        return tr("This server has no function for writing.")
    if reason == "not_known_yet":
        return tr("It is not known yet whether this user may write.")
    return reason_in_words(reason)


def why_locked(plant: Plant | None, refusal: str) -> str:
    """Since when it is locked and why; `refusal` is what `why_not_armable` said."""
    if plant is None:
        return refusal
    arming = plant.writes.arming
    at = clock_text(arming.changed_at_ns) if arming.changed_at_ns else ""
    if arming.cause is LockCause.LINK_LOST:
        return tr("Locked at {time}, link lost", time=at)
    if refusal:
        return refusal
    if arming.cause is LockCause.TIME:
        return tr("Locked at {time}, the time is over", time=at)
    if arming.cause is LockCause.SIGNED_OUT:
        return tr("Locked at {time}, signed out", time=at)
    return tr("Nothing can be written until you arm")
