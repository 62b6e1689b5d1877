"""Buttons of the design: plain, primary, chip, flat; icon buttons for actions; segments.

All paint themselves from the theme (no style sheets) and follow it live. Clicking never takes the
keyboard focus away from where the user works; Tab reaches every one of them, with the focus ring
of `widgets.focus`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QIcon, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QToolButton, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import drawing, theme

KINDS = ("plain", "primary", "chip", "flat", "on_accent", "danger")
RADIUS = 3


class PushButton(QPushButton):
    """A button with text, an icon, or both.

    Args:
        text: translated.
        icon_name: Lucide name, "" for none.
        kind: ``plain``, ``primary`` (accent fill), ``chip`` (22 px, checkable), ``flat`` (no frame
            until hovered), ``on_accent`` (inside an accent band), ``danger`` (bad outline).
        height: at normal density, in pixels; 0 takes the kind's own (28, chips 22).
    """

    def __init__(
        self,
        text: str = "",
        icon_name: str = "",
        kind: str = "plain",
        parent: QWidget | None = None,
        *,
        height: int = 0,
    ) -> None:
        super().__init__(text, parent)
        if kind not in KINDS:
            raise ValueError(f"unknown kind of button: {kind}")
        self.kind = kind
        self.icon_name = icon_name
        self._height = height
        self._count = ""
        self._is_stale = False
        self.setCheckable(kind == "chip")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAutoDefault(False)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if text:
            self.setAccessibleName(text)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def set_icon_name(self, name: str) -> None:
        """Another Lucide icon; "" for none."""
        if name != self.icon_name:
            self.icon_name = name
            self.updateGeometry()
            self.update()

    def set_kind(self, kind: str) -> None:
        if kind != self.kind:
            self.kind = kind
            self.update()

    def set_count(self, count: str, *, is_stale: bool = False) -> None:
        """A bold count behind a chip's text; "" for none. One that is stale carries the mark."""
        is_stale = is_stale and bool(count)
        if (count, is_stale) != (self._count, self._is_stale):
            self._count, self._is_stale = count, is_stale
            words = (self.text(), count, f"({tr('stale')})" if is_stale else "")
            self.setAccessibleName(" ".join(word for word in words if word))
            self.updateGeometry()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    @property
    def _text_size(self) -> float:
        return 12 if self.kind == "chip" else 13

    @property
    def _icon_size(self) -> int:
        return theme().px(13 if self.kind == "chip" else 16)

    @property
    def _padding(self) -> int:
        return theme().px(7 if self.kind == "chip" else 12)

    def sizeHint(self) -> QSize:
        tokens = theme()
        height = tokens.px(self._height or (22 if self.kind == "chip" else 28))
        width = 2 * self._padding
        text = self.text().replace("&", "")
        if text:
            width += round(tokens.metrics(self._text_size, 500).horizontalAdvance(text)) + 1
        if self.icon_name:
            width += self._icon_size + (tokens.px(6) if text else 0)
            if not text:
                width = max(height, self._icon_size + 2 * tokens.px(6))
        if self._count:
            width += tokens.px(5)
            width += round(tokens.metrics(self._text_size, 600).horizontalAdvance(self._count)) + 1
            if self._is_stale:
                width += tokens.px(12) + tokens.px(3)
        return QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def _colors(self) -> tuple[QColor | None, QColor | None, QColor, str]:
        """Fill, border, text colour and icon role of the present state."""
        tokens = theme()
        hot = self.underMouse() and self.isEnabled()
        if not self.isEnabled():
            frame = None if self.kind == "flat" else tokens.color("hairline")
            return None, frame, tokens.color("disabled"), "disabled"
        if self.kind == "primary":
            fill = tokens.color("accent_hover" if hot or self.isDown() else "accent_fill")
            return fill, fill, tokens.color("on_accent"), "on_accent"
        if self.kind == "on_accent":
            line = tokens.color("on_accent")
            return tokens.color("accent_hover") if hot else None, line, line, "on_accent"
        if self.isChecked():
            return tokens.color("selection"), tokens.color("accent"), tokens.color("text"), "accent"
        fill = tokens.color("segment" if self.isDown() else "hover" if hot else "button")
        if self.kind == "flat":
            return (fill if hot else None), None, tokens.color("text"), "text2"
        if self.kind == "danger":
            return fill, tokens.color("bad"), tokens.color("bad"), "bad"
        return fill, tokens.color("strong" if hot else "border"), tokens.color("text"), "text2"

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            fill, line, text_color, icon_role = self._colors()
            draw_box(painter, self.rect(), fill, line)
            text = self.text().replace("&", "")
            content = self.sizeHint().width() - 2 * self._padding if text else self._icon_size
            x = max((self.width() - content) / 2, tokens.px(4))
            if self.icon_name:
                side = self._icon_size
                top = (self.height() - side) / 2
                draw_icon(painter, QRectF(x, top, side, side), self.icon_name, icon_role)
                x += side + tokens.px(6)
            painter.setPen(text_color)
            font = tokens.font(
                self._text_size, 500 if self.kind in ("primary", "on_accent") else 400
            )
            painter.setFont(font)
            area = QRectF(x, 0, self.width() - x - tokens.px(2), self.height())
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
            if self.width() < self.sizeHint().width():
                room = area.width() - self._padding / 2
                text = painter.fontMetrics().elidedText(
                    text, Qt.TextElideMode.ElideRight, int(room)
                )
            painter.drawText(area, flags, text)
            if self._count:
                width = tokens.metrics(self._text_size, 600).horizontalAdvance(self._count)
                painter.setFont(tokens.font(self._text_size, 600))
                area = QRectF(self.width() - self._padding - width, 0, width + 2, self.height())
                if self._is_stale:
                    # Here, because the first picture has buttons and needs no marks of values.
                    from tagwerk.ui.widgets.numbers import Mark, draw_mark

                    left = area.left() - tokens.px(12) - tokens.px(3)
                    draw_mark(painter, QRectF(left, 0, 0, self.height()), Mark.STALE)
                    painter.setPen(tokens.color("stale"))
                painter.drawText(area, flags, self._count)


