"""The batches as they were last seen, so that the first frame shows them before any answer has come.

Kept as the server sent them, so that what is read here goes through the same door as what comes from the network.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tui.store.base import Store, replacing


class Cache(Store):
    """The remembered batches of one account.

    Where the database cannot be used, for a full disk say, nothing is remembered and nothing else is lost: the server
    is asked anyway.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account

    def load(self, *, offset: int = 0, limit: int = -1) -> list[Mapping[str, Any]]:
        """Up to `limit` answers from `offset` on, newest batch first; all of the rest when `limit` is negative."""
        return list(self.each(offset=offset, limit=limit))

    def each(self, *, offset: int = 0, limit: int = -1) -> Iterator[Mapping[str, Any]]:
        """The same one by one: those of ten thousand batches at once take three times what is made of them."""
        statement = "SELECT answer FROM batches WHERE account = ? ORDER BY created_at DESC, id LIMIT ? OFFSET ?"
        for row in self._each(statement, self._account, limit, offset):
            yield json.loads(row[0])

    def seen_at(self) -> float | None:
        """When the newest of the answers came, in Unix seconds of this machine's clock; None without any."""
        rows = self._read("SELECT max(seen_at) FROM batches WHERE account = ?", self._account)
        return rows[0][0] if rows else None

    def answer(self, batch_id: str) -> Mapping[str, Any] | None:
        """The server's own JSON of one batch."""
        rows = self._read("SELECT answer FROM batches WHERE account = ? AND id = ?", self._account, batch_id)
        return json.loads(rows[0][0]) if rows else None

    def save(self, items: Iterable[tuple[str, int, Mapping[str, Any]]], seen_at: float) -> None:
        """Remember `(id, created_at, answer)` of each batch."""
        rows = [(self._account, key, created, seen_at, json.dumps(answer)) for key, created, answer in items]
        self._write_all((replacing("batches", "account", "id", "created_at", "seen_at", "answer"), rows))

    def mark_gone(self, ids: Iterable[str]) -> None:
        """Remember that the server no longer knows these batches, until one is saved again."""
        rows = [(self._account, key) for key in ids]
        self._write_all(("UPDATE batches SET gone = 1 WHERE account = ? AND id = ?", rows))

    def gone(self) -> set[str]:
        """The ids of those that the server no longer knows."""
        return {row[0] for row in self._read("SELECT id FROM batches WHERE account = ? AND gone", self._account)}
