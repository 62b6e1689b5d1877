"""The row above a trend: live and pause, span, switches, exports, and the time on show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import HOUR_NS, MINUTE_NS, SECOND_NS, local_time, offset_text
from tagwerk.ui.trend.model import SPANS_NS, TrendModel
from tagwerk.ui.widgets.buttons import IconButton, draw_box, draw_icon
from tagwerk.ui.widgets.fields import ChoiceBox
from tagwerk.ui.widgets.painting import Area

LIVE = "Live"
"""The same word in both languages."""
LEAST_WIDTH = 300
"""Pixels at normal density: live, pause, span and the arrows."""


def span_text(span_ns: int) -> str:
    """``15 min``, ``2 h``, ``12.5 s``."""
    for unit_ns, unit in ((24 * HOUR_NS, "d"), (HOUR_NS, "h"), (MINUTE_NS, "min")):
        if span_ns >= unit_ns and not (unit == "d" and span_ns == unit_ns):
            break
    else:
        unit_ns, unit = SECOND_NS, "s"
    count = f"{span_ns / unit_ns:.4g}".replace(".", number_style().decimal)
    return f"{count} {unit}"


class StateButton(QPushButton):
    """Live or Pause: a flat box with a dot or an icon, filled while it is on."""

    def __init__(self, text: str, icon_name: str, others: Sequence[str] = ()) -> None:
        super().__init__(text)
        self._icon_name = icon_name
        self._others = (text, *others)
        self.setAccessibleName(text)
        self.is_on = False
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def set_state(self, text: str, *, on: bool) -> None:
        """Another text (one of those announced) and whether it is on."""
        if text != self.text() or on != self.is_on:
            self.is_on = on
            self.setText(text)
            self.setAccessibleName(text)
            self.update()

    def sizeHint(self) -> QSize:
        metrics = theme().metrics(13, 600)
        width = max(metrics.horizontalAdvance(text) for text in self._others)
        return QSize(round(width) + theme().px(38), theme().px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            hot = self.underMouse() and self.isEnabled()
            fill = tokens.color("segment" if self.is_on else "hover" if hot else "button")
            draw_box(painter, self.rect(), fill, tokens.color("border"))
            area = QRectF(
                tokens.px(8), (self.height() - tokens.px(14)) / 2, tokens.px(14), tokens.px(14)
            )
            if self._icon_name:
                draw_icon(painter, area, self._icon_name, "text2")
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.color("accent" if self.is_on else "disabled"))
                radius = tokens.px(4)
                painter.drawEllipse(QPointF(area.center()), radius, radius)
            painter.setFont(tokens.font(13, 600 if self.is_on else 400))
            painter.setPen(tokens.color("text"))
            text = QRectF(tokens.px(28), 0, self.width(), self.height())
            painter.drawText(
                text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text()
            )


class TimeLabel(QWidget):
    """The window's times, as long as there is room for, always with the zone."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.setObjectName("trendTimes")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        theme().changed.connect(self.update)

    def set_texts(self, texts: list[str]) -> None:
        """The same said in fewer and fewer words."""
        if texts != self.texts:
            self.texts = texts
            self.setAccessibleName(texts[0])
            self.setToolTip(texts[0])
            self.update()

    def shown(self) -> str:
        """The longest that fits."""
        metrics = theme().metrics(11)
        fitting = (text for text in self.texts if metrics.horizontalAdvance(text) <= self.width())
        return next(fitting, "")

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setFont(theme().font(11))
            painter.setPen(theme().color("text2"))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(self.rect(), int(flags), self.shown())


def window_texts(model: TrendModel) -> list[str]:
    """What window is on show, long to short."""
    left, right = model.left_ns, model.right_ns
    if model.is_live:
        right = model.now_ns
    start, end = local_time(left), local_time(right)
    zone = tr("local time, {offset}", offset=offset_text(right))
    same_day = start.date() == end.date()
    tail = f"{end:%H:%M:%S}" if same_day else f"{end:%Y-%m-%d %H:%M:%S}"
    short = f"{start:%H:%M:%S} – {end:%H:%M:%S}"
    return [
        f"{start:%Y-%m-%d %H:%M:%S} – {tail} {zone}",
        f"{short} {zone}",
        f"{short} {offset_text(right)}",
        short,
    ]


