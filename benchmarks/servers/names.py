"""A server whose answer to a browse lies ready: so many names, over TLS, in a process of its own.

All else is the firehose's. Prints one JSON line when ready.

    python benchmarks/servers/names.py --tags 1000000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import firehose

PLACES = ("Cooling", "Dosing", "Filling", "Mixing", "Packing", "Heating", "Storage", "Cleaning")
ELEMENTS = (
    ("PV", "LReal"), ("SP", "LReal"), ("CV", "LReal"), ("Mode", "Int"), ("Running", "Bool"),
    ("Fault", "Bool"), ("Kp", "LReal"), ("Ti", "LReal"), ("Hours", "DInt"), ("Text", "WString"),
)  # fmt: skip


def name_of(number: int) -> tuple[str, str]:
    """Full name and type of a tag: area, unit, loop, element."""
    loop, element = divmod(number, len(ELEMENTS))
    unit, loop_number = divmod(loop, 100)
    place = PLACES[unit % len(PLACES)]
    segment, data_type = ELEMENTS[element]
    return f"HMI_RT_1::{place}_{unit // len(PLACES):03}.TIC{loop_number:03}.{segment}", data_type


class Names(firehose.Firehose):
    """A firehose that has encoded its names beforehand."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        names = [name_of(number) for number in range(options.tags)]
        self.names = [name for name, _ in names]
        rows = ",".join(
            f'{{"name":"{name}","displayName":"{name.rpartition(".")[2]}",'
            f'"objectType":"SIMPLETAG","dataType":"{data_type}"}}'
            for name, data_type in names
        )
        self.browsed = b'{"data":{"browse":[' + rows.encode() + b"]}}"

    def answer(self, body: bytes) -> bytes:
        request = json.loads(body)
        if firehose.first_field(request.get("query", "")) == "browse":
            asked = json.dumps(request.get("variables") or {})
            # What is only asked to learn the schema gets nothing, as on a real server.
            return b'{"data":{"browse":[]}}' if "Tagwerk asks" in asked else self.browsed
        return super().answer(body)


if __name__ == "__main__":
    firehose.Firehose = Names  # type: ignore[misc]
    asyncio.run(firehose.main())
