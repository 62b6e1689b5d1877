"""A whole window, wired as the program wires it, for user stories; keys go where a user's go."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import asynccontextmanager

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QWidget

from tagwerk.app import WindowOptions, make_services
from tagwerk.ui.desk import Desk
from tagwerk.ui.errors import Reporter
from tagwerk.ui.i18n import set_language
from tagwerk.ui.panels import load_panels
from tagwerk.ui.settings import Settings
from tagwerk.ui.window import MainWindow


class Story:
    """The window and a user in front of it."""

    def __init__(self, window, flow, reporter):
        self.window = window
        self.flow = flow
        self.reporter = reporter

    @property
    def plant(self):
        return self.flow.plant

    async def until(self, condition, what, timeout_s=20.0):
        """Wait for a state; fails naming what never came."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() >= deadline:
                self.picture()
                raise AssertionError(f"never came: {what}; errors: {self.reporter.messages}")
            await asyncio.sleep(0.01)

    def picture(self):
        """Leave a picture of what the user saw, for whoever has to find out."""
        folder = os.environ.get("TAGWERK_TEST_PICTURES")
        if folder:
            for number, top in enumerate(
                w for w in QApplication.topLevelWidgets() if w.isVisible()
            ):
                top.grab().save(f"{folder}/journey-{number}.png")

    def find(self, name, kind=QWidget):
        """The visible widget of that object name, in any window."""
        for top in QApplication.topLevelWidgets():
            if top.isVisible():
                found = [top] if top.objectName() == name else top.findChildren(kind, name)
                for widget in found:
                    if widget.isVisible():
                        return widget
        return None

    async def see(self, name, kind=QWidget, timeout_s=20.0):
        """Wait until a widget is visible."""
        await self.until(lambda: self.find(name, kind) is not None, f"widget {name}", timeout_s)
        return self.find(name, kind)

    async def press_button(self, name):
        """Click a button once it can be clicked."""
        button = await self.see(name, QAbstractButton)
        await self.until(button.isEnabled, f"{name} enabled")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    async def type_into(self, name, text):
        field = await self.see(name, QLineEdit)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)

    async def keys(self, key, modifier=Qt.KeyboardModifier.NoModifier, widget=None):
        """Press a key where the focus is, as a user does; shortcuts need the active window."""
        top = widget.window() if widget is not None else self.window
        top.activateWindow()
        await self.until(top.isActiveWindow, "active window")
        QTest.keyClick(widget or QApplication.focusWidget() or self.window, key, modifier)
        await asyncio.sleep(0)


@asynccontextmanager
async def open_story(settings_folder, *, size=(1920, 1080)):
    """The program's own wiring, on the loop of the test."""
    set_language("en")
    load_panels()
    settings = Settings(settings_folder)
    reporter = Reporter()
    window = MainWindow(settings, reporter, keep_size=True)
    window.resize(*size)
    services = make_services(WindowOptions(settings=settings_folder))
    desk = Desk(services.connector, settings, reporter)
    flow = window.serve(desk, services)
    window.show()
    story = Story(window, flow, reporter)
    try:
        yield story
    finally:
        window.clock.stop()
        window.remember()
        await window.close_panels()
        await flow.shut_down()
        await window.end()
        window.close_for_good()
        window.deleteLater()
    assert not reporter.messages, reporter.messages
