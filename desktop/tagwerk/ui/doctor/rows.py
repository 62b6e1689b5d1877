"""The doctor's list: one row a check, filled in as the check goes on, opened for why and cure.

One row has the keyboard; arrows move it, Enter and Space open and close. Used by `window`.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
)

from tagwerk.domain.connection import Certificate, Step, StepName
from tagwerk.domain.verdict import STEP_TITLES
from tagwerk.ui.doctor.details import CheckDetails
from tagwerk.ui.doctor.words import time_text
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.busy import draw_ring
from tagwerk.ui.widgets.buttons import draw_icon
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

TITLE_AT, DETAIL_AT = 46, 166
"""Where the texts of a row begin, in pixels at 100 %; the head of the table takes them from here."""
_TIME_WIDTH, _CHEVRON = 76, 30
_RING_MS = 100


class CheckRow(QAbstractButton):
    """The head of one check; object name ``doctorCheck_STEP``. Checked means open."""

    moved = Signal(int)
    """Arrow keys: -1, 1; Home and End: -99, 99."""

    def __init__(self, step: StepName) -> None:
        super().__init__()
        self.name = step
        self.step: Step | None = None
        self.is_running = False
        self.is_given_up = False
        self.setObjectName(f"doctorCheck_{step.value}")
        self.setCheckable(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._turn = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_RING_MS)
        self._timer.timeout.connect(self._turn_ring)
        self.toggled.connect(lambda _open: self._tell())
        theme().changed.connect(self.updateGeometry)
        self._tell()

    def sizeHint(self) -> QSize:
        return QSize(theme().px(400), theme().px(32))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(280), theme().px(32))

    @property
    def title(self) -> str:
        return tr_message(STEP_TITLES[self.name])

    @property
    def detail(self) -> str:
        """What came back, as shown."""
        if self.step is not None:
            return tr_message(self.step.detail)
        if self.is_given_up:
            return tr("not tried")
        return tr("being looked at…") if self.is_running else ""

    @property
    def is_elided(self) -> bool:
        """What came back is longer than the row."""
        room = self.width() - theme().px(DETAIL_AT + _CHEVRON + _TIME_WIDTH)
        return theme().metrics(13).horizontalAdvance(self.detail) > room

    def wait(self) -> None:
        """Not its turn yet."""
        self.step = None
        self._run(False)

    def give_up(self) -> None:
        """Its turn never came."""
        self.step = None
        self._run(False)
        self.is_given_up = True
        self._tell()

    def run(self) -> None:
        """It is being looked at."""
        self.step = None
        self._run(True)

    def finish(self, step: Step) -> None:
        """Show what was found."""
        self.step = step
        self._run(False)

    def _run(self, running: bool) -> None:
        self.is_running = running
        self.is_given_up = False
        if running:
            self._timer.start()
        else:
            self._timer.stop()
        self._tell()
        self.update()

    def _turn_ring(self) -> None:
        self._turn = (self._turn + 1) % 12
        self.update()

    def state_words(self) -> str:
        """Fine, failed …: what the icon says."""
        step = self.step
        if step is None:
            if self.is_given_up:
                return tr("not tried")
            return tr("running") if self.is_running else tr("waiting")
        if step.is_minor:
            return tr("needs a look")
        return {True: tr("fine"), False: tr("failed"), None: tr("not tried")}[step.ok]

    def _tell(self) -> None:
        parts = [f"{self.title}: {self.state_words()}"]
        if self.detail:
            parts.append(self.detail)
        if self.step is not None:
            parts.append(tr("open") if self.isChecked() else tr("closed"))
        self.setAccessibleName(". ".join(parts))
        self.setToolTip(self.detail)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        moves = {keys.Key_Up: -1, keys.Key_Down: 1, keys.Key_Home: -99, keys.Key_End: 99}
        move = moves.get(keys(event.key()))
        if move is not None:
            self.moved.emit(move)
        elif event.key() in (keys.Key_Return, keys.Key_Enter):
            self.click()
        elif event.key() in (keys.Key_Left, keys.Key_Right):
            if self.isChecked() != (event.key() == keys.Key_Right):
                self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _icon(self) -> tuple[str, str]:
        step = self.step
        if step is None or step.ok is None:
            return ("circle" if step is None and not self.is_given_up else "minus"), "text3"
        if step.is_minor:
            return "triangle-alert", "uncertain"
        return ("circle-check", "text2") if step.ok else ("circle-x", "bad")

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            chosen = self.isChecked()
            back = "selection" if chosen else "hover" if self.underMouse() else "base"
            painter.fillRect(self.rect(), tokens.color(back))
            if chosen:
                painter.fillRect(0, 0, 3, self.height(), tokens.color("accent"))
            painter.fillRect(0, self.height() - 1, self.width(), 1, tokens.color("hairline"))
            side = tokens.px(16)
            box = QRectF(tokens.px(16), (self.height() - side) / 2, side, side)
            if self.is_running:
                draw_ring(painter, box, self._turn)
            else:
                draw_icon(painter, box, *self._icon())
            self._paint_texts(painter, chosen)
            if self.step is not None:
                side = tokens.px(14)
                left = self.width() - tokens.px(_CHEVRON) + tokens.px(6)
                place = QRectF(left, (self.height() - side) / 2, side, side)
                draw_icon(painter, place, "chevron-down" if chosen else "chevron-right", "text3")
            if self.hasFocus():
                pen = painter.pen()
                pen.setColor(tokens.color("accent"))
                pen.setWidth(2)
                painter.setPen(pen)
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_texts(self, painter: QPainter, chosen: bool) -> None:
        tokens = theme()
        centre = Qt.AlignmentFlag.AlignVCenter
        loud = self.step is not None and (self.step.ok is False or self.step.is_minor)
        painter.setFont(tokens.font(13, 500))
        painter.setPen(tokens.color("text"))
        title_at, detail_at = tokens.px(TITLE_AT), tokens.px(DETAIL_AT)
        painter.drawText(
            QRect(title_at, 0, detail_at - title_at, self.height()),
            centre | Qt.AlignmentFlag.AlignLeft,
            self.title,
        )
        right = self.width() - tokens.px(_CHEVRON)
        time_left = right - tokens.px(_TIME_WIDTH)
        painter.setFont(tokens.font(13))
        painter.setPen(tokens.color("text" if loud or chosen else "text2"))
        room = time_left - detail_at
        text = tokens.metrics(13).elidedText(
            self.detail.replace("\n", " "), Qt.TextElideMode.ElideRight, room
        )
        painter.drawText(
            QRect(detail_at, 0, room, self.height()), centre | Qt.AlignmentFlag.AlignLeft, text
        )
        if self.step is not None and self.step.ms:
            painter.setPen(tokens.color("text2"))
            painter.drawText(
                QRect(time_left, 0, right - time_left, self.height()),
                centre | Qt.AlignmentFlag.AlignRight,
                time_text(self.step.ms),
            )


class CheckList(QScrollArea):
    """All checks below each other; object name ``doctorChecks``."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("doctorChecks")
        self.setAccessibleName(tr("Checks"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        use_flat_scroll_bars(self)
        inside = Area("base")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self.rows: dict[StepName, CheckRow] = {}
        self._details: dict[StepName, CheckDetails] = {}
        self._certificate: Certificate | None = None
        for name in StepName:
            row = CheckRow(name)
            row.toggled.connect(lambda on, name=name: self._toggle(name, on))
            row.moved.connect(lambda by, name=name: self._move(name, by))
            row.pressed.connect(lambda name=name: self._take_keyboard(name))
            self.rows[name] = row
            self._column.addWidget(row)
        self._column.addStretch(1)
        self.setWidget(inside)
        self._take_keyboard(StepName.RESOLVE, focus=False)

    def restart(self) -> None:
        """All wait, the first runs."""
        self._certificate = None
        for row in self.rows.values():
            row.setChecked(False)
            row.wait()
        self.rows[StepName.RESOLVE].run()

    def take(self, step: Step, certificate: Certificate | None = None) -> None:
        """One check is done; the next one begins."""
        self._certificate = certificate or self._certificate
        was_open = self.rows[step.step].isChecked()
        self.rows[step.step].setChecked(False)
        self.rows[step.step].finish(step)
        if was_open:
            self.rows[step.step].setChecked(True)
        names = list(StepName)
        following = names.index(step.step) + 1
        if following < len(names) and self.rows[names[following]].step is None:
            self.rows[names[following]].run()

    def stop(self, certificate: Certificate | None = None) -> None:
        """What has not come by now will not come."""
        self._certificate = certificate
        for row in self.rows.values():
            if row.step is None:
                row.give_up()

    def open_worst(self) -> None:
        """Open the first check that failed, else the first that needs a look."""
        done = [row for row in self.rows.values() if row.step is not None]
        failed = [row for row in done if row.step is not None and row.step.ok is False]
        worst = [row for row in failed if row.step is not None and not row.step.is_minor] or failed
        worst = worst or [row for row in done if row.step is not None and row.step.is_minor]
        if worst:
            worst[0].setChecked(True)
            in_list = any(row.hasFocus() for row in self.rows.values())
            self._take_keyboard(worst[0].name, focus=in_list)
            QTimer.singleShot(0, self, lambda: self._show(worst[0]))

    def _show(self, row: CheckRow) -> None:
        details = self._details.get(row.name)
        if details is not None:
            self.ensureWidgetVisible(details, 0, theme().px(8))
        self.ensureWidgetVisible(row, 0, theme().px(8))
        self.horizontalScrollBar().setValue(0)

    def _toggle(self, name: StepName, on: bool) -> None:
        old = self._details.pop(name, None)
        if old is not None:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        row = self.rows[name]
        if not on:
            return
        if row.step is None:
            row.setChecked(False)
            return
        for other in self.rows.values():
            if other is not row:
                other.setChecked(False)
        shown = self._certificate if name is StepName.TLS else None
        details = CheckDetails(
            row.step, shown, with_detail=row.is_elided or not (row.step.meaning or shown)
        )
        self._details[name] = details
        self._column.insertWidget(self._column.indexOf(row) + 1, details)
        details.show()
        QTimer.singleShot(0, self, lambda: self._show(row))

    def _take_keyboard(self, name: StepName, *, focus: bool = True) -> None:
        """Tab comes to this row from now on."""
        for other in self.rows.values():
            policy = Qt.FocusPolicy
            other.setFocusPolicy(policy.StrongFocus if other.name is name else policy.ClickFocus)
        if focus:
            self.rows[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def _move(self, name: StepName, by: int) -> None:
        names = list(StepName)
        there = names[min(max(names.index(name) + by, 0), len(names) - 1)]
        self._take_keyboard(there)
        self.ensureWidgetVisible(self.rows[there], 0, theme().px(8))
