"""Words for how a connection stands: its state, server, redundancy and rights.

Functions of the link's status alone, for the status bar, the tool bar, dialogs and the doctor.
"""

from __future__ import annotations

from tagwerk.domain.connection import Capability, ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.message import Message, message
from tagwerk.ui.i18n import tr, tr_message

STATE_WORDS: dict[LinkState, Message] = {
    LinkState.OFFLINE: message("Not connected"),
    LinkState.RESOLVING: message("Looking up the name"),
    LinkState.CONNECTING: message("Connecting"),
    LinkState.SECURING: message("Checking the certificate"),
    LinkState.LOGGING_IN: message("Signing in"),
    LinkState.BROWSING: message("Reading names"),
    LinkState.LIVE: message("Connected"),
    LinkState.STALE: message("No sign of life"),
    LinkState.RECONNECTING: message("Link lost"),
    LinkState.REFUSED: message("Refused"),
}


_NOT_REACHABLE = message("Not reachable")
NOT_UP_YET = message("No connection yet")


def state_in_words(status: LinkStatus) -> str:
    """How it stands: of a connection that was never up nothing can have been lost."""
    if not status.was_never_up:
        return tr_message(STATE_WORDS[status.state])
    from tagwerk.domain.errors import NotReachable  # the first picture does without

    answered = status.error is not None and not isinstance(status.error, NotReachable)
    return tr_message(NOT_UP_YET if answered else _NOT_REACHABLE)


def difference_text(difference_ns: int) -> str:
    """``+2:00:03``, with days where there are any: ``−3 d 0:10:00``."""
    minutes, seconds = divmod(abs(difference_ns) // 1_000_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    sign = "+" if difference_ns > 0 else "\N{MINUS SIGN}"
    return f"{sign}{f'{days} d ' if days else ''}{hours}:{minutes:02d}:{seconds:02d}"


_REDUNDANCY = {
    "ACTIVE": message("active"),
    "PASSIVE": message("passive"),
}


_VERSIONS = (message("V20 or later"), message("V18 or V19"))
"""What a dialect guesses from the interface; the product's name before it is no word to translate."""


def product_in_words(product: str) -> str:
    """``WinCC Unified V20 oder neuer``; what is not known stays as it is."""
    for version in _VERSIONS:
        product = product.replace(version.template, tr_message(version))
    return product


def redundancy_in_words(state: str) -> str:
    """``passive``; a state that nobody knows is the server's own word."""
    known = _REDUNDANCY.get(state.upper())
    return tr_message(known) if known is not None else state


def is_passive(status: LinkStatus) -> bool:
    """The server that is spoken to says that its partner has the process."""
    return status.redundancy.upper() == "PASSIVE"


def is_partner(status: LinkStatus, profile: ConnectionProfile) -> bool:
    """It is the redundant partner that is spoken to, and not the server of the connection."""
    return bool(profile.partner) and host_of(status.url) == host_of(profile.partner)


def host_of(url: str) -> str:
    """``https://host:4000/graphql/`` → ``host:4000``, for showing."""
    _, _, rest = url.partition("://")
    return (rest or url).partition("/")[0]


def rights_in_words(status: LinkStatus) -> str:
    """``read, write, acknowledge`` in the user's language."""
    words = (
        (Capability.READ, tr("read")),
        (Capability.WRITE, tr("write")),
        (Capability.ACKNOWLEDGE, tr("acknowledge")),
    )
    return ", ".join(word for capability, word in words if capability in status.capabilities)
