"""Passwords in the computer's keyring, and nowhere else.

A keyring without a real store behind it (none, "fail", "null", a plain file) counts as absent:
the password then lives in memory for the session, and the caller says so. Never logged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "tagwerk"
_UNSAFE_MODULES = (
    "keyring.backends.null",
    "keyring.backends.fail",
    "keyrings.alt",
    "keyrings.cryptfile",
)


class SecretStoreUnavailable(TagwerkError):
    """This computer has no keyring that keeps a secret."""

    exit_code = 4


def _is_safe(backend: KeyringBackend) -> bool:
    module = type(backend).__module__
    return not any(
        module == unsafe or module.startswith(f"{unsafe}.") for unsafe in _UNSAFE_MODULES
    )


def _backend() -> KeyringBackend:
    """The keyring to use. Imports keyring late: it looks for stores, which takes time.

    Raises:
        SecretStoreUnavailable: there is none that is safe.
    """
    import keyring
    from keyring.errors import KeyringError

    try:
        backend = keyring.get_keyring()
    except (KeyringError, ImportError, RuntimeError) as problem:
        raise _unavailable() from problem
    inner = getattr(backend, "backends", None)
    if inner is not None:
        # The chainer asks several stores in turn: only the safe ones may be asked.
        safe: list[KeyringBackend] = [one for one in inner if _is_safe(one)]
        if not safe:
            raise _unavailable()
        return safe[0]
    if not _is_safe(backend):
        raise _unavailable()
    return backend


def _unavailable() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "This computer has no keyring to keep passwords in.",
        cure="The password is kept in memory until the program ends; type it again next time.",
        code="no_keyring",
    )


def keyring_available() -> bool:
    """Whether passwords can be kept."""
    try:
        _backend()
    except SecretStoreUnavailable:
        return False
    return True


def get_password(profile: ConnectionProfile) -> str | None:
    """The saved password, None when there is none.

    Raises:
        SecretStoreUnavailable: no keyring, or it is locked.
    """
    from keyring.errors import KeyringError

    backend = _backend()
    try:
        return backend.get_password(SERVICE, profile.keyring_name)
    except (KeyringError, RuntimeError) as problem:
        raise _refused() from problem


def set_password(profile: ConnectionProfile, password: str) -> None:
    """Save a password.

    Raises:
        SecretStoreUnavailable: no keyring, or it is locked.
    """
    from keyring.errors import KeyringError

    backend = _backend()
    try:
        backend.set_password(SERVICE, profile.keyring_name, password)
    except (KeyringError, RuntimeError) as problem:
        raise _refused() from problem


def delete_password(profile: ConnectionProfile) -> None:
    """Forget a saved password; nothing happens when there is none.

    Raises:
        SecretStoreUnavailable: no keyring, or it is locked.
    """
    from keyring.errors import KeyringError, PasswordDeleteError

    backend = _backend()
    try:
        backend.delete_password(SERVICE, profile.keyring_name)
    except PasswordDeleteError:
        return
    except (KeyringError, RuntimeError) as problem:
        raise _refused() from problem


def _refused() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "The keyring of this computer does not open.",
        cure="Unlock it, or type the password again next time.",
        code="keyring_locked",
    )
