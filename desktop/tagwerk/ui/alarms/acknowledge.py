"""Asks before several alarms are acknowledged or reset, and says which ones stay out and why.

An alarm with single acknowledgement would make the server refuse the whole call; such alarms are
left out by name, or sent alone one after another when the user says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm, AlarmAction
from tagwerk.domain.tags import short_name
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import CheckBox
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_LISTED = 100
"""So many lines are listed; of the rest only the number is told."""


def alarm_title(alarm: Alarm) -> str:
    """One line that names an alarm."""
    return " ".join(alarm.text.split()) or short_name(alarm.name)


class AcknowledgeDialog(QDialog):
    """The question. Opens with the ring on Cancel.

    Args:
        selected: all that the user selected, in the table's order.
        waiting: those of them that wait for the operation.

    Signals:
        confirmed: list[Alarm] that the user wants sent.
    """

    confirmed = Signal(object)

    def __init__(
        self,
        action: AlarmAction,
        selected: Sequence[Alarm],
        waiting: Sequence[Alarm],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("alarmAcknowledgeDialog")
        self.setModal(True)
        self._action = action
        self._selected = list(selected)
        self._waiting = list(waiting)
        self._single = [alarm for alarm in waiting if alarm.is_single]
        self.setWindowTitle(tr("Acknowledge") if self._acknowledges else tr("Reset"))
        self.setMinimumWidth(theme().px(440))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._make_body(), 1)
        outer.addWidget(self._make_foot())
        self._refresh()
        self._ring = FocusRing(self)
        self.cancel.setFocus(Qt.FocusReason.TabFocusReason)

    @property
    def _acknowledges(self) -> bool:
        return self._action is AlarmAction.ACKNOWLEDGE

    @property
    def chosen(self) -> list[Alarm]:
        """What would be sent now."""
        if self.alone.isChecked():
            return self._waiting
        return [alarm for alarm in self._waiting if not alarm.is_single]

    def _make_body(self) -> QWidget:
        tokens = theme()
        body = Area("panel")
        column = QVBoxLayout(body)
        column.setContentsMargins(tokens.px(20), tokens.px(20), tokens.px(20), tokens.px(16))
        column.setSpacing(tokens.px(4))
        self._title = Label("", 16, 600, wrap=True)
        self._text = Label("", 13, 400, "text2", wrap=True)
        column.addWidget(self._title)
        column.addWidget(self._text)
        column.addSpacing(tokens.px(8))
        self._lines: list[tuple[Alarm, IconLabel, Label]] = []
        listing = QWidget()
        rows = QVBoxLayout(listing)
        rows.setContentsMargins(0, 0, tokens.px(12), 0)
        rows.setSpacing(0)
        for alarm in self._selected[:_LISTED]:
            rows.addWidget(self._make_line(alarm))
        more = len(self._selected) - _LISTED
        if more > 0:
            rows.addWidget(
                Label(tr_n("and {count} more", "and {count} more", more), 13, 400, "text2")
            )
        rows.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("alarmAcknowledgeList")
        scroll.setAccessibleName(tr("Selected alarms"))
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(scroll)
        scroll.setWidget(listing)
        height = tokens.row_height * min(max(len(self._selected), 1), 10) + tokens.px(6)
        scroll.setMinimumHeight(height)
        column.addWidget(scroll, 1)
        self.alone = CheckBox(
            tr_n(
                "Also send the one that wants to be alone, in a call of its own",
                "Also send the {count} that want to be alone, one after another",
                len(self._single),
            )
        )
        self.alone.setObjectName("alarmAcknowledgeAlone")
        self.alone.setVisible(bool(self._single))
        self.alone.toggled.connect(self._refresh)
        column.addWidget(self.alone)
        return body

    def _make_line(self, alarm: Alarm) -> QWidget:
        tokens = theme()
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, tokens.px(4), 0, tokens.px(4))
        row.setSpacing(tokens.px(8))
        mark = IconLabel("check", 15)
        text = Label(alarm_title(alarm), 13)
        text.setToolTip(short_name(alarm.name))
        text.setMinimumWidth(10)
        row.addWidget(mark)
        row.addWidget(text, 1)
        self._lines.append((alarm, mark, text))
        return line

    def _make_foot(self) -> QWidget:
        tokens = theme()
        foot = Area("header", lines="top")
        row = QHBoxLayout(foot)
        row.setContentsMargins(tokens.px(16), tokens.px(12), tokens.px(16), tokens.px(12))
        row.setSpacing(tokens.px(8))
        row.addStretch(1)
        self.cancel = PushButton(tr("Cancel"))
        self.cancel.setObjectName("alarmAcknowledgeCancel")
        self.cancel.clicked.connect(self.reject)
        self.send = PushButton("", "", "primary")
        self.send.setObjectName("alarmAcknowledgeSend")
        self.send.clicked.connect(self._confirm)
        row.addWidget(self.cancel)
        row.addWidget(self.send)
        return foot

    def _confirm(self) -> None:
        chosen = self.chosen
        if chosen:
            self.accept()
            self.confirmed.emit(chosen)

    def _refresh(self) -> None:
        count, all_of_them = len(self.chosen), len(self._selected)
        if self._acknowledges:
            title = tr("Acknowledge {count} of {all} alarms?", count=count, all=all_of_them)
            verb = tr("Acknowledge {count}", count=count)
            if count == all_of_them:
                title = tr("Acknowledge {count} alarms?", count=count)
        else:
            title = tr("Reset {count} of {all} alarms?", count=count, all=all_of_them)
            verb = tr("Reset {count}", count=count)
            if count == all_of_them:
                title = tr("Reset {count} alarms?", count=count)
        self._title.setText(title)
        self._text.setText(self._explanation())
        self._text.setVisible(bool(self._text.text()))
        self.send.setText(verb)
        self.send.setAccessibleName(verb)
        self.send.setEnabled(count > 0)
        self.send.updateGeometry()
        going = {alarm.key for alarm in self.chosen}
        for alarm, mark, text in self._lines:
            goes = alarm.key in going
            mark.set_icon("check" if goes else "minus", "text2" if goes else "text3")
            text.set_role("text" if goes else "text3")

    def _explanation(self) -> str:
        """Who stays out and why; a single one by name."""
        parts: list[str] = []
        if self._single and not self.alone.isChecked():
            parts.append(
                tr_n(
                    "“{alarm}” wants to be sent alone and is left out.",
                    "{count} alarms want to be sent alone and are left out.",
                    len(self._single),
                    alarm=alarm_title(self._single[0]),
                )
            )
        idle = len(self._selected) - len(self._waiting)
        if idle and self._acknowledges:
            parts.append(
                tr_n(
                    "One does not wait for acknowledgement.",
                    "{count} do not wait for acknowledgement.",
                    idle,
                )
            )
        elif idle:
            parts.append(
                tr_n("One does not wait for a reset.", "{count} do not wait for a reset.", idle)
            )
        return " ".join(parts)
