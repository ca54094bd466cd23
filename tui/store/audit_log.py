"""What was taken back of an account on purpose, cancelled or deleted, and what became of that."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tui.errors import LazybatchError
from tui.store.base import remedy

_BELIEVED: Final = 86400.0  # seconds


class Ledger:
    """The cancellations and deletions of one account. Every method that writes is on disk when it returns.

    All raise `LazybatchError` where the database cannot be used.
    """

    def __init__(self, connection: sqlite3.Connection, account: str, folder: Path) -> None:
        self._connection = connection
        self.account = account
        self._folder = folder

    def cancel_asked(self, batch_id: str) -> int:
        """Note that a cancel is about to be sent; the number given back is for `cancel_told`."""
        row = self._do(
            "INSERT INTO cancellations (account, batch_id, asked_at) VALUES (?, ?, ?)",
            (self.account, batch_id, time.time()),
        )
        return row.lastrowid or 0

    def cancel_told(self, number: int, outcome: str, message: str | None) -> None:
        """Note what became of a cancel."""
        self._do(
            "UPDATE cancellations SET outcome = ?, message = ?, told_at = ? WHERE rowid = ?",
            (outcome, message, time.time(), number),
        )

    def delete_asked(self, file_id: str) -> int:
        """Note that a delete is about to be sent; the number given back is for `delete_told`."""
        row = self._do(
            "INSERT INTO deletions (account, file_id, asked_at) VALUES (?, ?, ?)",
            (self.account, file_id, time.time()),
        )
        return row.lastrowid or 0

    def delete_told(self, number: int, outcome: str, message: str | None) -> None:
        """Note what became of a delete."""
        self._do(
            "UPDATE deletions SET outcome = ?, message = ?, told_at = ? WHERE rowid = ?",
            (outcome, message, time.time(), number),
        )

    def delete_refused(self, file_id: str) -> bool:
        """Whether the server has refused to delete that file within a day: another key may be allowed to."""
        since = time.time() - _BELIEVED
        statement = "SELECT 1 FROM deletions WHERE account = ? AND file_id = ? AND outcome = 'refused' AND told_at > ?"
        return self._do(statement, (self.account, file_id, since)).fetchone() is not None

    def _do(self, statement: str, values: Sequence[object]) -> sqlite3.Cursor:
        with self._sentence():
            return self._connection.execute(statement, values)

    @contextmanager
    def _sentence(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            sentence = f"The journal in {self._folder} cannot be used: {error}. {remedy(error)}".rstrip()
            raise LazybatchError(sentence) from None
