"""What the switches change in HTTP: addresses, sizes, forms of a body, and what fails."""

import gzip
import json
import zlib
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from simulator.conftest import LOGIN
from simulator.fake_plant import START_NS

NONCE = {"query": "{ nonce { validFor } }"}
ANSWER = {"data": {"nonce": {"validFor": 60}}}
BROWSE = {"query": "{ browse { name displayName } }"}


async def post(desk, body=NONCE, *, url="", **headers):
    """An answer with its raw body as `content`; nothing is decompressed or followed."""
    async with aiohttp.ClientSession(
        connector=desk.http.connector, connector_owner=False, auto_decompress=False
    ) as http:
        async with http.post(
            url or desk.server.url, json=body, headers=headers, allow_redirects=False
        ) as answer:
            answer.content_bytes = await answer.read()
            return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("plain_http", [False, True])
async def test_redirects_to_the_slash(demo, status, plain_http):
    async with demo(f"missing-slash={status}", plain_http=plain_http) as desk:
        answer = await post(desk, url=desk.server.url.rstrip("/"))
        assert (answer.status, answer.headers["Location"]) == (status, "/graphql/")


async def test_other_answers_without_the_slash(demo):
    async with demo("missing-slash=404") as desk:
        answer = await post(desk, url=desk.server.url.rstrip("/"))
        assert (answer.status, answer.content_type) == (404, "text/html")
    async with demo("missing-slash=served") as desk:
        answer = await post(desk, url=desk.server.url.rstrip("/"))
        assert json.loads(answer.content_bytes) == ANSWER
    async with demo("redirect-absolute") as desk:
        answer = await post(desk, url=desk.server.url.rstrip("/"))
        assert (answer.status, answer.headers["Location"]) == (301, desk.server.url)


async def test_the_limit_of_a_body(demo):
    long = {"query": "{ nonce { validFor } }", "variables": {"more": "x" * 5000}}
    async with demo("body-limit=5000") as desk:
        answer = await post(desk, long)
        assert (answer.status, answer.content_type) == (413, "text/plain")
        assert (await post(desk)).status == 200
    async with demo("body-limit=5000", "body-limit-html") as desk:
        answer = await post(desk, long)
        assert (answer.status, answer.content_type) == (413, "text/html")
        assert b"<html>" in answer.content_bytes
    async with demo() as desk:
        assert (await post(desk, long)).status == 200


@pytest.mark.parametrize("status", [200, 400, 422, 500])
async def test_the_status_of_an_invalid_document(demo, status):
    async with demo(f"invalid-as={status}") as desk:
        answer = await post(desk, {"query": "{ nothing }"})
        assert answer.status == status
        error = json.loads(answer.content_bytes)["errors"][0]
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("how", "content_type"),
    [
        ("graphql", "application/graphql-response+json"),
        ("html", "text/html"),
        ("text", "text/plain"),
        ("octet-stream", "application/octet-stream"),
    ],
)
async def test_what_an_answer_is_declared_as(demo, how, content_type):
    async with demo(f"content-type={how}") as desk:
        for body in (NONCE, {"query": "{ nothing }"}):
            answer = await post(desk, body)
            assert answer.content_type == content_type
            assert json.loads(answer.content_bytes)


async def test_a_byte_order_mark(demo):
    async with demo("bom") as desk:
        body = (await post(desk)).content_bytes
        assert body[:3] == b"\xef\xbb\xbf"
        assert json.loads(body.decode("utf-8-sig")) == ANSWER


@pytest.mark.parametrize(
    ("how", "coding", "unpack"),
    [
        ("gzip", "gzip", gzip.decompress),
        ("deflate", "deflate", zlib.decompress),
        ("raw-deflate", "deflate", lambda body: zlib.decompress(body, -15)),
    ],
)
async def test_compressed_where_the_client_allows_it(demo, how, coding, unpack):
    async with demo(f"compress={how}") as desk:
        answer = await post(desk, **{"Accept-Encoding": f"br, {coding};q=0.5"})
        assert answer.headers["Content-Encoding"] == coding
        assert json.loads(unpack(answer.content_bytes)) == ANSWER
        for accepted in ("identity", f"br, {coding};q=0"):
            answer = await post(desk, **{"Accept-Encoding": accepted})
            assert "Content-Encoding" not in answer.headers
            assert json.loads(answer.content_bytes) == ANSWER


