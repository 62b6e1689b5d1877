"""Entry point of the packaged program.

On Linux the loader finds the folder's libraries through LD_LIBRARY_PATH, which it has read by now.
Programs that are started from here (a browser, a file manager) must not: they would load ours in
place of their own.
"""

import os
import sys


def give_back_library_path() -> None:
    """Set LD_LIBRARY_PATH to what it was before the program's own start changed it."""
    before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
    if before is not None:
        os.environ["LD_LIBRARY_PATH"] = before
    else:
        os.environ.pop("LD_LIBRARY_PATH", None)


if __name__ == "__main__":
    if sys.platform.startswith("linux"):
        give_back_library_path()

    from tagwerk.__main__ import main

    sys.exit(main())
