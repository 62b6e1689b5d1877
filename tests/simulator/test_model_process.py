"""Skid 21 behaves as an engineer expects: loops, interlocks, trips, standby, batch."""

from __future__ import annotations

import pytest

from simulator.rested_plant import START_NS, fresh, pass_time, raised, run, untouched, value
from tagwerk.simulator.model import PlantModel


def write(model: PlantModel, name: str, new) -> None:
    model.write(name, new, now_ns=model.now_ns, user="test")


def samples(model: PlantModel, name: str, seconds: int) -> list[float]:
    """A tag's logged values of the coming seconds."""
    begin_ns = model.now_ns
    pass_time(model, seconds)
    return [row.value for row in model.logged(name, begin_ns + 1, model.now_ns)]


def test_a_new_setpoint_moves_the_loop_with_dead_time_and_settles_there():
    model = fresh()
    before = value(model, "Cooling.TIC2120.PV")
    write(model, "Cooling.TIC2120.SP", 20.0)
    curve = samples(model, "Cooling.TIC2120.PV", 600)
    assert max(abs(v - before) for v in curve[:5]) < 0.3
    assert min(curve) < 19.2, "the tuning at the start overshoots"
    tail = curve[-120:]
    assert sum(tail) / len(tail) == pytest.approx(20.0, abs=0.1)


def test_softer_tuning_overshoots_less():
    overshoot = {}
    for gain, integral_s in ((1.8, 45.0), (1.2, 80.0)):
        model = fresh()
        write(model, "Cooling.TIC2120.Kp", gain)
        write(model, "Cooling.TIC2120.Ti", integral_s)
        write(model, "Cooling.TIC2120.SP", 18.0)
        overshoot[gain] = 18.0 - min(samples(model, "Cooling.TIC2120.PV", 300))
    assert overshoot[1.2] < 0.5 * overshoot[1.8]


def test_manual_mode_hands_the_output_to_the_operator_and_back_without_a_bump():
    model = fresh()
    write(model, "Cooling.TIC2120.CVManual", 70.0)
    write(model, "Cooling.TIC2120.Mode", 0)
    run(model, 2)
    assert value(model, "Cooling.TIC2120.CV") == pytest.approx(70.0, abs=0.6)
    write(model, "Cooling.TIC2120.Mode", 1)
    run(model, 1)
    assert value(model, "Cooling.TIC2120.CV") == pytest.approx(70.0, abs=4.0)


def test_the_integral_does_not_wind_up_at_the_limit():
    model = fresh()
    write(model, "Cooling.TIC2120.SP", 40.0)
    pass_time(model, 900)
    assert value(model, "Cooling.TIC2120.CV") == 100.0
    assert value(model, "Cooling.TIC2120.Saturated") is True
    write(model, "Cooling.TIC2120.SP", 22.0)
    run(model, 10)
    assert value(model, "Cooling.TIC2120.CV") < 20.0


def test_a_high_setpoint_raises_the_high_alarm_with_the_value_of_the_curve():
    model = fresh()
    write(model, "Cooling.TIC2120.SP", 26.0)
    records = run(model, 90)
    assert "Cooling.TIC2120.PV:PV_High" in raised(records)
    record = next(r for r in records if r.name == "Cooling.TIC2120.PV:PV_High")
    assert record.value > record.value_limit == 23.5
    assert record.event_text["de-DE"] == "TIC2120: Rücklauftemperatur über 23,5 °C"
    assert record.trigger_tag == "Cooling.TIC2120.PV"


def test_the_limit_of_an_alarm_is_a_tag():
    model = fresh()
    write(model, "Cooling.TIC2120.LimHigh", 21.0)
    assert raised(run(model, 1)) >= {"Cooling.TIC2120.PV:PV_High"}


def test_overdosing_trips_the_worn_pump_and_the_standby_pump_takes_over():
    model = fresh()
    write(model, "Dosing.FIC2111.SP", 110.0)
    pass_time(model, 400)
    write(model, "Dosing.P2111.Reset", True)
    run(model, 60)
    assert value(model, "Dosing.P2111.Running") is True
    assert value(model, "Dosing.P2112.Running") is False
    write(model, "Dosing.FIC2111.SP", 130.0)
    records = run(model, 200)
    assert raised(records) >= {"Dosing.P2111.Trip:Alarm", "Dosing.FIC2111.PV:PV_LL"}
    trip = next(r for r in records if r.name == "Dosing.P2111.Trip:Alarm")
    assert trip.value > 7.5
    assert value(model, "Dosing.P2112.Running") is True
    assert value(model, "Dosing.FIC2111.PV") == pytest.approx(130, abs=3)


def test_a_shut_discharge_valve_trips_the_running_pump_on_over_current():
    model = fresh()
    assert value(model, "Dosing.P2112.Running") is True
    write(model, "Dosing.V2113.Cmd", False)
    assert raised(run(model, 10)) >= {"Dosing.P2112.Trip:Alarm"}
    assert value(model, "Dosing.P2112.Running") is False
    assert value(model, "Dosing.V2113.Closed") is True


def test_the_dry_run_protection_stops_the_pumps_before_the_tank_is_empty():
    model = fresh()
    write(model, "Dosing.Station.RefillAuto", False)
    model._process.dosing.level = 8.02
    records = run(model, 30)
    assert raised(records) >= {"Dosing.P2111.Interlock:DryRun", "Dosing.P2112.Interlock:DryRun"}
    assert value(model, "Dosing.P2112.Running") is False
    assert value(model, "Dosing.P2112.Ready") is False
    write(model, "Dosing.Station.RefillAuto", True)
    run(model, 60)
    assert value(model, "Dosing.P2112.Running") is True


