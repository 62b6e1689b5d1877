"""``tagwerk watch --count-only``: what the link alone can do, with a window's slots behind it.

Nothing is printed of the values. They go where the window puts them, into `store.live`, which is
emptied as often as a window paints: so "coalesced" are those that no window would have shown one
by one, and memory stays bounded by the number of tags.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from tagwerk.cli.output import Console
from tagwerk.cli.stream import EventQueue
from tagwerk.domain.connection import LinkCounters
from tagwerk.domain.ports import PlantLink
from tagwerk.domain.values import Sample
from tagwerk.store.live import LiveStore

FRAME_S = 0.033


class CountingQueue(EventQueue):
    """Keeps the latest value of each tag; states and alarms as ever."""

    def __init__(self) -> None:
        super().__init__(poll_s=FRAME_S)
        self.live = LiveStore()

    def on_samples(self, samples: list[Sample]) -> None:
        self.live.put(samples)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The counters at one moment."""

    at_s: float
    received: int
    coalesced: int
    link: LinkCounters
    cpu_s: float


class Counter:
    """Reads the counters, every `every_s` seconds and at the end.

    Args:
        every_s: how often a line is printed; None prints the end alone.
    """

    def __init__(
        self, console: Console, link: PlantLink, sink: CountingQueue, *, every_s: float | None
    ) -> None:
        self._console = console
        self._link = link
        self._live = sink.live
        self._every_s = every_s
        self._began = self._last = self._read()
        self._first: _Reading | None = None

    def frame(self) -> None:
        """Take the values as a window would; print a line when it is due."""
        self._live.drain()
        now = self._read()
        if self._first is None and now.received:
            self._first = now
        if self._every_s is not None and now.at_s - self._last.at_s >= self._every_s:
            self._tell_interval(self._last, now)
            self._last = now

    def finish(self) -> None:
        """Print the figures of the whole run."""
        self._live.drain()
        now = self._read()
        first = self._first or now
        document = {
            "received": now.received,
            "per_second": _rate(now.received - first.received, now.at_s - first.at_s),
            "bytes": now.link.bytes,
            "coalesced": now.coalesced,
            "seconds": round(now.at_s - self._began.at_s, 3),
            "cpu_seconds": round(now.cpu_s, 3),
            "peak_rss_mb": peak_rss_mb(),
        }
        if self._console.json:
            self._console.document(document)
            return
        self._console.line(
            f"{now.received} values in {document['seconds']} s ({document['per_second']} a second "
            f"once they came), {now.link.bytes} bytes, {now.coalesced} coalesced, "
            f"{document['cpu_seconds']} s of processor time, {document['peak_rss_mb']} MB at most"
        )

    def _tell_interval(self, before: _Reading, now: _Reading) -> None:
        seconds = now.at_s - before.at_s
        received = now.received - before.received
        document = {
            "at": round(now.at_s - self._began.at_s, 3),
            "seconds": round(seconds, 3),
            "received": received,
            "per_second": _rate(received, seconds),
            "bytes": now.link.bytes - before.link.bytes,
            "coalesced": now.coalesced - before.coalesced,
            "cpu_seconds": round(now.cpu_s - before.cpu_s, 3),
        }
        if self._console.json:
            self._console.document(document)
            return
        share = (now.cpu_s - before.cpu_s) / seconds
        self._console.line(
            f"{document['at']:>9} s  {document['per_second']:>8} values/s  "
            f"{document['bytes']:>10} bytes  {document['coalesced']:>8} coalesced  "
            f"{share:.0%} of a core"
        )

    def _read(self) -> _Reading:
        live = self._live
        return _Reading(
            time.monotonic(), live.received, live.coalesced, self._link.counters,
            time.process_time(),
        )  # fmt: skip


def _rate(count: int, seconds: float) -> int:
    return round(count / seconds) if seconds > 0 else 0


def peak_rss_mb() -> float | None:
    """The largest resident size of this process so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)
