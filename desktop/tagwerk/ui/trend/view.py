"""The trend as a widget: paints the model, and turns keys, wheel, mouse and drops into changes.

Paints only when the model or the time by a pixel changed. Adding tags, history and exports are
the panel's; this asks for them with signals.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHelpEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from tagwerk.store.trends import Curve
from tagwerk.ui.i18n import tr
from tagwerk.ui.mime import has_tags, tags_from_mime
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import clock_text
from tagwerk.ui.trend.backdrop import KeptBackdrop
from tagwerk.ui.trend.edge import Edge, Rows
from tagwerk.ui.trend.geometry import Geometry, measure
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.knowledge import thinned_text
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.painting import Caches, TrendPainter
from tagwerk.ui.trend.readout import moment_text

ZOOM_STEP = 1.25
SLOW_MS = 8.0
"""A picture that takes longer is drawn coarser while it moves, and finely again at rest."""
MOVING_S = 0.12
_SLOW_PIXEL_NS = 250_000_000
_STEP_PIXELS = 4
_LONGEST_STEP_NS = 2_500_000_000
"""From spans of some minutes on, the present moves on in steps of a few pixels."""
_GRAB = 5
_CLICK = 4


class _Drag(Enum):
    NONE = 0
    PRESSED = 1
    CURSOR = 2
    PAN = 3
    BAND = 4


class TrendView(QWidget):
    """Shows one `TrendModel`.

    Signals:
        changed: window, cursors or selection moved by the user.
        tags_dropped: list[str] of full names and the pane's number, -1 for none in particular.
        menu_requested: a global position, for the context menu.

    Keys that are commands (Space, Home, Delete, Ctrl+C) come as the panel's actions.
    """

    changed = Signal()
    tags_dropped = Signal(object, int)
    menu_requested = Signal(object)

    def __init__(self, model: TrendModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self.caches: Caches = {}
        self._kept = KeptBackdrop()
        self._draws_whole = False
        self._fine_ms = 0.0
        self._painted_at = 0.0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(round(MOVING_S * 1500))
        self._rest.timeout.connect(self.update)
        self._painted: tuple[int, int] = (-1, -1)
        self._pixel_ns = 1
        self._edge = Edge()
        self._edge_rows: dict[str, Rows] | None = None
        """What the screen shows at the end of the curves; None where that is not known."""
        self._looked_at: list[tuple[Curve, int]] = []
        """The curves, and how far they were, when `_edge_rows` was made."""
        self._drag = _Drag.NONE
        self._pressed_at = QPointF()
        self._last_x = 0.0
        self._band: QRectF | None = None
        self._drop_pane = -1
        self._drop_names: list[str] | None = None
        self.paint_count = 0
        """How often it was painted; for tests and measurements."""
        self.setObjectName("trendView")
        self.setAccessibleName(tr("Trend"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(theme().px(240), theme().px(140))
        theme().changed.connect(self._look_changed)
        self.installEventFilter(self)

    # Painting.

    @property
    def placement(self) -> Geometry:
        """Where everything is now."""
        return measure(self.model, self.width(), self.height(), self.devicePixelRatioF())

    def refresh(self) -> bool:
        """Paint again if something changed or the present moved on; tell whether."""
        shown = self._moment()
        if shown == self._painted:
            return False
        self._show(shown, self._look_at_edge())
        return True

    def refresh_edge(self) -> bool:
        """New samples came at the end of curves: paint if they change a pixel or the present moved
        on, and tell whether.

        Samples that repeat the value, or that lie behind the window of a paused trend, do not.
        """
        rows, shown = self._look_at_edge(), self._moment()
        if rows == self._edge_rows and shown == self._painted:
            return False
        self._show(shown, rows)
        return True

    def _show(self, shown: tuple[int, int], rows: dict[str, Rows]) -> None:
        self._painted, self._edge_rows = shown, rows
        self.update()

    def _look_at_edge(self) -> dict[str, Rows]:
        self._looked_at = self._curves_now()
        return self._edge.rows(self.model, self.placement)

    def _curves_now(self) -> list[tuple[Curve, int]]:
        return [(pen.curve, pen.curve.version) for pen in self.model.pens]

    @property
    def step_ns(self) -> int:
        """By how much the present moves on between two pictures: by a pixel; by some where that
        takes long and nobody points at the picture."""
        pixel_ns = self._pixel_ns
        if pixel_ns < _SLOW_PIXEL_NS or self.underMouse():
            return pixel_ns
        return max(pixel_ns, min(_STEP_PIXELS * pixel_ns, _LONGEST_STEP_NS))

    def _moment(self) -> tuple[int, int]:
        """What the picture depends on beside the newest samples."""
        model = self.model
        # Behind the window of a paused trend the present moves nothing.
        now_ns = model.now_ns if model.is_live else min(model.now_ns, model.right_ns)
        return model.version, now_ns // self.step_ns

    def paintEvent(self, event: QPaintEvent) -> None:
        self.paint_count += 1
        if self._curves_now() != self._looked_at:
            # A picture for another reason (the focus, an image to save) shows newer samples, or
            # shows them elsewhere: the next look must not take the screen for what it was.
            self._edge_rows = None
        began = time.perf_counter()
        coarse = 1
        if self._fine_ms > SLOW_MS and began - self._painted_at < MOVING_S:
            coarse = 2
            self._rest.start()
        painter = QPainter(self)
        try:
            self._paint(painter, coarse)
        finally:
            # A painter left open by an error would take the whole program down.
            painter.end()
        self._painted_at = time.perf_counter()
        if coarse == 1:
            self._fine_ms = (self._painted_at - began) * 1e3

    def _paint(self, painter: QPainter, coarse: int) -> None:
        geometry = measure(
            self.model, self.width(), self.height(), self.devicePixelRatioF(), coarse=coarse
        )
        TrendPainter(painter, self.model, geometry, self.caches, self._kept_for(coarse)).paint()
        self._pixel_ns = geometry.time.pixel_ns
        if not self.model.pens:
            self._paint_invitation(painter, geometry)
        self._paint_band(painter, geometry)
        if self.hasFocus():
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))

    def _kept_for(self, coarse: int) -> KeptBackdrop | None:
        """Images pay while the present is followed: what the user moves is another picture each
        time, and would be drawn and copied."""
        if not self.model.is_live:
            self._kept.clear()
        is_kept = self.model.is_live and coarse == 1 and not self._draws_whole
        return self._kept if is_kept else None

    @contextmanager
    def drawn_whole(self) -> Iterator[None]:
        """Within, pictures come from no kept image: for those that leave the screen."""
        self._draws_whole = True
        try:
            yield
        finally:
            self._draws_whole = False

    def _look_changed(self) -> None:
        self._kept.clear()
        self.update()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._kept.clear()

    def _paint_invitation(self, painter: QPainter, geometry: Geometry) -> None:
        px, plot = theme().px, geometry.panes[0][1]
        box = QRectF(0, 0, min(px(330), plot.width() - px(16)), px(96))
        box.moveCenter(plot.center())
        painter.fillRect(box, theme().color("plot"))
        pen = QPen(theme().color("strong"), 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box)
        inner = box.adjusted(px(20), px(12), -px(16), -px(10))
        painter.setFont(theme().font(13, 600))
        painter.setPen(theme().color("text"))
        painter.drawText(
            inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, tr("Drop tags here")
        )
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("text2"))
        words = tr(
            "or press {keys} on a tag in the tree. Same unit, same axis; a bool gets a lane of its own.",
            keys=tr("Ctrl+T"),
        )
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        painter.drawText(inner.adjusted(0, px(20), 0, px(4)), int(flags), words)

    def _paint_band(self, painter: QPainter, geometry: Geometry) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._band is not None:
            pen = QPen(theme().color("accent"), 1)
            pen.setDashPattern([4, 3])
            painter.setPen(pen)
            painter.drawRect(self._band.normalized())
        if self._drop_names is not None and geometry.panes:
            index = min(max(self._drop_pane, 0), len(geometry.panes) - 1)
            rect = geometry.panes[index][1]
            painter.setPen(QPen(theme().color("accent"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
            painter.setFont(theme().font(12, 600))
            painter.setPen(theme().color("accent"))
            text = tr("Add to this trend")
            painter.drawText(
                rect.adjusted(theme().px(12), theme().px(8), 0, 0),
                int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop),
                text,
            )

    # Keys.

    def keyPressEvent(self, event: QKeyEvent) -> None:
        model, key = self.model, event.key()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        keys = Qt.Key
        if control or event.modifiers() & Qt.KeyboardModifier.AltModifier:
            super().keyPressEvent(event)
            return
        if key in (keys.Key_Left, keys.Key_Right):
            self._step(10 if shift else 1, forward=key == keys.Key_Right)
        elif key in (keys.Key_Up, keys.Key_Down):
            self._select(1 if key == keys.Key_Down else -1)
        elif key in (keys.Key_Plus, keys.Key_Equal):
            model.zoom(1 / ZOOM_STEP)
        elif key in (keys.Key_Minus, keys.Key_Underscore):
            model.zoom(ZOOM_STEP)
        elif key in (keys.Key_PageUp, keys.Key_PageDown):
            part = model.span_ns // (2 if shift else 4)
            model.pan(-part if key == keys.Key_PageUp else part)
        elif key in (keys.Key_A, keys.Key_B):
            self._show_cursors()
            model.active = 0 if key == keys.Key_A else 1
            model.touch()
        elif key == keys.Key_Escape and self._drag is not _Drag.NONE:
            self._end_drag()
        else:
            super().keyPressEvent(event)
            return
        event.accept()
        self._tell()

    def _show_cursors(self) -> None:
        if not self.model.cursors_on:
            self.model.cursors_on = True
            self.model.place_cursors()
        elif None in self.model.cursors:
            self.model.place_cursors()

    def _step(self, samples: int, *, forward: bool) -> None:
        self._show_cursors()
        self.model.step_cursor(samples if forward else -samples)

    def _select(self, by: int) -> None:
        pens = self.model.pens
        if pens:
            index = pens.index(self.model.selected) if self.model.selected in pens else 0
            self.model.select(pens[min(max(index + by, 0), len(pens) - 1)])

    def _tell(self) -> None:
        self.refresh()
        self.changed.emit()

    # Wheel and mouse.

    def wheelEvent(self, event: QWheelEvent) -> None:
        geometry, model = self.placement, self.model
        steps = event.angleDelta().y() / 120 or event.angleDelta().x() / 120
        at = event.position()
        factor = ZOOM_STEP**-steps
        axis = geometry.axis_at(at)
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if axis is not None and not control:
            pane, chosen, rect = axis
            values = geometry.values(model, pane, chosen, rect)
            if values is not None:
                model.zoom_axis(model.scale_key(pane, chosen), factor, values.value(at.y()))
        elif control or at.y() >= geometry.ribbon.top():
            model.zoom(factor, None if model.is_live else geometry.time.time(at.x()))
        else:
            model.pan(-round(steps * model.span_ns / 10))
        event.accept()
        self._tell()

    def _cursor_near(self, x: float, geometry: Geometry) -> int | None:
        """The cursor under the mouse; the nearer one of both."""
        if not self.model.cursors_on:
            return None
        found = [
            (abs(geometry.time.x(time_ns) - x), index)
            for index, time_ns in enumerate(self.model.cursors)
            if time_ns is not None
        ]
        return min(found)[1] if found and min(found)[0] <= _GRAB else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton:
            super().mousePressEvent(event)
            return
        self._pressed_at = event.position()
        self._last_x = event.position().x()
        near = self._cursor_near(event.position().x(), self.placement)
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._drag = _Drag.BAND
        elif near is not None:
            self._drag = _Drag.CURSOR
            self.model.active = near
        else:
            self._drag = _Drag.PRESSED
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, geometry = event.position(), self.placement
        if self._drag is _Drag.NONE:
            near = self._cursor_near(at.x(), geometry) is not None
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
            return
        if self._drag is _Drag.PRESSED and abs(at.x() - self._pressed_at.x()) > _CLICK:
            self._drag = _Drag.PAN
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        if self._drag is _Drag.CURSOR:
            self.model.move_cursor(self.model.active, geometry.time.time(at.x()))
        elif self._drag is _Drag.PAN:
            self.model.pan(round((self._last_x - at.x()) * geometry.time.pixel_ns))
        elif self._drag is _Drag.BAND:
            self._band = QRectF(self._pressed_at, at)
            self.model.touch()
        self._last_x = at.x()
        self._tell()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is _Drag.PRESSED:
            self._click(event.position())
        elif self._drag is _Drag.BAND and self._band is not None:
            self._zoom_to(self._band.normalized())
        self._end_drag()
        self._tell()

    def _end_drag(self) -> None:
        self._drag = _Drag.NONE
        self._band = None
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.model.touch()

    def _click(self, at: QPointF) -> None:
        """Move the active cursor here, while cursors are on."""
        geometry = self.placement
        if self.model.cursors_on and geometry.plot.contains(at):
            self.model.move_cursor(self.model.active, geometry.time.time(at.x()))

    def _zoom_to(self, band: QRectF) -> None:
        """Time, and values too when the band is higher than a stroke."""
        geometry, model = self.placement, self.model
        if band.width() < _CLICK:
            return
        found = geometry.pane_at(band.center())
        if found is not None and band.height() > 4 * _CLICK:
            pane, rect = found
            for axis in pane.axes:
                values = geometry.values(model, pane, axis, rect)
                if values is not None:
                    bottom, top = values.value(band.bottom()), values.value(band.top())
                    model.scales_by_hand[model.scale_key(pane, axis)] = (bottom, top)
        model.show(geometry.time.time(band.left()), geometry.time.time(band.right()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        axis = self.placement.axis_at(event.position())
        if axis is not None:
            pane, chosen, _rect = axis
            self.model.auto_axis(self.model.scale_key(pane, chosen))
        else:
            self.model.auto_axis()
        self._tell()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu_requested.emit(event.globalPos())

    def focusInEvent(self, event) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event) -> None:
        super().focusOutEvent(event)
        self.update()

    # Drops.

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if has_tags(event.mimeData()):
            self._drop_names = tags_from_mime(event.mimeData())
            event.acceptProposedAction()
            self.update()

    def dragMoveEvent(self, event) -> None:
        found = self.placement.pane_at(event.position())
        self._drop_pane = found[0].number if found is not None else -1
        event.acceptProposedAction()
        self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_names = None
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        names = tags_from_mime(event.mimeData())
        self._drop_names = None
        if names:
            event.acceptProposedAction()
            self.tags_dropped.emit(names, self._drop_pane)
        self.update()

    # Tips.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Tips come through a filter on itself: an error in `paintEvent` below an overridden
        `event` ends the process instead of being reported.
        """
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            text = self.tip_at(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().eventFilter(watched, event)

    def tip_at(self, at: QPointF) -> str:
        """What a mark in the event lane stands for, all of them where several collide; over the
        curves what each of them was then, and what a thinned stretch means."""
        geometry = self.placement
        if at.y() > geometry.events.bottom():
            if not geometry.plot.contains(at):
                return ""
            moment = moment_text(self.model, geometry.time.time(at.x()))
            return "\n".join(filter(None, (moment, self._thinned_at(at, geometry))))
        near = [
            mark
            for mark in self.model.marks
            if math.fabs(geometry.time.x(mark.time_ns) - at.x()) <= theme().px(10)
        ]
        return "\n".join(f"{clock_text(mark.time_ns)}  {mark.tip or mark.text}" for mark in near)

    def _thinned_at(self, at: QPointF, geometry: Geometry) -> str:
        time_ns, near_ns = geometry.time.time(at.x()), theme().px(3) * geometry.time.pixel_ns
        shown: list[TrendPen] = []
        for pane, rect in geometry.panes:
            if rect.top() <= at.y() <= rect.bottom():
                shown += [pen for axis in pane.axes for pen in axis.pens]
        shown += [pen for pen, rect in geometry.lanes if rect.top() <= at.y() <= rect.bottom()]
        pens = [pen for pen in shown if pen.curve.thinned(time_ns - near_ns, time_ns + near_ns)]
        return thinned_text(pens) if pens else ""
