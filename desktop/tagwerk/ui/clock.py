"""The frame clock: the only thing that moves data from the stores to the screen.

33 ms while something changes or moves, slower when nothing has changed for a moment (the stream
then wakes it), slowest while the window cannot be seen (what came in waits in the stores; the drain
keeps their rings from running over). Each beat drains the plant once and hands the frame to every listener, in turns: what
is painted much (setpoints, trends) gets a frame of nothing but values some milliseconds after the
rest, so that the loop answers keys and reads the link between two pictures. One of the three doors
with ``except Exception``: a broken panel is reported and the others still get their frame.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from tagwerk.plant import Frame, Plant

PERIOD_MS = 33
RESTING_PERIOD_MS = 250
"""So late at most is the first change after a rest that comes about in the window itself, as names
that were read; what the server sends wakes the clock at once."""
HIDDEN_PERIOD_MS = 500
_QUIET_FRAMES = 30
"""After so many frames without news (a second) the clock rests: it looks for news less often, and
hands on frames without any only as often as a listener needs them."""
_REST_RATE = 1.0
_RATE_HOLDS_S = 0.25
"""What listeners need at rest is asked again after so long: at each beat it was a tenth of a rest."""
TURN_MS = 6
"""Between two turns of a frame: as many as there are fit into its period."""
_MOST_PUT_OFF = 2
"""So many beats wait at most for the first of the later turns of the frame before: what comes in
meanwhile waits in the stores."""


def is_due(now_ns: int, last_ns: int, every_ns: int) -> bool:
    """Whether `every_ns` have passed, also where the wall clock was set back meanwhile."""
    return not 0 <= now_ns - last_ns < every_ns


def merged(earlier: Frame, later: Frame) -> Frame:
    """Both frames in one, for whoever has not had the earlier one yet; of the later's moment."""
    return replace(
        later,
        values=earlier.values | later.values,
        curves=earlier.curves | later.curves,
        alarms=earlier.alarms or later.alarms,
        tree=earlier.tree or later.tree,
        status=later.status or earlier.status,
        writes=earlier.writes or later.writes,
    )


def is_for_all_at_once(frame: Frame) -> bool:
    """What users must not see in two minds (link, writes, names), and what costs nothing."""
    return bool(frame.tree or frame.status or frame.writes) or frame.is_quiet


