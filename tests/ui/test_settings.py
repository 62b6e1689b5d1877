"""Settings: versioned, replaced as a whole, with a backup, never with a secret."""

from __future__ import annotations

import errno
import json
import os
import threading
from dataclasses import replace

import pytest

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustedCertificate, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.ui.saved_connections import SavedConnections
from tagwerk.ui.settings import Settings

PINNED = ConnectionProfile(
    "skid21", "https://skid21/graphql/", "m.brandt", trust=Trust(TrustMode.PINNED, sha256="ab" * 32),
    sheet="/plant/tags.csv", note="Hall 3",
)  # fmt: skip


def test_what_was_saved_is_there_again(tmp_path):
    settings = Settings(tmp_path / "new" / "folder")
    settings.set("theme", "dark")
    settings.save()
    assert Settings(tmp_path / "new" / "folder").get("theme") == "dark"
    document = json.loads((tmp_path / "new" / "folder" / "settings.json").read_text("utf-8"))
    assert document["schema"] == 1


def test_a_broken_file_falls_back_to_the_backup(tmp_path):
    settings = Settings(tmp_path)
    for theme in ("light", "dark"):
        settings.set("theme", theme)
        settings.save()
    (tmp_path / "settings.json").write_text("{ half a fi", encoding="utf-8")
    again = Settings(tmp_path)
    assert again.get("theme") == "light"
    assert again.problem is not None


@pytest.mark.parametrize("text", ["[]", "", "null", "\x00"])
def test_nonsense_leaves_the_defaults(tmp_path, text):
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    settings = Settings(tmp_path)
    assert settings.get("theme", "system") == "system"
    assert settings.problem is not None


def test_nothing_changed_writes_nothing(tmp_path):
    settings = Settings(tmp_path)
    settings.set("theme", "dark")
    settings.save()
    before = (tmp_path / "settings.json").stat().st_mtime_ns
    settings.save()
    assert (tmp_path / "settings.json").stat().st_mtime_ns == before
    assert not list(tmp_path.glob("*.tmp"))


@pytest.mark.parametrize(
    "value", [{"password": "x"}, [{"accessToken": "x"}], {"deep": {"clientSecret": 1}}]
)
def test_secrets_are_refused(value):
    with pytest.raises(ValueError, match="secrets never"):
        Settings().set("connection", value)


def test_a_folder_that_is_a_file_is_told_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file")
    settings.set("theme", "dark")
    with pytest.raises(UsageError) as caught:
        settings.save()
    assert "--settings" in caught.value.cure


def test_connections_come_back_whole_newest_first():
    saved = SavedConnections(Settings())
    saved.put(PINNED)
    saved.put(ConnectionProfile("other", "https://other/graphql/"))
    saved.put(PINNED)
    assert [profile.name for profile in saved.all()] == ["skid21", "other"]
    assert saved.find("skid21") == PINNED


def test_one_broken_connection_does_not_take_the_others_along():
    settings = Settings()
    saved = SavedConnections(settings)
    saved.put(PINNED)
    rows = settings.get("connections")
    settings.set("connections", [{"name": ""}, 3, {**rows[0], "trust": {"mode": "blind"}}, *rows])
    assert saved.all() == [PINNED]


def test_a_taken_name_gets_a_number():
    saved = SavedConnections(Settings())
    saved.put(PINNED)
    assert saved.free_name("skid21") == "skid21 2"
    assert saved.free_name("skid22") == "skid22"


# Two windows at once.


def test_two_windows_keep_each_others_connections(tmp_path):
    first, second = Settings(tmp_path), Settings(tmp_path)
    SavedConnections(first).put(PINNED)
    first.set("theme", "dark")
    first.save()
    SavedConnections(second).put(ConnectionProfile("other", "https://other/graphql/"))
    second.set("density", "gloves")
    second.save()
    names = [profile.name for profile in SavedConnections(second).all()]
    assert sorted(names) == ["other", "skid21"]
    again = Settings(tmp_path)
    assert (again.get("theme"), again.get("density")) == ("dark", "gloves")
    assert SavedConnections(again).find("skid21") == PINNED


def test_what_one_window_deletes_and_the_other_edits(tmp_path):
    start = Settings(tmp_path)
    saved = SavedConnections(start)
    for name in ("a", "b", "c"):
        saved.put(ConnectionProfile(name, f"https://{name}/graphql/"))
    start.save()
    first, second = Settings(tmp_path), Settings(tmp_path)
    SavedConnections(first).remove("a")
    first.save()
    SavedConnections(second).put(replace(saved.find("b"), note="Hall 3"))
    second.save()
    found = {profile.name: profile for profile in SavedConnections(Settings(tmp_path)).all()}
    assert set(found) == {"b", "c"}
    assert found["b"].note == "Hall 3"


