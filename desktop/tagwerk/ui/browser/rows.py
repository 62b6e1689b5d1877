"""What a row of the tag tree says: label, value, unit, tooltip; one source for painter and reader.

Values come from the live store at the moment of asking. Without a plant (tests, no connection)
there are names only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tagwerk.domain.tags import BaseType, TagInfo, TagKind
from tagwerk.domain.text import EM_DASH, format_number, format_time, format_value
from tagwerk.domain.values import GOOD, Sample
from tagwerk.store.outline import FAVORITES, GROUPS, Outline
from tagwerk.store.tree import ROOT
from tagwerk.ui.i18n import number_style, tr, tr_n
from tagwerk.ui.widgets.numbers import Mark, mark_of

if TYPE_CHECKING:
    from tagwerk.plant import Plant

_TYPE_ICONS = {
    BaseType.BOOL: "toggle-left",
    BaseType.INTEGER: "hash",
    BaseType.FLOAT: "chart-line",
    BaseType.TEXT: "type",
    BaseType.DATETIME: "calendar-clock",
    BaseType.TIMESPAN: "timer",
    BaseType.RAW: "binary",
    BaseType.STRUCTURE: "box",
    BaseType.UNKNOWN: "chart-line",
}
_KIND_ICONS = {
    TagKind.STRUCTURE: "box",
    TagKind.LOGGING_TAG: "database",
    TagKind.ALARM: "bell",
    TagKind.TYPE: "shapes",
    TagKind.OTHER: "info",
}
_LOOP_ELEMENTS = frozenset(("pv", "sp"))
_LOOKED_AT = 60
_MOST_NAMED = 4_000
"""Names that are kept; far more than rows are ever in sight."""


class LiveCell(NamedTuple):
    """The live part of a row, ready to be painted. `is_on` is None for what is not a bool."""

    text: str
    unit: str
    mark: Mark
    is_on: bool | None = None


def kind_text(kind: TagKind) -> str:
    """A kind in the user's language."""
    return {
        TagKind.TAG: tr("Tag"),
        TagKind.STRUCTURE: tr("Structure"),
        TagKind.LOGGING_TAG: tr("Logging tag"),
        TagKind.ALARM: tr("Alarm"),
        TagKind.TYPE: tr("Type"),
        TagKind.OTHER: tr("Other object"),
    }[kind]


