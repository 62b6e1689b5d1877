"""Turning a written value into the tag's type, as the interface does it.

A text that can be converted is accepted; null is no value; what cannot be converted gives 201.
"""

from __future__ import annotations

import math

from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import BaseType, data_type_from_text
from tagwerk.domain.text import format_time, parse_time
from tagwerk.domain.values import Value
from tagwerk.simulator.state import ModelError

_WORDS = {"true": True, "false": False, "1": True, "0": False}


def convert(value: Value, data_type: str) -> Value:
    """The value in the tag's type.

    Raises:
        ModelError: 201.
    """
    if value is None:
        raise ModelError("201", "null is not a value")
    if isinstance(value, list):
        raise ModelError("201", f"a list cannot be converted to {data_type}")
    base = data_type_from_text(data_type).base
    if base is BaseType.BOOL:
        return _bool(value, data_type)
    if base in (BaseType.INTEGER, BaseType.TIMESPAN):
        return _integer(value, data_type)
    if base is BaseType.FLOAT:
        return _float(value, data_type)
    if base is BaseType.DATETIME:
        try:
            return format_time(parse_time(str(value)))
        except UsageError:
            raise _refusal(value, data_type) from None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)


def _refusal(value: Value, data_type: str) -> ModelError:
    return ModelError("201", f"{value!r} cannot be converted to {data_type}")


def _bool(value: bool | int | float | str, data_type: str) -> bool:
    if isinstance(value, str):
        word = _WORDS.get(value.strip().lower())
        if word is None:
            raise _refusal(value, data_type)
        return word
    if value in (0, 1):
        return bool(value)
    raise _refusal(value, data_type)


def _integer(value: bool | int | float | str, data_type: str) -> int:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            number: int | float = int(value.strip())
        except ValueError:
            number = _float(value, data_type)
    else:
        number = value
    if isinstance(number, float):
        if not number.is_integer():
            raise _refusal(value, data_type)
        number = int(number)
    kind = data_type_from_text(data_type)
    low, high = kind.minimum, kind.maximum
    if low is not None and high is not None and not low <= number <= high:
        raise ModelError("201", f"{number} is out of the range of {data_type}")
    return number


def _float(value: bool | int | float | str, data_type: str) -> float:
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _refusal(value, data_type) from None
    if not math.isfinite(number):
        raise _refusal(value, data_type)
    return number
