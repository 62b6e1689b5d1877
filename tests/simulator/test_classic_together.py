"""Any five variants of the classic face at once: it answers in some way, and nothing of it breaks."""

import asyncio
import contextlib
import logging

import aiohttp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.classic_desk import classic_desk
from tagwerk.simulator.classic.calls import CALLS
from tagwerk.simulator.switch import Group
from tagwerk.simulator.switches import GROUPS, Takes

SHARED = (Group.HTTP, Group.FAULTS, Group.WRITES)
SHARED_REPLIES = ("shuffled", "nan-as-text", "nan-bare", "bad-value-null", "json-style")
WAITS_S = 0.01
MEANT_500 = ("=500", "=501", "=503")
NAMES = {
    "{name}": "All",
    "{type}": "Motor",
    "{tag}": "TIC2120.SP",
    "{archive}": "Process_1s",
    "{number}": "21001",
    "{filter}": "All",
}
BODIES = {
    "tagManagement/StructureVariables": {"typeNames": ["Motor"]},
    "tagManagement/Value/{tag}": {"value": 20},
}
READ_BODY = {"variableNames": ["TIC2120.PV", "Nothing", "Batch_StepsDone", "Schichtführer"]}
WRITE_BODY = [{"variableName": "TIC2120.SP", "value": 20}, {"variableName": "No", "value": 1}]


def variants():
    """Each variant that a classic face can play, its time short."""
    for group, switches in GROUPS.items():
        for switch in switches:
            if (
                group in SHARED
                or switch.name in SHARED_REPLIES
                or switch.name.startswith("classic-")
            ):
                for text in switch.variants:
                    is_wait = switch.takes is Takes.NUMBER and not switch.whole
                    yield (
                        f"{switch.name}={max(switch.least, WAITS_S)}"
                        if is_wait and switch.name != "clock-offset"
                        else text
                    )


def requests():
    """Each call once: method, path, body."""
    for call in CALLS:
        path = call.path
        for place, name in NAMES.items():
            path = path.replace(place, name)
        body = None
        if call.method != "GET":
            body = BODIES.get(call.path, WRITE_BODY if call.method == "PUT" else READ_BODY)
        yield call.method, path, body


VARIANTS = tuple(variants())
REQUESTS = tuple(requests())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(switches=st.lists(st.sampled_from(VARIANTS), min_size=5, max_size=5, unique=True))
def test_five_at_once(switches, caplog):
    if any(one.startswith("certificate") or one == "classic-service=off" for one in switches):
        # Nothing to ask there, and no TLS in these tests.
        return
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        statuses = asyncio.run(visit(switches))
    if not any(one.endswith(MEANT_500) for one in switches):
        assert 500 not in statuses, switches
    assert not [one for one in caplog.records if one.exc_info], switches


async def visit(switches):
    """Every call, with what comes of it."""
    statuses = []
    async with classic_desk(*switches) as desk:
        for method, path, body in REQUESTS:
            with contextlib.suppress(aiohttp.ClientError):
                reply = await desk.ask(method, path, body, itemLimit=3)
                statuses.append(reply.status)
        assert desk.server._ticker is not None
        assert not desk.server._ticker.done()
    return statuses
