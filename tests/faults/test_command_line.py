"""The command line against a liar: an exit code, a sentence, and an end; never a traceback."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from faults.liar import LIES

A = "HMI_RT_1::A"


async def run_command(server, ca_file, folder, *words):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tagwerk", words[0], server.url, *words[1:],
        "--user", "operator", "--ca", ca_file, "--settings", str(folder), "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "TAGWERK_PASSWORD": "right"},
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("503 with a page", 3),
        ("nested 10,000 deep", 1),
        ("gzip bomb", 1),
    ],
)
async def test_a_lie_ends_a_command_with_a_sentence(name, code, liar, ca_file, tmp_path):
    liar.lie(LIES[name], "tagValues", "loggedTagValues", "browse", "activeAlarms")
    found, out, err = await run_command(liar, ca_file, tmp_path, "read", A)
    assert "Traceback" not in out + err
    assert found == code, (found, out, err)
    assert err.strip()


async def test_odd_texts_are_printed(liar, ca_file, tmp_path):
    """Control characters, halves of surrogates and 400 digits reach the terminal as text."""
    liar.tags[A] = {"value": "a\x1b[31mb\u202e\x00", "timestamp": "2026-06-18T12:00:00.000Z"}
    code, out, err = await run_command(liar, ca_file, tmp_path, "read", A)
    assert (code, err) == (0, "")
    assert "\x1b" not in out
    liar.tags[A] = {"value": 10**400, "timestamp": "2026-06-18T12:00:00.000Z"}
    code, out, err = await run_command(liar, ca_file, tmp_path, "read", A)
    assert (code, err) == (0, "")
    assert "Traceback" not in out
