"""The composition root: the only module that may import every layer. Reads as a list.

`run_window` is called by the command line; nobody else wires.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tagwerk.ui.instance_call import hand_over, read_serving

if TYPE_CHECKING:
    from tagwerk.domain.connection import ConnectionProfile
    from tagwerk.domain.errors import TagwerkError
    from tagwerk.domain.ports import Connector
    from tagwerk.plant import Plant
    from tagwerk.ui.connect_flow import ConnectFlow
    from tagwerk.ui.instance import InstanceServer
    from tagwerk.ui.instance_call import Serving
    from tagwerk.ui.loop import Program
    from tagwerk.ui.services import DemoPlant, Services
    from tagwerk.ui.settings import Settings
    from tagwerk.ui.window import MainWindow

DEMO = "demo"
WORKSPACE_SUFFIX = ".tagwerk"
"""As `ui.workspace` writes it, which is not imported before the first picture."""
DEMO_NAME = "Skid 21"
DEMO_USER = "operator"
DEMO_NOTE = "Demo"
DEMO_TREND = (
    "Cooling.TIC2120.PV", "Cooling.TIC2120.SP", "Cooling.TIC2120.CV",
    "Dosing.FIC2111.PV", "Dosing.FIC2111.SP", "Dosing.P2111.Running",
)  # fmt: skip
DEMO_SETPOINTS = (
    "Cooling.TIC2120.SP", "Cooling.TIC2120.Kp", "Cooling.TIC2120.Ti", "Cooling.TIC2120.Mode",
    "Dosing.FIC2111.SP", "Dosing.FIC2111.Kp", "Dosing.FIC2111.Ti",
)  # fmt: skip


def names_workspace(text: str) -> bool:
    """Whether what the command line named is a workspace file; Windows may write it large."""
    return text.lower().endswith(WORKSPACE_SUFFIX)


@dataclass(frozen=True, slots=True)
class Opening:
    """A server to open at the start. `password` None is asked for; it is never printed."""

    profile: ConnectionProfile
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """The window's options of the command line.

    Args:
        target: ``demo``, an address, a saved connection's name or "".
        find: makes out who is meant by `target`, when that is a server; run after the first paint.
        theme: ``light``, ``dark``, ``system`` or None for what is remembered.
        language: ``en``, ``de`` or None.
        size: of the window's content in device-independent pixels.
        settings: folder of the settings; None is the user's.
        screenshot, report: files written at the end.
        quit_after_s: close by itself after so many seconds.
        log_level: from which level on the log file keeps records: ``debug``, ``info``, ``warning``.
        demo_dialect: which interface of the demo plant is opened; see `SimulatorOptions.dialect`.
        new_window: a window of its own, also where one is open.
    """

    target: str = ""
    find: Callable[[], Awaitable[Opening]] | None = None
    theme: str | None = None
    language: str | None = None
    size: tuple[int, int] | None = None
    settings: Path | None = None
    screenshot: Path | None = None
    report: Path | None = None
    quit_after_s: float | None = None
    log_level: str = "info"
    demo_dialect: str = "unified"
    new_window: bool = False

    @property
    def workspace(self) -> Path | None:
        """The workspace file that is named, None for anything else."""
        return Path(self.target) if names_workspace(self.target) else None

    @property
    def shares_window(self) -> bool:
        """Whether a window that is open already takes this start over, and this one later starts.

        Not for the demo, not for a server with what belongs to it, not for a scripted run.
        """
        is_plain = not self.target or self.workspace is not None
        return is_plain and not self.new_window and not self.is_scripted

    @property
    def is_scripted(self) -> bool:
        """Somebody wants a picture or figures of exactly this run."""
        return bool(self.screenshot or self.report or self.quit_after_s)


def run_window(options: WindowOptions) -> int:
    """Open the window; returns the exit code when it is closed, or when another one took over."""
    before = None
    if options.shares_window:
        before = read_serving(settings_folder(options))
        if before is not None and hand_over(settings_folder(options), options.workspace):
            return 0
    if not has_display(options):
        from tagwerk.domain.errors import UsageError

        print(  # noqa: T201 - there is no window to say it in
            "tagwerk: there is no display. Start it on a desktop, or give --screenshot or --report "
            "to let it draw into memory.",
            file=sys.stderr,
        )
        return UsageError.exit_code
    try:
        return _open_window(options, before)
    except Exception as error:  # a door: there is no window any more that could show it
        from tagwerk.export.crash_report import write_report

        write_report(log_folder(options), error, "program")
        raise


def _open_window(options: WindowOptions, before: Serving | None) -> int:
    """Paint, import, log, run; `before` is a window that was called and did not answer."""
    # Until the first picture is there and all is imported (`Program.paint_first`).
    gc.disable()
    from tagwerk.ui.qt_start import load_qt

    load_qt()
    from tagwerk.ui.loop import Program
    from tagwerk.ui.report import Stopwatch
    from tagwerk.ui.settings import Settings

    watch = Stopwatch()
    settings = Settings(settings_folder(options))
    program = Program(
        settings,
        watch,
        mode=options.theme or "",
        lang=options.language or "",
        size=options.size or default_size(),
    )
    program.paint_first(import_heavy)
    import logging

    from tagwerk.export.crash_report import start_crash_watch
    from tagwerk.export.log_file import start_log, stop_log

    handler = start_log(log_folder(options), logging.getLevelName(options.log_level.upper()))
    log = handler.path if handler is not None else None
    watcher = start_crash_watch(log_folder(options), log, program.versions)
    program.report.keep = watcher.keep if watcher is not None else None
    try:
        return program.run(partial(_main, options, program, settings, before))
    finally:
        if watcher is not None:
            watcher.stop()
        stop_log(handler)


def has_display(options: WindowOptions) -> bool:
    """Whether Qt will find a screen; for pictures and reports without one it draws into memory."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return True
    if options.screenshot is None and options.report is None:
        return False
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return True


