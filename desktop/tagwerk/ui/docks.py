"""Docks with the design's own headers: no frames, 4 px gutters, title with grey text beside.

A `PanelFrame` is a header and a panel; the trend's stands in the middle, the others lie in
`PanelDock`s. A panel may put its own row into the header (`Panel.header_widget`, e.g. tabs) and
icon buttons beside the close button (`Panel.header_actions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QHBoxLayout,
    QMainWindow,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton
from tagwerk.ui.widgets.emptystate import CutLabel, Label
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.ui.panels.base import Panel

# Dock sizes of the design by window width: tags (left), setpoints (right), alarms (below);
# the narrow ones are for compact rows, taller rows need a little more.
WIDE = (352, 432, 276)
NARROW = (258, 352, 178)
NARROW_NORMAL = (300, 352, 190)
NARROW_BELOW = 1600
LEAST_WIDTHS = {"tagPanel": 200, "setpointPanel": 324}
"""Below these a panel shows nothing of use any more; others may be as narrow as they like."""


class DockHeader(Area):
    """The 30 px row above a panel.

    Signals:
        close_clicked, float_clicked, maximise_clicked.
    """

    close_clicked = Signal()
    float_clicked = Signal()
    maximise_clicked = Signal()

    def __init__(self, panel: Panel, *, in_dock: bool) -> None:
        super().__init__("header", lines="bottom", line_role="hairline")
        self._panel = panel
        self._in_dock = in_dock
        name = tr(panel.title)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(10), 0, theme().px(4), 0)
        row.setSpacing(theme().px(8))
        self._title = Label(name, 13, 600)
        self._title.setObjectName(f"{panel.object_name}Title")
        self._grey = CutLabel("", 13, 400, "text2")
        self._grey.setObjectName(f"{panel.object_name}HeaderText")
        self._grey.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        own = panel.header_widget()
        if own is None:
            row.addWidget(self._title)
            row.addWidget(self._grey, 1)
        else:
            self._title.hide()
            self._grey.hide()
            row.setContentsMargins(0, 0, theme().px(4), 0)
            row.addWidget(own, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme().px(4))
        for action in panel.header_actions():
            button = IconButton(action=action)
            button.setObjectName(f"{action.objectName()}Button")
            buttons.addWidget(button)
        if in_dock:
            self._add(buttons, "picture-in-picture-2", tr("Float {panel}", panel=name), "Float")
            self._add(buttons, "x", tr("Close {panel}", panel=name), "Close")
        else:
            self._add(
                buttons, "maximize", tr("{panel} in the whole window", panel=name), "Maximise"
            )
        row.addLayout(buttons)
        self._dress()
        theme().changed.connect(self._dress)

    def _add(self, row: QHBoxLayout, icon_name: str, tip: str, what: str) -> None:
        button = IconButton(icon_name, tip, self)
        button.setObjectName(f"{self._panel.object_name}{what}")
        signals = {
            "Float": self.float_clicked,
            "Close": self.close_clicked,
            "Maximise": self.maximise_clicked,
        }
        button.clicked.connect(lambda _checked=False: signals[what].emit())
        row.addWidget(button)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(30))

    def refresh(self) -> None:
        """Take over the panel's grey text."""
        text = self._panel.header_text()
        if text != self._grey.text():
            self._grey.setText(text)
            self._grey.setToolTip(text)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._in_dock:
            self.float_clicked.emit()
        else:
            self.maximise_clicked.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.ignore()


class _ArmedFrame(QWidget):
    """2 px accent frame over a dock while writing is armed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.hide()
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(QPen(theme().color("accent_fill"), 2))
            painter.drawRect(QRectF(self.rect()).adjusted(1, 1, -1, -1))


class PanelFrame(QWidget):
    """A header and a panel below it: what stands in the middle of the window."""

    def __init__(self, panel: Panel) -> None:
        super().__init__()
        self.panel = panel
        self.setObjectName(f"{panel.object_name}Frame")
        self.header = DockHeader(panel, in_dock=False)
        panel.setAutoFillBackground(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(panel, 1)


class PanelDock(QDockWidget):
    """A dock that holds one panel.

    Signals:
        put_away: the user closes it; it is still on show.
    """

    put_away = Signal()

    def __init__(self, panel: Panel, window: QMainWindow) -> None:
        super().__init__(tr(panel.title), window)
        self.panel = panel
        self.setObjectName(f"{panel.object_name}Dock")
        self.header = DockHeader(panel, in_dock=True)
        self.setTitleBarWidget(self.header)
        panel.setAutoFillBackground(True)
        # The design's narrow docks win over what a panel would like to have.
        panel.setMinimumWidth(theme().px(LEAST_WIDTHS.get(panel.object_name, 200)))
        self.setWidget(panel)
        self._armed = _ArmedFrame(self)
        self.header.close_clicked.connect(self.close)
        self.header.float_clicked.connect(self._toggle_floating)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.put_away.emit()
        super().closeEvent(event)

    def _toggle_floating(self) -> None:
        self.setFloating(not self.isFloating())

    def set_armed(self, armed: bool) -> None:
        """Frame the dock in the accent colour while writing is armed."""
        if armed != self._armed.isVisibleTo(self):
            self._armed.setGeometry(self.rect())
            self._armed.setVisible(armed)
            self._armed.raise_()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._armed.setGeometry(self.rect())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ChildAdded:
            self._armed_on_top()
        return super().event(event)

    def _armed_on_top(self) -> None:
        armed = getattr(self, "_armed", None)
        if armed is not None:
            armed.raise_()


def default_sizes(window_size: QSize) -> tuple[int, int, int]:
    """Left, right and bottom dock in pixels for a window of that size."""
    if window_size.width() >= NARROW_BELOW * theme().text_size / 13:
        left, right, below = WIDE
        return theme().px(left), theme().px(right), theme().px(below)
    if theme().density == "compact":
        return NARROW
    left, right, below = NARROW_NORMAL
    return theme().px(left), theme().px(right), theme().px(below)
