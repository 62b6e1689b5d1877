"""The menu that chooses which kinds of objects the tree shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from tagwerk.domain.tags import TagKind
from tagwerk.store.outline import USUAL_KINDS
from tagwerk.ui.i18n import tr


class KindMenu(QMenu):
    """Check marks for kinds; structures are always shown, they lead to the others.

    Args:
        changed: called with the chosen kinds when the user changes them.
    """

    def __init__(self, changed: Callable[[frozenset[TagKind]], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("tagKindMenu")
        self.setAccessibleName(tr("Kinds of objects shown"))
        self._changed = changed
        self._actions: dict[TagKind, QAction] = {}
        for kind, text in (
            (TagKind.TAG, tr("Tags")),
            (TagKind.LOGGING_TAG, tr("Logging tags")),
            (TagKind.ALARM, tr("Alarms")),
            (TagKind.TYPE, tr("Types")),
            (TagKind.OTHER, tr("Other objects")),
        ):
            action = self.addAction(text)
            action.setObjectName(f"tags.kind.{kind.value}")
            action.setCheckable(True)
            action.triggered.connect(self._tell)
            self._actions[kind] = action
        self.addSeparator()
        usual = self.addAction(tr("Usual kinds"))
        usual.setObjectName("tags.kind.usual")
        usual.triggered.connect(lambda _checked=False: self._tell_usual())
        self.set_kinds(USUAL_KINDS)

    @property
    def kinds(self) -> frozenset[TagKind]:
        chosen = {kind for kind, action in self._actions.items() if action.isChecked()}
        return frozenset(chosen | {TagKind.STRUCTURE})

    def set_kinds(self, kinds: frozenset[TagKind]) -> None:
        """Show these as chosen; tells nobody."""
        for kind, action in self._actions.items():
            action.setChecked(kind in kinds)

    def _tell(self) -> None:
        self._changed(self.kinds)

    def _tell_usual(self) -> None:
        self.set_kinds(USUAL_KINDS)
        self._changed(self.kinds)
