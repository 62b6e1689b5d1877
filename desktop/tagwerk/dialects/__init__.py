"""How a server speaks: bytes and JSON on one side, the domain's words on the other.

Pure: no socket, no clock, no file. `DIALECTS` is the registry; a new dialect is a module here
and a line there.
"""

from tagwerk.dialects.base import DialectInfo
from tagwerk.dialects.classic import INFO as CLASSIC
from tagwerk.dialects.unified import INFO as UNIFIED

DIALECTS: dict[str, DialectInfo] = {UNIFIED.key: UNIFIED, CLASSIC.key: CLASSIC}
"""Dialects by the word of ``--dialect``."""

__all__ = ["DIALECTS", "DialectInfo"]
