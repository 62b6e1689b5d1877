"""Sessions and rights over HTTPS, and every way of answering a stale token."""

import pytest

from simulator.conftest import LOGIN

SESSIONS = (
    "query($all: Boolean = false) { session(allSessions: $all) { user { name } token expires } }"
)
READ = '{ tagValues(names: ["Total"]) { name } }'
WRITE = 'mutation { writeTagValues(input: [{name: "Pump.Speed", value: 1}]) { error { code } } }'
ACKNOWLEDGE = 'mutation { acknowledgeAlarms(input: [{name: "x"}]) { error { code } } }'


async def test_login_tells_who_one_is(demo):
    async with demo() as desk:
        status, body = await desk.post(LOGIN, {"name": "engineer", "password": "Ingenieur-1"})
        session = body["data"]["login"]
        assert status == 200
        assert session["error"] == {"code": "0", "description": "Succeeded"}
        assert session["user"]["language"] == "de-DE"
        assert session["user"]["groups"][0] == {"id": "Operators", "name": "Operators"}
        assert session["user"]["autoLogoffSec"] == 3600
        assert session["expires"] == "2025-06-15T16:06:40.000Z"


async def test_a_wrong_password_is_101_with_http_200(demo):
    async with demo() as desk:
        status, body = await desk.post(LOGIN, {"name": "operator", "password": "guess"})
        assert status == 200
        assert body["data"]["login"]["token"] is None
        assert body["data"]["login"]["error"]["code"] == "101"


@pytest.mark.parametrize("stale", ["Bearer nonsense", "Basic Zm9v", "?"])
async def test_login_works_beside_a_stale_header(demo, stale):
    async with demo() as desk:
        _, body = await desk.post(
            LOGIN, {"name": "viewer", "password": "Viewer-1"}, headers={"Authorization": stale}
        )
        assert body["data"]["login"]["token"]


async def test_the_public_fields(demo):
    async with demo() as desk:
        _, body = await desk.post(
            'mutation { loginSWAC(claim: "a", signedClaim: "b") { token error { code } } }'
        )
        assert body["data"]["loginSWAC"] == {"token": None, "error": {"code": "102"}}
        _, body = await desk.post("{ nonce { value validFor } identityProviderURL }")
        assert body["data"]["nonce"]["validFor"] == 60
        assert body["data"]["identityProviderURL"].startswith("https://")


@pytest.mark.parametrize(
    ("user", "query", "is_allowed"),
    [
        ("operator", WRITE, True),
        ("engineer", WRITE, True),
        ("viewer", READ, True),
        ("viewer", WRITE, False),
        ("viewer", ACKNOWLEDGE, False),
        ("nobody", READ, False),
        ("nobody", "{ browse { name } }", False),
    ],
)
async def test_rights(demo, user, query, is_allowed):
    async with demo() as desk:
        status, body = await desk.post(query, user=user)
        assert status == 200
        if is_allowed:
            assert "errors" not in body
        else:
            error = body["errors"][0]
            assert (error["message"], error["extensions"]["code"]) == ("Access denied", "FORBIDDEN")
            assert error["path"]
            assert error["locations"]
            assert set(body["data"].values()) == {None}
            assert desk.plant.writes == []


async def test_sessions_are_listed_extended_and_ended(demo):
    async with demo() as desk:
        first = (await desk.data(SESSIONS, user="viewer"))["session"]
        desk.tokens.clear()
        await desk.token("viewer")
        both = (await desk.data(SESSIONS, {"all": True}, user="viewer"))["session"]
        assert (len(first), len(both)) == (1, 2)
        desk.clock.forward(1000)
        extended = (await desk.data("mutation { extendSession { token expires } }", user="viewer"))[
            "extendSession"
        ]
        assert extended["token"] == await desk.token("viewer")
        assert extended["expires"] > both[0]["expires"]
        assert await desk.data("mutation { logout(allSessions: true) }", user="viewer") == {
            "logout": True
        }
        for token in (first[0]["token"], extended["token"]):
            _, body = await desk.post(READ, headers={"Authorization": f"Bearer {token}"})
            assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_expiry_slides_with_each_operation(demo):
    async with demo("auto-logoff=10") as desk:
        for _ in range(3):
            await desk.data(READ)
            desk.clock.forward(9)
        desk.clock.forward(2)
        assert (await desk.refused(READ))[1] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ("expired-as=401", 401, "UNAUTHENTICATED"),
        ("expired-as=403", 403, "FORBIDDEN"),
        ("expired-as=FORBIDDEN", 200, "FORBIDDEN"),
        ("expired-as=UNAUTHENTICATED", 200, "UNAUTHENTICATED"),
        ("expired-as=message", 200, "INTERNAL_SERVER_ERROR"),
    ],
)
@pytest.mark.parametrize("query", [READ, "mutation { extendSession { token } }"])
async def test_ways_of_saying_that_a_token_is_stale(demo, switch, status, code, query):
    async with demo(switch) as desk:
        found, body = await desk.post(query, headers={"Authorization": "Bearer gone"})
        assert found == status
        assert body["errors"][0]["extensions"]["code"] == code
        assert (await desk.data(READ))["tagValues"]
        still_public, _ = await desk.post("{ nonce { value } __typename }")
        assert still_public == 200


async def test_a_new_token_on_extend(demo):
    async with demo("new-token-on-extend") as desk:
        old = await desk.token("operator")
        new = (await desk.data("mutation { extendSession { token } }"))["extendSession"]["token"]
        assert new != old
        for token in (old, new):
            _, body = await desk.post(READ, headers={"Authorization": f"Bearer {token}"})
            assert "errors" not in body
