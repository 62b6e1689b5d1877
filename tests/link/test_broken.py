"""What a connection that failed is called, whoever noticed; and what an address says by itself."""

from __future__ import annotations

import socket
import ssl

import httpx
import pytest

from tagwerk.link.broken import connection_error
from tagwerk.link.endpoint import Endpoint


def because(cause):
    """As httpx raises it: its own error, with the true one behind."""
    outer = httpx.ConnectError("All connection attempts failed")
    outer.__cause__ = cause
    return outer


def of_tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}] (_ssl.c:1000)")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("problem", "code"),
    [
        (httpx.ReadTimeout("slow"), "timeout"),
        (TimeoutError(), "timeout"),
        (because(ConnectionRefusedError(111, "Connection refused")), "refused"),
        (because(socket.gaierror(-2, "Name or service not known")), "resolve"),
        (because(socket.gaierror(-3, "Temporary failure in name resolution")), "resolve"),
        (UnicodeError("label too long"), "resolve"),
        (because(of_tls("WRONG_VERSION_NUMBER")), "no_tls"),
        (because(ConnectionResetError(104, "Connection reset by peer")), "broken"),
        (httpx.RemoteProtocolError("odd"), "broken"),
    ],
)
def test_every_failure_has_its_name_and_a_cure(problem, code):
    error = connection_error(problem, "skid21", 8443)
    assert error.code == code
    assert "skid21" in error.message
    assert error.cure
    assert not error.may_have_arrived


@pytest.mark.parametrize(
    ("problem", "may"),
    [
        (httpx.ReadTimeout("slow"), True),
        (because(ConnectionResetError(104, "Connection reset by peer")), True),
        (because(ConnectionRefusedError(111, "Connection refused")), False),
        (because(socket.gaierror(-2, "Name or service not known")), False),
    ],
)
def test_what_never_got_through_cannot_have_arrived(problem, may):
    error = connection_error(problem, "skid21", 8443, may_have_arrived=True)
    assert error.may_have_arrived is may


def test_the_last_words_of_the_system_are_told():
    error = connection_error(because(OSError(5, "Input/output error")), "skid21", 8443)
    assert "Input/output error" in error.message


@pytest.mark.parametrize(
    ("url", "host", "port", "is_secure", "is_loopback", "socket_url"),
    [
        ("https://skid21/graphql/", "skid21", 443, True, False, "wss://skid21/graphql/"),
        ("http://localhost:4000/g", "localhost", 4000, False, True, "ws://localhost:4000/g"),
        ("http://127.0.0.2/g", "127.0.0.2", 80, False, True, "ws://127.0.0.2/g"),
        ("https://[::1]:8443/g", "::1", 8443, True, True, "wss://[::1]:8443/g"),
    ],
)
def test_an_address_says_where_and_how(url, host, port, is_secure, is_loopback, socket_url):
    place = Endpoint(url)
    assert (place.host, place.port) == (host, port)
    assert (place.is_secure, place.is_loopback) == (is_secure, is_loopback)
    assert place.socket_url == socket_url
