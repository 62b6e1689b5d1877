"""Stock pyqtgraph with the same curves: POINTS KIND MODE PICTURES. One line of JSON.

A program of its own in pyqtgraph's environment; MODE is ``defaults`` or ``tuned``: automatic
downsampling by peaks and clipping to the view, set after the curve was added, as only then they
hold.
"""

import json
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg

CURVES = 16


def main() -> None:
    count, kind, mode, pictures = (
        int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]),
    )  # fmt: skip
    application = pg.mkQApp()
    plot = pg.PlotWidget(background="w")
    plot.resize(1920, 1000)
    noise = np.random.default_rng(1).normal(size=count + 1_000 * CURVES)
    base = noise if kind == "noise" else np.cumsum(noise) * 0.01
    times = np.arange(count) * 0.02
    rows, curves = [], []
    for index in range(CURVES):
        rows.append(base[1_000 * index : 1_000 * index + count] + 0.5 * index)
        curve = pg.PlotDataItem(pen=pg.mkPen(pg.intColor(index, CURVES), width=1))
        plot.addItem(curve)
        if mode == "tuned":
            curve.setDownsampling(auto=True, method="peak")
            curve.setClipToView(True)
        curve.setData(times, rows[-1])
        curves.append(curve)
    plot.show()
    whole = times[-1]
    plot.setXRange(whole / 2, whole * 3 / 4, padding=0)
    application.processEvents()
    figures: dict[str, list[float]] = {"pan": [], "zoom": [], "all anew": []}

    def painted(name: str, step) -> None:
        began = time.process_time()
        step()
        plot.viewport().repaint()
        figures[name].append((time.process_time() - began) * 1e3)

    left, span = whole / 2, whole / 4

    def show() -> None:
        plot.setXRange(left, left + span, padding=0)

    for _ in range(pictures):
        left -= span / 1920 * 7
        painted("pan", show)
    for number in range(pictures):
        factor = 0.97 if number % 20 < 10 else 1 / 0.97
        left += span * (1 - factor) / 2
        span *= factor
        painted("zoom", show)

    def set_all() -> None:
        for curve, row in zip(curves, rows, strict=True):
            curve.setData(times, row)

    for _ in range(max(pictures // 3, 1)):
        painted("all anew", set_all)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
