"""The welcome page: try the demo plant, connect to a plant, go on with a recent connection.

It shows and emits; starting and connecting is `connect_flow`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tagwerk import __version__
from tagwerk.ui.connect_list import ConnectionList
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.welcome_drawing import Logo, PlantDrawing
from tagwerk.ui.widgets.busy import BusyRing
from tagwerk.ui.widgets.buttons import IconButton, PushButton, Segmented
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import ChoiceBox, LineField
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

if TYPE_CHECKING:
    from tagwerk.domain.connection import ConnectionProfile

MAX_WIDTH = 1280
_ONE_COLUMN_BELOW = 860
_RECENT = 5


class _DashedBox(QWidget):
    """A dashed frame that says what will appear here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(10)
        row.addWidget(IconLabel("clock", 16))
        row.addWidget(Label(text, 13, 400, "text2", wrap=True), 1)
        theme().changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setPen(QPen(theme().color("border"), 1, Qt.PenStyle.DashLine))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class WelcomePage(QScrollArea):
    """Object name ``welcomePage``.

    Signals:
        demo_requested, demo_cancelled: start the demo plant; stop starting it.
        connect_requested: what was typed, may be "".
        profile_requested: a recent `ConnectionProfile`.
        manage_requested: show all saved connections.
        examine_requested: a saved `ConnectionProfile`, or the address that was typed (a text): the
            connection doctor shall look at it.
        language_chosen, theme_chosen, density_chosen: the key.
    """

    demo_requested = Signal()
    demo_cancelled = Signal()
    connect_requested = Signal(str)
    profile_requested = Signal(object)
    manage_requested = Signal()
    examine_requested = Signal(object)
    language_chosen = Signal(str)
    theme_chosen = Signal(str)
    density_chosen = Signal(str)

    def __init__(self, language: str, mode: str, density: str) -> None:
        super().__init__()
        self.setObjectName("welcomePage")
        self.setAccessibleName(tr("Welcome"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(self)
        page = Area("panel")
        outer = QHBoxLayout(page)
        outer.setContentsMargins(theme().px(32), theme().px(24), theme().px(32), theme().px(24))
        column = QWidget()
        column.setMaximumWidth(theme().px(MAX_WIDTH))
        outer.addStretch(1)
        outer.addWidget(column, 1000)
        outer.addStretch(1)
        box = QVBoxLayout(column)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addStretch(1)
        box.addLayout(self._head())
        box.addSpacing(theme().px(28))
        self._cards = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._cards.setSpacing(theme().px(24))
        self._cards.addWidget(self._demo_card(), 1)
        right = QVBoxLayout()
        right.setSpacing(theme().px(24))
        right.addWidget(self._connect_card())
        right.addWidget(self._recent_card(), 1)
        self._cards.addLayout(right, 1)
        box.addLayout(self._cards)
        box.addSpacing(theme().px(28))
        box.addLayout(self._promises())
        box.addStretch(3)
        box.addLayout(self._choices(language, mode, density))
        self.setWidget(page)
        self.set_busy(False)

    # What is on it.

    @staticmethod
    def _head() -> QLayout:
        head = QVBoxLayout()
        head.setSpacing(theme().px(10))
        row = QHBoxLayout()
        row.setSpacing(theme().px(16))
        row.addWidget(Logo(theme().px(38)))
        name = Label("Tagwerk", 26, 600)
        name.setAccessibleName("Tagwerk")
        row.addWidget(name)
        row.addStretch(1)
        head.addLayout(row)
        head.addWidget(
            Label(
                tr("The commissioning desk for WinCC: browse, trend, write with care, work the alarms, keep the evidence."),
                15, 400, "text2", wrap=True,
            )
        )  # fmt: skip
        return head

    @staticmethod
    def _card(title: str, text: str) -> tuple[Area, QVBoxLayout]:
        card = Area("base", lines="all")
        box = QVBoxLayout(card)
        pad = theme().px(24)
        box.setContentsMargins(pad, pad, pad, pad)
        box.setSpacing(theme().px(8))
        box.addWidget(Label(title, 16, 600))
        if text:
            box.addWidget(Label(text, 13, 400, "text2", wrap=True))
            box.addSpacing(theme().px(6))
        return card, box

    def _demo_card(self) -> QWidget:
        card, box = self._card(
            tr("Try the demo plant"),
            tr("A dosing and cooling skid with some 300 tags, alarms and a day of history. It runs on this computer and needs no network."),
        )  # fmt: skip
        self.drawing = PlantDrawing()
        box.addWidget(self.drawing, 1)
        row = QHBoxLayout()
        row.setSpacing(theme().px(12))
        self.demo_button = PushButton(tr("Start the demo plant"), "play", "primary", height=38)
        self.demo_button.setObjectName("startDemo")
        self.demo_button.clicked.connect(lambda _checked=False: self.demo_requested.emit())
        self.ring = BusyRing()
        self.cancel_button = PushButton(tr("Cancel"))
        self.cancel_button.setObjectName("cancelDemo")
        self.cancel_button.clicked.connect(lambda _checked=False: self.demo_cancelled.emit())
        self.demo_note = Label("", 13, 400, "text2", wrap=True)
        self.demo_note.setObjectName("demoNote")
        row.addWidget(self.demo_button)
        row.addWidget(self.ring)
        row.addWidget(self.demo_note, 1)
        row.addWidget(self.cancel_button)
        box.addLayout(row)
        return card

    def _connect_card(self) -> QWidget:
        card, box = self._card(
            tr("Connect to a plant"),
            tr("Paste the name of the WinCC server. Tagwerk finds out which interface it has, shows its certificate and asks before it trusts it."),
        )  # fmt: skip
        row = QHBoxLayout()
        row.setSpacing(theme().px(8))
        self.address = LineField(
            tr("Host name or address, e.g. skid21-hmi.halle3.local"), "server", height=36
        )
        self.address.setObjectName("welcomeAddress")
        self.address.returnPressed.connect(self._connect)
        self.connect_button = PushButton(tr("Connect…"), height=36)
        self.connect_button.setObjectName("welcomeConnect")
        self.connect_button.clicked.connect(lambda _checked=False: self._connect())
        self.examine_button = IconButton(
            "stethoscope", tr("Connection doctor: find out why a server cannot be reached"), side=36
        )
        self.examine_button.setObjectName("welcomeExamine")
        self.examine_button.clicked.connect(
            lambda _checked=False: self.examine_requested.emit(self.address.text().strip())
        )
        row.addWidget(self.address, 1)
        row.addWidget(self.connect_button)
        row.addWidget(self.examine_button)
        box.addLayout(row)
        note = QHBoxLayout()
        note.setSpacing(theme().px(8))
        note.addWidget(IconLabel("shield-check", 15), 0, Qt.AlignmentFlag.AlignTop)
        note.addWidget(
            Label(
                tr("Opens read-only. Passwords stay in the keyring of this computer."),
                13, 400, "text2", wrap=True,
            ), 1,
        )  # fmt: skip
        box.addLayout(note)
        return card

    def _recent_card(self) -> QWidget:
        card, box = self._card(tr("Continue"), "")
        self.no_recent = _DashedBox(tr("Connections that you use appear here."))
        box.addWidget(self.no_recent)
        self.recent = ConnectionList()
        self.recent.opened.connect(self.profile_requested)
        self.recent.examined.connect(self.examine_requested)
        box.addWidget(self.recent)
        self.all_button = PushButton(tr("All connections…"), "list")
        self.all_button.setObjectName("allConnections")
        self.all_button.clicked.connect(lambda _checked=False: self.manage_requested.emit())
        self.all_button.hide()
        box.addWidget(self.all_button, 0, Qt.AlignmentFlag.AlignLeft)
        box.addStretch(1)
        return card

    @staticmethod
    def _promises() -> QLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme().px(24))
        promises = (
            ("keyboard", tr("Everything by keyboard"), tr("Ctrl+K finds commands and tags.")),
            ("hand", tr("Nothing is written by accident"),
             tr("Arm, check, confirm. Each write is read back.")),
            ("file-clock", tr("Evidence"),
             tr("Each write is recorded with old value, new value, who and why.")),
        )  # fmt: skip
        for index, (icon_name, title, text) in enumerate(promises):
            cell = QHBoxLayout()
            cell.setSpacing(theme().px(12))
            cell.addWidget(IconLabel(icon_name, 18), 0, Qt.AlignmentFlag.AlignTop)
            words = QVBoxLayout()
            words.setSpacing(theme().px(2))
            words.addWidget(Label(title, 13, 600, wrap=True))
            words.addWidget(Label(text, 13, 400, "text2", wrap=True))
            words.addStretch(1)
            cell.addLayout(words, 1)
            grid.addLayout(cell, 0, index)
            grid.setColumnStretch(index, 1)
        return grid

    def _choices(self, language: str, mode: str, density: str) -> QLayout:
        self._choice_row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._choice_row.setSpacing(theme().px(32))

        def group(text: str, widget: QWidget) -> None:
            row = QHBoxLayout()
            row.setSpacing(theme().px(12))
            row.addWidget(Label(text, 13, 400, "text2"))
            row.addWidget(widget)
            self._choice_row.addLayout(row)

        self.language_box = ChoiceBox(tr("Language"))
        self.language_box.setObjectName("welcomeLanguage")
        for code, name in (("en", "English"), ("de", "Deutsch")):
            self.language_box.addItem(name, code)
        self.language_box.setCurrentIndex(self.language_box.findData(language))
        self.language_box.activated.connect(
            lambda index: self.language_chosen.emit(self.language_box.itemData(index))
        )
        group(tr("Language"), self.language_box)
        self.theme_choice = Segmented(
            (("system", tr("System")), ("light", tr("Light")), ("dark", tr("Dark"))),
            mode, tr("Appearance"),
        )  # fmt: skip
        self.theme_choice.setObjectName("welcomeAppearance")
        self.theme_choice.chosen.connect(self.theme_chosen)
        group(tr("Appearance"), self.theme_choice)
        self.density_choice = Segmented(
            (("compact", tr("Compact")), ("normal", tr("Normal")), ("gloves", tr("Gloves"))),
            density, tr("Row height"),
        )  # fmt: skip
        self.density_choice.setObjectName("welcomeRowHeight")
        self.density_choice.chosen.connect(self.density_chosen)
        group(tr("Row height"), self.density_choice)
        self._choice_row.addStretch(1)
        self._choice_row.addWidget(
            Label(tr("{version} · MIT licence", version=__version__), 13, 400, "text2")
        )
        return self._choice_row

    # What it shows.

    def _connect(self) -> None:
        self.connect_requested.emit(self.address.text().strip())

    def set_recent(self, profiles: Sequence[ConnectionProfile], at_top: Sequence[str] = ()) -> None:
        """Show the connections kept at the top and the last used ones, newest first."""
        self.no_recent.setVisible(not profiles)
        self.recent.show_connections(profiles[:_RECENT], at_top)
        self.all_button.setVisible(len(profiles) > _RECENT)
        self.all_button.setText(tr("All {count} connections…", count=len(profiles)))

    def set_busy(self, busy: bool, note: str = "") -> None:
        """The demo plant is being started, or not; `note` says how far."""
        self.demo_button.setEnabled(not busy)
        self.ring.setVisible(busy)
        self.cancel_button.setVisible(busy)
        self.demo_note.set_role("text2")
        self.demo_note.setText(note or ("" if busy else tr("Ready in about 2 s")))

    def set_error(self, text: str) -> None:
        """The demo plant could not be started."""
        self.set_busy(False, " ".join(text.split()))
        self.demo_note.set_role("bad")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # The own width: without a frame it is the viewport's, for which Qt's whole family of widgets
        # would have to be known to Python, and the first picture waits for that.
        narrow = self.width() < theme().px(_ONE_COLUMN_BELOW)
        down, right = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._cards.setDirection(down if narrow else right)
        self._choice_row.setDirection(down if narrow else right)
        self._choice_row.setSpacing(theme().px(12 if narrow else 32))