class IconButton(QToolButton):
    """A flat square button with an icon; shows an action when given one.

    Args:
        icon_name: Lucide name; an action's own icon name wins.
        tip: translated tooltip, also the accessible name.
        action: the action that it shows and triggers.
        side: width and height at normal density in pixels.
        text: shown beside the icon when not "" (toolbar buttons).
    """

    def __init__(
        self,
        icon_name: str = "",
        tip: str = "",
        parent: QWidget | None = None,
        *,
        action: QAction | None = None,
        side: int = 24,
        text: str = "",
    ) -> None:
        super().__init__(parent)
        self.icon_name = icon_name
        self._side = side
        self._text = text
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if action is not None:
            self.setDefaultAction(action)
            self.icon_name = icon_name or str(action.property("icon_name") or "")
            tip = tip or action.text().replace("&", "")
            action.changed.connect(self.update)
        if tip:
            self.setAccessibleName(tip)
            if action is None:
                self.setToolTip(tip)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        side = theme().px(self._side)
        if not self._text:
            return QSize(side, side)
        width = theme().metrics(13).horizontalAdvance(self._text)
        return QSize(round(width) + theme().px(16 + 6 + 12), side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            enabled = self.isEnabled()
            if self.isChecked() and enabled:
                draw_box(painter, self.rect(), tokens.color("selection"), None)
            elif enabled and (self.underMouse() or self.isDown()):
                draw_box(painter, self.rect(), tokens.color("segment"), None)
            role = "disabled" if not enabled else "accent" if self.isChecked() else "text2"
            side = tokens.px(16)
            x = tokens.px(6) if self._text else (self.width() - side) / 2
            area = QRectF(x, (self.height() - side) / 2, side, side)
            if self.icon_name:
                draw_icon(painter, area, self.icon_name, role)
            elif not self.icon().isNull():
                self.icon().paint(painter, area.toRect())
            if self._text:
                painter.setFont(tokens.font(13))
                painter.setPen(tokens.color("text" if enabled else "disabled"))
                rest = QRectF(x + side + tokens.px(6), 0, self.width(), self.height())
                painter.drawText(
                    rest, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self._text
                )


class Segmented(QWidget):
    """A row of joined buttons of which one is on (Light | Dark).

    Args:
        choices: (key, translated text) in order.
        current: key that is on.
        name: accessible name of the whole.
        chosen: emitted with the key when the *user* chooses.
    """

    chosen = Signal(str)

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        current: str = "",
        name: str = "",
        parent: QWidget | None = None,
        *,
        height: int = 28,
    ) -> None:
        super().__init__(parent)
        self._buttons: dict[str, _Segment] = {}
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        last = len(choices) - 1
        for index, (key, text) in enumerate(choices):
            segment = _Segment(text, index == 0, index == last, height, self)
            segment.setObjectName(f"segment_{key}")
            segment.setAccessibleName(f"{name}: {text}" if name else text)
            segment.clicked.connect(self._choose(key))
            self._buttons[key] = segment
            row.addWidget(segment)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_current(current)

    def _choose(self, key: str) -> Callable[[], None]:
        def choose() -> None:
            self.set_current(key)
            self.chosen.emit(key)

        return choose

    def set_current(self, key: str) -> None:
        """Show `key` as chosen, without a signal."""
        for name, button in self._buttons.items():
            button.setChecked(name == key)

    @property
    def current(self) -> str:
        """The chosen key, "" for none."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def button(self, key: str) -> QPushButton:
        """One of the segments, e.g. to disable it with a reason."""
        return self._buttons[key]


class _Segment(QPushButton):
    def __init__(self, text: str, first: bool, last: bool, height: int, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._ends = (first, last)
        self._height = height
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def nextCheckState(self) -> None:
        self.setChecked(True)

    def sizeHint(self) -> QSize:
        width = theme().metrics(13, 600).horizontalAdvance(self.text())
        return QSize(round(width) + theme().px(24), theme().px(self._height))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            on = self.isChecked()
            hot = self.underMouse() and self.isEnabled()
            fill = tokens.color("segment" if on else "hover" if hot else "button")
            area = QRect(self.rect())
            first, last = self._ends
            painter.setClipRect(area)
            # The inner ends are pushed out of the clip, so that only the row's ends are round.
            wide = area.adjusted(0 if first else -RADIUS - 1, 0, 0 if last else RADIUS + 1, 0)
            draw_box(painter, wide, fill, tokens.color("border"))
            painter.setPen(QPen(tokens.color("border"), 1))
            if not last:
                painter.drawLine(
                    QPointF(self.width() - 0.5, 0), QPointF(self.width() - 0.5, self.height())
                )
            painter.setFont(tokens.font(13, 600 if on else 400))
            painter.setPen(tokens.color("text" if self.isEnabled() else "disabled"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.text())


def draw_box(painter: QPainter, rect: QRect, fill: QColor | None, line: QColor | None) -> None:
    """A rounded box with a 1 px line, crisp at whole scales."""
    if fill is None and line is None:
        return
    painter.setPen(Qt.PenStyle.NoPen if line is None else QPen(line, 1))
    painter.setBrush(Qt.BrushStyle.NoBrush if fill is None else fill)
    inset = 0.0 if line is None else 0.5
    area = QRectF(rect).adjusted(inset, inset, -inset, -inset)
    painter.drawRoundedRect(area, RADIUS, RADIUS)


def draw_icon(painter: QPainter, rect: QRectF, name: str, role: str = "text2") -> None:
    """A Lucide icon in a colour role, filling `rect`."""
    picture = drawing(name, role, max(round(rect.width()), 1))
    picture.paint(painter, rect.toRect(), Qt.AlignmentFlag.AlignCenter, QIcon.Mode.Normal)
