"""Entry fields of the design: line edit with icon, choice box, check box, radio button, key caps.

Painted from the theme; the focused field has an inner 2 px line. Sizes at normal density.
"""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QLineEdit,
    QRadioButton,
    QSizePolicy,
    QWidget,
)

from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import RADIUS, draw_box, draw_icon

_CURSOR_REACH = 5
"""Pixels left of the text that are painted with its cursor."""


class LineField(QLineEdit):
    """A line edit with an optional icon on the left.

    Args:
        placeholder: translated, also the accessible name when `name` is "".
        icon_name: Lucide name or "".
        height: 28, in panels 24, on the welcome page 36.
        name: accessible name.
    """

    def __init__(
        self,
        placeholder: str = "",
        icon_name: str = "",
        parent: QWidget | None = None,
        *,
        height: int = 28,
        name: str = "",
    ) -> None:
        super().__init__(parent)
        self._icon = icon_name
        self._height = height
        self._line_role = ""
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(name or placeholder)
        self.setFrame(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._dress()
        theme().changed.connect(self._dress)

    def set_line_role(self, role: str) -> None:
        """Colour role of the frame (``bad``, ``uncertain``), "" for the usual one."""
        if role != self._line_role:
            self._line_role = role
            self.update()

    def _dress(self) -> None:
        tokens = theme()
        self.setFont(tokens.font(13))
        left = tokens.px(10 + 16 + 4) if self._icon else tokens.px(8)
        self.setTextMargins(left, 0, tokens.px(8), 0)
        palette = self.palette()
        palette.setColor(palette.ColorRole.Base, Qt.GlobalColor.transparent)
        palette.setColor(palette.ColorRole.Text, tokens.color("text"))
        palette.setColor(palette.ColorRole.PlaceholderText, tokens.color("text3"))
        palette.setColor(palette.ColorRole.Highlight, tokens.color("selection"))
        palette.setColor(palette.ColorRole.HighlightedText, tokens.color("text"))
        self.setPalette(palette)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(180), theme().px(self._height))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(60), theme().px(self._height))

    def paintEvent(self, event: QPaintEvent) -> None:
        margins = self.textMargins()
        inside = self.rect().adjusted(margins.left() - _CURSOR_REACH, 3, -margins.right(), -3)
        if self.isEnabled() and inside.contains(event.rect()):
            # The cursor blinks twice a second, however long the window stands there: its place
            # has no frame and no icon.
            with QPainter(self) as painter:
                painter.fillRect(event.rect(), theme().color("field"))
            super().paintEvent(event)
            return
        with QPainter(self) as painter:
            draw_field(
                painter,
                self.rect(),
                focused=self.hasFocus(),
                enabled=self.isEnabled(),
                hot=self.underMouse(),
                line_role=self._line_role,
            )
            if self._icon:
                side = theme().px(16)
                area = QRectF(theme().px(8), (self.height() - side) / 2, side, side)
                draw_icon(painter, area, self._icon, "text3" if self.isEnabled() else "disabled")
        super().paintEvent(event)


def draw_field(
    painter: QPainter,
    rect: QRect,
    *,
    focused: bool,
    enabled: bool = True,
    hot: bool = False,
    line_role: str = "",
) -> None:
    """The box of a field: 1 px frame, inner 2 px accent line when focused."""
    tokens = theme()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if not enabled:
        draw_box(painter, rect, tokens.color("panel"), tokens.color("hairline"))
        return
    role = line_role or ("accent" if focused else "strong" if hot else "border")
    draw_box(painter, rect, tokens.color("field"), tokens.color(role))
    if focused or line_role:
        painter.setPen(QPen(tokens.color(role), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), RADIUS - 1, RADIUS - 1)


class ChoiceBox(QComboBox):
    """A drop-down list, flat."""

    def __init__(self, name: str = "", parent: QWidget | None = None, *, height: int = 28) -> None:
        super().__init__(parent)
        self._height = height
        self.setAccessibleName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.setFont(theme().font(13))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        widest = max(
            (theme().metrics(13).horizontalAdvance(self.itemText(i)) for i in range(self.count())),
            default=40.0,
        )
        return QSize(round(widest) + theme().px(44), theme().px(self._height))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(64), theme().px(self._height))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            enabled = self.isEnabled()
            draw_field(
                painter,
                self.rect(),
                focused=self.hasFocus(),
                enabled=enabled,
                hot=self.underMouse(),
            )
            painter.setFont(tokens.font(13))
            painter.setPen(tokens.color("text" if enabled else "disabled"))
            area = self.rect().adjusted(tokens.px(8), 0, -tokens.px(26), 0)
            text = painter.fontMetrics().elidedText(
                self.currentText(), Qt.TextElideMode.ElideRight, area.width()
            )
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            side = tokens.px(14)
            arrow = QRectF(
                self.width() - side - tokens.px(7), (self.height() - side) / 2, side, side
            )
            draw_icon(painter, arrow, "chevron-down", "text2" if enabled else "disabled")


