"""One alarm table under a feed, offscreen, in a process of its own; prints one JSON line.

Kinds: ``panel`` is the desk's own alarm panel on a real store; ``plain`` a QTableView on a plain
sorted model; ``proxy`` one behind a QSortFilterProxyModel. All get the same notifications through
the same store, drained at the same pace.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "desktop"))

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, Qt, QTimer
from PySide6.QtCore import QSortFilterProxyModel as Proxy
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QTableView, QVBoxLayout, QWidget

from tagwerk.domain.alarms import Alarm, AlarmEvent, AlarmKey, AlarmState, Notification
from tagwerk.domain.connection import ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.traffic import Exchange, TrafficKind
from tagwerk.plant import Plant

SECOND_NS = 1_000_000_000
FEED_HZ = 50
FRAME_MS = 33
_AREAS = ("Dosing", "Cooling", "Filling", "Utilities", "Packing")
_COLORS = ("#D0021B", "#FFE100", "#B8D4F0", "")


def make_alarm(number: int, raised_ns: int) -> Alarm:
    """Alarm `number`; a third is acknowledged."""
    acknowledged = number % 3 == 0
    state = AlarmState.RAISED_ACKNOWLEDGED if acknowledged else AlarmState.RAISED
    return Alarm(
        AlarmKey(f"HMI_RT_1::Unit{number // 50:04}.M{number:06}.Trip:Alarm", 1),
        state,
        state_word=state.value,
        state_text="Raised, acknowledged" if acknowledged else "Raised",
        state_machine="RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT",
        priority=number % 17,
        class_name="Alarm" if number % 4 else "Warning",
        text=f"Motor {number:06}: winding temperature above limit",
        info_text="Check the cooling and the load of the drive",
        raise_time_ns=raised_ns,
        acknowledge_time_ns=raised_ns + SECOND_NS if acknowledged else None,
        modification_time_ns=raised_ns,
        back_color=_COLORS[number % 4],
        text_color="#000000" if number % 4 else "#FFFFFF",
        area=_AREAS[number % 5],
        value=number * 0.37,
        user_response="NONE" if acknowledged else "ACKNOWLEDGEMENT",
        trigger_tag=f"HMI_RT_1::Unit{number // 50:04}.M{number:06}.Trip",
    )


class Feed:
    """Notifications at a rate, from a thread: of 20, 8 change their state, 6 are raised anew, 3 go
    and 3 come.

    Args:
        size: how many alarms there are all the time.
        rate: changes a second.
        take: gets each batch.
    """

    def __init__(self, size: int, rate: float, take: Callable[[list[AlarmEvent]], None]) -> None:
        self._random = random.Random(5)
        self._take = take
        self._batch = max(round(rate / FEED_HZ), 1)
        now_ns = time.time_ns()
        self.alarms = {n: make_alarm(n, now_ns - n * 7_000_000) for n in range(size)}
        self._numbers = list(self.alarms)
        self._next = size
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0
        self.cpu_s = 0.0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.perf_counter()
        while not self._ended.is_set():
            self._take([event for _ in range(self._batch) for event in self._change()])
            self.cpu_s = time.thread_time()
            due += 1 / FEED_HZ
            self._ended.wait(max(due - time.perf_counter(), 0))

    def _change(self) -> list[AlarmEvent]:
        self.sent += 1
        kind = self._random.randrange(20)
        at = self._random.randrange(len(self._numbers))
        number = self._numbers[at]
        now_ns = time.time_ns()
        if kind >= 17:
            gone = self.alarms.pop(number)
            self._numbers[at], self._next = self._next, self._next + 1
            fresh = make_alarm(self._numbers[at], now_ns)
            self.alarms[self._numbers[at]] = fresh
            self.sent += 1
            return [
                AlarmEvent(Notification.REMOVED, gone),
                AlarmEvent(Notification.ADDED, fresh),
            ]
        old = self.alarms[number]
        if kind < 9:
            waits = old.user_response == "NONE"
            state = AlarmState.RAISED if waits else AlarmState.RAISED_ACKNOWLEDGED
            new = replace(
                old,
                state=state,
                state_word=state.value,
                state_text="Raised" if waits else "Raised, acknowledged",
                user_response="ACKNOWLEDGEMENT" if waits else "NONE",
                modification_time_ns=now_ns,
            )
        else:
            new = replace(
                old, raise_time_ns=now_ns, modification_time_ns=now_ns, value=number * 0.5
            )
        self.alarms[number] = new
        return [AlarmEvent(Notification.MODIFIED, new)]


class Lateness(QObject):
    """A precise timer of its own that notes how late it is."""

    PERIOD_MS = 16

    def __init__(self) -> None:
        super().__init__()
        self.readings: list[float] = []
        self.own: list[float] = []
        self._spent = time.thread_time()
        self._due = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fired)

    def begin(self) -> None:
        self._spent = time.thread_time()
        self.start()

    def start(self) -> None:
        self._due = time.perf_counter() + self.PERIOD_MS / 1000
        self._timer.start(self.PERIOD_MS)

    def _fired(self) -> None:
        self.readings.append(max((time.perf_counter() - self._due) * 1000, 0.0))
        spent = time.thread_time()
        self.own.append((spent - self._spent) * 1000)
        self._spent = spent
        self.start()

    def figures(self) -> dict[str, float]:
        ordered, own = sorted(self.readings) or [0.0], sorted(self.own) or [0.0]
        return {
            "p50_ms": ordered[len(ordered) // 2],
            "p99_ms": ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)],
            "worst_ms": ordered[-1],
            # Processor time of the window's thread between two ticks: no other program is in it.
            "own_p99_ms": own[min(int(len(own) * 0.99), len(own) - 1)],
            "own_worst_ms": own[-1],
        }


class Paints(QObject):
    """Counts the paints of a viewport."""

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.count = 0
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


@dataclass
class Desk:
    """What is measured.

    Args:
        view: the table.
        frame: called 30 times a second.
        id_at: the id of a row, to see whether the current row stays with its alarm.
    """

    view: QTableView
    frame: Callable[[], None]
    id_at: Callable[[int], object]
    keep: list[Any] = field(default_factory=list)


class Keys(QObject):
    """Presses Down ten times a second and looks whether the current row keeps its alarm."""

    def __init__(self, desk: Desk, alive: Callable[[object], bool]) -> None:
        super().__init__()
        self.moves = self.errors = 0
        self._desk, self._alive = desk, alive
        self._expected: object = None
        self._timer = QTimer(self)
        self._timer.setInterval(100)
        self._timer.timeout.connect(self._press)

    def start(self) -> None:
        self._desk.view.setCurrentIndex(self._desk.view.model().index(5, 0))
        self._timer.start()

    def _press(self) -> None:
        view = self._desk.view
        row = view.currentIndex().row()
        if self._expected is not None and self._alive(self._expected):
            self.errors += row < 0 or self._desk.id_at(row) != self._expected
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = Qt.Key.Key_Down if row < 200 else Qt.Key.Key_Home
            modifiers = Qt.KeyboardModifier.NoModifier
            if key == Qt.Key.Key_Home:
                modifiers = Qt.KeyboardModifier.ControlModifier
            QApplication.sendEvent(view, QKeyEvent(kind, key, modifiers))
        self.moves += 1
        now = view.currentIndex().row()
        if now < 0 or (row < 200 and now == row):
            self.errors += 1
        self._expected = self._desk.id_at(now) if now >= 0 else None


def open_panel(plant: Plant, size: int) -> Desk:
    """The desk's own alarm panel."""
    from tagwerk.ui.desk import Desk as Parts
    from tagwerk.ui.panels.alarms import AlarmPanel
    from tagwerk.ui.settings import Settings
    from tagwerk.ui.theme import theme

    def problem(error: BaseException, _where: str) -> None:
        raise error

    theme().load_fonts()
    theme().load_mono()
    theme().apply(QApplication.instance(), "light")
    panel = AlarmPanel(Parts(None, Settings(), problem))
    window = QWidget()
    column = QVBoxLayout(window)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(panel.header_widget())
    column.addWidget(panel, 1)
    panel.header_widget().setFixedHeight(28)
    window.resize(1920, 1080)
    window.show()
    panel.set_plant(plant)

    def frame() -> None:
        panel.on_frame(plant.drain())

    return Desk(panel.table, frame, panel.table.alarms.id_at, [panel, window])


