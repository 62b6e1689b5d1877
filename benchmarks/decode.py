"""One value message of the wire made into a sample: our typed decoder beside the json module.

The message is the one that WinCC Unified sends for each change (about 300 bytes). Ours goes all
the way to the sample that the stores keep, with time, quality and known name; json's figure is
its parse alone, without looking anything up in what it gives.
"""

from __future__ import annotations

import json
import time
from statistics import median

from run import Result

MESSAGE = (
    '{"id":"1","type":"next","payload":{"data":{"tagValues":{"name":"HMI_RT_1::Line.Tag_%05d",'
    '"value":{"value":%r,"timestamp":"2026-06-18T14:16:%02d.918Z","quality":{"quality":'
    '"GOOD_CASCADE","subStatus":"NON_SPECIFIC","limit":"OK","extendedSubStatus":"NON_SPECIFIC"}},'
    '"error":null,"notificationReason":"Modified"}}}}'
)
SIZES = (500, 5_000, 50_000)
USUAL = 5_000


def made(count: int, tags: int) -> list[bytes]:
    """Messages of changing values for so many tags in turn."""
    return [(MESSAGE % (i % tags, i * 0.37, i % 60)).encode() for i in range(count)]


def ours_us(messages: list[bytes], tags: int) -> float:
    """Processor time of a message, in µs."""
    from tagwerk.dialects.unified_replies import decode_value_frame
    from tagwerk.dialects.unified_values import Echoes, sample_from_body

    names = Echoes(f"HMI_RT_1::Line.Tag_{i:05d}" for i in range(tags))
    started = time.process_time()
    for message in messages:
        body = decode_value_frame(memoryview(message)).payload.data.tagValues
        sample_from_body(body, names.find(body.name), 1)
    return (time.process_time() - started) / len(messages) * 1e6


def json_us(messages: list[bytes]) -> float:
    """Processor time of a message for the json module, in µs."""
    started = time.process_time()
    for message in messages:
        json.loads(message)
    return (time.process_time() - started) / len(messages) * 1e6


def run(small: bool) -> Result:
    count, rounds = (2_000, 2) if small else (50_000, 7)
    ours: dict[int, list[float]] = {size: [] for size in SIZES}
    beside: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(rounds):
        for size in SIZES:
            messages = made(count, size)
            ours[size].append(ours_us(messages, size))
            beside[size].append(json_us(messages))
    ratio = median(beside[USUAL]) / median(ours[USUAL])
    return Result(
        "decode",
        {"bytes to sample": ours[USUAL]},
        {"json.loads alone": beside[USUAL]},
        "µs of processor time a message",
        ratio,
        ">= 2 times quicker",
        ratio >= 2,
        [f"{count:,} messages a run; the growth is over the number of subscribed tags"],
        {
            "bytes to sample, µs": {f"{size:,} tags": median(ours[size]) for size in SIZES},
            "json.loads alone, µs": {f"{size:,} tags": median(beside[size]) for size in SIZES},
        },
    )
