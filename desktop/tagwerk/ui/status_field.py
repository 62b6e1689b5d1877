"""One field of the status bar. It paints what it is told and knows no plant."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon


class StatusField(QWidget):
    """One field: icon or dot, grey text before, strong text, grey text behind.

    Args:
        name: object name.
        sample: the widest (before, strong, behind) that usually comes; reserves the width.
    """

    def __init__(self, name: str, sample: tuple[str, str, str] = ("", "", "")) -> None:
        super().__init__()
        self.setObjectName(name)
        self._sample = sample
        self._parts = ("", "", "")
        self._icon = ""
        self._icon_role = "text2"
        self._strong_role = "text"
        self._dot = ""
        self._hint: QSize | None = None
        self.separator_left = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self._hint = None
        self.updateGeometry()
        self.update()

    def show_text(
        self,
        before: str = "",
        strong: str = "",
        behind: str = "",
        *,
        icon: str = "",
        icon_role: str = "text2",
        strong_role: str = "text",
        dot: str = "",
        tip: str = "",
    ) -> None:
        """Show new text; `dot` is a colour role for a filled dot in place of the icon."""
        fresh = ((before, strong, behind), icon, icon_role, strong_role, dot)
        if tip != self.toolTip():
            self.setToolTip(tip)
        if fresh == (self._parts, self._icon, self._icon_role, self._strong_role, self._dot):
            return
        old_width = self.sizeHint().width()
        self._parts, self._icon, self._icon_role, self._strong_role, self._dot = fresh
        self._hint = None
        self.setAccessibleName(" ".join(part for part in (before, strong, behind) if part))
        if self.sizeHint().width() != old_width:
            self.updateGeometry()
        self.update()

    def set_strong_role(self, role: str) -> None:
        """Another colour for the strong text."""
        if role != self._strong_role:
            self._strong_role = role
            self.update()

    @property
    def is_empty(self) -> bool:
        return not any(self._parts)

    def _width(self) -> float:
        """Of all parts, each at least as wide as its sample."""
        tokens = theme()
        plain, strong = tokens.metrics(12), tokens.metrics(12, 500)
        widths = []
        for index, part in enumerate(self._parts):
            metrics = strong if index == 1 else plain
            sample = self._sample[index]
            if part or sample:
                widths.append(
                    max(metrics.horizontalAdvance(part), metrics.horizontalAdvance(sample))
                )
        return sum(widths) + tokens.px(5) * max(len(widths) - 1, 0)

    def sizeHint(self) -> QSize:
        # Kept: the bar asks each second, and measuring texts is most of what it does at rest.
        if self._hint is None:
            tokens = theme()
            width = self._width()
            if self._icon or self._dot:
                width += tokens.px(14 + 6)
            self._hint = QSize(round(width) + tokens.px(20), tokens.px(25))
        return self._hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            middle = self.height() / 2
            line = tokens.px(7)
            x_line = 0 if self.separator_left else self.width() - 1
            painter.fillRect(
                QRectF(x_line, line, 1, self.height() - 2 * line), tokens.color("border")
            )
            x = float(tokens.px(10))
            if self._dot:
                radius = tokens.px(8) / 2
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.color(self._dot))
                painter.drawEllipse(QRectF(x + 2, middle - radius, 2 * radius, 2 * radius))
                x += tokens.px(14 + 3)
            elif self._icon:
                side = tokens.px(14)
                draw_icon(
                    painter, QRectF(x, middle - side / 2, side, side), self._icon, self._icon_role
                )
                x += side + tokens.px(6)
            for index, part in enumerate(self._parts):
                if not part:
                    continue
                weight = 500 if index == 1 else 400
                painter.setFont(tokens.font(12, weight))
                painter.setPen(tokens.color(self._strong_role if index == 1 else "text2"))
                width = tokens.metrics(12, weight).horizontalAdvance(part)
                reserved = max(width, self._reserved(index, weight))
                area = QRectF(x, 0, reserved + 1, self.height())
                side_flag = (
                    Qt.AlignmentFlag.AlignRight
                    if self._is_number(part)
                    else (Qt.AlignmentFlag.AlignLeft)
                )
                painter.drawText(area, side_flag | Qt.AlignmentFlag.AlignVCenter, part)
                x += reserved + tokens.px(5)

    def _reserved(self, index: int, weight: int) -> float:
        sample = self._sample[index]
        return theme().metrics(12, weight).horizontalAdvance(sample) if sample else 0.0

    @staticmethod
    def _is_number(part: str) -> bool:
        return bool(part) and part[0].isdigit()
