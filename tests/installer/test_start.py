"""How the packaged program starts: modules that come when they are asked for."""

import importlib
import sys
import threading
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from installer import start  # noqa: E402

SLOW = """
import builtins
builtins.times_run += 1
import time
time.sleep(0.05)
answer = 42
"""


@pytest.fixture
def late(tmp_path, monkeypatch):
    """Import a module with this text late; returns it and how often its text has run."""
    monkeypatch.setattr("builtins.times_run", 0, raising=False)
    monkeypatch.setattr(start, "LATE", frozenset({"tagwerk_try_late"}))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [start.LateFinder, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "tagwerk_try_late", raising=False)

    def make(text=SLOW):
        (tmp_path / "tagwerk_try_late.py").write_text(text, encoding="utf-8")
        importlib.invalidate_caches()
        return importlib.import_module("tagwerk_try_late")

    yield make
    sys.modules.pop("tagwerk_try_late", None)


def times_run():
    return importlib.import_module("builtins").times_run


def test_a_late_module_runs_when_a_name_of_it_is_asked_for(late):
    module = late()
    assert times_run() == 0
    assert module.__file__.endswith("tagwerk_try_late.py"), "what it is, is known before"
    assert module.answer == 42
    assert module.answer == 42
    assert times_run() == 1


def test_a_late_module_gives_its_names_to_from_imports(late):
    late()
    from tagwerk_try_late import answer

    assert answer == 42


def test_a_name_that_is_not_there_is_told_as_usual(late):
    module = late()
    with pytest.raises(AttributeError, match="'tagwerk_try_late' has no attribute 'nothing'"):
        _ = module.nothing
    assert times_run() == 1


def test_two_threads_wait_for_one_that_runs_it(late):
    module = late()
    found = []
    threads = [threading.Thread(target=lambda: found.append(module.answer)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [42] * 4
    assert times_run() == 1


def test_other_modules_are_left_to_other_finders():
    assert start.LateFinder.find_spec("json") is None


def test_python_has_the_modules_that_come_late():
    """A name that is gone would be no fault, but nothing would be late any more."""
    of_python = {name for name in start.LATE if "." not in name}
    assert of_python
    for name in of_python:
        assert find_spec(name) is not None, name
        assert PathFinder.find_spec(name) is not None, f"{name} is part of Python itself"


def test_what_shiboken_reads_past_the_module_is_there_at_once():
    """Its library looks into the module's names without asking it, and ends the program without them."""
    assert "shibokensupport.signature.mapping" not in start.LATE
    assert "shibokensupport.signature.parser" in start.LATE


HALF = """
def first():
    return second()
import time
time.sleep(0.2)
def second():
    return 42
"""


def test_another_thread_never_sees_half_of_it(late):
    module = late(HALF)
    found, begun = [], threading.Event()

    def use():
        begun.wait()
        found.append(module.first())

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.set()
    for thread in threads:
        thread.join()
    assert found == [42] * 4


def test_one_that_failed_is_tried_again(late):
    sys.modules["builtins"].times_run = 0
    module = late(
        "import builtins\nbuiltins.times_run += 1\nif builtins.times_run == 1:\n    raise MemoryError\nanswer = 42\n"
    )
    with pytest.raises(MemoryError):
        _ = module.answer
    assert module.answer == 42
