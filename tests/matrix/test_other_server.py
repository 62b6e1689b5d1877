"""The same matrix against a server that somebody else could have written: nothing in the desk may
know the demo plant.
"""

from __future__ import annotations

import math
import ssl
import time

import pytest
import trustme

from matrix.core import run_matrix
from matrix.other_plant import SINGLE, SYSTEM, make_plant
from matrix.other_server import USERS, OtherServer
from matrix.subject import Account, Known, Names, Refused, Writable
from tagwerk.domain.alarms import AlarmKey

GOOD = "GOOD_NON_CASCADE"
NAMES = Names(
    known={
        "bool": Known(f"{SYSTEM}Schieber.offen", True, GOOD),
        "int": Known(f"{SYSTEM}Zähler", -7, GOOD),
        "int64": Known(f"{SYSTEM}Stückzahl gesamt", 2**60 + 1, GOOD),
        "float": Known(f"{SYSTEM}Füllstand", 12.5, GOOD),
        "nan": Known(f"{SYSTEM}Fühler defekt", math.nan, GOOD),
        "text": Known(f"{SYSTEM}Bediener", "Łukasz Öztürk", GOOD),
        "time": Known(f"{SYSTEM}Beginn", "2026-01-31T23:59:59.5Z", GOOD),
        "array": Known(f"{SYSTEM}Rezept", [1.5, math.nan, -2.0], GOOD),
        "element": Known(f"{SYSTEM}Rezept[2]", -2.0, GOOD),
        "leaf": Known(f"{SYSTEM}Schieber.Stellung", 0.25, GOOD),
        "uncertain": Known(f"{SYSTEM}Schätzwert", 3.0, "UNCERTAIN"),
        "other_case": Known(f"{SYSTEM}BEDIENER", "eine andere Variable", GOOD),
        "other_system": Known("Werk Nord::Bediener", "im anderen Werk", GOOD),
    },
    writable=Writable(f"{SYSTEM}Sollwert", 40.0, 44.25),
    big=Writable(f"{SYSTEM}Stückzahl gesamt", 2**60 + 1, 2**60 + 3),
    pushed=Writable(f"{SYSTEM}Sollwert 2", 41.0, 45.5),
    batched=Writable(f"{SYSTEM}Sollwert 3", 42.0, 46.5),
    refused={
        "wrong_type": Refused(f"{SYSTEM}Sollwert", "no number", "201"),
        "out_of_range": Refused(f"{SYSTEM}Stückzahl gesamt", 2**63, "201"),
        "read_only": Refused(f"{SYSTEM}Drehzahl", 5.0, "1"),
        "unknown": Refused(f"{SYSTEM}Gibt es nicht", 5.0, "2"),
        "structure": Refused(f"{SYSTEM}Schieber", 5.0, "202"),
    },
    structure=f"{SYSTEM}Schieber",
    unknown=f"{SYSTEM}Gibt es nicht",
    hidden=f"{SYSTEM}Geheim.Rezeptur",
    moving=f"{SYSTEM}Drehzahl",
    umlaut=f"{SYSTEM}Schätzwert",
    logged=(f"{SYSTEM}Drehzahl", f"{SYSTEM}Füllstand"),
    logging_tag=f"{SYSTEM}Drehzahl:Archiv",
    unlogged=f"{SYSTEM}Bediener",
    alarm=f"{SYSTEM}Drehzahl:zu hoch",
    alarm_texts=("Speed too high", "Drehzahl zu hoch"),
    single=SINGLE,
)