def default_size() -> tuple[int, int] | None:
    """None: what is remembered. Drawing into memory knows no screen worth fitting (800 × 800)."""
    return (1920, 1080) if os.environ.get("QT_QPA_PLATFORM") == "offscreen" else None


def import_heavy() -> None:
    """What the first paint need not wait for."""
    from importlib import import_module

    from tagwerk.ui.loop import load_bridge
    from tagwerk.ui.panels import load_panels

    load_bridge()
    for name in (
        "tagwerk.ui.banner",
        "tagwerk.ui.clock",
        "tagwerk.ui.commands",
        "tagwerk.ui.docking",
        "tagwerk.ui.docks",
        "tagwerk.ui.exposure",
        "tagwerk.ui.link_banner",
        "tagwerk.ui.saved_connections",
        "tagwerk.ui.toolbar",
        "tagwerk.ui.widgets.focus",
        "tagwerk.ui.widgets.gutters",
        "tagwerk.ui.window_commands",
        "cryptography.x509",
        "keyring",
        "platformdirs",
        "tagwerk.export.log_file",
        "tagwerk.link.connector",
        "tagwerk.plant",
        "tagwerk.simulator.process",
        "tagwerk.ui.plant_on_show",
    ):
        import_module(name)
    load_panels()


async def _main(
    options: WindowOptions, program: Program, settings: Settings, before: Serving | None
) -> int:
    """The main coroutine: wire, open, wait for the end, close in order."""
    import asyncio

    from tagwerk.domain.errors import TagwerkError
    from tagwerk.ui.desk import Desk
    from tagwerk.ui.report import figures, write_json
    from tagwerk.ui.resource_log import ResourceLog
    from tagwerk.ui.settled import Settled

    window = program.window
    services = make_services(options)
    desk = Desk(services.connector, settings, program.report)
    desk.log_folder = log_folder(options)
    window.lateness.thorough = options.report is not None
    flow = window.serve(desk, services)
    program.watch.served()
    closing = asyncio.Event()
    window.close_requested.connect(closing.set)
    flow.plant_opened.connect(lambda plant, _view: window.watch_status(program.watch.saw))
    resources = ResourceLog(window, lambda: flow.plant) if options.report is not None else None
    settled = Settled(window, lambda: flow.plant) if options.report is not None else None
    await window.panels_built()
    offer_crash_reports(window, options)
    server, is_other = await serve_later_starts(window, options, before)
    if is_other:
        closing.set()
    else:
        await open_target(window, flow, options)
    try:
        async with asyncio.timeout(options.quit_after_s):
            await closing.wait()
    except TimeoutError:
        closing.set()
    if server is not None:
        server.stop()
    report = figures(window, program.watch, flow.plant, program.report.messages)
    report["settled"] = settled.document() if settled is not None else None
    report["resources"] = resources.stop() if resources is not None else []
    problems = []
    for step in (partial(program.picture, options.screenshot), window.remember):
        try:
            step()
        except TagwerkError as problem:
            problems.append(problem)
    window.clock.stop()
    await window.close_panels()
    await flow.shut_down()
    await window.end()
    window.close_for_good()
    if options.report is not None:
        write_json(options.report, {**report, "errors": list(program.report.messages)})
    for said in problems:
        print(said, file=sys.stderr)  # noqa: T201 - the window is gone by now
    return max((said.exit_code for said in problems), default=0)


