"""The doctor's look at the REST service of WinCC V7/V8. Called by `probe` through `look.Look`.

There is no greeting in this interface: the smallest question is asked without user and password,
and a refusal that asks for them is the sign that the service is there.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from tagwerk.dialects import DIALECTS
from tagwerk.dialects.classic import FIRST_BATCH, HELLO, INFO
from tagwerk.domain.connection import StepName
from tagwerk.domain.errors import LoginFailed, NotAllowed, ProtocolError, TagwerkError
from tagwerk.domain.message import Message, message
from tagwerk.link.basic_keeper import BasicKeeper
from tagwerk.link.endpoint import Endpoint
from tagwerk.link.keeper import Keeper
from tagwerk.link.look_around import PAGE_WORDS, page_code
from tagwerk.link.speaker import SpokenClient
from tagwerk.link.transport import Answer, HttpTransport, Outgoing

if TYPE_CHECKING:
    from tagwerk.link.deep_probe import Steps
    from tagwerk.link.probe import Probe

_SLOW_S = 1.0
_BASIC = ("basic", "bearer")
_FOREIGN_PAGES = ("proxy_page", "iis_default_page", "login_page", "html_page")


class ServiceLook:
    """See `look.Look`."""

    most_names = FIRST_BATCH

    async def find(self, probe: Probe) -> HttpTransport:
        """The step HTTP, then the step interface."""
        async with probe.step(StepName.HTTP):
            transport = probe.open_transport()
            answer = await ask_openly(transport)
            probe.clock_offset_ns = answer.clock_offset_ns
            probe.server["web_server"] = answer.server
            probe.say(_http_text(answer))
        async with probe.step(StepName.INTERFACE):
            await recognise(probe, transport, answer)
        return transport

    async def sign_in(self, probe: Probe, keeper: Keeper) -> None:
        """Ask the smallest question with user and password, once."""
        try:
            await keeper.ensure()
        except LoginFailed:
            probe.means("token_refused" if keeper.is_foreign else "basic_refused")
            raise
        except NotAllowed:
            probe.means("no_rest_right")
            raise
        probe.session = keeper.session
        probe.say(message("{user}, sent with each request", user=keeper.user))

    async def feel_push(
        self, steps: Steps, client: SpokenClient, keeper: Keeper, names: list[str]
    ) -> None:
        """There is none: how quickly many values are read tells how often they can be polled."""
        del keeper
        if not names:
            steps.say(message("no tag to read"), ok=None, code="interface_polls")
            return
        began_s = time.perf_counter()
        await client.read(names)
        took_s = time.perf_counter() - began_s
        rate = len(names) / max(took_s, 1e-4)
        steps.facts["rate"] = f"{rate:,.0f}"
        steps.server["names_per_s"] = f"{rate:.0f}"
        text = message(
            "polled: {count} names in {ms} ms", count=len(names), ms=round(took_s * 1000)
        )
        if took_s > _SLOW_S:
            steps.say(text, code="polling_slow")
        else:
            steps.say(text, ok=None, code="interface_polls")

    async def ask(self, transport: HttpTransport, keeper: Keeper | None) -> Answer:
        """With user and password where they are known to be right; otherwise without."""
        if isinstance(keeper, BasicKeeper) and keeper.session is not None:
            return await keeper.execute(HELLO)
        return await ask_openly(transport)


async def ask_openly(transport: HttpTransport) -> Answer:
    """The smallest question, without user and password.

    Raises:
        as `HttpTransport.send`.
    """
    headers = {"Accept": "application/json"}
    return await transport.send(Outgoing("GET", HELLO.suffix, b"", headers, HELLO.what))


def _http_text(answer: Answer) -> Message:
    who = answer.server or message("web server")
    if answer.status == 401:
        return message("{who}, HTTP 401: asks for user and password", who=who)
    return message("{who}, HTTP {status}", who=who, status=answer.status)


def service_fault(answer: Answer) -> str:
    """The finding for an answer to the smallest question; "" where the service gave it."""
    status = answer.status
    if status == 401:
        scheme = answer.headers.get("www-authenticate", "").partition(" ")[0].lower()
        return "" if not scheme or scheme in _BASIC else "basic_not_offered"
    if 200 <= status < 300:
        start = answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        # An empty 200 was seen in the field.
        if start in (b"", b"[", b"{"):
            return ""
    page = page_code(answer)
    if page in _FOREIGN_PAGES:
        return page
    if status in (404, 405, 501):
        return "service_missing"
    if status in (500, 502, 503, 504):
        return "service_starting"
    return "service_forbidden" if status == 403 else "not_service"


async def recognise(probe: Probe, transport: HttpTransport, answer: Answer) -> None:
    """Inside the step interface: whether the service gave this answer; its usual path is tried too.

    Raises:
        ProtocolError: it is not there; the step says what is.
    """
    fault = service_fault(answer)
    original = transport.endpoint
    if fault in ("service_missing", "not_service", *_FOREIGN_PAGES):
        usual = Endpoint(f"{original.parts.scheme}://{original.parts.netloc}{INFO.public_path}")
        if usual.parts.path.lower() != original.parts.path.rstrip("/").lower():
            transport.endpoint = usual
            with contextlib.suppress(TagwerkError):
                if not service_fault(await ask_openly(transport)):
                    fault = ""
    if not fault:
        probe.dialect = INFO.key
        probe.server["product"] = INFO.product
        path, port = transport.endpoint.parts.path, transport.endpoint.port
        probe.say(
            message("{product} at {path}, port {port}", product=INFO.product, path=path, port=port)
        )
        return
    transport.endpoint = original
    path = original.parts.path or "/"
    probe.facts |= {"path": path, "scheme": answer.headers.get("www-authenticate", "")[:40]}
    if fault in ("service_missing", "not_service", "html_page") and await _is_unified(transport):
        fault = "unified_interface"
    what = PAGE_WORDS.get(fault)
    text = message("{what} answers at {path}", what=what, path=path) if what else Message()
    probe.say(text, ok=False, code=fault)
    raise ProtocolError(
        "There is no REST service of WinCC at {path} (HTTP {status}).",
        cure="Check address and port, and that the service is in the computer's start-up list.",
        code=str(answer.status),
        path=path,
        status=answer.status,
    )


async def _is_unified(transport: HttpTransport) -> bool:
    """Whether the interface of WinCC Unified is at this port."""
    unified = DIALECTS["unified"]
    original = transport.endpoint
    parts = original.parts
    transport.endpoint = Endpoint(f"{parts.scheme}://{parts.netloc}{unified.public_path}")
    try:
        # Its own smallest question, in its own words: no code of that dialect is needed for it.
        answer = await transport.post(b'{"query":"{__typename}"}')
        return answer.status == 200 and b"__typename" in answer.body
    except TagwerkError:
        return False
    finally:
        transport.endpoint = original
