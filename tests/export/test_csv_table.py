"""CSV as spreadsheets in both countries read it, and as nobody can abuse it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.domain.errors import UsageError
from tagwerk.export.csv_table import ENGLISH_CSV, GERMAN_CSV, cell_text, write_csv, write_rows


def test_an_english_table(tmp_path):
    path = tmp_path / "a.csv"
    assert write_csv(path, ["tag", "value"], [["Ü", 1.5], ["b", None], ["c", True]]) == 3
    assert path.read_bytes() == "\ufefftag,value\r\nÜ,1.5\r\nb,\r\nc,1\r\n".encode()


def test_a_german_table(tmp_path):
    path = tmp_path / "a.csv"
    write_csv(path, ["tag", "value"], [["a;b", 1.5]], GERMAN_CSV)
    assert path.read_text("utf-8-sig") == 'tag;value\n"a;b";1,5\n'


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-x", "@sum", "\tx"])
def test_what_a_spreadsheet_would_run_is_guarded(cell):
    assert cell_text(cell, ENGLISH_CSV) == "'" + cell


@pytest.mark.parametrize("cell", ["-1.5", "+3", "1e5", "text"])
def test_plain_numbers_and_texts_stay(cell):
    assert cell_text(cell, ENGLISH_CSV) == cell


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=2, max_size=2)
    )
)
def test_every_text_comes_back(rows):
    stream = io.StringIO()
    write_rows(stream, ["a", "b"], rows, GERMAN_CSV)
    read = list(csv.reader(io.StringIO(stream.getvalue()), delimiter=";"))[1:]
    assert [[cell.removeprefix("'") for cell in row] for row in read] == [
        [cell.removeprefix("'") for cell in row] for row in rows
    ]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path):
    folder = tmp_path / "table.csv"
    folder.mkdir()
    with pytest.raises(UsageError) as caught:
        write_csv(folder, ["a"], [])
    assert "table.csv" in str(caught.value)
    assert list(tmp_path.iterdir()) == [folder]


def test_an_error_half_way_leaves_nothing(tmp_path):
    def rows():
        yield ["1"]
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space"):
        write_csv(tmp_path / "a.csv", ["a"], rows())
    assert not list(tmp_path.iterdir())
