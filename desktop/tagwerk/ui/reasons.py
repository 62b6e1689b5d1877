"""Why a server cannot do something, in the user's language: codes of `Capabilities.reason`."""

from __future__ import annotations

from tagwerk.domain.message import Message, message
from tagwerk.ui.i18n import tr_message

_REASONS: dict[str, Message] = {
    "not_known_yet": message("not known yet"),
    "schema_lacks_field": message("this server version cannot do it"),
    "schema_wants_more": message("this server wants an argument that is not known here"),
    "push_refused": message("the server refuses push"),
    "right_missing": message("the user lacks the right"),
    "not_logged_in": message("nobody is signed in"),
}


def reason_in_words(code: str) -> str:
    """The sentence of a code; an unknown one is the server's own words and shown as it is."""
    known = _REASONS.get(code)
    return tr_message(known) if known is not None else code
