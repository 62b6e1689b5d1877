"""P12: half an hour at 5,000 changes a second with the whole window open, and two restarts in it.

The window (all four panels, 500 setpoints, 8 curves, alarms that come and go, drawn into memory)
runs in its own process against a server over TLS. Twice the server is killed and started again
on the same port. Memory of the window's process is read from outside every 10 s; a line is fitted
to it after the warm-up. Threads, open files, tasks, timers and widgets are what the window itself
counts. Late frames are those of a 20 ms timer in the window's loop that fired more than 33 ms
late, beside the same of a bare timer on this machine; what the host of a virtual machine took of a
core at that moment (steal time) is no lateness of the window's, and is told. At the end the server
rests: everything that it has sent since the last restart must then have arrived.

``--minutes`` makes it shorter or longer; ``--compressed`` sends 20 times as much.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from run import Result
from servers import desk

LONG = True
LIMIT_S = 2_400
HERE = Path(__file__).resolve().parent
PICTURE = HERE.parent / "docs" / "pictures" / "soak.svg"
RATE, ALARM_RATE = 5_000.0, 1.0
TAGS, CURVES, SETPOINTS = 1_000, 8, 992
LATE_MS = 33.0
OPENING_S = 15.0
SETTLING_S = 3.0
"""After values flow again: the hole is filled from the log, the panels catch up."""
REST_S = 4.0
STEAL_TOLD_S = 0.03
"""Steal time is looked at each 20 ms."""
COUNTED = ("threads", "open_files", "tasks", "timers", "widgets")
SLACK = {"threads": 0, "open_files": 1, "tasks": 1, "timers": 1, "widgets": 2}
"""What a count may differ by chance: something is always just being done."""


class Server:
    """A firehose that can be killed and started again on the same port."""

    def __init__(self, folder: str, rate: float) -> None:
        self._folder, self._rate = folder, rate
        self.port = 0
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                sys.executable, str(HERE / "servers" / "firehose.py"), "--tags", str(TAGS),
                # A server's rate is that of all its tags; what is on show gets all of ours.
                "--rate", str(self._rate * TAGS / (CURVES + SETPOINTS)), "--alarms", str(ALARM_RATE), "--port", str(self.port),
                "--folder", self._folder,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.ready = json.loads(self.process.stdout.readline())
        self.port = urlsplit(self.ready["url"]).port or 0

    def ask(self, word: str) -> dict[str, float]:
        """``tell`` or ``rest``: what it has sent."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return dict(json.loads(self.process.stdout.readline()))

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                # What it has not read any more is lost with it.
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class BareTimer(threading.Thread):
    """How late a timer fires on this machine in a process that does nothing else, and when the host
    of a virtual machine ran something else on one of its cores.

    Attributes:
        late: unix s and ms of each tick that was late.
        stolen: unix s and ms taken since the tick before of the core that lost most, where it was any.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.late: list[tuple[float, float]] = []
        self.stolen: list[tuple[float, float]] = []
        self._over = threading.Event()

    def run(self) -> None:
        before = steal_ms()
        while True:
            due = time.perf_counter() + 0.02
            if self._over.wait(0.02):
                return
            late_ms = (time.perf_counter() - due) * 1000
            if late_ms > LATE_MS:
                self.late.append((time.time(), late_ms))
            now = steal_ms()
            most_ms = max((b - a for a, b in zip(before, now, strict=False)), default=0.0)
            if most_ms > 0:
                self.stolen.append((time.time(), most_ms))
                before = now

    def stop(self) -> None:
        self._over.set()
        self.join()


def steal_ms() -> list[float]:
    """What the host has taken of each core since the start, to 10 ms; empty where nobody tells.

    The eighth figure of the lines ``cpu0``, ``cpu1`` … of /proc/stat (proc_stat(5)), in hundredths
    of a second.
    """
    try:
        lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
        return [
            float(line.split()[8]) * 10 for line in lines if line[:3] == "cpu" and line[3] != " "
        ]
    except (OSError, ValueError, IndexError):
        return []


@dataclass
class Course:
    """What happened in a run: all times in seconds since 1970.

    Args:
        memory: time and resident MB of the window's process.
        restarts: when the server was killed, and when values flowed again.
        last: what the last server has sent at its end.
    """

    began: float
    memory: list[tuple[float, float]] = field(default_factory=list)
    restarts: list[tuple[float, float]] = field(default_factory=list)
    last: dict[str, float] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    bare_late: list[tuple[float, float]] = field(default_factory=list)
    stolen: list[tuple[float, float]] = field(default_factory=list)

    def stolen_ms(self, at: float, late_ms: float) -> float:
        """What the host took of a core while a frame was being late that was told at `at`: at most
        so much of the lateness is the host's."""
        begin, end = at - late_ms / 1000 - STEAL_TOLD_S, at + STEAL_TOLD_S
        return min(sum(ms for moment, ms in self.stolen if begin <= moment <= end), late_ms)

    def kind_of(self, at: float) -> str:
        """Whether a moment is in the opening, in a restart or in between."""
        if at < self.began + OPENING_S:
            return "opening"
        inside = any(down <= at <= up + SETTLING_S for down, up in self.restarts)
        return "restarts" if inside else "between"


