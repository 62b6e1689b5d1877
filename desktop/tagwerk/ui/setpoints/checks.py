"""The guard's findings in the write dialog, with the questions that want an answer."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.words import LEVEL_LOOK, outcome_word, say
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import CheckBox
from tagwerk.write.guard import Check, Level
from tagwerk.write.request import WriteResult


class ChecksList(QFrame):
    """The findings of the guard below each other; questions have a box or a button."""

    def __init__(self, answer: Callable[[str, bool], None], keep_mine: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("writeChecks")
        self._answer, self._keep_mine = answer, keep_mine
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(4))

    def show_checks(self, checks: tuple[Check, ...], accepted: frozenset[str]) -> None:
        """Show findings anew; the keyboard stays on a question that is still there."""
        codes = [w.property("check") for w in self.findChildren(QWidget) if w.hasFocus()]
        self._clear()
        for check in checks:
            self._add(self._line(check, check.code in accepted))
        for box in self.findChildren(CheckBox) if codes else ():
            if box.property("check") == codes[0]:
                box.setFocus()

    def show_result(self, result: WriteResult, text: str, icon_name: str, role: str) -> None:
        """Show the outcome in place of the findings."""
        self._clear()
        self._add(_icon_line(icon_name, role, outcome_word(result.outcome), role, 600))
        if text:
            self._add(Label(text, 13, 400, "text", wrap=True))

    def _add(self, line: QWidget) -> None:
        self._column.addWidget(line)
        # At once, or a visible dialog would show a gap until the next turn of the loop.
        line.setVisible(True)

    def _clear(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.setParent(None)
                widget.deleteLater()

    def _line(self, check: Check, is_accepted: bool) -> QWidget:
        icon_name, role = LEVEL_LOOK[check.level]
        text = say(check.text)
        is_question = check.level is Level.ASK or is_accepted
        line = _icon_line(icon_name, role, text, "text" if check.level is Level.OK else role)
        line.setAccessibleName(f"{check.level.value}: {text}")
        if not is_question:
            return line
        layout = line.layout()
        if layout is None:
            return line
        if check.code == "changed" and check.level is Level.ASK:
            button = PushButton(tr("Keep mine"), height=24)
            button.setObjectName("keepMine")
            button.setProperty("check", check.code)
            button.clicked.connect(self._keep_mine)
            layout.addWidget(button)
        else:
            box = CheckBox(tr("Write all the same"))
            box.setObjectName(f"accept_{check.code}")
            box.setProperty("check", check.code)
            box.setChecked(is_accepted)
            # Answered later, so that the line is not rebuilt under its own signal.
            box.toggled.connect(
                lambda on, code=check.code: QTimer.singleShot(
                    0, self, lambda: self._answer(code, on)
                )
            )
            layout.addWidget(box)
        return line


def _icon_line(icon_name: str, icon_role: str, text: str, role: str, weight: int = 400) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme().px(8))
    row.addWidget(IconLabel(icon_name, 15, icon_role), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(Label(text, 13, weight, role, wrap=True), 1)
    return line
