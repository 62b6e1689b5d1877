"""The traffic table's column header: the note takes what the others leave."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.traffic.cells import COLUMNS, Column, ColumnLook
from tagwerk.ui.widgets.table_header import TableColumn, TableHeader

_LEAST_NOTE = 160


def _table_column(look: ColumnLook) -> TableColumn:
    return TableColumn(
        look.column.value,
        lambda: tr_message(look.title),
        look.width or _LEAST_NOTE,
        look.right,
        drop=look.drop,
    )


class TrafficHeader(TableHeader):
    """Header of the traffic table; it does not sort: records stay in the order they came."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            "trafficTableHeader",
            tr("Traffic columns"),
            [_table_column(look) for look in COLUMNS],
            fills=Column.NOTE.value,
            least=_LEAST_NOTE,
            menu_name="trafficColumnMenu",
            parent=parent,
        )

    def restore(self, state: Any) -> None:
        """Take back what `save` gave, also the bare list of widths of earlier versions."""
        if isinstance(state, list) and len(state) == len(COLUMNS):
            keys = (look.column.value for look in COLUMNS)
            state = {"widths": dict(zip(keys, state, strict=True))}
        if isinstance(state, dict):
            super().restore(state)
