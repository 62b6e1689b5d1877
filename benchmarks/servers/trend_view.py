"""Paints the real trend of 16 curves again and again and prints what a picture costs.

Run by ../trend.py as a program: POINTS KIND ROUNDS PICTURES. One line of JSON: figures of each round by
name, in ms of processor time a picture. The floor is measured between ours in the same process:
columns drawn by nothing but `drawLines`, ready-made or found anew each time.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import shiboken6
from PySide6.QtCore import QLine, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from tagwerk.domain.tags import BaseType, DataType, TagInfo
from tagwerk.domain.values import GOOD, Sample
from tagwerk.store.trends import Curve, TrendStore
from tagwerk.ui.theme import new_application, theme
from tagwerk.ui.trend.items import make_pen
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.view import TrendView

CURVES = 16
WIDTH, HEIGHT = 1920, 1000
PERIOD_NS = 20_000_000
FRAME_NS = 33_000_000
NOW_NS = 1_781_791_012_000_000_000
Figures = dict[str, list[float]]


class Floor(QWidget):
    """Min/max columns of all curves: no painter can show them with less."""

    def __init__(self, curves: list[Curve], left_ns: int, right_ns: int) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.resize(WIDTH, HEIGHT)
        self.curves = curves
        self.lines = [np.zeros((WIDTH, 4), np.int32) for _curve in curves]
        columns = [curve.columns(left_ns, right_ns, WIDTH) for curve in curves]
        self.low = min(float(np.nanmin(found.low)) for found in columns)
        self.high = max(float(np.nanmax(found.high)) for found in columns)
        self.find(left_ns, right_ns)

    def find(self, left_ns: int, right_ns: int) -> None:
        """Minimum and maximum of each column, exactly."""
        rows = HEIGHT / (self.high - self.low)
        for curve, lines in zip(self.curves, self.lines, strict=True):
            found = curve.columns(left_ns, right_ns, WIDTH)
            lines[:, 0] = lines[:, 2] = np.arange(WIDTH)
            lines[:, 1] = (self.high - np.nan_to_num(found.high)) * rows
            lines[:, 3] = (self.high - np.nan_to_num(found.low)) * rows

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("plot"))
        for index, lines in enumerate(self.lines):
            painter.setPen(QPen(theme().pen_color(index % 7), 1))
            painter.drawLines(shiboken6.wrapInstance(lines.ctypes.data, QLine), len(lines))
        painter.end()


def rows(kind: str, count: int) -> list[np.ndarray]:
    """Values of all curves: pure noise, or a wandering line."""
    noise = np.random.default_rng(1).normal(size=count + 1_000 * CURVES)
    base = noise if kind == "noise" else np.cumsum(noise) * 0.01
    return [base[1_000 * index : 1_000 * index + count] + 0.5 * index for index in range(CURVES)]


def make(kind: str, count: int) -> tuple[TrendStore, TrendModel]:
    store, model = TrendStore(budget_bytes=1 << 40), TrendModel("")
    model.now_ns = NOW_NS
    times = NOW_NS - np.arange(count, 0, -1, dtype=np.int64) * PERIOD_NS
    for index, values in enumerate(rows(kind, count)):
        name = f"Plant::Unit{index}.PV"
        curve = store.open(name, step=False)
        curve.append_numbers(times, values)
        info = TagInfo(name, DataType("LReal", BaseType.FLOAT))
        model.add(make_pen(info, curve, model.pens))
    return store, model


def paint_ms(step: Callable[[int], object], widget: QWidget, count: int) -> list[float]:
    """Processor time of `step` and the picture after it, several times."""
    spent = []
    for number in range(count):
        began = time.process_time()
        step(number)
        widget.repaint()
        spent.append((time.process_time() - began) * 1e3)
    return spent


class Measured:
    """One trend that is panned, zoomed, drawn anew, and fed while it is panned."""

    def __init__(self, kind: str, count: int) -> None:
        self.store, self.model = make(kind, count)
        self.view = TrendView(self.model)
        self.view.resize(WIDTH, HEIGHT)
        self.view.show()
        self.span_ns = count * PERIOD_NS
        self._at_half()
        curves = [pen.curve for pen in self.model.pens]
        self.floor = Floor(curves, self.model.left_ns, self.model.right_ns)
        self.floor.show()
        QApplication.processEvents()
        self.bytes_a_sample = sum(curve.nbytes for curve in curves) / count / CURVES

    def _at_half(self) -> None:
        """A quarter of all samples in view, from the middle on."""
        model = self.model
        model.show(NOW_NS - self.span_ns // 2, NOW_NS - self.span_ns // 4)
        self.view.repaint()

    def pan(self, count: int) -> list[float]:
        self._at_half()
        step_ns = self.model.span_ns // WIDTH * 7
        return paint_ms(lambda _number: self.model.pan(-step_ns), self.view, count)

    def zoom(self, count: int) -> list[float]:
        self._at_half()

        def step(number: int) -> None:
            self.model.zoom(0.97 if number % 20 < 10 else 1 / 0.97)

        return paint_ms(step, self.view, count)

    def anew(self, count: int) -> list[float]:
        """At rest, every column made again: after a hole was filled, say."""
        self._at_half()

        def step(_number: int) -> None:
            time.sleep(0.13)  # a picture that moves would be drawn coarser
            self.view.caches.clear()

        return paint_ms(step, self.view, count)

    def live(self, count: int) -> list[float]:
        """50 values a second of each curve, while the newest half of the samples is panned."""
        model = self.model
        model.show(model.now_ns - self.span_ns // 2, model.now_ns)
        self.view.repaint()

        def step(number: int) -> None:
            model.now_ns += FRAME_NS
            first = model.now_ns - FRAME_NS
            self.store.put(
                Sample(pen.name, float(number % 3), GOOD, time_ns, time_ns)
                for pen in model.pens
                for time_ns in (first, first + FRAME_NS // 2)
            )
            self.store.drain()
            model.pan(model.span_ns // WIDTH * (5 if number % 2 else -3))

        return paint_ms(step, self.view, count)

    def bare(self, count: int) -> list[float]:
        """Columns made beforehand and only drawn."""
        return paint_ms(lambda _number: None, self.floor, count)

    def bare_anew(self, count: int) -> list[float]:
        """Columns of another stretch each time: found and drawn."""
        right_ns = NOW_NS - self.span_ns // 4

        def step(number: int) -> None:
            self.floor.find(NOW_NS - self.span_ns // 2 - number * self.span_ns // 1_000, right_ns)

        return paint_ms(step, self.floor, count)


def main() -> None:
    count, kind, rounds, most = (
        int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]),
    )  # fmt: skip
    application = new_application("trend")
    theme().load_fonts()
    theme().apply(application, "light")
    began = time.process_time()
    measured = Measured(kind, count)
    figures: Figures = defaultdict(list)
    figures["built, s"].append(time.process_time() - began)
    figures["bytes a sample"].append(measured.bytes_a_sample)
    for _ in range(rounds):
        for name, run, pictures in (
            ("pan", measured.pan, most), ("floor", measured.bare, most // 3), ("zoom", measured.zoom, most),
            ("floor, found and drawn", measured.bare_anew, most // 3),
            ("live while panning", measured.live, most), ("all anew", measured.anew, most // 8),
        ):  # fmt: skip
            spent = sorted(run(pictures))
            figures[f"{name}, p50"].append(spent[len(spent) // 2])
            figures[f"{name}, p99"].append(spent[-1])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
