"""Tag sheets as people write them: separators, languages, mistakes; and what TIA exports."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.errors import UsageError
from tagwerk.domain.tags import BrowseItem, TagInfo, TagKind, data_type_from_text
from tagwerk.sheets import (
    SheetEntry,
    SheetError,
    SheetProblem,
    TagSheet,
    load_sheet,
    sheet_to_fill_in,
)
from tagwerk.sheets.csv_reader import decode, find_separator, read_csv
from tagwerk.sheets.table import TableReader

DEMO_HEADER = (
    "name;data_type;unit;decimals;low;high;step;texts;texts_de;writable;critical;"
    "description_en;description_de;limits"
)


def write(folder: Path, text: str, name: str = "tags.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def test_the_demo_plants_columns(tmp_path):
    path = write(
        tmp_path,
        f"{DEMO_HEADER}\n"
        "Cooling.TIC2120.PV;LReal;°C;2;0;60;5;;;0;;Return temperature;Rücklauf;PV_High=23.5|PV_HH=30\n"
        "Cooling.TIC2120.Mode;Int;;0;;;;0=Manual|1=Auto;0=Hand|1=Auto;1;1;Mode;Betriebsart;\n",
    )
    sheet = load_sheet(path)
    pv, mode = sheet
    assert pv == SheetEntry(
        "Cooling.TIC2120.PV", "°C", 2, 0.0, 60.0, 5.0, {}, False, False,
        {"en": "Return temperature", "de": "Rücklauf"}, "LReal",
        {"PV_High": 23.5, "PV_HH": 30.0}, 2,
    )  # fmt: skip
    assert mode.texts == {0: {"": "Manual", "de": "Hand"}, 1: {"": "Auto", "de": "Auto"}}
    assert mode.texts_in("de") == {0: "Hand", 1: "Auto"}
    assert mode.texts_in("en") == {0: "Manual", 1: "Auto"}
    assert mode.writable is True
    assert mode.critical is True
    assert sheet.source == str(path)
    assert sheet.unknown_columns == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encodings_and_separators(tmp_path, encoding, separator):
    text = "name;unit;description_de\r\nT1;°C;Kühlung\r\n".replace(";", separator)
    entry = load_sheet(write(tmp_path, text, encoding=encoding)).find("T1")
    assert entry is not None
    assert (entry.unit, entry.description("de")) == ("°C", "Kühlung")


def test_german_titles_and_decimal_commas(tmp_path):
    path = write(
        tmp_path,
        "Variable;Einheit;Nachkommastellen;Bereich von;Bereich bis;Schritt;Texte;Beschreibbar;Kritisch;"
        "Beschreibung;Grenzwerte\nT1;°C;1;-5,5;1 234,75;0,5;0=Aus|1=Ein;nein;ja;Vorlauf;Hoch=23,5\n",
    )
    entry = load_sheet(path).find("T1")
    assert entry is not None
    assert (entry.low, entry.high, entry.step) == (-5.5, 1234.75, 0.5)
    assert entry.limits == {"Hoch": 23.5}
    assert (entry.writable, entry.critical) == (False, True)
    assert entry.texts_in("en") == {0: "Aus", 1: "Ein"}


def test_english_titles_with_semicolons_take_either_decimal_mark(tmp_path):
    german = load_sheet(write(tmp_path, "name;low;high\nT;0,5;60\n")).find("T")
    english = load_sheet(write(tmp_path, "name;low;high\nT;0.5;60\n")).find("T")
    assert german is not None
    assert english is not None
    assert german.low == english.low == 0.5


def test_a_number_with_two_readings_is_refused(tmp_path):
    with pytest.raises(SheetError) as caught:
        load_sheet(write(tmp_path, 'name,low\nT,"1,000"\n'))
    assert "can mean 1 or 1000" in str(caught.value)


def test_every_mistake_is_named_with_row_column_and_reason(tmp_path):
    path = write(
        tmp_path,
        "name;low;high;decimals;writable;texts;limits;step\n"
        "A;abc;;;;;;\n"
        "B;;;2,5;;;;\n"
        "C;;;;maybe;;;\n"
        "D;;;;;1:On;;\n"
        "E;;;;;0=Off|0=On;;\n"
        "F;;;;;;High;\n"
        ";5;;;;;;\n"
        "A;;;;;;;\n"
        "G;60;10;;;;;\n"
        "H;;;;;;;-1\n"
        "Good;1;2;0;yes;0=Off|1=On;High=1.5;1\n",
    )
    problems: list[SheetProblem] = []
    sheet = load_sheet(path, on_problem=problems.append)
    assert [(problem.row, problem.column) for problem in problems] == [
        (2, "low"), (3, "decimals"), (4, "writable"), (5, "texts"), (6, "texts"), (7, "limits"),
        (8, ""), (9, ""), (10, ""), (11, ""),
    ]  # fmt: skip
    assert str(problems[0]) == "row 2, column low: “abc” is not a number."
    assert str(problems[7]) == "row 9: A is in row 2 already."
    assert [entry.name for entry in sheet] == ["A", "B", "C", "D", "E", "F", "G", "H", "Good"]
    with pytest.raises(SheetError) as caught:
        load_sheet(path)
    assert (caught.value.row, caught.value.column) == (2, "low")
    assert len(caught.value.problems) == 10
    assert str(caught.value).count("row ") == 9  # eight named, one of them names another row
    assert "And 2 more." in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("row", ["T;abc;10;;", "T;60;10;;", "T;;;perhaps;", "T;;;;perhaps"])
def test_what_guards_a_write_and_cannot_be_read_forbids_writing(tmp_path, row):
    path = write(tmp_path, f"name;low;high;writable;critical\n{row}\n")
    entry = load_sheet(path, on_problem=lambda _problem: None).find("T")
    assert entry is not None
    assert entry.writable is False


def test_titles_comments_and_empty_rows_do_not_shift_the_row_numbers(tmp_path):
    path = write(tmp_path, "Skid 21, tag list\n\nname;low\n# loops\n\nT1;x\n")
    with pytest.raises(SheetError) as caught:
        load_sheet(path)
    assert caught.value.row == 6


def test_a_mistyped_title_is_told_and_a_doubled_one_is_a_problem(tmp_path):
    sheet = load_sheet(write(tmp_path, "name;unti\nT;°C\n"))
    assert sheet.unknown_columns == ("unti",)
    with pytest.raises(SheetError) as caught:
        load_sheet(write(tmp_path, "name;unit;Einheit\nT;°C;K\n"))
    assert (caught.value.row, caught.value.column) == (1, "Einheit")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"unit;low\n", "found: unit, low"),
        (b"PK\x03\x04 no zip", "not a workbook"),
        (b"\xd0\xcf\x11\xe0 old", "old Excel"),
        (bytes(range(256)) * 20, "No column"),
    ],
)
def test_files_that_are_no_tag_sheets(tmp_path, content, said):
    path = tmp_path / "tags.csv"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_sheet(path, on_problem=lambda _problem: None)
    assert said in str(caught.value)
    assert caught.value.cure


def test_a_missing_file_and_a_false_workbook(tmp_path):
    with pytest.raises(UsageError, match="There is no file"):
        load_sheet(tmp_path / "nowhere.csv")
    with pytest.raises(UsageError, match="not an Excel workbook"):
        load_sheet(write(tmp_path, "name;unit\n", "tags.xlsx"))


def book(path: Path, *tables: tuple[str, list[list[object]]]) -> Path:
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for title, rows in tables:
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    workbook.close()
    return path


def test_a_workbook_with_typed_cells(tmp_path):
    path = book(
        tmp_path / "tags.xlsx",
        ("Sheet", [["Name", "Unit", "Decimals", "Low", "High", "Writable", "Texts"],
                   ["T1", "bar", 2, 0, 16.5, True, None], ["T2", None, None, None, None, False, "0=Off|1=On"]]),
    )  # fmt: skip
    t1, t2 = load_sheet(path)
    assert (t1.unit, t1.decimals, t1.low, t1.high, t1.writable) == ("bar", 2, 0.0, 16.5, True)
    assert (t2.writable, t2.texts_in("en"), t2.row) == (False, {0: "Off", 1: "On"}, 3)


def test_plc_tags_as_tia_portal_exports_them(tmp_path):
    header = ["Name", "Path", "Data Type", "Logical Address", "Comment", "Hmi Visible",
              "Hmi Accessible", "Hmi Writeable", "Typeobject ID", "Version ID"]  # fmt: skip
    path = book(
        tmp_path / "PLCTags.xlsx",
        ("PLC Tags", [header, ["Pump_On", "Default tag table", "Bool", "%Q0.0", "Cooling pump", "True", "True", "True", "", ""],
                      ["Level", "Default tag table", "Real", "%ID64", "<No Value>", "True", "True", "False", "", ""]]),
        ("TagTable Properties", [["Path", "BelongsToUnit", "Accessibility"], ["Default tag table", "", ""]]),
        ("User Constants", [["Name", "Path", "Data Type", "Value"], ["Speed", "x", "Int", "5"]]),
    )  # fmt: skip
    pump, level = load_sheet(path)
    assert (pump.name, pump.data_type, pump.description("en"), pump.writable) == (
        "Pump_On", "Bool", "Cooling pump", True,
    )  # fmt: skip
    assert (level.description("en"), level.writable) == ("", False)


def test_hmi_tags_as_a_german_tia_portal_exports_them(tmp_path):
    header = ["Name", "Pfad", "Verbindung", "PLC-Variable", "Datentyp", "Länge", "Codierung",
              "Zugriffsart", "Kommentar [de-DE]", "Kommentar [en-US]"]  # fmt: skip
    path = book(
        tmp_path / "HMITags.xlsx",
        ("Hmi Tags", [header, ["Füllstand", "Standard", "HMI_Verbindung_1", "DB1.Level", "Real", 4,
                               "IEEE754", "<symbolisch>", "Füllstand Behälter", "Tank level"]]),
    )  # fmt: skip
    (level,) = load_sheet(path)
    assert level.name == "Füllstand"
    assert level.description("de") == "Füllstand Behälter"
    assert level.description("en") == "Tank level"


def test_a_problem_in_one_of_several_worksheets_names_it(tmp_path):
    path = book(
        tmp_path / "tags.xlsx",
        ("Hall 1", [["name", "low"], ["A", 1]]),
        ("Hall 2", [["name", "low"], ["B", "x"], ["A", 2]]),
    )
    with pytest.raises(SheetError) as caught:
        load_sheet(path)
    assert [str(problem) for problem in caught.value.problems] == [
        "sheet Hall 2, row 2, column low: “x” is not a number.",
        "sheet Hall 2, row 3: A is in row 2 of sheet Hall 1 already.",
    ]


def test_names_are_found_short_full_and_as_array_elements():
    sheet = TagSheet(
        [
            SheetEntry("Level", "m"),
            SheetEntry("HMI_RT_1::Only", "bar"),
            SheetEntry("Level[2]", "cm"),
        ]
    )
    assert sheet.find("HMI_RT_1::Level") is sheet.find("Level")
    assert sheet.find("Only") is sheet.find("HMI_RT_1::Only")
    assert sheet.find("HMI_RT_2::Only") is None
    third = sheet.find("HMI_RT_1::Level[3]")
    assert third is not None
    assert third.unit == "m"
    second = sheet.find("Level[2]")
    assert second is not None
    assert second.unit == "cm"
    assert sheet.find("Other") is None
    assert len(TagSheet()) == 0


def test_the_server_knows_the_type_and_the_sheet_the_rest():
    entry = SheetEntry(
        "T", "°C", 1, 0, 60, texts={0: {"de": "Aus"}}, data_type="Int", critical=True
    )
    info = entry.apply(TagInfo("S::T", data_type_from_text("LReal"), "Return"), "de")
    assert (info.data_type.text, info.display_name) == ("LReal", "Return")
    assert (info.unit, info.decimals, info.low, info.high) == ("°C", 1, 0, 60)
    assert info.texts == {0: "Aus"}
    assert info.critical
    assert entry.apply(TagInfo("S::T"), "en").data_type.text == "Int"


def test_a_sheet_to_fill_in_reads_back_as_it_was(tmp_path):
    entries = [
        SheetEntry("A.B", "°C", 1, -5.0, 60.0, 2.5, {0: {"": "Off", "de": "Aus"}}, False, True,
                   {"en": "=trick", "de": "x"}, "LReal", {"Hi": 23.5}, 2),
        SheetEntry("-C", row=3, data_type="Int"),
    ]  # fmt: skip
    items = [BrowseItem(f"S::{entry.name}", "", TagKind.TAG, "") for entry in entries]
    items.append(BrowseItem("S::Alarm:X", "", TagKind.ALARM, ""))
    path = tmp_path / "fill.csv"
    path.write_bytes(sheet_to_fill_in(items, TagSheet(entries)))
    assert list(load_sheet(path)) == entries
    assert "'=trick" in path.read_text(encoding="utf-8-sig")


def test_a_quote_mark_that_is_never_closed_is_told_and_not_swallowed(tmp_path):
    path = write(tmp_path, 'name,unit\n"A,1\nB,2\nC,3\n')
    with pytest.raises(SheetError, match=r"row \d: “A,1 B,2 C,3 …” holds a line break"):
        load_sheet(path)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_known_by_its_zeros(tmp_path, encoding):
    text = "name;unit;low\r\nCooling.TIC2120.PV;°C;0\r\nBehälter;m³;1\r\n"
    sheet = load_sheet(write(tmp_path, text, encoding=encoding))
    assert [entry.name for entry in sheet] == ["Cooling.TIC2120.PV", "Behälter"]
    assert sheet.find("Behälter").unit == "m³"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"])
def test_a_workbook_with_a_broken_part_says_so(tmp_path, part):
    whole = book(tmp_path / "whole.xlsx", ("Tags", [["name", "unit"], ["A", "°C"]]))
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[: len(content) // 2] if name == part else content)
    with pytest.raises(SheetError, match=r"broken\.xlsx"):
        load_sheet(broken)


def test_a_workbook_of_charts_only_says_so(tmp_path):
    workbook = openpyxl.Workbook()
    workbook.create_chartsheet()
    workbook.remove(workbook.worksheets[0])
    workbook.save(tmp_path / "chart.xlsx")
    with pytest.raises(SheetError, match=r"chart\.xlsx"):
        load_sheet(tmp_path / "chart.xlsx")


def test_a_cell_at_the_far_end_of_a_worksheet_does_not_make_wide_rows(tmp_path, monkeypatch):
    widths = []
    read = TableReader.read

    def watched(self, rows, **more):
        kept = list(rows)
        widths.extend(len(row) for row in kept)
        read(self, kept, **more)

    monkeypatch.setattr(TableReader, "read", watched)
    workbook = openpyxl.Workbook()
    workbook.active.append(["name", "unit"])
    workbook.active.append(["A", "°C"])
    workbook.active["A5000"] = "B"
    workbook.save(tmp_path / "far.xlsx")
    sheet = load_sheet(tmp_path / "far.xlsx")
    assert [entry.row for entry in sheet] == [2, 5000]
    assert len(widths) == 5000
    assert max(widths) == 2


@given(st.binary(max_size=300))
def test_no_bytes_break_the_csv_reader(content):
    table = read_csv(content)
    assert all(entry.name for entry in table.entries.values())


@given(st.text(max_size=60))
def test_text_survives_its_own_encoding(text):
    assert decode(text.encode()).lstrip("\ufeff") == text.lstrip("\ufeff")
    assert find_separator(text) in "\t;,"
