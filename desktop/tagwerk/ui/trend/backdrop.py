"""What lies below the curves of a trend, and its images: a live trend draws it once and then copies.

Two layers: what stands still (plain ground, value axes), and over it what moves with time (grid,
hatches, marks, limits, time axis). `TrendPainter` draws it, anew for an export, from the images of
`KeptBackdrop` on the screen. Both come from the same lines here, so they look the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPainter, QPixmap

from tagwerk.ui.i18n import language
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.axes import time_step, time_ticks
from tagwerk.ui.trend.geometry import Geometry
from tagwerk.ui.trend.ground import Ground
from tagwerk.ui.trend.knowledge import Knowledge
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.overlays import Overlays


class Backdrop:
    """One trend below its curves, as it is now.

    Each layer has a key: as long as it equals the one of an image, the image shows the layer. What
    a layer comes to depend on belongs in its key; an image that is stale can hide a trip.
    """

    def __init__(self, model: TrendModel, geometry: Geometry, knowledge: Knowledge) -> None:
        self.model = model
        self.geometry = geometry
        self.knowledge = knowledge
        self.time = geometry.time

    def draw(self, painter: QPainter) -> None:
        """Both layers."""
        self.still(painter)
        self.moving(painter)

    def still(self, painter: QPainter) -> None:
        """What no time moves; it covers the whole widget."""
        Ground(painter, self.model, self.geometry).still()

    def moving(self, painter: QPainter) -> None:
        """What goes over `still` and moves with time, or with what becomes known."""
        ground = Ground(painter, self.model, self.geometry)
        overlays = Overlays(painter, self.model, self.geometry)
        knowledge = self.knowledge.on(painter)
        left_ns, right_ns = self.time.left_ns, self.time.right_ns
        step_ns = time_step(right_ns - left_ns, ground.most_time_ticks())
        ticks = time_ticks(left_ns, right_ns, step_ns)
        for pane, rect in self.geometry.panes:
            ground.grid(pane, rect, ticks)
            knowledge.hatches([pen for axis in pane.axes for pen in axis.pens], rect)
            ground.frame(rect)
        if self.geometry.panes:
            plot, lanes = self.geometry.plot, self.geometry.lane_box
            overlays.mark_lines(plot.top(), lanes.top() if self.geometry.lanes else plot.bottom())
        for pane, rect in self.geometry.panes:
            ground.limits(pane, rect)
        overlays.marks()
        ground.time_axis(ticks, overlays.cursor_labels())

    @property
    def still_key(self) -> tuple[object, ...]:
        """Changes whenever `still` would look otherwise."""
        model, geometry = self.model, self.geometry
        panes = [
            (
                rect.getRect(),
                [
                    (
                        axis.unit,
                        axis.left,
                        model.scales.get(model.scale_key(pane, axis)),
                        [pen.color for pen in axis.pens],
                    )
                    for axis in pane.axes
                ],
            )
            for pane, rect in geometry.panes
        ]
        look = (theme().is_dark, theme().text_size, language())
        return (geometry.width, geometry.height, self.time.ratio, look, panes)

    @property
    def moving_key(self) -> tuple[object, ...]:
        """Changes whenever `moving` would look otherwise although `still` does not."""
        model, geometry = self.model, self.geometry
        pens = [
            (pen, pen.info, pen.color, pen.visible, self.knowledge.holes(pen))
            for pane, _rect in geometry.panes
            for axis in pane.axes
            for pen in axis.pens
        ]
        # A hole that goes on is hatched up to now.
        is_open = any(hole.end_ns > model.now_ns for *_pen, holes in pens for hole in holes)
        now_x = math.ceil(self.time.x(model.now_ns)) if is_open else None
        marks = (model.alarms_on, model.writes_on, model.moment_ns, tuple(model.marks))
        cursors = (model.cursors_on, tuple(model.cursors))
        return (self.time, pens, now_x, marks, cursors, len(geometry.lanes))


class KeptBackdrop:
    """The images of both layers of one trend on the screen, eight bytes a pixel together."""

    def __init__(self) -> None:
        self._still = _Layer()
        self._moving = _Layer()

    def draw(self, painter: QPainter, backdrop: Backdrop) -> None:
        """The same as `Backdrop.draw`, from the images as far as they still hold."""
        ratio = backdrop.time.ratio
        still_key = backdrop.still_key

        def moving(on: QPainter) -> None:
            _put(on, self._still.shown(still_key, backdrop, backdrop.still), ratio)
            backdrop.moving(on)

        key = (still_key, backdrop.moving_key)
        _put(painter, self._moving.shown(key, backdrop, moving), ratio)

    def clear(self) -> None:
        """Give the memory back; the next picture is drawn anew."""
        self._still, self._moving = _Layer(), _Layer()

    @property
    def drawn(self) -> tuple[int, int]:
        """How often each layer was drawn since the last `clear`; for tests and measurements."""
        return self._still.drawn, self._moving.drawn


class _Layer:
    """One image, and the key of what it shows."""

    __slots__ = ("_key", "_pixmap", "drawn")

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._pixmap = QPixmap()
        self.drawn = 0

    def shown(
        self, key: tuple[object, ...], backdrop: Backdrop, draw: Callable[[QPainter], None]
    ) -> QPixmap:
        """The image; drawn with `draw` if it shows something else than `key`."""
        if key == self._key:
            return self._pixmap
        self._key = ()  # an error on the way leaves half an image
        geometry, ratio = backdrop.geometry, backdrop.time.ratio
        size = QSize(math.ceil(geometry.width * ratio), math.ceil(geometry.height * ratio))
        if self._pixmap.size() != size:
            self._pixmap = QPixmap(size)
            # Opaque from the beginning: then it is of the screen's own kind, and copied as it is.
            self._pixmap.fill(theme().color("panel"))
        self._pixmap.setDevicePixelRatio(ratio)
        with QPainter(self._pixmap) as painter:
            draw(painter)
        self._key = key
        self.drawn += 1
        return self._pixmap


def _put(painter: QPainter, pixmap: QPixmap, ratio: float) -> None:
    """Copy pixel by pixel: an image that has the screen's ratio would be scaled, there and back."""
    pixmap.setDevicePixelRatio(1.0)
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    painter.drawPixmap(0, 0, pixmap)
    painter.restore()
