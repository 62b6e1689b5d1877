"""The plant's tag sheet as text: what an engineer would keep beside the plant.

``resources/plants/NAME/tags.csv`` is this text; a test compares them, so that the sheet never
says other than the plant. To renew it: ``python -m tagwerk.simulator.sheet skid21``.
"""

from __future__ import annotations

import csv
import io
import sys

from tagwerk.domain.values import Value
from tagwerk.resources import resource
from tagwerk.simulator.spec import LANGUAGES, PlantSpec, TagSpec, load_plant

COLUMNS = (
    "name",
    "data_type",
    "unit",
    "decimals",
    "low",
    "high",
    "step",
    "texts",
    "texts_de",
    "writable",
    "critical",
    "description_en",
    "description_de",
    "limits",
)


def sheet_text(spec: PlantSpec) -> str:
    """The sheet: semicolons, decimal points, ``0=Off|1=On`` and ``PV_High=23.5`` lists."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for tag in spec.tags.values():
        english, german = (_description(spec, tag, language) for language in LANGUAGES)
        writer.writerow(
            (
                tag.name,
                tag.data_type,
                tag.unit,
                _number(tag.decimals),
                _number(tag.low),
                _number(tag.high),
                _number(tag.step),
                _texts(tag, LANGUAGES[0]),
                _texts(tag, LANGUAGES[1]),
                "yes" if tag.sheet_writable else "no",
                "yes" if tag.critical else "no",
                english,
                german,
                "|".join(
                    f"{name}={_number(_limit(spec.tags[holder].value))}"
                    for name, holder in _limits(spec, tag).items()
                ),
            )
        )
    return buffer.getvalue()


def _limits(spec: PlantSpec, tag: TagSpec) -> dict[str, str]:
    return {
        name: holder if holder in spec.tags else f"{tag.parent}.{holder}"
        for name, holder in tag.limits.items()
    }


def _limit(value: Value) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _texts(tag: TagSpec, language: str) -> str:
    return "|".join(f"{number}={texts[language]}" for number, texts in tag.texts.items())


def _description(spec: PlantSpec, tag: TagSpec, language: str) -> str:
    """The structure's name and the element's, once when they are the same."""
    own = tag.display[language]
    structure = spec.structures.get(tag.parent)
    if structure is None or structure.display[language] == own:
        return own
    return f"{structure.display[language]}: {own}"


def main(plant: str) -> None:
    """Write the plant's sheet."""
    path = resource("plants", plant, "tags.csv")
    path.write_text(sheet_text(load_plant(plant)), "utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])
