"""The plant's tag sheet as text: what an engineer would keep beside the plant.

``resources/plants/NAME/tags.csv`` is this text, ``tags_classic.csv`` the same with WinCC V7's names;
a test compares them, so that the sheets never say other than the plant. To renew them: ``python -m tagwerk.simulator.sheet skid21``.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable

from tagwerk.domain.values import Value
from tagwerk.resources import resource
from tagwerk.simulator.classic.catalogue import RAW, Catalogue
from tagwerk.simulator.generated import GeneratedTags
from tagwerk.simulator.spec import LANGUAGES, PlantSpec, TagSpec, load_plant

_CLASSIC_TYPES = dict(
    enumerate(
        [
            "Bool",
            "SInt",
            "USInt",
            "Int",
            "UInt",
            "DInt",
            "UDInt",
            "Real",
            "LReal",
            "String",
            "WString",
        ],
        1,
    )
) | {RAW: ""}
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
    return _text(spec, ((tag.name, tag.data_type, tag) for tag in spec.tags.values()))


def classic_sheet_text(spec: PlantSpec) -> str:
    """The same with the names and types that the classic interface has."""
    catalogue = Catalogue(spec, GeneratedTags(0, 0.0, 1, 0))
    return _text(
        spec,
        (
            (one.name, _CLASSIC_TYPES[one.type_number], one.spec)
            for one in catalogue.variables
            if one.spec is not None
        ),
    )


def _text(spec: PlantSpec, rows: Iterable[tuple[str, str, TagSpec]]) -> str:
    """The sheet of named and typed tags."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    for name, data_type, tag in rows:
        english, german = (_description(spec, tag, language) for language in LANGUAGES)
        writer.writerow(
            (
                name,
                data_type,
                tag.unit,
                _number(tag.decimals),
                _number(tag.low),
                _number(tag.high),
                _number(tag.step),
                _texts(tag, LANGUAGES[0]),
                _texts(tag, LANGUAGES[1]),
                "yes" if tag.sheet_writable and data_type else "no",
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
    """Write the plant's sheets."""
    spec = load_plant(plant)
    for file, text in (
        ("tags.csv", sheet_text(spec)),
        ("tags_classic.csv", classic_sheet_text(spec)),
    ):
        resource("plants", plant, file).write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1])