def test_the_standby_cooling_pump_starts_when_the_first_is_locked_out():
    model = fresh()
    write(model, "Cooling.P2121.Mode", 2)
    records = run(model, 30)
    assert raised(records) >= {"Cooling.FI2121.PV:PV_Low", "Cooling.P2126.Running:Standby"}
    assert value(model, "Cooling.P2126.Running") is True
    assert value(model, "Cooling.FI2121.PV") > 17.0


def test_hours_count_only_while_the_motor_runs():
    model = fresh()
    running, resting = value(model, "Cooling.P2121.Hours"), value(model, "Cooling.P2126.Hours")
    model.advance(START_NS + 3600 * 1_000_000_000)
    assert value(model, "Cooling.P2121.Hours") == pytest.approx(running + 1.0, abs=0.01)
    assert value(model, "Cooling.P2126.Hours") == resting


def test_the_batch_goes_through_its_steps_and_counts():
    model = fresh()
    number = value(model, "Batch.Number")
    pass_time(model, 1500)
    steps = [row.value for row in model.logged("Batch.Step", START_NS, None)]
    start = steps.index(1)
    assert steps[start : start + 8] == [1, 2, 3, 4, 5, 6, 7, 0]
    assert value(model, "Batch.Number") == number + 2
    assert value(model, "Batch.Name") == f"Kühlmittel 40 · {number + 2}"
    assert value(model, "Batch.Start") > value(model, "Batch.End")


def test_an_operator_holds_resumes_and_aborts_a_batch():
    model = fresh()
    pass_time(model, 125)
    step = value(model, "Batch.Step")
    assert step == 1
    write(model, "Batch.Command", 2)
    assert raised(run(model, 1)) >= {"Batch.Step:Held"}
    assert value(model, "Batch.Command") == 0
    write(model, "Batch.Command", 3)
    run(model, 1)
    assert value(model, "Batch.Step") == step
    write(model, "Batch.Command", 4)
    assert raised(run(model, 1)) >= {"Batch.Step:Aborted"}
    run(model, 60)
    assert value(model, "Batch.Step") == 9, "an aborted sequence waits for a person"


def test_the_same_seed_tells_the_same_story_and_another_seed_another():
    def story(seed: int) -> list:
        model = PlantModel.create(seed=seed, start_ns=START_NS)
        model.write("Cooling.TIC2120.SP", 21.0, now_ns=START_NS)
        run(model, 5)
        tags = sorted((name, str(tag.value)) for name, tag in model._image.tags.items())
        return [tags, [(r.name, r.raise_time_ns) for r in model.alarms.active()]]

    first = story(3)
    assert story(3) == first
    assert story(4) != first


def test_a_slow_caller_and_a_quick_one_see_the_same_plant():
    quick, slow = fresh(), fresh()
    run(quick, 60)
    slow.advance(START_NS + 60 * 1_000_000_000)
    assert {n: t.value for n, t in quick._image.tags.items()} == {
        n: t.value for n, t in slow._image.tags.items()
    }


def test_a_turned_clock_is_made_up_for():
    model = fresh()
    changes = model.advance(START_NS + 2 * 3600 * 1_000_000_000 + 350_000_000)
    assert model.now_ns == START_NS + 7200 * 1_000_000_000 + 300_000_000
    assert value(model, "Cooling.TIC2120.PV") == pytest.approx(22.0, abs=0.6)
    assert changes.alarms


def test_the_plant_stands_as_the_story_says_at_its_start():
    standing = {(r.name, r.state) for r in untouched().alarms.active()}
    assert standing == {
        ("Cooling.PI2122.CalDue:Alarm", "RAISED_ACKNOWLEDGED"),
        ("Cooling.TI2123.Fault:Alarm", "RAISED_ACKNOWLEDGED"),
        ("Cooling.TIC2120.PV:PV_High", "RAISED_CLEARED"),
        ("Dosing.FIC2111.PV:PV_LL", "RAISED_CLEARED"),
        ("Dosing.LI2102.PV:PV_Low", "RAISED_ACKNOWLEDGED"),
        ("Dosing.P2111.Trip:Alarm", "RAISED"),
        ("Quality.QI2131.PV:Substitute", "RAISED_ACKNOWLEDGED"),
        ("System.PLC_21_Outage:Restored", "RAISED"),
    }
    qualities = {
        name: tuple(untouched().find(name).quality[:2])
        for name in (
            "Cooling.TIC2120.PV",
            "Cooling.PI2122.PV",
            "Cooling.TI2123.PV",
            "Dosing.LI2102.PV",
            "Dosing.LI2102.LimLow",
            "Quality.QI2131.PV",
            "Mixing.TIC2150.PV",
        )
    }
    assert qualities == {
        "Cooling.TIC2120.PV": ("GOOD_CASCADE", "NON_SPECIFIC"),
        "Cooling.PI2122.PV": ("UNCERTAIN", "SENSOR_CALIBRATION"),
        "Cooling.TI2123.PV": ("BAD", "SENSOR_FAILURE"),
        "Dosing.LI2102.PV": ("GOOD_CASCADE", "SIMULATED_VALUE"),
        "Dosing.LI2102.LimLow": ("GOOD_CASCADE", "LOCAL_OVERRIDE"),
        "Quality.QI2131.PV": ("UNCERTAIN", "SUBSTITUTE_VALUE"),
        "Mixing.TIC2150.PV": ("BAD", "NO_COMMUNICATION_NO_USABLE_VALUE"),
    }