class FrameClock(QObject):
    """Ticks while it is started.

    Args:
        report: gets what a listener raised, and the listener's name.
        parent: usually the window.

    Signals:
        pace_changed: the milliseconds between two frames from now on.
    """

    pace_changed = Signal(int)
    _news_came = Signal()

    def __init__(self, report: Callable[[BaseException, str], None], parent: QObject) -> None:
        super().__init__(parent)
        self.frames = 0
        self._is_visible = True
        self._quiet_frames = 0
        self._rates: dict[str, Callable[[], float]] = {}
        self._last_due_s = 0.0
        self._rate, self._rate_asked_s = _REST_RATE, 0.0
        self._report = report
        self._plant: Plant | None = None
        self._listeners: list[tuple[str, Callable[[Frame], None]]] = []
        self._turns: dict[str, int] = {}
        """Of those that have a later one than the first."""
        self._put_off = 0
        self._waiting: dict[int, Frame] = {}
        """What each later turn has not been handed yet."""
        self._next_turn = QTimer(self)
        self._next_turn.setTimerType(Qt.TimerType.PreciseTimer)
        self._next_turn.setSingleShot(True)
        self._next_turn.setInterval(TURN_MS)
        self._next_turn.timeout.connect(self._take_turn)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self._beat)
        self._news_came.connect(self._wake_for_news, Qt.ConnectionType.QueuedConnection)

    def set_plant(self, plant: Plant | None) -> None:
        """Drain this plant from now on; without one the clock rests."""
        if plant is not self._plant:
            # Of another plant: listeners that are shown a plant show all of it.
            self._forget_turns()
            self._let_sleep()
        self._plant = plant
        self._quiet_frames = 0
        self._keep_pace()
        if plant is None:
            self._timer.stop()
        else:
            self._timer.start()

    def listen(
        self,
        name: str,
        on_frame: Callable[[Frame], None],
        rest_rate: Callable[[], float] | None = None,
        turn: int = 0,
    ) -> None:
        """Call `on_frame` with every frame, in the order of turns and of listening.

        Args:
            rest_rate: frames a second that the listener needs while nothing changes (a picture
                that moves by itself); one when not given.
            turn: 0 gets a frame at once; a later one may get it later, and several in one.
        """
        self._listeners.append((name, on_frame))
        if turn:
            self._turns[name] = turn
        if rest_rate is not None:
            self._rates[name] = rest_rate

    def unlisten(self, name: str) -> None:
        """Forget all listeners of that name."""
        self._listeners = [pair for pair in self._listeners if pair[0] != name]
        self._turns.pop(name, None)
        self._rates.pop(name, None)

    def set_visible(self, visible: bool) -> None:
        """Whether the window can be seen. Seen again, it gets a frame at once."""
        if visible == self._is_visible:
            return
        self._is_visible = visible
        # Nobody waits for what is put off while nothing can be seen.
        self._quiet_frames = 0 if visible else _QUIET_FRAMES
        self._keep_pace()
        if visible and self._timer.isActive():
            self.tick()

    def wake(self) -> None:
        """Somebody does something: full pace for the next second, as after news."""
        if self._is_visible and self._quiet_frames >= _QUIET_FRAMES:
            self._quiet_frames = 0
            self._keep_pace()

    @property
    def period_ms(self) -> int:
        """Between two frames, as it is now."""
        return self._timer.interval()

    def _is_due(self, frame: Frame) -> bool:
        """Set the pace, and tell whether anybody needs this frame."""
        rests = frame.is_quiet and not (self._plant is not None and self._plant.is_sorting)
        self._quiet_frames = self._quiet_frames + 1 if rests else 0
        if self._quiet_frames < _QUIET_FRAMES:
            self._keep_pace()
            self._last_due_s = time.monotonic()
            return True
        now_s = time.monotonic()
        is_slow = self._timer.interval() > PERIOD_MS
        if not is_slow or now_s >= self._rate_asked_s + _RATE_HOLDS_S:
            self._rate_asked_s = now_s
            self._rate = max((wanted() for wanted in self._rates.values()), default=_REST_RATE)
        rate = self._rate
        self._keep_pace(rate)
        if now_s < self._last_due_s + 0.9 / rate:
            return False
        self._last_due_s = now_s
        return True

    def _keep_pace(self, rest_rate: float = 0.0) -> None:
        """Pace for listeners that need so many frames a second at rest; 0: it is no rest."""
        period = PERIOD_MS
        if not self._is_visible:
            period = HIDDEN_PERIOD_MS
        elif rest_rate:
            period = min(max(round(1000 / rest_rate), PERIOD_MS), RESTING_PERIOD_MS)
        if self._timer.interval() != period:
            self._timer.setInterval(period)
            self.pace_changed.emit(period)

    def stop(self) -> None:
        """No more frames; the first step of shutting down."""
        self._timer.stop()
        self._forget_turns()
        self._let_sleep()
        self._plant = None

    def tick(self) -> None:
        """One frame now for everybody, whether anything is new or not."""
        frame = self._drain()
        if frame is not None:
            self._hand_on(frame)

    def _beat(self) -> None:
        untold = len(self._waiting)
        if untold and untold >= len(set(self._turns.values())) and self._put_off < _MOST_PUT_OFF:
            # Not even one turn of the frame before could be taken: the loop is behind.
            self._put_off += 1
            return
        self._put_off = 0
        frame = self._drain()
        if frame is None or not self._is_due(frame):
            return
        if not self._is_visible or is_for_all_at_once(frame):
            self._hand_on(frame)
        else:
            self._hand_on_in_turns(frame)

    def _drain(self) -> Frame | None:
        if self._plant is None:
            return None
        if self._is_visible and self._quiet_frames >= _QUIET_FRAMES - 1:
            # Before the look that may begin a rest: what comes during it or behind it is told.
            self._plant.tell_news(self._on_news)
        try:
            return self._plant.drain()
        except Exception as error:  # noqa: BLE001 - a door: logged and shown by the reporter
            self._report(error, "frame")
            return None

    def _on_news(self) -> None:
        """From the stream's thread, which may outlive this clock."""
        with contextlib.suppress(RuntimeError):
            self._news_came.emit()

    def _wake_for_news(self) -> None:
        if self._timer.isActive() and self._timer.interval() > PERIOD_MS:
            self._beat()

    def _let_sleep(self) -> None:
        if self._plant is not None:
            self._plant.tell_news(None)

    def _hand_on(self, frame: Frame) -> None:
        if not frame.is_quiet:
            self._quiet_frames = 0
        self.frames += 1
        waiting = dict(self._waiting)
        self._forget_turns()
        for turn in sorted({0, *waiting, *self._turns.values()}):
            missed = waiting.get(turn)
            self._tell(turn, frame if missed is None else merged(missed, frame))

    def _hand_on_in_turns(self, frame: Frame) -> None:
        """The first turn at once, the others one after the other, each from the timer."""
        self._quiet_frames = 0
        self.frames += 1
        for turn in sorted(set(self._turns.values())):
            missed = self._waiting.get(turn)
            self._waiting[turn] = frame if missed is None else merged(missed, frame)
        if self._waiting and not self._next_turn.isActive():
            self._next_turn.start()
        self._tell(0, frame)

    def _take_turn(self) -> None:
        """The turn that has waited longest: it was put off behind none twice."""
        turn = next(iter(self._waiting), None)
        if turn is None:
            return
        frame = self._waiting.pop(turn)
        if self._waiting:
            self._next_turn.start()
        self._tell(turn, frame)

    def _forget_turns(self) -> None:
        self._waiting.clear()
        self._next_turn.stop()

    def _tell(self, wanted: int, frame: Frame) -> None:
        for name, on_frame in tuple(self._listeners):
            if self._turns.get(name, 0) != wanted:
                continue
            try:
                on_frame(frame)
            except Exception as error:  # noqa: BLE001 - a door: logged and shown by the reporter
                self._report(error, name)