class OtherSubject:
    """See `subject.Subject`."""

    names = NAMES
    operator = Account("meister", USERS["meister"][0])
    viewer = Account("gast", USERS["gast"][0])

    def __init__(self, server, ca_file):
        self.server = server
        self.plant = server.plant
        self.url = f"https://127.0.0.1:{server.port}/graphql/"
        self.ca_file = ca_file

    def browsed(self):
        """See `Subject`."""
        return {one["name"] for one in self.server.objects()}

    def logged(self, name, start_ns, end_ns):
        """See `Subject`."""
        return self.plant.logged(name.removesuffix(":Archiv"), start_ns, end_ns)

    def active(self):
        """See `Subject`."""
        return {AlarmKey(one.name, one.number) for one in self.plant.standing.values()}

    def value(self, name):
        """See `Subject`."""
        return self.plant.tags[name].value

    def raise_alarm(self, name):
        """See `Subject`."""
        self.plant.raise_alarm(name, time.time_ns())

    def clear_alarm(self, name):
        """See `Subject`."""
        self.plant.clear_alarm(name, time.time_ns(), needs_reset=name == SINGLE)

    def end_sessions(self):
        """See `Subject`."""
        self.server.tokens.clear()

    def open_sessions(self):
        """See `Subject`."""
        return len(self.server.tokens)


@pytest.fixture
async def other(request, tmp_path):
    """The other server, with a certificate of its own authority; refusals by request."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    server = OtherServer(make_plant(time.time_ns()), getattr(request, "param", ()))
    await server.start(context)
    yield OtherSubject(server, str(ca_file))
    await server.stop()


USUAL = {
    "connect": "live",
    "connect.polled": "no",
    "read.mixed": "ok 2 ok ok",
    "read.unknown": "2",
    "read.structure": "202",
    "push.unknown": "2",
    "write.batch": "refused, done",
    "history.unlogged": "3",
    "alarms.state": "RAISED",
    "alarms.single": "known",
    "alarms.texts": "English, German",
    "alarms.mixed_call": "ServerRefused",
    "alarms.split_calls": "done done",
    "alarms.twice": "305",
    "alarms.acknowledged": "RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED",
    "alarms.reset": "done",
    "alarms.logged": "RAISED RAISED_ACKNOWLEDGED RAISED_ACKNOWLEDGED_CLEARED",
    "can.shelve": "schema_wants_more",
    "can.redundancy": "schema_lacks_field",
    "viewer.connect": "live",
    "viewer.can.write": "right_missing",
    "viewer.hidden": "NOT_RETURNED",
    "viewer.write": "NotAllowed",
    "viewer.browse": "hidden",
}
"""What is found here and is not plainly well."""


def differences(found, usual):
    yes = ("can.", "session.can.")
    wanted = {key: usual.get(key, "yes" if key.startswith(yes) else "ok") for key in found}
    assert usual.keys() <= found.keys()
    return {key: (found[key], wanted[key]) for key in found if found[key] != wanted[key]}


async def test_the_desk_works_with_a_server_of_somebody_else(other):
    assert differences(await run_matrix(other), USUAL) == {}


APOLLO = {
    "message": "GraphQL introspection is not allowed by Apollo Server, but the query contained __schema or __type.",
    "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
}
FORBIDDEN = {"message": "Keine Auskunft", "extensions": {"code": "FORBIDDEN"}}


@pytest.mark.parametrize(
    "other", [(APOLLO,), (FORBIDDEN,)], ids=["apollo", "forbidden"], indirect=True
)
async def test_a_server_that_tells_nothing_of_itself_is_found_out_by_asking(other):
    """All names of its types differ from the documented ones, and it says so for each document."""
    untold = {
        "can.shelve": "schema_lacks_field",
        "can.redundancy": "yes",
        "history.bounds": "ok, nothing before",
        # A change is never sent a second time, also where only its form was refused: what the
        # refusal taught serves the next one. Writes are learned by writing nothing; what an empty
        # list of acknowledgements would mean is not documented, so those are not tried.
        "alarms.split_calls": "ServerRefused",
        "alarms.acknowledged": "RAISED_ACKNOWLEDGED RAISED",
        "alarms.twice": "done",
        "alarms.reset": "ServerRefused",
    }
    assert differences(await run_matrix(other), USUAL | untold) == {}
