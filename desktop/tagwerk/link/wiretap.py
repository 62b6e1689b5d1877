"""The wiretap: tells a `TrafficSink` of requests, socket messages and events, without any secret.

What is secret is blacked out here, before an `Exchange` exists; nobody behind needs to know. Used
by the transport, the stream and the supervisor on the link's thread. Values on the socket never
come here: they are counted, nothing else.
"""

from __future__ import annotations

import json
import re
import time
import weakref
from types import TracebackType
from typing import Any

from tagwerk.domain.connection import LinkState, LinkStatus
from tagwerk.domain.errors import TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.domain.redaction import Holder, Redactor
from tagwerk.domain.traffic import NEVER_UP, Exchange, TrafficKind, TrafficSink

MOST_TEXT = 8192
"""Characters kept of a request and of an answer."""
MOST_MESSAGES_PER_S = 100
"""Socket messages kept of one second; an alarm flood must cost no more than that."""
_ROOT_FIELD = re.compile(rb'"query"\s*:\s*"[^{]{0,4000}\{(?:\\[nrt]|\s)*(\w{1,80})')
_EDGE_BYTES = 4096
_ERRORS = re.compile(rb'"errors"\s*:\s*\[\s*\{')
_SESSION_ERROR = re.compile(rb'"error"\s*:\s*\{\s*"code"\s*:\s*("?-?\w*"?)')
_TOLD = re.compile(rb'"(?:message|description)"\s*:\s*("(?:[^"\\]|\\.)*")')
_BRING_TOKENS = frozenset({"login", "loginSWAC", "extendSession", "?"})
NOTHING = Message()


def operation_name(body: bytes) -> str:
    """The first field that a GraphQL request asks for, ``?`` where it cannot be told."""
    found = _ROOT_FIELD.search(body[:8192])
    return found[1].decode("ascii", "replace") if found is not None else "?"


def refusal_in(answer: bytes, what: str) -> str:
    """The first error that a GraphQL answer tells of, though its status may be 200; "" for none.

    Looked for where such errors stand: at either end, and of a login in the session itself.
    """
    edges = answer[:_EDGE_BYTES] + answer[-_EDGE_BYTES:]
    found = _ERRORS.search(edges)
    if found is None and what in _BRING_TOKENS:
        found = _SESSION_ERROR.search(edges)
        if found is not None and found[1].strip(b'"') in (b"0", b""):
            found = None
    if found is None:
        return ""
    told = _TOLD.search(edges, found.end())
    if told is None:
        return "?"
    try:
        return str(json.loads(told[1]))
    except ValueError:
        return told[1].decode("utf-8", "replace")


