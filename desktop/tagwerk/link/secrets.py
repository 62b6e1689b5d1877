"""Passwords in the computer's keyring, and nowhere else.

A keyring without a real store behind it (none, "fail", "null", a plain file) counts as absent:
the password then lives in memory for the session, and the caller says so. Never logged.

A keyring may ask the user to unlock it, or hang: each call runs in a thread of its own and is
given up after `TIMEOUT_S`. The thread is a daemon, so that a keyring that never answers does
not keep the program from ending.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import TagwerkError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "tagwerk"
TRIAL_SERVICE = "tagwerk-self-test"
"""Not that of the passwords: Windows moves the one saved last aside for another of its service."""
TIMEOUT_S = 60.0
"""Long enough for a person to unlock the keyring."""
_UNSAFE_MODULES = (
    "keyring.backends.null",
    "keyring.backends.fail",
    "keyrings.alt",
    "keyrings.cryptfile",
)
# What the stores below keyring raise of their own; each exists on one system only.
_FOREIGN_ERRORS = (
    ("jeepney.wrappers", "DBusErrorResponse"),
    ("secretstorage.exceptions", "SecretStorageException"),
    ("win32ctypes.pywin32.pywintypes", "error"),
)
Result = TypeVar("Result")


class SecretStoreUnavailable(TagwerkError):
    """This computer has no keyring that keeps a secret."""

    exit_code = 4


class _Call:
    """One call of the keyring in its own thread. The next one is not begun while this hangs."""

    running: threading.Thread | None = None
    lock = threading.Lock()


def _errors() -> tuple[type[BaseException], ...]:
    """All that a keyring may raise when it does not work."""
    from keyring.errors import KeyringError

    found: list[type[BaseException]] = [
        KeyringError, RuntimeError, OSError, EOFError, ImportError, LookupError, ValueError,
    ]  # fmt: skip
    for module, name in _FOREIGN_ERRORS:
        try:
            found.append(getattr(importlib.import_module(module), name))
        except (ImportError, AttributeError):
            continue
    return tuple(found)


def _in_time(work: Callable[[], Result], timeout_s: float) -> Result:
    """The result of `work`, which runs in a thread.

    Raises:
        SecretStoreUnavailable: none, locked, or no answer in time.
    """
    results: list[Result] = []
    problems: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except SecretStoreUnavailable as problem:
            problems.append(problem)
        except _errors() as problem:
            problems.append(problem)

    with _Call.lock:
        before = _Call.running
        if before is not None and before.is_alive():
            raise _silent()
        thread = threading.Thread(target=run, name="keyring", daemon=True)
        _Call.running = thread
        thread.start()
        thread.join(timeout_s)
    if thread.is_alive():
        raise _silent()
    if results:
        return results[0]
    problem = problems[0] if problems else None
    if isinstance(problem, SecretStoreUnavailable):
        raise problem
    raise _refused() from problem


def _is_safe(backend: KeyringBackend) -> bool:
    """By its class and those that it is made from: a child of a plain file is one, too."""
    modules = {kind.__module__ for kind in type(backend).__mro__}
    return not any(
        module == unsafe or module.startswith(f"{unsafe}.")
        for unsafe in _UNSAFE_MODULES
        for module in modules
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
    except (KeyringError, ImportError, RuntimeError, OSError) as problem:
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


def keyring_available(timeout_s: float = TIMEOUT_S) -> bool:
    """Whether passwords can be kept."""
    try:
        _in_time(_backend, timeout_s)
    except SecretStoreUnavailable:
        return False
    return True


def keyring_name(timeout_s: float = TIMEOUT_S) -> str:
    """What the keyring in use calls itself, for reports: ``SecretService.Keyring``.

    Raises:
        SecretStoreUnavailable: no keyring, or it does not answer in time.
    """
    kind = type(_in_time(_backend, timeout_s))
    return f"{kind.__module__.rpartition('.')[2]}.{kind.__name__}"


def get_password(profile: ConnectionProfile, timeout_s: float = TIMEOUT_S) -> str | None:
    """The saved password, None when there is none.

    Raises:
        SecretStoreUnavailable: no keyring, it is locked, or it does not answer in time.
    """
    return _in_time(lambda: _backend().get_password(SERVICE, profile.keyring_name), timeout_s)


def set_password(profile: ConnectionProfile, password: str, timeout_s: float = TIMEOUT_S) -> None:
    """Save a password.

    Raises:
        SecretStoreUnavailable: no keyring, it is locked, or it does not answer in time.
    """
    _in_time(lambda: _backend().set_password(SERVICE, profile.keyring_name, password), timeout_s)


def delete_password(profile: ConnectionProfile, timeout_s: float = TIMEOUT_S) -> None:
    """Forget a saved password; nothing happens when there is none.

    Raises:
        SecretStoreUnavailable: no keyring, it is locked, or it does not answer in time.
    """

    _in_time(lambda: _delete(_backend(), SERVICE, profile.keyring_name), timeout_s)


def _delete(backend: KeyringBackend, service: str, name: str) -> None:
    from keyring.errors import PasswordDeleteError

    try:
        backend.delete_password(service, name)
    except PasswordDeleteError:
        # Some stores say so when there was none; others when they would not.
        if backend.get_password(service, name) is not None:
            raise


def try_keyring(
    name: str, secret: str, timeout_s: float = TIMEOUT_S
) -> tuple[str | None, str | None]:
    """Store, read and delete a secret; what was read, and what is still there at the end.

    In one call: where the user unlocks the keyring only after we gave up, the secret is stored
    then, and deleted all the same.

    Args:
        name: one that nobody else uses.

    Raises:
        SecretStoreUnavailable: no keyring, it is locked, or it does not answer in time.
    """

    def work() -> tuple[str | None, str | None]:
        backend = _backend()
        try:
            backend.set_password(TRIAL_SERVICE, name, secret)
            kept = backend.get_password(TRIAL_SERVICE, name)
        finally:
            _delete(backend, TRIAL_SERVICE, name)
        return kept, backend.get_password(TRIAL_SERVICE, name)

    return _in_time(work, timeout_s)


def _refused() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "The keyring of this computer does not open.",
        cure="Unlock it, or type the password again next time.",
        code="keyring_locked",
    )


def _silent() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "The keyring of this computer does not answer.",
        cure="It may be waiting for its own password; type the password of the server meanwhile.",
        code="keyring_silent",
    )
