"""The window's side of a second start: listens, and tells what others want opened.

Only the same user reaches it: the socket lies in a folder of his own (Linux) or is a pipe with his
rights (Windows), under a name drawn by lot that stands in his settings folder. See `instance_call`
for the other side. One for a window, made by the composition root.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import tempfile
import weakref
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from tagwerk.ui.instance_call import (
    MOST_BYTES,
    TAKEN,
    Serving,
    drop_serving,
    read_wish,
    write_serving,
)

_LONGEST_FOLDER = 60
"""In bytes: the path of a socket may have 107, and Qt makes it in a folder beside first."""
_SHORT_TEMPORARY = Path("/tmp")  # noqa: S108 - in a folder of its own there, see `_own_folder`
PATIENCE_MS = 5000
"""So long a caller may take to say what it wants."""


class InstanceServer(QObject):
    """Serves the starts that come later.

    Args:
        folder: of the settings: whoever uses the same one is the same desk.

    Signals:
        called: somebody started the program again; path to open, or None.
    """

    called = Signal(object)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self._serving: Serving | None = None
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.setMaxPendingConnections(8)
        self._server.newConnection.connect(self._take_callers)

    def start(self, dead: Serving | None = None) -> bool:
        """Listen, and leave word where; False when that cannot be, and each start is its own.

        Args:
            dead: a window that was called and did not answer; its socket goes. Never what the file
                says at this moment: it may be of one that has begun meanwhile.
        """
        if dead is not None:
            _drop_socket(dead.place)
        try:
            place = _new_place()
            # Another window that ends may have taken the folder away in between: once more.
            if not self._server.listen(place) and not self._server.listen(place := _new_place()):
                return False
            self._serving = Serving(place, os.getpid())
            write_serving(self._folder, self._serving)
        except OSError:
            self.stop()
            return False
        return True

    @property
    def serves(self) -> bool:
        """Whether what a later start wants can be done here."""
        return self._serving is not None

    def stop(self) -> None:
        """Serve no more; nothing is left behind."""
        serving, self._serving = self._serving, None
        self._server.close()
        if serving is not None:
            drop_serving(self._folder, serving)
            _drop_folder(serving.place)

    def _take_callers(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            _Caller(socket, self)


class _Caller(QObject):
    """One start that calls: a line, an answer, the end."""

    def __init__(self, socket: QLocalSocket, server: InstanceServer) -> None:
        super().__init__(server)
        self._socket = socket
        # Weakly: who holds its parent, and holds it last, ends it out of its own end, and is then
        # freed a second time as the parent's child.
        self._instance = weakref.ref(server)
        self._line = b""
        self._is_done = False
        socket.setParent(self)
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(self.deleteLater)
        QTimer.singleShot(PATIENCE_MS, self, self._give_up)
        self._read()

    def _read(self) -> None:
        if self._is_done:
            return
        self._line += bytes(self._socket.readAll().data())
        if len(self._line) > MOST_BYTES:
            self._give_up()
        elif b"\n" in self._line:
            self._is_done = True
            self._answer(self._line.partition(b"\n")[0])

    def _answer(self, line: bytes) -> None:
        try:
            wanted = read_wish(line)
        except ValueError:
            self._give_up()
            return
        instance = self._instance()
        if instance is None or not instance.serves:
            # The window ends: what it took over now would be lost.
            self._give_up()
            return
        self._socket.write(TAKEN)
        self._socket.flush()
        # The caller hangs up. Windows would throw away what it has not read yet if we did.
        instance.called.emit(wanted)

    def _give_up(self) -> None:
        self._is_done = True
        self._socket.abort()
        self.deleteLater()


def _new_place() -> str:
    """A name that nobody can guess; on Linux the path of a socket, short enough for one.

    Raises:
        OSError: there is no folder that is the user's alone.
    """
    name = f"tagwerk-{secrets.token_hex(8)}"
    if sys.platform == "win32":
        return name
    return str(_own_folder() / name)


def _own_folder() -> Path:
    """Linux: the session's folder, else one below a temporary folder; the user's alone.

    Raises:
        OSError: there is none.
    """
    session = os.environ.get("XDG_RUNTIME_DIR", "")
    if session and _is_short(Path(session)) and _is_own(Path(session)):
        return Path(session)
    own = f"tagwerk-{_user_number()}"
    folder = Path(tempfile.gettempdir()) / own
    if not _is_short(folder):
        folder = _SHORT_TEMPORARY / own
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_own(folder):
        raise PermissionError(f"{folder} is somebody else's")
    return folder


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _LONGEST_FOLDER


def _drop_socket(place: str) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            if stat.S_ISSOCK(os.stat(place).st_mode):
                os.unlink(place)


def _drop_folder(place: str) -> None:
    """The folder of sockets goes with the last of them; the session's own folder is not ours."""
    folder = Path(place).parent
    if sys.platform != "win32" and folder.name == f"tagwerk-{_user_number()}":
        with contextlib.suppress(OSError):
            folder.rmdir()


def _is_own(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == _user_number()
        and not stat.S_IMODE(found.st_mode) & 0o077
    )


def _user_number() -> int:
    return 0 if sys.platform == "win32" else os.getuid()
