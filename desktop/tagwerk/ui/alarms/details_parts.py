"""Parts of the page of one alarm: its coloured block, its course, what the server says of it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.tags import short_name
from tagwerk.domain.text import EM_DASH, format_time, format_value
from tagwerk.ui.alarms.cells import CellTexts, state_text
from tagwerk.ui.alarms.look import Colors, block_look, readable_on, state_icon, tinted_pixmap
from tagwerk.ui.alarms.story import Event, Kind
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import IconLabel, Label


class StateBlock(QWidget):
    """State and priority on the alarm's colour."""

    def __init__(self) -> None:
        super().__init__()
        self._alarm: Alarm | None = None
        self._colors = Colors.SERVER
        self._stale = False
        theme().changed.connect(self.update)

    def show_alarm(self, alarm: Alarm, colors: Colors, *, stale: bool) -> None:
        self._alarm, self._colors, self._stale = alarm, colors, stale
        self.setAccessibleName(state_text(alarm))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        text = state_text(self._alarm) if self._alarm is not None else ""
        width = theme().metrics(13, 600).horizontalAdvance(text)
        return QSize(max(round(width) + theme().px(72), theme().px(132)), theme().px(72))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._alarm is None:
            return
        tokens = theme()
        with QPainter(self) as painter:
            look = block_look(self._alarm, self._colors, framed=False, stale=self._stale)
            if look.filled:
                painter.fillRect(self.rect(), look.color)
                ink = look.text or readable_on(look.color)
            else:
                painter.fillRect(self.rect(), tokens.color("panel"))
                painter.fillRect(QRect(0, 0, tokens.px(8), self.height()), look.color)
                ink = tokens.color("stale" if self._stale else "text")
            side = tokens.px(24)
            left = tokens.px(18)
            icon = tinted_pixmap(
                state_icon(self._alarm), ink.name(), side, self.devicePixelRatioF()
            )
            painter.drawPixmap(left, (self.height() - side) // 2, icon)
            painter.setPen(ink)
            at = QRectF(left + side + tokens.px(12), 0, self.width(), self.height() / 2)
            bottom = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
            top = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
            painter.setFont(tokens.font(13, 600))
            painter.drawText(at, bottom, state_text(self._alarm))
            painter.setFont(tokens.font(12))
            at.translate(0, self.height() / 2 + 1)
            painter.drawText(at, top, tr("priority {number}", number=self._alarm.priority))


def course(alarm: Alarm, texts: CellTexts) -> QGridLayout:
    """What happened to it and when: raised, acknowledged, cleared, reset."""
    grid = facts_grid()
    value = texts.value_text(alarm)
    still = tr("still standing") if alarm.is_standing else EM_DASH
    waits = tr("waits for an operator") if alarm.needs_acknowledgement else EM_DASH
    reset = (
        tr("waits for an operator")
        if alarm.needs_reset
        else tr("needed after clearing")
        if "RESET" in alarm.state_machine
        else EM_DASH
    )
    steps = (
        (
            tr("Raised"),
            "bell-ring",
            alarm.raise_time_ns,
            EM_DASH,
            "" if value == EM_DASH else value,
        ),
        (tr("Acknowledged"), "check", alarm.acknowledge_time_ns, waits, alarm.user_name),
        (tr("Cleared"), "bell", alarm.clear_time_ns, still, ""),
        (tr("Reset"), "rotate-ccw", alarm.reset_time_ns, reset, ""),
    )
    for row, (title, icon, at_ns, missing, beside) in enumerate(steps):
        done = at_ns is not None
        grid.addWidget(
            IconLabel(icon if done else "circle", 15, "text2" if done else "text3"), row, 0
        )
        grid.addWidget(Label(title, 13, 500 if done else 400, "text" if done else "text2"), row, 1)
        when = format_time(at_ns, zone=None) if at_ns is not None else missing
        grid.addWidget(Label(when, 13, 400, "text" if done else "text2", wrap=not done), row, 2)
        if done and beside:
            label = Label(beside, 13, 400, "text2")
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label, row, 3)
    return grid


def said_by_server(alarm: Alarm, texts: CellTexts) -> QGridLayout:
    """What the server says about it, line by line; only what it says."""
    grid = facts_grid()
    value = texts.value_text(alarm)
    limit = (
        EM_DASH
        if alarm.value_limit is None
        else format_value(alarm.value_limit, None, number_style())
    )
    facts = [
        (tr("Info text"), alarm.info_text),
        (tr("State"), state_text(alarm)),
        (tr("State machine"), alarm.state_machine.replace("_", " ").lower()),
        (tr("Origin"), alarm.origin),
        (tr("Trigger tag"), short_name(alarm.trigger_tag)),
        (tr("Value"), "" if value == EM_DASH else value),
        (tr("Limit"), "" if limit == EM_DASH else limit),
        (tr("Connection"), alarm.connection_name),
        (
            tr("Suppression"),
            "" if alarm.suppression in ("", "UNSUPPRESSED") else alarm.suppression,
        ),
        (tr("Response"), tr("only alone in its call") if alarm.is_single else ""),
        *((tr("Text {number}", number=i), text) for i, text in enumerate(alarm.alarm_texts, 1)),
    ]
    shown = [(title, text) for title, text in facts if text]
    for row, (title, text) in enumerate(shown):
        name = Label(title, 13, 400, "text2")
        name.setAlignment(Qt.AlignmentFlag.AlignTop)
        grid.addWidget(name, row, 0, 1, 2)
        label = Label(text, 13, 400, "text", wrap=True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(label, row, 2, 1, 2)
    return grid


def event_text(event: Event) -> str:
    """One event around the alarm as a line."""
    match event.kind:
        case Kind.CLEARED:
            return tr("{text}: cleared", text=event.text)
        case Kind.ACKNOWLEDGED:
            return tr("{text}: acknowledged", text=event.text)
        case Kind.RESET:
            return tr("{text}: reset", text=event.text)
    return event.text


def facts_grid() -> QGridLayout:
    """The grid of the left side: icon, title, fact, remark."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme().px(10))
    grid.setVerticalSpacing(theme().px(6))
    grid.setColumnMinimumWidth(1, theme().px(92))
    grid.setColumnStretch(2, 1)
    return grid


def empty_layout(layout: QVBoxLayout | QGridLayout | QHBoxLayout) -> None:
    """Delete all that is in a layout."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif isinstance(inner, (QVBoxLayout, QGridLayout, QHBoxLayout)):
            empty_layout(inner)
            inner.deleteLater()