class PlainModel(QAbstractTableModel):
    """Eight columns over the store, sorted by acknowledgement and time; as one writes it first."""

    def __init__(self, plant: Plant, *, is_sorted: bool) -> None:
        super().__init__()
        self.store = plant.alarms
        self.rows: list[Alarm] = []
        self.is_sorted = is_sorted

    def follow(self) -> None:
        fresh = list(self.store)
        if self.is_sorted:
            fresh.sort(
                key=lambda alarm: (alarm.needs_acknowledgement, alarm.raise_time_ns), reverse=True
            )
            held = self.persistentIndexList()
            keys = [self.rows[index.row()].key for index in held]
            self.layoutAboutToBeChanged.emit()
            places = {alarm.key: row for row, alarm in enumerate(fresh)} if held else {}
            self.rows = fresh
            self.changePersistentIndexList(
                held,
                [
                    self.index(places[key], index.column()) if key in places else QModelIndex()
                    for key, index in zip(keys, held, strict=True)
                ],
            )
            self.layoutChanged.emit()
            return
        known = {alarm.key: row for row, alarm in enumerate(self.rows)}
        new = {alarm.key: alarm for alarm in fresh}
        for row in range(len(self.rows) - 1, -1, -1):
            if self.rows[row].key not in new:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self.rows[row]
                self.endRemoveRows()
        for row, alarm in enumerate(self.rows):
            now = new[alarm.key]
            if now is not alarm:
                self.rows[row] = now
                self.dataChanged.emit(self.index(row, 0), self.index(row, 7))
        came = [alarm for key, alarm in new.items() if key not in known]
        if came:
            count = len(self.rows)
            self.beginInsertRows(QModelIndex(), count, count + len(came) - 1)
            self.rows += came
            self.endInsertRows()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else 8

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        alarm = self.rows[index.row()]
        return (
            alarm.state_text, alarm.priority, alarm.class_name, str(alarm.raise_time_ns),
            alarm.text, f"{alarm.value:.2f}", alarm.area, alarm.trigger_tag,
        )[index.column()]  # fmt: skip


