"""Values of tags and archives as the classic interface spells them (§C3, §C4).

Keys, codes and the order of members are documented or were seen; what switches make of them is
invented.
"""

from __future__ import annotations

import math
import struct
from typing import Any

from tagwerk.domain.values import Value
from tagwerk.simulator.classic.catalogue import DOUBLE, RAW, TYPE_NAMES, Variable
from tagwerk.simulator.classic.clock import PlantTimes
from tagwerk.simulator.state import LoggedRow, ModelError, QualityWords, TagState
from tagwerk.simulator.switches import Switches
from tagwerk.simulator.variants import bare

Fields = dict[str, Any]

NOT_FOUND, READ_ONLY, WRONG_TYPE, OTHER = 1, 2, 3, 4
_ERRORS = {
    NOT_FOUND: ("Not Found", "Nicht gefunden"),
    READ_ONLY: ("Write access denied", "Schreibzugriff verweigert"),
    WRONG_TYPE: ("Type mismatch", "Falscher Datentyp"),
    OTHER: ("Operation failed", "Vorgang fehlgeschlagen"),
}
"""Code → text in English and German. Invented but for “Not Found”."""
_CODES = {"2": NOT_FOUND, "202": NOT_FOUND, "1": READ_ONLY, "201": WRONG_TYPE}
_LEVELS = {"BAD": 0x00, "UNCERTAIN": 0x40}
_REASONS = {
    ("BAD", "CONFIGURATION_ERROR"): 1,
    ("BAD", "NOT_CONNECTED"): 2,
    ("BAD", "DEVICE_FAILURE"): 3,
    ("BAD", "SENSOR_FAILURE"): 4,
    ("BAD", "NO_COMMUNICATION_WITH_LAST_USABLE_VALUE"): 5,
    ("BAD", "NO_COMMUNICATION_NO_USABLE_VALUE"): 6,
    ("BAD", "OUT_OF_SERVICE"): 7,
    ("UNCERTAIN", "LAST_USABLE_VALUE"): 1,
    ("UNCERTAIN", "SUBSTITUTE_VALUE"): 2,
    ("UNCERTAIN", "INITIAL_VALUE"): 3,
    ("UNCERTAIN", "SENSOR_CONVERSION"): 4,
    ("UNCERTAIN", "RANGE_VIOLATION"): 5,
    ("UNCERTAIN", "SUB_NORMAL"): 6,
    ("UNCERTAIN", "CONFIGURATION_ERROR"): 7,
    ("UNCERTAIN", "SIMULATED_VALUE"): 8,
    ("UNCERTAIN", "SENSOR_CALIBRATION"): 9,
}
_LIMITS = {"LOW_LIMIT_VIOLATION": 1, "HIGH_LIMIT_VIOLATION": 2, "CONSTANT": 3}
GOOD_CODE = 0x80
LOCAL_OVERRIDE_CODE = 0xD8


def quality_code(words: QualityWords) -> int:
    """The quality code of the plant's words: level, reason and limit in eight bits."""
    limit = _LIMITS.get(words.limit, 0)
    level = words.quality
    if level.startswith("GOOD"):
        if words.sub_status == "LOCAL_OVERRIDE":
            return LOCAL_OVERRIDE_CODE | limit
        if words.sub_status != "SIMULATED_VALUE":
            return GOOD_CODE | limit
        # V7 knows simulated values as uncertain ones only.
        level = "UNCERTAIN"
    return _LEVELS.get(level, 0x40) | _REASONS.get((level, words.sub_status), 0) << 2 | limit


