"""The same task for another tool: variables of an EPICS server as labels of PyDM.

Runs in the environment ``epics`` (see peers.py), in two processes of its own:

    python epics_fields.py serve PREFIX COUNT HZ           variables whose value is the time of writing
    python epics_fields.py show PREFIX COUNT SECONDS       a window of PyDM labels, in a grid

`serve` prints a line when it is ready, and how much it has written when its input ends. `show`
counts for so long what reaches the labels.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

COLUMNS = 20
SETTLE_S = 4.0


async def serve(prefix: str, count: int, hertz: float) -> None:
    """Write the time into every variable, so often a second."""
    from caproto import ChannelDouble
    from caproto.asyncio.server import start_server

    channels = {f"{prefix}T{n}": ChannelDouble(value=0.0) for n in range(count)}
    serving = asyncio.create_task(start_server(channels, interfaces=["127.0.0.1"]))
    await asyncio.sleep(1.0)
    print(json.dumps({"ready": not serving.done()}), flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    written, began = 0, time.perf_counter()
    while not ended.done():
        for channel in channels.values():
            await channel.write(time.time())
            written += 1
        due_s = written / (count * hertz) - (time.perf_counter() - began)
        await asyncio.sleep(max(due_s, 0))
    print(json.dumps({"a_second": written / (time.perf_counter() - began)}), flush=True)
    os._exit(0)


def show(prefix: str, count: int, seconds: float) -> None:
    """A window of labels; print how many texts were set, how old the values were, and the cost."""
    from pydm import PyDMApplication
    from pydm.widgets import PyDMLabel
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QGridLayout, QWidget

    late_ms: list[float] = []
    figures: dict[str, float] = {}

    class Label(PyDMLabel):  # type: ignore[misc]
        def value_changed(self, new_value) -> None:  # type: ignore[no-untyped-def]
            super().value_changed(new_value)
            if "cpu" in figures and isinstance(new_value, float):
                late_ms.append((time.time() - new_value) * 1000)

    application = PyDMApplication(use_main_window=False, command_line_args=[])
    window = QWidget()
    grid = QGridLayout(window)
    for number in range(count):
        label = Label(window, init_channel=f"ca://{prefix}T{number}")
        grid.addWidget(label, number // COLUMNS, number % COLUMNS)
    window.resize(1900, 1000)
    window.show()

    def measure() -> None:
        figures.update(cpu=time.process_time(), at=time.perf_counter())
        QTimer.singleShot(round(seconds * 1000), application.quit)

    QTimer.singleShot(round(SETTLE_S * 1000), measure)
    application.exec_()
    took = time.perf_counter() - figures["at"]
    late = sorted(late_ms) or [0.0]
    document = {
        "shown_a_second": len(late_ms) / took,
        "lag_ms": late[len(late) // 2],
        "cores": (time.process_time() - figures["cpu"]) / took,
        "seconds": took,
    }
    print(json.dumps(document), flush=True)
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    else:
        show(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
