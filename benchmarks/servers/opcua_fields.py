"""The same task for another tool: variables of an OPC UA server in the window of opcua-client.

Runs in the environment ``opcua`` (see peers.py), in two processes of its own:

    python opcua_fields.py serve COUNT HZ             variables whose value is the time of writing
    python opcua_fields.py show URL COUNT SECONDS     opcua-client's window, driven by a script

`serve` prints its address, and how much it has written when its input ends. `show` subscribes with
the window's own function, then counts for so long what reaches the cells of its table.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

PORT_RANGE = range(48410, 48440)
SETTLE_S = 2.0


async def serve(count: int, hertz: float) -> None:
    """Write the time into every variable, so often a second."""
    from asyncua import Server

    server = Server()
    await server.init()
    for port in PORT_RANGE:
        server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/")
        try:
            await server.start()
        except OSError:
            continue
        break
    index = await server.register_namespace("fields")
    nodes = [
        await server.nodes.objects.add_variable(f"ns={index};s=T{n}", f"T{n}", 0.0)
        for n in range(count)
    ]
    print(json.dumps({"url": f"opc.tcp://127.0.0.1:{port}/", "namespace": index}), flush=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    written, began = 0, time.perf_counter()
    while not ended.done():
        for node in nodes:
            await node.write_value(time.time())
            written += 1
        due_s = written / (count * hertz) - (time.perf_counter() - began)
        await asyncio.sleep(max(due_s, 0))
    print(json.dumps({"a_second": written / (time.perf_counter() - began)}), flush=True)
    await server.stop()


def show(url: str, count: int, seconds: float) -> None:
    """Drive the window; print how many cells were set, how old the values were, and the cost."""
    from PyQt5.QtCore import QTimer
    from PyQt5.QtWidgets import QApplication
    from uaclient.mainwindow import Window

    application = QApplication(sys.argv[:1])
    window = Window()
    window.ui.addrComboBox.setCurrentText(url)
    window.show()
    late_ms: list[float] = []
    figures: dict[str, float] = {}

    def changed(item) -> None:  # type: ignore[no-untyped-def]
        if item.column() == 1 and "cpu" in figures:
            try:
                late_ms.append((time.time() - float(item.text())) * 1000)
            except ValueError:
                return

    def begin() -> None:
        window.connect()
        client = window.uaclient.client
        for number in range(count):
            window.datachange_ui._subscribe(client.get_node(f"ns=2;s=T{number}"))
        window.datachange_ui.model.itemChanged.connect(changed)
        QTimer.singleShot(round(SETTLE_S * 1000), measure)

    def measure() -> None:
        figures.update(cpu=time.process_time(), at=time.perf_counter())
        QTimer.singleShot(round(seconds * 1000), application.quit)

    QTimer.singleShot(0, begin)
    application.exec_()
    report(late_ms, figures)


def report(late_ms: list[float], figures: dict[str, float]) -> None:
    """The line that the benchmark reads; then out, whatever threads are left."""
    took = time.perf_counter() - figures["at"]
    late = sorted(late_ms) or [0.0]
    print(
        json.dumps(
            {
                "shown_a_second": len(late_ms) / took,
                "lag_ms": late[len(late) // 2],
                "cores": (time.process_time() - figures["cpu"]) / took,
                "seconds": took,
            }
        ),
        flush=True,
    )
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(int(sys.argv[2]), float(sys.argv[3])))
    else:
        show(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
