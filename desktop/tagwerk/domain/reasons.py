"""Why a server cannot do something, in words: the codes of `Capabilities.reason`.

Pure, so that the command line and the window say the same.
"""

from __future__ import annotations

from tagwerk.domain.message import Message, message

_REASONS: dict[str, Message] = {
    "not_known_yet": message("not known yet"),
    "schema_lacks_field": message("this server version cannot do it"),
    "schema_wants_more": message("this server wants an argument that is not known here"),
    "push_refused": message("the server refuses push"),
    "interface_polls": message("the interface does not push: values are polled"),
    "interface_lacks": message("the interface of WinCC V7/V8 does not have it"),
    "interface_no_acknowledge": message(
        "the interface of WinCC V7/V8 cannot do it; use WinCC itself"
    ),
    "no_alarm_filter": message("no filter for messages is configured in WinCC"),
    "alarms_unanswered": message("the server gives no messages that can be read"),
    "right_missing": message("the user lacks the right"),
    "not_logged_in": message("nobody is signed in"),
}
OF_THE_USER = frozenset({"right_missing", "not_logged_in"})
"""Another user may be able to do it."""


def reason_text(code: str) -> Message:
    """The sentence of a code; an unknown one is the server's own words and given back as it is."""
    return _REASONS.get(code) or Message(code)
