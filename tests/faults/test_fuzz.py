"""Mutated answers and frames through every decoder: only the domain's errors may come out.

A bounded number here; ``python3 dev.py bench fuzz`` feeds more than a million.
"""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from faults.fuzzing import MEANT, Decoders, fuzz
from faults.mutations import RAW, corpus
from tagwerk.dialects.unified_values import parse_timestamp
from tagwerk.domain.errors import TagwerkError

INPUTS = 2_000
MOST_PLACES = 8
LONGEST_S = 5.0


@pytest.fixture(autouse=True)
def quiet(caplog):
    """Some thousand lines of debugging would only be kept and thrown away."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", range(5))
async def test_nothing_unexpected_comes_out_of_mutated_input(seed):
    found = await fuzz(seed, count=INPUTS)
    assert found.inputs >= INPUTS
    assert found.unexpected == []
    assert found.slowest_s < LONGEST_S, found.slowest
    # The inputs are worth something: some are read, and many kinds of error come up.
    assert found.kinds["fine"] > INPUTS // 20
    assert {"ProtocolError", "LoginFailed", "ServerRefused"} <= set(found.kinds)


def test_every_decoder_has_documents_that_are_meant_for_it():
    documents = corpus().values()
    assert set(MEANT) == set(Decoders(0).ways)
    for name, mark in MEANT.items():
        assert any(mark in document for document in documents), name


@pytest.mark.parametrize("name", sorted(MEANT))
async def test_odd_texts_in_the_place_of_every_value(name):
    """Each odd text once in the place of each value of the documents meant for a decoder."""
    way = Decoders(1).ways[name]
    documents = [document for document in corpus().values() if MEANT[name] in document]
    smallest = min(documents, key=len)
    unexpected = []
    for text in RAW:
        for data in with_each_value_replaced(smallest, text):
            try:
                await way(data)
            except TagwerkError as problem:
                str(problem).encode()
            except Exception as problem:  # noqa: BLE001 - that is what is looked for
                unexpected.append((repr(problem), data[:200]))
    assert unexpected == []


def with_each_value_replaced(document: bytes, text: str) -> list[bytes]:
    """The document, once for each value in it, with `text` in that value's place."""
    mark = "@@one@@"
    body = json.loads(document)
    places: list[tuple[Any, Any]] = []

    def visit(node):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                visit(node[key])

    visit(body)
    results = []
    # Long documents have many places alike.
    for node, key in places[:: len(places) // MOST_PLACES + 1]:
        kept, node[key] = node[key], mark
        results.append(json.dumps(body).replace(f'"{mark}"', text).encode())
        node[key] = kept
    return results


def test_the_first_second_of_1970_does_not_teach_that_it_is_a_time():
    assert parse_timestamp("1970-01-01T00:00:00.500Z") == 500_000_000
    assert parse_timestamp("1970-01-01T00:00:00Z") is None
    assert parse_timestamp("1970-01-01T00:00:00.000Z") is None
