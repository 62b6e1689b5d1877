"""Licences: which may be inside, what a package's metadata means, what a text is.

Not legal advice and no general tool: it knows the licences that are in use here, by their SPDX
identifiers, and calls everything else unknown, so that somebody has to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageMetadata

ALLOWED = frozenset(
    {
        "0BSD", "AFL-2.1", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Open-MPI", "BSL-1.0", "CC0-1.0",
        "FTL", "HPND", "HPND-sell-variant", "IJG", "ISC", "LGPL-2.0-or-later", "LGPL-2.1-only",
        "LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-open-group",
        "MPL-2.0", "OFL-1.1", "PSF-2.0", "TCL", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense",
        "X11", "Zlib", "blessing", "bzip2-1.0.6", "libpng-2.0", "libtiff", "Libpng", "Intel",
        "GPL-2.0-or-later WITH Bootloader-exception",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "Apache-2.0 WITH LLVM-exception",
        "LicenseRef-Microsoft-Runtime", "LicenseRef-public-domain", "LicenseRef-krb5",
        "LicenseRef-HarfBuzz", "LicenseRef-Dzip",
    }
)  # fmt: skip
"""What may lie beside an MIT program. The GPL is in it only with the exceptions that let it: of
GCC's runtime and of PyInstaller's bootloader."""

# As packages write it in "License", where that is not an SPDX identifier already.
_SPOKEN = {
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache-2.0 license": "Apache-2.0",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "gplv2-or-later with a special exception which allows to use pyinstaller to build and "
    "distribute non-free programs (including commercial ones)": "GPL-2.0-or-later WITH Bootloader-exception",
    "mit license": "MIT",
    "mozilla public license 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}  # fmt: skip
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: Python Software Foundation License": "PSF-2.0",
    "License :: OSI Approved :: The Unlicense (Unlicense)": "Unlicense",
}
# Sentences that only one licence has, in the order in which they must be looked for.
_SENTENCES = (
    ("apache license version 2.0", "Apache-2.0"),
    ("mozilla public license version 2.0", "MPL-2.0"),
    ("gnu lesser general public license version 3", "LGPL-3.0-only"),
    ("gnu general public license", "GPL-3.0-only"),
    ("permission is hereby granted, free of charge, to any person obtaining a copy", "MIT"),
    ("permission to use, copy, modify, and/or distribute this software for any purpose", "ISC"),
    ("neither the name of", "BSD-3-Clause"),
    ("redistributions of source code must retain the above copyright", "BSD-2-Clause"),
)


def allowed(expression: str) -> bool:
    """Whether a licence expression lets the package be inside.

    ``A OR B`` is allowed when one of them is, ``A AND B`` when both are.

    Raises:
        ValueError: it is no licence expression.
    """
    tokens = re.findall(r"\(|\)|[^\s()]+", expression)
    position = 0

    def peek() -> str:
        return tokens[position] if position < len(tokens) else ""

    def take() -> str:
        nonlocal position
        token = peek()
        if not token:
            raise ValueError(f"{expression!r} is no licence expression")
        position += 1
        return token

    def one() -> bool:
        token = take()
        if token == "(":
            found = either()
            if take() != ")":
                raise ValueError(f"{expression!r} is no licence expression")
            return found
        if token in ("AND", "OR", "WITH", ")"):
            raise ValueError(f"{expression!r} is no licence expression")
        if peek() == "WITH":
            take()
            token = f"{token} WITH {take()}"
        return token in ALLOWED

    def both() -> bool:
        found = one()
        while peek() == "AND":
            take()
            found = one() and found
        return found

    def either() -> bool:
        found = both()
        while peek() == "OR":
            take()
            found = both() or found
        return found

    result = either()
    if peek():
        raise ValueError(f"{expression!r} is no licence expression")
    return result


def of_metadata(metadata: PackageMetadata) -> str:
    """The licence of a Python package by what its metadata says; "" when it says nothing clear."""
    expression = str(metadata.json.get("license_expression") or "").strip()
    if expression:
        return expression
    spoken = " ".join(str(metadata.json.get("license") or "").split())
    if spoken:
        known = _SPOKEN.get(spoken.lower())
        if known:
            return known
        if is_expression(spoken):
            return spoken
    found = {
        _CLASSIFIERS[line]
        for line in map(str, metadata.get_all("Classifier") or [])
        if line in _CLASSIFIERS
    }
    # Two classifiers may mean either or both: somebody has to look.
    return found.pop() if len(found) == 1 else ""


def is_expression(text: str) -> bool:
    """Whether a text is made of SPDX identifiers, allowed or not."""
    word = r"(?:[A-Za-z0-9.+-]*\d[A-Za-z0-9.+-]*|MIT|ISC|Zlib|Unlicense)"
    return (
        re.fullmatch(rf"\(?{word}\)?(?: (?:AND|OR|WITH) \(?[A-Za-z0-9.+-]+\)?)*", text) is not None
    )


def of_texts(texts: Iterable[str]) -> str:
    """The licence by its text; "" when none is known or two contradict each other."""
    found = set()
    for text in texts:
        plain = re.sub(r"[\s,]+", " ", text).lower()
        for sentence, identifier in _SENTENCES:
            if re.sub(r"[\s,]+", " ", sentence) in plain:
                found.add(identifier)
                break
    return found.pop() if len(found) == 1 else ""
