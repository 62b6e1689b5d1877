"""The alarm engine without a process: instances, answers, refusals, shelving, texts."""

from __future__ import annotations

import pytest

from tagwerk.simulator.alarm_config import AlarmClassConfig, AlarmColors, AlarmConfig
from tagwerk.simulator.alarm_engine import INSTANCES_KEPT, AlarmEngine
from tagwerk.simulator.alarm_states import StateMachine
from tagwerk.simulator.state import ModelError, QualityWords

S = 1_000_000_000
RED = AlarmClassConfig(
    name="Alarm",
    number=1,
    symbol={"en-US": "A", "de-DE": "A"},
    display={"en-US": "Alarm", "de-DE": "Alarm"},
    raised=AlarmColors("#FFFFFFFF", "#D0021BFF"),
    acknowledged=AlarmColors("#1B1F24FF", "#F4B6BCFF"),
    cleared=AlarmColors("#FFFFFFFF", "#D0021BFE"),
    flashing=True,
)
STATE_TEXTS = {"RAISED": {"en-US": "Raised", "de-DE": "Gekommen"}}


def config(name: str = "P1.Trip:Alarm", **changes) -> AlarmConfig:
    values = {
        "name": name,
        "number": 7,
        "machine": StateMachine.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT_AND_RESET,
        "alarm_class": RED,
        "priority": 14,
        "trigger_tag": name.partition(":")[0],
        "event_text": {"en-US": "P1 tripped at {0} A", "de-DE": "P1 ausgelöst bei {0} A"},
    }
    return AlarmConfig(**(values | changes))


@pytest.fixture
def engine() -> AlarmEngine:
    return AlarmEngine(
        [
            config(),
            config("T1.PV:High", machine=StateMachine.RAISE_CLEAR_REQUIRES_ACKNOWLEDGMENT),
            config("M1:Message", machine=StateMachine.RAISE, removed_after_s=60),
            config("P2.Trip:Alarm", single=True),
        ],
        STATE_TEXTS,
    )


def code_of(call, *arguments) -> str:
    with pytest.raises(ModelError) as caught:
        call(*arguments)
    return caught.value.code


def test_a_raise_fills_texts_in_both_languages_with_their_decimal_mark(engine):
    record = engine.raise_alarm("P1.Trip:Alarm", 5 * S, value=8.44, parameters=[8.44])
    assert record.event_text == {"en-US": "P1 tripped at 8.4 A", "de-DE": "P1 ausgelöst bei 8,4 A"}
    assert record.state_text["de-DE"] == "Gekommen"
    assert record.alarm_parameter_values == (8.44,)
    assert (record.back_color, record.flashing) == ("#D0021BFF", True)
    assert record.acknowledgment_time_ns is None


def test_the_whole_life_of_an_alarm_with_reset(engine):
    engine.raise_alarm("P1.Trip:Alarm", 10 * S)
    engine.acknowledge("HMI_RT_1::P1.Trip:Alarm", 1, 20 * S, "k.vogt", "PC7")
    (acknowledged,) = engine.active()
    assert acknowledged.state == "RAISED_ACKNOWLEDGED"
    assert (acknowledged.user_name, acknowledged.host_name) == ("k.vogt", "PC7")
    assert (acknowledged.back_color, acknowledged.flashing) == ("#F4B6BCFF", False)
    engine.clear_alarm("P1.Trip:Alarm", 30 * S)
    (cleared,) = engine.active()
    assert cleared.user_response == "RESET"
    assert cleared.duration == 20 * 10_000_000
    engine.reset("P1.Trip:Alarm", 0, 40 * S, "m.brandt")
    assert engine.active() == []
    log = engine.logged(0, 100 * S)
    assert [r.state for r in log] == [
        "RAISED",
        "RAISED_ACKNOWLEDGED",
        "RAISED_ACKNOWLEDGED_CLEARED",
        "NORMAL",
    ]
    assert [r.change_reason[0].split("_")[3] for r in log] == [
        "RAISE",
        "ACKNOWLEDGE",
        "CLEAR",
        "RESET",
    ]
    last = log[-1]
    assert (last.raise_time_ns, last.acknowledgment_time_ns) == (10 * S, 20 * S)
    assert (last.clear_time_ns, last.reset_time_ns) == (30 * S, 40 * S)
    assert last.active is False
    assert engine.take_changes() == log
    assert engine.take_changes() == []


def test_a_second_raise_is_a_new_instance_beside_the_unacknowledged_one(engine):
    name = "T1.PV:High"
    engine.raise_alarm(name, 1 * S)
    engine.clear_alarm(name, 2 * S)
    engine.raise_alarm(name, 3 * S)
    assert [(r.instance_id, r.state) for r in engine.active()] == [
        (1, "RAISED_CLEARED"),
        (2, "RAISED"),
    ]
    engine.acknowledge(name, 0, 4 * S)
    assert [(r.instance_id, r.state) for r in engine.active()] == [(2, "RAISED_ACKNOWLEDGED")]
    engine.clear_alarm(name, 5 * S)
    assert engine.active() == []


def test_chattering_keeps_a_bounded_number_of_instances(engine):
    for number in range(INSTANCES_KEPT + 5):
        engine.raise_alarm("T1.PV:High", (2 * number + 1) * S)
        engine.clear_alarm("T1.PV:High", (2 * number + 2) * S)
    active = engine.active()
    assert len(active) == INSTANCES_KEPT
    assert active[0].instance_id == 6
    removed = [r for r in engine.take_changes() if r.state == "REMOVED"]
    assert [r.instance_id for r in removed] == [1, 2, 3, 4, 5]


