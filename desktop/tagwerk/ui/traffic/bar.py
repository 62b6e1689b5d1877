"""The row above the traffic table (search and chips) and the line below it (memory, secrets)."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tagwerk.domain.traffic import TrafficKind
from tagwerk.store.traffic import TrafficFilter
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import IconLabel, Label
from tagwerk.ui.widgets.fields import LineField
from tagwerk.ui.widgets.painting import Area

_TYPING_MS = 150
_SEARCH_WIDTH = 230
_LEAST_SEARCH = 110


class SearchField(LineField):
    """The search: Escape empties it, then gives the keyboard back; Down goes into the table."""

    left = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
            return
        super().keyPressEvent(event)


class TrafficBar(Area):
    """Search and chips.

    Signals:
        changed: another filter; for typing a moment later, so that each letter is not a search.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="bottom", line_role="hairline")
        self.setObjectName("trafficBar")
        tokens = theme()
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.px(8), 0, tokens.px(8), 0)
        row.setSpacing(tokens.px(6))
        self.search = SearchField(
            tr("Operation, address or text"), "search", height=24, name=tr("Search traffic")
        )
        self.search.setObjectName("trafficSearch")
        row.addWidget(self.search, 1)
        self.problems = self._chip(row, "trafficChipProblems", tr("Errors only"), "circle-alert")
        self.requests = self._chip(row, "trafficChipRequests", tr("Requests"))
        self.socket = self._chip(row, "trafficChipSocket", tr("Socket"))
        self.events = self._chip(row, "trafficChipEvents", tr("Events"))
        row.addStretch(3)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda _text: self._typing.start())
        self._dress()
        theme().changed.connect(self._dress)

    def _chip(self, row: QHBoxLayout, name: str, text: str, icon_name: str = "") -> PushButton:
        chip = PushButton(text, icon_name, "chip", self)
        chip.setObjectName(name)
        chip.toggled.connect(lambda _on: self.changed.emit())
        row.addWidget(chip)
        return chip

    @property
    def chips(self) -> tuple[PushButton, ...]:
        """All of them, from left to right."""
        return self.problems, self.requests, self.socket, self.events

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(36))
        self.search.setMaximumWidth(theme().px(_SEARCH_WIDTH))
        self.search.setMinimumWidth(theme().px(_LEAST_SEARCH))

    def wanted(self) -> TrafficFilter:
        """The filter that is set."""
        kinds: set[TrafficKind] = set()
        if self.requests.isChecked():
            kinds.add(TrafficKind.HTTP)
        if self.socket.isChecked():
            kinds |= {TrafficKind.SENT, TrafficKind.RECEIVED}
        if self.events.isChecked():
            kinds.add(TrafficKind.EVENT)
        return TrafficFilter(
            self.search.text().strip(), self.problems.isChecked(), frozenset(kinds)
        )

    def set_wanted(self, wanted: TrafficFilter) -> None:
        """Show a filter, with one signal."""
        for chip, on in (
            (self.problems, wanted.problems_only),
            (self.requests, TrafficKind.HTTP in wanted.kinds),
            (self.socket, TrafficKind.SENT in wanted.kinds),
            (self.events, TrafficKind.EVENT in wanted.kinds),
        ):
            chip.blockSignals(True)
            chip.setChecked(on)
            chip.blockSignals(False)
        self.search.setText(wanted.text)
        self._typing.stop()
        self.changed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Chips that do not fit go from the right; the context menu has them all."""
        super().resizeEvent(event)
        used = theme().px(16 + 6 + _LEAST_SEARCH)
        for chip in self.chips:
            used += chip.sizeHint().width() + theme().px(6)
            chip.setVisible(used <= self.width())


class TrafficFoot(Area):
    """How much is kept, and that nothing secret is in it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="top", line_role="hairline")
        self.setObjectName("trafficFoot")
        tokens = theme()
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.px(10), 0, tokens.px(10), 0)
        row.setSpacing(tokens.px(6))
        self.kept = Label("", 12, 400, "text2")
        self.kept.setObjectName("trafficKept")
        self.kept.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.kept, 1)
        row.addWidget(IconLabel("lock", 13, "text3"))
        secrets = Label(tr("Secrets are blacked out"), 12, 400, "text2")
        secrets.setObjectName("trafficSecrets")
        secrets.setMinimumWidth(0)
        row.addWidget(secrets)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(24))

    def show_text(self, text: str) -> None:
        """What is kept."""
        if text != self.kept.text():
            self.kept.setText(text)
            self.kept.setToolTip(text)
