"""When decoding gives the interpreter away; with a clock and a sleep of our own."""

from __future__ import annotations

import pytest

from tagwerk.link.frames import Slicer


class Time:
    """A clock that only moves when it is told to, and when somebody sleeps."""

    def __init__(self):
        self.now = 100.0
        self.rests = []

    def sleep(self, seconds):
        self.rests.append(seconds)
        self.now += seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def slicer(time):
    return Slicer(sleep=time.sleep, clock=lambda: time.now)


def decode(time, slicer, seconds, *, step=0.001):
    """One buffer that takes so long to decode."""
    slicer.begin()
    done = 0.0
    while done < seconds:
        time.now += step
        done += step
        if slicer.check():
            slicer.rest()
    slicer.end()


def test_a_short_buffer_never_rests(time, slicer):
    for _ in range(20):
        decode(time, slicer, 0.0015, step=0.0005)
        time.now += 0.01
    assert time.rests == []


def test_a_burst_rests_shortly(time, slicer):
    decode(time, slicer, 0.1)
    assert len(time.rests) > 20
    assert set(time.rests) == {0.0005}


def test_a_flood_without_a_pause_leaves_the_window_more(time, slicer):
    decode(time, slicer, 0.5)
    assert time.rests[0] == 0.0005
    assert time.rests[-1] == 0.003
    assert time.rests == sorted(time.rests)


def test_buffers_that_follow_at_once_are_one_flood(time, slicer):
    for _ in range(100):
        decode(time, slicer, 0.004)
        time.now += 0.0001
    assert time.rests[-1] == 0.003


def test_a_burst_that_waits_for_the_window_is_no_flood(time, slicer):
    decode(time, slicer, 0.6, step=0.03)
    assert len(time.rests) == 20
    assert set(time.rests) == {0.0005}


def test_a_pause_ends_a_flood(time, slicer):
    decode(time, slicer, 0.5)
    time.now += 0.01
    before = len(time.rests)
    decode(time, slicer, 0.05)
    assert set(time.rests[before:]) == {0.0005}


def test_a_process_without_a_window_never_rests(time):
    slicer = Slicer(rest_s=0.0, sleep=time.sleep, clock=lambda: time.now)
    decode(time, slicer, 1.0)
    assert time.rests == []
