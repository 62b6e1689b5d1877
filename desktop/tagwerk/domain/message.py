"""Sentences that are made deep down and may be shown in another language above.

The domain, the dialects and the link never know the user's language. They make an English
template with named places; ``str()`` fills it, the window looks the template up first.
"""

from __future__ import annotations

import json
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


BLACKED_OUT = "•••"
_SHORTEST_SECRET = 3
_SHORTEST_PIECE = 4


def black_out(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, also where one is escaped, or cut off at the text's end.

    Servers repeat what they were sent, in refusals and on error pages. Secrets of less than three
    characters cannot be told from other words.
    """
    for secret in secrets:
        if len(secret) < _SHORTEST_SECRET:
            continue
        for form in {
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        }:
            text = text.replace(form, BLACKED_OUT)
            for length in range(len(form) - 1, _SHORTEST_PIECE - 1, -1):
                if text.endswith(form[:length]):
                    text = text[:-length] + BLACKED_OUT
                    break
    return text


def without_secrets(said: Message, secrets: Iterable[str]) -> Message:
    """The message with `black_out` applied to all its places."""
    known = tuple(secrets)
    params = tuple(
        (name, black_out(value, known) if isinstance(value, str) else value)
        for name, value in said.params
    )
    return Message(said.template, params)


def fill(template: str, params: tuple[tuple[str, object], ...]) -> str:
    """Fill a template; without params it is taken as it is, so that braces in it do no harm."""
    return template.format(**dict(params)) if params else template


def message(template: str, **params: object) -> Message:
    """Make a message: ``message("{count} tags", count=3)``."""
    return Message(template, tuple(params.items()))
