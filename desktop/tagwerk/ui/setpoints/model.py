"""The rows as a Qt model: for selection, keyboard, copying and screen readers, not for painting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from tagwerk.ui.i18n import tr
from tagwerk.ui.setpoints.facts import RowFacts
from tagwerk.ui.setpoints.rows import SetpointRows
from tagwerk.ui.setpoints.words import (
    coarse_age,
    outcome_word,
    phase_word,
    say,
    value_text,
    with_unit,
)

NAME, LIVE, UNIT, AGE, NEW = range(5)
_Index = QModelIndex | QPersistentModelIndex


class SetpointModel(QAbstractTableModel):
    """Five columns over `SetpointRows`; texts come from the same facts as the painting."""

    def __init__(self, rows: SetpointRows, facts: Callable[[str], RowFacts]) -> None:
        super().__init__()
        self.rows = rows
        self._facts = facts

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return [tr("Setpoint"), tr("Live"), tr("Unit"), tr("Age"), tr("New value")][section]
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsDropEnabled
        if index.isValid():
            flags |= Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags

    def name(self, row: int) -> str:
        """Full name of the tag in a row."""
        return self.rows.names[row]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        facts = self._facts(self.name(index.row()))
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(facts, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(facts)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(
                part for part in (self._text(facts, index.column()), spoken(facts)) if part
            )
        return None

    def _text(self, facts: RowFacts, column: int) -> str:
        if column == NAME:
            return facts.label
        if column == LIVE:
            return value_text(facts.live_value, facts.info)
        if column == UNIT:
            return facts.info.unit
        if column == AGE:
            if facts.sample is None:
                return ""
            return coarse_age(facts.now_ns - facts.sample.received_ns)
        return with_unit(facts.staged.value, facts.info) if facts.staged is not None else ""

    def changed(self) -> None:
        """Rows came, went or moved."""
        self.beginResetModel()
        self.endResetModel()


def spoken(facts: RowFacts) -> str:
    """What the marks of a row mean, in words."""
    parts = []
    if facts.stale:
        parts.append(tr("stale"))
    if facts.phase is not None:
        parts.append(phase_word(facts.phase))
    elif facts.result is not None:
        parts.append(outcome_word(facts.result.outcome))
    if facts.staged is not None:
        parts.append(tr("staged"))
    if facts.read_only:
        parts.append(tr("read-only"))
    return ", ".join(parts)


def tip(facts: RowFacts) -> str:
    """The whole truth about a row."""
    lines = [facts.name]
    lines += dict.fromkeys(
        text for text in (facts.info.display_name, facts.info.description) if text
    )
    if facts.info.data_type.text:
        lines.append(facts.info.data_type.text)
    sample = facts.sample
    if sample is not None:
        words = (sample.quality.text, sample.quality.sub_status, sample.quality.limit)
        lines.append(" · ".join(dict.fromkeys(word for word in words if word and word != "OK")))
    if facts.result is not None:
        line = outcome_word(facts.result.outcome)
        if facts.result.detail:
            line = f"{line}: {say(facts.result.detail)}"
        lines.append(line)
        if facts.result.audit_error:
            lines.append(say(facts.result.audit_error))
    if facts.read_only:
        lines.append(say(facts.read_only))
    elif not facts.armed:
        lines.append(tr("Arm writing first (Ctrl+Shift+W)."))
    return "\n".join(lines)
