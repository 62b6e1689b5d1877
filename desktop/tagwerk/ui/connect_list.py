"""Saved connections as rows: connect with a click, everything else in the menu at the end.

Used by the welcome page for the last used ones, and by the dialog that shows all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import icon, theme
from tagwerk.ui.widgets.buttons import IconButton, PushButton, draw_box, draw_icon
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.focus import FocusRing
from tagwerk.ui.widgets.painting import Area
from tagwerk.ui.widgets.scrollbars import use_flat_scroll_bars

if TYPE_CHECKING:
    from tagwerk.domain.connection import ConnectionProfile
    from tagwerk.ui.connect_flow import ConnectFlow


class ConnectionButton(QPushButton):
    """One saved connection: name, note, host and user; a click connects."""

    def __init__(self, profile: ConnectionProfile, *, at_top: bool) -> None:
        super().__init__()
        self.profile = profile
        self._at_top = at_top
        self.setObjectName("recentConnection")
        self.setAccessibleName(tr("Connect to {name}", name=profile.name))
        self.setToolTip(profile.url)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setProperty("focusRing", True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        return QSize(theme().px(240), theme().px(44))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme().px(160), theme().px(44))

    def second_line(self) -> str:
        """Note, host, user, and that nothing is encrypted."""
        from tagwerk.domain.connection import TrustMode
        from tagwerk.ui.status_words import host_of

        profile = self.profile
        plain = profile.trust.mode is TrustMode.PLAIN_HTTP
        words = tr("not encrypted") if plain else ""
        parts = (profile.note, host_of(profile.url), profile.user, words)
        return " · ".join(part for part in parts if part and part != profile.name)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            if self.underMouse() or self.isDown():
                draw_box(painter, self.rect(), tokens.color("hover"), None)
            side = tokens.px(16)
            box = QRectF(tokens.px(8), (self.height() - side) / 2, side, side)
            draw_icon(painter, box, "star" if self._at_top else "server", "text2")
            x = tokens.px(34)
            width = self.width() - x - tokens.px(8)
            flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            half = self.height() / 2
            painter.setFont(tokens.font(13, 500))
            painter.setPen(tokens.color("text" if self.isEnabled() else "disabled"))
            name = tokens.metrics(13, 500).elidedText(
                self.profile.name, Qt.TextElideMode.ElideMiddle, width
            )
            painter.drawText(QRectF(x, 3, width, half - 2), flags, name)
            painter.setFont(tokens.font(11))
            painter.setPen(tokens.color("text2" if self.isEnabled() else "disabled"))
            grey = tokens.metrics(11).elidedText(
                self.second_line(), Qt.TextElideMode.ElideRight, width
            )
            painter.drawText(QRectF(x, half, width, half - 4), flags, grey)


class ConnectionList(QWidget):
    """The rows.

    Signals:
        opened: a `ConnectionProfile`.
        examined: a `ConnectionProfile`: the connection doctor shall look at it.
        edited, duplicated, removed: the name.
        password_forgotten: a `ConnectionProfile`.
        kept_at_top: (name, keep).
    """

    opened = Signal(object)
    examined = Signal(object)
    edited = Signal(str)
    duplicated = Signal(str)
    removed = Signal(str)
    password_forgotten = Signal(object)
    kept_at_top = Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme().px(2))

    def show_connections(
        self, profiles: Sequence[ConnectionProfile], at_top: Sequence[str]
    ) -> None:
        """Show these, in this order."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for profile in profiles:
            self._column.addWidget(self._row(profile, at_top=profile.name in at_top))

    def _row(self, profile: ConnectionProfile, *, at_top: bool) -> QWidget:
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(4))
        button = ConnectionButton(profile, at_top=at_top)
        button.clicked.connect(lambda _checked=False: self.opened.emit(profile))
        examine = IconButton("stethoscope", tr("Check the connection {name}", name=profile.name))
        examine.setObjectName("examineRecent")
        examine.clicked.connect(lambda _checked=False: self.examined.emit(profile))
        more = IconButton("ellipsis", tr("More for {name}", name=profile.name))
        more.setObjectName("moreRecent")
        more.clicked.connect(lambda _checked=False: self._open_menu(more, profile, at_top))
        row.addWidget(button, 1)
        row.addWidget(examine)
        row.addWidget(more)
        return line

    def _open_menu(self, button: QWidget, profile: ConnectionProfile, at_top: bool) -> None:
        menu = QMenu(self)
        menu.setObjectName("recentMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        name = profile.name
        forget = tr("Forget the saved password")
        if profile.by_token:
            forget = tr("Forget the saved token")
        entries = (
            ("edit", tr("Edit…"), "pencil", lambda: self.edited.emit(name)),
            ("duplicate", tr("Duplicate…"), "copy", lambda: self.duplicated.emit(name)),
            ("top", tr("No longer at the top") if at_top else tr("Keep at the top"),
             "star-off" if at_top else "star", lambda: self.kept_at_top.emit(name, not at_top)),
            ("forget", forget, "key-round", lambda: self.password_forgotten.emit(profile)),
            ("delete", tr("Delete…"), "trash-2", lambda: self.removed.emit(name)),
        )  # fmt: skip
        for key, text, icon_name, run in entries:
            if key == "delete":
                menu.addSeparator()
            action = menu.addAction(icon(icon_name), text)
            action.setObjectName(f"recent.{key}")
            action.triggered.connect(lambda _checked=False, run=run: run())
        menu.popup(button.mapToGlobal(button.rect().bottomLeft()))


class ConnectionsDialog(QDialog):
    """All saved connections; object name ``connectionsDialog``."""

    def __init__(self, parent: QWidget, flow: ConnectFlow) -> None:
        super().__init__(parent)
        self.setObjectName("connectionsDialog")
        self.setWindowTitle(tr("Connections"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._flow = flow
        page = Area("panel")
        box = QVBoxLayout(page)
        box.setContentsMargins(21, 20, 12, 16)
        box.setSpacing(theme().px(10))
        box.addWidget(Label(tr("Saved connections"), 16, 600))
        self.none = Label(tr("Connections that you use appear here."), 13, 400, "text2", wrap=True)
        box.addWidget(self.none)
        self.list = ConnectionList()
        self._wire(flow)
        holder = Area("panel")
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, theme().px(8), 0)
        column.addWidget(self.list)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        use_flat_scroll_bars(scroll)
        scroll.setWidget(holder)
        box.addWidget(scroll, 1)
        foot = Area("header", lines="top")
        buttons = QHBoxLayout(foot)
        buttons.setContentsMargins(16, 12, 16, 12)
        buttons.setSpacing(theme().px(8))
        self.new = PushButton(tr("New connection…"), "plus")
        self.new.setObjectName("connectionsNew")
        self.new.clicked.connect(self._new)
        close = PushButton(tr("Close"))
        close.setObjectName("connectionsClose")
        close.clicked.connect(self.reject)
        buttons.addWidget(self.new)
        buttons.addStretch(1)
        buttons.addWidget(close)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(page, 1)
        outer.addWidget(foot)
        self.resize(theme().px(560), theme().px(460))
        self._ring = FocusRing(self)
        self._refresh()
        close.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wire(self, flow: ConnectFlow) -> None:
        care = flow.care
        self.list.opened.connect(self._open)
        self.list.examined.connect(self._examine)
        self.list.edited.connect(care.edit)
        self.list.duplicated.connect(care.duplicate)
        self.list.removed.connect(care.remove)
        self.list.password_forgotten.connect(care.forget_password)
        self.list.kept_at_top.connect(care.keep_at_top)
        flow.connections_changed.connect(self._refresh)

    def _refresh(self) -> None:
        saved = self._flow.saved
        profiles = saved.all()
        self.none.setVisible(not profiles)
        self.list.show_connections(profiles, [p.name for p in profiles if saved.is_at_top(p.name)])

    def _open(self, profile: ConnectionProfile) -> None:
        self.accept()
        self._flow.open_saved(profile)

    def _examine(self, profile: ConnectionProfile) -> None:
        self.accept()
        self._flow.examine_requested.emit(profile)

    def _new(self) -> None:
        self.accept()
        self._flow.open_dialog()
