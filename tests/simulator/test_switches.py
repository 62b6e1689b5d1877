"""The registry of switches and the options' way over the command line."""

import argparse

import pytest

from tagwerk.domain.errors import UsageError
from tagwerk.simulator.options import SimulatorOptions, add_arguments, options_from
from tagwerk.simulator.switches import SWITCHES, Takes, list_switches, parse_switches


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
    ["no-such", "no-z=1", "expired-as", "expired-as=402", "history-cap=many", "history-cap=-1", ""],
)
def test_wrong_switches_are_refused_by_name(text):
    with pytest.raises(UsageError) as refused:
        parse_switches([text])
    assert text.partition("=")[0] in str(refused.value)


def test_the_list_has_a_line_for_each():
    lines = list_switches().splitlines()
    assert len(lines) == len(SWITCHES)
    for switch, line in zip(SWITCHES, lines, strict=True):
        assert line.startswith(switch.usage)
        assert line.endswith(switch.explanation)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_each_switch_can_be_given(switch):
    text = switch.name
    if switch.takes is Takes.CHOICE:
        text += "=" + switch.choices[0]
    assert parse_switches([text]).on(switch.name)


def test_options_come_back_from_their_own_command_line():
    options = SimulatorOptions(
        port=4000, tags=5, rate=2.5, plain_http=True, switches=("no-z", "history-cap=3"), speed=10.0
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
