"""What the window says about an outage: banner, status bar, alarms that changed meanwhile."""

from __future__ import annotations

import inspect

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tagwerk.domain.alarms import AlarmState
from tagwerk.domain.connection import ConnectionProfile, LinkState, LinkStatus, Session
from tagwerk.domain.errors import NotTrusted
from tagwerk.domain.values import GOOD, Sample
from tagwerk.ui.alarms.cells import durations_until_ns
from tagwerk.ui.banner import MOST_CLOSABLE, Banner, BannerBar
from tagwerk.ui.link_banner import KEY, REDUNDANCY_KEY, LinkBanner
from tagwerk.ui.status_words import difference_text
from tagwerk.ui.statusbar import StatusBar
from ui.alarms_support import NOW, SECOND, frame, make_alarm, make_desk, make_plant, set_state
from ui.test_alarms_panel import shown, until

__all__ = ["shown"]
pytestmark = pytest.mark.ui
PROFILE = ConnectionProfile("Skid", "https://skid21-hmi:4000/graphql/")
PARTNER = "https://skid21-b/graphql/"


class Bench:
    """A banner bar with the link's banner, and what its buttons asked for."""

    def __init__(self):
        self.now_ns = NOW
        self.steady_ns = 0
        self.asked = []
        self.bar = BannerBar(lambda: self.now_ns, lambda: self.steady_ns)
        names = list(inspect.signature(LinkBanner).parameters)[1:]
        calls = [lambda name=name: self.asked.append(name) for name in names]
        self.link = LinkBanner(self.bar, *calls)

    def status(self, state, *, profile=PROFILE, **fields):
        fields.setdefault("since_ns", self.now_ns)
        if state is not LinkState.LIVE:
            fields.setdefault("lost_at_ns", self.now_ns)
        self.link.follow(LinkStatus(state, **fields), profile)

    def press(self, text):
        for button in self.bar.findChildren(object, "bannerAction"):
            if button.text() == text and not button.isHidden():
                QTest.mouseClick(button, Qt.MouseButton.LeftButton)
                return
        raise AssertionError(f"no button {text}")


@pytest.fixture
def bench(qapp):
    made = Bench()
    yield made
    made.bar.close()
    made.bar.deleteLater()


def test_silence_says_since_when_and_that_nothing_is_current(bench):
    bench.status(LinkState.LIVE)
    assert bench.bar.current is None
    bench.status(LinkState.STALE, lost_at_ns=NOW - 2 * SECOND)
    banner = bench.bar.current
    assert banner.headline.startswith("No sign of life from skid21-hmi:4000 since ")
    assert "Nothing shown is current" in banner.detail
    assert banner.kind == "warning"
    assert not banner.closable
    bench.now_ns += 3 * SECOND
    bench.status(LinkState.LIVE)
    assert bench.bar.current.headline.startswith("Back since")
    assert "silent for 5 s" in bench.bar.current.detail
    assert "hole" not in bench.bar.current.detail, "nothing was lost"
    bench.status(LinkState.LIVE)  # the rights were looked up again, say
    assert bench.bar.banner(KEY) is not None


def test_silence_becomes_a_loss_and_then_the_hole_is_told(bench):
    bench.status(LinkState.LIVE)
    bench.status(LinkState.STALE)
    bench.status(LinkState.RECONNECTING, attempt=1, next_attempt_ns=NOW + 3 * SECOND)
    assert bench.bar.current.headline.startswith("Link lost at")
    bench.now_ns += 9 * SECOND
    bench.status(LinkState.LIVE)
    assert "down for 9 s" in bench.bar.current.detail


@pytest.mark.parametrize("by_s", [3_600, -3_600])
def test_a_countdown_does_not_care_for_a_clock_that_is_set(bench, by_s):
    bench.bar.put(
        "x", Banner("warning", "Lost", due_ns=NOW + 8 * SECOND, started_ns=NOW, attempt=2)
    )
    bench.bar.show()
    assert bench.bar._countdown.text() == "Attempt 2 in 8 s"
    bench.now_ns += by_s * SECOND
    bench.steady_ns += 3 * SECOND
    bench.bar._count_down()
    assert bench.bar._countdown.text() == "Attempt 2 in 5 s"
    bench.steady_ns += 5 * SECOND
    bench.bar._count_down()
    assert bench.bar._countdown.text() == "Attempt 2 is running"
    assert bench.bar._drain.isHidden()


