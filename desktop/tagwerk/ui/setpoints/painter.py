"""Paints one row of the setpoint list. Knows facts and places, no plant and no view."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from tagwerk.domain.text import EM_DASH
from tagwerk.domain.values import Quality, QualityLevel
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.setpoints.facts import (
    MARGIN,
    EditorKind,
    RowFacts,
    RowLayout,
    choices,
    editor_kind,
    row_height,
)
from tagwerk.ui.setpoints.rows import Staged
from tagwerk.ui.setpoints.words import (
    OUTCOME_LOOK,
    change_text,
    clock_text,
    coarse_age,
    is_number,
    outcome_word,
    phase_word,
    say,
    value_text,
    with_unit,
)
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import RADIUS, draw_box, draw_icon
from tagwerk.ui.widgets.fields import draw_field
from tagwerk.ui.widgets.numbers import (
    FRACTION_WIDTH,
    Mark,
    draw_hatch,
    draw_mark,
    draw_value,
    mark_of,
    mark_width,
    split_number,
)
from tagwerk.write.request import Outcome, Phase, WriteResult

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_CENTER = Qt.AlignmentFlag.AlignCenter


class RowState:
    """How the view shows a row beside its facts."""

    __slots__ = (
        "current",
        "editing",
        "focused",
        "hint",
        "hint_role",
        "hot",
        "hot_editor",
        "selected",
    )

    def __init__(self) -> None:
        self.selected = False
        self.current = False
        self.focused = False
        self.hot = False
        self.hot_editor = False
        self.editing = False
        self.hint = ""
        """Shown in the second line instead of all else: the range, or what is wrong."""
        self.hint_role = "text3"


def draw_row(
    painter: QPainter, top: float, layout: RowLayout, facts: RowFacts, state: RowState
) -> None:
    """One row, background included."""
    tokens = theme()
    height = row_height()
    area = QRectF(0, top, layout.width, height)
    painter.fillRect(area, tokens.color(_fill(state)))
    painter.fillRect(QRectF(0, top + height - 1, layout.width, 1), tokens.color("hairline"))
    if state.selected or (facts.staged is not None and facts.armed):
        painter.fillRect(QRectF(0, top, 3, height - 1), tokens.color("accent"))
    below = _first_line(painter, layout, top, facts)
    _second_line(painter, layout, top, facts, state, below)
    if state.current and state.focused and not state.editing:
        painter.setPen(QPen(tokens.color("accent"), 1, Qt.PenStyle.DotLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area.adjusted(3.5, 0.5, -0.5, -1.5))
    if not state.editing:
        _editor(painter, layout, top, facts, state)


def draw_age(
    painter: QPainter,
    top: float,
    layout: RowLayout,
    facts: RowFacts,
    state: RowState,
    part: LivePart | None = None,
) -> bool:
    """Unit and age alone over their background, as `draw_row` has them; clipped by the caller.

    Args:
        part: what the row shows, as far as it is known.

    Returns:
        False, with nothing drawn, where this row has something else in their place.
    """
    place = part.place if part is not None else _age_place(layout, facts)
    if place is None:
        return False
    background = QRectF(0, top, layout.width, row_height() - 1)
    painter.fillRect(background, theme().color(_fill(state)))
    mark = mark_of(facts.sample, facts.stale)
    _unit_and_age(painter, layout, layout.first_line(top), facts, mark, place)
    return True


class LivePart(NamedTuple):
    """A row's number with unit and age, where they can be painted without the rest of it.

    Args:
        text: the number.
        place: where it stands.
        free_left: right of the name and its mark: nothing else of the row from here on.
        mark, quality: as long as they are the same, what is beside and below the number is, too.
    """

    text: str
    place: _LivePlace
    free_left: float
    mark: Mark
    quality: Quality

    def follows(self, before: LivePart) -> bool:
        """Whether only the number, unit and age differ from what was painted before."""
        return (
            self.free_left == before.free_left
            and self.mark is before.mark
            and self.quality == before.quality
        )


def live_part(layout: RowLayout, facts: RowFacts) -> LivePart | None:
    """The live part of a row; None where more of the row follows its value: the editor of an armed
    one, an error, a name that gives way."""
    sample = facts.sample
    if sample is None or facts.armed or facts.stale or sample.error is not None:
        return None
    tokens, mark = theme(), mark_of(sample, stale=False)
    name_end = tokens.px(MARGIN) + tokens.metrics(13, 500).horizontalAdvance(facts.label)
    free_left = name_end + tokens.px(6)
    text = value_text(sample.value, facts.info)
    place = _live_place(layout, facts, text, free_left)
    if mark is not Mark.NONE:
        free_left += mark_width(mark) + tokens.px(6)
    if not place.has_age or place.left < free_left:
        return None
    return LivePart(text, place, free_left, mark, sample.quality)


def draw_live(
    painter: QPainter,
    top: float,
    layout: RowLayout,
    facts: RowFacts,
    state: RowState,
    part: LivePart,
) -> None:
    """The live part alone over its background, as `draw_row` has it; clipped by the caller."""
    background = QRectF(0, top, layout.width, row_height() - 1)
    painter.fillRect(background, theme().color(_fill(state)))
    line, place = layout.first_line(top), part.place
    area = QRectF(place.left, line.top(), place.right - place.left, line.height())
    draw_value(painter, area, part.text, number_style().decimal, part.mark)
    _unit_and_age(painter, layout, line, facts, part.mark, place)


def shown_age(layout: RowLayout, facts: RowFacts) -> str | None:
    """What a row shows of its value's age; None where it has no room or no use for it."""
    return age_text(facts) if _age_place(layout, facts) is not None else None


