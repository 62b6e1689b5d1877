"""Sessions as fields of the schema: logging in, staying, leaving."""
# ruff: noqa: N803 - methods and arguments have the schema's spelling.

from __future__ import annotations

import asyncio

from tagwerk.simulator.access import Caller
from tagwerk.simulator.sessions import Session, SessionStore
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.wire import Fields, Wire


class SessionFields:
    """Each ``do_…`` is the field of that name."""

    def __init__(self, sessions: SessionStore, wire: Wire, switches: Switches) -> None:
        self._sessions = sessions
        self._wire = wire
        self._switches = switches

    def _session_fields(self, session: Session) -> Fields:
        user = session.user
        return {
            "user": {
                "id": user.name,
                "name": user.name,
                "groups": [{"id": group, "name": group} for group in user.groups],
                "fullName": user.full_name,
                "language": user.language,
                "autoLogoffSec": int(self._sessions.auto_logoff_s(user)),
            },
            "token": session.token,
            "expires": self._wire.time(session.expires_ns),
            "error": self._wire.success(),
        }

    @staticmethod
    def _no_session(code: str, description: str) -> Fields:
        return {
            "user": None,
            "token": None,
            "expires": None,
            "error": {"code": code, "description": description},
        }

    async def do_login(self, caller: Caller, username: str, password: str) -> Fields:
        delay_s = self._switches.number("slow-login", 0)
        if delay_s:
            await asyncio.sleep(delay_s)
        session = self._sessions.login(username, password)
        if session is None:
            return self._no_session("101", "Wrong user name or password")
        return self._session_fields(session)

    def do_loginSWAC(self, caller: Caller, claim: str, signedClaim: str) -> Fields:
        return self._no_session("102", "There is no identity provider")

    def do_extendSession(self, caller: Caller) -> Fields:
        return self._session_fields(self._sessions.extend(caller.identified))

    def do_logout(self, caller: Caller, allSessions: bool | None = False) -> bool:
        self._sessions.logout(caller.identified, all_sessions=bool(allSessions))
        return True

    def do_session(self, caller: Caller, allSessions: bool | None = False) -> list[Fields]:
        if not allSessions:
            return [self._session_fields(caller.identified)]
        return [self._session_fields(one) for one in self._sessions.of_user(caller.identified.user)]

    def do_nonce(self, caller: Caller) -> Fields:
        nonce = self._sessions.nonce()
        return {"value": nonce.value, "validFor": nonce.valid_for_s}

    def do_identityProviderURL(self, caller: Caller) -> str:
        return "https://localhost/umc-sso/"