class LatenessMeter(QObject):
    """How late the window's timers fire: what a user feels as stutter.

    A precise timer of its own, 20 ms apart; lateness is the time past the moment when it was due.
    While the window rests it reads less often, because each reading wakes the computer; `thorough`
    (``--report``) never. However long it runs, it holds the same memory: steps of 0.05 ms are
    counted, not kept.
    """

    PERIOD_MS = 20
    RESTING_PERIOD_MS = 500
    RESTS_FROM_MS = 100
    """Frames that far apart are a rest."""
    RECENT_NS = 30_000_000_000
    """How far back the running figures go: half a minute."""
    LATE_MS = 33.0
    """From here on a frame is missed, and the moment is noted."""
    MOST_NOTED = 500
    _STEPS_PER_MS = 20

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.thorough = False
        self._period_ms = self.PERIOD_MS
        self._recent: deque[tuple[int, float]] = deque()
        self._steps: Counter[int] = Counter()
        self._unsettled: Counter[int] = Counter()
        self._worst_ms = self._worst_settled_ms = 0.0
        self._missed = 0
        self._noted: deque[tuple[float, float]] = deque(maxlen=self.MOST_NOTED)
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fired)

    def start(self) -> None:
        self._arm(time.perf_counter())

    def stop(self) -> None:
        self._timer.stop()

    def set_running(self, running: bool) -> None:
        """Start or stop, as far as it is not so already."""
        if not running:
            self.stop()
        elif not self._timer.isActive():
            self.start()

    def follow_pace(self, frame_ms: int) -> None:
        """The frame clock's pace: at rest it is enough to look now and then."""
        resting = frame_ms >= self.RESTS_FROM_MS and not self.thorough
        period_ms = self.RESTING_PERIOD_MS if resting else self.PERIOD_MS
        if period_ms != self._period_ms:
            self._period_ms = period_ms
            if self._timer.isActive():
                self.start()

    def restart(self) -> None:
        """Forget what was, e.g. once everything is loaded."""
        self._recent.clear()
        self._steps.clear()
        self._unsettled.clear()
        self._worst_ms, self._worst_settled_ms, self._missed = 0.0, 0.0, 0
        self._noted.clear()

    def settle(self) -> None:
        """From here on, readings also count for ``total(settled=True)``."""
        self._unsettled = self._steps.copy()
        self._worst_settled_ms = 0.0

    def _arm(self, now: float) -> None:
        self._due = now + self._period_ms / 1000
        self._timer.start(self._period_ms)

    def _fired(self) -> None:
        now = time.perf_counter()
        late_ms = max((now - self._due) * 1000, 0.0)
        now_ns = time.monotonic_ns()
        self._recent.append((now_ns, late_ms))
        while self._recent[0][0] < now_ns - self.RECENT_NS:
            self._recent.popleft()
        self._steps[int(late_ms * self._STEPS_PER_MS)] += 1
        self._worst_ms = max(self._worst_ms, late_ms)
        self._worst_settled_ms = max(self._worst_settled_ms, late_ms)
        if late_ms > self.LATE_MS:
            self._missed += 1
            self._noted.append((time.time(), late_ms))
        self._arm(now)

    def recent(self) -> tuple[float, float]:
        """Median and 99th percentile of the last half minute, in ms."""
        readings = [late_ms for _at_ns, late_ms in self._recent]
        return percentile(readings, 50), percentile(readings, 99)

    def total(self, *, settled: bool = False) -> dict[str, float]:
        """p50, p99 and max since the (re)start, or since it has settled, in ms; ``lateness_ms``."""
        steps = self._steps - self._unsettled if settled else self._steps
        return {
            "p50": self._percentile(steps, 50),
            "p99": self._percentile(steps, 99),
            "max": round(self._worst_settled_ms if settled else self._worst_ms, 2),
        }

    def missed(self) -> dict[str, Any]:
        """The report's ``late_frames``: how many, above which ms, and [unix s, ms] of the last."""
        times = [[round(at_s, 3), round(late_ms, 1)] for at_s, late_ms in self._noted]
        return {"count": self._missed, "above_ms": self.LATE_MS, "times": times}

    def _percentile(self, steps: Counter[int], percent: float) -> float:
        """Nearest rank over all readings, to 0.05 ms; 0 for no readings."""
        left = int(steps.total() * percent / 100)
        for step in sorted(steps):
            left -= steps[step]
            if left < 0:
                return round(step / self._STEPS_PER_MS, 2)
        return 0.0


def percentile(readings: list[float], percent: float) -> float:
    """Nearest-rank percentile; 0 for no readings."""
    if not readings:
        return 0.0
    ordered = sorted(readings)
    rank = min(int(len(ordered) * percent / 100), len(ordered) - 1)
    return ordered[rank]
