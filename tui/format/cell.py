"""A piece of text with what it means: plain text that is safe to show, and a role that decides its colour."""

from typing import NamedTuple


class Cell(NamedTuple):
    """What a row shows in one column: plain text that is safe to show, and what it means.

    Roles are "ok", "warn", "bad", "dim", "accent" and "running"; "" and any other word draw in the table's own colour.
    """

    text: str
    role: str = ""
