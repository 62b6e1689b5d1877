"""Frames of the value stream: joined, decoded and delivered in time slices. The hot path.

Used by `stream` only; knows picows' frames, but nothing of connecting or of subscriptions.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from tagwerk.dialects.base import UNREADABLE
from tagwerk.dialects.unified_repeats import Repeats
from tagwerk.dialects.unified_replies import decode_value_frame
from tagwerk.dialects.unified_values import Echoes, sample_from_body
from tagwerk.domain.alarms import AlarmEvent
from tagwerk.domain.values import BAD, ItemError, Sample

MOST_FRAME_BYTES = 10 * 1024 * 1024
_AT_ONCE = 128
"""So many messages are read in one go; then the clock is looked at."""
_MOST_CONTROL_BYTES = 125
"""A larger frame carries data (RFC 6455, 5.5)."""
_BRACE = ord("{")
"""What a message begins with. A frame's kind is dear to ask for, so only one that begins otherwise
is asked, such as a binary one, which is nobody's."""
TEXT, CONTINUATION = WSMsgType.TEXT, WSMsgType.CONTINUATION
CLOSE, PING, PONG = WSMsgType.CLOSE, WSMsgType.PING, WSMsgType.PONG
REMOVED = "Removed"
"""How the notification reasons ``Removed`` and ``Removed (Name changed)`` begin."""


class StreamSink(Protocol):
    """Where a stream delivers; called on its loop."""

    def on_samples(self, samples: list[Sample]) -> None: ...

    def on_alarm_events(self, events: list[AlarmEvent]) -> None: ...

    def on_redundancy(self, state: str) -> None: ...


@dataclass(slots=True)
class Slicer:
    """When to give the interpreter away: after `busy_s` of decoding, for `rest_s`.

    A burst is over soon, so it gets most of the time. A flood that has taken `flood_after_s` of work
    without a pause would leave the window too little for painting: then each rest is `flood_rest_s`,
    and the server has to wait. Work is counted and not time: while the window paints the burst, it
    holds the interpreter, and waiting for that must not make a flood of it.

    Injectable: in a process of its own a stream needs no rest, and `rest_s` is 0.
    """

    busy_s: float = 0.002
    rest_s: float = 0.0005
    flood_after_s: float = 0.15
    flood_rest_s: float = 0.003
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.perf_counter
    _began_s: float = 0.0
    _ended_s: float = 0.0
    _worked_s: float = 0.0

    def begin(self) -> None:
        """A buffer arrived. A gap since the last one counts as rest."""
        now = self.clock()
        if now - self._ended_s > self.rest_s:
            self._began_s = now
            self._worked_s = 0.0

    def check(self) -> bool:
        """True when it is time to deliver and to rest."""
        return self.clock() - self._began_s > self.busy_s

    def rest(self) -> None:
        """Sleep, and begin a new slice."""
        if self.rest_s:
            # A slice that took longer than two has waited for the interpreter.
            self._worked_s += min(self.clock() - self._began_s, 2 * self.busy_s)
            is_flood = self._worked_s > self.flood_after_s
            self.sleep(self.flood_rest_s if is_flood else self.rest_s)
        self._began_s = self._ended_s = self.clock()

    def end(self) -> None:
        """The buffer is done."""
        self._ended_s = self.clock()


@dataclass(slots=True)
class StreamTotals:
    """Counted over all streams of a link."""

    messages: int = 0
    bytes: int = 0
    values: int = 0
    pings: int = 0


@dataclass(slots=True)
class Subscription:
    """One running operation: ``values``, ``alarms`` or ``redundancy``."""

    operation_id: str
    kind: str
    echoes: Echoes = field(default_factory=lambda: Echoes(()))


class FrameOwner(Protocol):
    """The stream, as its listener sees it."""

    open: dict[str, Subscription]
    sink: StreamSink
    slicer: Slicer
    totals: StreamTotals
    is_quiet: bool

    def on_life(self) -> None:
        """Bytes came although `is_quiet`; called before they are looked at."""
        ...

    def on_pong(self, payload: bytes) -> None:
        """A ping frame was answered."""
        ...

    def on_other(self, data: bytes | memoryview, samples: list[Sample], now_ns: int) -> None:
        """Take a message that carries no plain value; may add samples."""
        ...

    def flush_events(self) -> None:
        """Deliver what `on_other` kept."""
        ...

    def on_disconnected(self, code: int, reason: str) -> None:
        """The connection has ended."""
        ...


def removed_sample(name: str, reason: str, received_ns: int) -> Sample:
    """What a tag shows that the server has taken away, until a value of it comes again."""
    renamed = "name" in reason.lower()
    error = ItemError(
        "NAME_CHANGED" if renamed else "REMOVED",
        "The tag was renamed on the server." if renamed else "The tag was removed on the server.",
    )
    return Sample(name, None, BAD, None, received_ns, error)


