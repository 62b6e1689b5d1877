"""Entry point of the packaged program."""

import sys

from tagwerk.__main__ import main

sys.exit(main())