def open_plain(plant: Plant, size: int) -> Desk:
    """A QTableView on a sorted model of ours-as-anybody's."""
    model = PlainModel(plant, is_sorted=True)
    view = QTableView()
    view.verticalHeader().setDefaultSectionSize(24)
    view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    view.setModel(model)
    view.resize(1920, 1080)
    view.show()

    def frame() -> None:
        if plant.drain().alarms:
            model.follow()

    return Desk(view, frame, lambda row: model.rows[row].key, [model])


def open_proxy(plant: Plant, size: int) -> Desk:
    """A QTableView on a plain model behind Qt's own sorting proxy."""
    model = PlainModel(plant, is_sorted=False)
    proxy = Proxy()
    proxy.setSourceModel(model)
    proxy.sort(3, Qt.SortOrder.DescendingOrder)
    view = QTableView()
    view.verticalHeader().setDefaultSectionSize(24)
    view.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
    view.setModel(proxy)
    view.resize(1920, 1080)
    view.show()

    def frame() -> None:
        if plant.drain().alarms:
            model.follow()

    def key_at(row: int) -> object:
        return model.rows[proxy.mapToSource(proxy.index(row, 0)).row()].key

    return Desk(view, frame, key_at, [model, proxy])


class Records:
    """Exchanges at a rate, from a thread; `Feed`'s twin for the traffic table."""

    def __init__(self, size: int, rate: float, take: Callable[[Exchange], None]) -> None:
        self.alarms: dict[int, Alarm] = {}
        self.sent = 0
        self.cpu_s = 0.0
        self._take = take
        self._batch = max(round(rate / FEED_HZ), 1)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        for _ in range(size):
            self._one()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        due = time.perf_counter()
        while not self._ended.is_set():
            for _ in range(self._batch):
                self._one()
            self.cpu_s = time.thread_time()
            due += 1 / FEED_HZ
            self._ended.wait(max(due - time.perf_counter(), 0))

    def _one(self) -> None:
        self.sent += 1
        self._take(
            Exchange(
                time.time_ns(),
                TrafficKind.HTTP,
                f"tagValues{self.sent % 7}",
                url="https://plant.example/graphql/",
                status=200,
                sent_bytes=400 + self.sent % 90,
                received_bytes=1_000 + self.sent % 900,
                ms=self.sent % 37 + 0.4,
                request="{ tagValues }",
                answer="{}",
            )
        )


