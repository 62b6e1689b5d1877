"""The tree of errors that cross layer borders.

::

    TagwerkError                  has .cure: one sentence that says what to do
    ├── UsageError                the caller asked for something impossible (exit 2)
    ├── NotReachable              name, route, port, time-out, broken socket (exit 3)
    │   └── NotTrusted            the certificate: unknown, changed, wrong name (exit 3)
    ├── NotAllowed                login or rights (exit 4)
    │   ├── LoginFailed           wrong user or password: never tried again by itself
    │   └── SessionExpired        the token is no longer taken: log in again, once
    ├── ServerRefused             the server understood and said no (exit 1)
    │   ├── NotSupported          this server version cannot do it
    │   └── ServerFailed          it broke while doing it: whether it was done is not known
    └── ProtocolError             the answer cannot be understood (exit 1)

Foreign errors (httpx, picows, ssl, keyring) are translated in one place each and never
travel further up. Messages never hold a password or a token.
"""

from __future__ import annotations

from collections.abc import Iterable

from tagwerk.domain.connection import Certificate, TrustedCertificate
from tagwerk.domain.message import cleaned, message


class TagwerkError(Exception):
    """Base of all errors that a user may see.

    The text is a template with named places, so that the window can translate it:
    ``NotReachable("Nothing answers on {host}.", cure="Check the name.", host=host)``.

    Args:
        template: what went wrong, naming the thing; English, with ``{places}``.
        cure: one sentence that says what to do about it (a template too), or "".
        code: the server's own code ("101", "FORBIDDEN"), or "".
        params: values of the places.
    """

    exit_code = 1

    def __init__(self, template: str, *, cure: str = "", code: str = "", **params: object) -> None:
        self.text = message(template, **params)
        self.cure_text = message(cure, **params)
        self.code = code
        super().__init__(str(self.text))

    def redact(self, secrets: Iterable[str]) -> None:
        """Black out secrets that a server repeated; here and in the errors that led here."""
        known = tuple(secret for secret in secrets if secret)
        # Every attribute, whatever a kind of error keeps besides its text.
        for name, value in list(vars(self).items()):
            setattr(self, name, cleaned(value, known))
        self.args = (str(self.text),)
        for origin in (self.__cause__, self.__context__):
            if isinstance(origin, TagwerkError):
                origin.redact(known)

    @property
    def message(self) -> str:
        """What went wrong, in English."""
        return str(self.text)

    @property
    def cure(self) -> str:
        """What to do about it, in English; "" when nobody knows."""
        return str(self.cure_text)

    def __str__(self) -> str:
        return f"{self.message} {self.cure}".strip()


class UsageError(TagwerkError):
    """Asked for something that cannot be: a wrong option, name or number."""

    exit_code = 2


class NotReachable(TagwerkError):
    """No answer: name not found, nothing listens, time-out, connection broken.

    `may_have_arrived` tells whether the request can have reached the server before the
    connection broke. A write that may have arrived is *unverified*, never "failed".
    """

    exit_code = 3

    def __init__(
        self,
        template: str,
        *,
        cure: str = "",
        code: str = "",
        may_have_arrived: bool = False,
        **params: object,
    ) -> None:
        super().__init__(template, cure=cure, code=code, **params)
        self.may_have_arrived = may_have_arrived


class NotTrusted(NotReachable):
    """The server's certificate is not one that the user vouched for. Nothing secret was sent.

    `certificate` is what the server showed, None when it showed none.
    `pinned_sha256` is the fingerprint trusted before, when it changed; `known` is what else is
    remembered of that certificate. `code` tells why: ``changed``, ``name``, ``expired``,
    ``not_yet_valid``, ``unknown_issuer``, ``plain_http``, or "".
    """

    def __init__(
        self,
        template: str,
        *,
        cure: str = "",
        code: str = "",
        certificate: Certificate | None = None,
        pinned_sha256: str = "",
        known: TrustedCertificate | None = None,
        **params: object,
    ) -> None:
        super().__init__(template, cure=cure, code=code, may_have_arrived=False, **params)
        self.certificate = certificate
        self.pinned_sha256 = pinned_sha256
        self.known = known


class NotAllowed(TagwerkError):
    """Logged in, but the right is missing; or not logged in."""

    exit_code = 4


class LoginFailed(NotAllowed):
    """The server refused user and password. Repeating it could lock the account."""


class SessionExpired(NotAllowed):
    """The server no longer takes the token."""


class ServerRefused(TagwerkError):
    """The server understood the request and said no."""


class NotSupported(ServerRefused):
    """This server cannot do it; the message says why."""


class ServerFailed(ServerRefused):
    """The server broke while doing it. A write that ends so is *unverified*, never "refused"."""


class ProtocolError(TagwerkError):
    """An answer that cannot be understood: not JSON, not the expected shape, too large."""
