"""Blacks out secrets in texts that may be shown, kept or sent on: traffic, logs, support bundles.

Two nets, one behind the other. The known secrets (password, tokens) are found in every form in
which a server or a library may repeat them. What merely *looks* like a secret (a field called
``password``, a Bearer header, a JSON web token) goes by its shape, so that secrets too short or
too new to be known are caught as well. Called by `link.wiretap`, by the log file and by exports.
"""

from __future__ import annotations

import json
import re
import threading
import weakref
from collections.abc import Iterable
from functools import cache
from typing import Protocol

BLACKED_OUT = "•••"
SHORTEST_SECRET = 3
"""Shorter ones cannot be told from other words; they go by their shape only."""
_SHORTEST_PIECE = 4
_MOST_FORM = 4096
"""Longer secrets than this are looked for by this much of their beginning."""

_KEY_WORDS = (
    "authorization", "cookie", "passw", "passphrase", "pwd", "secret", "token", "credential",
    "claim", "api",
)  # fmt: skip
_SHAPE_WORDS = (("bearer",), ("basic", "digest", "negotiate", "ntlm"), ("eyj",), ("@",))
"""What must stand in a text for the pattern of the same place in `_Patterns.shapes` to match."""


class _Patterns:
    """The shapes of secrets; compiled at the first use, since the first paint must not wait."""

    def __init__(self) -> None:
        self.key = re.compile(
            r"(?<!\$)(?:(authorization|cookie)|password|passwort|passphrase|passwd|pwd|secrets?|"
            r"tokens?|credentials?|signedclaim|claim|api[_-]?key)(\\*)([\"']?)\s*[:=]\s*(?!\$)",
            re.IGNORECASE,
        )
        # From the first of several backslashes only: else each of them would look at all the rest.
        self.quoted = re.compile(r"(?<!\\)(\\*)([\"'])")
        self.bare = re.compile(r"[^\s\"',;&}\])<>\\]+")
        self.line = re.compile(r"[^\r\n\"'\\]+")
        self.nothing = re.compile(r"(?:null|none|true|false)\b", re.IGNORECASE)
        self.long_word = re.compile(r"[A-Za-z0-9+/_=~.-]{20,}")
        self.shapes = (
            re.compile(r"\b([Bb]earer|BEARER)(\s+)[^\s\"'\\,;<]+"),
            re.compile(
                r"\b([Bb]asic|[Dd]igest|[Nn]egotiate|NTLM)(\s+)(?=\S*[A-Z0-9=])[\w+/=.~-]{4,}"
            ),
            # From the beginning of a word with a dot behind it, so that no part is looked at twice.
            re.compile(
                r"(?<![\w-])(?=[\w-]+\.[\w-])([\w-]*?)()\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"
            ),
            re.compile(r"(://)()[^\s/@\"'<>]+(?=@)"),
        )


@cache
def _patterns() -> _Patterns:
    return _Patterns()


def secret_forms(secret: str, user: str = "") -> tuple[str, ...]:
    """All spellings of a secret that are looked for, the longest first.

    As it is, as JSON (once and twice, with and without escapes), percent-encoded, as HTML, wrongly
    decoded, in base64 alone and behind the user's name.
    """
    if len(secret) < SHORTEST_SECRET:
        return ()
    # Imported here: the window's first paint must not wait for them.
    import base64
    import html
    from urllib.parse import quote, quote_plus

    secret = secret[:_MOST_FORM]
    # Python's own spelling chooses its quotes by the text: both ways.
    forms = {secret, secret.replace("\\", "\\\\"), repr(secret)[1:-1], repr(secret + "'\"")[1:-4]}
    for plain in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        for once in (plain, plain.replace("/", "\\/"), _upper_escapes(plain)):
            forms |= {once, json.dumps(once)[1:-1], json.dumps(once, ensure_ascii=False)[1:-1]}
    raw = secret.encode("utf-8", "surrogatepass")
    for encoded in (quote(secret, ""), quote(secret), quote_plus(secret), quote(raw, "")):
        forms |= {encoded, re.sub("%..", lambda found: found[0].lower(), encoded)}
    for marked in (html.escape(secret), html.escape(secret, quote=False)):
        forms |= {marked, marked.replace("&#x27;", "&#39;"), marked.replace("&#x27;", "&apos;")}
    forms |= {_entities(secret, named=True), _entities(secret, named=False)}
    forms |= {
        raw.decode("latin-1"),
        raw.decode("cp1252", "replace"),
        raw.decode("ascii", "replace"),
    }
    forms.add(secret.encode("ascii", "replace").decode())
    bare = secret.encode("latin-1", "ignore")
    forms |= {bare.decode("utf-8", "replace")} if bare.decode("latin-1") == secret else set()
    for mixed in (raw, f"{user}:{secret}".encode("utf-8", "surrogatepass")):
        for coded in (base64.b64encode(mixed), base64.urlsafe_b64encode(mixed)):
            forms |= {coded.decode(), coded.decode().rstrip("=")}
    found = {form for form in forms if len(form) >= SHORTEST_SECRET and form.strip("?\ufffd")}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _upper_escapes(text: str) -> str:
    return re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), text)


def _entities(text: str, *, named: bool) -> str:
    """Every character beyond ASCII, and the five special ones, as HTML entities."""
    from html.entities import codepoint2name

    parts = []
    for char in text:
        code = ord(char)
        if code < 128 and char not in "&<>\"'":
            parts.append(char)
        elif named and code in codepoint2name:
            parts.append(f"&{codepoint2name[code]};")
        else:
            parts.append(f"&#{code};")
    return "".join(parts)


