"""The state folder and the one SQLite database in it."""

import sqlite3
import time
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from tui.errors import LazybatchError
from tui.store.base import Trouble
from tui.store.migrations import VERSION, migrate, version_of

_LOCK_TIMEOUT = 10.0  # seconds
# KiB that a connection keeps of the file, which the system keeps as well: of SQLite's own 2 MB none would come back.
_PAGES = 256


class Connection(sqlite3.Connection):
    """A connection for several threads: while one has a transaction, in a `with` statement, the others wait.

    SQLite's own lock is held for a statement alone. A write between two of another thread's would be taken back
    with what that one takes back, and a second BEGIN refused. `trouble` is where stores tell that it cannot be used.
    """

    def __init__(self, *arguments: Any, trouble: Trouble, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = RLock()
        self.trouble = trouble
        self.closed = False

    def close(self) -> None:
        self.closed = True
        super().close()

    def __enter__(self) -> "Connection":
        self._turn.acquire()
        return self

    def __exit__(self, *error: Any) -> Literal[False]:
        try:
            return super().__exit__(*error)
        finally:
            self._turn.release()

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        with self._turn:
            return super().execute(*statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        with self._turn:
            return super().executemany(*statement)


def connect(folder: Path, trouble: Trouble | None = None) -> Connection:
    """Open the database in `folder`, making both where they are missing; the folder is 0700, the files 0600.

    `trouble` is told what its stores cannot do later; connections of one process share one.

    Every commit is on disk when it returns (`synchronous=FULL`): the journal's promise rests on it. Raises
    `LazybatchError` where the folder or the file cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "lazybatch.sqlite3"
        if not path.exists():
            path.touch(mode=0o600)
        connection = Connection(
            path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False,
            trouble=trouble or Trouble(folder),
        )  # fmt: skip
        try:
            if version_of(connection) > VERSION:
                # Before anything is changed in it.
                raise LazybatchError(
                    f"{path} was written by a newer lazybatch: use that one, or another LAZYBATCH_STATE."
                )
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{_PAGES}")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
    except OSError as error:
        raise LazybatchError(f"Cannot use the state folder {folder}: {error.strerror}.") from None
    except sqlite3.OperationalError as error:
        # A full disk, a lock: the journal is whole, and without it what is paid for already would be sent again.
        full = " Is its disk full?" if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_IOERR else ""
        raise LazybatchError(f"Cannot use the state in {folder}: {error}.{full}") from None
    except sqlite3.Error as error:
        raise LazybatchError(f"Cannot use the state in {folder}: {error}. Move it away to start afresh.") from None
    return connection


def memory() -> Connection:
    """The same database, empty, and forgotten when it is closed."""
    connection = Connection(":memory:", isolation_level=None, check_same_thread=False, trouble=Trouble(None))
    migrate(connection)
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for a lock there, so two processes that start at once take turns here."""
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
