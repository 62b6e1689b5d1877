"""The client against the REST service under every switch and each of its values.

Most switches change only the shape of answers, and the client must not notice. What it may answer
otherwise under one is listed in `OTHERWISE`, question by question.
"""

from __future__ import annotations

import pytest

from matrix.classic_core import ask_everything
from simulator.classic_desk import START_NS, Clock
from simulator.rested_plant import fresh
from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import LoginFailed, NotReachable, ProtocolError
from tagwerk.link.login import open_client
from tagwerk.simulator.classic_switches import CLASSIC_GROUPS
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.server import SimulatorServer
from tagwerk.simulator.switch import Group

VARIANTS = {
    variant: group
    for group, switches in CLASSIC_GROUPS.items()
    for switch in switches
    for variant in switch.variants
}
WITHOUT_LISTS = (Group.CLASSIC_WRITES, Group.CLASSIC_ARCHIVES)
"""Switches that have no part in lists; asking for these takes most of the time."""
WRITES = ("write", "write back", "write text")
ALL_WRITES = (*WRITES, "refused", "unknown write")
ALARMS = ("alarms", "logged alarms")
REFUSED_AT_ONCE = {
    "classic-auth=basic-refused": LoginFailed,
    "classic-auth=negotiate": LoginFailed,
    "classic-service=off": NotReachable,
    "classic-service=404": ProtocolError,
    "classic-service=503": NotReachable,
    "classic-service=html": ProtocolError,
    "classic-path=/": ProtocolError,
    "classic-path=/WinCCRestService/V1": ProtocolError,
    "classic-path=/rest": ProtocolError,
}
"""Nothing can be asked; the error says why."""
NO_FILTERS = (*ALARMS, "able", "filters")
UNANSWERED = dict.fromkeys(ALL_WRITES, "NotReachable: empty_answer")
UNKNOWN = dict.fromkeys(WRITES, "unknown")
OTHERWISE: dict[str, dict[str, object] | tuple[str, ...]] = {
    "classic-not-offered=alarmLogging/*": (*NO_FILTERS, "limits"),
    "classic-filters=none": NO_FILTERS,
    "classic-filters=404": NO_FILTERS,
    "classic-filters=one": {"filters": ("All",)},
    # Times without a zone are another plant's: only its setting makes them right.
    "classic-zone=America/New_York": ("history", "read", *ALARMS),
    # A write that is answered with nothing is not known to be done, and is not sent again.
    "classic-empty-every=5": ALL_WRITES,
    "classic-write-reply=empty": UNANSWERED,
    "classic-write-reply=204": UNANSWERED,
    "classic-write-reply=no-code": UNKNOWN,
    "classic-write-reply=missing": UNKNOWN,
    "classic-write-reply=names": {**UNKNOWN, "refused": "unknown", "unknown write": "unknown"},
    # This server says "0" to whatever is written; reading back tells.
    "classic-write-reply=object": {"refused": "done", "unknown write": "done"},
    "classic-errorcode-as=null": UNKNOWN,
    "classic-errorcode-as=success": UNKNOWN,
    "classic-write-refused=error": dict.fromkeys(WRITES, "refused"),
    "classic-write-refused=code": dict.fromkeys(WRITES, "refused"),
    "classic-write-refused=both": dict.fromkeys(WRITES, "refused"),
    "classic-write-status=400": dict.fromkeys(ALL_WRITES, "ServerRefused: 400"),
    "classic-write-status=403": dict.fromkeys(ALL_WRITES, "NotAllowed: 403"),
    "classic-write-status=404": dict.fromkeys(ALL_WRITES, "NotSupported: 404"),
    "classic-write-status=405": dict.fromkeys(ALL_WRITES, "NotSupported: 405"),
    "classic-write-status=500": dict.fromkeys(ALL_WRITES, "ServerFailed: 500"),
    "classic-slash=wanted": ALL_WRITES,  # a redirected write is not sent to another place
    "classic-quality-as=null": ("read",),
    "classic-quality-as=absent": ("read",),
    "classic-time-as=seconds": ("read", *ALARMS),
    "classic-time-as=null": ("read", "history", *ALARMS),
    "classic-time-as=absent": ("read", "history", *ALARMS),
    "classic-message-time=one": ALARMS,
    "classic-state-as=text": ALARMS,
    "classic-state-as=enum": ALARMS,
    "classic-state-as=bits": ALARMS,
    "classic-missing-rows=all": ("read", "read back"),
    "classic-archive-empty": {"history": []},
    "classic-list-as=names": ("limits", "browse", "named"),
    "classic-limits-as=numbers": ("limits",),
}


async def under(model, *switches, lists=True):
    """All answers of one server."""
    options = SimulatorOptions(dialect="classic", switches=switches, plain_http=True)
    server = SimulatorServer(options, model=model, clock_ns=Clock(START_NS))
    await server.start()
    try:
        profile = ConnectionProfile(
            "plant", server.classic.url, "operator", "classic", Trust(TrustMode.PLAIN_HTTP)
        )
        async with open_client(profile, "Operator-1") as client:
            return await ask_everything(client, START_NS, lists=lists)
    finally:
        await server.stop()


@pytest.fixture(scope="module")
def model():
    """One plant for all servers; each leaves it as it was."""
    return fresh()


_PLAIN = {}


async def plain_answers(model):
    """What a server without any switch answers; asked once."""
    if not _PLAIN:
        _PLAIN.update(await under(model))
    return _PLAIN


async def test_the_plain_service_answers_everything(model):
    found = await plain_answers(model)
    assert found["browse"]["tag"] > 300
    assert found["unknown"]
    assert (found["write"], found["refused"], found["unknown write"]) == (
        "done",
        "refused",
        "refused",
    )
    assert len(found["history"]) > 20
    assert all(text for _, _, text, _ in found["alarms"])
    assert found["limits"]


@pytest.mark.parametrize("variant", VARIANTS)
async def test_the_client_takes_every_shape(model, variant):
    if variant in REFUSED_AT_ONCE:
        with pytest.raises(REFUSED_AT_ONCE[variant]):
            await under(model, variant)
        return
    expected = await plain_answers(model)
    found = await under(model, variant, lists=VARIANTS[variant] not in WITHOUT_LISTS)
    other = {name for name in found if found[name] != expected.get(name)}
    allowed = OTHERWISE.get(variant, ())
    assert other <= set(allowed), {name: found.get(name) for name in other - set(allowed)}
    if isinstance(allowed, dict):
        assert {name: found[name] for name in allowed} == allowed


def test_the_list_names_only_what_is_there():
    assert set(OTHERWISE) | set(REFUSED_AT_ONCE) <= set(VARIANTS)
