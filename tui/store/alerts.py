"""The alarms that were told, and the batches whose end somebody waits for, kept for the next start."""

import json
import sqlite3
from collections.abc import Iterable, Mapping

from tui.batches.guard import Rule, Told, Trip
from tui.store.base import Store


class AlarmBook(Store):
    """What one account's user has been told of, and has asked to be told.

    Where the database cannot be used nothing is remembered: an alarm comes once more at the next start.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account

    def told(self) -> dict[str, dict[Rule, Told]]:
        """The alarms by batch and rule; none where they are kept in another form than ours."""
        rows = self._read("SELECT told FROM alarms WHERE account = ?", self._account)
        try:
            return {batch_id: _read(trips) for batch_id, trips in json.loads(rows[0][0]).items()} if rows else {}
        except (ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def save(self, told: Mapping[str, Mapping[Rule, Told]]) -> None:
        """Keep `told` in place of what was kept; blocks for the disk."""
        text = json.dumps({
            batch_id: {rule: (it.trip.sentence, it.trip.since, it.clear_at, it.spared) for rule, it in trips.items()}
            for batch_id, trips in told.items()
        })  # fmt: skip
        self._write("INSERT OR REPLACE INTO alarms (account, told) VALUES (?, ?)", self._account, text)

    def awaited(self) -> set[str]:
        """The batches whose end is to be told."""
        return {row[0] for row in self._read("SELECT batch_id FROM awaited WHERE account = ?", self._account)}

    def wait_for(self, batch_ids: Iterable[str]) -> None:
        """Have the end of these batches told, at the next start too."""
        self._change("INSERT OR IGNORE INTO awaited (account, batch_id) VALUES (?, ?)", batch_ids)

    def wait_no_more(self, batch_ids: Iterable[str]) -> None:
        """The end of these batches was told, or need not be."""
        self._change("DELETE FROM awaited WHERE account = ? AND batch_id = ?", batch_ids)

    def _change(self, statement: str, batch_ids: Iterable[str]) -> None:
        for batch_id in batch_ids:
            self._write(statement, self._account, batch_id)


def _read(trips: Mapping[str, tuple[str, float, float | None, bool]]) -> dict[Rule, Told]:
    found = {}
    for name, (sentence, since, clear_at, spared) in trips.items():
        rule = Rule(name)
        clear = None if clear_at is None else float(clear_at)
        found[rule] = Told(Trip(rule, str(sentence), float(since)), clear, bool(spared))
    return found
