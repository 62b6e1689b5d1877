"""Colours, fonts, icons and measures, by role, for light and dark.

Who uses it: every widget and painter; nobody writes a colour or a pixel number of its own.
Values are the tokens of the design; `theme()` is the one that is set, and widgets repaint on
`Theme.changed` (palette changes arrive by themselves).
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QFontMetricsF,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from tagwerk.resources import resource

# By role, in light and in dark.
COLORS: dict[str, tuple[str, str]] = {
    "window": ("#DCDFE3", "#0E1012"),
    "chrome": ("#E9EBEE", "#1E2125"),
    "panel": ("#F4F5F7", "#1A1D20"),
    "header": ("#ECEEF1", "#212529"),
    "base": ("#FFFFFF", "#17191C"),
    "plot": ("#FFFFFF", "#131517"),
    "grid_minor": ("#ECEEF0", "#1F2326"),
    "grid_major": ("#DDE0E4", "#2B3035"),
    "field": ("#FFFFFF", "#121416"),
    "button": ("#FCFCFD", "#282C31"),
    "hairline": ("#E3E6E9", "#24282C"),
    "border": ("#C3C8CE", "#3A4047"),
    "strong": ("#8B949D", "#6B757F"),
    "text": ("#1B1F24", "#E4E7EA"),
    "text2": ("#545C65", "#A7AFB7"),
    "text3": ("#616A73", "#8A939C"),
    "disabled": ("#9AA2AA", "#5F6870"),
    "hover": ("#EEF0F4", "#22262B"),
    "selection": ("#DDE1F7", "#2A3056"),
    "segment": ("#E6E8EC", "#2A2E33"),
    "accent_fill": ("#3B4CC0", "#5462D6"),
    "accent_hover": ("#3241A8", "#6573E4"),
    "accent": ("#3B4CC0", "#9AA6FF"),
    "on_accent": ("#FFFFFF", "#FFFFFF"),
    "staged": ("#E7EAFA", "#252A4A"),
    "uncertain": ("#A35500", "#F0A33C"),
    "banner": ("#FDEFD9", "#3A2B12"),
    "banner_text": ("#5A3300", "#FFD9A0"),
    "banner_line": ("#DDA24F", "#8A5F1C"),
    "bad": ("#B3261E", "#FF7A70"),
    "bad_back": ("#FBE6E4", "#401E1C"),
    "stale": ("#5B646D", "#98A1AA"),
    "hatch_line": ("#D3D7DC", "#454C53"),
    "hatch_ground": ("#F1F2F4", "#1D2024"),
    "simulated": ("#6B4E9B", "#C0A3EE"),
    "connected": ("#1F6B4A", "#5CC196"),
    "hit": ("#FFE9A8", "#6B5416"),
    "hit_text": ("#1B1F24", "#FFF3CF"),
}
PENS = (
    ("#0072B2", "#4FA8E0"), ("#C24E00", "#F07F3C"), ("#00805C", "#2DBE92"), ("#B0558A", "#DC8FBC"),
    ("#3A93CB", "#86CCF5"), ("#A86F00", "#EBAE2B"), ("#857A00", "#E6DC58"), ("#1B1F24", "#E4E7EA"),
)  # fmt: skip
INK_PEN = 7
"""Index of the ink pen: setpoints (dashed) and bool lanes."""

# Row height and text size by density; other measures scale with the text size.
DENSITIES = {"compact": (22, 12), "normal": (26, 13), "gloves": (34, 14)}
FONT_FILES = (
    "Inter-Regular.otf",
    "Inter-Medium.otf",
    "Inter-SemiBold.otf",
)
MONO_FILE = "JetBrainsMono-Regular.ttf"


_HAS_STYLE = "tagwerk_style"
_MOST_WIDTHS = 1_000


def new_application(name: str) -> QApplication:
    """The QApplication of this process, in the style that `Theme` dresses.

    By argument, because what gives the style to Python later makes all enumerations of QStyle,
    and the first picture would wait for that.
    """
    application = QApplication([name, "-style", "fusion"])
    application.setProperty(_HAS_STYLE, True)
    return application


class Theme(QObject):
    """The current look. One instance, from `theme()`."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mode = "system"
        self._density = "normal"
        self.is_dark = False
        self._colors: dict[str, QColor] = {}
        self._fonts: dict[tuple[float, int, bool], QFont] = {}
        self._pixels: dict[float, int] = {}
        self._metrics: dict[tuple[float, int], QFontMetricsF] = {}
        self._widths: dict[tuple[str, float, int], float] = {}

    def load_fonts(self) -> None:
        """Register the bundled fonts that a window shows; once, before the first widget."""
        for name in FONT_FILES:
            QFontDatabase.addApplicationFont(str(resource("fonts", name)))

    def load_mono(self) -> None:
        """Register the font of names and codes; not on the first picture, so behind it."""
        QFontDatabase.addApplicationFont(str(resource("fonts", MONO_FILE)))

    def apply(
        self, application: QApplication, mode: str = "system", density: str = "normal"
    ) -> None:
        """Set mode (``light``, ``dark``, ``system``) and density, and repaint everything."""
        if not application.property(_HAS_STYLE):
            application.setStyle(QStyleFactory.create("Fusion"))
            application.setProperty(_HAS_STYLE, True)
        self._mode = mode
        self._density = density if density in DENSITIES else "normal"
        hints = QGuiApplication.styleHints()
        system_dark = hints.colorScheme() == Qt.ColorScheme.Dark
        self.is_dark = mode == "dark" or (mode == "system" and system_dark)
        self._colors.clear()
        self._fonts.clear()
        self._pixels.clear()
        self._metrics.clear()
        self._widths.clear()
        application.setFont(self.font())
        application.setPalette(self._palette())
        icon.cache_clear()
        drawing.cache_clear()
        hatch_pixmap.cache_clear()
        self.changed.emit()

    @property
    def mode(self) -> str:
        return self._mode

    @property
    def density(self) -> str:
        return self._density

    @property
    def row_height(self) -> int:
        """Height of a table or tree row in device-independent pixels."""
        return DENSITIES[self._density][0]

    @property
    def text_size(self) -> int:
        """Body text in pixels."""
        return DENSITIES[self._density][1]

    def px(self, at_normal: float) -> int:
        """A measure that the design gives at normal density, scaled with the text."""
        known = self._pixels.get(at_normal)
        if known is None:
            known = self._pixels[at_normal] = round(at_normal * self.text_size / 13)
        return known

    def color(self, role: str) -> QColor:
        """A colour by role; KeyError for an unknown role is a programming error."""
        found = self._colors.get(role)
        if found is None:
            found = self._colors[role] = QColor(COLORS[role][self.is_dark])
        return QColor(found)

    def pen_color(self, index: int) -> QColor:
        """Colour of trend pen `index`, going round."""
        return QColor(PENS[index % len(PENS)][self.is_dark])

    def font(self, size: float = 13, weight: int = 400, *, mono: bool = False) -> QFont:
        """A font of the design: size in pixels at normal density, weight 400, 500 or 600."""
        key = (size, weight, mono)
        found = self._fonts.get(key)
        if found is None:
            found = QFont("JetBrains Mono" if mono else "Inter")
            found.setPixelSize(max(round(size * self.text_size / 13), 8))
            found.setWeight(QFont.Weight(weight))
            if not mono:
                found.setFeature(QFont.Tag("tnum"), 1)
            self._fonts[key] = found
        return QFont(found)

    def metrics(self, size: float = 13, weight: int = 400) -> QFontMetricsF:
        """Measures of `font`; kept, because painters ask for them many times a frame."""
        found = self._metrics.get((size, weight))
        if found is None:
            found = self._metrics[(size, weight)] = QFontMetricsF(self.font(size, weight))
        return found

    def width(self, text: str, size: float = 13, weight: int = 400) -> float:
        """How wide a text is in `font`; kept as well, for words that are on show all the time."""
        key = (text, size, weight)
        found = self._widths.get(key)
        if found is None:
            if len(self._widths) >= _MOST_WIDTHS:
                self._widths.clear()
            found = self._widths[key] = self.metrics(size, weight).horizontalAdvance(text)
        return found

    def _palette(self) -> QPalette:
        role = QPalette.ColorRole
        palette = QPalette()
        for name, color in (
            (role.Window, "panel"), (role.WindowText, "text"), (role.Base, "base"),
            (role.AlternateBase, "base"), (role.Text, "text"), (role.Button, "button"),
            (role.ButtonText, "text"), (role.BrightText, "bad"), (role.Highlight, "selection"),
            (role.HighlightedText, "text"), (role.Link, "accent"), (role.PlaceholderText, "text3"),
            (role.ToolTipBase, "base"), (role.ToolTipText, "text"), (role.Light, "base"),
            (role.Midlight, "hairline"), (role.Mid, "border"), (role.Dark, "strong"),
            (role.Shadow, "strong"), (role.Accent, "accent_fill"),
        ):  # fmt: skip
            palette.setColor(role(name), self.color(color))
        for name in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, name, self.color("disabled"))
        return palette


