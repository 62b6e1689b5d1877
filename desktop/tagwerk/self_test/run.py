"""The way of a self test: the computer, the screen, the program with a plant, the picture.

Everything is written into a temporary folder that is gone at the end; settings, saved connections
and logs of the user are never opened. Wires like `tagwerk.app`, whose parts it uses.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from tagwerk.domain.errors import UsageError
from tagwerk.domain.message import Message, message
from tagwerk.domain.text import format_time
from tagwerk.self_test import computer
from tagwerk.self_test.rows import Outcome, Row, Table
from tagwerk.self_test.runner import STEP_S, Faulty, Finding, Runner, until

if TYPE_CHECKING:
    from tagwerk.app import WindowOptions
    from tagwerk.ui.loop import Program
    from tagwerk.ui.settings import Settings

WITHIN_S = 60.0
SIZE = (1280, 800)
_PICTURE_FRAMES = 5
_PICTURE_S = 10.0

WINDOW = message("Window")
PICTURE = message("Picture")
REPORTED = message("Errors")
SECOND = message("Second start")
END = message("End")


@dataclass(frozen=True, slots=True)
class SelfTestOptions:
    """What the command line said.

    Args:
        out: a file that gets the table as well; None for none.
        screenshot: where the picture of the window is kept; None keeps none.
        language: ``en``, ``de``, or None for the computer's.
        within_s: the whole test ends after so many seconds, finished or not.
    """

    out: Path | None = None
    screenshot: Path | None = None
    language: str | None = None
    within_s: float = WITHIN_S


def run_self_test(options: SelfTestOptions) -> int:
    """Run all steps; 0 when none failed, else 1.

    Raises:
        UsageError: the file for the table cannot be written.
        KeyboardInterrupt: with Ctrl+C; the table then has no verdict.
    """
    with contextlib.ExitStack() as stack:
        streams = [sys.stdout] if sys.stdout is not None else []
        if options.out is not None:
            streams.append(stack.enter_context(_opened(options.out)))
        table = Table(streams, _translation(options.language))
        table.begin([*computer.head_lines(), format_time(time.time_ns())])
        # Who gives more time has a slow computer: each step gets its share.
        runner = Runner(table, max(STEP_S, options.within_s / 3))
        folder = Path(tempfile.mkdtemp(prefix="tagwerk-self-test-"))
        try:
            with _bounded(runner, folder, options.within_s):
                _run_steps(runner, options, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        table.end()
        return int(table.has_failed)


def _opened(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as problem:
        raise UsageError(
            "{path} cannot be written: {reason}.",
            cure="Choose another folder, or close the program that holds the file.",
            path=str(path),
            reason=problem.strerror or str(problem),
        ) from problem


def _translation(language: str | None) -> Callable[[Message], str]:
    """The user's language; English where even the tables of sentences cannot be had."""
    try:
        from tagwerk.ui.i18n import set_language, tr_message

        set_language(language or "system")
    except (ImportError, OSError):
        return str
    return tr_message


