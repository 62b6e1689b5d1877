"""How numbers are written. Without the vocabulary of tags, because the first picture needs it.

Who uses it: `domain.text`, which gives all of it on, and what must be there before the window is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

EM_DASH = "\N{EM DASH}"
MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How numbers are written. `true_text`/`false_text` are for bools without texts of their own."""

    decimal: str = "."
    group: str = THIN_SPACE
    true_text: str = "On"
    false_text: str = "Off"


ENGLISH = NumberStyle()
GERMAN = NumberStyle(",", THIN_SPACE, "Ein", "Aus")


def guess_decimals(value: float) -> int:
    """Digits after the point when nobody said: about four significant digits, at most six."""
    if value == 0 or not math.isfinite(value):
        return 1
    magnitude = math.floor(math.log10(abs(value)))
    return min(max(3 - magnitude, 0), 6)


def format_number(value: float | int, decimals: int | None, style: NumberStyle = ENGLISH) -> str:
    """A number with its group marks, e.g. ``1 462`` or ``22,00``; NaN and infinities are words."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else f"{MINUS}∞")
    if isinstance(value, int) and not decimals:
        digits = f"{abs(value):,}"
    else:
        places = guess_decimals(value) if decimals is None else decimals
        if isinstance(value, float) and abs(value) >= 1e15:
            return f"{value:.6g}".replace(".", style.decimal).replace("-", MINUS)
        if isinstance(value, int):
            # A float on the way would cost the digits beyond 2^53.
            digits = f"{abs(value):,}." + "0" * places
        else:
            digits = f"{abs(value):,.{places}f}"
    whole, _, fraction = digits.partition(".")
    text = whole.replace(",", style.group) + (style.decimal + fraction if fraction else "")
    negative = value < 0 and any(c not in "0" for c in whole.replace(",", "") + fraction)
    return MINUS + text if negative else text
