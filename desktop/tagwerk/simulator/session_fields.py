"""Sessions as fields of the schema: logging in, staying, leaving."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

import asyncio
from typing import Any

from tagwerk.simulator.access import Caller, refusal
from tagwerk.simulator.sessions import Session, SessionStore
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import Fields, Wire

TEN_YEARS_NS = 10 * 365 * 86_400 * 1_000_000_000
_REFUSALS = {
    "101": "Wrong user name or password",
    "102": "The user management cannot be reached",
    "103": "The nonce has expired",
}


class SessionFields:
    """Each ``do_…`` is the field of that name."""

    def __init__(self, sessions: SessionStore, wire: Wire, switches: Switches) -> None:
        self._sessions = sessions
        self._wire = wire
        self._switches = switches
        self._echoes = not switches.on("no-token-echo")

    def _session_fields(self, session: Session, *, tells_token: bool = True) -> Fields:
        return {
            "user": self._user_fields(session),
            "token": session.token if tells_token else None,
            "expires": self._expires(session),
            "error": self._wire.success(),
        }

    def _user_fields(self, session: Session) -> Fields | None:
        user = session.user
        how = self._switches.text("user-as")
        if how == "null":
            return None
        if how == "name-only":
            return {"name": user.name}
        return {
            "id": user.name,
            "name": user.name,
            "groups": None
            if how == "no-groups"
            else [{"id": group, "name": group} for group in user.groups],
            "fullName": user.full_name,
            "language": user.language,
            "autoLogoffSec": int(self._sessions.auto_logoff_s(user)),
        }

    def _expires(self, session: Session) -> Any:
        how = self._switches.text("expires-as")
        if how == "null":
            return None
        if how == "seconds":
            return self._sessions.remaining_s(session)
        if how == "epoch":
            return session.expires_ns // 1_000_000_000
        if how == "unset":
            return self._wire.time(0)
        ahead_ns = TEN_YEARS_NS if how == "ten-years" else 0
        return self._wire.time(session.expires_ns + ahead_ns)

    def _no_session(self, code: str, description: str) -> Fields:
        return {
            "user": None,
            "token": None,
            "expires": None,
            "error": self._wire.problem(code, description),
        }

    async def do_login(self, caller: Caller, username: str, password: str) -> Fields | None:
        delay_s = self._switches.number("slow-login", 0)
        if delay_s:
            await asyncio.sleep(delay_s)
        refused = self._switches.text("login-refused")
        if refused == "null":
            return None
        if refused == "FORBIDDEN":
            raise refusal("Access denied", "FORBIDDEN")
        if refused:
            return self._no_session(refused, _REFUSALS[refused])
        session = self._sessions.login(username, password)
        if session is None:
            return self._no_session("101", "Wrong user name or password")
        return self._session_fields(session)

    def do_loginSWAC(self, caller: Caller, claim: str, signedClaim: str) -> Fields:
        return self._no_session("102", "There is no identity provider")

    def do_extendSession(self, caller: Caller) -> Fields | None:
        how = self._switches.text("extend-as")
        if how == "error":
            return self._no_session("1", "The session cannot be extended")
        if how == "refused":
            raise refusal("Access denied", "FORBIDDEN")
        session = self._sessions.extend(caller.identified)
        if how == "null":
            return None
        # A token that nobody has yet must be told.
        is_new = session is not caller.identified
        return self._session_fields(session, tells_token=self._echoes or is_new)

    def do_logout(self, caller: Caller, allSessions: bool | None = False) -> bool:
        self._sessions.logout(caller.identified, all_sessions=bool(allSessions))
        return True

    def do_session(self, caller: Caller, allSessions: bool | None = False) -> list[Fields]:
        user = caller.identified.user
        listed = self._sessions.of_user(user) if allSessions else [caller.identified]
        return [self._session_fields(one, tells_token=self._echoes) for one in listed]

    def do_nonce(self, caller: Caller) -> Fields:
        nonce = self._sessions.nonce()
        return {"value": nonce.value, "validFor": nonce.valid_for_s}

    def do_identityProviderURL(self, caller: Caller) -> str:
        return "https://localhost/umc-sso/"
