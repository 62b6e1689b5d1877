"""The explicit, timed act of arming."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.dialogs import Dialog
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton, Segmented
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.write.arming import CHOICES_S, DEFAULT_S


class ArmDialog(Dialog):
    """Asks for how long writing is allowed.

    Args:
        server: name of the connection and where it is.
        user: who will have written.
        parent: usually the panel.

    Signals:
        armed: seconds.
    """

    armed = Signal(int)

    def __init__(self, server: str, user: str, parent: QWidget) -> None:
        super().__init__(tr("Arm writing"), "armDialog", parent)
        self._seconds = DEFAULT_S
        self.body_layout.addWidget(
            Label(tr("Allow writing to {server}?", server=server), 16, 600, wrap=True)
        )
        self.body_layout.addWidget(
            Label(
                tr(
                    "Each write is still shown and confirmed, and goes into the audit as {user}. "
                    "Writing is locked again when the time is over, when the link is lost and "
                    "when you lock it.",
                    user=user or tr("this user"),
                ),
                13,
                400,
                "text2",
                wrap=True,
            )
        )
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        row.addWidget(Label(tr("For"), 13, 400, "text2"))
        choices = [(str(s), tr("{minutes} min", minutes=s // 60)) for s in CHOICES_S]
        self.duration = Segmented(choices, str(DEFAULT_S), tr("Duration"))
        self.duration.setObjectName("armDuration")
        self.duration.chosen.connect(self._chosen)
        row.addWidget(self.duration)
        row.addStretch(1)
        self.body_layout.addLayout(row)
        self.body_layout.addStretch(1)
        self.footer.set_state("lock", tr("Read-only"))
        self.cancel_button = PushButton(tr("Cancel"))
        self.cancel_button.setObjectName("armCancel")
        self.cancel_button.clicked.connect(self.reject)
        self.arm_button = PushButton(kind="primary", icon_name="lock-open")
        self.arm_button.setObjectName("armConfirm")
        self.arm_button.clicked.connect(self._arm)
        self.footer.add(self.cancel_button, self.arm_button)
        self._chosen(str(DEFAULT_S))
        self.setTabOrder(self.cancel_button, self.arm_button)
        self.resize(theme().px(480), theme().px(230))
        self.cancel_button.setFocus()

    def _chosen(self, key: str) -> None:
        self._seconds = int(key)
        text = tr("Arm for {minutes} min", minutes=self._seconds // 60)
        self.arm_button.setText(text)
        self.arm_button.setAccessibleName(text)
        self.arm_button.updateGeometry()

    def _arm(self) -> None:
        self.armed.emit(self._seconds)
        self.accept()
