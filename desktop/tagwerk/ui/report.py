"""The figures that ``--report`` writes: how the window did, for whoever measures it."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tagwerk.domain.connection import LinkStatus
    from tagwerk.plant import Plant
    from tagwerk.ui.window import MainWindow


STARTED_VARIABLE = "TAGWERK_STARTED"
"""Seconds since 1970 when the program was started, set by one that becomes it (exec)."""


def process_age_s() -> float | None:
    """Seconds since this process began, None where the system does not tell."""
    started = os.environ.pop(STARTED_VARIABLE, "")
    with contextlib.suppress(ValueError):
        return max(time.time() - float(started), 0.0)
    try:
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        boot_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return boot_s - float(fields[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        return None


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB; 0 where unknown."""
    if sys.platform == "win32":
        return _peak_memory_windows_mb()
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024), 1)


def _peak_memory_windows_mb() -> float:
    import ctypes
    from ctypes import wintypes

    class Counters(ctypes.Structure):
        _fields_ = (
            ("cb", wintypes.DWORD),
            ("page_fault_count", wintypes.DWORD),
            *((name, ctypes.c_size_t) for name in (
                "peak_working_set", "working_set", "peak_paged", "paged", "peak_non_paged",
                "non_paged", "pagefile", "peak_pagefile")),
        )  # fmt: skip

    counters = Counters()
    counters.cb = ctypes.sizeof(counters)
    windll: Any = getattr(ctypes, "windll")  # noqa: B009 - exists on Windows only
    process = windll.kernel32.GetCurrentProcess()
    windll.psapi.GetProcessMemoryInfo.argtypes = (
        wintypes.HANDLE, ctypes.POINTER(Counters), wintypes.DWORD,
    )  # fmt: skip
    if not windll.psapi.GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb):
        return 0.0
    return round(float(counters.peak_working_set) / 1024 / 1024, 1)


class Stopwatch:
    """Notes when things happened, in ms since the process began."""

    def __init__(self) -> None:
        age_s = process_age_s()
        self._zero = time.perf_counter() - (age_s or 0.0)
        self.first_paint_ms: float | None = None
        self.usable_ms: float | None = None
        self.connected_ms: float | None = None

    def now_ms(self) -> float:
        return round((time.perf_counter() - self._zero) * 1000, 1)

    def painted(self) -> None:
        if self.first_paint_ms is None:
            self.first_paint_ms = self.now_ms()

    def served(self) -> None:
        """Note that every command of the window can be given now."""
        if self.usable_ms is None:
            self.usable_ms = self.now_ms()

    def saw(self, status: LinkStatus) -> None:
        """Note the first time that a link is live."""
        if self.connected_ms is None and status.state.is_live:
            self.connected_ms = self.now_ms()


def figures(
    window: MainWindow, watch: Stopwatch, plant: Plant | None, errors: list[str]
) -> dict[str, Any]:
    """The document of docs/cli.md."""
    return {
        "first_paint_ms": watch.first_paint_ms,
        "usable_ms": watch.usable_ms,
        "connected_ms": watch.connected_ms,
        "values_received": plant.live.received if plant is not None else 0,
        "reconnects": plant.link.counters.reconnects if plant is not None else 0,
        "values_coalesced": plant.coalesced if plant is not None else 0,
        "samples_left_out": plant.trends.left_out if plant is not None else 0,
        "alarms_shown": len(plant.alarms) if plant is not None else 0,
        "frames": window.clock.frames,
        "lateness_ms": window.lateness.total(),
        "late_frames": window.lateness.missed(),
        "cpu_seconds": round(time.process_time(), 2),
        "peak_rss_mb": peak_memory_mb(),
        "errors": list(errors),
    }


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Write a report.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        from tagwerk.domain.errors import UsageError

        raise UsageError(
            "{path} cannot be written: {reason}.",
            cure="Give a file in a folder that exists and may be written.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem
