"""The doctor's look at WinCC Unified: what answers at an address. Called by `probe` through `look.Look`.

Where nobody said which dialect is spoken, and the other one answers instead, its look goes on.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from tagwerk.dialects.classic import INFO as CLASSIC_INFO
from tagwerk.dialects.unified import HELLO, INFO
from tagwerk.domain.connection import StepName
from tagwerk.domain.errors import NotReachable, ProtocolError, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.link.client import HttpClient
from tagwerk.link.deep_probe import feel_stream
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.find_service import ask_openly, recognise
from tagwerk.link.keeper import Keeper
from tagwerk.link.look_around import (
    CLASSIC_PATH,
    CLASSIC_PORTS,
    PAGE_WORDS,
    find_classic,
    is_forged,
    open_ports,
    page_code,
)
from tagwerk.link.session import SessionKeeper, check_interface
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.transport import Answer, HttpTransport

if TYPE_CHECKING:
    from tagwerk.link.deep_probe import Steps
    from tagwerk.link.probe import Probe


class InterfaceLook:
    """See `look.Look`."""

    most_names = 20

    async def find(self, probe: Probe) -> HttpTransport:
        """The steps HTTP and interface."""
        return await find_interface(probe)

    async def sign_in(self, probe: Probe, keeper: Keeper) -> None:
        """Log in."""
        if isinstance(keeper, SessionKeeper):
            await keeper.login()
            probe.session = keeper.session
            _say_login(probe, keeper)

    async def feel_push(
        self, steps: Steps, client: SpokenClient, keeper: Keeper, names: list[str]
    ) -> None:
        """A WebSocket and its first value."""
        if isinstance(client, HttpClient) and isinstance(keeper, SessionKeeper):
            await feel_stream(steps, client, keeper, names)

    async def ask(self, transport: HttpTransport, keeper: Keeper | None) -> Answer:
        """Nobody needs to be logged in for it."""
        del keeper
        return await transport.post(HELLO.body())


def _say_login(probe: Probe, keeper: SessionKeeper) -> None:
    session = keeper.session
    if session is None:
        return
    name = session.full_name or session.user
    if session.expires_ns is not None:
        now_ns = time.time_ns() + (keeper.clock_offset_ns or 0)
        minutes = max(round((session.expires_ns - now_ns) / 60e9), 0)
        if minutes < 10_000:
            probe.say(message("{user}, session of {minutes} min", user=name, minutes=minutes))
            return
    probe.say(message("{user}", user=name))


async def find_interface(probe: Probe) -> HttpTransport:
    """The step HTTP, then the step interface; other usual paths are tried.

    Raises:
        NotReachable, ProtocolError: nothing that Tagwerk speaks is there; reported already.
    """
    async with probe.step(StepName.HTTP):
        transport = probe.open_transport()
        answer = await transport.post(HELLO.body())
        probe.clock_offset_ns = answer.clock_offset_ns
        probe.server["web_server"] = answer.server
        _say_http(probe, transport, answer)
    async with probe.step(StepName.INTERFACE):
        try:
            _check(answer)
        except (ProtocolError, NotReachable) as problem:
            if not await _try_other_paths(transport):
                if await _go_on_elsewhere(probe, transport, answer):
                    return transport
                raise problem
        probe.dialect = INFO.key
        probe.server["product"] = INFO.product
        probe.say(
            message("{product} at {path}", product=INFO.product, path=transport.endpoint.parts.path)
        )
    return transport


def _say_http(probe: Probe, transport: HttpTransport, answer: Answer) -> None:
    who = answer.server or message("web server")
    if not transport.redirected_from:
        probe.say(message("{who}, HTTP {status}", who=who, status=answer.status))
        return
    old = Endpoint(transport.redirected_from).parts.path
    new = transport.endpoint.parts.path
    probe.say(
        message("{who}; POST {old} was redirected, {new} is right", who=who, old=old, new=new)
    )


def _check(answer: Answer) -> None:
    if is_forged(answer):
        raise ProtocolError(
            "The server takes the request for a forged one (HTTP {status}).",
            cure="Something between here and the server removes a header from requests.",
            code="csrf",
            status=answer.status,
        )
    said = answer.body[:4096]
    if answer.status in (401, 403) and b'"errors"' not in said and b'"data"' not in said:
        # JSON, perhaps, but not of a GraphQL server: those say why in a list of errors.
        raise ProtocolError(
            "The web server itself asks for a login (HTTP {status}).",
            cure="The GraphQL interface must be reachable without one; check the IIS settings.",
            code=str(answer.status),
            status=answer.status,
        )
    check_interface(answer)


async def _try_other_paths(transport: HttpTransport) -> bool:
    """Whether the interface is at another usual path; the transport then points there."""
    original = transport.endpoint
    for path in (INFO.public_path, INFO.internal_path):
        if path == original.parts.path:
            continue
        transport.endpoint = Endpoint(f"{original.parts.scheme}://{original.parts.netloc}{path}")
        with contextlib.suppress(TagwerkError):
            _check(await transport.post(HELLO.body()))
            return True
    transport.endpoint = original
    return False


async def _go_on_elsewhere(probe: Probe, transport: HttpTransport, answer: Answer) -> bool:
    """The interface is not there: the running step says what is, or goes on with it where nobody
    said that it must be this one."""
    endpoint, path = transport.endpoint, transport.endpoint.parts.path
    probe.facts["path"] = path
    mine = endpoint.port
    others = [port for port in CLASSIC_PORTS if port != mine]
    ports = (mine, *await open_ports(endpoint.host, others))
    classic = await find_classic(endpoint, transport.context, ports)
    if classic and probe.may_speak_another:
        transport.endpoint = service_at(endpoint, classic)
        probe.speak(CLASSIC_INFO.key, transport.endpoint)
        await recognise(probe, transport, await ask_openly(transport))
        return True
    if classic:
        tell_classic(probe, classic, fail=False)
        return False
    code = page_code(answer)
    what = PAGE_WORDS.get(code)
    text = message("{what} answers at {path}", what=what, path=path) if what else Message()
    probe.say(text, ok=False, code=code)
    return False


def service_at(endpoint: Endpoint, port: int) -> Endpoint:
    """The service of the older product on a port of the same host."""
    host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
    return Endpoint(f"{endpoint.parts.scheme}://{host}:{port}{CLASSIC_INFO.public_path}")


def tell_classic(probe: Probe, port: int, *, fail: bool = True) -> None:
    """The running step found the REST interface of WinCC V7/V8.

    Raises:
        ProtocolError: with `fail`, to end the step.
    """
    path = CLASSIC_PATH.rpartition("/tagManagement")[0]
    text = message(
        "{what} answers on port {port} at {path}",
        what=PAGE_WORDS["classic_interface"],
        port=port,
        path=path,
    )
    probe.say(text, ok=False, code="classic_interface")
    if fail:
        raise ProtocolError(
            "This is the REST interface of WinCC V7/V8.",
            cure="Set the dialect of the connection to WinCC V7/V8, or let it be found out.",
        )
