"""The status bar: how the connection stands, who is signed in, how much comes in, how late it is.

Left: connection, server, user and rights, session, redundancy. Right: subscribed tags, messages
per second, frame lateness, clock with its zone. Numbers have reserved widths, so that nothing
jumps; what has no room disappears from the least important on. Refreshed twice a second.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStatusBar, QWidget

from tagwerk.domain.numbers import format_number
from tagwerk.ui.i18n import number_style, tr, tr_message, tr_n
from tagwerk.ui.status_field import StatusField
from tagwerk.ui.theme import theme

if TYPE_CHECKING:
    from tagwerk.domain.connection import LinkStatus
    from tagwerk.plant import Plant


COALESCED_SHOWN_NS = 5_000_000_000
"""So long after the last value that no frame could show the counter of such values stays."""


class StatusBar(QStatusBar):
    """The bar at the bottom of the window; object name ``statusBar``."""

    # The first to go when there is no room.
    _GIVE_WAY = (
        "server", "redundancy", "subscribed", "session", "lateness", "user", "messages", "coalesced",
    )  # fmt: skip

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
            "coalesced": StatusField("statusCoalesced", ("", "10 000", "")),
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
        self._rates: tuple[int, int, int] = (0, 0, 0)
        self._rate = 0.0
        self._coalesced = 0.0
        self._coalesced_until_ns = 0
        self._is_plain = False
        self._wanted: set[str] = {"connection", "clock"}
        self._dress()
        theme().changed.connect(self._dress)
        self.refresh(None, (0.0, 0.0), time.time_ns())

    def _dress(self) -> None:
        self.setFixedHeight(theme().px(26))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), theme().color("chrome"))
            painter.fillRect(0, 0, self.width(), 1, theme().color("border"))

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
        moment = time.localtime(now_ns // 1_000_000_000)
        zone = time.strftime("%Z, UTC%z", moment)
        tip = tr("Local time of this computer, {zone}", zone=zone)
        behind = tr("local")
        skew_ns = plant.trends.skew_ns if plant is not None else 0
        if skew_ns:
            from tagwerk.ui.status_words import difference_text

            difference = difference_text(skew_ns)
            behind = tr("local, server {difference}", difference=difference)
            tip += "\n" + tr(
                "The server's clock differs by {difference}. Times of values, logs and alarms are"
                " the server's.",
                difference=difference,
            )
        self.fields["clock"].show_text(
            "", time.strftime("%H:%M:%S", moment), behind, icon="clock", tip=tip
        )
        if plant is None:
            # Without the words of connections, whose vocabulary the first picture does not need.
            word = tr("Not connected")
            self.fields["connection"].show_text(word, icon="unplug", tip=word)
        else:
            self._show_connection(plant.status, plant)
            self._show_session(plant, plant.status, now_ns)
            self._show_rates(plant, lateness_ms, now_ns)
        self._make_room()

    def _show_connection(self, status: LinkStatus, plant: Plant) -> None:
        from tagwerk.domain.connection import Capability, LinkState
        from tagwerk.ui.status_words import state_in_words

        word = state_in_words(status)
        detail = tr_message(status.detail)
        why = " ".join(filter(None, (detail, tr_message(status.cure))))
        field = self.fields["connection"]
        if status.state is LinkState.LIVE:
            every_s = (
                plant.link.counters.poll_every_s if plant is not None and plant.has_link else 0.0
            )
            polled = every_s or status.capabilities.reason(Capability.PUSH) == "push_refused"
            behind = tr("values polled") if polled else ""
            if every_s:
                seconds = format_number(every_s, 1, number_style())
                behind = tr("polled every {seconds} s", seconds=seconds)
            field.show_text("", word, behind, dot="connected", tip=why or word)
        elif status.state in (LinkState.STALE, LinkState.RECONNECTING, LinkState.REFUSED):
            role = "bad" if status.state is LinkState.REFUSED else "uncertain"
            field.show_text(
                "", word, icon="unplug", icon_role=role, strong_role=role, tip=why or word
            )
        elif status.state is LinkState.OFFLINE:
            field.show_text(word, icon="unplug", tip=word)
        else:
            field.show_text("", word, icon="loader", tip=detail or word)

    def _show_session(self, plant: Plant, status: LinkStatus, now_ns: int) -> None:
        from tagwerk.domain.connection import LinkState
        from tagwerk.ui.status_words import (
            host_of,
            is_partner,
            is_passive,
            product_in_words,
            redundancy_in_words,
            rights_in_words,
        )

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
        before_ns, before, coalesced_before = self._rates
        coalesced = plant.coalesced
        if not 0 <= now_ns - before_ns < 900_000_000:
            if 0 < before_ns < now_ns and counters.messages >= before:
                seconds = (now_ns - before_ns) / 1e9
                self._rate = (counters.messages - before) / seconds
                self._coalesced = (coalesced - coalesced_before) / seconds
                if coalesced > coalesced_before:
                    self._coalesced_until_ns = now_ns + COALESCED_SHOWN_NS
            self._rates = (now_ns, counters.messages, coalesced)
        style = number_style()
        self._show(
            "subscribed", True, "", format_number(counters.subscribed, 0, style),
            tr("tags polled") if counters.poll_stretch else tr("tags subscribed"),
        )  # fmt: skip
        self._show(
            "messages", not counters.poll_stretch, "", format_number(round(self._rate), 0, style), tr("msg/s"),
            icon="activity",
        )  # fmt: skip
        tip = tr_n("{count} value was replaced by a newer one before it could be shown",
                   "{count} values were replaced by newer ones before they could be shown",
                   coalesced)  # fmt: skip
        if plant.trends.left_out:
            tip += "\n" + tr_n(
                "{count} sample is missing in the trends, which mark the time",
                "{count} samples are missing in the trends, which mark the times",
                plant.trends.left_out,
            )
        self._show(
            "coalesced", 0 <= self._coalesced_until_ns - now_ns <= COALESCED_SHOWN_NS,
            "", format_number(round(self._coalesced), 0, style), tr("coalesced/s"), tip=tip,
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