def run(small: bool, minutes: float = 30.0, compressed: bool = False) -> Result:
    seconds = 16.0 if small else minutes * 60
    rate = RATE * (0.2 if small else 20 if compressed else 1)
    with tempfile.TemporaryDirectory() as folder:
        course = soak(folder, rate, seconds)
    result = judge(course, rate, seconds, "soak_compressed" if compressed else "soak")
    if not small:
        draw(course, PICTURE.with_stem(result.benchmark))
    return result


def soak(folder: str, rate: float, seconds: float) -> Course:
    """Run it."""
    server = Server(folder, rate)
    bare = BareTimer()
    names = [f"HMI_RT_1::Generated.Block_{n // 100:04}.T{n:06}" for n in range(TAGS)]
    course = Course(time.time())
    window = desk.start_window(
        folder, server.ready, seconds,
        trend=names[:CURVES], setpoints=names[CURVES : CURVES + SETPOINTS],
    )  # fmt: skip
    every_s = min(max(seconds / 180, 0.5), 10.0)
    # The window's own points are up to this far apart at the end; one must lie in each outage.
    down_s = max(seconds / 180, 1.0) * 1.3
    killed_at = [course.began + seconds * part for part in (0.3, 0.6)]
    rest_at = course.began + seconds - REST_S
    bare.start()
    try:
        while time.time() < rest_at and window.poll() is None:
            course.memory.append((time.time(), memory_mb(window.pid)))
            time.sleep(min(every_s, max(rest_at - time.time(), 0.05)))
            if killed_at and time.time() >= killed_at[0]:
                killed_at.pop(0)
                _restart(server, course, down_s)
        course.last = server.ask("rest")
        course.restarts = _with_returns(course.restarts, course.last["since"])
        code = window.wait(timeout=60)
    finally:
        window.kill()
        window.wait()
        server.kill()
        bare.stop()
    if code:
        raise SystemExit(f"the window ended with exit code {code}")
    course.bare_late, course.stolen = bare.late, bare.stolen
    report = Path(folder) / "report.json"
    course.report = json.loads(report.read_text(encoding="utf-8"))
    return course


def _restart(server: Server, course: Course, down_s: float) -> None:
    """Kill the server, wait, start it again; when values flow again is known from its successor."""
    course.restarts = _with_returns(course.restarts, server.ask("tell")["since"])
    server.kill()
    course.restarts.append((time.time(), 0.0))
    time.sleep(down_s)
    server.start()


def _with_returns(
    restarts: Sequence[tuple[float, float]], since: float
) -> list[tuple[float, float]]:
    """Complete the last restart by the moment when its server had somebody to send to."""
    return [(down, up or since or time.time()) for down, up in restarts]


def memory_mb(pid: int) -> float:
    """Resident memory of a process in MB; 0 where the system has no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * 4096 / 2**20


def fit(line: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Slope a second and value at the beginning of a straight line by least squares."""
    if len(line) < 2:
        return 0.0, line[0][1] if line else 0.0
    zero = line[0][0]
    times, values = [at - zero for at, _ in line], [value for _, value in line]
    middle_t, middle_v = sum(times) / len(times), sum(values) / len(values)
    below = sum((at - middle_t) ** 2 for at in times)
    above = sum((at - middle_t) * (v - middle_v) for at, v in zip(times, values, strict=True))
    slope = above / below if below else 0.0
    return slope, middle_v - slope * middle_t