def test_how_long_an_alarm_stands_is_known_until_the_link_was_lost(qapp):
    plant = make_plant()
    now_ns = durations_until_ns(plant)
    assert now_ns == plant.clock_ns() + plant.trends.skew_ns
    plant.alarms.stale_since_ns = now_ns - 30 * SECOND
    assert durations_until_ns(plant) == now_ns - 30 * SECOND


def test_a_passive_server_offers_its_partner(bench):
    profile = ConnectionProfile("Skid", PROFILE.url, partner=PARTNER)
    bench.status(LinkState.LIVE, profile=profile, redundancy="PASSIVE", url=PROFILE.url)
    banner = bench.bar.current
    assert banner.headline == "skid21-hmi:4000 is passive"
    assert "skid21-b" in banner.detail
    bench.press("Go to partner skid21-b")
    assert bench.asked == ["to_partner"]
    bench.status(LinkState.LIVE, profile=profile, redundancy="PASSIVE", url=PARTNER)
    assert bench.bar.current.headline == "skid21-b is passive"
    assert bench.bar.current.actions[0][0] == "Go to partner skid21-hmi:4000"
    bench.status(LinkState.LIVE, profile=profile, redundancy="ACTIVE", url=PARTNER)
    assert bench.bar.banner(REDUNDANCY_KEY) is None


def test_a_passive_server_without_a_partner_says_where_to_enter_it(bench):
    bench.status(LinkState.LIVE, redundancy="PASSIVE")
    assert "Enter the partner in the connection" in bench.bar.current.detail
    bench.press("Edit the connection…")
    assert bench.asked == ["edit"]


def test_a_partner_that_is_followed_is_said_to_be(bench):
    profile = ConnectionProfile("Skid", PROFILE.url, partner=PARTNER, follow_partner=True)
    bench.status(LinkState.LIVE, profile=profile, redundancy="PASSIVE")
    assert "by itself" in bench.bar.current.detail


def test_another_certificate_is_said_in_words_and_not_by_its_fingerprint(bench):
    error = NotTrusted("The certificate has changed. Now: {sha}", pinned_sha256="ab" * 32, sha="cd")
    bench.status(LinkState.REFUSED, error=error, detail=error.text, cure=error.cure_text)
    banner = bench.bar.banner(KEY)
    assert banner.headline == "The certificate of skid21-hmi:4000 has changed"
    assert banner.detail == "All values are stale. Writing is locked. Nothing was sent."
    bench.press("Look into it…")
    assert bench.asked == ["repair"]


def test_a_banner_without_room_ends_in_an_ellipsis_and_keeps_the_whole_text(bench):
    words = "A word of the server that goes on and on. " * 12
    bench.bar.put("x", Banner("bad", words, "And what to do.", closable=False))
    bench.bar.resize(500, 40)
    bench.bar.grab()
    line = bench.bar.findChild(object, "bannerHeadline")
    assert line.width() < line.sizeHint().width()
    assert line.text() == line.toolTip() == words


def spoken(bar, name):
    return bar.fields[name].accessibleName()


def test_the_status_bar_names_state_partner_redundancy_and_the_clocks_difference(qapp):
    plant = make_plant()
    plant.profile = ConnectionProfile("Skid", PROFILE.url, partner=PARTNER)
    bar = StatusBar()
    bar.resize(1920, 26)
    status = LinkStatus(LinkState.STALE, NOW, url=PARTNER, redundancy="PASSIVE", server="WinCC")
    plant.on_status(status)
    plant.drain()
    bar.refresh(plant, (0.0, 0.0), NOW)
    assert spoken(bar, "connection") == "No sign of life"
    assert spoken(bar, "server") == "skid21-b partner, WinCC"
    assert spoken(bar, "redundancy") == "Redundancy passive"
    assert "server" not in spoken(bar, "clock")
    plant.trends.listen([Sample("a", 1, GOOD, NOW + 7_203 * SECOND, NOW)])
    bar.refresh(plant, (0.0, 0.0), NOW)
    assert spoken(bar, "clock").endswith("local, server +2:00:03")
    bar.close()
    bar.deleteLater()


def test_a_difference_of_clocks_is_readable():
    assert difference_text(7_203 * SECOND) == "+2:00:03"
    assert difference_text(-90 * SECOND) == "−0:01:30"
    assert difference_text(-2 * 86_400 * SECOND - SECOND) == "−2 d 0:00:01"