class FrameListener(WSListener):
    """Frames in, samples out. Everything here is on the hot path or at its edge.

    A frame's bytes are only put aside; what was put aside is read in one go, `_AT_ONCE` messages or
    a buffer at a time, because a loop over many costs a third of a call for each.
    """

    def __init__(self, stream: FrameOwner) -> None:
        super().__init__()
        self._stream = stream
        self._open = stream.open
        self._repeats = Repeats()
        self._parts: list[bytes] = []
        self._parts_size = 0
        self._messages: list[bytes] = []
        self._samples: list[Sample] = []
        self._count = 0
        self._fresh = True
        self._now_ns = 0
        self.heard_s = 0.0
        """When anything last came, pongs included; seconds on the monotonic clock."""
        self._size = 0
        self._close_code = 0
        self._close_reason = ""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """One frame; picows calls it for each frame of a buffer in one go."""
        messages = self._messages
        if (
            frame.payload_size > _MOST_CONTROL_BYTES
            and frame.fin
            and not self._parts
            and (message := frame.get_payload_as_bytes())[0] == _BRACE
        ):
            messages.append(message)
        else:
            self._on_other_frame(transport, frame)
        if len(messages) >= _AT_ONCE:
            self._read()
            self._look_at_clock()
        if frame.last_in_buffer:
            self._end_buffer()

    def _begin_buffer(self) -> None:
        stream = self._stream
        self._fresh = False
        self.heard_s = time.monotonic()
        if stream.is_quiet:
            # Before the clock is read: what follows must not look older than the link's return.
            stream.on_life()
        self._now_ns = time.time_ns()
        stream.slicer.begin()
        self._repeats.check(self._open)

    def _read(self) -> None:
        """Read what was put aside, in the order in which it came."""
        if self._messages:
            if self._fresh:
                self._begin_buffer()
            messages, self._messages = self._messages, []
            self._count += len(messages)
            self._size += sum(map(len, messages))
            self._repeats.read(messages, self._now_ns, self._samples, self._on_message)

    def _look_at_clock(self) -> None:
        self._now_ns = time.time_ns()
        self.heard_s = time.monotonic()
        slicer = self._stream.slicer
        if slicer.check():
            self._deliver()
            slicer.rest()

    def _end_buffer(self) -> None:
        self._deliver()
        if self._fresh:
            return
        self._fresh = True
        slicer = self._stream.slicer
        if slicer.check():
            slicer.rest()
        else:
            slicer.end()

    def _on_other_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """A small frame, or a part of a message."""
        kind = frame.msg_type
        if kind == PING:
            # Whoever asks need not be the server itself: it counts as no sign of life.
            transport.send_pong(frame.get_payload_as_bytes())
            return
        if self._fresh:
            self._begin_buffer()
        if kind == TEXT and frame.fin and not self._parts:
            self._messages.append(frame.get_payload_as_bytes())
            return
        # What came before it counts as come before it: of a pong, that is what it is for.
        self._read()
        self._count += 1
        self._size += frame.payload_size
        if kind in (TEXT, CONTINUATION):
            self._on_part(transport, frame)
        elif kind == CLOSE:
            self._on_close(transport, frame)
        elif kind == PONG:
            self._stream.on_pong(frame.get_payload_as_bytes())

    def _on_message(self, data: bytes) -> None:
        """Read a message that is not like one before."""
        try:
            message = decode_value_frame(data)
            body = message.payload.data.tagValues  # type: ignore[union-attr]
            echoes = self._open[message.id].echoes
            name = echoes.find(body.name)  # type: ignore[union-attr]
        except (*UNREADABLE, AttributeError, KeyError):
            self._stream.on_other(data, self._samples, self._now_ns)
            # It may have ended a subscription.
            self._repeats.check(self._open)
            return
        if name is None or body is None:
            return
        reason = body.notificationReason
        if reason is not None and reason[:7] == REMOVED:
            self._samples.append(removed_sample(name, reason, self._now_ns))
            return
        self._samples.append(sample_from_body(body, name, self._now_ns))
        self._repeats.learn(data, message.id, body, name, echoes)

    def _on_part(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows hands fragments over as they come: join them here."""
        self._parts.append(frame.get_payload_as_bytes())
        self._parts_size += frame.payload_size
        if self._parts_size > MOST_FRAME_BYTES:
            transport.send_close(WSCloseCode.MESSAGE_TOO_BIG)
            transport.disconnect()
            self._parts.clear()
        elif frame.fin:
            self._messages.append(b"".join(self._parts))
            self._size -= self._parts_size
            self._count -= 1
            self._parts.clear()
            self._parts_size = 0

    def _on_close(self, transport: WSTransport, frame: WSFrame) -> None:
        """Answer the good-bye (picows leaves that to us) and hang up."""
        payload = frame.get_payload_as_bytes()
        if len(payload) >= 2:
            self._close_code = int.from_bytes(payload[:2], "big")
            self._close_reason = payload[2:].decode("utf-8", "replace")
        if not transport.is_close_frame_sent:
            transport.send(CLOSE, payload[:2])
        transport.disconnect()

    def _deliver(self) -> None:
        self._read()
        totals = self._stream.totals
        totals.bytes += self._size
        totals.messages += self._count
        self._size = self._count = 0
        if self._samples:
            samples, self._samples = self._samples, []
            totals.values += len(samples)
            self._stream.sink.on_samples(samples)
        self._stream.flush_events()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """The connection is gone, whoever ended it."""
        del transport
        self._deliver()
        self._stream.on_disconnected(self._close_code, self._close_reason)

    def pause_writing(self) -> None:
        """Nothing to do: what is sent is small and bounded."""

    def resume_writing(self) -> None:
        """See `pause_writing`."""
