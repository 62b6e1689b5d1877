"""The saved connections: to and from JSON, kept in `Settings` under ``connections``.

A connection holds no secret to begin with. Fields of a newer version and entries that cannot be
read are kept as they are: an older program must not make them disappear. Who calls it: the
window and the command line.
"""

from __future__ import annotations

import math
from typing import Any

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustedCertificate, TrustMode
from tagwerk.ui.settings import Settings

_KNOWN_TIMES = ("not_before_ns", "not_after_ns", "trusted_ns")
SHORTEST_TIMEOUT_S, LONGEST_TIMEOUT_S = 1.0, 600.0
DEFAULT_TIMEOUT_S = 15.0


def trust_to_json(trust: Trust) -> dict[str, Any]:
    """A decision about trust as data."""
    document: dict[str, Any] = {
        "mode": trust.mode.value,
        "ca_file": trust.ca_file,
        "sha256": trust.sha256,
        "compared": trust.compared,
    }
    if trust.known is not None:
        document["known"] = known_to_json(trust.known)
    return document


def known_to_json(known: TrustedCertificate) -> dict[str, Any]:
    """What is kept of a pinned certificate beside its fingerprint."""
    return {
        "subject": known.subject,
        "issuer": known.issuer,
        "names": list(known.names),
        "key_kind": known.key,
        "not_before_ns": known.not_before_ns,
        "not_after_ns": known.not_after_ns,
        "trusted_ns": known.trusted_ns,
    }


def known_from_json(data: Any) -> TrustedCertificate | None:
    """Take it back, as far as it can be read; None when there is none."""
    if not isinstance(data, dict):
        return None
    names = data.get("names")
    times = {key: data.get(key) for key in _KNOWN_TIMES}
    return TrustedCertificate(
        subject=str(data.get("subject", "")),
        issuer=str(data.get("issuer", "")),
        names=tuple(str(name) for name in names) if isinstance(names, list) else (),
        key=str(data.get("key_kind", "")),
        **{key: value if isinstance(value, int) else 0 for key, value in times.items()},
    )


def trust_from_json(data: Any) -> Trust:
    """Take a decision back; nothing at all is the system's.

    Raises:
        ValueError: an unknown kind of trust.
    """
    data = data if isinstance(data, dict) else {}
    return Trust(
        mode=TrustMode(data.get("mode", "system")),
        ca_file=str(data.get("ca_file", "")),
        sha256=str(data.get("sha256", "")),
        compared=bool(data.get("compared", False)),
        known=known_from_json(data.get("known")),
    )


def profile_to_json(profile: ConnectionProfile) -> dict[str, Any]:
    """A saved connection as data; it holds no secret to begin with."""
    partner = profile.partner_trust
    return {
        "name": profile.name,
        "url": profile.url,
        "user": profile.user,
        "dialect": profile.dialect,
        "trust": trust_to_json(profile.trust),
        "sheet": profile.sheet,
        "note": profile.note,
        "timeout_s": profile.timeout_s,
        "partner": profile.partner,
        "follow_partner": profile.follow_partner,
        "partner_trust": None if partner is None else trust_to_json(partner),
        "time_zone": profile.time_zone,
        "alarm_filter": profile.alarm_filter,
        # The word would be taken for a secret, which settings never hold.
        "sign_in": "issued" if profile.by_token else "own",
    }


def profile_from_json(data: Any) -> ConnectionProfile:
    """Take a saved connection back.

    Raises:
        ValueError: no name or address, or an unknown kind of trust.
    """
    if not isinstance(data, dict):
        raise ValueError("a connection is a JSON object")
    name, url = str(data.get("name", "")), str(data.get("url", ""))
    if not name or not url:
        raise ValueError("a connection needs a name and an address")
    partner_trust = data.get("partner_trust")
    timeout_s = float(data.get("timeout_s", DEFAULT_TIMEOUT_S))
    if not math.isfinite(timeout_s):
        timeout_s = DEFAULT_TIMEOUT_S
    return ConnectionProfile(
        name=name,
        url=url,
        user=str(data.get("user", "")),
        dialect=str(data.get("dialect", "auto")),
        trust=trust_from_json(data.get("trust")),
        sheet=str(data.get("sheet", "")),
        note=str(data.get("note", "")),
        timeout_s=min(max(timeout_s, SHORTEST_TIMEOUT_S), LONGEST_TIMEOUT_S),
        partner=str(data.get("partner", "")),
        follow_partner=data.get("follow_partner") is True,
        partner_trust=trust_from_json(partner_trust) if isinstance(partner_trust, dict) else None,
        time_zone=str(data.get("time_zone", "")),
        alarm_filter=str(data.get("alarm_filter", "")),
        by_token=data.get("sign_in") == "issued",
    )


class SavedConnections:
    """The saved connections: those kept at the top first, then last used first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def all(self) -> list[ConnectionProfile]:
        """Those that can be read; a broken entry is left out, not fatal."""
        result = []
        for data in self._rows():
            try:
                result.append(profile_from_json(data))
            except (ValueError, TypeError, OverflowError):
                continue
        top = self._top()
        return sorted(result, key=lambda profile: profile.name not in top)

    def find(self, name: str) -> ConnectionProfile | None:
        return next((profile for profile in self.all() if profile.name == name), None)

    def put(self, profile: ConnectionProfile, *, instead_of: str = "") -> None:
        """Save it and move it to the front; one of the same name is replaced.

        Args:
            instead_of: the name it had before, when it was renamed.
        """
        rows = self._rows()
        former = instead_of or profile.name
        old: dict[str, Any] = next((row for row in rows if _name_of(row) == former), {})
        gone = {former, profile.name}
        others = [row for row in rows if _name_of(row) not in gone]
        fresh = profile_to_json(profile)
        if isinstance(old.get("trust"), dict):
            known = {} if profile.trust.known else {"known": None}
            fresh["trust"] = {**old["trust"], **known, **fresh["trust"]}
        self._settings.set("connections", [{**old, **fresh}, *others])
        if former != profile.name and former in self._top():
            self.keep_at_top(former, False)
            self.keep_at_top(profile.name, True)

    def remove(self, name: str) -> None:
        self._settings.set("connections", [row for row in self._rows() if _name_of(row) != name])
        if name in self._top():
            self.keep_at_top(name, False)

    def shares_password(self, profile: ConnectionProfile, but: str = "") -> bool:
        """Whether another saved connection (not `but`) has the same user on the same server."""
        return any(
            other.keyring_name == profile.keyring_name and other.name not in (profile.name, but)
            for other in self.all()
        )

    def is_at_top(self, name: str) -> bool:
        return name in self._top()

    def keep_at_top(self, name: str, keep: bool) -> None:
        """Keep a connection above those that were merely used last, or no longer."""
        names = [other for other in self._top() if other != name]
        self._settings.set("connections_at_top", [*names, name] if keep else names)

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with a number behind it when it is taken."""
        taken = {profile.name for profile in self.all()}
        name, number = wanted, 2
        while name in taken:
            name, number = f"{wanted} {number}", number + 1
        return name

    def _rows(self) -> list[Any]:
        stored = self._settings.get("connections", [])
        return list(stored) if isinstance(stored, list) else []

    def _top(self) -> list[str]:
        stored = self._settings.get("connections_at_top", [])
        return (
            [name for name in stored if isinstance(name, str)] if isinstance(stored, list) else []
        )


def _name_of(row: Any) -> str:
    return str(row.get("name", "")) if isinstance(row, dict) else ""
