"""Secrets in every spelling, whole, cut in half, and only told by their shape."""

from __future__ import annotations

import base64
import gc
import html
import json
import re
import string
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tagwerk.domain.message import black_out
from tagwerk.domain.redaction import BLACKED_OUT, LiveSecrets, Redactor, secret_forms

NASTY = [
    'pw-MARK"quote',
    "pw-MARK\\back\\slash",
    "pw-MARK-Äöß€",
    "pw MARK%41+&=?#/",
    "<MARK>&'\"",
    "MARK\ttab\nline",
    "MARK-😀-end",
]


def spellings(secret):
    body = json.dumps({"query": "mutation", "variables": {"x": secret}})
    yield from (
        f"said {secret} here",
        body,
        json.dumps({"x": secret}, ensure_ascii=False),
        json.dumps({"errors": [{"message": body}]}),
        json.dumps({"errors": [{"message": body}]}, ensure_ascii=False),
        quote(secret), quote(secret, safe=""), quote_plus(secret), re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
        html.escape(secret), html.escape(secret, quote=False),
        secret.encode().decode("latin-1"),
        base64.b64encode(secret.encode()).decode(),
        base64.b64encode(f"operator:{secret}".encode()).decode(),
        base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
        repr(secret),
    )  # fmt: skip


@pytest.mark.parametrize("secret", NASTY)
def test_every_spelling_is_found(secret):
    clean = Redactor([secret], "operator")
    for text in spellings(secret):
        shown = clean.text(text)
        assert "MARK" not in shown, (text, shown)
        assert BLACKED_OUT in shown


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=3, max_size=20), st.integers(0, 15))
def test_any_secret_in_any_spelling(secret, which):
    texts = list(spellings(secret))
    text = texts[which % len(texts)]
    shown = Redactor([secret], "operator").text(text)
    if secret.strip("?\ufffd") and secret not in BLACKED_OUT:
        assert secret not in shown.replace(BLACKED_OUT, "") or secret in "operator"


@settings(max_examples=400, deadline=None)
@example("AAAA", 12, 13)
@given(
    st.text(string.ascii_letters + '"\\Ä', min_size=4, max_size=30),
    st.integers(0, 60),
    st.integers(1, 80),
)
def test_a_cut_never_leaves_half_a_secret(secret, before, most):
    filler = "·" * before
    text = filler + secret + "·" * 200
    shown = Redactor([secret]).cut(text, most)
    assert len(shown) <= most
    assert set(shown) <= {"·", "•"}
    body = (filler + secret + "·" * 200).encode()
    assert set(Redactor([secret]).cut(body, most)) <= {"·", "•", "\ufffd"}


def test_a_cut_in_the_middle_of_a_letter_hides_what_is_before_it():
    secret = "MARK-€-😀-tail"
    body = f"value='{secret}'".encode()
    for end in range(len(body)):
        shown = black_out(body[:end].decode("utf-8", "replace"), [secret])
        assert "MARK" not in shown
        shown = Redactor([secret]).cut(body + b" " * 100, end)
        assert "MARK" not in shown


@pytest.mark.parametrize(
    "text",
    [
        '{"password":"x1"}',
        '{"password": "x1"',
        '{"password": "x1',
        '{"variables":{"username":"u","password":"x1"}}',
        '{"newPassword" : "x1", "b": 2}',
        '{"token": {"value": "x1", "more": ["x1", "}x1"]}, "b": 2}',
        '{"token": ["x1", "x1"',
        '{"signedClaim":"x1","claim":"x1"}',
        '{"message":"got {\\"password\\":\\"x1\\"}"}',
        '{"message":"got {\\"password\\":\\"a\\\\\\"x1\\"}"}',
        '{"m":"{\\"m\\":\\"{\\\\\\"token\\\\\\":\\\\\\"x1\\\\\\"}\\"}"}',
        "{'password': 'x1'}",
        'login(username: "u", password: "x1")',
        "password=x1&user=u",
        "https://h/?token=x1",
        "https://u:x1@h/graphql/",
        "Authorization: Bearer x1",
        'Authorization: "Bearer x1"',
        '{"Authorization":"Bearer x1"}',
        "authorization: Basic x1 x1",
        "Proxy-Authorization=Basic eDE6eDE= x1",
        "Set-Cookie: session=x1; Path=/",
        "bearer x1",
        "BEARER x1",
        "api-key: x1",
    ],
)
def test_what_looks_like_a_secret_goes_even_when_it_is_short_or_unknown(text):
    shown = Redactor().text(text)
    assert "x1" not in shown, shown
    assert BLACKED_OUT in shown


def test_web_tokens_go_by_their_shape():
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"
    assert Redactor().text(f"x {token} y") == f"x {BLACKED_OUT} y"


def test_a_token_nobody_knows_yet_goes_from_the_answer_that_brings_it():
    body = '{"data":{"login":{"session":"Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5","user":"m.brandt"}}}'
    shown = Redactor().cut(body, 4000, fresh=True)
    assert "Zm9v" not in shown
    assert "m.brandt" in shown


@pytest.mark.parametrize(
    "text",
    [
        "mutation($username: String!, $password: String!) { login(username: $username, password: $password) { token } }",
        '{"errors":[{"message":"Invalid token."}]}',
        '{"name":"HMI_RT_1::Tank.Level","value":{"value":1.5}}',
        '{"token":null,"error":{"code":"101"}}',
        "basic authentication is switched off",
        "2026-06-18T12:00:00.000Z",
        "https://skid21-hmi/graphql/",
    ],
)
def test_what_is_no_secret_stays(text):
    assert Redactor(["topsecret"]).text(text) == text


def test_it_is_quick_on_long_and_hostile_texts():
    hostile = (
        "a" * 200_000, '"' * 200_000, "\\" * 200_000, "password" * 20_000, "{" * 200_000,
        # Minutes for patterns that look at the rest again from each place: a token of backslashes,
        # a long word in which web tokens seem to begin.
        'token": "' + "\\" * 200_000, "eyJaaaaa-" * 50_000, "eyJaaaaa-" * 50_000 + ".a",
    )  # fmt: skip
    for text in hostile:
        assert isinstance(Redactor(["topsecret"]).text(text), str)
        assert isinstance(Redactor(["topsecret"]).cut(text.encode(), 8192, fresh=True), str)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("eyJhbGciOi.eyJzdWIi.c2ln", "•••"),
        ("x-eyJhbGciOi.eyJzdWIi.c2ln!", "x-•••!"),
        ("aa.eyJhbGciOi.eyJzdWIi", "aa.•••"),
        ("eyJa eyJhbGciOi.b eyJhbGciOi", "eyJa ••• eyJhbGciOi"),
        ("xeyJhbGciOi.b", "xeyJhbGciOi.b"),
    ],
)
def test_web_tokens_go_from_where_they_begin(text, shown):
    assert Redactor().text(text) == shown


def test_short_secrets_have_no_forms_and_nothing_prints_itself():
    assert secret_forms("ab") == ()
    assert "topsecret" not in repr(Redactor(["topsecret"]))


def test_a_login_that_ends_takes_its_secrets_along():
    class Login:
        user = "operator"
        secrets = ("topsecret",)

    live = LiveSecrets()
    login = Login()
    live.add(login)
    assert live.redactor().text("a topsecret b") == f"a {BLACKED_OUT} b"
    del login
    gc.collect()
    assert live.redactor().text("a topsecret b") == "a topsecret b"
