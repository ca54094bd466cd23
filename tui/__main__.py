"""`python -m tui` is `lazybatch`."""

import sys

from tui.cli import main

sys.exit(main())