class TrendToolbar(Area):
    """Shows the state of the current trend; actions come from the panel.

    Signals:
        live_clicked, pause_clicked, earlier_clicked, later_clicked.
        span_chosen: ns.
    """

    live_clicked = Signal()
    pause_clicked = Signal()
    earlier_clicked = Signal()
    later_clicked = Signal()
    span_chosen = Signal(object)

    def __init__(self, groups: Sequence[Sequence[QAction]]) -> None:
        super().__init__("panel")
        self.setObjectName("trendToolbar")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(10), theme().px(4), theme().px(10), theme().px(4))
        row.setSpacing(theme().px(4))
        self.live = StateButton(LIVE, "", [tr("Waiting")])
        self.live.setObjectName("trendLive")
        self.live.setToolTip(tr("Follow the present (Home)"))
        self.pause = StateButton(tr("Pause"), "pause", [tr("Paused")])
        self.pause.setObjectName("trendPause")
        self.pause.setToolTip(tr("Stop and go on (Space)"))
        self.live.clicked.connect(lambda: self.live_clicked.emit())
        self.pause.clicked.connect(lambda: self.pause_clicked.emit())
        self.span = ChoiceBox(tr("Time span of the trend"), height=24)
        self.span.setObjectName("trendSpan")
        for span_ns in SPANS_NS:
            self.span.addItem(span_text(span_ns), span_ns)
        self.span.activated.connect(self._chosen)
        row.addWidget(self.live)
        row.addWidget(self.pause)
        row.addSpacing(theme().px(8))
        row.addWidget(self.span)
        self._arrows: list[IconButton] = []
        self._arrow(
            row, "chevron-left", "trendEarlier", tr("Earlier (Page up)"), self.earlier_clicked.emit
        )
        self._arrow(
            row, "chevron-right", "trendLater", tr("Later (Page down)"), self.later_clicked.emit
        )
        self.span.setMinimumWidth(self.span.sizeHint().width())
        self._groups: list[list[IconButton]] = []
        for group in groups:
            row.addSpacing(theme().px(8))
            buttons = []
            for action in group:
                button = IconButton(action=action)
                button.setObjectName(f"{action.objectName()}Button")
                row.addWidget(button)
                buttons.append(button)
            self._groups.append(buttons)
        self._seconds: tuple[int, int, bool] | None = None
        self.times = TimeLabel()
        row.addWidget(self.times, 1)

    def _arrow(
        self, row: QHBoxLayout, icon_name: str, name: str, tip: str, run: Callable[[], None]
    ) -> None:
        button = IconButton(icon_name, tip)
        button.setObjectName(name)
        button.setAutoRepeat(True)
        button.clicked.connect(lambda _checked=False: run())
        row.addWidget(button)
        self._arrows.append(button)

    def _chosen(self, index: int) -> None:
        span_ns = self.span.itemData(index)
        if span_ns:
            self.span_chosen.emit(span_ns)

    def minimumSizeHint(self) -> QSize:
        """Narrower than its buttons: `resizeEvent` hides what has no room."""
        return QSize(theme().px(LEAST_WIDTH), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow: the last group goes first; all of it stays in the menus."""
        super().resizeEvent(event)
        px = theme().px
        used = px(20 + 8) + sum(
            widget.sizeHint().width() + px(4) for widget in (self.live, self.pause, self.span)
        )
        used += sum(arrow.sizeHint().width() + px(4) for arrow in self._arrows)
        for arrow in self._arrows:
            arrow.setVisible(used <= self.width())
        for group in self._groups:
            used += px(8) + sum(button.sizeHint().width() + px(4) for button in group)
            for button in group:
                button.setVisible(used <= self.width())

    def show_state(self, model: TrendModel, *, is_stale: bool) -> None:
        """Take over what the trend is doing."""
        live = tr("Waiting") if model.is_live and is_stale else LIVE
        self.live.set_state(live, on=model.is_live and not is_stale)
        self.pause.set_state(tr("Pause") if model.is_live else tr("Paused"), on=not model.is_live)
        self._show_span(model.span_ns)
        right_ns = model.now_ns if model.is_live else model.right_ns
        seconds = (model.left_ns // SECOND_NS, right_ns // SECOND_NS, model.is_live)
        if seconds != self._seconds:
            self._seconds = seconds
            self.times.set_texts(window_texts(model))

    def _show_span(self, span_ns: int) -> None:
        if self.span.currentData() == span_ns:
            return
        free = self.span.findData(None)
        if span_ns in SPANS_NS:
            if free >= 0:
                self.span.removeItem(free)
            self.span.setCurrentIndex(SPANS_NS.index(span_ns))
            return
        if free < 0:
            self.span.addItem("", None)
            free = self.span.count() - 1
        if self.span.itemText(free) != span_text(span_ns) or self.span.currentIndex() != free:
            self.span.setItemText(free, span_text(span_ns))
            self.span.setCurrentIndex(free)
            self.span.update()
