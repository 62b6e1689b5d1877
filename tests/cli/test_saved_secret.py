"""What a command signs in with where the window has saved a password or a token."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tagwerk.cli import target
from tagwerk.cli.arguments import parse
from tagwerk.domain.connection import ConnectionProfile
from tagwerk.domain.errors import LoginFailed
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings

OWN = ConnectionProfile("own", "https://wincc7:34568/WinCCRestService", "u", "classic")
ISSUED = replace(OWN, name="issued", by_token=True)


@pytest.fixture
def found(monkeypatch, tmp_path):
    """Gives (password, token) of a saved connection; the keyring holds one of each kind."""
    monkeypatch.delenv(target.PASSWORD_VARIABLE, raising=False)
    kept = {OWN.keyring_name: " word ", ISSUED.keyring_name: " bearer "}
    monkeypatch.setattr(target, "get_password", lambda profile: kept.get(profile.keyring_name))
    settings = Settings(tmp_path)
    for profile in (OWN, ISSUED):
        SavedConnections(settings).put(profile)
    settings.save()

    def find(name):
        options = parse(["read", name, "a", "--settings", str(tmp_path)])
        made = asyncio.run(target.find_target(options))
        return made.password, made.token

    return find


def test_each_kind_has_its_own_place_and_only_a_token_loses_its_blanks(found):
    assert found("own") == (" word ", "")
    assert found("issued") == ("", "bearer")


def test_the_question_calls_a_token_a_token(found, monkeypatch):
    asked = []
    monkeypatch.setattr(target, "get_password", lambda profile: None)
    monkeypatch.setattr(target, "is_terminal", lambda: True)
    monkeypatch.setattr(
        target.getpass, "getpass", lambda question: asked.append(question) or " typed "
    )
    assert found("own") == (" typed ", "")
    assert found("issued") == ("", "typed")
    assert asked[0].startswith("Password of u on ")
    assert asked[1].startswith("Token of u on ")


@pytest.mark.parametrize("typed", ["", "  "])
def test_an_empty_token_is_never_sent(found, monkeypatch, typed):
    monkeypatch.setattr(target, "get_password", lambda profile: None)
    monkeypatch.setattr(target, "is_terminal", lambda: True)
    monkeypatch.setattr(target.getpass, "getpass", lambda question: typed)
    with pytest.raises(LoginFailed, match="no token for u"):
        found("issued")
