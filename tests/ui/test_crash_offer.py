"""An error that nobody foresaw is written down, and the window offers the folder of the report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tagwerk.app import WindowOptions, offer_crash_reports, run_window
from tagwerk.domain.errors import UsageError
from tagwerk.export.crash_report import crash_files, write_report
from tagwerk.ui.banner import BannerBar
from tagwerk.ui.crash_offer import KEY, offer_reports
from tagwerk.ui.errors import QT, Reporter
from tagwerk.ui.i18n import set_language
from tagwerk.ui.settings import Settings
from tagwerk.ui.widgets.buttons import PushButton
from ui.shell_support import bench

pytestmark = pytest.mark.ui


def keeper(folder, kept):
    def keep(error, where):
        kept.append(where)
        return write_report(folder, error, where)

    return keep


@pytest.fixture
def opened(monkeypatch):
    folders = []
    monkeypatch.setattr("tagwerk.ui.crash_offer.open_folder", folders.append)
    return folders


@pytest.fixture
def bar(qapp):
    made = BannerBar()
    yield made
    made.close()
    made.deleteLater()


@pytest.mark.expects_log("boom")
def test_a_bug_is_kept_once_and_what_was_foreseen_is_not(qapp, tmp_path):
    kept = []
    report = Reporter()
    report.keep = keeper(tmp_path, kept)
    error = RuntimeError("boom")
    for _ in range(3):
        report(error, "slot")
    foreseen = UsageError("boom, but foreseen")
    report(foreseen, "open")
    said_by_qt = RuntimeError("Qt: boom")
    report(said_by_qt, QT)
    assert kept == ["slot"]
    assert "boom" in report.report_of(error, "slot").read_text("utf-8")
    assert report.report_of(foreseen, "open") is None
    assert report.report_of(said_by_qt, QT) is None


@pytest.mark.expects_log("boom")
def test_an_error_whose_text_is_new_each_time_does_not_fill_the_memory(qapp, monkeypatch):
    monkeypatch.setattr("tagwerk.ui.errors.MOST_KINDS", 3)
    report = Reporter()
    counts = []
    report.reported.connect(lambda _error, _where, count: counts.append(count))
    for number in range(50):
        report(RuntimeError(f"boom {number}"), "slot")
    assert len(report.messages) == 4
    assert counts == [1, 1, 1, *range(1, 48)], "and each is told all the same"


@pytest.mark.expects_log("boom")
async def test_the_window_that_lives_on_offers_the_folder(monkeypatch, tmp_path, opened):
    async with bench(monkeypatch) as made:
        made.report.keep = keeper(tmp_path, [])
        made.report(RuntimeError("boom"), "slot")
        banner = made.window.shell.banner.current
        assert banner.kind == "bad"
        assert "crash-" in banner.detail
        (button,) = made.window.shell.banner.findChildren(PushButton, "bannerAction")
        assert button.focusPolicy() & button.focusPolicy().TabFocus
        button.click()
        assert opened == [tmp_path]


async def test_the_menu_opens_the_folder_of_logs(monkeypatch, tmp_path, opened):
    async with bench(monkeypatch) as made:
        made.desk.log_folder = tmp_path / "log"
        made.window.shell.actions_by_id["help.log_folder"].trigger()
        assert opened == [tmp_path / "log"]


def test_the_next_start_offers_what_is_there_once(bar, tmp_path, opened):
    settings = Settings()
    older = tmp_path / "crash-20260101-000000-1-1.txt"
    newer = tmp_path / "crash-20260102-000000-1-1.txt"
    offer_reports(bar, settings, [newer, older])
    banner = bar.banner(KEY)
    assert "2" in banner.headline
    assert newer.name in banner.detail
    assert banner.closable
    (action,) = banner.actions
    action[2]()
    assert opened == [tmp_path]
    bar.drop(KEY)
    offer_reports(bar, settings, [newer, older])
    assert bar.banner(KEY) is None
    offer_reports(bar, settings, [tmp_path / "crash-20260103-000000-1-1.txt", newer, older])
    assert "a crash report" in bar.banner(KEY).headline


def test_nothing_is_offered_where_nothing_happened(bar):
    offer_reports(bar, Settings(), [])
    assert bar.current is None


def test_it_is_offered_in_german(bar, tmp_path):
    set_language("de")
    try:
        offer_reports(bar, Settings(), [tmp_path / "crash-20260101-000000-1-1.txt"])
        assert "Absturzbericht" in bar.current.headline
        assert bar.current.actions[0][0] == "Ordner öffnen"
    finally:
        set_language("en")


def test_an_error_that_ends_the_program_is_written_down_first(monkeypatch, tmp_path):
    def fail(_options, _before):
        raise RuntimeError("no picture")

    monkeypatch.setattr("tagwerk.app._open_window", fail)
    with pytest.raises(RuntimeError):
        run_window(WindowOptions(settings=tmp_path, new_window=True))
    (report,) = crash_files(tmp_path / "log")
    assert "no picture" in report.read_text("utf-8")


def test_a_scripted_run_is_offered_nothing(monkeypatch, bar, tmp_path):
    """And takes nothing away from the next start of the user."""
    write_report(tmp_path / "log", RuntimeError("boom"), "slot")
    window = SimpleNamespace(shell=SimpleNamespace(banner=bar), settings=Settings())
    offer_crash_reports(window, WindowOptions(settings=tmp_path, quit_after_s=1.0))
    assert bar.current is None
    offer_crash_reports(window, WindowOptions(settings=tmp_path))
    assert "crash report" in bar.current.headline