class Wiretap:
    """Makes exchanges; without a sink everything here is free of cost.

    Args:
        sink: who is told.
    """

    def __init__(self, sink: TrafficSink | None = None) -> None:
        self._sink = sink
        self._holders: list[weakref.ref[Holder]] = []
        self._known: tuple[tuple[str, ...], str] = ((), "")
        self._redactor = Redactor()
        self._second = 0
        self._kept_now = 0
        self._skipped = 0
        self._state: LinkState | None = None

    @property
    def is_on(self) -> bool:
        """Somebody wants to be told."""
        return self._sink is not None

    def know(self, holder: Holder) -> None:
        """Black out this login's secrets from now on, also those that it gets later."""
        alive = [ref for ref in self._holders if ref() is not None and ref() is not holder]
        self._holders = [*alive, weakref.ref(holder)]

    def _clean(self) -> Redactor:
        holders = [one for one in (ref() for ref in self._holders) if one is not None]
        secrets = tuple(secret for holder in holders for secret in holder.secrets)
        known = (secrets, holders[-1].user if holders else "")
        if known != self._known:
            self._known = known
            self._redactor = Redactor(*known)
        return self._redactor

    # What is told.

    def request(self, url: str, body: bytes, what: str = "") -> Recording:
        """Use as ``with tap.request(url, body) as recording:`` around one request.

        `what` is its name; "" finds the first field that a GraphQL body asks for.
        """
        return Recording(self, url, body, what)

    def sent(self, url: str, what: str, data: bytes, note: Message = NOTHING) -> None:
        """A message of ours on the socket."""
        if self._sink is not None:
            clean = self._clean()
            text = clean.cut(data, MOST_TEXT)
            self._tell(
                Exchange(
                    time.time_ns(), TrafficKind.SENT, what, clean.text(url),
                    sent_bytes=len(data), request=text, note=note,
                )
            )  # fmt: skip

    def received(
        self,
        url: str,
        what: str,
        data: bytes | memoryview,
        *,
        note: Message = NOTHING,
        problem: Message = NOTHING,
    ) -> None:
        """A message of the server's that is no value; of a flood only the first of each second."""
        if self._sink is None:
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._kept_now = second, 0
        self._kept_now += 1
        if self._kept_now > MOST_MESSAGES_PER_S:
            self._skipped += 1
            return
        if self._skipped and not note:
            note = message("{count} messages before it are not kept", count=self._skipped)
            self._skipped = 0
        clean = self._clean()
        size = len(data)
        # Only what is shown is copied: the message may have megabytes.
        window = bytes(data[: 4 * MOST_TEXT])
        text = clean.cut(window, min(MOST_TEXT, max(size, 1)))
        self._tell(
            Exchange(
                time.time_ns(), TrafficKind.RECEIVED, what, clean.text(url),
                received_bytes=size, answer=text, note=note,
                problem=_without(problem, clean),
            )
        )  # fmt: skip

    def event(
        self,
        url: str,
        what: str,
        *,
        status: int = 0,
        note: Message = NOTHING,
        problem: Message = NOTHING,
    ) -> None:
        """Something happened to a connection."""
        if self._sink is not None:
            clean = self._clean()
            self._tell(
                Exchange(
                    time.time_ns(), TrafficKind.EVENT, what, clean.text(url),
                    status=status, note=_without(note, clean), problem=_without(problem, clean),
                )
            )  # fmt: skip

    def connected(self, url: str, stream: Any) -> None:
        """A connection for requests came up; `stream` is asked what it speaks."""
        if self._sink is None or stream is None:
            return
        secured = stream.get_extra_info("ssl_object")
        if secured is None and url.startswith("https"):
            return  # TCP only: the handshake comes next
        version = str(secured.version() or "TLS").replace("TLSv", "TLS ") if secured else ""
        note = Message(version) if version else message("plain, no TLS")
        self.event(url, "connected", note=note)

    def state(self, url: str, status: LinkStatus) -> None:
        """The supervised connection is in a state; told when it is another one than before."""
        if self._sink is None or status.state is self._state:
            return
        self._state = status.state
        is_bad = status.state in (LinkState.RECONNECTING, LinkState.REFUSED, LinkState.STALE)
        self.event(
            url,
            NEVER_UP if status.was_never_up else status.state.value,
            note=NOTHING if is_bad else status.detail,
            problem=status.detail if is_bad else NOTHING,
        )

    def _tell(self, exchange: Exchange) -> None:
        if self._sink is not None:
            self._sink.on_exchange(exchange)

    def tell_request(self, recording: Recording, error: BaseException | None) -> None:
        """One request is over; called by its `Recording`."""
        if self._sink is None:
            return
        clean = self._clean()
        what = recording.what or operation_name(recording.body)
        problem, note = NOTHING, NOTHING
        if isinstance(error, TagwerkError):
            problem = _without(error.text, clean)
        elif error is not None:
            problem = message("given up before the answer was there")
        elif said := refusal_in(recording.answer, what):
            problem = message("The server said: {said}", said=clean.text(said))
        if recording.location:
            note = message("redirected to {place}", place=clean.text(recording.location))
        self._tell(
            Exchange(
                recording.at_ns,
                TrafficKind.HTTP,
                what,
                clean.text(recording.url),
                recording.status,
                len(recording.body),
                recording.size,
                (time.perf_counter() - recording.began_s) * 1000.0,
                clean.cut(recording.body, MOST_TEXT),
                clean.cut(recording.answer, MOST_TEXT, fresh=what in _BRING_TOKENS),
                problem,
                note,
            )
        )


class Recording:
    """One request from its start to its end; does nothing when nobody listens."""

    __slots__ = (
        "answer", "at_ns", "began_s", "body", "location", "size", "status", "tap", "url", "what",
    )  # fmt: skip

    def __init__(self, tap: Wiretap, url: str, body: bytes, what: str = "") -> None:
        self.tap = tap
        self.what = what
        self.url = url
        self.body = body
        self.status = 0
        self.answer = b""
        self.size = 0
        self.location = ""
        self.at_ns = time.time_ns()
        self.began_s = time.perf_counter()

    def answered(
        self, status: int, answer: bytes, location: str = "", size: int | None = None
    ) -> None:
        """What came back; `location` is a redirect's target.

        Args:
            size: of the whole, where `answer` is its beginning and its end alone.
        """
        self.status, self.answer, self.location = status, answer, location
        self.size = len(answer) if size is None else size

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        del kind, trace
        self.tap.tell_request(self, error)


def _without(said: Message, clean: Redactor) -> Message:
    """The message with everything secret blacked out in its places."""
    params: list[tuple[str, object]] = []
    for name, value in said.params:
        if isinstance(value, Message):
            value = _without(value, clean)
        elif isinstance(value, str):
            value = clean.text(value)
        params.append((name, value))
    return Message(said.template, tuple(params))
