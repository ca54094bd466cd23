"""What its user has chosen on the screen, kept for the next time."""

import sqlite3
from typing import NamedTuple

from tui.store.base import Store


class Preferences(NamedTuple):
    """The column that batches are sorted by, against its natural direction or not, and the seconds between two rounds.

    `interval` is None until somebody chooses one. `export` is what results were exported as last. `columns` names the
    columns in their order, a dash before those that are hidden; it is empty until somebody chooses.
    """

    sort: str = "status"
    reverse: bool = False
    interval: float | None = None
    export: str = "jsonl"
    columns: str = ""


def load(connection: sqlite3.Connection) -> Preferences:
    """What was kept; what cannot be read, or was written by another version, is as if nobody had chosen."""
    kept: dict[str, object] = dict(_Kept(connection).all())
    sort, reverse, interval, export, columns = map(kept.get, Preferences._fields)
    return Preferences(
        sort if isinstance(sort, str) else Preferences().sort,
        reverse == 1,
        float(interval) if isinstance(interval, int | float) and interval > 0 else None,
        export if isinstance(export, str) else Preferences().export,
        columns if isinstance(columns, str) else Preferences().columns,
    )


def save(connection: sqlite3.Connection, preferences: Preferences) -> None:
    """Keep `preferences`; blocks for the disk. Where the state cannot be written they last until the end."""
    _Kept(connection).keep(preferences)


class _Kept(Store):
    def all(self) -> list[tuple[str, object]]:
        return [(name, value) for name, value in self._read("SELECT name, value FROM preferences")]

    def keep(self, preferences: Preferences) -> None:
        rows = preferences._asdict().items()
        self._write_all(("INSERT OR REPLACE INTO preferences (name, value) VALUES (?, ?)", rows))
