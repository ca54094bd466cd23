"""All checks one after another; ends with the first that fails."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("importlinter.cli", "lint"),
    # The suite waits for sockets and screens more than it computes: two workers halve it on two cores.
    ("pytest", "-n", "2", "--dist", "loadfile"),
)


def main() -> int:
    """The exit code of the first check that fails, else 0."""
    for check in CHECKS:
        print(f"── {' '.join(check)}", flush=True)
        result = subprocess.run([sys.executable, "-m", *check], cwd=ROOT, check=False)
        if result.returncode:
            return result.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
