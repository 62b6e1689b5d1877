"""English and German: ``tr("Arm writing")`` looks the sentence up, English is the key.

Translations are plain TOML, one file a panel below ``resources/i18n/<language>/``: readable in a
diff, no compile step, and a test holds every sentence in the code against them (missing,
left over, other placeholders). Why not Qt's .ts files: docs/architecture.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

from tagwerk.domain import numbers
from tagwerk.domain.message import Message, fill
from tagwerk.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES = ("en", "de")
_STYLES = {"en": numbers.ENGLISH, "de": numbers.GERMAN}
_TEXT = r'"((?:[^"\\\x00-\x1f\x7f]|\\[nt"\\])*)"'
_ESCAPES = {"n": "\n", "t": "\t", '"': '"', "\\": "\\"}
_LINE = re.compile(rf"(?:{_TEXT}[ \t]*=[ \t]*{_TEXT}|#[^\x00-\x1f\x7f]*)?(?:\n|\Z)")


class _Language:
    """The one language of this process; changed only by `set_language`."""

    code = "en"
    table: dict[str, str] = {}  # noqa: RUF012 - replaced as a whole
    style = numbers.ENGLISH
    of_qt: QTranslator | None = None


def set_language(code: str) -> None:
    """Switch to ``en`` or ``de``; ``system`` follows the computer."""
    if code not in LANGUAGES:
        code = "de" if QLocale.system().language() == QLocale.Language.German else "en"
    table: dict[str, str] = {}
    if code != "en":
        for path in sorted(resource("i18n", code).glob("*.toml")):
            table.update(read_table(path))
    _Language.code, _Language.table, _Language.style = code, table, _STYLES[code]
    _translate_qt(code)


def read_table(path: Path) -> dict[str, str]:
    """One file of translations.

    Lines of ``"English" = "German"`` and comments are all that these files hold, so they are read
    by one pattern, ten times as fast as TOML: the first picture waits for them. A file with
    anything else in it (rare escapes, a sentence twice) goes to the TOML reader.
    """
    text = path.read_text(encoding="utf-8")
    table: dict[str, str] = {}
    end = 0
    for line in _LINE.finditer(text):
        if line.start() != end or line.end() == line.start():
            break
        english, german = line.groups()
        if english is not None and _unescaped(english) in table:
            break
        end = line.end()
        if english is not None:
            table[_unescaped(english)] = _unescaped(german)
    if end == len(text):
        return table
    import tomllib

    return {str(english): str(german) for english, german in tomllib.loads(text).items()}


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda found: _ESCAPES[found[1]], text)


def _translate_qt(code: str) -> None:
    """Qt's own words: names of keys ("Strg+S" in menus), file dialogs, the menus of fields."""
    app = QCoreApplication.instance()
    if _Language.of_qt is not None:
        if app is not None:
            app.removeTranslator(_Language.of_qt)
        _Language.of_qt = None
    if app is None or code == "en":
        return
    translator = QTranslator()
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    # Without its file (a package may leave it out) Qt speaks English, as it did before.
    if translator.load(f"qtbase_{code}", folder):
        app.installTranslator(translator)
        _Language.of_qt = translator


def language() -> str:
    """``en`` or ``de``."""
    return _Language.code


def number_style() -> numbers.NumberStyle:
    """How numbers are written in the current language."""
    return _Language.style


def plant_language() -> str:
    """The language asked from the server for texts, e.g. ``de-DE``."""
    return {"en": "en-US", "de": "de-DE"}[_Language.code]


def tr(sentence: str, **params: object) -> str:
    """Translate a sentence and fill its places: ``tr("{count} hits", count=3)``."""
    return fill(_Language.table.get(sentence, sentence), tuple(params.items()))


def tr_n(one: str, many: str, count: int, **params: object) -> str:
    """As `tr`, choosing by number; ``{count}`` is filled too. Both sentences are keys."""
    return tr(one if count == 1 else many, count=count, **params)


def tr_message(said: Message) -> str:
    """Translate what came from below; messages in its places too."""
    params = tuple(
        (name, tr_message(value) if isinstance(value, Message) else value)
        for name, value in said.params
    )
    return fill(_Language.table.get(said.template, said.template), params)
