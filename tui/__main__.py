"""`python -m tui` is `lazybatch`."""

import sys

from tui.cli import process

sys.exit(process())
