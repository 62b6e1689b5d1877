"""The doctor's steps HTTP and interface: what answers at an address. Called by `probe`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tagwerk.dialects.unified import HELLO, INFO
from tagwerk.domain.connection import StepName
from tagwerk.domain.errors import NotReachable, ProtocolError, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.link.look_around import (
    CLASSIC_PATH,
    CLASSIC_PORTS,
    PAGE_WORDS,
    find_classic,
    is_forged,
    open_ports,
    page_code,
)
from tagwerk.link.session import check_interface
from tagwerk.link.transport import Answer, Endpoint, HttpTransport

if TYPE_CHECKING:
    from tagwerk.link.probe import Probe


async def find_interface(probe: Probe) -> HttpTransport:
    """The step HTTP, then the step interface; other usual paths are tried.

    Raises:
        NotReachable, ProtocolError: nothing that Tagwerk speaks is there; reported already.
    """
    async with probe.step(StepName.HTTP):
        transport = probe.transport = HttpTransport(
            probe.endpoint, probe.trust, timeout_s=probe.timeout_s, tap=probe.tap
        )
        answer = await transport.post(HELLO.body())
        probe.clock_offset_ns = answer.clock_offset_ns
        probe.server["web_server"] = answer.server
        _say_http(probe, transport, answer)
    async with probe.step(StepName.INTERFACE):
        try:
            _check(answer)
        except (ProtocolError, NotReachable) as problem:
            if not await _try_other_paths(transport):
                await _name_what_is_there(probe, transport, answer)
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


async def _name_what_is_there(probe: Probe, transport: HttpTransport, answer: Answer) -> None:
    """The interface is not there: the running step says what is."""
    endpoint, path = transport.endpoint, transport.endpoint.parts.path
    probe.facts["path"] = path
    mine = endpoint.port
    others = [port for port in CLASSIC_PORTS if port != mine]
    ports = (mine, *await open_ports(endpoint.host, others))
    classic = await find_classic(endpoint, transport.context, ports)
    if classic:
        tell_classic(probe, classic, fail=False)
        return
    code = page_code(answer)
    what = PAGE_WORDS.get(code)
    text = message("{what} answers at {path}", what=what, path=path) if what else Message()
    probe.say(text, ok=False, code=code)


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
        raise ProtocolError("This is the REST interface of WinCC V7/V8.")
