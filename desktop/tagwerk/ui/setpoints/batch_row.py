"""One row of the staged values' dialog: what is asked, the verdict, later the outcome."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout

from tagwerk.domain.tags import TagInfo
from tagwerk.domain.text import format_number
from tagwerk.domain.values import Sample
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.setpoints.words import (
    LEVEL_LOOK,
    OUTCOME_LOOK,
    change_amount,
    outcome_word,
    say,
    value_text,
)
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import CheckBox
from tagwerk.write.guard import Verdict
from tagwerk.write.request import WriteRequest, WriteResult


class BatchRow:
    """The widgets of one row."""

    def __init__(self, request: WriteRequest, label: str, info: TagInfo) -> None:
        self.request = request
        self.info = info
        self.waits = False
        self._verdict: Verdict | None = None
        self.box = CheckBox("")
        self.box.setChecked(True)
        self.box.setAccessibleName(tr("Write {tag}", tag=request.name))
        self.box.setObjectName(f"batchUse_{request.name}")
        self._name = Label(label, 13, 500)
        self._name.setToolTip(request.name)
        self._live = Label("", 13, 500)
        self._new = Label(value_text(request.value, info), 13, 600, "accent")
        self._change = Label("", 12, 400, "text2")
        self._icon = IconLabel("check", 15)
        self._text = Label("", 13, 400, "text", wrap=True)
        self.button = PushButton(tr("Keep mine"), height=24)
        self.button.setObjectName(f"batchAccept_{request.name}")
        self.button.hide()
        for label_widget in (self._live, self._new):
            label_widget.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def put_into(self, grid: QGridLayout, place: int) -> None:
        """Take a row of the grid."""
        verdict = QHBoxLayout()
        verdict.setSpacing(theme().px(8))
        verdict.addWidget(self._icon)
        verdict.addWidget(self._text, 1)
        grid.addWidget(self.box, place, 0)
        grid.addWidget(self._name, place, 1)
        grid.addWidget(self._live, place, 2)
        grid.addWidget(self._new, place, 3)
        grid.addWidget(Label(self.info.unit, 13, 400, "text3"), place, 4)
        grid.addWidget(self._change, place, 5)
        grid.addLayout(verdict, place, 6)
        grid.addWidget(self.button, place, 7)

    @property
    def is_ready(self) -> bool:
        """Chosen, and nothing in the way."""
        return self.box.isChecked() and self._verdict is not None and self._verdict.allowed

    def show_live(self, sample: Sample | None, stale: bool) -> None:
        value = sample.value if sample is not None else None
        _set_text(self._live, value_text(value, self.info))
        self._live.set_role("stale" if stale else "text")
        _set_text(self._change, change_amount(value, self.request.value, self.info))

    def show_verdict(self, verdict: Verdict) -> None:
        if self._verdict is not None and verdict.checks == self._verdict.checks:
            return
        self._verdict = verdict
        worst = verdict.worst
        if worst is None:
            self._show("check", "text2", tr("Ready"), "text")
        else:
            icon_name, role = LEVEL_LOOK[worst.level]
            self._show(icon_name, role, say(worst.text), role)
        self.box.setEnabled(not verdict.blocks)
        if verdict.blocks:
            self.box.setChecked(False)
        asks = not verdict.blocks and bool(verdict.asks)
        changed = asks and any(check.code == "changed" for check in verdict.asks)
        text = tr("Keep mine") if changed else tr("Write all the same")
        if text != self.button.text():
            self.button.setText(text)
            self.button.updateGeometry()
        self.button.setVisible(asks)

    def accept_questions(self, sample: Sample | None) -> None:
        """Yes to what is asked now."""
        asks = self._verdict.asks if self._verdict is not None else ()
        codes = {check.code for check in asks}
        if "changed" in codes:
            self.request = self.request.seeing(sample)
        else:
            self.request = self.request.accepting(codes)

    def lock(self, *, waits: bool) -> None:
        """The batch runs: no more changes."""
        self.waits = waits
        self.box.setEnabled(False)
        self.button.hide()
        if waits:
            self._show("", "text2", tr("waits"), "text2")

    def show_phase(self, word: str) -> None:
        self._show("loader-circle", "accent", word, "accent")

    def show_untouched(self) -> None:
        self._show("", "text2", tr("not written, stays staged"), "text2")

    def show_result(self, result: WriteResult) -> None:
        icon_name, role = OUTCOME_LOOK[result.outcome]
        text = outcome_word(result.outcome)
        if result.detail:
            text = f"{text}: {say(result.detail)}"
        else:
            seconds = format_number(result.took_s, 2, number_style())
            text = f"{text}, {seconds} s"
        if result.audit_error:
            text = f"{text} {say(result.audit_error)}"
        self._show(icon_name, role, text, role)
        if result.read_back is not None:
            _set_text(self._live, value_text(result.read_back, self.info))

    def _show(self, icon_name: str, icon_role: str, text: str, role: str) -> None:
        self._icon.set_icon(icon_name, icon_role)
        self._text.set_role(role)
        _set_text(self._text, text)


def _set_text(label: Label, text: str) -> None:
    if label.text() != text:
        label.setText(text)
