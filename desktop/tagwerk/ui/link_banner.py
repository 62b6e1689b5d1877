"""What the banner says about the link: lost with a countdown, refused with the cure, back again.

Follows the plant's status; called by the window once a frame with news and twice a second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.ui.banner import Banner, BannerBar
from tagwerk.ui.i18n import tr, tr_message

if TYPE_CHECKING:
    from tagwerk.plant import Plant

KEY = "link"
_SLIVER_NS = 1_000_000_000
"""A hole shorter than this, between the end of the log and the first live value, is none."""


def clock_text(time_ns: int) -> str:
    """Local time of day, ``14:17:08``."""
    return dt.datetime.fromtimestamp(time_ns / 1e9).astimezone().strftime("%H:%M:%S")


class LinkBanner:
    """Keeps the banner ``link`` in step with one plant.

    Args:
        bar: where it is shown.
        reconnect: do not wait for the next attempt.
        repair: opens the dialog for a refused connection (sign in, certificate).
    """

    def __init__(
        self, bar: BannerBar, reconnect: Callable[[], None], repair: Callable[[], None]
    ) -> None:
        self._bar = bar
        self._reconnect = reconnect
        self._repair = repair
        self._lost_ns: int | None = None
        self._hole: tuple[int, int] | None = None

    def forget(self) -> None:
        """Another plant, or none."""
        self._lost_ns = None
        self._hole = None
        self._bar.drop(KEY)

    def follow(self, status: LinkStatus) -> None:
        """Take a new status."""
        if status.state is LinkState.LIVE:
            self._back(status)
        elif status.state is LinkState.REFUSED:
            self._refused(status)
        elif status.lost_at_ns is not None or status.state is LinkState.RECONNECTING:
            self._lost(status)
        elif status.state is LinkState.OFFLINE:
            self._bar.drop(KEY)

    def _lost(self, status: LinkStatus) -> None:
        lost_ns = status.lost_at_ns or self._lost_ns
        ever_live = lost_ns is not None
        self._lost_ns = lost_ns
        self._hole = None
        why = tr_message(status.detail)
        if ever_live:
            headline = tr("Link lost at {time}", time=clock_text(lost_ns or 0))
            detail = f"{tr('All values are stale. Writing is locked.')} {why}".strip()
        else:
            headline = tr("The server does not answer")
            detail = f"{why} {tr_message(status.cure)}".strip()
        self._bar.put(
            KEY,
            Banner(
                "warning",
                headline,
                detail,
                ((tr("Connect now"), "refresh-cw", self._reconnect),),
                icon="unplug",
                due_ns=status.next_attempt_ns,
                attempt=max(status.attempt, 1),
                started_ns=status.since_ns,
                closable=False,
            ),
        )

    def _refused(self, status: LinkStatus) -> None:
        self._hole = None
        self._lost_ns = status.lost_at_ns or self._lost_ns
        self._bar.put(
            KEY,
            Banner(
                "bad",
                tr_message(status.detail) or tr("The server refused the connection"),
                tr_message(status.cure),
                (
                    (tr("Look into it…"), "user", self._repair),
                    (tr("Connect now"), "refresh-cw", self._reconnect),
                ),
                closable=False,
            ),
        )

    def _back(self, status: LinkStatus) -> None:
        if self._lost_ns is None:
            self._bar.drop(KEY)
            return
        lost_ns, self._lost_ns = self._lost_ns, None
        self._hole = (lost_ns, status.since_ns)
        self._say_back(tr("The hole is being filled from the log."))

    def _say_back(self, detail: str) -> None:
        if self._hole is None:
            return
        lost_ns, back_ns = self._hole
        seconds = max(round((back_ns - lost_ns) / 1e9), 1)
        self._bar.put(
            KEY,
            Banner(
                "info",
                tr("Back since {time}", time=clock_text(back_ns)),
                f"{tr('The link was down for {seconds} s.', seconds=seconds)} {detail}",
                icon="plug",
            ),
        )

    def look_at_hole(self, plant: Plant) -> None:
        """Tell for how many curves the hole could be filled; called twice a second."""
        if self._hole is None:
            return
        if self._bar.banner(KEY) is None:
            self._hole = None
            return
        names = tuple(plant.trends.names)
        if not names:
            self._say_back("")
            self._hole = None
            return
        lost_ns, back_ns = self._hole
        # The log lags a little behind: give the reader time to begin before the first look.
        if plant.clock_ns() - back_ns < 3_000_000_000:
            return
        if any(plant.history_state(name).loading for name in names):
            return
        filled = sum(self._is_filled(plant, name, lost_ns, back_ns) for name in names)
        self._say_back(
            tr("The hole was filled from the log for {filled} of {count} curves.",
               filled=filled, count=len(names))
        )  # fmt: skip
        self._hole = None

    @staticmethod
    def _is_filled(plant: Plant, name: str, lost_ns: int, back_ns: int) -> bool:
        # Here, because the store needs numpy, and the window is painted before that is loaded.
        from tagwerk.store.coverage import Source

        curve = plant.trends.curve(name)
        if curve is None or curve.missing(lost_ns, back_ns):
            return False
        return not any(
            piece.source is Source.HOLE
            and min(piece.end_ns, back_ns) - max(piece.start_ns, lost_ns) > _SLIVER_NS
            for piece in curve.segments(lost_ns, back_ns)
        )