def the_application() -> QApplication:
    """The one QApplication. RuntimeError when there is none yet: a programming error."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise RuntimeError("there is no QApplication yet")
    return application


@lru_cache(maxsize=1)
def theme() -> Theme:
    """The one theme of this process."""
    return Theme()


@lru_cache(maxsize=512)
def icon(name: str, role: str = "text2", size: int = 16) -> QIcon:
    """A Lucide icon by file name, tinted in a colour role, sharp on every screen there is."""
    result = QIcon()
    _add_pictures(result, QIcon.Mode.Normal, name, role, size)
    _add_pictures(result, QIcon.Mode.Disabled, name, "disabled", size)
    return result


@lru_cache(maxsize=512)
def drawing(name: str, role: str = "text2", size: int = 16) -> QIcon:
    """As `icon`, without how it looks disabled: for painters, whose role says that already."""
    result = QIcon()
    _add_pictures(result, QIcon.Mode.Normal, name, role, size)
    return result


def _add_pictures(result: QIcon, mode: QIcon.Mode, name: str, role: str, size: int) -> None:
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    svg = svg.replace("currentColor", theme().color(role).name())
    svg = svg.replace('stroke-width="2"', 'stroke-width="1.75"')
    renderer = QSvgRenderer(QByteArray(svg.encode()))
    for scale in sorted(
        {screen.devicePixelRatio() for screen in QGuiApplication.screens()} or {1.0}
    ):
        pixels = round(size * scale)
        pixmap = QPixmap(QSize(pixels, pixels))
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            renderer.render(painter)
        pixmap.setDevicePixelRatio(scale)
        result.addPixmap(pixmap, mode)


@lru_cache(maxsize=4)
def hatch_pixmap(scale: float = 1.0) -> QPixmap:
    """The 45° hatch that means "no knowledge", as a tile for a brush (8 px pitch)."""
    tile = round(8 * scale)
    pixmap = QPixmap(tile, tile)
    pixmap.fill(theme().color("hatch_ground"))
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = painter.pen()
        pen.setColor(theme().color("hatch_line"))
        pen.setWidthF(1.2 * scale)
        painter.setPen(pen)
        for offset in (-tile, 0, tile):
            painter.drawLine(offset, tile, offset + tile, 0)
    pixmap.setDevicePixelRatio(scale)
    return pixmap
