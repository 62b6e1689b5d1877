"""Offers crash reports: one line under the tool bar, and the folder at the press of a button.

Nothing is sent anywhere. What was offered is remembered by name, so that each report is offered
once. Called by the window for errors of this run, and by the composition root for what earlier runs
left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from tagwerk.ui.banner import Banner
from tagwerk.ui.i18n import tr, tr_n
from tagwerk.ui.settings import Settings

if TYPE_CHECKING:
    from tagwerk.ui.banner import BannerBar

SEEN = "crash_seen"
"""Settings: the name of the newest report that was offered."""
KEY = "crash"


def open_folder(folder: Path) -> None:
    """Show a folder in the computer's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def banner_of_error(report: Path, headline: str, cure: str, settings: Settings) -> Banner:
    """The line for an error of this run that was written down."""
    _remember(report, settings)
    said = tr("A report was written: {file}", file=report.name)
    return Banner("bad", headline, f"{cure} {said}".strip(), _actions(report.parent))


def offer_reports(bar: BannerBar, settings: Settings, reports: Sequence[Path]) -> None:
    """Offer what earlier runs left behind and nobody was offered yet, newest first.

    Args:
        reports: all that are there, the newest first.
    """
    seen = str(settings.get(SEEN, ""))
    fresh = [path for path in reports if path.name > seen]
    if not fresh:
        return
    _remember(fresh[0], settings)
    headline = tr_n(
        "Tagwerk has left a crash report.", "Tagwerk has left {count} crash reports.", len(fresh)
    )
    detail = tr(
        "What happened is written down without secrets in {file}. Nothing was sent to anybody.",
        file=fresh[0].name,
    )
    bar.put(KEY, Banner("warning", headline, detail, _actions(fresh[0].parent), "triangle-alert"))


def _actions(folder: Path) -> tuple[tuple[str, str, Callable[[], object]], ...]:
    return ((tr("Open the folder"), "folder-open", lambda: open_folder(folder)),)


def _remember(report: Path, settings: Settings) -> None:
    if report.name > str(settings.get(SEEN, "")):
        settings.set(SEEN, report.name)
