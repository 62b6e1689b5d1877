"""All that is known about one row at one moment, and where its parts stand on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QRectF

from tagwerk.domain.message import Message
from tagwerk.domain.tags import BaseType, TagInfo
from tagwerk.domain.values import Sample, Value
from tagwerk.ui.i18n import number_style
from tagwerk.ui.setpoints.rows import Staged
from tagwerk.ui.theme import theme
from tagwerk.write.request import Phase, WriteResult

EDITOR_WIDTH = 112
NARROW_EDITOR_WIDTH = 88
NARROW_BELOW = 400
ROW_HEIGHT = 46
COMPACT_ROW_HEIGHT = 40
MARGIN = 12
AGE_WIDTH = 44
UNIT_WIDTH = 64
NARROW_UNIT_WIDTH = 54
LIVE_WIDTH = 76


class EditorKind(Enum):
    """Which editor fits a tag."""

    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    SEGMENTS = "segments"
    CHOICE = "choice"

    @property
    def is_typed(self) -> bool:
        return self in (EditorKind.NUMBER, EditorKind.TEXT, EditorKind.TIME)


@dataclass(frozen=True, slots=True)
class RowFacts:
    """One row now.

    Args:
        name: full name; `label` is what the row shows of it.
        sample, stale: the live value.
        staged: what waits to be written.
        result, phase: outcome of the last write, or where a running one is.
        read_only: why it cannot be written at all; empty when it can.
        armed: the lock is open; editors work only then.
        now_ns: wall clock, for the age.
    """

    name: str
    label: str
    info: TagInfo
    sample: Sample | None
    stale: bool
    staged: Staged | None
    result: WriteResult | None
    phase: Phase | None
    read_only: Message
    armed: bool
    now_ns: int

    @property
    def editable(self) -> bool:
        """Whether the editor of this row takes anything now."""
        return self.armed and not self.read_only and not self.stale and self.phase is None

    @property
    def live_value(self) -> Value:
        return self.sample.value if self.sample is not None else None


def choices(info: TagInfo) -> list[tuple[Value, str]]:
    """What can be chosen for a bool or a text list, in order of the numbers."""
    if info.data_type.base is BaseType.BOOL:
        style = number_style()
        return [
            (False, info.texts.get(0, style.false_text)),
            (True, info.texts.get(1, style.true_text)),
        ]
    return [(number, info.texts[number]) for number in sorted(info.texts)]


def editor_kind(info: TagInfo, width: float) -> EditorKind:
    """The editor for a tag, `width` pixels wide: two short texts stand side by side."""
    base = info.data_type.base
    if base is BaseType.BOOL or (info.texts and base in (BaseType.INTEGER, BaseType.UNKNOWN)):
        return EditorKind.SEGMENTS if segments_fit(info, width) else EditorKind.CHOICE
    if base in (BaseType.INTEGER, BaseType.FLOAT):
        return EditorKind.NUMBER
    return EditorKind.TIME if base is BaseType.DATETIME else EditorKind.TEXT


def segments_fit(info: TagInfo, width: float) -> bool:
    """Whether two texts stand side by side, also when bold."""
    texts = [text for _value, text in choices(info)]
    metrics = theme().metrics(13, 600)
    half = width / 2 - theme().px(8)
    return len(texts) == 2 and all(metrics.horizontalAdvance(text) <= half for text in texts)


def row_height() -> int:
    """Height of a row: two lines; smaller in the compact density."""
    if theme().density == "compact":
        return COMPACT_ROW_HEIGHT
    return theme().px(ROW_HEIGHT)


@dataclass(frozen=True, slots=True)
class RowLayout:
    """Where the parts of a row stand, for a width; x in pixels, heights within the row."""

    width: float
    editor_left: float
    editor_width: float
    age_right: float
    unit_left: float
    live_left: float
    live_right: float

    @classmethod
    def of(cls, width: float) -> RowLayout:
        tokens = theme()
        narrow = width < tokens.px(NARROW_BELOW)
        editor_width = tokens.px(NARROW_EDITOR_WIDTH if narrow else EDITOR_WIDTH)
        editor_left = width - tokens.px(MARGIN) - editor_width
        age_right = editor_left - tokens.px(9)
        unit_left = age_right - tokens.px(NARROW_UNIT_WIDTH if narrow else UNIT_WIDTH)
        live_right = unit_left - tokens.px(4)
        live_left = live_right - tokens.px(LIVE_WIDTH)
        return cls(width, editor_left, editor_width, age_right, unit_left, live_left, live_right)

    def editor(self, top: float) -> QRectF:
        """The editor's box in a row that begins at `top`."""
        height = theme().px(24)
        return QRectF(
            self.editor_left, top + (row_height() - height) / 2, self.editor_width, height
        )

    def segment(self, top: float, index: int) -> QRectF:
        """One of the two segments in the editor's place."""
        box = self.editor(top)
        half = box.width() / 2
        return QRectF(box.left() + index * half, box.top(), half, box.height())

    def first_line(self, top: float) -> QRectF:
        return QRectF(0, top + row_height() * 0.10, self.width, row_height() * 0.42)

    def second_line(self, top: float) -> QRectF:
        return QRectF(
            theme().px(MARGIN),
            top + row_height() * 0.52,
            self.age_right - theme().px(MARGIN),
            row_height() * 0.38,
        )
