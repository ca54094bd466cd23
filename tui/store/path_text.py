"""Paths in the database: a file's name need not be UTF-8, while its text is."""

import os


def storable(path: str) -> str | bytes:
    """`path` as a column takes it: one that is not UTF-8 as its bytes."""
    return os.fsencode(path) if any("\ud800" <= character <= "\udfff" for character in path) else path


def readable(value: object) -> str:
    """The path that `storable` made `value` of."""
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)
