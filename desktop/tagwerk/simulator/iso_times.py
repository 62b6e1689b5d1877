"""Times and durations as ISO 8601 text, without a calendar library: both faces write thousands."""

from __future__ import annotations


def iso_second(second: int) -> str:
    """``2026-06-18T14:15:00`` of seconds since 1970; the civil calendar in integers."""
    days, in_day = divmod(second, 86_400)
    hour, rest = divmod(in_day, 3_600)
    minute, second_of = divmod(rest, 60)
    # Days counted from 0000-03-01, so that the leap day is the last of its year.
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (
        day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096
    ) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_from_march + 2) // 5 + 1
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (month <= 2)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second_of:02d}"


def iso_duration(units: int) -> str:
    """An ISO 8601 duration of 100 ns units, e.g. ``PT1M2.5S``."""
    seconds, rest = divmod(max(units, 0), 10_000_000)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    fraction = f".{rest:07d}".rstrip("0").rstrip(".")
    text = "".join(
        part
        for part in (
            f"{hours}H" if hours else "",
            f"{minutes}M" if minutes else "",
            f"{seconds}{fraction}S" if seconds or fraction else "",
        )
    )
    return "PT" + (text or "0S")