def _age_place(layout: RowLayout, facts: RowFacts) -> _LivePlace | None:
    tokens = theme()
    if facts.stale or facts.sample is None:
        return None
    text = value_text(facts.live_value, facts.info)
    name_width = tokens.metrics(13, 500).horizontalAdvance(facts.label)
    place = _live_place(layout, facts, text, tokens.px(MARGIN) + name_width + tokens.px(6))
    return place if place.has_age else None


def age_text(facts: RowFacts) -> str:
    """What a row says of its value's age."""
    if facts.sample is None:
        return ""
    return coarse_age(facts.now_ns - facts.sample.received_ns)


def _fill(state: RowState) -> str:
    return "selection" if state.selected else "hover" if state.hot else "base"


def _first_line(painter: QPainter, layout: RowLayout, top: float, facts: RowFacts) -> Mark:
    """Name, mark, value, unit, age. A mark that would cut the name is returned for the next line."""
    tokens = theme()
    line = layout.first_line(top)
    mark = mark_of(facts.sample, facts.stale)
    left = tokens.px(MARGIN)
    text = value_text(facts.live_value, facts.info) if facts.sample is not None else EM_DASH
    metrics = tokens.metrics(13, 500)
    name_width = metrics.horizontalAdvance(facts.label)
    place = _live_place(layout, facts, text, left + name_width + tokens.px(6))
    badge = mark if mark is not Mark.STALE else Mark.NONE
    below = Mark.NONE
    room = place.left - left - tokens.px(6)
    if badge is not Mark.NONE:
        with_badge = room - mark_width(badge) - tokens.px(6)
        if name_width > with_badge:
            badge, below = Mark.NONE, badge
        else:
            room = with_badge
    painter.setFont(tokens.font(13, 500))
    painter.setPen(tokens.color("text"))
    name = metrics.elidedText(facts.label, Qt.TextElideMode.ElideMiddle, room)
    painter.drawText(QRectF(left, line.top(), room + 1, line.height()), _LEFT, name)
    if badge is not Mark.NONE:
        x = left + metrics.horizontalAdvance(name) + tokens.px(6)
        draw_mark(painter, QRectF(x, line.top(), mark_width(badge), line.height()), badge)
    if mark is Mark.STALE:
        # The hatch is as wide in every row, unless a long name needs the room.
        hatch_left = max(layout.live_left, left + metrics.horizontalAdvance(name) + tokens.px(6))
        hatch = QRectF(hatch_left, line.top(), place.right - hatch_left, line.height())
        draw_hatch(painter, hatch.adjusted(0, 2, 0, -2))
    value_area = QRectF(place.left, line.top(), place.right - place.left, line.height())
    draw_value(painter, value_area, text, number_style().decimal, mark)
    _unit_and_age(painter, layout, line, facts, mark, place)
    return below


class _LivePlace(NamedTuple):
    """Where the live value stands; `unit_left` is None when there is no room for the unit."""

    left: float
    right: float
    unit_left: float | None
    has_age: bool


