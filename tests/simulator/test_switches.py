"""The registry of switches and the options' way over the command line."""

import argparse
import re
from pathlib import Path

import pytest

from tagwerk.domain.errors import UsageError
from tagwerk.simulator.options import SimulatorOptions, add_arguments, options_from
from tagwerk.simulator.switches import GROUPS, SWITCHES, list_switches, parse_switches


def test_values_and_defaults():
    switches = parse_switches(["no-z", "history-cap=50", "slow-login", "expired-as=401"])
    assert switches.on("no-z")
    assert not switches.on("v19")
    assert switches.number("history-cap", 0) == 50
    assert switches.number("slow-login", 0) == 3
    assert switches.text("expired-as") == "401"
    assert switches.number("fragments", 9) == 9


def test_v19_brings_what_belongs_to_it():
    assert parse_switches(["v19"]).on("no-browse")


@pytest.mark.parametrize(
    "text",
    [
        "no-such",
        "no-z=1",
        "expired-as",
        "expired-as=402",
        "history-cap=many",
        "history-cap=-1",
        "history-cap=1.5",
        "time-digits=10",
        "fragments=0",
        "slow=nan",
        "clock-offset=1e9",
        "time-offset=2",
        "time-offset=+15:00",
        "body-limit=100",
        "",
    ],
)
def test_wrong_switches_are_refused_by_name(text):
    with pytest.raises(UsageError) as refused:
        parse_switches([text])
    assert text.partition("=")[0] in str(refused.value)


def test_the_list_has_a_line_for_each_under_its_heading():
    lines = iter(list_switches().splitlines())
    for number, (group, switches) in enumerate(GROUPS.items()):
        if number:
            assert next(lines) == ""
        assert next(lines) == group.value
        for switch in switches:
            line = next(lines)
            assert line.startswith(f"  {switch.usage} ")
            assert line.endswith("  " + switch.explanation)
    assert next(lines, None) is None


def test_names_are_unique_and_explanations_are_one_line():
    assert len({switch.name for switch in SWITCHES}) == len(SWITCHES)
    for switch in SWITCHES:
        assert "\n" not in switch.explanation
        assert switch.source.startswith("§")
        assert switch.source[-1] in "VFG"


@pytest.mark.parametrize("text", [text for switch in SWITCHES for text in switch.variants])
def test_each_variant_can_be_given_and_twice(text):
    name = text.partition("=")[0]
    switches = parse_switches([text, text])
    assert switches.on(name)
    assert switches == parse_switches([text])


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("time-digits=10", "time-digits[=NUMBER] with a whole number from 0 to 9"),
        ("flaky-socket=0", "flaky-socket[=NUMBER] with a number from 0.1 to 1000000000"),
        ("time-offset=2", "time-offset[=+02:00]"),
        ("expired-as=no", "expired-as=401|401-html|403"),
    ],
)
def test_a_refusal_tells_what_is_wanted(text, cure):
    with pytest.raises(UsageError) as refused:
        parse_switches([text])
    assert cure in str(refused.value)


def test_the_last_of_two_wins():
    assert parse_switches(["expired-as=401", "no-z", "expired-as=403"]).text("expired-as") == "403"


def test_a_composite_brings_its_parts_and_leaves_what_was_said():
    found = parse_switches(["compress=deflate", "iis"])
    assert found.on("body-limit-html")
    assert found.on("redirect-absolute")
    assert found.text("compress") == "deflate"
    assert parse_switches(["v20"]).on("preflight")


def test_each_switch_is_explained_in_the_handbook():
    handbook = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text(encoding="utf-8")
    for switch in SWITCHES:
        assert re.search(
            rf"^\| `{re.escape(switch.name)}` \| {switch.source} \| .", handbook, re.M
        ), switch.name


def test_options_come_back_from_their_own_command_line():
    options = SimulatorOptions(
        port=4000,
        classic_port=4001,
        dialect="both",
        tags=5,
        rate=2.5,
        plain_http=True,
        switches=("no-z", "history-cap=3"),
        speed=10.0,
    )
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert options_from(parser.parse_args(options.arguments())) == options
    assert options_from(parser.parse_args([])) == SimulatorOptions()


@pytest.mark.parametrize("words", [["--port", "70000"], ["--tags", "-1"], ["--rate", "-1"]])
def test_options_out_of_range_are_refused(words, capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(words)
    assert "argument" in capsys.readouterr().err
