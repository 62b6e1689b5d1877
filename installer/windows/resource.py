"""The version stamp in both executables: what Explorer's "Details" and inventory tools show.

Used by tagwerk.spec when it runs under a Windows Python.
"""

from __future__ import annotations

import re

COMPANY = "Tagwerk"
_LANGUAGE, _UNICODE = 0x0409, 1200


def four_numbers(version: str) -> tuple[int, int, int, int]:
    """``0.1.0`` as Windows counts, ``(0, 1, 0, 0)``; what is no number (``rc1``) is left away."""
    numbers = [int(found) for found in re.findall(r"(?:^|\.)(\d+)", version)][:4]
    first, second, third, fourth = (*numbers, 0, 0, 0, 0)[:4]
    return first, second, third, fourth


def stamp(version: str, name: str, description: str) -> object:
    """The resource of one executable, as PyInstaller's `EXE(version=…)` takes it.

    Args:
        name: of the file, without ``.exe``.
        description: what the task manager calls it.
    """
    from PyInstaller.utils.win32 import versioninfo as info

    numbers = four_numbers(version)
    texts = {
        "CompanyName": COMPANY,
        "FileDescription": description,
        "FileVersion": version,
        "InternalName": name,
        "LegalCopyright": "MIT licence; see the folder licences",
        "OriginalFilename": f"{name}.exe",
        "ProductName": "Tagwerk",
        "ProductVersion": version,
    }
    table = info.StringTable(
        f"{_LANGUAGE:04x}{_UNICODE:04x}",
        [info.StringStruct(key, text) for key, text in texts.items()],
    )
    languages = info.VarFileInfo([info.VarStruct("Translation", [_LANGUAGE, _UNICODE])])
    return info.VSVersionInfo(
        ffi=info.FixedFileInfo(filevers=numbers, prodvers=numbers, mask=0x3F, flags=0x0, OS=0x40004,
                               fileType=0x1, subtype=0x0, date=(0, 0)),
        kids=[info.StringFileInfo([table]), languages],
    )  # fmt: skip