async def test_answers_in_chunks(demo):
    async with demo("chunked=10") as desk:
        answer = await post(desk)
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert "Content-Length" not in answer.headers
        assert json.loads(answer.content_bytes) == ANSWER
    async with demo("chunked=10", "http10") as desk:
        answer = await post(desk)
        assert "Transfer-Encoding" not in answer.headers
        assert json.loads(answer.content_bytes) == ANSWER


async def test_the_connection_ends_after_each_answer(demo):
    async with demo("connection-close") as desk:
        for _ in range(2):
            answer = await post(desk)
            assert answer.headers["Connection"] == "close"
            assert json.loads(answer.content_bytes) == ANSWER
        socket = await desk.socket()
        await socket.close()


async def test_http_of_long_ago(demo):
    async with demo("http10") as desk:
        answer = await post(desk)
        assert answer.version == aiohttp.HttpVersion10
        assert json.loads(answer.content_bytes) == ANSWER
        socket = await desk.socket()
        await socket.close()


async def test_iis_brings_its_manners(demo):
    async with demo("iis") as desk:
        answer = await post(desk, **{"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        answer = await post(desk, url=desk.server.url.rstrip("/"))
        assert answer.headers["Location"] == desk.server.url
        assert "browse" in await desk.data("{ browse { name } }")


@pytest.mark.parametrize("offset_s", [-7200, 86_400])
async def test_a_clock_that_is_wrong(demo, offset_s):
    async with demo(f"clock-offset={offset_s}") as desk:
        answer = await post(desk)
        told = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert told == START_NS // 10**9 + offset_s
        variables = {"name": "viewer", "password": "Viewer-1"}
        _, body = await desk.post(LOGIN, variables)
        token = body["data"]["login"]["token"]
        assert token
        # The plant lives in the same wrong time.
        desk.clock.forward(1)
        desk.server.tick()
        _, body = await desk.post(
            "{ tagValues(names: []) { name } }", headers={"Authorization": f"Bearer {token}"}
        )
        assert "errors" not in body
        assert desk.plant.now_ns == START_NS + (offset_s + 1) * 10**9


async def test_slow_answers(demo):
    async with demo("slow=0.2") as desk:
        timeout = aiohttp.ClientTimeout(total=0.05)
        with pytest.raises(TimeoutError):
            async with desk.http.post(desk.server.url, json=NONCE, timeout=timeout):
                pass
        assert json.loads((await post(desk)).content_bytes) == ANSWER
    async with demo("jitter=30") as desk:
        assert json.loads((await post(desk)).content_bytes) == ANSWER


async def test_busy_at_the_start(demo):
    async with demo("busy-at-start=1000") as desk:
        answer = await post(desk)
        assert (answer.status, answer.content_type) == (503, "text/html")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await desk.http.ws_connect(desk.server.url)
        assert refused.value.status == 503
    async with demo("busy-at-start=0") as desk:
        assert (await post(desk)).status == 200


@pytest.mark.parametrize(("switch", "status"), [("busy-every=3", 503), ("html-every=3", 200)])
async def test_pages_in_between(demo, switch, status):
    async with demo(switch) as desk:
        for number in range(1, 7):
            answer = await post(desk)
            if number % 3:
                assert json.loads(answer.content_bytes) == ANSWER
            else:
                assert (answer.status, answer.content_type) == (status, "text/html")


async def test_requests_without_an_answer(demo):
    write = {"query": 'mutation { writeTagValues(input: [{name: "Recipe", value: 1}]) { name } }'}
    async with demo("drop-every=3") as desk:
        token = await desk.token("operator")
        authorization = {"Authorization": f"Bearer {token}"}
        assert (await post(desk)).status == 200
        with pytest.raises(aiohttp.ClientError):
            await post(desk, write, **authorization)
        assert desk.plant.writes == []
        assert (await post(desk, write, **authorization)).status == 200
        assert len(desk.plant.writes) == 1


async def test_answers_that_break_off(demo):
    async with demo("cut-every=2") as desk:
        token = await desk.token("operator")
        authorization = {"Authorization": f"Bearer {token}"}
        with pytest.raises(aiohttp.ClientPayloadError):
            await post(desk, BROWSE, **authorization)
        assert json.loads((await post(desk, BROWSE, **authorization)).content_bytes)["data"]


@pytest.mark.parametrize("kind", ["self-signed", "other-host", "expired", "future"])
async def test_a_certificate_that_asks_for_a_decision(demo, kind):
    async with demo(f"certificate={kind}") as desk:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await desk.post("{ nonce { validFor } }")
        async with desk.http.post(desk.server.url, json=NONCE, ssl=False) as answer:
            assert await answer.json() == ANSWER
