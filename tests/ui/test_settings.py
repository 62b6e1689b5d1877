"""Settings: versioned, replaced as a whole, with a backup, never with a secret."""

from __future__ import annotations

import json

import pytest

from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
from tagwerk.domain.errors import UsageError
from tagwerk.ui.settings import SavedConnections, Settings

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
