"""The page in place of the tree: no plant, nothing read yet, refused, nothing found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tagwerk.domain.connection import LinkState
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import EmptyState
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area

if TYPE_CHECKING:
    from tagwerk.plant import Plant


class BrowserStates(Area):
    """What the tag browser shows when there is no row.

    Signals:
        again: browse again.
        sheet_wanted: take the names of the tag sheet.
        name_typed: a tag's name typed by the user.
    """

    again = Signal()
    sheet_wanted = Signal()
    name_typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self.setObjectName("tagStates")
        self._shown = ""
        self._empty = EmptyState("folder-tree", "", parent=self)
        self._empty.setObjectName("tagEmpty")
        self._name = LineField(tr("Full name of a tag"), "plus", name=tr("Full name of a tag"))
        self._name.setObjectName("tagDirectName")
        self._name.returnPressed.connect(self._tell_name)
        self._take = PushButton(tr("Show"))
        self._take.setObjectName("tagDirectShow")
        self._take.clicked.connect(self._tell_name)
        self._direct = QWidget(self)
        row = QHBoxLayout(self._direct)
        margin = theme().px(16)
        row.setContentsMargins(margin, 0, margin, margin)
        row.addWidget(self._name, 1)
        row.addWidget(self._take)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addWidget(self._empty, 1)
        lines.addWidget(self._direct, 0, Qt.AlignmentFlag.AlignBottom)
        self._direct.hide()

    def show_plant(
        self, plant: Plant | None, *, has_rows: bool, can_browse: bool, searched: str
    ) -> bool:
        """Choose what to say; False when the tree is to be shown instead.

        Args:
            searched: what was searched for without a hit, "" otherwise.
        """
        if plant is None:
            self._no_plant()
        elif searched and len(plant.tree):
            self._nothing_found(searched)
        elif has_rows:
            self._shown = ""
            return False
        elif plant.browse_state.running:
            self._say(
                "busy", "loader-circle", tr("Reading names"), tr("The first appear in a moment.")
            )
        elif not can_browse:
            self._no_browse(plant)
        elif plant.browse_state.error:
            self._failed(plant)
        elif plant.browse_state.done:
            self._no_tags(plant)
        else:
            self._waiting(plant)
        return True

    def _say(
        self,
        key: str,
        icon_name: str,
        title: str,
        text: str = "",
        *,
        role: str = "text2",
        direct: bool = False,
    ) -> bool:
        """Show one state; True when it was another one before (buttons are to be made)."""
        self._empty.set_state(icon_name, title, text, icon_role=role)
        self._direct.setVisible(direct)
        if key == self._shown:
            return False
        self._shown = key
        self._empty.set_buttons([])
        return True

    def _no_plant(self) -> None:
        text = tr("Connect to see its tags, or try the demo plant.")
        if self._say("none", "folder-tree", tr("No plant yet"), text):
            self._empty.set_buttons(
                [
                    *self._command("file.connect", tr("Connect…"), "plug", "primary"),
                    *self._command("file.demo", tr("Start the demo plant"), "play", "plain"),
                ]
            )

    def _waiting(self, plant: Plant) -> None:
        live = plant.status.state in (LinkState.LIVE, LinkState.BROWSING)
        if live:
            title, text = tr("Names were not read to the end"), tr("Reading them was cancelled.")
        else:
            title, text = tr("No names yet"), tr("They are read as soon as the connection is up.")
        if self._say(f"waiting:{live}", "folder-tree", title, text, direct=live) and live:
            self._empty.set_buttons([self._again_button(), *self._sheet_button(plant)])

    def _failed(self, plant: Plant) -> None:
        state = plant.browse_state
        text = " ".join(filter(None, (tr_message(state.error), tr_message(state.cure))))
        title = tr("The names could not be read")
        if self._say("failed", "ban", title, text, role="bad", direct=True):
            self._empty.set_buttons(
                [
                    self._again_button(),
                    *self._sheet_button(plant),
                    *self._command("connection.sign_in_as", tr("Sign in as…"), "user", "plain"),
                ]
            )

    def _no_browse(self, plant: Plant) -> None:
        text = tr(
            "Type a tag's full name below, or take the names of the tag sheet. Both work as from the tree."
        )
        title = tr("This server does not tell its names")
        if self._say("no_browse", "info", title, text, direct=True):
            self._empty.set_buttons(self._sheet_button(plant))

    def _no_tags(self, plant: Plant) -> None:
        text = tr("The server has no tags that this user may see.")
        if self._say("no_tags", "folder-tree", tr("No tags"), text, direct=True):
            self._empty.set_buttons(
                [
                    self._again_button(),
                    *self._command("connection.sign_in_as", tr("Sign in as…"), "user", "plain"),
                ]
            )

    def _nothing_found(self, searched: str) -> None:
        title = tr("Nothing matches “{text}”", text=searched)
        text = tr(
            "Names and display names were searched. * stands for any characters, ? for one, a space for “and”."
        )
        self._say("nothing", "folder-search", title, text)

    def _again_button(self) -> PushButton:
        button = PushButton(tr("Try again"), "refresh-cw")
        button.setObjectName("tagStateAgain")
        button.clicked.connect(self.again)
        return button

    def _sheet_button(self, plant: Plant) -> list[PushButton]:
        if not len(plant.sheet):
            return []
        button = PushButton(tr("Take the tag sheet's names"), "upload")
        button.setObjectName("tagStateSheet")
        button.clicked.connect(self.sheet_wanted)
        return [button]

    def _command(self, name: str, text: str, icon_name: str, kind: str) -> list[PushButton]:
        """A button for one of the window's own commands; none where the window has none."""
        action = self.window().findChild(QAction, name)
        if action is None:
            return []
        button = PushButton(text, icon_name, kind)
        button.setObjectName(f"tagState.{name}")
        button.clicked.connect(action.trigger)
        return [button]

    def _tell_name(self) -> None:
        if self._name.text().strip():
            self.name_typed.emit(self._name.text())
            self._name.clear()
