"""The lock: explicit, timed, closed by whatever goes wrong."""

from __future__ import annotations

import pytest

from tagwerk.write.arming import Arming, LockCause


class Clock:
    def __init__(self) -> None:
        self.now_ns = 5_000_000_000

    def __call__(self) -> int:
        return self.now_ns

    def pass_s(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def arming(clock):
    return Arming(monotonic_ns=clock, clock_ns=lambda: 42)


def test_it_is_locked_at_the_start(arming):
    assert not arming.armed
    assert arming.cause is LockCause.START
    assert arming.remaining_s == 0


def test_it_opens_for_a_time_and_not_longer(arming, clock):
    arming.arm(600)
    clock.pass_s(599.9)
    assert arming.armed
    assert arming.remaining_s == pytest.approx(0.1)
    clock.pass_s(0.1)
    assert not arming.armed
    assert arming.tick()
    assert arming.cause is LockCause.TIME
    assert not arming.tick()


def test_more_time_must_be_given_explicitly(arming, clock):
    arming.arm(300)
    clock.pass_s(100)
    arming.extend(600)
    assert arming.remaining_s == pytest.approx(800)
    assert arming.total_s == pytest.approx(800)
    clock.pass_s(801)
    arming.extend(600)
    assert not arming.armed


def test_every_change_is_counted(arming):
    seen = [arming.version]
    arming.arm(300)
    seen.append(arming.version)
    arming.disarm(LockCause.LINK_LOST)
    seen.append(arming.version)
    assert not arming.disarm(LockCause.USER)
    assert arming.cause is LockCause.LINK_LOST
    assert arming.version == seen[-1]
    assert seen == [0, 1, 2]


def test_no_time_is_no_arming(arming):
    with pytest.raises(ValueError):
        arming.arm(0)
