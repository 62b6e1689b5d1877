"""The strip below the tree: the selected tag's full name, type, quality, time, log and range."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from tagwerk.domain.tags import TagKind
from tagwerk.domain.text import format_age, format_time
from tagwerk.store.tree import ROOT
from tagwerk.ui.browser.properties import range_text
from tagwerk.ui.browser.rows import RowTexts, kind_text, quality_text
from tagwerk.ui.i18n import number_style, tr, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.painting import Area

PART = "  ·  "


class ElidedLabel(Label):
    """A label of one line that is cut in the middle or at its end; the whole text is its tip."""

    def __init__(
        self, size: float, weight: int, role: str, mode: Qt.TextElideMode, parent: QWidget
    ) -> None:
        super().__init__("", size, weight, role, parent)
        self._mode = mode
        self._whole = self._shorter = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_whole(self, text: str, shorter: str = "") -> None:
        """The text; where it does not fit, `shorter` stands for it, and is cut to the width."""
        if (text, shorter) != (self._whole, self._shorter):
            self._whole, self._shorter = text, shorter
            self.setAccessibleName(text)
            self._cut()

    @property
    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        metrics = QFontMetrics(self.font())
        text = self._whole
        if self._shorter and metrics.horizontalAdvance(text) > self.width():
            text = self._shorter
        shown = metrics.elidedText(text, self._mode, self.width())
        self.setText(shown)
        self.setToolTip(self._whole if shown != self._whole else "")


class DetailStrip(Area):
    """Three lines about one row.

    Attributes:
        copy: button beside the name.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", parent, lines="top", line_role="border")
        self.setObjectName("tagStrip")
        self.setAccessibleName(tr("Details of the selected tag"))
        self.name = ElidedLabel(13, 600, "text", Qt.TextElideMode.ElideMiddle, self)
        self.name.setObjectName("tagStripName")
        self.state = ElidedLabel(11, 400, "text2", Qt.TextElideMode.ElideRight, self)
        self.state.setObjectName("tagStripState")
        self.rest = ElidedLabel(11, 400, "text2", Qt.TextElideMode.ElideRight, self)
        self.rest.setObjectName("tagStripRest")
        self.copy = IconButton("copy", tr("Copy the full name"), self, side=22)
        self.copy.setObjectName("tagStripCopy")
        head = QHBoxLayout()
        head.setSpacing(theme().px(4))
        head.addWidget(self.name, 1)
        head.addWidget(self.copy)
        lines = QVBoxLayout(self)
        lines.setContentsMargins(theme().px(8), theme().px(5), theme().px(6), theme().px(7))
        lines.setSpacing(theme().px(1))
        lines.addLayout(head)
        lines.addWidget(self.state)
        lines.addWidget(self.rest)

    def show_row(self, texts: RowTexts, handle: int, now_ns: int) -> None:
        """Say what is known of a row now; ROOT hides the strip."""
        outline = texts.outline
        node = outline.node(handle) if handle != ROOT else ROOT
        self.setVisible(node != ROOT)
        if node == ROOT:
            return
        tree = outline.tree
        name = tree.name(node).removesuffix("::")
        self.name.set_whole(name, name.partition("::")[2])
        info = texts.info(node)
        type_text = info.data_type.text if info is not None else tree.data_type(node).text
        kind = tree.kind(node)
        if tree.is_system(node):
            self.state.set_whole(tr("Runtime system"))
            self.rest.set_whole(_counts(texts))
            return
        first = type_text if kind is TagKind.TAG and type_text else kind_text(kind)
        if kind is not TagKind.TAG and type_text:
            first = f"{first} {type_text}"
        self.state.set_whole(PART.join([first, *_quality(texts, handle, now_ns)]))
        self.rest.set_whole(PART.join(_rest(texts, node)))


def _quality(texts: RowTexts, handle: int, now_ns: int) -> list[str]:
    plant, sample = texts.plant, texts.sample(handle)
    if plant is None or sample is None:
        return [tr("kept name")] if texts.is_kept else []
    if plant.live.is_stale(sample.name):
        parts = [tr("stale, last {quality}", quality=quality_text(sample))]
    else:
        parts = [quality_text(sample)]
    if sample.time_ns is not None:
        parts.append(format_time(sample.time_ns, zone=None).partition(" ")[2])
    if sample.time_ns is not None:
        # By the server's clock, which has stamped the value.
        age_ns = now_ns + plant.trends.skew_ns - sample.time_ns
    else:
        age_ns = now_ns - sample.received_ns
    age = format_age(max(age_ns, 0), number_style())
    parts.append(tr("{age} old", age=age))
    return parts


def _rest(texts: RowTexts, node: int) -> list[str]:
    info = texts.info(node)
    display = texts.outline.tree.text(node)[1]
    if info is None:
        return [display] if display else []
    parts: list[str] = []
    if info.logging_tags:
        parts.append(tr("Logged as {names}", names=", ".join(info.logging_tags[:3])))
    if info.alarms:
        parts.append(tr_n("{count} alarm", "{count} alarms", len(info.alarms)))
    span = range_text(info)
    if span:
        parts.append(tr("range {range}", range=span))
    text = display or info.description
    if text:
        parts.append(text)
    return parts


def _counts(texts: RowTexts) -> str:
    counts = texts.outline.tree.counts
    tags, structures = counts[TagKind.TAG], counts[TagKind.STRUCTURE]
    logging_tags, alarms = counts[TagKind.LOGGING_TAG], counts[TagKind.ALARM]
    parts = [tr_n("{count} tag", "{count} tags", tags)]
    if structures:
        parts.append(tr_n("{count} structure", "{count} structures", structures))
    if logging_tags:
        parts.append(tr_n("{count} logging tag", "{count} logging tags", logging_tags))
    if alarms:
        parts.append(tr_n("{count} alarm", "{count} alarms", alarms))
    return PART.join(parts)
