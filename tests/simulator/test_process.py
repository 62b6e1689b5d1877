"""The demo plant as a process: ready line, end in good order, end with its parent."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys

import aiohttp
import pytest

from tagwerk.domain.errors import NotReachable, UsageError
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.process import command, start_simulator
from tagwerk.simulator.server import SimulatorServer


def options(folder, **more):
    return SimulatorOptions(data_dir=str(folder), **more)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def until_gone(pid):
    async with asyncio.timeout(10):
        while is_alive(pid):
            await asyncio.sleep(0.02)


async def test_a_folder_that_cannot_hold_the_certificate_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    server = SimulatorServer(options(tmp_path / "file"))
    with pytest.raises(UsageError, match=r"kept in .*file: .+--data-dir"):
        await server.start()
    await server.stop()


async def test_ready_serving_and_stopped(certificate_folder):
    demo = await start_simulator(options(certificate_folder))
    try:
        assert set(demo.ready) == {"unified", "ca", "users"}
        assert demo.url.startswith("https://127.0.0.1:")
        assert demo.password("viewer")
        assert {one["name"]: one["rights"] for one in demo.users}["viewer"] == ["read"]
        context = ssl.create_default_context(cafile=demo.ca_file)
        async with aiohttp.ClientSession() as http:
            query = {"query": "{ nonce { validFor } }"}
            async with http.post(demo.url, json=query, ssl=context) as response:
                assert (await response.json())["data"]["nonce"]["validFor"] == 60
    finally:
        await demo.stop()
    assert not demo.is_running
    assert await demo.wait_ended() == 0
    assert demo.log == []
    await demo.stop()


async def test_both_faces_in_one_process(certificate_folder):
    demo = await start_simulator(options(certificate_folder, dialect="both"))
    try:
        assert set(demo.ready) == {"unified", "classic", "ca", "users"}
        assert demo.url == demo.ready["unified"]
        assert demo.classic_url.endswith("/WinCCRestService")
        context = ssl.create_default_context(cafile=demo.ca_file)
        token = {"Authorization": f"Bearer {demo.users[0]['token']}"}
        async with aiohttp.ClientSession() as http:
            path = f"{demo.classic_url}/tagManagement/Value/TIC2120.PV"
            async with http.get(path, ssl=context, headers=token) as response:
                assert (await response.json())["errorcode"] == 0
    finally:
        await demo.stop()
    assert demo.log == []


async def test_the_classic_face_alone_takes_the_port(certificate_folder):
    server = SimulatorServer(options(certificate_folder, dialect="classic", plain_http=True))
    assert server.unified is None
    await server.start()
    try:
        assert set(server.ready) == {"classic", "users"}
        port = int(server.url.removesuffix("/WinCCRestService").rpartition(":")[2])
        for more in (
            {"dialect": "classic", "port": port},
            {"dialect": "both", "classic_port": port},
        ):
            other = SimulatorServer(options(certificate_folder, plain_http=True, **more))
            with pytest.raises(OSError, match=str(port)):
                await other.start()
            await other.stop()
    finally:
        await server.stop()


async def test_a_kill_is_a_crash(certificate_folder):
    demo = await start_simulator(options(certificate_folder, plain_http=True))
    assert demo.ca_file == ""
    await demo.kill()
    assert not demo.is_running
    assert await demo.wait_ended() != 0


async def test_what_cannot_start_says_why(certificate_folder):
    with pytest.raises(NotReachable, match="no-such-switch"):
        await start_simulator(options(certificate_folder, switches=("no-such-switch",)))


async def test_a_taken_port_is_named(certificate_folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(NotReachable, match=str(port)):
            await start_simulator(options(certificate_folder, plain_http=True, port=port))


PARENT = """
import asyncio, sys
from tagwerk.simulator.options import SimulatorOptions
from tagwerk.simulator.process import start_simulator

async def main():
    demo = await start_simulator(SimulatorOptions(data_dir=sys.argv[1], plain_http=True))
    print(demo.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_it_dies_with_its_parent(certificate_folder):
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(certificate_folder), stdout=subprocess.PIPE
    )
    pid = int(await parent.stdout.readline())
    assert is_alive(pid)
    parent.kill()
    await parent.wait()
    parent._transport.close()
    await until_gone(pid)


@pytest.mark.parametrize("how", ["pipe", ""])
async def test_standard_input_counts_only_when_asked_for(certificate_folder, how):
    environment = {**os.environ, "TAGWERK_SIMULATOR_PARENT": how}
    words = options(certificate_folder, plain_http=True).arguments()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tagwerk.simulator", *words,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment,
    )  # fmt: skip
    try:
        assert "unified" in json.loads(await process.stdout.readline())
        process.stdin.close()
        if how:
            async with asyncio.timeout(5):
                assert await process.wait() == 0
        else:
            process.terminate()
            async with asyncio.timeout(5):
                assert await process.wait() == 0
    finally:
        process._transport.close()


@pytest.mark.parametrize(
    ("started", "expected"),
    [("tagwerkw.exe", "tagwerk.exe"), ("tagwerk.exe", "tagwerk.exe"), ("tagwerk", "tagwerk")],
)
def test_the_windowed_program_starts_it_through_the_one_that_has_an_output(
    monkeypatch, tmp_path, started, expected
):
    for name in ("tagwerk.exe", "tagwerkw.exe", "tagwerk"):
        (tmp_path / name).write_text("")
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", str(tmp_path / started))
    assert command(SimulatorOptions())[:2] == [str(tmp_path / expected), "simulate"]
    (tmp_path / "tagwerk.exe").unlink()
    monkeypatch.setattr("sys.executable", str(tmp_path / "tagwerkw.exe"))
    assert command(SimulatorOptions())[0] == str(tmp_path / "tagwerkw.exe"), "it lies there alone"
