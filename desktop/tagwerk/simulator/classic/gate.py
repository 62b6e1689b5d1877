"""Who asks: HTTP Basic or a Bearer token with each request, and how the others are turned away."""

from __future__ import annotations

import base64
import binascii

from tagwerk.simulator.sessions import User, find_token, find_user
from tagwerk.simulator.switches import Switches

REALM = "WinCCRestService"


class ClassicGate:
    """The users of one server.

    Args:
        switches: ``classic-auth``, ``classic-denied-as``.

    Attributes:
        challenge: the header of a 401, "" for none.
        denied_status: of a call that the user has no right to.
    """

    def __init__(self, switches: Switches) -> None:
        self._way = switches.text("classic-auth")
        self.denied_status = int(switches.text("classic-denied-as", "403"))
        self.challenge = {
            "negotiate": "Negotiate",
            "basic-refused": f'Bearer realm="{REALM}"',
            "no-challenge": "",
        }.get(self._way, f'Basic realm="{REALM}"')

    def find(self, authorization: str) -> User | None:
        """The user of an Authorization header, None for nobody."""
        kind, _, rest = authorization.strip().partition(" ")
        if kind.lower() == "bearer":
            return None if self._way == "bearer-refused" else find_token(rest.strip())
        if kind.lower() != "basic" or self._way in ("basic-refused", "negotiate"):
            return None
        try:
            text = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        name, _, password = text.partition(":")
        return find_user(name, password)