def test_a_message_leaves_after_its_time_and_when_it_comes_again(engine):
    engine.raise_alarm("M1:Message", 1 * S)
    engine.clear_alarm("M1:Message", 2 * S)
    assert [r.state for r in engine.active()] == ["RAISED"]
    engine.raise_alarm("M1:Message", 10 * S)
    assert [r.instance_id for r in engine.active()] == [2]
    engine.tick(69 * S)
    assert len(engine.active()) == 1
    engine.tick(70 * S)
    assert engine.active() == []
    assert engine.take_changes()[-1].change_reason == ("ALARM_STATE_CHANGED_REMOVE_EVENT",)


def test_refusals_have_the_interface_s_codes(engine):
    assert code_of(engine.acknowledge, "P9:None", 0, S) == "2"
    assert code_of(engine.acknowledge, "P1.Trip:Alarm", 0, S) == "305"
    engine.raise_alarm("P1.Trip:Alarm", 1 * S)
    assert code_of(engine.reset, "P1.Trip:Alarm", 0, 2 * S) == "305"
    assert code_of(engine.acknowledge, "P1.Trip:Alarm", 2, 2 * S) == "305"
    engine.acknowledge("P1.Trip:Alarm", 1, 2 * S)
    assert code_of(engine.acknowledge, "P1.Trip:Alarm", 1, 3 * S) == "305"
    engine.raise_alarm("M1:Message", 4 * S)
    assert code_of(engine.acknowledge, "M1:Message", 0, 5 * S) == "305"
    assert code_of(engine.shelve, "P1.Trip:Alarm", 5 * S, -1) == "3"
    assert code_of(engine.unshelve, "P1.Trip:Alarm", 5 * S) == "304"
    assert code_of(engine.enable, "P1.Trip:Alarm", 5 * S) == "304"
    assert len(engine.active()) == 2


def test_single_acknowledgement_refuses_company(engine):
    engine.check_single(["HMI_RT_1::P2.Trip:Alarm"])
    engine.check_single(["P1.Trip:Alarm", "T1.PV:High"])
    assert code_of(engine.check_single, ["P1.Trip:Alarm", "HMI_RT_1::P2.Trip:Alarm"]) == "305"
    record = engine.raise_alarm("P2.Trip:Alarm", S)
    assert record.user_response == "SINGLE_ACKNOWLEDGEMENT"
    engine.clear_alarm("P2.Trip:Alarm", 2 * S)
    engine.acknowledge("P2.Trip:Alarm", 0, 3 * S)
    assert engine.active()[0].user_response == "SINGLE_RESET"


def test_shelved_alarms_keep_coming_marked_until_the_time_is_up(engine):
    name = "T1.PV:High"
    engine.shelve(name, 1 * S, 30 * S, "k.vogt")
    assert engine.is_shelved(name)
    assert code_of(engine.shelve, name, 2 * S) == "304"
    record = engine.raise_alarm(name, 5 * S)
    assert record.suppression_state == "SHELVED"
    engine.tick(30 * S)
    assert engine.active()[0].suppression_state == "SHELVED"
    engine.tick(31 * S)
    assert engine.active()[0].suppression_state == "UNSUPPRESSED"
    assert engine.take_changes()[-1].change_reason == ("ALARM_SUPPRESSION_STATE_CHANGED",)
    engine.shelve(name, 40 * S)
    engine.unshelve(name, 41 * S, "k.vogt")
    assert engine.active()[0].suppression_state == "UNSUPPRESSED"
    engine.shelve(name, 50 * S)
    engine.tick(50 * S + 1800 * S)
    assert not engine.is_shelved(name)


def test_a_disabled_alarm_leaves_and_does_not_come(engine):
    name = "T1.PV:High"
    engine.raise_alarm(name, 1 * S)
    engine.disable(name, 2 * S, "k.vogt")
    assert engine.is_disabled(name)
    assert engine.active() == []
    removed = engine.take_changes()[-1]
    assert (removed.state, removed.change_reason) == ("REMOVED", ("ALARM_ENABLE_STATE_CHANGED",))
    assert engine.raise_alarm(name, 3 * S) is None
    for call in (engine.acknowledge, engine.reset):
        assert code_of(call, name, 0, 4 * S) == "304"
    assert code_of(engine.disable, name, 4 * S) == "304"
    assert code_of(engine.shelve, name, 4 * S) == "304"
    asked = []
    engine.on_enabled = lambda alarm, now_ns: asked.append((alarm, now_ns))
    engine.enable(name, 5 * S)
    assert asked == [(name, 5 * S)]
    assert engine.raise_alarm(name, 6 * S) is not None


def test_a_change_of_quality_is_recorded_without_a_new_raise(engine):
    name = "T1.PV:High"
    engine.raise_alarm(name, 1 * S)
    bad = QualityWords("BAD", "SENSOR_FAILURE")
    engine.change_quality(name, bad, 2 * S)
    (record,) = engine.active()
    assert (record.instance_id, record.state) == (1, "RAISED")
    assert record.value_quality is bad
    assert record.change_reason == ("ALARM_QUALITY_CHANGED",)
    engine.clear_alarm(name, 3 * S)
    engine.change_quality(name, bad, 4 * S)
    assert engine.take_changes()[-1].modification_time_ns == 3 * S


def test_the_log_is_open_at_both_ends_and_bounded():
    engine = AlarmEngine([config("M1:Message", machine=StateMachine.RAISE)], {}, log_kept=3)
    for second in range(1, 4):
        engine.raise_alarm("M1:Message", second * S)
    # Raise and removal alternate: R1, X1, R2, X2, R3; three are kept.
    assert [r.modification_time_ns for r in engine.logged(0, 10 * S)] == [2 * S, 3 * S, 3 * S]
    assert engine.logged(2 * S, 3 * S) == []
