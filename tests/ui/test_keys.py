"""No key has two meanings at one place: Qt then runs neither and complains of it."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from PySide6.QtGui import QKeySequence

import tagwerk.ui
from tagwerk.ui.commands import Command
from tagwerk.ui.i18n import set_language

pytestmark = pytest.mark.ui


def all_commands() -> dict[str, Command]:
    found: dict[str, Command] = {}
    for info in pkgutil.walk_packages(tagwerk.ui.__path__, "tagwerk.ui."):
        for value in vars(importlib.import_module(info.name)).values():
            several = value if isinstance(value, tuple) else (value,)
            found.update({one.id: one for one in several if isinstance(one, Command)})
    return found


def keys_of(command: Command) -> list[str]:
    return command.keys.split(" | ") if command.keys else []


def test_a_key_of_the_whole_window_belongs_to_one_command_only(qapp):
    commands = all_commands()
    assert {"file.close", "trend.close", "traffic.pause", "alarms.copy"} <= set(commands)
    everywhere: dict[str, str] = {}
    for command in commands.values():
        for key in keys_of(command) if command.window_wide else []:
            assert key not in everywhere, (key, command.id, everywhere[key])
            everywhere[key] = command.id
    for command in commands.values():
        for key in [] if command.window_wide else keys_of(command):
            assert key not in everywhere, (key, command.id, everywhere[key])


def test_a_key_of_a_panel_belongs_to_one_of_its_commands(qapp):
    taken: dict[tuple[str, str], str] = {}
    for command in all_commands().values():
        panel = command.id.partition(".")[0]
        for key in keys_of(command):
            assert (panel, key) not in taken, (key, command.id, taken[panel, key])
            taken[panel, key] = command.id


def test_keys_are_named_in_the_users_language(qapp):
    native = QKeySequence.SequenceFormat.NativeText
    set_language("de")
    try:
        assert QKeySequence("Ctrl+Shift+S").toString(native) == "Strg+Umschalt+S"
    finally:
        set_language("en")
    assert QKeySequence("Ctrl+Shift+S").toString(native) == "Ctrl+Shift+S"