class Redactor:
    """Blacks out the given secrets and everything that looks like one.

    Args:
        secrets: password and tokens; empty ones are ignored.
        user: the login name, for ``user:password`` in base64.
    """

    __slots__ = ("_forms", "_longest")

    def __init__(self, secrets: Iterable[str] = (), user: str = "") -> None:
        self._know(form for secret in secrets for form in secret_forms(secret, user))

    def _know(self, forms: Iterable[str]) -> None:
        self._forms = tuple(sorted(set(forms), key=len, reverse=True))
        self._longest = len(self._forms[0]) if self._forms else 0

    @classmethod
    def of_forms(cls, forms: Iterable[str]) -> Redactor:
        """One for spellings that `secret_forms` gave."""
        made = cls()
        made._know(forms)
        return made

    def __repr__(self) -> str:
        return "Redactor(•••)"

    def text(self, text: str) -> str:
        """The whole text without secrets."""
        return _by_shape(self._known(text))

    def fresh_login(self, text: str) -> str:
        """As `text`, for answers that bring a token nobody knows yet: long words go as well."""
        return _patterns().long_word.sub(BLACKED_OUT, self.text(text))

    def cut(self, text: str | bytes, most: int, *, fresh: bool = False) -> str:
        """The beginning of a text, at most `most` characters, and no secret cut in half in it.

        Args:
            fresh: a token that nobody knows yet may be in it, see `fresh_login`.
        """
        clean = self.fresh_login if fresh else self.text
        if len(text) <= most:
            return clean(_decoded(text))
        window = text[: most + self._longest + 8]
        shown = _decoded(window)
        if len(window) < len(text):
            # Whole ones first: of a whole one at the end, the half would leave the rest.
            shown = self._without_half(self._known(shown))
        return clean(shown)[:most]

    def _known(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, BLACKED_OUT)
        return text

    def _without_half(self, text: str) -> str:
        """Without what may be the first part of a secret, at the text's end."""
        text = text.rstrip("\ufffd")  # the rest of a character that was cut in the middle
        end = len(text)
        for form in self._forms:
            for length in range(min(len(form) - 1, len(text)), 0, -1):
                if text.endswith(form[:length]):
                    end = min(end, len(text) - length)
                    break
        return text[:end]


def _decoded(text: str | bytes) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text


def _by_shape(text: str) -> str:
    # Looking for plain words first is a hundred times quicker than the patterns.
    low = text.lower()
    if any(word in low for word in _KEY_WORDS):
        text = _fields(text)
    for word, shape in zip(_SHAPE_WORDS, _patterns().shapes, strict=True):
        if any(part in low for part in word):
            text = shape.sub(rf"\1\2{BLACKED_OUT}", text)
    return text


def _fields(text: str) -> str:
    """Values behind names like ``password``: quoted, bare, or whole objects and lists."""
    parts = []
    kept = 0
    found = _patterns().key.search(text)
    while found is not None:
        start, end = _value_span(text, found)
        if end > start:
            parts += [text[kept:start], BLACKED_OUT]
            kept = end
        found = _patterns().key.search(text, max(end, found.end()))
    if not parts:
        return text
    return "".join([*parts, text[kept:]])


def _value_span(text: str, found: re.Match[str]) -> tuple[int, int]:
    """Where the value behind a secret's name begins and ends, without its quotes."""
    start = found.end()
    quoted = _patterns().quoted.match(text, start)
    if quoted is not None:
        return quoted.end(), _end_of_string(text, quoted)
    if text[start : start + 1] in ("{", "["):
        return start, _end_of_group(text, start)
    if _patterns().nothing.match(text, start):
        return start, start
    bare = (_patterns().line if found[1] else _patterns().bare).match(text, start)
    return (start, bare.end()) if bare is not None else (start, start)


def _end_of_string(text: str, opening: re.Match[str]) -> int:
    """Where a string ends that begins with `opening`, at whatever depth of escaping."""
    depth = len(opening[1])
    unit = depth + 1
    for closing in _patterns().quoted.finditer(text, opening.end()):
        if closing[2] != opening[2]:
            continue
        slashes = len(closing[1])
        if slashes < depth or (slashes - depth) // unit % 2 == 0:
            return closing.end() - 1 - min(depth, slashes)
    return len(text)


def _end_of_group(text: str, start: int) -> int:
    """Where an object or a list ends, brackets in its strings included; else the text's end."""
    depth = 0
    is_text = False
    for at in range(start, len(text)):
        char = text[at]
        if char == '"' and text[at - 1] != "\\":
            is_text = not is_text
        elif not is_text and char in "{[":
            depth += 1
        elif not is_text and char in "}]":
            depth -= 1
            if not depth:
                return at + 1
    return len(text)


class Holder(Protocol):
    """Whoever keeps secrets while they are used: a login."""

    @property
    def user(self) -> str: ...

    @property
    def secrets(self) -> tuple[str, ...]: ...


class LiveSecrets:
    """Knows who keeps secrets now, never a secret itself: it asks when a text is to be cleaned.

    A secret is forgotten here when its login is, without anybody doing anything. Any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders: list[weakref.ref[Holder]] = []

    def add(self, holder: Holder) -> None:
        """From now on its secrets are blacked out, as long as it lives."""
        with self._lock:
            self._holders = [one for one in self._holders if one() is not None]
            self._holders.append(weakref.ref(holder))

    def redactor(self) -> Redactor:
        """One for all secrets that are in use at this moment."""
        with self._lock:
            holders = [one() for one in self._holders]
        return Redactor.of_forms(
            form
            for holder in holders
            if holder is not None
            for secret in holder.secrets
            for form in secret_forms(secret, holder.user)
        )


LIVE_SECRETS = LiveSecrets()
"""Of this process. The link adds its logins; the log file and the support bundle ask."""
