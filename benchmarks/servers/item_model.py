"""The bare baseline: the same names in a QStandardItemModel with a QTreeView, offscreen.

    python benchmarks/servers/item_model.py COUNT

Names are made beforehand; building, painting and one keystroke of a filter are measured.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent))

from names import name_of
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QApplication, QTreeView


def main() -> None:
    count = int(sys.argv[1])
    application = QApplication([])
    names = [name_of(number)[0] for number in range(count)]
    view = QTreeView()
    view.setUniformRowHeights(True)
    view.resize(420, 900)
    view.show()
    application.processEvents()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    model = QStandardItemModel()
    branches: dict[str, QStandardItem] = {"": model.invisibleRootItem()}

    def branch(name: str) -> QStandardItem:
        found = branches.get(name)
        if found is None:
            above, _, segment = name.rpartition(".")
            found = branches[name] = QStandardItem(segment)
            branch(above).appendRow(found)
        return found

    for name in names:
        above, _, segment = name.rpartition(".")
        branch(above).appendRow(QStandardItem(segment))
    view.setModel(model)
    view.repaint()
    built_ms = (time.perf_counter() - began) * 1e3
    used_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    began = time.perf_counter()
    found = [name for name in names if "ming" in name.lower()][:200]
    searched_ms = (time.perf_counter() - began) * 1e3
    figures = {
        "all names painted, ms": built_ms,
        "worst stall, ms": built_ms,
        "bytes a tag": used_kb * 1e3 / count,
        "keystroke inside, ms": searched_ms,
        "hits": len(found),
    }
    print(json.dumps(figures), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
