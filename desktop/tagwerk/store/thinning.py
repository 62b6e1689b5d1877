"""Fewer samples of a tag where more came than anybody can take, with their extremes kept.

Used by `TrendStore` for what waits between two frames. Thinned again and again, the lowest and the
highest value of a stretch survive, and so does what was unusable: a picture drawn of the rest has
the same outline, only its inside is coarser.
"""

from __future__ import annotations

from operator import itemgetter

from tagwerk.domain.values import Sample

GROUP = 4
_value = itemgetter(Sample._fields.index("value"))


def thinned(samples: list[Sample]) -> list[Sample]:
    """About half of the samples, in the order of arrival; the newest stays as it is.

    Of each `GROUP` two are kept: the lowest and the highest, or the first that is unusable and the
    last.
    """
    kept: list[Sample] = []
    end = len(samples) - 1
    for start in range(0, end, GROUP):
        group = samples[start : min(start + GROUP, end)]
        kept += group if len(group) < 3 else _two_of(group)
    return kept + samples[end:]


def _two_of(group: list[Sample]) -> tuple[Sample, ...]:
    first = group[0]
    odd = next((one for one in group if one.quality is not first.quality or one.error), None)
    if odd is None:
        try:
            low, high = min(group, key=_value), max(group, key=_value)
        except TypeError:
            return first, group[-1]  # texts, nothing, lists: no order
        if low is high:
            return (low,)
        return (low, high) if group.index(low) < group.index(high) else (high, low)
    worst = next((one for one in group if one.error or not one.quality.is_usable), odd)
    return (worst,) if worst is group[-1] else (worst, group[-1])