def raw_text(values: list[Any], data_type: str) -> str:
    """An array as V7 sees it: the PLC's bytes, highest first, as hexadecimal text."""
    if data_type.endswith("Bool"):
        bits = sum(1 << number for number, value in enumerate(values) if value)
        return bits.to_bytes(-(-len(values) // 8), "little").hex().upper()
    kind = "f" if data_type.endswith("Real") else "H"
    return struct.pack(f">{len(values)}{kind}", *values).hex().upper()


class ValueRows:
    """Rows of reads, writes and archives of one server.

    Args:
        switches: those under "Classic: values" and "Classic: archives".
        times: how moments are written.
    """

    def __init__(self, switches: Switches, times: PlantTimes) -> None:
        self._times = times
        self._value = switches.text("classic-value-as")
        self._bool = switches.text("classic-bool-as")
        self._quality = switches.text("classic-quality-as")
        self._data_type = switches.text("classic-data-type-as")
        self._error = switches.text("classic-error-as")
        self._code = switches.text("classic-errorcode-as")
        self._echo = switches.text("classic-name-echo")
        self._nan_as_text = switches.on("nan-as-text")
        self._nan_is_bare = switches.on("nan-bare")
        self._bad_is_null = switches.on("bad-value-null")
        self._time_key = switches.text("classic-archive-keys", "timestamp")
        self._flags = switches.text("classic-archive-flags")

    # Parts of a row

    def name(self, asked: str) -> str:
        """A name as answers spell it."""
        if not self._echo:
            return asked
        if self._echo == "computer":
            return f"WINCC01::{asked}"
        return asked.upper() if self._echo == "upper" else asked.lower()

    def value(self, value: Value, type_number: int, data_type: str = "") -> Any:
        """A value as JSON holds it."""
        if type_number == RAW:
            return raw_text(value, data_type) if isinstance(value, list) else None
        if isinstance(value, bool):
            return self._bit(value)
        if isinstance(value, float) and not math.isfinite(value):
            if self._nan_is_bare:
                return bare(value)
            return "NaN" if self._nan_as_text else None
        if type_number == DOUBLE and isinstance(value, int):
            # A 64-bit integer of the PLC: V7 rounds it as doubles are.
            value = float(value)
        if self._value and isinstance(value, (int, float)):
            text = str(value)
            return text.replace(".", ",") if self._value == "comma" else text
        return value

    def _bit(self, value: bool) -> Any:
        if self._bool == "word":
            return "True" if value else "False"
        if self._bool == "minus-one":
            shown: bool | int = -int(value)
        else:
            shown = int(value) if self._bool or self._value else value
        return str(shown) if self._value else shown

    def _with_quality(self, row: Fields, words: QualityWords) -> None:
        form = self._quality
        if form == "absent":
            return
        code = quality_code(words)
        row["qualityCode" if form == "camel" else "qualitycode"] = {
            "hex": f"0x{code:02X}",
            "text": str(code),
            "signed": code - 256 if code > 127 else code,
            "word": "Good" if code >= GOOD_CODE else "Uncertain" if code >= 0x40 else "Bad",
            "null": None,
        }.get(form, code)

    def _with_time(self, row: Fields, at_ns: int, key: str = "timestamp") -> None:
        if self._times.is_told:
            row[key] = self._times.write(at_ns)

    def _with_type(self, row: Fields, number: int) -> None:
        form = self._data_type
        if form != "absent":
            shown = {"text": str(number), "name": TYPE_NAMES[number], "null": None}
            row["dataType"] = shown.get(form, number)

    def with_error(self, row: Fields, code: int) -> Fields:
        """The row with its outcome; 0 is success."""
        if code or self._code != "success":
            row["errorcode"] = {"text": str(code), "hex": f"0x{code:08X}", "null": None}.get(
                self._code, code
            )
        form = self._error
        if not code:
            if form in ("null", "empty"):
                row["error"] = None if form == "null" else ""
            return row
        english, german = _ERRORS[code]
        if form == "object":
            row["error"] = {"code": code, "message": english}
        elif form == "message":
            row["errorMessage"] = english
        elif form != "absent":
            row["error"] = german if form == "german" else english
        return row

    # Rows

    def read(self, asked: str, variable: Variable, state: TagState) -> Fields:
        """The row of a variable that was read."""
        row: Fields = {"variableName": self.name(asked)}
        self._with_type(row, variable.type_number)
        is_hidden = self._bad_is_null and state.quality.is_bad
        row["value"] = (
            None if is_hidden else self.value(state.value, variable.type_number, state.data_type)
        )
        self._with_time(row, state.time_ns)
        self._with_quality(row, state.quality)
        return self.with_error(row, 0)

    def failed(self, asked: str, code: int) -> Fields:
        """The row of a variable that could not be read or written."""
        return self.with_error({"variableName": self.name(asked)}, code)

    def written(self, asked: str) -> Fields:
        """The row of a variable that was written."""
        return self.with_error({"variableName": self.name(asked)}, 0)

    def logged(self, row: LoggedRow, variable: Variable) -> Fields:
        """One archived value."""
        fields: Fields = {"value": self.value(row.value, variable.type_number)}
        self._with_time(fields, row.time_ns, self._time_key)
        if self._flags == "bare":
            return fields
        self._with_quality(fields, row.quality)
        if self._flags:
            words = row.flags or ()
            fields["flags"] = " ".join(words) if self._flags == "text" else len(words)
        return fields


def error_code(problem: ModelError) -> int:
    """The interface's code of what the plant refused."""
    return _CODES.get(problem.code, OTHER)
