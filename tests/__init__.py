"""The tests of lazybatch: `python -m tests` runs them all, after the linters."""
