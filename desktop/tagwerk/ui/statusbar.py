"""The status bar: how the connection stands, who is signed in, how much comes in, how late it is.

Left: connection, server, user and rights, session, redundancy. Right: subscribed tags, messages
per second, frame lateness, clock with its zone. Numbers have reserved widths, so that nothing
jumps; what has no room disappears from the least important on. Refreshed twice a second.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStatusBar, QWidget

from tagwerk.domain.connection import Capability, ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import format_number
from tagwerk.ui.i18n import number_style, tr, tr_message, tr_n
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.buttons import draw_icon

if TYPE_CHECKING:
    from tagwerk.plant import Plant

STATE_WORDS: dict[LinkState, Message] = {
    LinkState.OFFLINE: message("Not connected"),
    LinkState.RESOLVING: message("Looking up the name"),
    LinkState.CONNECTING: message("Connecting"),
    LinkState.SECURING: message("Checking the certificate"),
    LinkState.LOGGING_IN: message("Signing in"),
    LinkState.BROWSING: message("Reading names"),
    LinkState.LIVE: message("Connected"),
    LinkState.STALE: message("No sign of life"),
    LinkState.RECONNECTING: message("Link lost"),
    LinkState.REFUSED: message("Refused"),
}


class StatusField(QWidget):
    """One field: icon or dot, grey text before, strong text, grey text behind.

    Args:
        name: object name.
        sample: the widest (before, strong, behind) that usually comes; reserves the width.
    """

    def __init__(self, name: str, sample: tuple[str, str, str] = ("", "", "")) -> None:
        super().__init__()
        self.setObjectName(name)
        self._sample = sample
        self._parts = ("", "", "")
        self._icon = ""
        self._icon_role = "text2"
        self._strong_role = "text"
        self._dot = ""
        self.separator_left = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self._theme_changed)

    def _theme_changed(self) -> None:
        self.updateGeometry()
        self.update()

    def show_text(
        self,
        before: str = "",
        strong: str = "",
        behind: str = "",
        *,
        icon: str = "",
        icon_role: str = "text2",
        strong_role: str = "text",
        dot: str = "",
        tip: str = "",
    ) -> None:
        """Show new text; `dot` is a colour role for a filled dot in place of the icon."""
        fresh = ((before, strong, behind), icon, icon_role, strong_role, dot)
        self.setToolTip(tip)
        if fresh == (self._parts, self._icon, self._icon_role, self._strong_role, self._dot):
            return
        old_width = self.sizeHint().width()
        self._parts, self._icon, self._icon_role, self._strong_role, self._dot = fresh
        self.setAccessibleName(" ".join(part for part in (before, strong, behind) if part))
        if self.sizeHint().width() != old_width:
            self.updateGeometry()
        self.update()

    def set_strong_role(self, role: str) -> None:
        """Another colour for the strong text."""
        if role != self._strong_role:
            self._strong_role = role
            self.update()

    @property
    def is_empty(self) -> bool:
        return not any(self._parts)

    def _width(self) -> float:
        """Of all parts, each at least as wide as its sample."""
        tokens = theme()
        plain, strong = tokens.metrics(12), tokens.metrics(12, 500)
        widths = []
        for index, part in enumerate(self._parts):
            metrics = strong if index == 1 else plain
            sample = self._sample[index]
            if part or sample:
                widths.append(
                    max(metrics.horizontalAdvance(part), metrics.horizontalAdvance(sample))
                )
        return sum(widths) + tokens.px(5) * max(len(widths) - 1, 0)

    def sizeHint(self) -> QSize:
        tokens = theme()
        width = self._width()
        if self._icon or self._dot:
            width += tokens.px(14 + 6)
        return QSize(round(width) + tokens.px(20), tokens.px(25))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        line = tokens.px(7)
        x_line = 0 if self.separator_left else self.width() - 1
        painter.fillRect(QRectF(x_line, line, 1, self.height() - 2 * line), tokens.color("border"))
        x = float(tokens.px(10))
        if self._dot:
            radius = tokens.px(8) / 2
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tokens.color(self._dot))
            painter.drawEllipse(QRectF(x + 2, middle - radius, 2 * radius, 2 * radius))
            x += tokens.px(14 + 3)
        elif self._icon:
            side = tokens.px(14)
            draw_icon(
                painter, QRectF(x, middle - side / 2, side, side), self._icon, self._icon_role
            )
            x += side + tokens.px(6)
        for index, part in enumerate(self._parts):
            if not part:
                continue
            weight = 500 if index == 1 else 400
            painter.setFont(tokens.font(12, weight))
            painter.setPen(tokens.color(self._strong_role if index == 1 else "text2"))
            width = tokens.metrics(12, weight).horizontalAdvance(part)
            reserved = max(width, self._reserved(index, weight))
            area = QRectF(x, 0, reserved + 1, self.height())
            side_flag = (
                Qt.AlignmentFlag.AlignRight
                if self._is_number(part)
                else (Qt.AlignmentFlag.AlignLeft)
            )
            painter.drawText(area, side_flag | Qt.AlignmentFlag.AlignVCenter, part)
            x += reserved + tokens.px(5)
        painter.end()

    def _reserved(self, index: int, weight: int) -> float:
        sample = self._sample[index]
        return theme().metrics(12, weight).horizontalAdvance(sample) if sample else 0.0

    @staticmethod
    def _is_number(part: str) -> bool:
        return bool(part) and part[0].isdigit()


class StatusBar(QStatusBar):
    """The bar at the bottom of the window; object name ``statusBar``."""

    # The first to go when there is no room.
    _GIVE_WAY = ("server", "redundancy", "subscribed", "session", "lateness", "user", "messages")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAccessibleName(tr("Status bar"))
        self.setSizeGripEnabled(False)
        holder = QWidget(self)
        holder.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row = QHBoxLayout(holder)
        self._row.setContentsMargins(theme().px(4), 0, theme().px(2), 0)
        self._row.setSpacing(0)
        late = tr("frame late")
        self.fields = {
            "connection": StatusField("statusConnection"),
            "server": StatusField("statusServer"),
            "user": StatusField("statusUser"),
            "session": StatusField("statusSession"),
            "redundancy": StatusField("statusRedundancy"),
            "subscribed": StatusField("statusSubscribed", ("", "100 000", "")),
            "messages": StatusField("statusMessages", ("", "10 000", "")),
            "lateness": StatusField("statusLateness", (late, "88.8 ms", "p99 88.8")),
            "clock": StatusField("statusClock", ("", "00:00:00", "")),
        }
        for index, (name, field) in enumerate(self.fields.items()):
            if index == 5:
                self._row.addStretch(1)
            field.separator_left = index > 5
            self._row.addWidget(field)
            field.setVisible(name in ("connection", "clock"))
        self.addWidget(holder, 1)
        self._rates: tuple[int, int] = (0, 0)
        self._rate = 0.0
        self._is_plain = False
        self._wanted: set[str] = {"connection", "clock"}
        self._dress()
        theme().changed.connect(self._dress)
        self.refresh(None, (0.0, 0.0), time.time_ns())

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(26))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("chrome"))
        painter.fillRect(0, 0, self.width(), 1, theme().color("border"))
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def refresh(self, plant: Plant | None, lateness_ms: tuple[float, float], now_ns: int) -> None:
        """Show how it stands now.

        Args:
            plant: on show, or None.
            lateness_ms: median and p99 of the frame lateness.
            now_ns: wall clock.
        """
        self._wanted = {"connection", "clock"}
        moment = dt.datetime.fromtimestamp(now_ns / 1e9).astimezone()
        tip = tr("Local time of this computer, {zone}", zone=moment.strftime("%Z, UTC%z"))
        behind = tr("local")
        skew_ns = plant.trends.skew_ns if plant is not None else 0
        if skew_ns:
            difference = difference_text(skew_ns)
            behind = tr("local, server {difference}", difference=difference)
            tip += "\n" + tr(
                "The server's clock differs by {difference}. Times of values, logs and alarms are"
                " the server's.",
                difference=difference,
            )
        self.fields["clock"].show_text(
            "", moment.strftime("%H:%M:%S"), behind, icon="clock", tip=tip
        )
        status = plant.status if plant is not None else LinkStatus()
        self._show_connection(status)
        if plant is not None:
            self._show_session(plant, status, now_ns)
            self._show_rates(plant, lateness_ms, now_ns)
        self._make_room()

    def _show_connection(self, status: LinkStatus) -> None:
        word = tr_message(STATE_WORDS[status.state])
        detail = tr_message(status.detail)
        field = self.fields["connection"]
        if status.state is LinkState.LIVE:
            polled = status.capabilities.reason(Capability.PUSH) == "push_refused"
            why = " ".join(filter(None, (detail, tr_message(status.cure))))
            behind = tr("values polled") if polled else ""
            field.show_text("", word, behind, dot="connected", tip=why or word)
        elif status.state in (LinkState.STALE, LinkState.RECONNECTING, LinkState.REFUSED):
            role = "bad" if status.state is LinkState.REFUSED else "uncertain"
            field.show_text(
                "", word, icon="unplug", icon_role=role, strong_role=role, tip=detail or word
            )
        elif status.state is LinkState.OFFLINE:
            field.show_text(word, icon="unplug", tip=word)
        else:
            field.show_text("", word, icon="loader", tip=detail or word)

    def _show_session(self, plant: Plant, status: LinkStatus, now_ns: int) -> None:
        server = product_in_words(status.server)
        systems = ", ".join(status.systems)
        words = [server, systems]
        if is_partner(status, plant.profile):
            words.insert(0, tr("partner"))
        url = status.url or plant.profile.url
        self._is_plain = is_plain = url.startswith("http://")
        if is_plain:
            words.insert(0, tr("not encrypted"))
        self._show(
            "server",
            bool(server or url),
            host_of(url),
            "",
            ", ".join(part for part in words if part),
            icon="lock-open" if is_plain else "server",
            icon_role="uncertain" if is_plain else "text2",
            tip=url,
        )
        session = status.session
        self._show(
            "user",
            session is not None,
            "",
            session.user if session else "",
            rights_in_words(status),
            icon="user",
            tip=session.full_name if session else "",
        )
        expires = session.expires_ns if session else None
        left_min = max((expires - now_ns) // 60_000_000_000, 0) if expires else 0
        # Ten years are no countdown that anyone needs to see, and of a session behind a broken link
        # nobody knows anything.
        holds = status.state in (LinkState.LIVE, LinkState.STALE)
        self._show(
            "session",
            holds and expires is not None and left_min < 24 * 60,
            tr_n("session {count} min left", "session {count} min left", left_min),
            "",
            "",
            icon="timer",
        )
        self._show(
            "redundancy",
            bool(status.redundancy),
            tr("Redundancy"),
            redundancy_in_words(status.redundancy),
            "",
            icon="layers",
        )
        role = "uncertain" if is_passive(status) else "text"
        self.fields["redundancy"].set_strong_role(role)

    def _show_rates(self, plant: Plant, lateness_ms: tuple[float, float], now_ns: int) -> None:
        counters = plant.link.counters
        before_ns, before = self._rates
        if not 0 <= now_ns - before_ns < 900_000_000:
            if 0 < before_ns < now_ns and counters.messages >= before:
                self._rate = (counters.messages - before) * 1e9 / (now_ns - before_ns)
            self._rates = (now_ns, counters.messages)
        style = number_style()
        self._show(
            "subscribed", True, "", format_number(counters.subscribed, 0, style),
            tr("tags subscribed"),
            tip=tr_n("{count} value was replaced by a newer one before it could be shown",
                     "{count} values were replaced by newer ones before they could be shown",
                     counters.coalesced + plant.live.coalesced),
        )  # fmt: skip
        self._show(
            "messages", True, "", format_number(round(self._rate), 0, style), tr("msg/s"),
            icon="activity",
        )  # fmt: skip
        median, p99 = lateness_ms
        self._show(
            "lateness", True, tr("frame late"),
            f"{format_number(median, 1, style)} ms", f"p99 {format_number(p99, 1, style)}",
            tip=tr("How late the window's timers fire, median and 99th percentile of half a minute"),
        )  # fmt: skip

    def _show(
        self,
        name: str,
        wanted: bool,
        before: str,
        strong: str,
        behind: str,
        *,
        icon: str = "",
        icon_role: str = "text2",
        tip: str = "",
    ) -> None:
        if wanted:
            self._wanted.add(name)
            self.fields[name].show_text(
                before, strong, behind, icon=icon, icon_role=icon_role, tip=tip
            )

    def _give_way(self) -> tuple[str, ...]:
        """A server that is not encrypted stays in sight longest: the user was promised that."""
        if not self._is_plain:
            return self._GIVE_WAY
        return (*(name for name in self._GIVE_WAY if name != "server"), "server")

    def _make_room(self) -> None:
        room = self.width() - theme().px(24)
        shown = set(self._wanted)
        needed = {name: self.fields[name].sizeHint().width() for name in shown}
        for name in self._give_way():
            if sum(needed[other] for other in shown) <= room:
                break
            shown.discard(name)
        for name, field in self.fields.items():
            if field.isVisibleTo(self) != (name in shown):
                field.setVisible(name in shown)


def difference_text(difference_ns: int) -> str:
    """``+2:00:03``, with days where there are any: ``−3 d 0:10:00``."""
    minutes, seconds = divmod(abs(difference_ns) // 1_000_000_000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    sign = "+" if difference_ns > 0 else "\N{MINUS SIGN}"
    return f"{sign}{f'{days} d ' if days else ''}{hours}:{minutes:02d}:{seconds:02d}"


_REDUNDANCY = {
    "ACTIVE": message("active"),
    "PASSIVE": message("passive"),
}


_VERSIONS = (message("V20 or later"), message("V18 or V19"))
"""What a dialect guesses from the interface; the product's name before it is no word to translate."""


