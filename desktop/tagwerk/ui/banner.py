"""The one line under the toolbar: the worst thing that someone at the desk must know now.

Others wait behind it. A banner belongs to whoever put it there (its key) and stays until that one
takes it away or the user closes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import IconButton, PushButton
from tagwerk.ui.widgets.emptystate import CutLabel, IconLabel, Label
from tagwerk.ui.widgets.painting import Area

_RANK = {"bad": 0, "warning": 1, "info": 2}
# kind: fill, line, text, detail, icon role, icon
_LOOKS = {
    "bad": ("bad_back", "bad", "text", "text2", "bad", "circle-alert"),
    "warning": ("banner", "banner_line", "banner_text", "banner_text", "uncertain", "unplug"),
    "info": ("header", "border", "text", "text2", "text2", "info"),
}


@dataclass(frozen=True, slots=True)
class Banner:
    """One banner. Texts are translated.

    Args:
        kind: ``bad``, ``warning`` or ``info``.
        headline: what happened.
        detail: what it means, or the cure.
        actions: (text, icon name, what to call).
        icon: Lucide name; "" takes the kind's.
        due_ns: wall clock of the next attempt; shows a countdown.
        attempt: number of that attempt.
        started_ns: when waiting for it began, for the draining line.
        closable: the user may close it.
    """

    kind: str
    headline: str
    detail: str = ""
    actions: tuple[tuple[str, str, Callable[[], object]], ...] = ()
    icon: str = ""
    due_ns: int | None = None
    attempt: int = 0
    started_ns: int = 0
    closable: bool = True


class _Drain(QWidget):
    """The line that runs empty until the next attempt."""

    def __init__(self) -> None:
        super().__init__()
        self.share = 0.0
        self.setFixedSize(QSize(theme().px(120), theme().px(3)))

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("banner_line"))
            filled = QRectF(0, 0, self.width() * self.share, self.height())
            painter.fillRect(filled, theme().color("banner_text"))


class _Line(CutLabel):
    """One line that gives way to what stands beside it, but not to the last letter."""

    def minimumSizeHint(self) -> QSize:
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), theme().px(120)), hint.height())


@dataclass(slots=True)
class _Entry:
    banner: Banner
    order: int = field(default=0)
    due_steady_ns: int | None = None
    whole_ns: int = 1


MOST_CLOSABLE = 50
"""Messages that may be closed, the one on show among them; the log has all that there were."""


class BannerBar(Area):
    """Shows the worst banner; hidden when there is none. Object name ``banner``."""

    def __init__(
        self,
        clock_ns: Callable[[], int] = time.time_ns,
        steady_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__("banner", lines="all", line_role="banner_line")
        self.setObjectName("banner")
        self._clock_ns = clock_ns
        self._steady_ns = steady_ns
        self._entries: dict[str, _Entry] = {}
        self._order = 0
        self._buttons: list[PushButton] = []
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(12), 0, theme().px(8), 0)
        row.setSpacing(theme().px(8))
        self._icon = IconLabel("info", 16)
        self._headline = _Line("", 13, 600)
        self._headline.setObjectName("bannerHeadline")
        self._detail = _Line("")
        self._detail.setObjectName("bannerDetail")
        self._detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._more = Label("", 12)
        self._countdown = Label("")
        self._countdown.setObjectName("bannerCountdown")
        self._drain = _Drain()
        self._actions = QHBoxLayout()
        self._actions.setSpacing(theme().px(8))
        self._close = IconButton("x", tr("Close this message"))
        self._close.setObjectName("bannerClose")
        self._close.clicked.connect(self._close_current)
        row.addWidget(self._icon)
        row.addWidget(self._headline)
        row.addWidget(self._detail, 1)
        for widget in (self._more, self._countdown, self._drain):
            row.addWidget(widget)
        row.addLayout(self._actions)
        row.addWidget(self._close)
        self._timer = QTimer(self)
        self._timer.setInterval(250)
        self._timer.timeout.connect(self._count_down)
        self._offered: tuple[tuple[str, str, Callable[[], object]], ...] = ()
        self._shown = ""
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self.hide()
        self._dress()
        theme().changed.connect(self._dress)

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(40))

    def put(self, key: str, banner: Banner) -> None:
        """Show or replace the banner of that key."""
        entry = self._entries.get(key)
        if entry is not None and entry.banner == banner:
            return
        if entry is None:
            self._order += 1
            self._entries[key] = _Entry(banner, self._order)
        else:
            entry.banner = banner
        self._start_countdown(self._entries[key])
        self._make_room()
        self._refresh()

    def _make_room(self) -> None:
        """Nobody reads the hundredth error: of those that may be closed the mildest and oldest go."""
        closable = [pair for pair in self._entries.items() if pair[1].banner.closable]
        closable.sort(key=lambda pair: (_RANK[pair[1].banner.kind], -pair[1].order))
        for key, _entry in closable[MOST_CLOSABLE:]:
            del self._entries[key]

    def _start_countdown(self, entry: _Entry) -> None:
        """Counted by a clock that nobody can set from here on."""
        banner = entry.banner
        entry.due_steady_ns = None
        if banner.due_ns is not None:
            entry.whole_ns = max(banner.due_ns - banner.started_ns, 1)
            left_ns = min(banner.due_ns - self._clock_ns(), entry.whole_ns)
            entry.due_steady_ns = self._steady_ns() + left_ns

    def drop(self, key: str) -> None:
        """Take the banner of that key away."""
        if self._entries.pop(key, None) is not None:
            self._refresh()

    def clear(self) -> None:
        self._entries.clear()
        self._refresh()

    def banner(self, key: str) -> Banner | None:
        """The banner of a key, shown or waiting."""
        entry = self._entries.get(key)
        return entry.banner if entry else None

    @property
    def current(self) -> Banner | None:
        """The banner on show."""
        entry = self._entries.get(self._shown)
        return entry.banner if entry else None

    def _close_current(self) -> None:
        self.drop(self._shown)

    def _refresh(self) -> None:
        """Newest of the worst kind."""
        ranked = sorted(
            self._entries.items(), key=lambda item: (_RANK[item[1].banner.kind], -item[1].order)
        )
        if not ranked:
            self._shown = ""
            self._timer.stop()
            self.hide()
            return
        self._shown, entry = ranked[0]
        banner = entry.banner
        fill, line, text, detail, icon_role, icon_name = _LOOKS[banner.kind]
        self.set_role(fill)
        self.set_lines("all", line)
        self._icon.set_icon(banner.icon or icon_name, icon_role)
        self._headline.setText(banner.headline)
        self._headline.setToolTip(banner.headline)
        self._headline.set_role(text)
        self._detail.setText(" ".join(banner.detail.split()))
        self._detail.setToolTip(banner.detail)
        self._detail.set_role(detail)
        self._countdown.set_role(text)
        waiting = len(ranked) - 1
        self._more.set_role(text)
        self._more.setText(tr_n("and {count} more", "and {count} more", waiting))
        self._more.setVisible(waiting > 0)
        self._close.setVisible(banner.closable)
        self._set_actions(banner)
        self.setAccessibleName(f"{banner.headline} {banner.detail}".strip())
        self._count_down()
        if banner.due_ns is not None:
            self._timer.start()
        else:
            self._timer.stop()
        self.show()

    def _set_actions(self, banner: Banner) -> None:
        if banner.actions == self._offered:
            # A button under the mouse or with the keyboard stays what it is.
            return
        self._offered = banner.actions
        while (item := self._actions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for text, icon_name, call in banner.actions:
            button = PushButton(text, icon_name)
            button.setObjectName("bannerAction")
            button.clicked.connect(lambda _checked=False, call=call: call())
            self._actions.addWidget(button)

    def _count_down(self) -> None:
        entry = self._entries.get(self._shown)
        due_ns = entry.due_steady_ns if entry is not None else None
        left_ns = max(due_ns - self._steady_ns(), 0) if due_ns is not None else 0
        self._countdown.setVisible(due_ns is not None)
        self._drain.setVisible(left_ns > 0)
        if entry is None or due_ns is None:
            return
        if left_ns == 0:
            # It may take as long as the time-out: a countdown that stands at zero looks frozen.
            self._countdown.setText(
                tr("Attempt {attempt} is running", attempt=entry.banner.attempt)
            )
            return
        seconds = -(-left_ns // 1_000_000_000)
        self._countdown.setText(
            tr("Attempt {attempt} in {seconds} s", attempt=entry.banner.attempt, seconds=seconds)
        )
        self._drain.share = min(left_ns / entry.whole_ns, 1.0)
        self._drain.update()
