"""Passwords go to a real keyring or nowhere."""

from __future__ import annotations

import threading

import keyring
import keyring.backend
import pytest
from keyring.errors import InitError, KeyringLocked, PasswordDeleteError

from tagwerk.domain.connection import ConnectionProfile
from tagwerk.link import secrets

PROFILE = ConnectionProfile("skid", "https://skid21/graphql/", "m.brandt")


class Store(keyring.backend.KeyringBackend):
    """A keyring in memory, as a real one behaves."""

    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.locked = False

    def _check(self):
        if self.locked:
            raise KeyringLocked("locked")

    def get_password(self, service, username):
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service, username):
        self._check()
        if (service, username) not in self.kept:
            raise PasswordDeleteError("none")
        del self.kept[service, username]


@pytest.fixture
def store(monkeypatch):
    made = Store()
    monkeypatch.setattr(keyring, "get_keyring", lambda: made)
    return made


def test_there_and_back(store):
    assert secrets.keyring_available()
    assert secrets.get_password(PROFILE) is None
    secrets.set_password(PROFILE, "geheim")
    assert store.kept == {("tagwerk", "m.brandt@https://skid21/graphql/"): "geheim"}
    assert secrets.get_password(PROFILE) == "geheim"
    secrets.delete_password(PROFILE)
    secrets.delete_password(PROFILE)
    assert secrets.get_password(PROFILE) is None


def test_a_locked_keyring_is_said(store):
    store.locked = True
    for action in (
        lambda: secrets.get_password(PROFILE),
        lambda: secrets.set_password(PROFILE, "geheim"),
        lambda: secrets.delete_password(PROFILE),
    ):
        with pytest.raises(secrets.SecretStoreUnavailable) as caught:
            action()
        assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("module", ["null", "fail"])
def test_backends_that_keep_nothing_count_as_absent(monkeypatch, module):
    import importlib

    backend = importlib.import_module(f"keyring.backends.{module}").Keyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert not secrets.keyring_available()
    with pytest.raises(secrets.SecretStoreUnavailable):
        secrets.set_password(PROFILE, "geheim")


def test_a_plain_file_counts_as_absent_also_inside_a_chain(monkeypatch):
    plain = type("PlaintextKeyring", (Store,), {"__module__": "keyrings.alt.file"})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: plain)
    assert not secrets.keyring_available()
    real = Store()

    class Chain(Store):
        backends = (plain, real)

    monkeypatch.setattr(keyring, "get_keyring", Chain)
    secrets.set_password(PROFILE, "geheim")
    assert real.kept
    assert not plain.kept


def test_what_is_made_from_a_plain_file_counts_as_one(monkeypatch):
    plain = type("PlaintextKeyring", (Store,), {"__module__": "keyrings.alt.file"})
    child = type("CompanyKeyring", (plain,), {"__module__": "company.keyring"})()
    monkeypatch.setattr(keyring, "get_keyring", lambda: child)
    assert not secrets.keyring_available()


def test_a_keyring_that_hangs_is_given_up_and_not_asked_again(store):
    hold = threading.Event()
    asked = []

    def hang(service, username):
        asked.append(username)
        hold.wait(20)

    store.get_password = hang
    try:
        for _ in range(2):
            with pytest.raises(secrets.SecretStoreUnavailable) as caught:
                secrets.get_password(PROFILE, timeout_s=0.05)
            assert caught.value.code == "keyring_silent"
            assert "does not answer" in caught.value.message
        assert len(asked) == 1
    finally:
        hold.set()
        secrets._Call.running.join()
    # It woke up: it counts again.
    store.get_password = lambda service, username: "geheim"
    assert secrets.get_password(PROFILE) == "geheim"


def test_a_trial_touches_no_password_and_leaves_nothing(store):
    secrets.set_password(PROFILE, "geheim")
    assert secrets.try_keyring("trial", "secret of the trial") == ("secret of the trial", None)
    assert store.kept == {("tagwerk", PROFILE.keyring_name): "geheim"}


def test_a_trial_leaves_nothing_in_a_keyring_that_is_unlocked_after_we_gave_up(store):
    unlocked = threading.Event()
    stored = []

    def late(service, username, password):
        unlocked.wait(20)
        stored.append(service)
        store.kept[service, username] = password

    store.set_password = late
    try:
        with pytest.raises(secrets.SecretStoreUnavailable):
            secrets.try_keyring("trial", "secret of the trial", timeout_s=0.05)
    finally:
        unlocked.set()
        secrets._Call.running.join()
    assert stored == [secrets.TRIAL_SERVICE] != [secrets.SERVICE]
    assert store.kept == {}


@pytest.mark.parametrize(
    "error",
    [
        KeyringLocked("dismissed"),
        InitError("no collection"),
        ConnectionResetError("gone"),
        EOFError(),
        RuntimeError("odd"),
    ],
)
def test_every_failure_of_a_keyring_is_one_sentence(store, error):
    def fail(*words):
        raise error

    store.set_password = fail
    with pytest.raises(secrets.SecretStoreUnavailable) as caught:
        secrets.set_password(PROFILE, "geheim")
    assert caught.value.code == "keyring_locked"
    assert "geheim" not in str(caught.value)


def test_what_the_store_below_raises_is_known_too(store):
    pytest.importorskip("jeepney")
    from jeepney.wrappers import DBusErrorResponse

    def fail(*words):
        raise DBusErrorResponse.__new__(DBusErrorResponse)

    store.get_password = fail
    with pytest.raises(secrets.SecretStoreUnavailable):
        secrets.get_password(PROFILE)
