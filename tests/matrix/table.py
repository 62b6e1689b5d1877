"""The table of switches in ``docs/matrix.md``, made from the registry and the expectations.

To renew it: ``cd tests && ../.venv/bin/python -m matrix.table``.
"""

from __future__ import annotations

from pathlib import Path

from matrix.expected import ROWS, SAME, Row, variants
from tagwerk.simulator.switch_list import GROUPS, Switch

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"
BEGIN, END = "<!-- switches: begin -->", "<!-- switches: end -->"
A_TEST = 12
"""Switches a test: they run side by side."""


def portions() -> dict[str, tuple[Switch, ...]]:
    """The registry in portions, each with the name of its test."""
    found = {}
    for group, switches in GROUPS.items():
        for begin in range(0, len(switches), A_TEST):
            name = f"{group.value.lower().replace(' ', '-')}-{begin // A_TEST + 1}"
            found[name] = switches[begin : begin + A_TEST]
    return found


def table() -> str:
    """A section for each heading of the registry."""
    lines: list[str] = []
    heading = ""
    tests = {one.name: name for name, part in portions().items() for one in part}
    for group, switches in GROUPS.items():
        if group.value != heading:
            heading = group.value
            lines += [
                "",
                f"### {heading}",
                "",
                "| switch | what the server does | what the user sees | test |",
            ]
            lines.append("|---|---|---|---|")
        for switch in switches:
            row = ROWS.get(switch.name, Row("not written down yet"))
            lines.append(
                f"| {_played(switch)} | {_cell(switch.explanation)} | {_cell(row.sees)}{_kind(row)} "
                f"| `{tests[switch.name]}` |"
            )
    return "\n".join([*lines, ""])


def _played(switch: Switch) -> str:
    values = [text.partition("=")[2] for text in variants(switch.name)]
    shown = f" ={', '.join(values)}" if any(values) else ""
    return f"`{switch.name}`{_cell(shown)}"


def _kind(row: Row) -> str:
    return " (errors of the domain only)" if row.disturbs and row.sees != SAME else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def renewed(page: str) -> str:
    """The page with the table of today."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