async def test_what_became_of_the_alarms_is_said_until_it_is_seen(shown):
    stays, goes = make_alarm("a:Hi"), make_alarm("b:Hi")
    panel = shown(stays, goes)
    assert panel.outage.isHidden()
    set_state(panel.plant, LinkState.RECONNECTING)
    frame(panel)
    assert panel.table.is_stale
    panel.plant.clock.now_ns += 5 * SECOND
    set_state(panel.plant, LinkState.LIVE)
    seen = make_alarm("a:Hi", state=AlarmState.RAISED_ACKNOWLEDGED)
    panel.plant.on_alarms_restart([seen, make_alarm("c:Hi"), make_alarm("d:Hi")])
    frame(panel)
    assert panel.outage.isVisible()
    assert "2 alarms came, 1 alarm went, 1 alarm was acknowledged" in panel.outage.text
    for word in ("Came:", "c:Hi", "Went:", "b:Hi", "Acknowledged:", "a:Hi"):
        assert word in panel.outage.toolTip()
    assert panel.outage.accessibleName() == panel.outage.text
    QTest.mouseClick(panel.outage._log, Qt.MouseButton.LeftButton)
    await until(lambda: panel.plant.server.asked)
    assert panel.bar.mode == "history"
    panel.set_mode("active")
    panel.outage._close.setFocus()
    QTest.keyClick(panel.outage._close, Qt.Key.Key_Space)
    assert panel.outage.isHidden()
    frame(panel)
    assert panel.outage.isHidden()


async def test_nothing_can_be_acknowledged_while_there_is_no_sign_of_life(shown):
    panel = shown(make_alarm("a:Hi"))
    panel.table.selectRow(0)
    assert panel.acknowledge_action.isEnabled()
    set_state(panel.plant, LinkState.STALE)
    frame(panel)
    assert not panel.acknowledge_action.isEnabled()
    assert "no sign of life" in panel.acknowledge_action.toolTip()
    set_state(panel.plant, LinkState.LIVE)
    frame(panel)
    assert panel.acknowledge_action.isEnabled(), "the list held"


async def test_another_plant_takes_the_note_along(shown):
    panel = shown(make_alarm("a:Hi"))
    set_state(panel.plant, LinkState.RECONNECTING)
    set_state(panel.plant, LinkState.LIVE)
    panel.plant.on_alarms_restart([])
    frame(panel)
    assert panel.outage.isVisible()
    panel.set_plant(make_plant([]))
    assert panel.outage.isHidden()
    assert make_desk().report == []


def test_no_session_is_counted_down_behind_a_broken_link(qapp):
    plant = make_plant()
    session = Session("op", "", (), expires_ns=NOW + 3_600 * SECOND)
    bar = StatusBar()
    bar.resize(1920, 26)
    for state, shown_then in ((LinkState.LIVE, True), (LinkState.REFUSED, False)):
        plant.on_status(LinkStatus(state, NOW, session=session))
        plant.drain()
        bar.refresh(plant, (0.0, 0.0), NOW)
        assert bar.fields["session"].isVisibleTo(bar) is shown_then
    bar.close()
    bar.deleteLater()


@pytest.mark.parametrize(
    ("url", "stays"), [("http://h/graphql/", True), ("https://h/graphql/", False)]
)
def test_a_server_without_encryption_stays_in_sight_in_a_narrow_window(qapp, url, stays):
    plant = make_plant()
    plant.profile = ConnectionProfile("Skid", url)
    bar = StatusBar()
    bar.resize(640, 26)
    session = Session("op", "", (), expires_ns=NOW + 3_600 * SECOND)
    plant.on_status(LinkStatus(LinkState.LIVE, NOW, session=session))
    plant.drain()
    bar.refresh(plant, (0.0, 0.0), NOW)
    assert bar.fields["server"].isVisibleTo(bar) is stays
    bar.close()
    bar.deleteLater()


def test_a_thousand_different_errors_do_not_pile_up(qapp):
    bar = BannerBar()
    bar.put("link", Banner("warning", "lost", closable=False))
    for number in range(1000):
        bar.put(f"error:{number}", Banner("bad", f"error {number}"))
    assert bar.current.headline == "error 999"
    assert bar.banner("link") is not None
    assert bar.banner(f"error:{1000 - MOST_CLOSABLE}") is not None
    assert bar.banner(f"error:{999 - MOST_CLOSABLE}") is None
    for number in range(100):
        bar.put(f"note:{number}", Banner("info", f"note {number}"))
    assert bar.current.headline == "error 999", "a mere note takes no error's place"
    bar.deleteLater()