def judge(course: Course, rate: float, seconds: float, name: str) -> Result:
    """The figures of a run, and whether they are what they should be."""
    warm_s = min(max(seconds / 6, 6.0), 300.0)
    points = course.report["resources"]
    own = [(point["unix_s"], point["rss_mb"]) for point in points]
    memory = [pair for pair in course.memory if pair[1]] or own
    warm = [pair for pair in memory if pair[0] >= course.began + warm_s] or memory
    slope, start = fit(warm)
    span_s = warm[-1][0] - warm[0][0]
    kept_slope, _ = fit(
        [
            (p["unix_s"], p["trends_mb"] + p["traffic_mb"])
            for p in points
            if p["unix_s"] >= course.began + warm_s
        ]
    )
    percent = (slope - kept_slope) * span_s / (start or 1.0) * 100
    late = {"opening": 0, "restarts": 0, "between": 0}
    bare, hosts = dict(late), dict(late)
    for at, late_ms in course.report["late_frames"]["times"]:
        is_own = late_ms - course.stolen_ms(at, late_ms) > LATE_MS
        (late if is_own else hosts)[course.kind_of(at)] += 1
    for at, _ in course.bare_late:
        bare[course.kind_of(at)] += 1
    early, final, grown = leaks(points, course.began + warm_s)
    arrived, sent = _arrived(course, points)
    share = arrived / sent if sent else 0.0
    reconnects = course.report["reconnects"]
    met = (
        percent < 1 and not grown and not late["between"] and arrived == sent
        and reconnects == len(course.restarts) and not course.report["errors"]
    )  # fmt: skip
    thirds = {
        f"{part * seconds / 60:.3g} min": _near(memory, course.began + part * seconds)
        for part in (1 / 3, 2 / 3, 1)
    }
    return Result(
        name,
        {
            "memory after the warm-up, MB": [value for _, value in warm],
            "memory growth, MB an hour": [slope * 3600],
            "of it kept on purpose, MB an hour": [kept_slope * 3600],
            "late frames between the restarts": [late["between"]],
            "late frames in the restarts": [late["restarts"]],
            "late frames while it opens": [late["opening"]],
            "share of the values sent that arrived": [share],
        },
        {
            "late frames that the host made, between the restarts": [hosts["between"]],
            "late ticks of a bare timer between the restarts": [bare["between"]],
            "late ticks of a bare timer in the restarts": [bare["restarts"]],
        },
        "MB and counts",
        percent,
        "memory growth < 1 % after the warm-up beyond what trends and the traffic list are to keep "
        "(both have a budget), no thread, file, task, timer or widget more, no frame above 33 ms "
        "late between the restarts (less what the host took), every value arrives",
        met,
        [
            f"{seconds / 60:.3g} minutes at {rate:,.0f} changes/s; warm-up {warm_s:.0f} s; memory "
            f"{start:.1f} MB, then {slope * span_s:+.2f} MB in {span_s / 60:.3g} min, of it "
            f"{kept_slope * span_s:+.2f} MB samples of trends and the traffic list, which leaves "
            f"{percent:+.2f} %: "
            f"{sparkline([value for _, value in memory])}",
            f"{len(course.restarts)} restarts, {reconnects} reconnects, values again after "
            + ", ".join(f"{up - down:.1f} s" for down, up in course.restarts),
            f"after the last restart {sent:,.0f} values were sent and {arrived:,.0f} received; "
            f"{course.report['values_received']:,} in all",
            "held early and at the end: "
            + ", ".join(f"{key} {early[key]:g} and {final[key]:g}" for key in COUNTED)
            + (f"; MORE: {', '.join(grown)}" if grown else ""),
            f"late frames between the restarts: {_moments(course)}",
            f"frame lateness over all: {json.dumps(course.report['lateness_ms'])} ms, "
            f"{course.report['cpu_seconds']:.0f} s of processor time",
            *(f"the window reported: {said}" for said in course.report["errors"][:5]),
        ],
        {"memory, MB": thirds}
        | {key: _by_thirds(points, key, course.began, seconds) for key in COUNTED},
    )


