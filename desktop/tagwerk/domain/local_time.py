"""A moment in this computer's own zone, on every system and for every moment a plant can name.

Windows knows its own zone only for the years 1970 to 3000 and fails outside; plants say 1601 and
1970 for "not set". Pure; called by all that shows or writes a time.
"""

from __future__ import annotations

import datetime as dt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# Two days inside what every system knows, whatever the offset.
_EARLIEST = _EPOCH + dt.timedelta(days=2)
_LATEST = dt.datetime(3000, 12, 29, tzinfo=dt.UTC)


def moment_in(seconds: int, zone: dt.tzinfo | None) -> dt.datetime:
    """The moment `seconds` after 1970 in `zone`; None is the computer's own.

    Outside the years that the system knows, its offset of the nearest day that it does know.

    Raises:
        OverflowError: outside the years 1 to 9999.
    """
    moment = _EPOCH + dt.timedelta(seconds=seconds)
    try:
        return moment.astimezone(zone)
    except (OSError, ValueError):
        near = _EARLIEST if moment < _EARLIEST else _LATEST
        return moment.astimezone(dt.timezone(near.astimezone(zone).utcoffset() or dt.timedelta()))
