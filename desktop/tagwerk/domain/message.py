"""Sentences that are made deep down and may be shown in another language above.

The domain, the dialects and the link never know the user's language. They make an English
template with named places; ``str()`` fills it, the window looks the template up first.
"""

from __future__ import annotations

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


def fill(template: str, params: tuple[tuple[str, object], ...]) -> str:
    """Fill a template; without params it is taken as it is, so that braces in it do no harm."""
    return template.format(**dict(params)) if params else template


def message(template: str, **params: object) -> Message:
    """Make a message: ``message("{count} tags", count=3)``."""
    return Message(template, tuple(params.items()))
