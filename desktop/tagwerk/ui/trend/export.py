"""What leaves a trend: a picture of it with its legend, and its samples as a table."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from tagwerk.domain.errors import UsageError
from tagwerk.domain.text import format_time
from tagwerk.domain.values import Value
from tagwerk.export.csv_table import ENGLISH_CSV, PROFILES, CsvProfile
from tagwerk.store.trends import Rows
from tagwerk.ui.i18n import language
from tagwerk.ui.theme import theme
from tagwerk.ui.trend.items import TrendPen
from tagwerk.ui.trend.legend import TrendLegend
from tagwerk.ui.trend.model import TrendModel
from tagwerk.ui.trend.toolbar import window_texts
from tagwerk.ui.trend.view import TrendView

COLUMNS = ("time_utc", "time_local", "tag", "value", "quality", "sub_status", "source")
_BREATH = 100
_BREATH_S = 0.002


def csv_profile() -> CsvProfile:
    """Semicolons and decimal commas for German, else the plain one."""
    return PROFILES.get(language(), ENGLISH_CSV)


def sample_rows(model: TrendModel) -> Iterator[list[Value]]:
    """All samples in view, hidden pens left out, in order of time within each pen.

    They are taken now and made to rows later: that may be done in any thread.
    """
    left, right = model.left_ns, model.right_ns
    taken = [(pen, pen.curve.copy_rows(left, right)) for pen in model.pens if pen.visible]
    return itertools.chain.from_iterable(_rows_of(pen, rows) for pen, rows in taken)


def _rows_of(pen: TrendPen, rows: Rows) -> Iterator[list[Value]]:
    name, value_of = pen.name, pen.value_of
    for number, row in enumerate(rows):
        if number % _BREATH == 0 and threading.current_thread() is not threading.main_thread():
            # The window's thread has its turn: a day of samples takes seconds.
            time.sleep(_BREATH_S)
        yield [
            format_time(row.time_ns),
            format_time(row.time_ns, zone=None),
            name,
            value_of(row.value),
            row.quality.text,
            row.quality.sub_status,
            row.source.value,
        ]


def picture(view: TrendView, legend: TrendLegend | None, title: str) -> QImage:
    """The trend as it is on the screen, with title, times and the whole legend."""
    ratio = view.devicePixelRatioF()
    head = theme().px(32)
    width, height = view.width(), head + view.height()
    rows = 0
    if legend is not None:
        rows = legend.horizontalHeader().height() + sum(
            legend.rowHeight(row) for row in range(legend.rows_model.rowCount())
        )
    image = QImage(round(width * ratio), round((height + rows) * ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(theme().color("panel"))
    with QPainter(image) as painter:
        area = QRect(theme().px(12), 0, width - theme().px(24), head)
        painter.setFont(theme().font(13, 600))
        painter.setPen(theme().color("text"))
        painter.drawText(
            area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), title
        )
        painter.setFont(theme().font(11))
        painter.setPen(theme().color("text2"))
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.drawText(area, flags, window_texts(view.model)[0])
    with view.drawn_whole():
        view.render(image, QPoint(0, head))
    if legend is not None:
        _render_rows(legend, image, QPoint(0, height), QRect(0, 0, width, rows))
    return image


def _render_rows(legend: TrendLegend, image: QImage, at: QPoint, rect: QRect) -> None:
    """The legend in full height, also the rows that are scrolled away."""
    copy = TrendLegend(legend.trend, legend.latest)
    copy.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    copy.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    copy.resize(rect.size())
    copy.refresh()
    copy.render(image, at, renderFlags=QWidget.RenderFlag.DrawChildren)
    copy.deleteLater()


def save_picture(image: QImage, path: Path) -> None:
    """Write a PNG.

    Raises:
        UsageError: the file cannot be written.
    """
    if not image.save(str(path)):
        raise UsageError(
            "{path} cannot be written.",
            cure="Choose another folder, or close the program that holds the file.",
            path=str(path),
        )
