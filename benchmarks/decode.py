"""One value message from the socket to a sample: our typed decoder beside the json module."""

from __future__ import annotations

import json
import time

from run import Result

MESSAGE = (
    '{"id":"1","type":"next","payload":{"data":{"tagValues":{"name":"HMI_RT_1::Line.Tag_%05d",'
    '"value":{"value":%r,"timestamp":"2026-06-18T14:16:%02d.918Z","quality":{"quality":'
    '"GOOD_CASCADE","subStatus":"NON_SPECIFIC","limit":"OK","extendedSubStatus":"NON_SPECIFIC"}},'
    '"error":null,"notificationReason":"Modified"}}}}'
)
TAGS = 5_000


def run(small: bool) -> Result:
    from tagwerk.dialects.unified_replies import decode_value_frame
    from tagwerk.dialects.unified_values import Echoes, sample_from_body

    count = 2_000 if small else 50_000
    messages = [(MESSAGE % (i % TAGS, i * 0.37, i % 60)).encode() for i in range(count)]
    names = Echoes(f"HMI_RT_1::Line.Tag_{i:05d}" for i in range(TAGS))
    ours, beside = [], []
    for _ in range(3 if small else 7):
        started = time.perf_counter()
        for message in messages:
            body = decode_value_frame(memoryview(message)).payload.data.tagValues
            sample_from_body(body, names.find(body.name), 1)
        ours.append((time.perf_counter() - started) / count * 1e6)
        started = time.perf_counter()
        for message in messages:
            json.loads(message)
        beside.append((time.perf_counter() - started) / count * 1e6)
    ratio = sorted(beside)[len(beside) // 2] / sorted(ours)[len(ours) // 2]
    return Result(
        "decode",
        {"bytes to Sample": ours},
        {"json.loads alone": beside},
        "µs a message",
        ratio,
        ">= 2 times quicker",
        ratio >= 2,
    )
