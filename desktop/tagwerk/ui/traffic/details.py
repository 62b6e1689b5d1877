"""One record in full: where to, how it went, request and answer made readable."""

from __future__ import annotations

import json

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QTextOption
from PySide6.QtWidgets import (
    QFrame,
    QPlainTextEdit,
    QSplitter,
    QSplitterHandle,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.text import EM_DASH, format_time
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.theme import theme
from tagwerk.ui.traffic.cells import KIND_TEXTS, Column, cell_text, what_text
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

_STEP = "  "
MOST_SHOWN = 8192 - 64
"""Texts of about this length were cut by the wiretap; blacking out shortens them a little."""


def readable(text: str) -> str:
    """JSON with line ends and indents; a GraphQL document as it was written, then its variables.

    What is no JSON, or was cut off, is indented as far as it goes and never changed otherwise.
    """
    try:
        found = json.loads(text)
    except ValueError:
        return _indented(text) if text.lstrip()[:1] in ("{", "[") else text
    inner = found.get("payload", found) if isinstance(found, dict) else None
    if isinstance(inner, dict) and isinstance(inner.get("query"), str):
        document = inner.pop("query").strip()
        return f"{document}\n\n{json.dumps(found, indent=2, ensure_ascii=False)}"
    return json.dumps(found, indent=2, ensure_ascii=False)


def _indented(text: str) -> str:
    """Line ends behind brackets and commas outside of strings; works on the first half of JSON."""
    parts: list[str] = []
    depth = 0
    is_text = is_escaped = False
    for char in text:
        if is_text:
            parts.append(char)
            if is_escaped:
                is_escaped = False
            elif char == "\\":
                is_escaped = True
            elif char == '"':
                is_text = False
        elif char == '"':
            is_text = True
            parts.append(char)
        elif char in "{[":
            depth += 1
            parts += [char, "\n", _STEP * depth]
        elif char in "}]":
            depth = max(depth - 1, 0)
            parts += ["\n", _STEP * depth, char]
        elif char == ",":
            parts += [char, "\n", _STEP * depth]
        elif char == ":":
            parts += [char, " "]
        elif not char.isspace():
            parts.append(char)
    return "".join(parts)


def full_text(exchange: Exchange) -> str:
    """All that is known of a record, as it is shown and copied."""
    head = [f"{tr_message(KIND_TEXTS[exchange.kind])}: {what_text(exchange)}"]
    head.append(format_time(exchange.at_ns, zone=None))
    if exchange.url:
        head.append(exchange.url)
    facts = [
        (tr("Status"), cell_text(exchange, Column.STATUS)),
        (tr("Sent"), cell_text(exchange, Column.SENT)),
        (tr("Received"), cell_text(exchange, Column.RECEIVED)),
    ]
    numbers = [f"{name} {text}" for name, text in facts if text != EM_DASH]
    if exchange.ms:
        numbers.append(f"{cell_text(exchange, Column.MS)} ms")
    if numbers:
        head.append(" · ".join(numbers))
    head += [tr_message(said) for said in (exchange.problem, exchange.note) if said]
    parts = ["\n".join(head)]
    for title, text, size in (
        (tr("Request"), exchange.request, exchange.sent_bytes),
        (tr("Answer"), exchange.answer, exchange.received_bytes),
    ):
        if text:
            parts.append(f"── {title} ──\n{readable(text)}{_cut_note(text, size)}")
    if exchange.kind is TrafficKind.HTTP and not exchange.answer and not exchange.problem:
        parts.append(tr("The answer is empty."))
    return "\n\n".join(parts)


def _cut_note(text: str, size: int) -> str:
    """Says that there was more; the size counts bytes, so umlauts alone are no cut."""
    if len(text) < MOST_SHOWN or size <= len(text):
        return ""
    return "\n" + tr("… cut: {count} bytes in all", count=size)


class TrafficDetails(Area):
    """The pane beside the table.

    Signals:
        left: Escape, the keyboard goes back to the table.
    """

    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("base", parent)
        self.setObjectName("trafficDetails")
        self._shown: Exchange | None = None
        self.text = _Text(self)
        self.text.setObjectName("trafficText")
        self.text.setAccessibleName(tr("Request and answer"))
        self.text.setPlaceholderText(tr("Select a row to see request and answer."))
        self.text.left.connect(self.left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)

    def show_record(self, exchange: Exchange | None) -> None:
        """Show a record; None shows none."""
        if exchange is self._shown:
            return
        self._shown = exchange
        self.text.setPlainText(full_text(exchange) if exchange is not None else "")


class _Handle(QSplitterHandle):
    """A gutter instead of Fusion's dots."""

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("window"))


class Split(QSplitter):
    """Table and details, side by side or one below the other."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setObjectName("trafficSplit")
        self.setChildrenCollapsible(False)
        self.setHandleWidth(theme().px(4))

    def createHandle(self) -> QSplitterHandle:
        return _Handle(self.orientation(), self)


class _Text(QPlainTextEdit):
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        use_flat_scroll_bars(self)
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        tokens = theme()
        self.setFont(tokens.font(12, mono=True))
        self.document().setDocumentMargin(tokens.px(8))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, tokens.color("base"))
        palette.setColor(QPalette.ColorRole.Text, tokens.color("text"))
        palette.setColor(QPalette.ColorRole.PlaceholderText, tokens.color("text3"))
        self.setPalette(palette)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
            return
        super().keyPressEvent(event)