def leaks(
    points: Sequence[dict[str, Any]], warm_at: float
) -> tuple[dict[str, float], dict[str, float], list[str]]:
    """Medians of the counts in the first and in the last third, and which of them have grown."""
    warm = [point for point in points if point["unix_s"] >= warm_at] or list(points)
    third = max(len(warm) // 3, 1)
    early = {key: median(point[key] for point in warm[:third]) for key in COUNTED}
    final = {key: median(point[key] for point in warm[-third:]) for key in COUNTED}
    return early, final, [key for key in COUNTED if final[key] > early[key] + SLACK[key]]


def _arrived(course: Course, points: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Values received and sent since the last restart, or since the beginning."""
    sent = course.last["sent"] + course.last["greeted"]
    down = course.restarts[-1][0] if course.restarts else 0.0
    before = [p for p in points if p["unix_s"] <= course.last["since"] and p["unix_s"] >= down]
    already = before[-1]["values_received"] if before and down else 0
    return course.report["values_received"] - already, sent


def _near(line: Sequence[tuple[float, float]], at: float) -> float:
    return min(line, key=lambda pair: abs(pair[0] - at))[1]


def _by_thirds(
    points: Sequence[dict[str, Any]], key: str, began: float, seconds: float
) -> dict[str, float]:
    line = [(point["unix_s"], float(point[key])) for point in points]
    return {
        f"{part * seconds / 60:.3g} min": _near(line, began + part * seconds)
        for part in (1 / 3, 2 / 3, 1)
    }


def _moments(course: Course) -> str:
    """When frames were late between the restarts, and whether the machine was as well."""
    told = []
    for at, late_ms in course.report["late_frames"]["times"]:
        if course.kind_of(at) == "between":
            same = any(abs(at - other) < 0.3 for other, _ in course.bare_late)
            stolen_ms = course.stolen_ms(at, late_ms)
            told.append(
                f"{late_ms:.0f} ms at {at - course.began:.0f} s"
                + (f" (the host took {stolen_ms:.0f} ms)" if stolen_ms else "")
                + (" (the bare timer too)" if same else "")
            )
    rest = f" and {len(told) - 12} more" if len(told) > 12 else ""
    return (", ".join(told[:12]) or "none") + rest


def sparkline(values: Sequence[float], wide: int = 60) -> str:
    """A line of blocks from 0 to the most, so that only what matters is seen."""
    if not values:
        return ""
    step = max(len(values) / wide, 1.0)
    shown = [values[int(number * step)] for number in range(min(wide, len(values)))]
    most = max(shown) or 1.0
    return "".join("▁▂▃▄▅▆▇█"[min(int(value / most * 7.999), 7)] for value in shown)


def draw(course: Course, path: Path) -> None:
    """The memory line with the restarts, as a picture for the paper."""
    line = [pair for pair in course.memory if pair[1]]
    if not line:
        return
    wide, high, left, low = 960, 240, 56, 28
    last_s = max(line[-1][0] - course.began, 1.0)
    most = max(value for _, value in line) * 1.15

    def x(at: float) -> float:
        return left + (at - course.began) / last_s * (wide - left - 12)

    def y(value: float) -> float:
        return high - low - value / most * (high - low - 16)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for down, up in course.restarts:
        parts.append(
            f'<rect x="{x(down):.1f}" y="16" width="{max(x(up) - x(down), 2):.1f}" '
            f'height="{high - low - 16}" fill="#f2c9a0"/>'
        )
    for number in range(5):
        value, at_s = most * number / 4, last_s * number / 4
        parts.append(
            f'<line x1="{left}" x2="{wide - 12}" y1="{y(value):.1f}" y2="{y(value):.1f}" '
            'stroke="#d8d8d8"/>'
            f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.0f} MB</text>'
            f'<text x="{x(course.began + at_s):.1f}" y="{high - 8}" '
            f'text-anchor="{"end" if number == 4 else "middle"}">{at_s / 60:.3g} min</text>'
        )
    dots = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line)
    parts.append(f'<polyline points="{dots}" fill="none" stroke="#1f5fa8" stroke-width="1.5"/>')
    path.write_text("\n".join([*parts, "</svg>"]) + "\n", encoding="utf-8")
