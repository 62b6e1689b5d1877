"""Names, browse, writes, the sheet, generated tags and the clock."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from simulator.rested_plant import SECOND_NS, START_NS, fresh, run, untouched, value
from tagwerk.domain.tags import BaseType, data_type_from_text
from tagwerk.resources import resource
from tagwerk.sheets.load import load_sheet
from tagwerk.simulator.classic.catalogue import RAW, Catalogue
from tagwerk.simulator.clock import PlantClock
from tagwerk.simulator.model import PlantModel
from tagwerk.simulator.sheet import classic_sheet_text, sheet_text
from tagwerk.simulator.spec import PlantFileError, load_plant
from tagwerk.simulator.state import ModelError


def code_of(call, *arguments, **named) -> str:
    with pytest.raises(ModelError) as caught:
        call(*arguments, **named)
    return caught.value.code


# Names and browse


def test_names_are_found_short_and_full_with_elements_and_odd_characters():
    model = untouched()
    tag = model.find("Cooling.TIC2120.PV")
    assert model.find("HMI_RT_1::Cooling.TIC2120.PV") is tag
    assert model.find("Rührwerk Drehmoment [Nm]").data_type == "LReal"
    assert model.find("Prüfstelle 3$.1").value == pytest.approx(4.81, abs=0.1)
    element = model.find("Batch.Amounts[5]")
    assert (element.name, element.value, element.data_type) == ("Batch.Amounts[5]", 12.25, "Real")
    assert model.find("Batch.Amounts[8]") is None
    assert model.find("Batch.Amounts[05]") is None
    assert model.find("OTHER::Cooling.TIC2120.PV") is None


def test_what_cannot_be_read_says_why():
    model = untouched()
    assert code_of(model.state, "Cooling.TIC9999.PV") == "2"
    assert code_of(model.state, "Cooling.TIC2120") == "202"
    assert code_of(model.state, "Cooling") == "202"


def test_browse_shows_everything_once_with_its_parent_before_it():
    items = list(untouched().browse())
    assert len(items) == len(untouched().browse())
    names = [item.name for item in items]
    assert len(set(names)) == len(names)
    assert len([i for i in items if i.object_type == "SIMPLETAG"]) >= 300
    assert len([i for i in items if i.object_type == "ALARM"]) >= 40
    seen = {""}
    for item in items:
        assert item.parent in seen, item
        assert set(item.display) == {"en-US", "de-DE"}
        seen.add(item.name)
    by_name = {item.name: item for item in items}
    assert by_name["Cooling.TIC2120.PV:Log_1s"].object_type == "LOGGINGTAG"
    assert by_name["Cooling.TIC2120.PV:PV_High"].parent == "Cooling.TIC2120.PV"
    assert by_name["Cooling.TIC2120"].display["de-DE"] == "Rücklauftemperatur"


def test_all_families_of_types_occur_and_are_understood():
    types = {data_type_from_text(t.data_type) for t in untouched().spec.tags.values()}
    assert {t.base for t in types} >= {
        BaseType.BOOL,
        BaseType.INTEGER,
        BaseType.FLOAT,
        BaseType.TEXT,
        BaseType.DATETIME,
        BaseType.TIMESPAN,
    }
    assert any(t.is_array for t in types)
    assert all(t.base is not BaseType.UNKNOWN for t in types)
    assert value(untouched(), "Batch.Order") > 2**53
    assert value(untouched(), "Utilities.Power.EnergyPulses") > 2**54


def test_all_six_state_machines_are_configured():
    machines = {config.machine for config in untouched().spec.alarms}
    assert len(machines) == 6


def test_an_unknown_plant_is_named():
    with pytest.raises(PlantFileError, match="nowhere"):
        load_plant("nowhere")


# Writes


def test_a_write_is_taken_at_the_next_cycle_and_not_before():
    model = fresh()
    model.write("Cooling.TIC2120.SP", 21.5, now_ns=START_NS, user="test")
    assert value(model, "Cooling.TIC2120.SP") == 22.0
    changed = {tag.name for tag in model.advance(START_NS + SECOND_NS // 10).tags}
    assert "Cooling.TIC2120.SP" in changed
    tag = model.find("Cooling.TIC2120.SP")
    assert (tag.value, tag.time_ns) == (21.5, START_NS + SECOND_NS // 10)


@pytest.mark.parametrize(
    ("name", "written", "taken"),
    [
        ("Dosing.FIC2111.SP", 145.0, 130.0),
        ("Dosing.LI2102.LimLow", 35.0, 40.0),
        ("Cooling.TIC2120.Mode", 9, 2),
        ("Cooling.TIC2120.SP", "21,5".replace(",", "."), 21.5),
        ("Cooling.V2125.Cmd", "true", True),
        ("Cooling.V2125.Cmd", 1, True),
        ("Batch.MixTime", "90", 90),
        ("Batch.MixTime", 90.0, 90),
        ("Batch.Order", 9007199254740995, 9007199254740995),
        ("Batch.Order", "9007199254740997", 9007199254740997),
        ("Schichtführer", "Änne Groß", "Änne Groß"),
        ("Batch.Amounts[1]", 3, 3.0),
        ("Batch.Amounts[1]", 99.0, 50.0),
    ],
)
def test_what_is_written_is_converted_and_clamped(name, written, taken):
    model = fresh()
    model.write(name, written, now_ns=START_NS, user="test")
    run(model, 0.1)
    got = value(model, name)
    assert got == taken
    assert type(got) is type(taken)


@pytest.mark.parametrize(
    ("name", "written", "code"),
    [
        ("Cooling.TIC2120.PV", 20.0, "1"),
        ("Quality.QIC2130.SP", 7.0, "1"),
        ("Mixing.TIC2150.SP", 25.0, "1"),
        ("Batch.Amounts", [1.0, 2.0], "1"),
        ("Cooling.TIC2120.SP", None, "201"),
        ("Cooling.TIC2120.SP", "warm", "201"),
        ("Cooling.TIC2120.SP", "nan", "201"),
        ("Cooling.TIC2120.SP", [20.0], "201"),
        ("Cooling.TIC2120.Mode", 1.5, "201"),
        ("Cooling.TIC2120.Mode", 99999, "201"),
        ("Cooling.V2125.Cmd", 2, "201"),
        ("Cooling.V2125.Cmd", "maybe", "201"),
        ("Cooling.TIC2120", 20.0, "202"),
        ("Cooling.TIC9999.SP", 20.0, "2"),
    ],
)
def test_what_cannot_be_written_has_its_code_and_changes_nothing(name, written, code):
    model = fresh()
    before = {n: str(t.value) for n, t in model._image.tags.items() if t.writable}
    assert code_of(model.write, name, written, now_ns=START_NS, user="test") == code
    run(model, 0.1)
    assert {n: str(t.value) for n, t in model._image.tags.items() if t.writable} == before


def test_a_changed_array_reports_the_elements_that_are_watched():
    model = fresh()
    watched = model.find("Batch.Amounts[2]")
    model.write("Batch.Amounts[2]", 1.5, now_ns=START_NS, user="test")
    tags = model.advance(START_NS + SECOND_NS // 10).tags
    assert watched in tags
    assert watched.value == 1.5


# The sheet


def test_the_sheet_says_what_the_plant_is():
    assert resource("plants", "skid21", "tags.csv").read_text("utf-8") == sheet_text(
        untouched().spec
    )


def test_the_classic_sheet_has_the_classic_names():
    spec = untouched().spec
    path = resource("plants", "skid21", "tags_classic.csv")
    assert path.read_text("utf-8") == classic_sheet_text(spec)
    sheet = load_sheet(path)
    for variable in Catalogue(spec, untouched().generated).variables:
        entry = sheet.find(variable.name)
        assert entry is not None, variable.name
        assert entry.unit == variable.spec.unit
        assert entry.writable is (variable.spec.sheet_writable and variable.type_number != RAW)
    assert sheet.find("TIC2120.SP").high == 40


def test_the_sheet_has_ranges_texts_and_limits():
    rows = {
        row["name"]: row
        for row in csv.DictReader(io.StringIO(sheet_text(untouched().spec)), delimiter=";")
    }
    assert len(rows) == len(untouched().spec.tags)
    pv = rows["Cooling.TIC2120.PV"]
    assert (pv["unit"], pv["decimals"], pv["low"], pv["high"]) == ("°C", "2", "0", "60")
    assert pv["limits"] == "PV_High=23.5|PV_Low=14"
    assert rows["Batch.Step"]["texts_de"].startswith("0=Bereit|1=Füllen")
    assert rows["Quality.QIC2130.SP"]["writable"] == "no"
    for row in rows.values():
        if row["low"] and row["high"]:
            assert float(row["low"]) < float(row["high"]), row


def test_the_desk_reads_the_sheet():
    sheet = load_sheet(resource("plants", "skid21", "tags.csv"))
    for name, spec in untouched().spec.tags.items():
        entry = sheet.find(f"HMI_RT_1::{name}")
        assert entry is not None, name
        assert (entry.unit, entry.decimals) == (spec.unit, spec.decimals)
        assert entry.writable is spec.sheet_writable
        assert set(entry.texts) == set(spec.texts)


def test_values_at_the_start_lie_in_their_ranges():
    for name, spec in untouched().spec.tags.items():
        found = untouched().find(name)
        if isinstance(found.value, float) and spec.low is not None and not found.quality.is_bad:
            low = spec.low - 3 * spec.noise
            high = float("inf") if spec.high is None else spec.high
            assert low <= found.value <= high, name


# Generated tags


@pytest.fixture(scope="module")
def large() -> PlantModel:
    return PlantModel.create(start_ns=START_NS, generated=2_345, rate_per_s=10_000)


def test_generated_tags_are_found_by_their_computed_names(large):
    items = [i for i in large.browse() if i.name.startswith("Generated")]
    leaves = [i for i in items if i.object_type == "SIMPLETAG"]
    assert len(leaves) == 2_345
    assert leaves[-1].name == "Generated.Line003.Unit007.T02344"
    parents = {i.name for i in items if i.object_type == "STRUCTURETAG"}
    assert all(i.parent in parents for i in leaves)
    for item in leaves[::97]:
        found = large.find(f"HMI_RT_1::{item.name}")
        assert found.name == item.name
        assert found.data_type == item.data_type
        kind = {"Bool": bool, "LReal": float, "Real": float}.get(found.data_type, int)
        assert type(found.value) is kind
    assert large.find("Generated.Line003.Unit007.T02345") is None
    assert large.find("Generated.Line001.Unit007.T02344") is None
    assert code_of(large.state, "Generated.Line003.Unit007") == "202"
    assert code_of(large.state, "Generated.Line004") == "2"
    assert code_of(large.write, leaves[0].name, 1.0, now_ns=START_NS) == "1"


def test_generated_changes_come_at_the_asked_rate_in_order_of_time(large):
    now_ns = large.now_ns
    total = 0
    for _ in range(20):
        now_ns += 50_000_000
        changes = large.advance(now_ns).generated
        total += len(changes)
        assert np.all(np.diff(changes.times_ns) >= 0)
        assert changes.times_ns[-1] <= now_ns
        last = int(changes.indices[-1])
        assert large.find(large.generated.name(last)).value == large.generated.value_of(
            last, float(changes.values[-1])
        )
    assert total == pytest.approx(10_000, abs=2)


def test_every_generated_tag_has_its_turn(large):
    now_ns = large.now_ns
    seen = set()
    for _ in range(20):
        now_ns += 50_000_000
        seen.update(large.advance(now_ns).generated.indices.tolist())
    assert len(seen) == 2_345


# The clock


def test_the_clock_runs_at_its_speed_and_jumps_but_never_back():
    real_ns = 0
    clock = PlantClock(START_NS, speed=2.0, ticking_ns=lambda: real_ns)
    real_ns = 5 * SECOND_NS
    assert clock.now_ns() == START_NS + 10 * SECOND_NS
    clock.set_speed(1.0)
    real_ns = 6 * SECOND_NS
    assert clock.now_ns() == START_NS + 11 * SECOND_NS
    clock.jump(3600 * SECOND_NS)
    clock.set_speed(0.0)
    real_ns = 60 * SECOND_NS
    assert clock.now_ns() == START_NS + 3611 * SECOND_NS
    with pytest.raises(ValueError, match="back"):
        clock.jump(-1)
    with pytest.raises(ValueError, match="backwards"):
        clock.set_speed(-1.0)