class CheckBox(QCheckBox):
    """A check box in the design's look."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setAccessibleName(text)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        width = theme().metrics(13).horizontalAdvance(self.text())
        return QSize(round(width) + theme().px(24), theme().px(24))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            side = theme().px(15)
            box = QRect(1, (self.height() - side) // 2, side, side)
            draw_check(
                painter, box, self.isChecked(), enabled=self.isEnabled(), hot=self.underMouse()
            )
            _draw_choice_text(painter, self, side)


class RadioButton(QRadioButton):
    """A radio button in the design's look; `hint` is grey text behind."""

    def __init__(self, text: str = "", hint: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.hint = hint
        self.setAccessibleName(text)
        self.setAccessibleDescription(hint)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        width = theme().metrics(13, 600).horizontalAdvance(self.text()) + theme().px(24)
        if self.hint:
            width += theme().px(8) + theme().metrics(13).horizontalAdvance(self.hint)
        return QSize(round(width), theme().px(26))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(80), theme().px(26))

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            side = tokens.px(15)
            box = QRectF(1, (self.height() - side) / 2, side, side).adjusted(0.5, 0.5, -0.5, -0.5)
            on, enabled = self.isChecked(), self.isEnabled()
            role = "hairline" if not enabled else "accent" if on else "strong"
            painter.setPen(QPen(tokens.color(role), 1.4))
            painter.setBrush(tokens.color("field" if enabled else "panel"))
            painter.drawEllipse(box)
            if on:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tokens.color("accent" if enabled else "disabled"))
                inset = side * 0.26
                painter.drawEllipse(box.adjusted(inset, inset, -inset, -inset))
            width = _draw_choice_text(painter, self, side, weight=600 if on else 400)
            if self.hint:
                painter.setPen(tokens.color("text2" if enabled else "disabled"))
                painter.setFont(tokens.font(13))
                left = side + tokens.px(16) + width
                area = QRectF(left, 0, self.width() - left, self.height())
                text = painter.fontMetrics().elidedText(
                    self.hint, Qt.TextElideMode.ElideRight, int(area.width())
                )
                painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)


def draw_check(
    painter: QPainter, box: QRect, checked: bool, *, enabled: bool = True, hot: bool = False
) -> None:
    """A check mark box; used by check boxes and by painted tables."""
    tokens = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if checked:
        fill = tokens.color("accent_fill" if enabled else "disabled")
        draw_box(painter, box, fill, fill)
        painter.setPen(QPen(tokens.color("on_accent"), 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        side = box.width()
        points = ((0.25, 0.53), (0.43, 0.70), (0.76, 0.32))
        corners = [QPointF(box.left() + x * side, box.top() + y * side) for x, y in points]
        painter.drawPolyline(QPolygonF(corners))
    else:
        line = tokens.color("hairline" if not enabled else "text2" if hot else "strong")
        draw_box(painter, box, tokens.color("field" if enabled else "panel"), line)
    painter.restore()


def _draw_choice_text(
    painter: QPainter, widget: QCheckBox | QRadioButton, side: int, *, weight: int = 400
) -> float:
    """The text behind a box; returns its width."""
    tokens = theme()
    # Here, because the first picture needs neither a check box nor the enumerations of QStyle.
    from PySide6.QtWidgets import QStyle, QStyleOptionButton

    option = QStyleOptionButton()
    widget.initStyleOption(option)
    enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
    font = tokens.font(13, weight)
    painter.setFont(font)
    painter.setPen(tokens.color("text" if enabled else "disabled"))
    left = side + tokens.px(8)
    area = QRectF(left, 0, widget.width() - left, widget.height())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, widget.text().replace("&", ""))
    return tokens.metrics(13, weight).horizontalAdvance(widget.text())


def draw_key(painter: QPainter, rect: QRectF, text: str) -> None:
    """A key cap (Ctrl K) filling `rect`."""
    tokens = theme()
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(tokens.color("border"), 1))
    painter.setBrush(tokens.color("button"))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 2, 2)
    painter.setPen(tokens.color("text2"))
    painter.setFont(tokens.font(11))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()
