"""The strip above the table that says what became of the alarms while the link was lost.

A list that is simply different after an outage would hide a trip that came and went. So it is
said until the user has seen it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm
from tagwerk.domain.text import format_time
from tagwerk.store.alarms import AlarmOutage
from tagwerk.ui.alarms.acknowledge import alarm_title
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.painting import Area

_NAMED = 12
"""So many alarms of a kind the tip names."""


class OutageStrip(Area):
    """One line: how many came, went, were acknowledged; the tip names them.

    Signals:
        dismissed: the user has read it.
        log_wanted: show what the server logged of that time.
    """

    dismissed = Signal()
    log_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("header", parent, lines="bottom")
        tokens = theme()
        self.setObjectName("alarmOutage")
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.px(10), 0, tokens.px(6), 0)
        row.setSpacing(tokens.px(8))
        self._head = Label("", 13, 600)
        self._said = Label("", 13)
        for label in (self._head, self._said):
            label.setMinimumWidth(10)
        self._log = PushButton(tr("Read the log"), "history", height=24)
        self._log.setObjectName("alarmOutageLog")
        self._log.clicked.connect(lambda _checked=False: self.log_wanted.emit())
        self._close = IconButton("x", tr("Dismiss"), self)
        self._close.setObjectName("alarmOutageDismiss")
        self._close.clicked.connect(lambda _checked=False: self.dismissed.emit())
        row.addWidget(IconLabel("unplug", 16, "text2"))
        row.addWidget(self._head)
        row.addWidget(self._said, 1)
        row.addWidget(self._log)
        row.addWidget(self._close)
        self._shown = AlarmOutage()
        self._dress()
        theme().changed.connect(self._dress)
        self.hide()

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(32))

    @property
    def text(self) -> str:
        """What it says."""
        return f"{self._head.text()} {self._said.text()}".strip()

    def show_outage(self, outage: AlarmOutage, why_no_log: str) -> None:
        """Show what happened; hides itself when nothing did.

        Args:
            why_no_log: why the log cannot be read; "" when it can.
        """
        self._log.setEnabled(not why_no_log)
        self._log.setToolTip(why_no_log)
        if outage == self._shown:
            return
        self._shown = outage
        self.setVisible(bool(outage))
        if not outage:
            return
        self._head.setText(
            tr(
                "While the link was down, {begin} to {end}:",
                begin=_clock(outage.lost_ns),
                end=_clock(outage.back_ns),
            )
        )
        self._said.setText(", ".join(_counts(outage)))
        self.setToolTip("\n".join(_names(outage)))
        self.setAccessibleName(self.text)
        self.setAccessibleDescription(self.toolTip())


def _clock(time_ns: int) -> str:
    return format_time(time_ns, zone=None)[11:19]


def _counts(outage: AlarmOutage) -> list[str]:
    """``3 alarms came``, ``1 alarm went``, …; only what there was."""
    parts = [
        tr_n("{count} alarm came", "{count} alarms came", len(outage.came)),
        tr_n("{count} alarm went", "{count} alarms went", len(outage.went)),
        tr_n(
            "{count} alarm was acknowledged",
            "{count} alarms were acknowledged",
            len(outage.acknowledged),
        ),
        tr_n("{count} alarm came and went", "{count} alarms came and went", len(outage.passed)),
    ]
    groups = (outage.came, outage.went, outage.acknowledged, outage.passed)
    return [part for part, group in zip(parts, groups, strict=True) if group]


def _names(outage: AlarmOutage) -> list[str]:
    groups: Sequence[tuple[str, tuple[Alarm, ...]]] = (
        (tr("Came:"), outage.came),
        (tr("Went:"), outage.went),
        (tr("Acknowledged:"), outage.acknowledged),
        (tr("Came and went:"), outage.passed),
    )
    lines: list[str] = []
    for heading, alarms in groups:
        if not alarms:
            continue
        lines.append(heading)
        lines += [f"  {alarm_title(alarm)}" for alarm in alarms[:_NAMED]]
        left = len(alarms) - _NAMED
        if left > 0:
            lines.append("  " + tr_n("and {count} more", "and {count} more", left))
    return lines
