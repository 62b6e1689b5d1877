"""Programs of others that benchmarks run beside ours, each kind in an environment of its own.

They are never a dependency: nothing of theirs is imported or shipped, they run as programs of
their own and answer with a line of JSON. Some are under the GPL (docs/dependencies.md). What an
environment holds is in ``peers/KIND.in``, pinned with hashes in ``peers/KIND.lock``.

Benchmarks use `python` and `available`; `run.py` makes what a benchmark's ``PEERS`` names.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / ".peers"
KINDS = ("unified", "opcua", "epics", "pyqtgraph")
INSTALL_LIMIT_S = 420
MARKER = "ready.txt"
_VERSIONS = (
    "import importlib.metadata as m, json, sys; "
    "print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
)


class PeerMissing(Exception):
    """An environment that is not there; the text names the cure."""


def available(kind: str) -> bool:
    """Whether the environment of a kind is there as its lock wants it."""
    try:
        found = (FOLDER / kind / MARKER).read_text(encoding="utf-8")
    except OSError:
        return False
    return found == _wanted(kind) and _interpreter(kind).exists()


def python(kind: str) -> Path:
    """The interpreter of an environment.

    Raises:
        PeerMissing: it is not there; ``python3 dev.py bench --peers`` makes it.
    """
    if not available(kind):
        raise PeerMissing(
            f"the programs of “{kind}” are not installed: python3 dev.py bench --peers"
        )
    return _interpreter(kind)


def named_by(benchmark: str) -> tuple[str, ...]:
    """The kinds in a benchmark's ``PEERS``; none when it has no such constant."""
    tree = ast.parse((HERE / f"{benchmark}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PEERS":
            return tuple(ast.literal_eval(node.value))
    return ()


def make(kind: str) -> str:
    """Make an environment, or renew it when its lock has changed; why it is not there, or ""."""
    if available(kind):
        return ""
    folder = FOLDER / kind
    print(f"installing the programs of “{kind}” into {folder.name}", file=sys.stderr, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    # Our own pip does the work: Debian's python has none to put into a new environment.
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--quiet"]
    lock = str(HERE / "peers" / f"{kind}.lock")
    steps = (
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [*pip, "--python", str(_interpreter(kind)), "install", "--require-hashes",
         "--only-binary", ":all:", "-r", lock],
    )  # fmt: skip
    for step in steps:
        try:
            done = subprocess.run(
                step, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S
            )
        except subprocess.TimeoutExpired:
            return f"installing “{kind}” took longer than {INSTALL_LIMIT_S} s"
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            return f"“{kind}” could not be installed: {said[-1]}"
    (folder / MARKER).write_text(_wanted(kind), encoding="utf-8")
    return ""


def versions(kind: str) -> dict[str, str]:
    """What an environment holds of the programs named in its ``.in``; {} when it is not there."""
    if not available(kind):
        return {}
    text = (HERE / "peers" / f"{kind}.in").read_text(encoding="utf-8")
    asked = re.findall(r"^([A-Za-z0-9][\w.-]*)", text, re.MULTILINE)
    done = subprocess.run(
        [str(_interpreter(kind)), "-c", _VERSIONS, *asked],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def _interpreter(kind: str) -> Path:
    return FOLDER / kind / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _wanted(kind: str) -> str:
    """The state that an environment should be in: its lock, this Python and this place."""
    digest = hashlib.sha256(sys.version.encode() + str(FOLDER).encode())
    digest.update((HERE / "peers" / f"{kind}.lock").read_bytes())
    return digest.hexdigest()
