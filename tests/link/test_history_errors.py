"""What fails while several logs are read at once: nothing to be asked, or one log among others."""

import json

import pytest

from tagwerk.dialects.unified import UnifiedDialect
from tagwerk.dialects.unified_schema import assumed_schema
from tagwerk.domain.errors import NotReachable, ServerFailed
from tagwerk.link.history import read_history
from tagwerk.link.transport import Answer

MS = 1_000_000
DIALECT = UnifiedDialect(assumed_schema())


def stamp(milliseconds):
    return f"1970-01-01T00:{milliseconds // 60000:02}:{milliseconds // 1000 % 60:02}.{milliseconds % 1000:03}Z"


def answer(name, rows, error=None):
    values = [
        {"value": {"value": value, "timestamp": text, "quality": {"quality": "GOOD_CASCADE"}}}
        for text, value in rows
    ]
    body = {
        "data": {"loggedTagValues": [{"loggingTagName": name, "values": values, "error": error}]}
    }
    return Answer(200, json.dumps(body).encode())


def asked(operation):
    """Name, bounds in milliseconds, most rows, newest first."""
    given = operation.variables

    def milliseconds(text):
        return int(text[14:16]) * 60000 + int(text[17:19]) * 1000 + int(text[20:23])

    return (
        given["names"][0],
        milliseconds(given["startTime"]),
        milliseconds(given["endTime"]),
        given["maxNumberOfValues"],
        given["sortingMode"] == "TIME_DESC",
    )


async def test_a_broken_connection_is_the_error_of_the_call():
    async def ask(make):
        raise NotReachable("The connection broke.")

    with pytest.raises(NotReachable, match="broke"):
        await read_history(ask, DIALECT, ["a", "b", "c"], 10**9, 2 * 10**9)


async def test_one_failed_log_does_not_cost_the_others():
    async def ask(make):
        name, *_ = asked(make())
        if name == "bad":
            raise ServerFailed("The server failed inside: boom", code="X")
        return answer(name, [(stamp(1500), 1.0)])

    good, bad = await read_history(ask, DIALECT, ["good", "bad"], 10**9, 2 * 10**9)
    assert [point.value for point in good.points] == [1.0]
    assert good.error is None
    assert bad.points == []
    assert bad.error.code == "X"
    with pytest.raises(ServerFailed):
        await read_history(ask, DIALECT, ["bad", "bad"], 10**9, 2 * 10**9)


async def test_what_came_before_a_failed_page_is_kept_and_called_short():
    calls = []

    async def ask(make):
        calls.append(asked(make()))
        if len(calls) == 2:
            raise ServerFailed("The server failed inside: boom")
        return answer("a", [(stamp(1000 + number), number) for number in range(100)])

    (series,) = await read_history(ask, DIALECT, ["a"], 10**9, 9 * 10**9)
    assert len(series.points) == 100
    assert series.truncated
    assert series.error is None


@pytest.mark.parametrize("digits", [0, 1, 3])
@pytest.mark.parametrize("limit", [0, 250])
async def test_stamps_cut_to_seconds_lose_nothing_at_a_pages_edge(digits, limit):
    """A cap of 60 rows, a row each 150 ms, stamps as coarse as whole seconds."""
    rows = [(at, at) for at in range(1000, 91_000, 150)]

    async def ask(make):
        name, start, end, most, reverse = asked(make())
        found = [row for row in rows if start <= row[0] <= end]
        found = (found[::-1] if reverse else found)[: min(most, 60)]
        cut = 10 ** (3 - digits)
        return answer(name, [(stamp(at // cut * cut), value) for at, value in found])

    (series,) = await read_history(ask, DIALECT, ["a"], 10**9, 91 * 10**9, limit=limit)
    wanted = [value for _, value in rows][-limit:] if limit else [value for _, value in rows]
    assert sorted(point.value for point in series.points) == wanted


async def test_a_cap_within_one_millisecond_is_stepped_over_and_said():
    rows = [(1000, number) for number in range(300)] + [(1500, -1)]

    async def ask(make):
        name, start, end, most, _ = asked(make())
        found = [row for row in rows if start <= row[0] <= end][: min(most, 100)]
        return answer(name, [(stamp(at), value) for at, value in found])

    (series,) = await read_history(ask, DIALECT, ["a"], 9 * 10**8, 2 * 10**9)
    assert series.points[-1].value == -1
    assert series.truncated


async def test_an_error_beside_rows_means_that_there_are_more():
    rows = [(1000 + number, number) for number in range(200)]

    async def ask(make):
        _, start, end, _, _ = asked(make())
        found = [row for row in rows if start <= row[0] <= end]
        error = {"code": "1", "description": "too many"} if len(found) > 60 else None
        return answer("a", [(stamp(at), value) for at, value in found[:60]], error)

    (series,) = await read_history(ask, DIALECT, ["a"], 10**9, 2 * 10**9)
    assert [point.value for point in series.points] == [value for _, value in rows]
    assert series.error is None


async def test_where_only_logging_tags_are_taken_the_tags_own_is_found():
    async def ask(make):
        name, *_ = asked(make())
        if ":" not in name:
            return answer(name, [], {"code": "2", "description": "cannot be resolved"})
        return answer(name, [(stamp(1500), 7)])

    async def logging_tags(name):
        return [f"{name}:Log_1s"] if name == "a" else []

    first, second = await read_history(
        ask, DIALECT, ["a", "b"], 10**9, 2 * 10**9, logging_tags=logging_tags
    )
    assert first.name == "a"
    assert first.logging_tag == "a:Log_1s"
    assert [point.value for point in first.points] == [7]
    assert second.error.code == "2"


async def test_without_a_way_to_sort_the_newest_are_cut_here():
    schema = assumed_schema()
    del schema.query["loggedTagValues"].arguments["sortingMode"]

    async def ask(make):
        assert "sortingMode" not in make().variables
        return answer("a", [(stamp(1000 + number), number) for number in range(40)])

    (series,) = await read_history(ask, UnifiedDialect(schema), ["a"], 10**9, 2 * 10**9, limit=5)
    assert [point.value for point in series.points] == [35, 36, 37, 38, 39]
    assert series.truncated