async def serve_later_starts(
    window: MainWindow, options: WindowOptions, before: Serving | None
) -> tuple[InstanceServer | None, bool]:
    """Take over from later starts of this user and settings folder.

    Args:
        before: the window that did not answer when this one began, None for none.

    Returns:
        the server; and whether another window was quicker and has taken this start over.
    """
    import asyncio

    from tagwerk.ui.instance import InstanceServer

    if not options.shares_window:
        return None, False
    folder = settings_folder(options)
    # Two starts at once: both saw no window.
    found = read_serving(folder)
    was_quicker = found not in (None, before)
    if was_quicker and await asyncio.to_thread(hand_over, folder, options.workspace):
        return None, True
    server = InstanceServer(folder, window)
    server.called.connect(window.called_again)
    server.start(found)
    return server, False


def offer_crash_reports(window: MainWindow, options: WindowOptions) -> None:
    """What earlier runs left behind when they failed; nobody is asked where a script looks on."""
    from tagwerk.export.crash_report import collect_crashes, crash_files
    from tagwerk.ui.crash_offer import offer_reports

    if not options.is_scripted:
        collect_crashes(log_folder(options))
        offer_reports(window.shell.banner, window.settings, crash_files(log_folder(options)))


def make_services(options: WindowOptions) -> Services:
    """All that reaches beyond the screen."""
    from tagwerk.link.connector import HttpConnector
    from tagwerk.ui.services import Services

    connector = HttpConnector()
    return Services(
        connector=connector,
        secrets=KeyringSecrets(),
        open_plant=partial(open_plant, connector, data_folder(options)),
        start_demo=partial(start_demo, options.demo_dialect),
        forget_names=partial(forget_names, data_folder(options)),
    )


def forget_names(folder: Path, profile: ConnectionProfile) -> None:
    """Delete what is kept of the names of a server."""
    from tagwerk.plant import KeptNames

    KeptNames(folder, profile).forget()


async def open_plant(
    connector: Connector,
    folder: Path,
    profile: ConnectionProfile,
    password: str,
    warn: Callable[[TagwerkError], None],
) -> Plant:
    """Make a plant with its link; the caller starts both.

    A tag sheet that cannot be read is told through `warn`, and the plant opens without it.
    """
    import asyncio

    from tagwerk.domain.errors import TagwerkError
    from tagwerk.plant import KeptNames, Plant, audit_file
    from tagwerk.sheets import TagSheet, load_sheet

    sheet = TagSheet()
    if profile.sheet:
        try:
            # Big sheets take seconds: not in the loop that paints the window.
            sheet = await asyncio.to_thread(load_sheet, Path(profile.sheet))
        except TagwerkError as problem:
            warn(problem)
    # The demo plant has another address each time.
    kept = KeptNames(folder, profile) if profile.note != DEMO_NOTE else None
    plant = Plant(profile, sheet, audit_path=audit_file(folder, profile), kept=kept)
    plant.attach(connector.open(profile, password, plant, traffic=plant.traffic))
    return plant


