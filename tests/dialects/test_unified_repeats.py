"""Reading by what repeats gives exactly what reading each message would give."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagwerk.dialects.base import UNREADABLE
from tagwerk.dialects.unified_repeats import Repeats
from tagwerk.dialects.unified_replies import decode_value_frame
from tagwerk.dialects.unified_values import Echoes, sample_from_body

NAMES = (
    "HMI_RT_1::Tank.Level",
    "HMI_RT_1::Tank.Füllstand",
    'HMI_RT_1::Odd"name',
    "HMI_RT_1::T2",
    "B\\",
)
ECHOES = (*NAMES, "Tank.Level", "hmi_rt_1::t2", "HMI_RT_1::Nobody", "")
STAMPS = (
    "2026-06-18T12:00:00.123Z", "2026-06-18T12:00:00.124Z", "2026-06-18T12:00:00.1234567Z",
    "2026-06-18T14:00:00+02:00", "1970-01-01T00:00:00.000Z", "never", "", None, 'a"b', "a\\u0041",
)  # fmt: skip
GOOD = {"quality": "GOOD_CASCADE", "subStatus": "NON_SPECIFIC"}
QUALITIES = (
    GOOD,
    {"quality": "BAD"},
    "UNCERTAIN",
    None,
    {"quality": 7},
    {"quality": "BAD", "x": "\ud83d"},
)
VALUES = (
    0, 1, -5, 1.5, 1e300, 2**63, 2**70, True, None, "", "NaN", "Infinity", "text", 'say "no"', "ä\\",
    ',"timestamp":"2026-06-18T12:00:00.999Z"', [], [1, "NaN"], {}, {"a": 1, "timestamp": "x"},
    {"value": {"value": 3}, "timestamp": "2026-06-18T12:00:00.999Z", "quality": GOOD},
)  # fmt: skip


class Running:
    """A subscription."""

    def __init__(self, names):
        self.echoes = Echoes(names)


class Reader:
    """Reads as the link's listener does, by what repeats or without."""

    def __init__(self, *, by_repeats=True):
        self.open = {"1": Running(NAMES), "12": Running(NAMES[:2])}
        self.repeats = Repeats()
        self.by_repeats = by_repeats
        self.found = []
        self.typed = 0

    def read(self, messages, received_ns=5):
        self.repeats.check(self.open)
        if self.by_repeats:
            self.repeats.read(
                messages, received_ns, self.found, lambda data: self.one(data, received_ns)
            )
        else:
            for data in messages:
                self.one(data, received_ns)

    def one(self, data, received_ns):
        self.typed += 1
        try:
            message = decode_value_frame(data)
            body = message.payload.data.tagValues
            echoes = self.open[message.id].echoes
            name = echoes.find(body.name)
        except (*UNREADABLE, AttributeError, KeyError):
            self.found.append(("other", data))
            if data.startswith(b"end "):
                self.open.pop(data[4:].decode(), None)
            self.repeats.check(self.open)
            return
        if name is None:
            self.found.append(("nobody", data))
            return
        if (body.notificationReason or "").startswith("Removed"):
            self.found.append(("removed", name))
            return
        self.found.append(sample_from_body(body, name, received_ns))
        self.repeats.learn(data, message.id, body, name, echoes)


def text(
    value=1.5, *, operation="1", name=NAMES[0], stamp=STAMPS[0], quality=GOOD, reason="Modified",
    error=None, style=0,
):  # fmt: skip
    body = {
        "name": name,
        "value": {"value": value, "timestamp": stamp, "quality": quality},
        "error": error,
        "notificationReason": reason,
    }
    frame = {"id": operation, "type": "next", "payload": {"data": {"tagValues": body}}}
    if style == 1:
        return json.dumps(frame).encode()
    if style == 2:
        frame = {"type": "next", "payload": frame["payload"], "id": operation}
    if style == 3:
        body["value"] = {"timestamp": stamp, "value": value, "quality": quality}
    if style == 4:
        frame = {"extensions": {"name": name, "value": {"value": 9, "timestamp": "x"}}} | frame
    if style == 5:
        frame["payload"]["data"]["tagValues"] = body | {"again": {"value": {"value": 1}}}
    if style == 6:
        return json.dumps(frame, separators=(",", ":"), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    return json.dumps(frame, separators=(",", ":")).encode()


def doubled(value, *, name, operation="1", last_name=None, last_operation=None):
    """A message that says name or id a second time, behind the value: the last one counts."""
    data = text(value, name=name, operation=operation)
    assert data.endswith(b"}}}}")
    if last_name is not None:
        return data.removesuffix(b"}}}}") + f',"name":"{last_name}"}}}}}}}}'.encode()
    return data.removesuffix(b"}") + f',"id":"{last_operation}"}}'.encode()


plain = st.builds(
    text,
    st.sampled_from(VALUES),
    operation=st.sampled_from(["1", "1", "12", "3"]),
    name=st.sampled_from(ECHOES),
    stamp=st.sampled_from(STAMPS),
    quality=st.sampled_from(QUALITIES),
    reason=st.sampled_from(
        ["Modified", "Modified", "Added", "Removed", "Removed (Name changed)", None, "x"]
    ),
    error=st.sampled_from([None, None, None, {"code": "0"}, {"code": "2", "description": "gone"}]),
    style=st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5, 6]),
)
usual = st.builds(
    text,
    st.sampled_from(VALUES),
    operation=st.sampled_from(["1", "12"]),
    name=st.sampled_from(NAMES[:2]),
    stamp=st.sampled_from(STAMPS[:2]),
)


