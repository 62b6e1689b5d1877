"""Hand-made answers of a real server against the readers: nothing here knows the demo plant."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tagwerk.dialects.unified_alarms import alarm_replies, alarms_from_json
from tagwerk.dialects.unified_browse import browse_chunks
from tagwerk.dialects.unified_replies import (
    decode_answer,
    decode_any_frame,
    logged_results,
    login_from_json,
    result_of,
    tag_bodies,
)
from tagwerk.dialects.unified_values import (
    Echoes,
    TagBody,
    error_from_json,
    logged_point,
    sample_from_body,
    sample_from_json,
)
from tagwerk.domain.alarms import AlarmKey, AlarmState
from tagwerk.domain.errors import LoginFailed, NotAllowed, SessionExpired
from tagwerk.domain.tags import TagKind
from tagwerk.domain.values import QualityLevel

GOLDEN = Path(__file__).parents[1] / "golden" / "unified"
NOON_NS = 1_781_784_000_000_000_000


def golden(name: str) -> bytes:
    return (GOLDEN / name).read_bytes()


def result(name: str, field: str):
    return result_of(decode_answer(golden(name)), field)


def test_login():
    login = login_from_json(result("login_succeeded.json", "login"), "m.brandt")
    assert login.token.value == "eyJhbGciOi.not-a-real-one"
    assert "eyJ" not in repr(login)
    assert login.session.full_name == "Markus Brandt"
    assert login.session.groups == ("Commissioning", "Operators")
    assert login.session.auto_logoff_s == 4500
    assert login.session.expires_ns == NOON_NS + 4500 * 10**9


def test_login_of_a_server_that_says_little():
    login = login_from_json(result("login_succeeded_sparse.json", "login"), "me")
    assert login.session.user == "me"
    assert login.session.expires_ns is None


def test_wrong_password():
    with pytest.raises(LoginFailed) as caught:
        login_from_json(result("login_wrong_password.json", "login"), "me")
    assert caught.value.code == "101"


def test_missing_right():
    with pytest.raises(NotAllowed) as caught:
        result("access_denied.json", "tagValues")
    assert not isinstance(caught.value, SessionExpired)
    assert caught.value.code == "FORBIDDEN"


def read_samples(name: str, asked: list[str]):
    echoes = Echoes(asked)
    found = {}
    for body in tag_bodies(golden(name)):
        if isinstance(body, TagBody):
            found[echoes.find(body.name)] = sample_from_body(body, echoes.find(body.name), 5)
        elif isinstance(body, dict):
            name = echoes.find(body["name"])
            found[name] = sample_from_json(body, name, 5)
    return found


def test_values_of_all_kinds():
    asked = [
        f"HMI_RT_1::{one}"
        for one in ("Zähler [1]", "Motor1.Speed", "Started", "Recipe", "Gone", "NoQuality")
    ]
    found = read_samples("read_many.json", asked)
    assert set(found) == set(asked)

    counter = found["HMI_RT_1::Zähler [1]"]
    assert counter.value == 9223372036854775807
    assert counter.time_ns == NOON_NS
    assert counter.quality.level is QualityLevel.GOOD
    assert counter.error is None

    speed = found["HMI_RT_1::Motor1.Speed"]
    assert speed.time_ns == NOON_NS + 123_456_700
    assert speed.quality.level is QualityLevel.UNCERTAIN
    assert speed.quality.limit == "HIGH_LIMIT_VIOLATION"

    started = found["HMI_RT_1::Started"]
    assert started.value == "2026-06-18T05:30:00.000Z"
    assert started.time_ns == NOON_NS + 250_000_000
    assert started.quality.sub_status == "BRAND_NEW_STATUS"

    recipe = found["HMI_RT_1::Recipe"]
    assert recipe.value[:2] == [1, 2.5]
    assert math.isnan(recipe.value[2])
    assert recipe.value[3] is None
    assert recipe.time_ns is None
    assert recipe.quality.level is QualityLevel.BAD

    gone = found["HMI_RT_1::Gone"]
    assert gone.error.code == "2"
    assert gone.quality.level is QualityLevel.BAD

    bare = found["HMI_RT_1::NoQuality"]
    assert bare.value == math.inf
    assert bare.quality.level is QualityLevel.UNCERTAIN


def test_partial_data_counts_beside_errors():
    found = read_samples("read_partial.json", ["HMI_RT_1::A"])
    assert found["HMI_RT_1::A"].value is True


@pytest.mark.parametrize("chunk_bytes", [1, 60, 150, 300, 10_000])
def test_browse_whatever_the_chunks(chunk_bytes):
    items = [
        item
        for chunk in browse_chunks(golden("browse.json"), chunk_bytes=chunk_bytes)
        for item in chunk
    ]
    assert [item.kind for item in items] == [
        TagKind.STRUCTURE,
        TagKind.TAG,
        TagKind.LOGGING_TAG,
        TagKind.ALARM,
        TagKind.TAG,
    ]
    assert items[1].display_name == 'a},{b "quoted"'
    assert items[0].display_name == "Kühlung"
    assert items[4].kind_text == "SomethingNew"
    assert items[4].data_type == "Int64"


def test_history():
    (series,) = logged_results(golden("history.json"))
    points = [logged_point(row) for row in series.rows]
    assert series.error is None
    assert [point.value for point in points] == [11.5, 12, None, 12.5]
    assert points[0].flags == ("BOUNDING", "FIRST_STORED")
    assert points[3].flags == ("CALCULATED", "PARTIAL")
    assert points[1].time_ns == NOON_NS
    assert points[2].quality.sub_status == "NOT_CONNECTED"


def test_active_alarms():
    high, disk = alarms_from_json(result("active_alarms.json", "activeAlarms"))
    assert high.key == AlarmKey("HMI_RT_1::Cooling.TIC2120.PV:PV_High", 4)
    assert high.state is AlarmState.RAISED
    assert high.text == "Temperature too high"  # German is empty
    assert high.state_text == "gekommen"
    assert high.alarm_texts[0] == "Kühler"
    assert (high.text_color, high.back_color, high.flashing) == ("#FFFFFF", "#D0021B", True)
    assert high.acknowledge_time_ns is None
    assert high.raise_time_ns == NOON_NS - 120 * 10**9
    assert high.trigger_tag == "HMI_RT_1::Cooling.TIC2120.PV"
    assert high.is_single
    assert high.needs_acknowledgement
    assert high.connection_name == "HMI_Connection_1"
    extra = dict(high.extra)
    assert extra["alarmParameterValues"] == [26.4, None]
    assert disk.state is AlarmState.UNKNOWN
    assert disk.state_word == "SOMETHING_NEW"
    assert disk.priority == 16
    assert disk.is_shelved
    assert disk.back_color == ""
    assert disk.duration_ns == 12 * 10**9
    assert disk.change_reasons == ("ALARM_EXTERNAL_UPDATE",)


def test_alarms_of_an_old_runtime():
    (low,) = alarms_from_json(result("active_alarms_v19.json", "activeAlarms"))
    assert low.connection_name == "Connection_7"
    assert low.trigger_tag == "HMI_RT_1::Tank"
    assert low.needs_acknowledgement  # by its state machine


def test_write_answers_by_name():
    errors = {
        one["name"]: error_from_json(one["error"])
        for one in result("write_mixed.json", "writeTagValues")
    }
    assert errors["HMI_RT_1::A"] is None
    assert errors["HMI_RT_1::B"].code == "201"


def test_acknowledge_answers_by_name_and_instance():
    keys = [
        AlarmKey("HMI_RT_1::T:High", 1),
        AlarmKey("HMI_RT_1::T:High", 2),
        AlarmKey("HMI_RT_1::Other:X", 1),
    ]
    replies = alarm_replies(result("acknowledge.json", "acknowledgeAlarms"), keys)
    assert [reply.key for reply in replies] == keys
    assert replies[0].error is None
    assert replies[1].error.code == "305"
    assert replies[2].error.code == "NOT_RETURNED"


def test_frames():
    kinds = [decode_any_frame(line).kind for line in golden("frames.jsonl").splitlines()]
    assert kinds == ["connection_ack"] * 2 + ["next"] * 5 + ["error", "complete", "ping"]
    denied = decode_any_frame(golden("frames.jsonl").splitlines()[7])
    assert denied.errors[0].code == "FORBIDDEN"
    assert decode_any_frame(golden("frames.jsonl").splitlines()[9]).payload == {"n": 3}
