"""The look and the language that the user chose: applied and remembered.

Colours change at once, everything painted follows the theme. Texts and row heights do not: whoever
made widgets with them hears `outdated` and makes them anew. Called from the welcome page and the
View menu; made by the window.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from tagwerk.ui.i18n import language, set_language
from tagwerk.ui.settings import Settings
from tagwerk.ui.theme import the_application, theme


class Appearance(QObject):
    """One for a window.

    Args:
        settings: where the choices are remembered.

    Signals:
        theme_chosen: ``light``, ``dark`` or ``system``; it is applied already.
        language_chosen: ``en`` or ``de``; it is the program's already.
        outdated: texts or sizes of what is on show are no longer those of the program.
    """

    theme_chosen = Signal(str)
    language_chosen = Signal(str)
    outdated = Signal()

    def __init__(self, parent: QObject, settings: Settings) -> None:
        super().__init__(parent)
        self._settings = settings
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._system_scheme_changed)

    def choose_theme(self, mode: str) -> None:
        """``light``, ``dark`` or ``system``, at once."""
        self._apply(mode, theme().density)
        self.theme_chosen.emit(mode)

    def choose_density(self, density: str) -> None:
        """``compact``, ``normal`` or ``gloves``."""
        self._settings.set("density", density)
        if density != theme().density:
            self._apply(theme().mode, density)
            self.outdated.emit()

    def choose_language(self, code: str) -> None:
        """``en`` or ``de``."""
        if code == language():
            return
        set_language(code)
        self._settings.set("language", code)
        self.language_chosen.emit(code)
        self.outdated.emit()

    def _apply(self, mode: str, density: str) -> None:
        theme().apply(the_application(), mode, density)
        self._settings.set("theme", mode)

    def _system_scheme_changed(self) -> None:
        if theme().mode == "system":
            self._apply("system", theme().density)