def _live_place(layout: RowLayout, facts: RowFacts, text: str, name_end: float) -> _LivePlace:
    """The usual columns, or what is left beside a long name: without age, without unit, and at
    last off the decimal point. The name is cut only when nothing else can give way.

    Args:
        name_end: the value begins right of this, if it can.
    """
    tokens = theme()
    metrics = tokens.metrics(13, 500)
    whole, fraction = split_number(text, number_style().decimal)
    plain = metrics.horizontalAdvance(text) + tokens.px(4)
    aligned = metrics.horizontalAdvance(whole) + tokens.px(FRACTION_WIDTH + 4)
    if metrics.horizontalAdvance(fraction) > tokens.px(FRACTION_WIDTH):
        aligned = plain
    end = layout.age_right
    if facts.stale:
        end -= mark_width(Mark.STALE) + tokens.px(4)
    usual = _LivePlace(layout.live_right - aligned, layout.live_right, layout.unit_left, True)
    places = [usual]
    if facts.info.unit:
        unit_left = end - tokens.metrics(13).horizontalAdvance(facts.info.unit) - 1
        right = min(unit_left, end) - tokens.px(4)
        places.append(_LivePlace(right - aligned, right, unit_left, False))
    places.append(_LivePlace(end - aligned, end, None, False))
    places.append(_LivePlace(end - plain, end, None, False))
    if facts.stale:
        # The hatch says it as well as the clock.
        places.append(_LivePlace(layout.age_right - plain, layout.age_right, None, False))
    for place in places:
        if name_end <= place.left:
            return place
    # A long text gives way to the name, up to half of the room.
    middle = (tokens.px(MARGIN) + end) / 2
    return _LivePlace(max(end - plain, min(name_end, middle)), end, None, False)


def _unit_and_age(
    painter: QPainter,
    layout: RowLayout,
    line: QRectF,
    facts: RowFacts,
    mark: Mark,
    place: _LivePlace,
) -> None:
    tokens = theme()
    age_left = layout.age_right
    if mark is Mark.STALE:
        side = mark_width(mark)
        age_left = layout.age_right - side - tokens.px(4)
        if place.right <= age_left:
            clock = QRectF(layout.age_right - side, line.top(), side, line.height())
            draw_mark(painter, clock, mark)
    elif facts.sample is not None and place.has_age:
        age = age_text(facts)
        age_left = layout.age_right - tokens.metrics(11).horizontalAdvance(age) - 1
        painter.setFont(tokens.font(11))
        painter.setPen(tokens.color("text3"))
        area = QRectF(age_left, line.top(), layout.age_right - age_left, line.height())
        painter.drawText(area, _RIGHT, age)
        age_left -= tokens.px(3)
    if facts.info.unit and place.unit_left is not None:
        painter.setFont(tokens.font(13))
        painter.setPen(tokens.color("text3"))
        room = age_left - place.unit_left
        unit = tokens.metrics(13).elidedText(facts.info.unit, Qt.TextElideMode.ElideRight, room + 1)
        area = QRectF(place.unit_left, line.top(), room + 2, line.height())
        painter.drawText(area, _LEFT, unit)


def _second_line(
    painter: QPainter,
    layout: RowLayout,
    top: float,
    facts: RowFacts,
    state: RowState,
    mark: Mark,
) -> None:
    """What matters most of: a hint while typing, a running write, what is staged, the outcome."""
    line = layout.second_line(top)
    writer = _Line(painter, line)
    writer.mark(mark)
    if state.hint:
        writer.text(state.hint, state.hint_role)
    elif facts.phase is not None:
        writer.icon("loader-circle", "accent")
        writer.text(phase_word(facts.phase), "accent", 600)
        if facts.phase is not Phase.READING_BACK:
            writer.text(tr("sent once"), "text2")
    elif facts.staged is not None:
        _staged_line(writer, facts, facts.staged)
    elif facts.result is not None:
        _outcome_line(writer, facts, facts.result)
    elif facts.sample is not None and facts.sample.error is not None:
        error = facts.sample.error
        writer.text(f"{error.description} ({error.code})", "bad")
    elif facts.read_only:
        writer.text(say(facts.read_only), "text3")
    else:
        writer.text(_about(facts), "text3")


