"""The listener on made-up frames: order, counting, and what a buffer's last frame sets off."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from picows import WSMsgType

from tagwerk.dialects.unified_values import Echoes
from tagwerk.link.frames import FrameListener, Slicer, StreamTotals, Subscription

NAMES = ("HMI_RT_1::A", "HMI_RT_1::B")


@dataclass
class Frame:
    """As picows makes one."""

    payload: bytes
    msg_type: WSMsgType = WSMsgType.TEXT
    fin: int = 1
    last_in_buffer: int = 0

    @property
    def payload_size(self):
        return len(self.payload)

    def get_payload_as_bytes(self):
        return self.payload


@dataclass
class Owner:
    """The stream: notes what happens, in order."""

    open: dict = field(default_factory=lambda: {"1": Subscription("1", "values", Echoes(NAMES))})
    slicer: Slicer = field(default_factory=lambda: Slicer(rest_s=0.0))
    totals: StreamTotals = field(default_factory=StreamTotals)
    is_quiet: bool = False
    seen: list = field(default_factory=list)

    @property
    def sink(self):
        return self

    def on_samples(self, samples):
        self.seen += [(sample.name, sample.value) for sample in samples]

    def on_life(self):
        self.seen.append("life")

    def on_pong(self, payload):
        self.seen.append(payload)

    def on_other(self, data, samples, now_ns):
        self.seen.append(json.loads(data)["type"])

    def flush_events(self):
        pass

    def on_disconnected(self, code, reason):
        self.seen.append(("gone", code))


class Transport:
    """Notes what is sent."""

    is_close_frame_sent = False

    def __init__(self):
        self.sent = []

    def send_pong(self, payload):
        self.sent.append(("pong", payload))

    def send(self, kind, payload):
        self.sent.append((kind, payload))

    def disconnect(self):
        self.sent.append("disconnect")


def value(number, name=NAMES[0]):
    body = {
        "name": name,
        "value": {"value": number, "timestamp": "2026-06-18T12:00:00.123Z", "quality": None},
        "error": None,
        "notificationReason": "Modified",
    }
    frame = {"id": "1", "type": "next", "payload": {"data": {"tagValues": body}}}
    return json.dumps(frame, separators=(",", ":")).encode()


def fed(*frames, owner=None):
    """The owner and the transport after one buffer of such frames."""
    owner, transport = owner or Owner(), Transport()
    listener = FrameListener(owner)
    frames[-1].last_in_buffer = 1
    for frame in frames:
        listener.on_ws_frame(transport, frame)
    return owner, transport, listener


def test_everything_of_a_buffer_is_delivered_in_order_and_counted():
    whole = value(2)
    frames = [
        Frame(value(1)),
        Frame(whole[:50], fin=0),
        Frame(whole[50:60], WSMsgType.CONTINUATION, fin=0),
        Frame(whole[60:], WSMsgType.CONTINUATION),
        Frame(b'{"type":"small"}'),
        *(Frame(value(number, NAMES[number % 2])) for number in range(3, 300)),
    ]
    owner, _, _ = fed(*frames)
    numbers = [one[1] for one in owner.seen if one != "small"]
    assert numbers == list(range(1, 300))
    assert owner.totals.values == 299
    assert owner.totals.messages == len(frames)
    assert owner.totals.bytes == sum(len(frame.payload) for frame in frames)


def test_a_ping_behind_values_is_answered_and_does_not_keep_them_waiting():
    owner, transport, _ = fed(Frame(value(1)), Frame(b"x", WSMsgType.PING))
    assert owner.seen == [(NAMES[0], 1)]
    assert transport.sent == [("pong", b"x")]


def test_a_ping_alone_is_no_sign_of_life():
    owner, transport, listener = fed(Frame(b"x", WSMsgType.PING), owner=Owner(is_quiet=True))
    assert owner.seen == []
    assert listener.heard_s == 0.0
    assert transport.sent == [("pong", b"x")]


def test_life_is_told_before_anything_else_of_a_buffer():
    owner, _, listener = fed(
        Frame(b"tagwerk", WSMsgType.PONG), Frame(value(1)), owner=Owner(is_quiet=True)
    )
    assert owner.seen == ["life", b"tagwerk", (NAMES[0], 1)]
    assert listener.heard_s > 0


def test_what_came_before_a_good_bye_is_delivered():
    owner, transport, listener = fed(
        Frame(value(1)), Frame(value(2)), Frame(b"\x03\xe8bye", WSMsgType.CLOSE)
    )
    listener.on_ws_disconnected(transport)
    assert owner.seen == [(NAMES[0], 1), (NAMES[0], 2), ("gone", 1000)]
    assert transport.sent == [(WSMsgType.CLOSE, b"\x03\xe8"), "disconnect"]


def test_a_lost_connection_is_no_sign_of_life():
    owner = Owner(is_quiet=True)
    listener = FrameListener(owner)
    listener.on_ws_disconnected(Transport())
    assert owner.seen == [("gone", 0)]
    assert listener.heard_s == 0.0