def test_many_windows_writing_at_the_same_time_lose_nothing(tmp_path):
    def write(number):
        settings = Settings(tmp_path)
        for turn in range(5):
            name = f"{number}-{turn}"
            SavedConnections(settings).put(ConnectionProfile(name, f"https://s{name}/graphql/"))
            settings.save()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = {profile.name for profile in SavedConnections(Settings(tmp_path)).all()}
    assert names == {f"{number}-{turn}" for number in range(4) for turn in range(5)}
    assert not list(tmp_path.glob("*.lock"))


def test_a_lock_that_a_dead_program_left_is_broken(tmp_path):
    lock = tmp_path / "settings.json.lock"
    lock.write_text("")
    os.utime(lock, (1, 1))
    settings = Settings(tmp_path)
    settings.set("theme", "dark")
    settings.save()
    assert Settings(tmp_path).get("theme") == "dark"
    assert not lock.exists()


def test_fields_of_a_newer_program_stay(tmp_path):
    rows = [{"name": "a", "url": "https://a/graphql/", "colour": "red",
             "trust": {"mode": "pinned", "sha256": "ab" * 32, "hardware": 1}},
            {"name": "odd", "url": "https://odd/", "trust": {"mode": "quantum"}}]  # fmt: skip
    text = json.dumps({"schema": 7, "connections": rows, "future": {"x": 1}})
    (tmp_path / "settings.json").write_text(text, encoding="utf-8")
    settings = Settings(tmp_path)
    saved = SavedConnections(settings)
    saved.put(replace(saved.find("a"), note="Hall 3"))
    settings.save()
    document = json.loads((tmp_path / "settings.json").read_text("utf-8"))
    assert (document["schema"], document["future"]) == (7, {"x": 1})
    by_name = {row["name"]: row for row in document["connections"]}
    assert (by_name["a"]["colour"], by_name["a"]["note"]) == ("red", "Hall 3")
    assert by_name["a"]["trust"]["hardware"] == 1
    assert by_name["odd"]["trust"] == {"mode": "quantum"}


# What goes into a connection.


def test_partner_and_what_is_known_of_the_certificate_come_back():
    known = TrustedCertificate("SKID21", "Plant CA", ("skid21", "10.0.0.1"), "RSA 2048", 1, 2, 3)
    profile = replace(
        PINNED,
        trust=replace(PINNED.trust, known=known),
        partner="https://skid21b/graphql/",
        follow_partner=True,
        partner_trust=Trust(TrustMode.CA_FILE, ca_file="/plant/ca.pem"),
        timeout_s=7.5,
    )
    settings = Settings()
    SavedConnections(settings).put(profile)
    back = SavedConnections(settings).find("skid21")
    assert back == profile
    assert back.trust.known == known
    # Another decision does not keep what was known of the certificate before.
    SavedConnections(settings).put(replace(back, trust=Trust()))
    assert SavedConnections(settings).find("skid21").trust.known is None


@pytest.mark.parametrize("timeout", ["nan", 1e999, -3, 0, "x", None])
def test_a_strange_time_out_does_no_harm(timeout):
    settings = Settings()
    settings.set("connections", [{"name": "a", "url": "https://a/", "timeout_s": timeout}])
    for profile in SavedConnections(settings).all():
        assert 1 <= profile.timeout_s <= 600


def test_renaming_keeps_the_place_at_the_top():
    saved = SavedConnections(Settings())
    saved.put(PINNED)
    saved.keep_at_top("skid21", True)
    saved.put(ConnectionProfile("other", "https://other/graphql/"))
    assert [profile.name for profile in saved.all()] == ["skid21", "other"]
    saved.put(replace(PINNED, name="skid 21 north"), instead_of="skid21")
    assert [profile.name for profile in saved.all()] == ["skid 21 north", "other"]
    assert saved.is_at_top("skid 21 north")
    saved.remove("skid 21 north")
    assert not saved.is_at_top("skid 21 north")


def test_a_full_disk_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    settings = Settings(tmp_path)
    settings.set("theme", "light")
    settings.save()
    settings.set("theme", "dark")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError) as caught:
        settings.save()
    assert "No space left" in caught.value.message
    assert Settings(tmp_path).get("theme") == "light"
    assert [path.name for path in tmp_path.iterdir()] == ["settings.json"]
    monkeypatch.undo()
    settings.save()
    assert Settings(tmp_path).get("theme") == "dark"
