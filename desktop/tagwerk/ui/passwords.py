"""The passwords of one window: in memory for this run, in the computer's keyring when wanted.

The keyring may be absent, locked, or hang; it is asked in threads that nobody waits for, so the
window never stands still and the program can always end. A password that a server refused is not
used again by itself, also not after a restart: only that it was refused is noted in the settings.
"""

from __future__ import annotations

import asyncio

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.ui.i18n import tr
from tagwerk.ui.services import Secrets
from tagwerk.ui.settings import Settings
from tagwerk.ui.tasks import in_thread

AVAILABLE_TIMEOUT_S = 5.0
_REFUSED = "sign_in_refused"
_THREAD = "secrets"


class Passwords:
    """What is known, and what the keyring knows.

    Args:
        secrets: the keyring.
        settings: where refused sign-ins are noted.
    """

    def __init__(self, secrets: Secrets, settings: Settings) -> None:
        self._secrets = secrets
        self._settings = settings
        self._memory: dict[str, str] = {}
        self._has_keyring: bool | None = None

    async def has_keyring(self) -> bool:
        """Whether passwords can be kept; False as well when the keyring does not say so in time."""
        if self._has_keyring is None:
            try:
                async with asyncio.timeout(AVAILABLE_TIMEOUT_S):
                    self._has_keyring = await in_thread(self._secrets.available, _THREAD)
            except TimeoutError:
                return False
        return self._has_keyring

    @property
    def may_have_keyring(self) -> bool:
        """There is a keyring, or it has not been found out yet."""
        return self._has_keyring is not False

    def in_memory(self, profile: ConnectionProfile) -> str | None:
        """Known from before in this run."""
        return self._memory.get(profile.keyring_name)

    async def from_keyring(self, profile: ConnectionProfile) -> str | None:
        """The saved password, None when there is none or the server refused it before.

        Raises:
            TagwerkError: the keyring is locked or does not answer.
        """
        if self.was_refused(profile) or not await self.has_keyring():
            return None
        known = await in_thread(lambda: self._secrets.get(profile), _THREAD)
        if known is not None:
            self._memory[profile.keyring_name] = known
        return known

    def remember(self, profile: ConnectionProfile, password: str) -> None:
        """Take a password that the user gave: for this run, and a refused one no longer counts."""
        self._memory[profile.keyring_name] = password
        self._note_refused(profile, False)

    async def keep(self, profile: ConnectionProfile, password: str) -> None:
        """Save it in the keyring.

        Raises:
            TagwerkError: the keyring would not.
        """
        await in_thread(lambda: self._secrets.set(profile, password), _THREAD)

    async def forget(self, profile: ConnectionProfile) -> None:
        """Take it out of memory and keyring.

        Raises:
            TagwerkError: the keyring would not.
        """
        self._memory.pop(profile.keyring_name, None)
        self._note_refused(profile, False)
        if await self.has_keyring():
            await in_thread(lambda: self._secrets.delete(profile), _THREAD)

    def refused(self, profile: ConnectionProfile) -> None:
        """The server did not take it: it is not sent again by itself."""
        self._memory.pop(profile.keyring_name, None)
        self._note_refused(profile, True)

    def accepted(self, profile: ConnectionProfile) -> None:
        """The server took it."""
        self._note_refused(profile, False)

    def was_refused(self, profile: ConnectionProfile) -> bool:
        """Whether the server refused what the keyring holds."""
        return profile.keyring_name in self._refused_names()

    def clear(self) -> None:
        """The window closes."""
        self._memory.clear()

    def _refused_names(self) -> list[str]:
        stored = self._settings.get(_REFUSED, [])
        return (
            [name for name in stored if isinstance(name, str)] if isinstance(stored, list) else []
        )

    def _note_refused(self, profile: ConnectionProfile, refused: bool) -> None:
        before = self._refused_names()
        names = [name for name in before if name != profile.keyring_name]
        if refused:
            names.append(profile.keyring_name)
        if names != before:
            self._settings.set(_REFUSED, names or None)


def why_asked(profile: ConnectionProfile) -> str:
    """What the password dialog says when the server refused the saved one."""
    if profile.by_token:
        return tr("The server refused the saved token. It is not tried again by itself: it may have run out, or been withdrawn.")  # fmt: skip
    return tr(
        "The server refused the saved password of {user}. It is not tried again by itself: too many attempts may lock the account.",
        user=profile.user,
    )  # fmt: skip
