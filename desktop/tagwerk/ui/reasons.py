"""Why a server cannot do something, in the user's language: codes of `Capabilities.reason`."""

from __future__ import annotations

from tagwerk.domain.reasons import reason_text
from tagwerk.ui.i18n import tr_message


def reason_in_words(code: str) -> str:
    """The sentence of a code; an unknown one is the server's own words and shown as it is."""
    return tr_message(reason_text(code))
