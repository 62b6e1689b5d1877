"""All that is known about one object, in a dialog whose texts can be selected and copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from tagwerk.domain.tags import TagInfo
from tagwerk.domain.text import format_number, format_time
from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.rows import RowTexts, kind_text, quality_text
from tagwerk.ui.i18n import number_style, tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import PushButton
from tagwerk.ui.widgets.emptystate import Label


def properties_of(texts: RowTexts, handle: int) -> list[tuple[str, str]]:
    """(what, text) in the order shown; empty texts are left out."""
    node = texts.outline.node(handle)
    if node == ROOT:
        return []
    tree = texts.outline.tree
    item = tree.item(node)
    info = texts.info(node) or TagInfo(item.name)
    cell = texts.live(handle)
    sample = texts.sample(handle)
    rows = [
        (tr("Full name"), item.name.removesuffix("::")),
        (tr("Display name"), item.display_name),
        (tr("Kind"), tr("Runtime system") if tree.is_system(node) else kind_text(tree.kind(node))),
        (tr("The server calls it"), item.kind_text),
        (tr("Data type"), info.data_type.text or item.data_type),
        (tr("Value"), f"{cell.text} {cell.unit}".strip() if cell is not None else ""),
    ]
    if sample is not None:
        rows.append((tr("Quality"), quality_text(sample)))
        if sample.time_ns is not None:
            rows.append((tr("Time, local"), format_time(sample.time_ns, zone=None)))
            rows.append((tr("Time, UTC"), format_time(sample.time_ns)))
    rows.extend(_from_sheet(info))
    rows.append((tr("Logging tags"), "\n".join(info.logging_tags)))
    rows.append((tr("Alarms"), "\n".join(info.alarms)))
    return [(what, text) for what, text in rows if text]


def short_number(value: float) -> str:
    """A bound of a range, without digits that say nothing."""
    style = number_style()
    if float(value).is_integer() and abs(value) < 1e15:
        return format_number(int(value), 0, style)
    return f"{value:.10g}".replace(".", style.decimal)


def range_text(info: TagInfo) -> str:
    """``0 to 60 °C``; one bound alone is said as such, "" for none."""
    if info.low is not None and info.high is not None:
        low, high = short_number(info.low), short_number(info.high)
        return tr("{low} to {high} {unit}", low=low, high=high, unit=info.unit).strip()
    if info.low is not None:
        return tr("from {low} {unit}", low=short_number(info.low), unit=info.unit).strip()
    if info.high is not None:
        return tr("up to {high} {unit}", high=short_number(info.high), unit=info.unit).strip()
    return ""


def _from_sheet(info: TagInfo) -> list[tuple[str, str]]:
    writable = ""
    if info.writable is not None:
        writable = tr("yes") if info.writable else tr("no")
    limits = "\n".join(
        f"{name}: {short_number(value)} {info.unit}".strip() for name, value in info.limits.items()
    )
    return [
        (tr("Description"), info.description),
        (tr("Range"), range_text(info)),
        (tr("Largest usual step"), short_number(info.step) if info.step is not None else ""),
        (tr("Texts"), "\n".join(f"{value} = {text}" for value, text in info.texts.items())),
        (tr("Limits"), limits),
        (tr("May be written"), writable),
        (tr("Critical"), tr("yes") if info.critical else ""),
    ]


class PropertiesDialog(QDialog):
    """Object name ``tagProperties``. Opened with `open()`, deletes itself when closed."""

    def __init__(self, texts: RowTexts, handle: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tagProperties")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Properties"))
        self.rows = properties_of(texts, handle)
        tokens = theme()
        body = QWidget()
        form = QFormLayout(body)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(tokens.px(16))
        form.setVerticalSpacing(tokens.px(6))
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        for what, text in self.rows:
            value = Label(text, wrap=True)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            value.setAccessibleName(f"{what}: {text}")
            form.addRow(Label(what, 12, 400, "text2"), value)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        copy = PushButton(tr("Copy all"), "copy")
        copy.setObjectName("tagPropertiesCopy")
        copy.clicked.connect(self._copy)
        close = PushButton(tr("Close"), kind="primary")
        close.setObjectName("tagPropertiesClose")
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(tokens.px(20), tokens.px(16), tokens.px(20), tokens.px(16))
        lines.setSpacing(tokens.px(12))
        title = self.rows[0][1] if self.rows else ""
        lines.addWidget(Label(title.partition("::")[2] or title, 16, 600, wrap=True))
        lines.addWidget(area, 1)
        lines.addLayout(buttons)
        self.resize(tokens.px(460), tokens.px(420))
        QShortcut(QKeySequence.StandardKey.Copy, self, self._copy)
        close.setFocus()

    def _copy(self) -> None:
        text = "\n".join(f"{what}\t{text}".replace("\n", ", ") for what, text in self.rows)
        QApplication.clipboard().setText(text)
