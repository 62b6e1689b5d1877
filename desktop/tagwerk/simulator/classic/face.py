"""The plant behind the classic interface: requests below the base to calls, answers to bytes.

Made by `server`, which moves the plant. `calls` holds what there is to ask; `http_manners` serves
both faces and knows how HTTP misbehaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections import Counter
from dataclasses import dataclass, field
from fnmatch import translate
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from tagwerk.simulator.classic.archives import ArchiveCalls
from tagwerk.simulator.classic.calls import CallTable, Target, names_in
from tagwerk.simulator.classic.catalogue import Catalogue
from tagwerk.simulator.classic.clock import PlantTimes
from tagwerk.simulator.classic.gate import ClassicGate
from tagwerk.simulator.classic.lists import Lists
from tagwerk.simulator.classic.message_rows import MessageRows
from tagwerk.simulator.classic.messages import MessageCalls
from tagwerk.simulator.classic.question import Answer, Question, Refused, Slices
from tagwerk.simulator.classic.spelling import Spelling
from tagwerk.simulator.classic.tags import TagCalls
from tagwerk.simulator.classic.values import ValueRows
from tagwerk.simulator.http_manners import HttpManners, cut, page
from tagwerk.simulator.listener import LARGEST_BODY, Listener, address
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.rewriting import styles
from tagwerk.simulator.running import RunningPlant
from tagwerk.simulator.state import Changes
from tagwerk.simulator.switches import Switches

BASE = "/WinCCRestService"
METHODS = frozenset(("GET", "POST", "PUT"))
_encode = msgspec.json.Encoder(enc_hook=lambda slices: slices.raw).encode
_decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Traffic:
    """What clients have asked so far, for tests and benchmarks.

    Args:
        calls: documented path → how often it was asked.
        names: of variables, in all calls for values.
        in_flight, most_in_flight: calls that are being done; and the most there ever were.
    """

    calls: Counter[str] = field(default_factory=Counter)
    names: int = 0
    in_flight: int = 0
    most_in_flight: int = 0


class ClassicFace:
    """A running plant as WinCC V7's REST service shows it.

    Args:
        options: where to serve.
        switches: which variants of the interface.
        plant: what is served.

    Attributes:
        catalogue: what has a name.
        traffic: what was asked.
    """

    name = "classic"

    def __init__(self, options: SimulatorOptions, switches: Switches, plant: RunningPlant) -> None:
        self._options = options
        self._switches = switches
        self._plant = plant
        self.catalogue = Catalogue(plant.model.spec, plant.model.generated)
        self._spelling = Spelling(switches)
        self._table = _table(switches, plant, self.catalogue, self._spelling)
        self._gate = ClassicGate(switches)
        self._manners = HttpManners(
            switches, plant.clock_ns, tuple(styles(switches)), methods=METHODS
        )
        self._base = switches.text("classic-path", BASE).rstrip("/")
        self._service = switches.text("classic-service")
        self._case = switches.text("classic-case")
        self._slash = switches.text("classic-slash")
        self._encoded_slash = int(switches.text("classic-encoded-slash", "0"))
        self._not_offered = _patterns(switches.text("classic-not-offered"))
        self._not_offered_as = switches.text("classic-not-offered-as", "404")
        self._is_unanswered = switches.on("write-unanswered")
        self._empty_every = int(switches.number("classic-empty-every", 0))
        self._slow_name_s = switches.number("classic-slow-name", 0) / 1000
        self._answers = 0
        self._one_by_one = asyncio.Lock() if switches.on("classic-one-by-one") else None
        self.traffic = Traffic()
        self._listener: Listener | None = None
        self._port = 0

    # Life

    async def start(self, context: ssl.SSLContext | None) -> None:
        """Listen. Raises OSError when the port is taken."""
        options = self._options
        self._listener = Listener(
            self._manners, largest_body=int(self._switches.number("body-limit", LARGEST_BODY))
        )
        self._listener.serve("/{path:.*}", self._handle)
        own = options.port if options.dialect == "classic" else 0
        await self._listener.start(options.host, options.classic_port or own, context)
        self._port = self._listener.port
        if self._service == "off":
            # The number of a port that nobody listens on.
            await self._listener.stop()

    async def stop(self) -> None:
        """Stop listening; bounded in time."""
        if self._listener is not None:
            await self._listener.stop()

    @property
    def url(self) -> str:
        """The documented base address; a switch may have the service lie elsewhere."""
        options = self._options
        return address(options.host, self._port, plain_http=options.plain_http) + BASE

    def tell(self, changes: Changes) -> None:
        """Nothing is pushed here."""

    async def sweep(self) -> None:
        """There are no sessions."""

    # Requests

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._service:
            return page(200 if self._service == "html" else int(self._service))
        try:
            return await self._answer(request)
        except Refused as refused:
            return self._spelling.refusal(refused.status, refused.text)
        except web.HTTPRequestEntityTooLarge:
            if self._manners.limits_as_page:
                return page(413)
            return self._spelling.refusal(413, "Request Entity Too Large")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.rel_url.raw_path
        if self._encoded_slash and "%2f" in path.lower():
            return page(self._encoded_slash)
        if not path.lower().startswith(f"{self._base.lower()}/"):
            raise Refused(404, "Not Found")
        below = path[len(self._base) :].strip("/")
        segments = [unquote(one) for one in below.split("/")]
        targets = self._table.find(segments)
        target = targets.get(request.method)
        if targets:
            moved = self._moved(path, below, next(iter(targets.values())))
            if moved is not None:
                return self._redirected(request, moved)
        user = self._gate.find(request.headers.get("Authorization", ""))
        if user is None:
            response = self._spelling.refusal(401, "Unauthorized")
            if self._gate.challenge:
                response.headers["WWW-Authenticate"] = self._gate.challenge
            return response
        if not targets:
            raise Refused(404, "Not Found")
        if any(one.fullmatch(below) for one in self._not_offered):
            return self._unoffered()
        if target is None:
            response = self._spelling.refusal(405, "Method Not Allowed")
            response.headers["Allow"] = ", ".join(targets)
            return response
        if not user.may(target.call.right):
            raise Refused(self._gate.denied_status, "Access denied")
        question = Question(
            user,
            names_in(segments),
            {key.lower(): value for key, value in request.query.items()},
            _document(await request.read()),
            _language(request.headers.get("Accept-Language", "")),
        )
        return await self._called(request, target, question)

    async def _called(
        self, request: web.Request, target: Target, question: Question
    ) -> web.StreamResponse:
        """Do the call, in the time that it takes here."""
        traffic = self.traffic
        traffic.calls[target.call.path] += 1
        traffic.in_flight += 1
        traffic.most_in_flight = max(traffic.most_in_flight, traffic.in_flight)
        try:
            async with self._one_by_one or contextlib.nullcontext():
                answer = target.handle(question)
                traffic.names += answer.names
                if self._slow_name_s and answer.names:
                    await asyncio.sleep(self._slow_name_s * answer.names)
                return await self._sent(request, answer)
        finally:
            traffic.in_flight -= 1

    def _moved(self, path: str, below: str, target: Target) -> str | None:
        """Where the path should have led, None when it is fine.

        Raises:
            Refused: 404, where a switch does not redirect.
        """
        own = target.call.path.split("/")
        documented = [
            given if word.startswith("{") else word
            for word, given in zip(own, below.split("/"), strict=True)
        ]
        right = f"{self._base}/{'/'.join(documented)}"
        if self._slash == "wanted" or (path.endswith("/") and not self._slash):
            right += "/"
        if path == right:
            return None
        is_case = path.lower() == right.lower()
        how = self._case if is_case else self._slash
        if how == "404":
            raise Refused(404, "Not Found")
        return right if how else None

    def _redirected(self, request: web.Request, place: str) -> web.Response:
        query = request.rel_url.raw_query_string
        place += f"?{query}" if query else ""
        if self._switches.on("redirect-absolute"):
            place = f"{request.scheme}://{request.host}{place}"
        return web.Response(status=301, headers={"Location": place})

    def _unoffered(self) -> web.Response:
        how = self._not_offered_as
        if how == "empty":
            return web.Response(status=200)
        return page(200) if how == "html" else self._spelling.refusal(int(how), "Not Found")

    async def _sent(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        if answer.is_write and self._is_unanswered:
            return cut(request)
        self._answers += 1
        is_empty = self._empty_every > 0 and self._answers % self._empty_every == 0
        if answer.is_bare or is_empty:
            status = answer.status if answer.is_bare else 200
            return web.Response(status=status, headers=answer.headers)
        if answer.slices is not None:
            await self._make(answer.slices)
        body = _encode(self._spelling.finished(answer.content))
        if self._manners.plays_whole:
            return await self._manners.send(request, body, answer.status, answer.headers)
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        return web.Response(body=body, status=answer.status, headers=headers)

    async def _make(self, slices: Slices) -> None:
        """The array of a long list, with turns for everybody else."""
        encoded: list[bytes] = []
        for part in slices.parts:
            encoded.append(_encode(self._spelling.finished(part))[1:-1])
            await asyncio.sleep(0)
        slices.raw = msgspec.Raw(b"[" + b",".join(encoded) + b"]")


def _table(
    switches: Switches, plant: RunningPlant, catalogue: Catalogue, spelling: Spelling
) -> CallTable:
    """All calls on a plant."""
    times = PlantTimes(switches)
    lists = Lists(switches, spelling)
    rows = ValueRows(switches, times)
    message_rows = MessageRows(switches, times, catalogue.outward)
    return CallTable(
        TagCalls(switches, plant, catalogue, lists, spelling, rows),
        ArchiveCalls(switches, plant, catalogue, lists, spelling, rows, times),
        MessageCalls(switches, plant, catalogue, lists, spelling, message_rows),
    )


def _patterns(text: str) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(translate(one.strip()), re.IGNORECASE) for one in text.split(",") if one.strip()
    )


def _document(body: bytes) -> Any:
    """The JSON of a request. Raises Refused 400 when it is none."""
    if not body.strip():
        return None
    try:
        return _decode(body)
    except msgspec.DecodeError:
        raise Refused(400, "The body is not JSON") from None


def _language(header: str) -> str:
    """The first language that the project has."""
    for part in header.split(","):
        word = part.partition(";")[0].strip().lower()
        if word[:2] in ("de", "en"):
            return "de-DE" if word.startswith("de") else "en-US"
    return "en-US"
