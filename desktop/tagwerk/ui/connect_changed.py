"""Old and new certificate side by side: what was trusted, and what the server shows now."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout

from tagwerk.domain.certificates import day_of, known_from
from tagwerk.domain.connection import Certificate, TrustedCertificate
from tagwerk.ui.connect_parts import fingerprint_lines
from tagwerk.ui.i18n import tr
from tagwerk.ui.theme import theme
from tagwerk.ui.widgets.emptystate import Label
from tagwerk.ui.widgets.painting import Area


class ChangedTable(Area):
    """Object name ``certificateChange``. What differs is bold and marked with ≠."""

    def __init__(self) -> None:
        super().__init__("base", lines="all")
        self.setObjectName("certificateChange")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(15, 12, 15, 12)
        self._grid.setHorizontalSpacing(theme().px(14))
        self._grid.setVerticalSpacing(theme().px(7))
        self._grid.setColumnStretch(2, 1)
        self._grid.setColumnStretch(3, 1)

    def show_change(
        self, pinned: str, known: TrustedCertificate | None, certificate: Certificate
    ) -> None:
        """Compare.

        Args:
            pinned: SHA-256 of what was trusted.
            known: what else is remembered of it.
            certificate: what the server shows.
        """
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        old = known or TrustedCertificate()
        new = known_from(certificate, 0)
        self._grid.addWidget(Label(tr("Trusted"), 13, 600), 0, 2)
        self._grid.addWidget(Label(tr("Now"), 13, 600, "bad"), 0, 3)
        old_print, new_print = self._row(
            1,
            "SHA-256",
            fingerprint_lines(pinned),
            fingerprint_lines(certificate.sha256),
            mono=True,
        )
        old_print.setObjectName("trustedFingerprint")
        new_print.setObjectName("newFingerprint")
        rows = (
            (tr("Issued to"), old.subject, new.subject),
            (tr("Issued by"), old.issuer, new.issuer),
            (tr("Names"), ", ".join(old.names), ", ".join(new.names) or tr("none")),
            (tr("Valid from"), _day(old.not_before_ns), _day(new.not_before_ns)),
            (tr("Valid to"), _day(old.not_after_ns), _day(new.not_after_ns)),
            (tr("Key"), old.key, new.key),
            (tr("Trusted on"), _day(old.trusted_ns), ""),
        )
        for row, (name, before, now) in enumerate(rows, start=2):
            self._row(row, name, before, now)

    def _row(
        self, row: int, name: str, before: str, now: str, *, mono: bool = False
    ) -> tuple[Label, Label]:
        """One fact; nothing is compared with what is not known."""
        differs = bool(before) and bool(now) and before != now
        top = Qt.AlignmentFlag.AlignTop
        size = 12 if mono else 13
        self._grid.addWidget(Label(name, 13, 400, "text2"), row, 0, top)
        mark = Label("≠" if differs else "", 13, 600, "bad")
        if differs:
            mark.setAccessibleName(tr("{name} differs", name=name))
        self._grid.addWidget(mark, row, 1, top)
        shown = before or tr("not known")
        old = Label(shown, size, 400, "text" if before else "text3", wrap=not mono, mono=mono)
        new = Label(now or "—", size, 600 if differs else 400, "text", wrap=not mono, mono=mono)
        for label in (old, new):
            label.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        self._grid.addWidget(old, row, 2, top)
        self._grid.addWidget(new, row, 3, top)
        return old, new


def _day(time_ns: int) -> str:
    return day_of(time_ns) if time_ns else ""