def product_in_words(product: str) -> str:
    """``WinCC Unified V20 oder neuer``; what is not known stays as it is."""
    for version in _VERSIONS:
        product = product.replace(version.template, tr_message(version))
    return product


def redundancy_in_words(state: str) -> str:
    """``passive``; a state that nobody knows is the server's own word."""
    known = _REDUNDANCY.get(state.upper())
    return tr_message(known) if known is not None else state


def is_passive(status: LinkStatus) -> bool:
    """The server that is spoken to says that its partner has the process."""
    return status.redundancy.upper() == "PASSIVE"


def is_partner(status: LinkStatus, profile: ConnectionProfile) -> bool:
    """It is the redundant partner that is spoken to, and not the server of the connection."""
    return bool(profile.partner) and host_of(status.url) == host_of(profile.partner)


def host_of(url: str) -> str:
    """``https://host:4000/graphql/`` → ``host:4000``, for showing."""
    _, _, rest = url.partition("://")
    return (rest or url).partition("/")[0]


def rights_in_words(status: LinkStatus) -> str:
    """``read, write, acknowledge`` in the user's language."""
    words = (
        (Capability.READ, tr("read")),
        (Capability.WRITE, tr("write")),
        (Capability.ACKNOWLEDGE, tr("acknowledge")),
    )
    return ", ".join(word for capability, word in words if capability in status.capabilities)
