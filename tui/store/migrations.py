"""The tables of the state, and how those of an older lazybatch become today's.

`PRAGMA user_version` tells how far a database has come: step n of `STEPS` brings one of version `BASE + n - 1` to
`BASE + n`. A change is a new step at the end; a step that was ever shipped stays as it is.
"""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

BASE: Final = 12

# The tables of version 12. Older versions lack some of these and differ in nothing else that is still read.
_TWELFTH = """
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


def _thirteenth(connection: sqlite3.Connection) -> None:
    """Date verdicts, so that the oldest can go; take over what version 10 kept of withdrawals, and drop its tables."""
    connection.execute("ALTER TABLE verdicts ADD COLUMN kept_at REAL NOT NULL DEFAULT 0")
    if connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'withdrawals'").fetchone():
        # A submission that was being withdrawn then is gone on with, as by the version that began it.
        connection.execute(
            "INSERT OR IGNORE INTO withdrawn_files (submission_id, file_id, key_hint) SELECT submission_id, file_id,"
            " key_hint FROM withdrawals JOIN submissions ON id = submission_id WHERE file_id IS NOT NULL"
        )
    connection.execute("DROP TABLE IF EXISTS withdrawals")
    connection.execute("DROP TABLE IF EXISTS whole_uploads")


def _fourteenth(connection: sqlite3.Connection) -> None:
    """Mark the remembered batches that their server no longer knows."""
    connection.execute("ALTER TABLE batches ADD COLUMN gone INTEGER NOT NULL DEFAULT 0")


def _fifteenth(connection: sqlite3.Connection) -> None:
    """Keep with a verdict what the results have used, where they tell."""
    for column in ("requests", "input_tokens", "output_tokens", "cached_tokens"):
        connection.execute(f"ALTER TABLE verdicts ADD COLUMN {column} INTEGER")
    # It has all that is read of it: the verdicts themselves are long.
    connection.execute(
        "CREATE INDEX verdicts_by_usage ON verdicts (account, requests, input_tokens, output_tokens, cached_tokens)"
        " WHERE requests IS NOT NULL"
    )


STEPS: Final[Sequence[Callable[[sqlite3.Connection], None]]] = (_thirteenth, _fourteenth, _fifteenth)
VERSION: Final = BASE + len(STEPS)


def version_of(connection: sqlite3.Connection) -> int:
    """How far a database has come; 0 for one that is empty."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database of any older version to today's, in one transaction; what fails leaves it as it was.

    Two processes that start at once take turns: the second finds it done.
    """
    if version_of(connection) >= VERSION:
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        # Another process may have been faster.
        version = version_of(connection)
        if version < BASE:
            # One by one: a script would end the transaction.
            for statement in _TWELFTH.split(";\n"):
                connection.execute(statement)
        for step in STEPS[max(0, version - BASE) :]:
            step(connection)
        connection.execute(f"PRAGMA user_version={VERSION}")
