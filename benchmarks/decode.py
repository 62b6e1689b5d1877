"""One value message from the socket to a sample: our typed decoder beside the json module."""

from __future__ import annotations

import json
import time

from run import Result

MESSAGE = (
    b'{"id":"1","type":"next","payload":{"data":{"tagValues":{"name":"HMI_RT_1::Cooling.TIC2120.PV",'
    b'"value":{"value":21.534,"timestamp":"2026-06-18T14:16:51.918Z","quality":{"quality":"GOOD_CASCADE",'
    b'"subStatus":"NON_SPECIFIC"}},"error":{"code":"0","description":"Succeeded"},'
    b'"notificationReason":"Modified"}}}}'
)


def run(small: bool) -> Result:
    from tagwerk.dialects.unified_stream import StreamDecoder

    count = 2_000 if small else 50_000
    ours, beside = [], []
    for _ in range(3 if small else 7):
        decoder = StreamDecoder()
        started = time.perf_counter()
        for _ in range(count):
            decoder.decode(MESSAGE)
        ours.append((time.perf_counter() - started) / count * 1e6)
        started = time.perf_counter()
        for _ in range(count):
            json.loads(MESSAGE)
        beside.append((time.perf_counter() - started) / count * 1e6)
    ratio = sorted(beside)[len(beside) // 2] / sorted(ours)[len(ours) // 2]
    return Result(
        "decode",
        {"to a Sample": ours},
        {"json.loads alone": beside},
        "µs a message",
        ratio,
        ">= 2",
        ratio >= 2,
    )
