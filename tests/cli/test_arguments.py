"""The command line's grammar."""

import pytest

from tagwerk.cli.arguments import parse, seconds, size


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90", 90), ("15m", 900), ("24h", 86_400), ("1d", 86_400), ("500ms", 0.5), ("1.5h", 5400)],
)
def test_spans(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "x", "15w", "-3", "0", "1h30"])
def test_what_is_no_span_ends_with_two(text):
    with pytest.raises(SystemExit) as ended:
        parse(["history", "host", "a", f"--last={text}"])
    assert ended.value.code == 2


def test_sizes():
    assert size("1920x1080") == (1920, 1080)
    for text in ("1920", "axb", "10x10"):
        with pytest.raises(SystemExit):
            parse(["demo", "--size", text])


def test_the_window_is_opened_when_no_command_is_named():
    assert parse([]).command == "window"
    assert parse(["demo", "--lang", "de"]).target == "demo"
    options = parse(["--theme", "dark", "skid21-hmi"])
    assert (options.command, options.target, options.theme) == ("window", "skid21-hmi", "dark")


def test_commands_take_their_options():
    options = parse(["write", "host", "a=1", "b=2", "--yes", "--user", "me", "--json"])
    assert (options.command, options.assignments, options.yes) == ("write", ["a=1", "b=2"], True)
    options = parse(["watch", "host", "a", "--for", "2m", "--count-only"])
    assert (options.duration, options.count_only) == (120, True)
    options = parse(["simulate", "--tags", "1000", "--switch", "no-z", "--switch", "slow-login=2"])
    assert options.tags == 1000


@pytest.mark.parametrize(
    "words",
    [
        ["read"],
        ["write", "host"],
        ["ack", "host"],
        ["nonsense", "host", "more"],
        ["read", "host", "a", "--ca", "x", "--fingerprint", "y"],
        ["simulate", "--tags", "-1"],
    ],
)
def test_wrong_usage_ends_with_two(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_no_option_takes_a_password():
    for command in ("read", "write", "watch", "probe"):
        with pytest.raises(SystemExit):
            parse([command, "host", "a=1", "--password", "x"])


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["host", "-h"], ["read", "-h"]])
def test_help_is_given_wherever_it_is_asked_for(words, capsys):
    with pytest.raises(SystemExit) as ended:
        parse(words)
    assert ended.value.code == 0
    assert "usage: tagwerk" in capsys.readouterr().out
