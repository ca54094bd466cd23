"""What the small stores have in common: rows that make things quicker or nicer, and that nothing paid rests on.

Where the database cannot be used, they give nothing and keep nothing, and the work goes on without; that is told, once.
Where money rests on the rows, in the journal, the ledger and the queue, it is an error that stops the action.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, Final

_READ_ONLY: Final = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_DAMAGED: Final = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NO_SPACE: Final = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_LOCKED: Final = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class Trouble:
    """What is told when a state cannot be used: each thing once, whichever stores meet it. Any thread may note it."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` is that of the state; None for one in memory."""
        self.folder = folder
        self._lock = Lock()
        self._told = dict[str, None]()
        self._listener: Callable[[str], None] | None = None

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with each sentence, in the thread that meets it; at once with those that came before."""
        with self._lock:
            self._listener, before = listener, list(self._told)
        for sentence in before:
            listener(sentence)

    def note(self, error: sqlite3.Error) -> None:
        """Tell that something could not be remembered, or not be read."""
        where = "in memory" if self.folder is None else f"in {self.folder}"
        self.tell(
            f"The state {where} cannot be used: {error}. Nothing is remembered meanwhile. {remedy(error)}".strip()
        )

    def tell(self, sentence: str) -> None:
        with self._lock:
            if sentence in self._told:
                return
            self._told[sentence] = None
            listener = self._listener
        if listener is not None:
            listener(sentence)


def remedy(error: sqlite3.Error) -> str:
    """What its user can do about it, in a sentence; empty where nothing is known to help."""
    code = getattr(error, "sqlite_errorcode", None)
    kind = None if code is None else code & 0xFF
    if kind in _NO_SPACE:
        return "Make room on its disk."
    if kind in _READ_ONLY:
        return "Make the folder and its files writable."
    if kind in _DAMAGED or (kind == sqlite3.SQLITE_ERROR and str(error).startswith("no such")):
        return "Copy it elsewhere and move it away to start afresh: without it, what was submitted before is not known."
    if kind in _LOCKED:
        return "Another program holds it: end that one, or wait for it."
    return ""


def replacing(table: str, *columns: str) -> str:
    """The statement that puts a row into `table`, by column, in place of one with the same key."""
    marks = ", ".join("?" * len(columns))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  (constants alone)


class Store:
    """A base for a store that can do without the database. Every method blocks for the disk."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def _each(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows one by one; they end where the database does."""
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._note(error)

    def _read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows, or none where the database cannot be used."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._note(error)
            return []

    def _write(self, statement: str, *values: object) -> bool:
        """One change; whether it was made. It may be in the middle of no other thread's transaction."""
        try:
            self._connection.execute(statement, values)
        except sqlite3.Error as error:
            self._note(error)
            return False
        return True

    def _write_all(self, *changes: tuple[str, Iterable[tuple[object, ...]]]) -> bool:
        """Each statement with each of its rows, in one transaction; whether that was done."""
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                for statement, rows in changes:
                    self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            self._note(error)
            return False
        return True

    def _note(self, error: sqlite3.Error) -> None:
        trouble: Trouble | None = getattr(self._connection, "trouble", None)
        # What a thread still had to write when the program closed the state is no trouble of the state.
        if trouble is not None and not getattr(self._connection, "closed", False):
            trouble.note(error)