def _staged_line(writer: _Line, facts: RowFacts, staged: Staged) -> None:
    role = "accent" if facts.armed else "text3"
    if facts.result is not None:
        icon_name, icon_role = OUTCOME_LOOK[facts.result.outcome]
        writer.right_icon(icon_name, icon_role)
    if facts.armed:
        writer.icon("pencil", role)
    seen = staged.seen.value if staged.seen is not None else None
    writer.text(f"{value_text(seen, facts.info)} \N{RIGHTWARDS ARROW}", "text2")
    writer.text(with_unit(staged.value, facts.info), role, 600)
    writer.text(
        tr("staged") if facts.armed else tr("staged, is kept"), role if facts.armed else "text3"
    )


def _outcome_line(writer: _Line, facts: RowFacts, result: WriteResult) -> None:
    icon_name, role = OUTCOME_LOOK[result.outcome]
    writer.icon(icon_name, role)
    writer.text(outcome_word(result.outcome), role, 600)
    writer.right(clock_text(result.finished_ns), "text2")
    if result.outcome is Outcome.CONFIRMED:
        writer.text(change_text(result.old, result.request.value, facts.info), "text2")
    elif result.outcome is Outcome.UNVERIFIED:
        sent = value_text(result.request.value, facts.info)
        if result.read_back is None:
            writer.text(tr("{value} sent, no read-back", value=sent), "text2")
        else:
            last = value_text(result.read_back, facts.info)
            writer.text(tr("{value} sent, reads {last}", value=sent, last=last), "text2")
    elif result.detail:
        writer.text(say(result.detail), "text2")


def _about(facts: RowFacts) -> str:
    about = facts.info.display_name or facts.info.description
    sample = facts.sample
    if sample is not None and not facts.stale and sample.quality.level is not QualityLevel.GOOD:
        word = (sample.quality.sub_status or sample.quality.text).replace("_", " ").lower()
        about = f"{about}, {word}" if about else word
    return about


class _Line:
    """Writes pieces one behind the other, and one at the right end."""

    def __init__(self, painter: QPainter, area: QRectF) -> None:
        self._painter, self._area = painter, area
        self._x, self._end = area.left(), area.right()

    def mark(self, mark: Mark) -> None:
        if mark is not Mark.NONE:
            width = mark_width(mark)
            box = QRectF(self._x, self._area.top(), width, self._area.height())
            draw_mark(self._painter, box, mark)
            self._x += width + theme().px(6)

    def icon(self, name: str, role: str) -> None:
        side = theme().px(12)
        box = QRectF(self._x, self._area.center().y() - side / 2, side, side)
        draw_icon(self._painter, box, name, role)
        self._x += side + theme().px(5)

    def right_icon(self, name: str, role: str) -> None:
        side = theme().px(12)
        box = QRectF(self._end - side, self._area.center().y() - side / 2, side, side)
        draw_icon(self._painter, box, name, role)
        self._end -= side + theme().px(6)

    def text(self, text: str, role: str, weight: int = 400) -> None:
        room = self._end - self._x
        if room <= 0 or not text:
            return
        tokens = theme()
        metrics = tokens.metrics(11, weight)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        self._painter.setFont(tokens.font(11, weight))
        self._painter.setPen(tokens.color(role))
        self._painter.drawText(
            QRectF(self._x, self._area.top(), room + 1, self._area.height()), _LEFT, shown
        )
        self._x += metrics.horizontalAdvance(shown) + tokens.px(5)

    def right(self, text: str, role: str) -> None:
        tokens = theme()
        width = tokens.metrics(11).horizontalAdvance(text)
        self._painter.setFont(tokens.font(11))
        self._painter.setPen(tokens.color(role))
        self._painter.drawText(
            QRectF(self._end - width - 1, self._area.top(), width + 1, self._area.height()),
            _RIGHT,
            text,
        )
        self._end -= width + tokens.px(6)


def _editor(
    painter: QPainter, layout: RowLayout, top: float, facts: RowFacts, state: RowState
) -> None:
    box = layout.editor(top)
    if facts.read_only:
        _locked(painter, box)
        return
    kind = editor_kind(facts.info, box.width())
    if not facts.armed or facts.stale:
        _closed(painter, box, facts)
    elif kind is EditorKind.SEGMENTS:
        _segments(painter, layout, top, facts)
    else:
        _field(painter, box, facts, state, choice=kind is EditorKind.CHOICE)