@contextlib.contextmanager
def _bounded(runner: Runner, folder: Path, within_s: float) -> Iterator[None]:
    """Whatever hangs, and be it in a library: the test ends in time, and says where it was."""

    def end() -> None:
        late = message("the whole test was not done within {seconds} s", seconds=f"{within_s:g}")
        cure = message(
            "Try again when the computer has less to do. If it stays, pass this table on."
        )
        runner.table.add(Row(runner.running or END, Outcome.FAILED, late, cure))
        runner.table.end()
        if sys.stderr is not None:
            with contextlib.suppress(OSError, ValueError):
                faulthandler.dump_traceback(sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        # Nothing else ends a process whose main thread hangs; the demo plant ends with it.
        os._exit(1)

    timer = threading.Timer(within_s, end)
    timer.daemon = True
    timer.name = "self test bound"
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _run_steps(runner: Runner, options: SelfTestOptions, folder: Path) -> None:
    runner.run(message("Modules"), computer.imports)
    runner.run(message("Versions"), computer.versions)
    runner.run(message("Keyring"), computer.keyring_keeps)
    runner.run(message("Certificate store"), computer.certificate_store)
    runner.run(message("Crash report"), partial(computer.crash_report, folder / "log"))
    programs: list[Program] = []
    window_options = _window_options(options, folder)

    def bring_up() -> Finding:
        program, found = _bring_up(window_options)
        programs.append(program)
        return found

    runner.run(message("Screen"), _find_screen)
    if not runner.run(WINDOW, bring_up):
        runner.skip(PICTURE, WINDOW)
        return
    from tagwerk.ui import self_test as of_qt

    for step, work in (
        (message("Fonts"), of_qt.fonts),
        (message("Icons"), of_qt.icons),
        (message("Translations"), of_qt.translations),
    ):
        runner.run(step, work)
    if programs[0].run(partial(_drive, runner, programs[0], window_options, folder)):
        # The loop makes an exit code of Ctrl+C: what was not tested must not count as passed.
        raise KeyboardInterrupt


def _find_screen() -> Finding:
    from tagwerk.ui.self_test import find_screen

    named = find_screen()
    if named == "offscreen":
        return message("there is none; the window is drawn into memory")
    return message("Qt can use it")


def _window_options(options: SelfTestOptions, folder: Path) -> WindowOptions:
    from tagwerk.app import WindowOptions

    return WindowOptions(
        language=options.language,
        theme="light",
        size=SIZE,
        settings=folder / "settings",
        screenshot=options.screenshot,
    )


def _bring_up(options: WindowOptions) -> tuple[Program, Finding]:
    """The program as `app.run_window` makes it, up to its first picture."""
    from tagwerk.app import import_heavy, settings_folder
    from tagwerk.ui.loop import Program
    from tagwerk.ui.report import Stopwatch
    from tagwerk.ui.self_test import screen_in_use
    from tagwerk.ui.settings import Settings

    settings: Settings = Settings(settings_folder(options))
    program = Program(
        settings, Stopwatch(), mode="light", lang=options.language or "", size=options.size
    )
    program.paint_first(import_heavy)
    return program, screen_in_use()


async def _drive(runner: Runner, program: Program, options: WindowOptions, folder: Path) -> int:
    """The main coroutine: a plant in the window, its picture, and an orderly end."""
    from tagwerk.app import make_services
    from tagwerk.self_test.plant import PlantSteps
    from tagwerk.ui.desk import Desk

    window = program.window
    services = make_services(options)
    flow = window.serve(Desk(services.connector, window.settings, program.report), services)
    await window.panels_built()
    steps = PlantSteps(runner, window, flow, folder / "plant")
    try:
        await steps.run()
        await runner.wait(SECOND, lambda: _second_start(folder / "settings", runner.step_s))
        await runner.wait(PICTURE, lambda: _picture(program, options.screenshot))
    finally:
        await runner.wait(END, lambda: _close(program, steps))
    runner.run(REPORTED, lambda: _reported(program))
    return 0


async def _second_start(folder: Path, within_s: float) -> Finding:
    """A later start finds this one and hands it a file, by socket or pipe."""
    import asyncio

    from tagwerk.ui.instance import InstanceServer
    from tagwerk.ui.instance_call import hand_over

    wanted = folder / "Prüfung.tagwerk"
    called: list[Path | None] = []
    server = InstanceServer(folder)
    server.called.connect(called.append)
    try:
        is_taken = server.start() and await asyncio.to_thread(hand_over, folder, wanted, within_s)
        if not is_taken:
            raise Faulty("a second start does not find the window, and opens one of its own")
        await until(lambda: bool(called))
    finally:
        server.stop()
    if called != [wanted]:
        raise Faulty("a second start asked for {path}", path=str(called[0]))
    return message("hands its file over")


async def _picture(program: Program, path: Path | None) -> Finding:
    """Wait until the panels have drawn what came in, then look at the picture and keep it."""
    import asyncio

    from tagwerk.ui.self_test import look_at_picture

    window = program.window
    frames = window.clock.frames + _PICTURE_FRAMES
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PICTURE_S):
            await until(lambda: window.clock.frames >= frames)
    found = look_at_picture(window.grab().toImage())
    if path is None:
        return found
    program.picture(path)
    return message("{picture}: {path}", picture=found, path=str(path))


async def _close(program: Program, steps: object) -> Finding:
    from tagwerk.self_test.plant import PlantSteps

    window = program.window
    window.clock.stop()
    await window.close_panels()
    if window.flow is not None:
        await window.flow.shut_down()
    await window.end()
    window.close_for_good()
    if isinstance(steps, PlantSteps):
        await steps.end()
    return message("window and demo plant ended in order")


def _reported(program: Program) -> Finding:
    """What the window would have shown as an error, in this run."""
    if program.report.messages:
        raise Faulty("{said}", said=" · ".join(program.report.messages[:3]))
    return message("the window had none to report")
