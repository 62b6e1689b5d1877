"""Moments in this computer's zone, inside and outside the years that Windows knows."""

from __future__ import annotations

import datetime as dt

import pytest

from tagwerk.domain.local_time import moment_in


class OfWindows(dt.tzinfo):
    """Fails outside 1970 to 3000, as Windows does for the computer's own zone."""

    def fromutc(self, moment: dt.datetime) -> dt.datetime:
        if not dt.datetime(1970, 1, 2) <= moment.replace(tzinfo=None) < dt.datetime(3001, 1, 1):
            raise OSError(22, "Invalid argument")
        return moment + dt.timedelta(hours=1)

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(hours=1)

    def dst(self, moment: dt.datetime | None) -> dt.timedelta:
        return dt.timedelta(0)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "1970-01-01T01:00:00+01:00"),
        (-11_644_473_600, "1601-01-01T01:00:00+01:00"),
        (1_718_719_200, "2024-06-18T15:00:00+01:00"),
        (33_000_000_000, "3015-09-24T11:40:00+01:00"),
    ],
)
def test_every_moment_has_a_text_where_the_system_fails(seconds: int, shown: str) -> None:
    assert moment_in(seconds, OfWindows()).isoformat() == shown


def test_the_computers_own_zone_knows_1601() -> None:
    assert moment_in(-11_644_473_600, None).astimezone(dt.UTC).year == 1601


def test_utc_stays_utc() -> None:
    assert moment_in(0, dt.UTC) == dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
