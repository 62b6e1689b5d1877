"""What a demo plant is started with, and its way over the command line and back.

Used by the command line (``tagwerk simulate``), by `process.start_simulator` and by the window's
"Try the demo plant".
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """How to start a demo plant.

    Args:
        dialect: ``unified``, ``classic``, or ``both`` at once on two ports.
        host: address to listen on; loopback unless others shall reach it.
        port: of the only interface, or of Unified's; 0 takes a free one.
        classic_port: of the classic interface; 0 takes `port` where it is the only one.
        tags: so many generated tags beside the hand-named ones, up to a million.
        rate: changes a second of the generated tags, all together.
        seed: the same seed, start and writes give the same plant.
        plain_http: no TLS, as the runtime's internal server.
        switches: ``NAME`` or ``NAME=VALUE``, see `simulator.switches`.
        speed: plant seconds in a second.
        data_dir: where the certificates are kept; "" is the user's data folder.
    """

    dialect: str = "unified"
    host: str = "127.0.0.1"
    port: int = 0
    tags: int = 0
    rate: float = 0.0
    seed: int = 1
    plain_http: bool = False
    switches: tuple[str, ...] = ()
    speed: float = 1.0
    data_dir: str = ""
    classic_port: int = 0

    @property
    def serves_unified(self) -> bool:
        """Whether there is a Unified interface."""
        return self.dialect != "classic"

    @property
    def serves_classic(self) -> bool:
        """Whether there is a classic interface."""
        return self.dialect != "unified"

    def arguments(self) -> list[str]:
        """The command line that gives these options again; defaults are left out."""
        default = SimulatorOptions()
        words: list[str] = []
        for name in (
            "dialect",
            "host",
            "port",
            "classic_port",
            "tags",
            "rate",
            "seed",
            "speed",
            "data_dir",
        ):
            value = getattr(self, name)
            if value != getattr(default, name):
                words += ["--" + name.replace("_", "-"), str(value)]
        if self.plain_http:
            words.append("--plain-http")
        for switch in self.switches:
            words += ["--switch", switch]
        return words


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``tagwerk simulate`` to a parser."""
    default = SimulatorOptions()
    parser.add_argument(
        "--dialect", choices=("unified", "classic", "both"), default=default.dialect
    )
    parser.add_argument(
        "--port", type=_port, default=default.port, metavar="P", help="0 takes a free one"
    )
    parser.add_argument(
        "--classic-port",
        type=_port,
        default=default.classic_port,
        metavar="P",
        help="of the classic interface; 0 takes a free one",
    )
    parser.add_argument("--host", default=default.host)
    parser.add_argument(
        "--tags", type=_count, default=default.tags, metavar="N", help="so many generated tags more"
    )
    parser.add_argument(
        "--rate",
        type=_amount,
        default=default.rate,
        metavar="CHANGES_PER_S",
        help="of the generated tags",
    )
    parser.add_argument("--seed", type=int, default=default.seed, metavar="S")
    parser.add_argument("--plain-http", action="store_true", help="no TLS")
    parser.add_argument(
        "--switch",
        dest="switches",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="play a variant of the interface; may be repeated",
    )
    parser.add_argument("--list-switches", action="store_true", help="show the variants and end")
    parser.add_argument(
        "--speed",
        type=_amount,
        default=default.speed,
        metavar="FACTOR",
        help="plant seconds in a second",
    )
    parser.add_argument(
        "--data-dir",
        default=default.data_dir,
        metavar="DIR",
        help="where the certificates are kept",
    )


def options_from(arguments: argparse.Namespace) -> SimulatorOptions:
    """The options out of parsed arguments."""
    return SimulatorOptions(
        dialect=arguments.dialect,
        host=arguments.host,
        port=arguments.port,
        tags=arguments.tags,
        rate=arguments.rate,
        seed=arguments.seed,
        plain_http=arguments.plain_http,
        switches=tuple(arguments.switches),
        speed=arguments.speed,
        data_dir=arguments.data_dir,
        classic_port=arguments.classic_port,
    )


def _port(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() else -1
    if not 0 <= value <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return value


def _count(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError("a number from 0 to 1000000 is wanted")
    return value


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 10_000_000:
        raise argparse.ArgumentTypeError("a number that is not negative is wanted")
    return value
