"""Where a server's interface is: an address, and what follows from it alone. Asks nobody."""

from __future__ import annotations

import contextlib
import ipaddress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a GraphQL interface is."""

    url: str

    @property
    def parts(self) -> Any:
        return urlsplit(self.url)

    @property
    def host(self) -> str:
        return str(self.parts.hostname or "")

    @property
    def port(self) -> int:
        return int(self.parts.port or (443 if self.is_secure else 80))

    @property
    def is_secure(self) -> bool:
        return bool(self.parts.scheme == "https")

    @property
    def is_loopback(self) -> bool:
        """True when nothing leaves this computer."""
        if self.host == "localhost":
            return True
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(self.host).is_loopback
        return False

    @property
    def socket_url(self) -> str:
        """The same place as WebSocket."""
        return "ws" + self.url.removeprefix("http")
