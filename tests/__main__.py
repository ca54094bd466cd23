"""All checks one after another; ends with the first that fails."""

import subprocess
import sys
from pathlib import Path

from tests import ROOT

PYTHON = (sys.executable, "-m")
CHECKS = (
    (*PYTHON, "ruff", "check", "."),
    (*PYTHON, "ruff", "format", "--check", "."),
    (*PYTHON, "mypy"),
    # It has no module to run by.
    (str(Path(sys.executable).with_name("lint-imports")),),
    # The suite waits for sockets and screens more than it computes: two workers halve it on two cores.
    (*PYTHON, "pytest", "-n", "2", "--dist", "loadfile"),
)


def main() -> int:
    """The exit code of the first check that fails, else 0."""
    for check in CHECKS:
        print(f"── {' '.join(check)}", flush=True)
        result = subprocess.run(check, cwd=ROOT, check=False)
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
