"""`python -m tui` is `lazybatch`."""

import sys

from tui.cli.main import process

sys.exit(process())
