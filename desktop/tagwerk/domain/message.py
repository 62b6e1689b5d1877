"""Sentences that are made deep down and may be shown in another language above.

The domain, the dialects and the link never know the user's language. They make an English
template with named places; ``str()`` fills it, the window looks the template up first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """A template and the values of its places. Empty templates are "nothing to say"."""

    template: str = ""
    params: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return fill(self.template, self.params)

    def __bool__(self) -> bool:
        return bool(self.template)


_SHORTEST_PIECE = 4


def black_out(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, also where one is escaped, or cut off at the text's end.

    Servers repeat what they were sent, in refusals and on error pages. Secrets of less than three
    characters cannot be told from other words.
    """
    # Here, because every sentence of the first picture is a message, and none holds a secret.
    from tagwerk.domain.redaction import BLACKED_OUT, secret_forms

    for secret in secrets:
        forms = secret_forms(secret)
        for form in forms:
            text = text.replace(form, BLACKED_OUT)
        # Cut off in the middle of a character, it ends with a replacement for that.
        end = text.rstrip("\ufffd")
        for form in forms:
            for length in range(min(len(form) - 1, len(end)), _SHORTEST_PIECE - 1, -1):
                if end.endswith(form[:length]):
                    text = end = end[:-length] + BLACKED_OUT
                    break
    return text


def without_secrets(said: Message, secrets: Iterable[str]) -> Message:
    """The message with `black_out` applied to all its places."""
    known = tuple(secrets)
    params = tuple((name, cleaned(value, known)) for name, value in said.params)
    return Message(said.template, params)


def cleaned(value: object, secrets: tuple[str, ...]) -> object:
    """A text, a message or several of them without the secrets; all else as it is."""
    if isinstance(value, str):
        return black_out(value, secrets)
    if isinstance(value, Message):
        return without_secrets(value, secrets)
    if type(value) is tuple or type(value) is list:
        return type(value)(cleaned(one, secrets) for one in value)
    return value


def fill(template: str, params: tuple[tuple[str, object], ...]) -> str:
    """Fill a template; without params it is taken as it is, so that braces in it do no harm."""
    return template.format(**dict(params)) if params else template


def message(template: str, **params: object) -> Message:
    """Make a message: ``message("{count} tags", count=3)``."""
    return Message(template, tuple(params.items()))
