"""From an address on the command line to a profile, a password and a client."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from tagwerk.cli.confirm import interruptible, is_terminal, standard_input
from tagwerk.cli.known_servers import FILE_NAME, remember_server
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import LoginFailed, UsageError
from tagwerk.domain.ports import PlantClient
from tagwerk.domain.tags import TagKind
from tagwerk.domain.traffic import TrafficSink
from tagwerk.link.addresses import endpoint_for
from tagwerk.link.ca_file import read_ca_file
from tagwerk.link.login import open_client
from tagwerk.link.secrets import SecretStoreUnavailable, get_password
from tagwerk.link.tls import fetch_certificate
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings

PASSWORD_VARIABLE = "TAGWERK_PASSWORD"  # noqa: S105 - the name of the variable
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Target:
    """A server to talk to. `password` or `token` is set, never both; neither is ever printed."""

    profile: ConnectionProfile
    password: str = ""
    token: str = ""
    traffic: TrafficSink | None = None

    def __repr__(self) -> str:
        return f"Target({self.profile.url})"


def settings_folder(options: argparse.Namespace) -> Path:
    """Where saved connections and known servers lie."""
    if options.settings is not None:
        return Path(options.settings)
    return Path(platformdirs.user_config_dir("tagwerk", appauthor=False))


def data_folder(options: argparse.Namespace) -> Path:
    """Where the audit lies; beside the settings when those were given."""
    if options.settings is not None:
        return Path(options.settings)
    return Path(platformdirs.user_data_dir("tagwerk", appauthor=False))


async def find_target(options: argparse.Namespace, *, needs_login: bool = True) -> Target:
    """Make out who is meant and how to log in.

    Raises:
        UsageError: options that contradict each other, no user.
        NotTrusted: first use with another certificate than the first time.
        LoginFailed: no password to be had.
    """
    profile = await find_profile(options)
    traffic: TrafficSink | None = getattr(options, "traffic_sink", None)
    if options.token_stdin:
        return Target(profile, token=_token(options), traffic=traffic)
    if not profile.user:
        if not needs_login:
            return Target(profile, traffic=traffic)
        raise UsageError("No user is given.", cure="Add --user NAME.")
    if profile.by_token:
        return Target(profile, token=_token_of(profile), traffic=traffic)
    return Target(profile, password=_password(profile), traffic=traffic)


@asynccontextmanager
async def connected(
    options: argparse.Namespace,
) -> AsyncIterator[tuple[PlantClient, ConnectionProfile]]:
    """A client that is logged in; logs out at the end."""
    target = await find_target(options)
    async with logged_in(target) as client:
        yield client, target.profile


@asynccontextmanager
async def logged_in(target: Target) -> AsyncIterator[PlantClient]:
    """A client of a target that was found before; logs out at the end."""
    async with open_client(
        target.profile, target.password, token=target.token, traffic=target.traffic
    ) as client:
        yield client


def _token(options: argparse.Namespace) -> str:
    """The first line of standard input, read once; names may follow."""
    if not getattr(options, "token", ""):
        with interruptible():
            options.token = standard_input().readline().strip().removeprefix("\ufeff")
    if not options.token:
        raise UsageError("There is no token on standard input.", cure="Pipe one into the command.")
    return str(options.token)


def read_names(options: argparse.Namespace) -> list[str]:
    """Names from the arguments and from ``--names-from``, without doubles, in order.

    Raises:
        UsageError: none at all, or the file cannot be read.
    """
    names = list(options.names)
    if options.names_from == "-":
        if options.token_stdin:
            _token(options)
        with interruptible():
            names += standard_input().read().removeprefix("\ufeff").splitlines()
    elif options.names_from:
        try:
            names += Path(options.names_from).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            raise UsageError(
                "{path} cannot be read: {reason}.",
                cure="Give a text file in UTF-8 with one name a line.",
                path=options.names_from,
                reason=str(problem),
            ) from problem
    names = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not names:
        raise UsageError("No tag is named.", cure="Give at least one name, or --names-from FILE.")
    return names


async def expand_patterns(
    client: PlantClient, names: Iterable[str], kinds: tuple[TagKind, ...] = (TagKind.TAG,)
) -> list[str]:
    """Replace names with * or ? by what they match among `kinds`; a later one only without hits.

    Raises:
        UsageError: a pattern that matches nothing.
    """
    result: list[str] = []
    for name in names:
        if "*" not in name and "?" not in name:
            result.append(name)
            continue
        items = await client.browse([name])
        by_kind = ([item.name for item in items if item.kind is kind] for kind in kinds)
        found: list[str] = next(filter(None, by_kind), [])
        if not found:
            raise UsageError("No tag matches {pattern}.", cure="Try tagwerk browse.", pattern=name)
        result += found
    return list(dict.fromkeys(result))


async def find_profile(options: argparse.Namespace) -> ConnectionProfile:
    """Which server is meant, and whom to trust; looks at its certificate on first use.

    Raises:
        UsageError, NotTrusted: see `find_target`.
    """
    profile = _profile(options)
    # What was decided for a saved connection is the first use; only the system's store is none.
    undecided = profile.trust.mode is TrustMode.SYSTEM
    if options.trust_on_first_use and undecided and urlsplit(profile.url).scheme == "https":
        return replace(profile, trust=await _trust_first(profile, settings_folder(options)))
    return profile


def known_profile(options: argparse.Namespace) -> ConnectionProfile:
    """Which server is meant; nobody is asked.

    Raises:
        UsageError: an address that is none, options that contradict each other.
    """
    return _profile(options)


def _profile(options: argparse.Namespace) -> ConnectionProfile:
    saved = {
        profile.name.casefold(): profile
        for profile in SavedConnections(Settings(settings_folder(options))).all()
    }
    profile = saved.get(options.url.casefold())
    if profile is None:
        wanted = Trust(TrustMode.PLAIN_HTTP) if options.allow_plain_http else None
        url = endpoint_for(options.url, wanted, options.dialect or "auto").url
        profile = ConnectionProfile(name=options.url, url=url)
    changes: dict[str, object] = {}
    if options.user:
        changes["user"] = options.user
    if options.timeout:
        changes["timeout_s"] = options.timeout
    if options.dialect:
        changes["dialect"] = options.dialect
    if options.time_zone is not None:
        changes["time_zone"] = options.time_zone
    if options.alarm_filter is not None:
        changes["alarm_filter"] = options.alarm_filter
    if options.partner:
        changes["partner"] = partner = endpoint_for(options.partner, profile.trust).url
        changes["partner_trust"] = None
        if urlsplit(partner).scheme == "http":
            _allow_plain(options, partner, is_meant=False)
            changes["partner_trust"] = Trust(TrustMode.PLAIN_HTTP)
    if options.follow_partner:
        if not (options.partner or profile.partner):
            raise UsageError(
                "--follow-partner needs to know the partner.", cure="Add --partner URL."
            )
        changes["follow_partner"] = True
    trust = _trust(options, profile)
    if trust is not None:
        changes["trust"] = trust
    return replace(profile, **changes)  # type: ignore[arg-type]


def _trust(options: argparse.Namespace, profile: ConnectionProfile) -> Trust | None:
    parts = urlsplit(profile.url)
    if parts.scheme == "http":
        _allow_plain(options, profile.url, is_meant=profile.trust.mode is TrustMode.PLAIN_HTTP)
        return Trust(TrustMode.PLAIN_HTTP)
    if options.ca is not None:
        read_ca_file(str(options.ca))
        return Trust(TrustMode.CA_FILE, ca_file=str(options.ca))
    if options.fingerprint:
        digits = options.fingerprint.replace(":", "").replace(" ", "").lower()
        if len(digits) != 64 or any(c not in "0123456789abcdef" for c in digits):
            raise UsageError(
                "“{text}” is not a SHA-256 fingerprint.",
                cure="It has 64 hexadecimal digits; tagwerk probe shows it.",
                text=options.fingerprint,
            )
        return Trust(TrustMode.PINNED, sha256=digits)
    return None


def _allow_plain(options: argparse.Namespace, url: str, *, is_meant: bool) -> None:
    """Plain http needs to be asked for; on loopback nobody listens in.

    Raises:
        UsageError: it was not asked for.
    """
    host = urlsplit(url).hostname or ""
    if not options.allow_plain_http and not is_meant and host not in LOOPBACK:
        raise UsageError(
            "{host} would get the password readably: {url} is plain http.",
            cure="Use https, or add --allow-plain-http when you know the network.",
            host=host,
            url=url,
        )


async def _trust_first(profile: ConnectionProfile, folder: Path) -> Trust:
    """Trust what is there the first time; refuse another certificate later."""
    parts = urlsplit(profile.url)
    host, port = parts.hostname or "", parts.port or 443
    certificate = await fetch_certificate(host, port, timeout_s=profile.timeout_s)
    return remember_server(folder / FILE_NAME, f"{host}:{port}", certificate)


def given_password() -> str | None:
    """The password of the environment; None when there is none."""
    return os.environ.get(PASSWORD_VARIABLE)


def _known_password(profile: ConnectionProfile) -> tuple[str | None, str]:
    """From the environment, else the keyring: the nearest wish wins; None when there is none.

    The second is what kept a keyring that is there from telling it.
    """
    given = given_password()
    if given is not None:
        return given, ""
    try:
        return get_password(profile), ""
    except SecretStoreUnavailable as problem:
        return None, "" if problem.code == "no_keyring" else problem.message


def _token_of(profile: ConnectionProfile) -> str:
    """As `_password`; blanks around a token come from copying, and an empty one is none."""
    token = _password(profile).strip()
    if not token:
        raise _nothing_known(profile)
    return token


def _nothing_known(profile: ConnectionProfile) -> LoginFailed:
    where = {"user": profile.user, "variable": PASSWORD_VARIABLE}
    if profile.by_token:
        return LoginFailed(
            "There is no token for {user}.",
            cure="Set {variable}, or save the token in the window.",
            **where,
        )
    return LoginFailed(
        "There is no password for {user}.",
        cure="Set {variable}, or save the password in the window.",
        **where,
    )


def _password(profile: ConnectionProfile) -> str:
    """What is known, else from a prompt."""
    known, why = _known_password(profile)
    if known is not None:
        return known
    if why:
        print(f"tagwerk: {why}", file=sys.stderr, flush=True)
    if is_terminal():
        with interruptible():
            asked = "Token" if profile.by_token else "Password"
            return getpass.getpass(f"{asked} of {profile.user} on {profile.url}: ")
    raise _nothing_known(profile)