async def start_demo(dialect: str = "unified") -> DemoPlant:
    """Start the demo plant in a process of its own, and open it through one of its interfaces."""
    from tagwerk.domain.connection import ConnectionProfile, Trust, TrustMode
    from tagwerk.resources import resource
    from tagwerk.simulator.options import SimulatorOptions
    from tagwerk.simulator.process import start_simulator
    from tagwerk.ui.services import DemoPlant, FirstView

    simulator = await start_simulator(SimulatorOptions(dialect=dialect))
    folder = resource("plants", "skid21")
    sheet = folder / ("tags.csv" if dialect == "unified" else f"tags_{dialect}.csv")
    profile = ConnectionProfile(
        name=DEMO_NAME,
        url=simulator.url,
        user=DEMO_USER,
        dialect=dialect,
        trust=Trust(TrustMode.CA_FILE, ca_file=simulator.ca_file),
        sheet=str(sheet) if sheet.exists() else "",
        note=DEMO_NOTE,
    )
    trend = tuple(demo_name(name, dialect) for name in DEMO_TREND)
    setpoints = tuple(demo_name(name, dialect) for name in DEMO_SETPOINTS)
    view = FirstView(trend=trend, setpoints=setpoints, reveal=trend[0])
    return DemoPlant(profile, simulator.password(DEMO_USER), view, simulator.stop)


def demo_name(name: str, dialect: str) -> str:
    """What a tag of the demo plant is called through one of its interfaces."""
    if dialect == "unified":
        return f"HMI_RT_1::{name}"
    group, _, tag = name.partition(".")
    return f"PLC_21/{group}::{tag}"


async def open_target(window: MainWindow, flow: ConnectFlow, options: WindowOptions) -> None:
    """What the command line named: the demo, a workspace, a saved connection or an address."""
    from tagwerk.domain.errors import TagwerkError

    if options.target == DEMO:
        flow.start_demo()
    elif options.workspace is not None:
        if window.workspaces is not None:
            window.workspaces.open_file(options.workspace)
    elif options.find is not None:
        try:
            opening = await options.find()
        except TagwerkError as error:
            flow.refuse(error)
            return
        if opening.password is not None:
            flow.open_profile(opening.profile, opening.password)
        elif flow.saved.find(opening.profile.name) is not None:
            flow.open_saved(opening.profile)
        elif (known := await flow.known_password(opening.profile)) is not None:
            flow.open_profile(opening.profile, known)
        else:
            # With all that the command line said: user, trust, kind of server.
            flow.open_dialog(profile=opening.profile)


def settings_folder(options: WindowOptions) -> Path:
    """Where the settings lie."""
    if options.settings is not None:
        return options.settings
    import platformdirs

    return Path(platformdirs.user_config_dir("tagwerk", appauthor=False))


def log_folder(options: WindowOptions) -> Path:
    """Where the logs lie; beside the settings when their folder was given."""
    if options.settings is not None:
        return options.settings / "log"
    import platformdirs

    return Path(platformdirs.user_log_dir("tagwerk", appauthor=False))


def data_folder(options: WindowOptions) -> Path:
    """Where the audit lies; beside the settings when their folder was given."""
    if options.settings is not None:
        return options.settings
    import platformdirs

    return Path(platformdirs.user_data_dir("tagwerk", appauthor=False))


class KeyringSecrets:
    """The keyring as the window's `Secrets`."""

    def available(self) -> bool:
        from tagwerk.link.secrets import keyring_available

        return keyring_available()

    def get(self, profile: ConnectionProfile) -> str | None:
        from tagwerk.link.secrets import get_password

        return get_password(profile)

    def set(self, profile: ConnectionProfile, password: str) -> None:
        from tagwerk.link.secrets import set_password

        set_password(profile, password)

    def delete(self, profile: ConnectionProfile) -> None:
        from tagwerk.link.secrets import delete_password

        delete_password(profile)
