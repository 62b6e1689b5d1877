"""Every sentence that a user can see has a German one, with the same places; none is left over."""

from __future__ import annotations

import ast
import string
import tomllib
from pathlib import Path

import pytest

import tagwerk
from tagwerk.resources import resource

PACKAGE = Path(tagwerk.__file__).parent
SENTENCE_CALLS = {"tr": 1, "tr_n": 2, "message": 1}
COMMAND_FIELDS = ("text", "menu", "tip")
# What the command line and the simulator say is English, like all of their output.
HEADLESS = ("cli/", "simulator/", "export/")


def error_names() -> set[str]:
    """The TagwerkError family, by name: their first argument and `cure` are templates."""
    classes: dict[str, list[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                classes[node.name] = [ast.unparse(base).split(".")[-1] for base in node.bases]
    names = {"TagwerkError"}
    while True:
        more = {name for name, bases in classes.items() if names & set(bases)} - names
        if not more:
            return names
        names |= more


def literals(node: ast.AST | None) -> list[str]:
    """The literal sentences of an argument; both branches of an `if` expression count."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if node.value else []
    if isinstance(node, ast.IfExp):
        return literals(node.body) + literals(node.orelse)
    return []


def sentences_of(tree: ast.Module, errors: set[str]) -> list[tuple[str, int]]:
    """All sentences of a module with their lines."""
    found: list[tuple[str, int]] = []

    def add(node: ast.AST | None, line: int) -> None:
        found.extend((text, line) for text in literals(node))

    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, (ast.Assign, ast.AnnAssign)):
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    if any(isinstance(t, ast.Name) and t.id == "title" for t in targets):
                        add(part.value, part.lineno)
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in SENTENCE_CALLS:
            for argument in node.args[: SENTENCE_CALLS[name]]:
                add(argument, node.lineno)
        elif name == "Command":
            for argument in node.args[1:3]:
                add(argument, node.lineno)
            for field in COMMAND_FIELDS:
                add(keywords.get(field), node.lineno)
        elif name in errors:
            add(node.args[0] if node.args else None, node.lineno)
            add(keywords.get("cure"), node.lineno)
        elif (
            name == "__init__"
            and isinstance(function, ast.Attribute)
            and isinstance(function.value, ast.Call)
            and ast.unparse(function.value.func) == "super"
            and "cure" in keywords
        ):
            add(node.args[0] if node.args else None, node.lineno)
            add(keywords["cure"], node.lineno)
    return found


def used_sentences() -> dict[str, list[str]]:
    """Sentence → where it stands."""
    errors = error_names()
    result: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith(HEADLESS):
            continue
        for text, line in sentences_of(ast.parse(path.read_text(encoding="utf-8")), errors):
            result.setdefault(text, []).append(f"{name}:{line}")
    return result


def german() -> dict[str, dict[str, str]]:
    """File name → sentences."""
    folder = resource("i18n", "de")
    return {
        path.name: tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.toml"))
    }


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_every_sentence_has_a_german_one():
    table = {key for sentences in german().values() for key in sentences}
    missing = {text: where for text, where in used_sentences().items() if text not in table}
    assert not missing, "\n".join(f"{text!r}  {where[0]}" for text, where in missing.items())


def written_strings() -> set[str]:
    """Every string in the code: sentences that reach `tr` through a table count as used."""
    return {
        node.value
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_no_german_sentence_is_left_over():
    used = written_strings()
    left = [
        f"{name}: {key!r}" for name, rows in german().items() for key in rows if key not in used
    ]
    assert not left, "\n".join(left)


def test_places_are_the_same():
    wrong = [
        f"{name}: {key!r} → {value!r}"
        for name, rows in german().items()
        for key, value in rows.items()
        if places(key) != places(value)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_same_sentence_is_the_same_in_all_files():
    seen: dict[str, tuple[str, str]] = {}
    wrong = []
    for name, rows in german().items():
        for key, value in rows.items():
            other = seen.setdefault(key, (name, value))
            if other[1] != value:
                wrong.append(f"{key!r}: {other[0]} {other[1]!r}, {name} {value!r}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("call", ["tr", "tr_n", "message"])
def test_no_sentence_is_an_f_string(call):
    wrong = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == call
        and any(isinstance(argument, ast.JoinedStr) for argument in node.args)
    ]
    assert not wrong
