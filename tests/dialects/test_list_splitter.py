"""A list that is cut out of an answer while it arrives is the list that is in the whole answer."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagwerk.dialects.list_splitter import MOST_HEAD_BYTES
from tagwerk.dialects.unified_browse import browse_chunks, browse_items, browse_splitter
from tagwerk.dialects.unified_replies import decode_answer, result_of
from tagwerk.domain.errors import ServerRefused, TagwerkError

TEXTS = st.one_of(
    st.sampled_from(["},{", '"},{"name":"', "]}}", '\\"},\\"', "\\", '{"data":{"browse":[', "ü☃𝄞", ""]),
    st.text(max_size=12).filter(lambda text: "\x00" not in text),
)  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {"name": TEXTS.map(lambda text: "S::" + text)},
        optional={
            "displayName": st.one_of(TEXTS, st.none()),
            "objectType": st.sampled_from(["TAG", "LOGGINGTAG", "Odd", None]),
            "dataType": st.sampled_from(["Double", "Bool", None]),
            "more": st.sampled_from([[{"a": 1}, {"b": 2}], {"c": [{}, {}]}, 5]),
        },
    ),
    max_size=12,
)
ERRORS = [{"message": "},{ half", "extensions": {"code": "X"}}, {"message": "other"}]


def answer(rows, errors: str = "", spaces: bool = False) -> bytes:
    body = {"data": {"browse": rows}}
    if errors == "before":
        body = {"errors": ERRORS, **body}
    elif errors == "after":
        body = {**body, "errors": ERRORS}
    return json.dumps(body, indent=1 if spaces else None, ensure_ascii=False).encode()


def as_parts(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def in_parts(parts, chunk_bytes: int):
    splitter = browse_splitter(chunk_bytes)
    items = [item for part in parts for rows in splitter.feed(part) for item in browse_items(rows)]
    rest = splitter.rest()
    items += [item for chunk in browse_chunks(rest) for item in chunk]
    return items, rest


def as_whole(data: bytes):
    found = result_of(decode_answer(data), "browse") or []
    names = [row["name"] for row in found if row.get("name")]
    displays = [row.get("displayName") or "" for row in found if row.get("name")]
    return list(zip(names, displays, strict=True))


@given(
    ROWS,
    st.sampled_from(["", "before", "after"]),
    st.booleans(),
    st.lists(st.integers(0, 100_000), max_size=8),
    st.integers(1, 400),
)
def test_in_parts_as_in_whole_for_any_cut_of_the_bytes(rows, errors, spaces, cuts, chunk_bytes):
    data = answer(rows, errors, spaces)
    items, _ = in_parts(as_parts(data, cuts), chunk_bytes)
    assert [(item.name, item.display_name) for item in items] == as_whole(data)


@settings(max_examples=30)
@given(ROWS.filter(bool), st.integers(1, 200))
def test_every_single_byte_for_itself(rows, chunk_bytes):
    data = answer(rows)
    items, _ = in_parts([bytes([one]) for one in data], chunk_bytes)
    assert [(item.name, item.display_name) for item in items] == as_whole(data)


def test_what_is_left_is_small_and_of_the_same_shape():
    data = answer([{"name": f"S::T{n}", "dataType": "Double"} for n in range(2000)], "after")
    items, rest = in_parts([data], 1000)
    assert len(items) == 2000
    assert len(rest) < 3000
    assert json.loads(rest)["errors"] == ERRORS


def test_an_error_without_data_is_that_error():
    data = json.dumps({"errors": ERRORS, "data": None}).encode()
    with pytest.raises(ServerRefused, match="half"):
        in_parts([data[:9], data[9:]], 100)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<html>no</html>", b'{"data":{"browse":[', b'{"data":{"browse":[{"name":"S::A"},',
        b'{"data":{"browse":[{"name":"S::A"}', b'{"data":{"browse":[{"name":"S::A"},{"name":"S::B"}]',
    ],
)  # fmt: skip
def test_a_broken_answer_is_an_error_wherever_it_ends(data):
    with pytest.raises(TagwerkError):
        in_parts([data], 5)


def test_rows_of_other_types_are_taken_as_far_as_they_can_be_read():
    rows = [{"name": f"S::T{n}", "dataType": 7 if n == 5 else "Double"} for n in range(50)]
    items, _ = in_parts([answer(rows)], 100)
    assert [item.name for item in items] == [row["name"] for row in rows]
    assert items[5].data_type == "7"


def test_a_head_that_is_far_away_costs_only_the_early_rows():
    data = json.dumps(
        {"extensions": "x" * (MOST_HEAD_BYTES + 10), "data": {"browse": [{"name": "S::A"}] * 3}}
    ).encode()
    items, rest = in_parts(as_parts(data, [50, 60_000]), 20)
    assert len(items) == 3
    assert rest == data


def test_a_text_that_looks_like_the_list_is_not_it():
    odd = 'is "data":{"browse":[ a list?'
    data = json.dumps({"errors": [{"message": odd}], "data": {"browse": [{"name": "S::A"}] * 9}})
    items, _ = in_parts([data.encode()], 30)
    assert len(items) == 9


def test_a_text_full_of_ends_is_not_decoded_at_each_of_them(monkeypatch):
    rows = [{"name": "S::" + "},{" * 40_000}, *({"name": f"S::T{n}"} for n in range(300))]
    splitter = browse_splitter(1000)
    tried = []
    inner = splitter._rows
    monkeypatch.setattr(splitter, "_rows", lambda piece: tried.append(1) or inner(piece))
    items = [item for part in splitter.feed(answer(rows)) for item in browse_items(part)]
    items += [item for chunk in browse_chunks(splitter.rest()) for item in chunk]
    assert len(items) == 301
    assert len(tried) < 100
