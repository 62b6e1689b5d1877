"""Makes the program folder with the Python that runs this: python.org's on Windows, or the one
inside wine. Called by build.py as a program of its own, because under wine that is another Python.

    python installer/windows/freeze.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from installer import folder

if __name__ == "__main__":
    print(folder.build(Path(sys.argv[1])))
