"""The about box names Qt and its licence, and leads to all licences where they lie beside."""

import sys

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QWidget

from tagwerk.ui.help import AboutDialog, licences_folder
from tagwerk.ui.i18n import set_language
from tagwerk.ui.widgets.emptystate import Label

pytestmark = pytest.mark.ui


@pytest.fixture
def about(qapp):
    """Opens the box; closes it at the end."""
    parent = QWidget()
    opened = []

    def open_box():
        opened.append(AboutDialog(parent))
        return opened[-1]

    yield open_box
    for dialog in opened:
        dialog.close()
    parent.close()
    parent.deleteLater()


@pytest.mark.parametrize("language", ["en", "de"])
def test_qt_and_the_lgpl_are_named(about, language):
    set_language(language)
    try:
        said = " ".join(label.text() for label in about().findChildren(Label))
    finally:
        set_language("en")
    for word in ("Qt", "© The Qt Company", "LGPL", "MIT", "OFL", "Lucide"):
        assert word in said


def test_not_packaged_there_is_no_button(about):
    assert licences_folder() is None
    assert about().findChild(QPushButton, "licences") is None


def test_packaged_the_button_opens_the_folder(about, monkeypatch, tmp_path):
    (tmp_path / "licences").mkdir()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "tagwerk"))
    opened = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    about().findChild(QPushButton, "licences").click()
    assert [url.toLocalFile() for url in opened] == [str(tmp_path / "licences")]
