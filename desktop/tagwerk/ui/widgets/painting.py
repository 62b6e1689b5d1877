"""Plain areas: a widget that fills itself with a colour role and draws lines at its edges."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from tagwerk.ui.theme import theme


class Area(QWidget):
    """Background in a colour role, with 1 px lines where asked.

    Args:
        role: colour role of the fill.
        lines: some of ``top bottom left right``, or ``all``.
        line_role: colour role of the lines.
    """

    def __init__(
        self,
        role: str = "panel",
        parent: QWidget | None = None,
        *,
        lines: str = "",
        line_role: str = "border",
    ) -> None:
        super().__init__(parent)
        self._role, self._lines, self._line_role = role, lines, line_role
        theme().changed.connect(self.update)

    def set_role(self, role: str) -> None:
        if role != self._role:
            self._role = role
            self.update()

    def set_lines(self, lines: str, line_role: str = "") -> None:
        self._lines = lines
        self._line_role = line_role or self._line_role
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color(self._role))
            color = theme().color(self._line_role)
            width, height = self.width(), self.height()
            edges = {
                "top": QRect(0, 0, width, 1),
                "bottom": QRect(0, height - 1, width, 1),
                "left": QRect(0, 0, 1, height),
                "right": QRect(width - 1, 0, 1, height),
            }
            for name, edge in edges.items():
                if self._lines == "all" or name in self._lines:
                    painter.fillRect(edge, color)