def open_traffic(plant: Plant, size: int) -> Desk:
    """The desk's own traffic panel."""
    from tagwerk.ui.desk import Desk as Parts
    from tagwerk.ui.panels.traffic import TrafficPanel
    from tagwerk.ui.settings import Settings
    from tagwerk.ui.theme import theme

    def problem(error: BaseException, _where: str) -> None:
        raise error

    theme().load_fonts()
    theme().apply(QApplication.instance(), "light")
    panel = TrafficPanel(Parts(None, Settings(), problem))
    panel.resize(1920, 1080)
    panel.show()
    panel.set_plant(plant)

    def frame() -> None:
        panel.on_frame(plant.drain())

    return Desk(panel.table, frame, panel.table.records.view.number_at, [panel])


KINDS = {
    "panel": open_panel,
    "plain": open_plain,
    "proxy": open_proxy,
    "traffic": open_traffic,
}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--alarms", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=1_000.0)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--no-keys", action="store_true")
    parser.add_argument("--select", type=int, default=0, help="so many selected rows, -1 for all")
    parser.add_argument("--filter", default="", help="text to type at half-time")
    parser.add_argument("--profile", type=int, default=0, help="so many lines of a profile")
    options = parser.parse_args()
    sys.setswitchinterval(0.001)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    plant = Plant(ConnectionProfile("plant", "https://plant.example/graphql/"))
    feed: Feed | Records
    if options.kind == "traffic":
        feed = Records(options.alarms, options.rate, plant.traffic.on_exchange)
        options.no_keys = True
    else:
        feed = Feed(options.alarms, options.rate, plant.on_alarms)
    plant.on_status(LinkStatus(state=LinkState.LIVE))
    plant.on_alarms_restart(list(feed.alarms.values()))
    late_first, begun = Lateness(), time.perf_counter()
    desk = KINDS[options.kind](plant, options.alarms)
    clock = QTimer()
    clock.setTimerType(Qt.TimerType.PreciseTimer)
    clock.setInterval(FRAME_MS)
    clock.timeout.connect(desk.frame)
    clock.start()
    late_first.start()

    def alive(identity: object) -> bool:
        if isinstance(identity, AlarmKey):
            return plant.alarms.get(identity) is not None
        return isinstance(identity, int) and plant.alarms.alarm(identity) is not None

    while desk.view.model().rowCount() < options.alarms:
        app.processEvents()
        if time.perf_counter() - begun > 30:
            break
    ready_s = time.perf_counter() - begun
    late, paints, keys = Lateness(), Paints(desk.view.viewport()), Keys(desk, alive)
    _settle(app, 0.4)
    if not options.no_keys:
        keys.start()
    if options.select:
        _select(desk, options.select)
    if options.filter:
        QTimer.singleShot(
            int(options.seconds * 500), lambda: desk.keep[0].bar.search.setText(options.filter)
        )
    feed.start()
    _settle(app, 0.6)
    paints.count = 0
    profile = cProfile.Profile()
    late.begin()
    cpu, fed, wall = time.process_time(), feed.cpu_s, time.perf_counter()
    sent = feed.sent
    if options.profile:
        profile.enable()
    QTimer.singleShot(int(options.seconds * 1000), app.quit)
    app.exec()
    if options.profile:
        profile.disable()
    wall = time.perf_counter() - wall
    used = time.process_time() - cpu - (feed.cpu_s - fed)
    changes = (feed.sent - sent) / wall
    feed.stop()
    if options.profile:
        pstats.Stats(profile, stream=sys.stderr).sort_stats(
            os.environ.get("SORT", "tottime")
        ).print_stats(options.profile)
    print(
        json.dumps(
            {
                "share": used / wall,
                **late.figures(),
                "opened_worst_ms": late_first.figures()["worst_ms"],
                "ready_s": ready_s,
                "pictures_s": paints.count / wall,
                "changes_s": changes,
                "key_moves": keys.moves,
                "key_errors": keys.errors,
                "rows": desk.view.model().rowCount(),
            }
        )
    )
    sys.stdout.flush()
    os._exit(0)


def _settle(app: Any, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.002)


def _select(desk: Desk, count: int) -> None:
    if count < 0:
        desk.view.selectAll()
        return
    flags = desk.view.selectionModel().SelectionFlag
    model = desk.view.model()
    for row in range(0, count * 2, 2):
        desk.view.selectionModel().select(model.index(row, 0), flags.Select | flags.Rows)


if __name__ == "__main__":
    raise SystemExit(main())