@st.composite
def broken(draw):
    data = draw(usual | plain)
    at = draw(st.integers(0, len(data)))
    kind = draw(st.sampled_from(["cut", "insert", "replace", "twice"]))
    if kind == "cut":
        return data[:at]
    if kind == "twice":
        return data[:at] + data
    middle = draw(
        st.sampled_from(
            [b'"', b",", b"}", b" ", b"\\", b"\n", b"\xff", b'"x":1,', b"0", b"]", b"\0"]
        )
    )
    return data[:at] + middle + data[at + (kind == "replace") :]


twice = st.builds(
    doubled,
    st.integers(0, 9),
    name=st.sampled_from(NAMES[:2]),
    operation=st.sampled_from(["1", "12"]),
    last_name=st.sampled_from([None, *NAMES[:2]]),
    last_operation=st.sampled_from(["1", "12"]),
)
step = (
    usual
    | usual
    | plain
    | twice
    | broken()
    | st.sampled_from([b"end 12", b"end 1", b"", b"{}", b"drop"])
)


@given(st.lists(step, max_size=40), st.integers(1, 7))
def test_it_reads_exactly_what_the_typed_decoder_reads(messages, at_once):
    fast, slow = Reader(), Reader(by_repeats=False)
    for reader in (fast, slow):
        for begin in range(0, len(messages), at_once):
            part = messages[begin : begin + at_once]
            reader.read(part)
            if b"drop" in part and "1" in reader.open:
                reader.open["1"].echoes.drop_many({NAMES[0]})
    assert repr(fast.found) == repr(slow.found)  # repr, because NaN is not itself


def test_one_message_of_a_subscription_teaches_all_its_names():
    reader = Reader()
    reader.read([text(1)])
    assert reader.typed == 1
    reader.read(
        [text(2, name=NAMES[1], style=6), text(3, stamp=STAMPS[1]), text("x", name=NAMES[3])]
    )
    reader.read([text(4, operation="12")])
    assert reader.typed == 2, "the second subscription teaches itself"
    reader.read([text(5, operation="12", name=NAMES[1], style=6), text(6)])
    assert reader.typed == 2
    assert [one.value for one in reader.found] == [1, 2, 3, "x", 4, 5, 6]
    assert [one.name for one in reader.found][:4] == [NAMES[0], NAMES[1], NAMES[0], NAMES[3]]


def test_a_short_echo_and_another_quality_are_learned_once():
    reader = Reader()
    reader.read([text(1), text(2, name="Tank.Level"), text(3, quality={"quality": "BAD"})])
    assert reader.typed == 3
    reader.read(
        [text(4, name="Tank.Level", quality={"quality": "BAD"}), text(5, name="Tank.Level")]
    )
    assert reader.typed == 3
    assert [one.quality.text for one in reader.found[-2:]] == ["BAD", "GOOD_CASCADE"]
    assert {one.name for one in reader.found} == {NAMES[0]}


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_no_longer_asked_for_finds_nothing(whole):
    reader = Reader()
    reader.read([text(1), text(2, name=NAMES[3]), text(3, operation="12")])
    if whole:
        del reader.open["1"]
    else:
        reader.open["1"].echoes.drop_many({NAMES[0]})
    reader.read([text(4), text(5, operation="12")])
    assert reader.found[-2][0] == ("other" if whole else "nobody")
    assert reader.found[-1].value == 5
    if not whole:
        typed = reader.typed
        reader.read([text(6, name=NAMES[3])])
        assert reader.found[-1].value == 6
        assert reader.typed == typed, "the others are still known"


def test_an_error_and_a_removal_are_never_taken_for_a_value():
    reader = Reader()
    reader.read([text(1)] * 3)
    reader.read(
        [text(2, error={"code": "7", "description": "no right"}), text(3, reason="Removed")]
    )
    assert reader.found[3].error.code == "7"
    assert reader.found[4] == ("removed", NAMES[0])


def test_ends_that_never_repeat_cost_neither_memory_nor_much_proving():
    reader = Reader()
    for number in range(3_000):
        reader.read([text(number, quality={"quality": f"GOOD_{number}"})])
    assert [one.value for one in reader.found] == list(range(3_000))
    assert len(reader.repeats._ends) <= 256
    assert reader.repeats._credit < 10, "no more is proved than the messages read pay for"
    assert len(reader.repeats._names) == 3


@pytest.mark.parametrize(
    "messages",
    [
        [doubled(number, name=name, last_name=NAMES[0]) for number, name in ((3, NAMES[0]), (4, NAMES[3]))],
        [
            doubled(3, name=NAMES[0], operation="12", last_operation="12"),
            doubled(4, name=NAMES[3], operation="1", last_operation="12"),
        ],
    ],
)  # fmt: skip
def test_a_name_or_id_said_twice_never_gives_a_value_to_another_tag(messages):
    fast, slow = Reader(), Reader(by_repeats=False)
    for reader in (fast, slow):
        for data in [text(1), text(2, operation="12"), *messages]:
            reader.read([data])
    assert fast.found == slow.found
    assert slow.found[2].name == NAMES[0]
    assert slow.found[3] == ("nobody", messages[1]) or slow.found[3].name == NAMES[0]