class RowTexts:
    """Texts of rows.

    Args:
        outline: whose handles are asked for.
        plant: for values and what the sheet knows; None shows names only.
    """

    def __init__(self, outline: Outline, plant: Plant | None) -> None:
        self.outline = outline
        self.plant = plant
        self._icons: dict[int, str] = {}
        self._named: dict[int, str] = {}
        self._named_in: object = None

    def forget(self) -> None:
        """The tree changed: icons of structures, and what has values, are looked up again."""
        self._icons.clear()
        self._named.clear()

    @property
    def is_kept(self) -> bool:
        """The names are of an earlier day; the server has not told them yet."""
        return self.plant is not None and self.plant.browse_state.kept_ns > 0

    # Names.

    def label(self, handle: int) -> str:
        """First text of a row: the last segment of the name, the whole one for favourites."""
        if handle == FAVORITES:
            return tr("Favourites")
        tree = self.outline.tree
        if handle > FAVORITES:
            return tree.name(self.outline.node(handle)).partition("::")[2] or self._segment(handle)
        if handle >= GROUPS:
            first, last = self.outline.group_ends(handle)
            return f"{tree.text(first)[0]} … {tree.text(last)[0]}"
        segment = self._segment(handle)
        if tree.kind(handle) is TagKind.LOGGING_TAG:
            return f":{segment}"
        return segment

    def _segment(self, handle: int) -> str:
        return self.outline.tree.text(self.outline.node(handle))[0]

    def display_name(self, handle: int) -> str:
        """Grey text beside the name: the display name, or how many a branch holds."""
        node = self.outline.node(handle)
        return self.outline.tree.text(node)[1] if node != ROOT else ""

    def count(self, handle: int) -> str:
        """Right in a branch's row: hits below it while narrowed, members of groups and favourites."""
        if handle == FAVORITES or GROUPS <= handle < FAVORITES:
            return format_number(len(self.outline.children(handle)), 0, number_style())
        search = self.outline.search
        if search is None or handle > FAVORITES:
            return ""
        below = search.counts.get(handle, 0)
        if not below:
            return ""
        number = format_number(below, 0, number_style())
        if self.outline.tree.is_system(handle):
            return tr_n("{number} hit", "{number} hits", below, number=number)
        return number

    def icon_name(self, handle: int) -> str:
        """Lucide name of a row's icon."""
        if handle == FAVORITES:
            return "star"
        node = self.outline.node(handle)
        if node == ROOT:
            return "rows-3"
        name = self._icons.get(node)
        if name is None:
            name = self._icons[node] = self._choose_icon(node)
        return name

    def _choose_icon(self, node: int) -> str:
        tree = self.outline.tree
        if tree.is_system(node):
            return "server"
        kind = tree.kind(node)
        if kind is TagKind.STRUCTURE:
            children = tree.children(node)[:_LOOKED_AT]
            if any(tree.kind(child) is TagKind.STRUCTURE for child in children):
                return "folder"
            names = {tree.text(child)[0].lower() for child in children}
            return "gauge" if names >= _LOOP_ELEMENTS else "box"
        if kind is not TagKind.TAG:
            return _KIND_ICONS[kind]
        info = self.info(node)
        data_type = info.data_type if info is not None else tree.data_type(node)
        if data_type.is_array:
            return "brackets"
        if data_type.base is BaseType.INTEGER and info is not None and info.texts:
            return "list"
        return _TYPE_ICONS[data_type.base]

    # Values.

    def info(self, node: int) -> TagInfo | None:
        """What browse and sheet say of a node; None without a plant."""
        if self.plant is None or node == ROOT:
            return None
        return self.plant.tag(self.outline.tree.name(node))

    def value_name(self, handle: int) -> str:
        """Full name of the tag whose value a row shows; "" for what has no value of its own.

        Kept, because painting asks for it with every value.
        """
        tree = self.outline.tree
        if tree is not self._named_in:
            self._named.clear()
            self._named_in = tree
        node = handle if handle < GROUPS else self.outline.node(handle)
        name = self._named.get(node)
        if name is None:
            name = tree.name(node) if node != ROOT and tree.is_readable(node) else ""
            if len(self._named) >= _MOST_NAMED:
                self._named.clear()
            self._named[node] = name
        return name

    def live(self, handle: int) -> LiveCell | None:
        """Value, unit and mark of a row; None for what has no value of its own."""
        if self.plant is None:
            return None
        name = self.value_name(handle)
        if not name:
            return None
        sample = self.plant.live.get(name)
        info = self.plant.tag(name)
        if sample is None:
            return LiveCell("", info.unit, Mark.NONE)
        is_stale = self.plant.live.is_stale(name)
        is_good = sample.quality is GOOD and sample.error is None and not is_stale
        mark = Mark.NONE if is_good else mark_of(sample, is_stale)
        value = sample.value
        is_on = None
        if info.data_type.base is BaseType.BOOL and not info.data_type.is_array and value in (0, 1):
            is_on = bool(value)
        return LiveCell(format_value(value, info, number_style()), info.unit, mark, is_on)

    def cells(self, handle: int) -> tuple[str, str, str]:
        """Value, unit and quality as text, for accessibility and copying."""
        cell = self.live(handle)
        if cell is None:
            return "", "", ""
        return cell.text, cell.unit, self.mark_text(handle, cell.mark)

    def mark_text(self, handle: int, mark: Mark) -> str:
        """What a mark means, in words."""
        if mark is Mark.NONE:
            return ""
        if mark is Mark.STALE:
            return tr("stale")
        sample = self.sample(handle)
        return quality_text(sample) if sample is not None else ""

    def sample(self, handle: int) -> Sample | None:
        node = self.outline.node(handle)
        if node == ROOT or self.plant is None:
            return None
        return self.plant.live.get(self.outline.tree.name(node))

    def spoken(self, handle: int) -> str:
        """A whole row for a screen reader."""
        value, unit, quality = self.cells(handle)
        kept = tr("kept name") if self.is_kept else ""
        name, display = self.label(handle), self.display_name(handle)
        parts = (name, display, f"{value} {unit}".strip(), quality, kept)
        return ", ".join(part for part in parts if part)

    def tip(self, handle: int) -> str:
        """Tooltip: full name, type, value with quality and time."""
        node = self.outline.node(handle)
        if node == ROOT:
            return ""
        tree = self.outline.tree
        kind = tree.kind(node)
        lines = [tree.name(node).removesuffix("::")]
        display = tree.text(node)[1]
        if display:
            lines.append(display)
        info = self.info(node)
        type_text = info.data_type.text if info is not None else tree.data_type(node).text
        word = tr("Runtime system") if tree.is_system(node) else kind_text(kind)
        lines.append(f"{word}, {type_text}" if type_text else word)
        cell = self.live(handle)
        if cell is not None:
            value = f"{cell.text or EM_DASH} {cell.unit}".strip()
            quality = self.mark_text(handle, cell.mark)
            lines.append(f"{value}, {quality}" if quality else value)
            sample = self.sample(handle)
            if sample is not None and sample.time_ns is not None:
                lines.append(tr("{time} local time", time=format_time(sample.time_ns, zone=None)))
            if sample is not None and sample.error is not None:
                lines.append(sample.error.description)
        if self.is_kept and self.plant is not None:
            time = format_time(self.plant.browse_state.kept_ns, zone=None)[:16]
            lines.append(tr("Name of {time}, not read again yet", time=time))
        if info is not None and info.description and info.description != display:
            lines.append(info.description)
        return "\n".join(lines)


def quality_text(sample: Sample) -> str:
    """The server's own words for a sample's quality."""
    if sample.error is not None:
        return sample.error.description or sample.error.code
    quality = sample.quality
    words = [quality.text]
    words.extend(
        word
        for word in (quality.sub_status, quality.limit, quality.extended)
        if word and word not in ("NON_SPECIFIC", "OK", "NONE")
    )
    return " ".join(words)
