"""What the doctor knows: which failure of which step means what, and what to do about it.

`diagnose` turns a step's error into the code of a finding; `find` looks the code up. The tables
are in `findings_network` (from the name to the interface), `findings_plant` (from the sign-in to
the clock) and `findings_service` (what is special about WinCC V7/V8). Called by `connector` and `deep_probe`; does no I/O and sees no secret.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tagwerk.domain.connection import Certificate, StepName
from tagwerk.domain.errors import (
    LoginFailed,
    NotAllowed,
    NotReachable,
    NotSupported,
    NotTrusted,
    ProtocolError,
    SessionExpired,
    TagwerkError,
    UsageError,
)
from tagwerk.domain.message import Message
from tagwerk.link.transport import BodyTooLarge

UNKNOWN = "unclear"
_NO_WEBSOCKET = ("400", "404", "405", "426", "501", "200", "301", "302")


@dataclass(frozen=True, slots=True)
class Finding:
    """One entry of the tables.

    Args:
        code: stable name.
        meaning: why it is so and what it means for the work.
        actions: what to do, step by step. The first one is the cure where an error brings none.
        command: to be copied and run where the actions say; ``{host}`` and ``{port}`` are filled.
        until_then: how Tagwerk gets along meanwhile.
        is_minor: it works nevertheless.
    """

    code: str
    meaning: Message
    actions: tuple[Message, ...] = ()
    command: str = ""
    until_then: Message = Message()
    is_minor: bool = False

    def filled(self, facts: Mapping[str, object]) -> Finding:
        """The same with the places of its sentences filled from `facts`."""
        command = self.command
        for name in ("host", "port"):
            command = command.replace(f"{{{name}}}", str(facts.get(name, "")))
        return Finding(
            self.code,
            _fill(self.meaning, facts),
            tuple(_fill(action, facts) for action in self.actions),
            command,
            _fill(self.until_then, facts),
            self.is_minor,
        )


def _fill(said: Message, facts: Mapping[str, object]) -> Message:
    places = [name for _, name, _, _ in string.Formatter().parse(said.template) if name]
    return Message(said.template, tuple((name, facts.get(name, "?")) for name in places))


def find(code: str) -> Finding:
    """The finding of a code; KeyError for an unknown one is a programming error."""
    return catalogue()[code]


def catalogue() -> dict[str, Finding]:
    """All findings by code."""
    # Here, because the tables are made of `Finding`.
    from tagwerk.link.findings_network import NETWORK_FINDINGS
    from tagwerk.link.findings_plant import PLANT_FINDINGS
    from tagwerk.link.findings_service import SERVICE_FINDINGS

    return {one.code: one for one in (*NETWORK_FINDINGS, *PLANT_FINDINGS, *SERVICE_FINDINGS)}


def diagnose(step: StepName, problem: TagwerkError) -> str:
    """The code of the finding for a step that ended in an error."""
    if isinstance(problem, UsageError):
        return "not_usable"
    special = _BY_STEP.get(step)
    code = special(problem) if special is not None else ""
    return code or _anywhere(problem)


def _resolve(problem: TagwerkError) -> str:
    return "name_service_silent" if problem.code in ("timeout", "name_service") else "name_unknown"


def _connect(problem: TagwerkError) -> str:
    return {
        "refused": "port_closed",
        "timeout": "connect_timeout",
        "no_route": "no_route",
    }.get(problem.code, "connection_cut")


def _tls(problem: TagwerkError) -> str:
    if isinstance(problem, NotTrusted):
        return certificate_fault(problem, problem.certificate)
    return {
        "no_tls": "tls_not_spoken",
        "plain_http": "plain_http_here",
        "opc_ua": "opc_ua",
        "old_tls": "tls_too_old",
        "no_cipher": "tls_no_cipher",
        "timeout": "tls_silent",
    }.get(problem.code, "tls_cut")


def certificate_fault(problem: NotTrusted, certificate: Certificate | None) -> str:
    """What exactly is wrong with a certificate that was refused."""
    by_code = {
        "changed": "certificate_changed",
        "plain_http": "plain_http_refused",
        "name": "certificate_other_name",
        "expired": "certificate_expired",
        "not_yet_valid": "certificate_not_yet_valid",
        "weak": "certificate_weak",
    }
    if problem.pinned_sha256:
        return "certificate_changed"
    if problem.code in by_code:
        return by_code[problem.code]
    if certificate is None:
        return "certificate_unknown_ca"
    return "certificate_self_signed" if certificate.self_signed else "certificate_unknown_ca"


def _http(problem: TagwerkError) -> str:
    if isinstance(problem, NotTrusted):
        return certificate_fault(problem, problem.certificate)
    if isinstance(problem, BodyTooLarge):
        return "http_413"
    if isinstance(problem, ProtocolError):
        return {
            "redirect_elsewhere": "redirect_elsewhere",
            "redirect_circle": "redirect_circle",
            "too_large": "answer_too_large",
        }.get(problem.code, "http_other")
    return {"timeout": "http_silent", "plain_http": "plain_http_refused"}.get(
        problem.code, "http_cut"
    )


def _login(problem: TagwerkError) -> str:
    if isinstance(problem, LoginFailed):
        said = problem.message.lower()
        if any(word in said for word in ("locked", "disabled", "gesperrt", "deaktiviert")):
            return "user_locked"
        if any(word in said for word in ("password expired", "password has expired", "must change",
                                         "passwort abgelaufen", "change your password")):  # fmt: skip
            return "password_expired"
        by_code = {"101": "wrong_password", "102": "user_management_fails", "103": "nonce_expired"}
        return by_code.get(problem.code, "login_refused")
    if isinstance(problem, NotSupported):
        return "login_lacking"
    return "login_refused" if isinstance(problem, NotAllowed) else ""


def _rights(problem: TagwerkError) -> str:
    if isinstance(problem, SessionExpired | LoginFailed):
        return "token_refused"
    return "no_right" if isinstance(problem, NotAllowed) else ""


def _browse(problem: TagwerkError) -> str:
    if isinstance(problem, SessionExpired):
        return ""
    if isinstance(problem, NotReachable) and problem.code == "timeout":
        return "browse_silent"
    return "browse_refused" if isinstance(problem, NotAllowed) else "browse_failed"


def _read(problem: TagwerkError) -> str:
    if isinstance(problem, SessionExpired | NotReachable):
        return ""
    return "read_refused" if isinstance(problem, NotAllowed) else "read_failed"


def _history(problem: TagwerkError) -> str:
    if isinstance(problem, SessionExpired | NotReachable):
        return ""
    return "history_refused" if isinstance(problem, NotAllowed) else "history_failed"


def _alarms(problem: TagwerkError) -> str:
    if isinstance(problem, SessionExpired | NotReachable):
        return ""
    return "alarms_refused" if isinstance(problem, NotAllowed) else "alarms_failed"


def _push(problem: TagwerkError) -> str:
    code = problem.code
    # By its name: `stream` would bring the WebSocket library in here.
    if type(problem).__name__ == "PushRefused":
        return "websocket_off" if code in _NO_WEBSOCKET else "websocket_refused"
    known = {
        "4401": "push_token_refused",
        "4403": "push_token_refused",
        "401": "websocket_wants_login",
        "403": "websocket_wants_login",
        "501": "websocket_off",
        "no_ack": "push_no_answer",
        "no_value": "push_no_value",
        "silent": "push_cut",
        "broken": "push_cut",
        "timeout": "push_no_answer",
        "completed": "subscription_refused",
        "name_refused": "subscription_refused",
    }
    if code in known:
        return known[code]
    if isinstance(problem, SessionExpired):
        return "push_token_refused"
    if isinstance(problem, NotAllowed | ProtocolError):
        return "subscription_refused"
    if isinstance(problem, NotReachable):
        # Queries were answered a moment ago, so the runtime is not down.
        return "websocket_refused" if code in ("500", "502", "503", "504") else "push_cut"
    return "subscription_refused"


_BY_STEP: dict[StepName, Callable[[TagwerkError], str]] = {
    StepName.RESOLVE: _resolve,
    StepName.CONNECT: _connect,
    StepName.TLS: _tls,
    StepName.HTTP: _http,
    StepName.LOGIN: _login,
    StepName.RIGHTS: _rights,
    StepName.BROWSE: _browse,
    StepName.READ: _read,
    StepName.HISTORY: _history,
    StepName.ALARMS: _alarms,
    StepName.PUSH: _push,
    StepName.ROUND_TRIP: lambda problem: "round_trip_failed",
}


def _anywhere(problem: TagwerkError) -> str:
    """What can happen in any step after the first ones."""
    if isinstance(problem, NotTrusted):
        return certificate_fault(problem, problem.certificate)
    if isinstance(problem, NotReachable):
        return "runtime_down" if problem.code in ("500", "502", "503", "504") else "lost_midway"
    if isinstance(problem, SessionExpired):
        return "session_ended"
    if isinstance(problem, BodyTooLarge):
        return "http_413"
    if isinstance(problem, NotAllowed):
        return "no_right"
    return UNKNOWN
