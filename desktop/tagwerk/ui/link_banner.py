"""What the banner says about the link: silent, lost with a countdown, refused with the cure, back
again, and that the server is the passive one of a redundant pair.

Follows the plant's status; called by the window once a frame with news and twice a second.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from tagwerk.domain.connection import ConnectionProfile, LinkState, LinkStatus
from tagwerk.domain.errors import NotReachable, NotTrusted
from tagwerk.ui.banner import Banner, BannerBar
from tagwerk.ui.i18n import tr, tr_message
from tagwerk.ui.status_words import host_of, is_partner, is_passive

if TYPE_CHECKING:
    from tagwerk.plant import Plant

KEY = "link"
REDUNDANCY_KEY = "redundancy"
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
        to_partner: speak to the other one of a redundant pair from now on.
        edit: opens the connection's own fields, the partner among them.
        examine: opens the connection doctor.
    """

    def __init__(
        self,
        bar: BannerBar,
        reconnect: Callable[[], None],
        repair: Callable[[], None],
        to_partner: Callable[[], None],
        edit: Callable[[], None],
        examine: Callable[[], None] | None = None,
    ) -> None:
        self._bar = bar
        self._reconnect = reconnect
        self._repair = repair
        self._to_partner = to_partner
        self._edit = edit
        self._examine = examine
        self._lost_ns: int | None = None
        self._is_silent = False
        self._hole: tuple[int, int] | None = None

    def forget(self) -> None:
        """Another plant, or none."""
        self._lost_ns = None
        self._hole = None
        self._is_silent = False
        self._bar.drop(KEY)
        self._bar.drop(REDUNDANCY_KEY)

    def follow(self, status: LinkStatus, profile: ConnectionProfile) -> None:
        """Take a new status."""
        self._tell_redundancy(status, profile)
        was_silent, self._is_silent = self._is_silent, status.state is LinkState.STALE
        if status.state is LinkState.LIVE:
            self._back(status, was_silent=was_silent)
        elif status.state is LinkState.STALE:
            self._silent(status, host_of(status.url or profile.url))
        elif status.state is LinkState.REFUSED:
            self._refused(status, host_of(status.url or profile.url))
        elif status.lost_at_ns is not None or status.state is LinkState.RECONNECTING:
            self._lost(status, host_of(status.url or profile.url))
        elif status.state is LinkState.OFFLINE:
            self._bar.drop(KEY)

    def _tell_redundancy(self, status: LinkStatus, profile: ConnectionProfile) -> None:
        """The passive one shows values too, but the process is the other's."""
        if status.state is not LinkState.LIVE or not is_passive(status):
            self._bar.drop(REDUNDANCY_KEY)
            return
        this = host_of(status.url or profile.url)
        if not profile.partner:
            detail = tr("Its partner has the process. Enter the partner in the connection.")
            actions = ((tr("Edit the connection…"), "pencil", self._edit),)
        else:
            other = host_of(profile.url if is_partner(status, profile) else profile.partner)
            detail = tr("Its partner {server} should have the process.", server=other)
            if profile.follow_partner:
                detail = tr("Tagwerk goes to its partner {server} by itself.", server=other)
            text = tr("Go to partner {server}", server=other)
            actions = ((text, "arrow-right", self._to_partner),)
        headline = tr("{server} is passive", server=this)
        self._bar.put(REDUNDANCY_KEY, Banner("warning", headline, detail, actions, icon="layers"))

    def _silent(self, status: LinkStatus, host: str) -> None:
        self._lost_ns = status.lost_at_ns or status.since_ns
        self._hole = None
        self._bar.put(
            KEY,
            Banner(
                "warning",
                tr("No sign of life from {server} since {time}",
                   server=host, time=clock_text(self._lost_ns)),
                tr("Nothing shown is current. Writing and acknowledging are locked."),
                ((tr("Connect now"), "refresh-cw", self._reconnect),),
                icon="unplug",
                closable=False,
            ),
        )  # fmt: skip

    def _lost(self, status: LinkStatus, host: str) -> None:
        lost_ns = status.lost_at_ns or self._lost_ns
        ever_live = lost_ns is not None
        self._lost_ns = lost_ns
        self._hole = None
        why = tr_message(status.detail)
        if ever_live:
            headline = tr("Link lost at {time}", time=clock_text(lost_ns or 0))
            detail = f"{tr('All values are stale. Writing is locked.')} {why}".strip()
        else:
            answered = status.error is not None and not isinstance(status.error, NotReachable)
            headline = tr("{host} is not reachable", host=host)
            if answered:
                headline = tr("No connection to {host} yet", host=host)
            detail = f"{why} {tr_message(status.cure)}".strip()
        self._bar.put(
            KEY,
            Banner(
                "warning",
                headline,
                detail,
                ((tr("Connect now"), "refresh-cw", self._reconnect), *self._find_out()),
                icon="unplug",
                due_ns=status.next_attempt_ns,
                attempt=max(status.attempt, 1),
                started_ns=status.since_ns,
                closable=False,
            ),
        )

    def _find_out(self) -> tuple[tuple[str, str, Callable[[], None]], ...]:
        """The action that opens the doctor, where there is one."""
        if self._examine is None:
            return ()
        return ((tr("Find out why…"), "stethoscope", self._examine),)

    def _refused(self, status: LinkStatus, host: str) -> None:
        self._hole = None
        self._lost_ns = status.lost_at_ns or self._lost_ns
        headline = tr_message(status.detail) or tr("The server refused the connection")
        cure = tr_message(status.cure)
        icon_name = "user"
        error = status.error
        if isinstance(error, NotTrusted):
            icon_name = "shield-alert"
            if error.pinned_sha256:
                # The two fingerprints belong side by side, in the dialog; here they have no room.
                headline = tr("The certificate of {host} has changed", host=host)
                cure = tr("Nothing was sent.")
        stale = tr("All values are stale. Writing is locked.") if self._lost_ns else ""
        self._bar.put(
            KEY,
            Banner(
                "bad",
                headline,
                f"{stale} {cure}".strip(),
                (
                    (tr("Look into it…"), icon_name, self._repair),
                    (tr("Connect now"), "refresh-cw", self._reconnect),
                    *self._find_out(),
                ),
                closable=False,
            ),
        )

    def _back(self, status: LinkStatus, *, was_silent: bool) -> None:
        if self._lost_ns is None:
            shown = self._bar.banner(KEY)
            if shown is not None and shown.kind != "info":
                self._bar.drop(KEY)
            return
        lost_ns, self._lost_ns = self._lost_ns, None
        if was_silent:
            seconds = max(round((status.since_ns - lost_ns) / 1e9), 1)
            self._bar.put(
                KEY,
                Banner(
                    "info",
                    tr("Back since {time}", time=clock_text(status.since_ns)),
                    tr("The server was silent for {seconds} s; the connection held.",
                       seconds=seconds),
                    icon="plug",
                ),
            )  # fmt: skip
            return
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
