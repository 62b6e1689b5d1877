"""An error while reading several logs at once arrives as itself, never as a group."""

import pytest

from tagwerk.domain.errors import NotReachable
from tagwerk.link.history import read_history


class GoneKeeper:
    async def execute(self, *_arguments, **_options):
        raise NotReachable("The connection broke.")


class Dialect:
    class schema:
        query: dict[str, object] = {}  # noqa: RUF012

    def history(self, *_arguments, **_options):
        raise NotReachable("The connection broke.")


async def test_an_error_of_one_log_is_the_error_of_the_call():
    with pytest.raises(NotReachable, match="broke"):
        await read_history(GoneKeeper(), Dialect(), ["a", "b", "c"], 0, 10**9)
