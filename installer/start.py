"""Entry point of the packaged program.

On Linux the loader finds the folder's libraries through LD_LIBRARY_PATH, which it has read by now.
Programs that are started from here (a browser, a file manager) must not: they would load ours in
place of their own.

And what Qt's Python modules would read at each start, though only few runs ever need it, comes when
it is asked for (`LateFinder`).
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any

LATE = frozenset(
    (
        *(
            "shibokensupport.signature." + name
            for name in ("errorhandler", "layout", "lib.enum_sig", "lib.pyi_generator", "lib.tool",
                         "parser")
        ),
        "inspect", "ipaddress", "tempfile", "traceback", "zipfile",
    )
)  # fmt: skip
"""Modules in which Shiboken works out what a method of Qt takes: for the text of a TypeError, for
``help`` and for type files; it imports them twice before the first class of Qt is there. And those
of Python that it, ``dataclasses`` and ``urllib.parse`` import for what seldom happens.

``mapping`` is not among them: Shiboken's library reads its names without asking the module, and ends
the program where there are none. Nothing may be added whose own imports use a late module while they
are imported: two threads could wait for each other.
"""


def give_back_library_path() -> None:
    """Set LD_LIBRARY_PATH to what it was before the program's own start changed it."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)


class LateModule(ModuleType):
    """A module whose code runs when the first of its names is asked for; then it is one like any
    other. Another thread that asks meanwhile waits for the whole of it."""

    def __getattribute__(self, name: str) -> Any:
        if name[:2] != "__" or name == "__all__":
            with _one_at_a_time:
                names = ModuleType.__getattribute__(self, "__dict__")
                loader = names.pop(_LOADER, None)
                if loader is not None:
                    try:
                        loader.exec_module(self)
                    except BaseException:
                        # As an import that failed: the next one who asks tries again.
                        names[_LOADER] = loader
                        raise
                    self.__class__ = ModuleType  # type: ignore[assignment]
        return ModuleType.__getattribute__(self, name)


class LateLoader:
    """Makes a `LateModule`, which is loaded by the real loader."""

    def __init__(self, loader: Any) -> None:
        self._real = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return LateModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[_LOADER] = self._real


class LateFinder:
    """Finds the modules named in `LATE` as others would, and makes them late.

    Only where they lie as files (``shiboken6/files.dir``, made by linux/signatures.py): what is read
    out of Shiboken's library is found by a finder that Shiboken puts in front of this one.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name not in LATE:
            return None
        found = PathFinder.find_spec(name, path, target)
        if found is not None and found.loader is not None:
            found.loader = LateLoader(found.loader)  # type: ignore[assignment]
        return found


_LOADER = "_real_loader"
_one_at_a_time = RLock()


if __name__ == "__main__":
    if sys.platform.startswith("linux"):
        give_back_library_path()
    sys.meta_path.insert(0, LateFinder)

    from tagwerk.__main__ import main

    sys.exit(main())
