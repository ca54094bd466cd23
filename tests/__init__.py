"""The tests of lazybatch: `python -m tests` runs them all, after the linters."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