def _locked(painter: QPainter, box: QRectF) -> None:
    tokens = theme()
    text = tr("read-only")
    width = tokens.metrics(12).horizontalAdvance(text)
    side = tokens.px(13)
    painter.setFont(tokens.font(12))
    painter.setPen(tokens.color("text3"))
    painter.drawText(box, _RIGHT, text)
    icon_box = QRectF(
        box.right() - width - tokens.px(5) - side, box.center().y() - side / 2, side, side
    )
    draw_icon(painter, icon_box, "lock", "text3")


def _closed(painter: QPainter, box: QRectF, facts: RowFacts) -> None:
    """Not armed: a dash, or what is staged, greyed with a pencil."""
    tokens = theme()
    draw_field(painter, box.toRect(), focused=False, enabled=False)
    inner = box.adjusted(tokens.px(8), 0, -tokens.px(8), 0)
    painter.setFont(tokens.font(13))
    if facts.staged is None:
        painter.setPen(tokens.color("disabled"))
        painter.drawText(inner, _RIGHT, EM_DASH)
        return
    side = tokens.px(13)
    draw_icon(
        painter, QRectF(inner.left(), box.center().y() - side / 2, side, side), "pencil", "text3"
    )
    painter.setPen(tokens.color("text2"))
    room = inner.width() - side - tokens.px(6)
    text = tokens.metrics(13).elidedText(
        with_unit(facts.staged.value, facts.info), Qt.TextElideMode.ElideRight, room
    )
    painter.drawText(inner, _RIGHT, text)


def _field(
    painter: QPainter, box: QRectF, facts: RowFacts, state: RowState, *, choice: bool
) -> None:
    tokens = theme()
    staged = facts.staged
    if staged is not None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        draw_box(painter, box.toRect(), tokens.color("staged"), tokens.color("accent"))
    else:
        draw_field(painter, box.toRect(), focused=False, hot=state.hot_editor)
    value = staged.value if staged is not None else facts.live_value
    inner = box.adjusted(tokens.px(8), 0, -tokens.px(8), 0)
    weight = 600 if staged is not None else 400
    text = value_text(value, facts.info)
    painter.setFont(tokens.font(13, weight))
    if choice:
        side = tokens.px(14)
        arrow = QRectF(inner.right() - side, box.center().y() - side / 2, side, side)
        draw_icon(painter, arrow, "chevron-down", "text2")
        room = inner.width() - side - tokens.px(4)
        painter.setPen(tokens.color("text"))
        shown = tokens.metrics(13, weight).elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(inner, _LEFT, shown)
        return
    if facts.info.unit and is_number(value):
        unit_width = tokens.metrics(13).horizontalAdvance(facts.info.unit)
        painter.setFont(tokens.font(13))
        painter.setPen(tokens.color("accent" if staged is not None else "text3"))
        painter.drawText(inner, _RIGHT, facts.info.unit)
        inner.setRight(inner.right() - unit_width - tokens.px(4))
    painter.setFont(tokens.font(13, weight))
    painter.setPen(tokens.color("text"))
    shown = tokens.metrics(13, weight).elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
    painter.drawText(inner, _RIGHT if is_number(value) or value is None else _LEFT, shown)


def _segments(painter: QPainter, layout: RowLayout, top: float, facts: RowFacts) -> None:
    """Two values side by side: the live one grey, the staged one in the accent."""
    tokens = theme()
    box = layout.editor(top)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_box(painter, box.toRect(), tokens.color("field"), tokens.color("border"))
    staged = facts.staged.value if facts.staged is not None else None
    for index, (value, text) in enumerate(choices(facts.info)):
        part = layout.segment(top, index)
        is_staged = facts.staged is not None and staged == value
        is_live = facts.live_value is not None and facts.live_value == value
        if is_staged:
            painter.setPen(QPen(tokens.color("accent"), 1))
            painter.setBrush(tokens.color("staged"))
            painter.drawRoundedRect(part.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        elif is_live:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color("segment"))
            painter.drawRoundedRect(part.adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)
        painter.setFont(tokens.font(13, 600 if is_staged or is_live else 400))
        painter.setPen(tokens.color("accent" if is_staged else "text"))
        painter.drawText(part, _CENTER, text)
    if facts.staged is None:
        painter.fillRect(
            QRectF(box.center().x(), box.top() + 1, 1, box.height() - 2), tokens.color("border")
        )
