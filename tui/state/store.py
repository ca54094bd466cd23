"""The state folder and the one SQLite database in it."""

import sqlite3
import time
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from tui.errors import LazybatchError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS submissions (
  id TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  model TEXT,
  metadata TEXT NOT NULL,
  upload_name TEXT NOT NULL,
  stage TEXT NOT NULL,
  file_id TEXT,
  batch_id TEXT,
  reason TEXT,
  opened_at REAL NOT NULL,
  changed_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS submissions_by_content ON submissions (account, sha256);
CREATE TABLE IF NOT EXISTS cancellations (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  asked_at REAL NOT NULL,
  outcome TEXT,
  message TEXT,
  told_at REAL
);
CREATE TABLE IF NOT EXISTS deletions (
  account TEXT NOT NULL,
  file_id TEXT NOT NULL,
  asked_at REAL NOT NULL,
  outcome TEXT,
  message TEXT,
  told_at REAL
);
CREATE TABLE IF NOT EXISTS batches (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  seen_at REAL NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS batches_by_age ON batches (account, created_at DESC);
CREATE INDEX IF NOT EXISTS batches_by_sight ON batches (account, seen_at);
CREATE TABLE IF NOT EXISTS verdicts (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  basis TEXT NOT NULL,
  doubted INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS estimates (
  submission_id TEXT PRIMARY KEY,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER,
  low REAL,
  high REAL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS usages (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  model TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS usages_by_model ON usages (account, model, created_at DESC);
CREATE TABLE IF NOT EXISTS prices (
  edition TEXT NOT NULL,
  base_url TEXT NOT NULL,
  model TEXT NOT NULL,
  day INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (edition, base_url, model, day, tokens)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS samples (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  samples TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS queue (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  place INTEGER NOT NULL,
  path TEXT NOT NULL,
  identity TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  models TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  metadata TEXT NOT NULL,
  again INTEGER NOT NULL,
  expected TEXT,
  state TEXT NOT NULL,
  submission_id TEXT,
  file_id TEXT,
  batch_id TEXT,
  settled INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  added_at REAL NOT NULL,
  changed_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS queue_by_place ON queue (account, place);
CREATE TABLE IF NOT EXISTS enqueued_limits (
  account TEXT NOT NULL,
  model TEXT NOT NULL,
  tokens INTEGER,
  requests INTEGER,
  refused_at REAL NOT NULL,
  refusals INTEGER NOT NULL,
  PRIMARY KEY (account, model)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarms (
  account TEXT PRIMARY KEY,
  told TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS awaited (
  account TEXT NOT NULL,
  batch_id TEXT NOT NULL,
  PRIMARY KEY (account, batch_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parted_uploads (
  submission_id TEXT PRIMARY KEY,
  upload_id TEXT NOT NULL,
  part_bytes INTEGER NOT NULL,
  expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upload_parts (
  upload_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  part_id TEXT NOT NULL,
  PRIMARY KEY (upload_id, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS whole_only (
  account TEXT PRIMARY KEY,
  told_at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS withdrawn_files (
  submission_id TEXT NOT NULL,
  file_id TEXT NOT NULL,
  key_hint TEXT NOT NULL,
  PRIMARY KEY (submission_id, file_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS preferences (
  name TEXT PRIMARY KEY,
  value
) WITHOUT ROWID;
"""
_VERSION = 12
_LOCK_TIMEOUT = 10.0  # seconds
# KiB that a connection keeps of the file, which the system keeps as well: of SQLite's own 2 MB none would come back.
_PAGES = 256


class Connection(sqlite3.Connection):
    """A connection for several threads: while one has a transaction, in a `with` statement, the others wait.

    SQLite's own lock is held for a statement alone. A write between two of another thread's would be taken back
    with what that one takes back, and a second BEGIN refused.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._turn = RLock()

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


def connect(folder: Path) -> Connection:
    """Open the database in `folder`, making both where they are missing; the folder is 0700, the files 0600.

    Every commit is on disk when it returns (`synchronous=FULL`): the journal's promise rests on it. Raises
    `LazybatchError` where the folder or the file cannot be used.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "lazybatch.sqlite3"
        path.touch(mode=0o600)
        connection = Connection(path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA cache_size=-{_PAGES}")
            _migrate(connection, path)
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
    connection = Connection(":memory:", isolation_level=None, check_same_thread=False)
    connection.executescript(_SCHEMA)
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


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > _VERSION:
        raise LazybatchError(f"{path} was written by a newer lazybatch: use that one, or another LAZYBATCH_STATE.")
    if version < _VERSION:
        # One transaction, so that two processes that start at once do not build it twice.
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={_VERSION}; COMMIT;")
