"""First code of both Windows executables: take the Python modules from the file that they share.

PyInstaller puts the archive of modules into each executable; the two of them would hold the same
22 MB twice, and an MSI cannot pack that away. So the archive lies beside them once, and those inside
hold nothing. Named in tagwerk.spec as a runtime hook, hence run before all others; what it sets are
names inside PyInstaller's starter, whose version is pinned. Nothing starts without it, so whoever
renews PyInstaller sees at the first self test whether it still holds. The file's name begins as
those of PyInstaller's own hooks do: by that the papers know that it is nobody's package.
"""

import os
import sys

import pyimod01_archive
import pyimod02_importers

_path = os.path.join(sys._MEIPASS, "modules.pyz")
# Held open as long as the program runs, as an executable is: an upgrade must not put another one in
# its place, of which this program would read pieces.
sys._tagwerk_modules = open(_path, "rb")  # noqa: SIM115
pyimod02_importers.pyz_archive = pyimod01_archive.ZlibArchiveReader(_path, check_pymagic=True)
# Finders that were made so far look into the empty archive.
sys.path_importer_cache.clear()
