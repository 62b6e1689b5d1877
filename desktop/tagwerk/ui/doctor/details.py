"""What is behind a check of the doctor: why, what to do, the command, until then, the certificate."""

from __future__ import annotations

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.connection import Certificate, Step
from tagwerk.export.probe_report import certificate_rows
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area

_FINGERPRINT = re.compile(r"(?:[0-9A-F]{2}:){15,}[0-9A-F]{2}")


class CommandBox(QWidget):
    """A command line to be copied, with its button."""

    def __init__(self, command: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(8))
        self.field = LineField(
            name=tr("Command to run on the computer that the steps name"), height=26
        )
        self.field.setText(command)
        self.field.setObjectName("doctorCommand")
        self.field.setReadOnly(True)
        self.field.setCursorPosition(0)
        self.field.setFont(theme().font(12, mono=True))
        self.copy = PushButton(tr("Copy"), "copy", height=26)
        self.copy.setObjectName("doctorCopyCommand")
        self.copy.setAccessibleName(tr("Copy the command"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(command))
        row.addWidget(self.field, 1)
        row.addWidget(self.copy)


class CheckDetails(Area):
    """What is behind a row: the whole text, why, what to do, until then."""

    def __init__(
        self, step: Step, certificate: Certificate | None, *, with_detail: bool = True
    ) -> None:
        super().__init__("panel", lines="bottom", line_role="hairline")
        self.setObjectName(f"doctorDetails_{step.step.value}")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(theme().px(41), theme().px(14), theme().px(20), theme().px(16))
        self._box.setSpacing(theme().px(4))
        if with_detail:
            self._text(tr_message(step.detail), "text")
        if step.meaning:
            self._head(tr("Why"))
            self._text(tr_message(step.meaning))
        if step.actions:
            self._head(tr("What to do"))
            self._actions([tr_message(action) for action in step.actions])
        elif step.cure:
            self._head(tr("What to do"))
            self._text(tr_message(step.cure))
        if step.command:
            self._box.addSpacing(theme().px(8))
            self._box.addWidget(CommandBox(step.command))
        if step.until_then:
            self._head(tr("Until then"))
            self._text(tr_message(step.until_then))
        if certificate is not None:
            self._head(tr("Certificate"))
            self._facts(certificate_rows(certificate, tr_message))

    def _head(self, text: str) -> None:
        self._box.addSpacing(theme().px(8))
        self._box.addWidget(Label(text, 13, 600))

    def _text(self, text: str, role: str = "text2") -> None:
        label = Label(_breakable(text), 13, 400, role, wrap=True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._box.addWidget(label)

    def _actions(self, actions: list[str]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(10))
        grid.setVerticalSpacing(theme().px(4))
        grid.setColumnStretch(1, 1)
        for row, action in enumerate(actions):
            number = Label(f"{row + 1}.", 13, 400, "text3")
            grid.addWidget(number, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(Label(action, 13, 400, "text", wrap=True), row, 1)
        self._box.addLayout(grid)

    def _facts(self, rows: list[tuple[str, str]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(16))
        grid.setVerticalSpacing(theme().px(2))
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(rows):
            grid.addWidget(Label(name, 13, 400, "text2"), row, 0, Qt.AlignmentFlag.AlignTop)
            mono = name == "SHA-256"
            label = Label(_breakable(text), 12 if mono else 13, 400, "text", wrap=True, mono=mono)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, row, 1)
        self._box.addLayout(grid)


def _breakable(text: str) -> str:
    """The text with fingerprints that can be broken into lines."""
    return _FINGERPRINT.sub(lambda found: found[0].replace(":", " "), text)
