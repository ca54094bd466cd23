"""The server's state: one SQLite file beside one folder of file contents."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec

from tui.demo.engine import life
from tui.demo.engine.records import BatchRecord, FileRecord, PartRecord, UploadRecord

_SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
  seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, created_at REAL NOT NULL, expires_at REAL, purpose TEXT NOT NULL,
  doc BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS files_by_age ON files (created_at, seq);
CREATE TABLE IF NOT EXISTS batches (
  seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, created_at REAL NOT NULL, input_file_id TEXT NOT NULL,
  open INTEGER NOT NULL, ends_at REAL NOT NULL, model TEXT, tokens INTEGER NOT NULL, requests INTEGER NOT NULL,
  doc BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batches_by_age ON batches (created_at, seq);
CREATE INDEX IF NOT EXISTS batches_open ON batches (open, ends_at);
CREATE INDEX IF NOT EXISTS batches_by_input ON batches (input_file_id);
CREATE TABLE IF NOT EXISTS uploads (id TEXT PRIMARY KEY, doc BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS clock (id INTEGER PRIMARY KEY CHECK (id = 1), reached REAL NOT NULL);
CREATE TABLE IF NOT EXISTS parts (id TEXT PRIMARY KEY, upload_id TEXT NOT NULL, doc BLOB NOT NULL);
"""
_NEVER = 1e18
_Doc = TypeVar("_Doc", FileRecord, BatchRecord, UploadRecord, PartRecord)


class UnknownCursorError(Exception):
    """The ``after`` of a list names nothing that is there."""


def _read(doc: bytes, kind: type[_Doc]) -> _Doc:
    return msgspec.json.decode(doc, type=kind)


class Store:
    """Files, uploads and batches under one folder; every method is quick enough for the server's event loop.

    Raises ``sqlite3.Error`` when the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "files"
        self.blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        # What a run that was killed left half-written.
        for pattern in ("incoming-*", "*.part"):
            for path in self.blobs.glob(pattern):
                path.unlink()
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "demo.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Closes the database; the files stay."""
        with self._lock:
            self._db.close()

    def path(self, name: str) -> Path:
        """Where the content of a file or part lies. ``name`` is an id this server made, never text from outside."""
        return self.blobs / name

    def _rows(self, sql: str, *values: object) -> list[tuple[bytes]]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> bytes | None:
        rows = self._rows(sql, *values)
        return rows[0][0] if rows else None

    def reached(self, now: float) -> float:
        """Notes that the server's clock has reached ``now``; returns the latest time noted so far."""
        with self._lock:
            (latest,) = self._db.execute(
                "INSERT INTO clock VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET"
                " reached = max(reached, excluded.reached) RETURNING reached",
                (now,),
            ).fetchone()
        return float(latest)

    # Files

    def save_files(self, files: Iterable[FileRecord]) -> None:
        """Adds files, or replaces those with the same id."""
        rows = [(f.id, f.created_at, f.expires_at, f.purpose, msgspec.json.encode(f)) for f in files]
        self._many(
            "INSERT INTO files (id, created_at, expires_at, purpose, doc) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, doc = excluded.doc",
            rows,
        )

    def file(self, file_id: str) -> FileRecord | None:
        """One file, expired or not."""
        doc = self._one("SELECT doc FROM files WHERE id = ?", file_id)
        return _read(doc, FileRecord) if doc else None

    def unmade_files(self) -> list[FileRecord]:
        """The files whose content has not been made yet."""
        rows = self._rows("SELECT doc FROM files WHERE json_extract(doc, '$.bytes') IS NULL")
        return [_read(doc, FileRecord) for (doc,) in rows]

    def list_files(
        self, now: float, limit: int, after: str | None, purpose: str | None, *, ascending: bool
    ) -> tuple[list[FileRecord], bool]:
        """A page of the files that have not expired, and whether there are more. Raises UnknownCursorError."""
        way, sign = ("ASC", ">") if ascending else ("DESC", "<")
        where, values = ["(expires_at IS NULL OR expires_at > ?)"], list[object]([now])
        if purpose is not None:
            where.append("purpose = ?")
            values.append(purpose)
        if after is not None:
            self._seek("files", after)
            where.append(f"(created_at, seq) {sign} (SELECT created_at, seq FROM files WHERE id = ?)")  # noqa: S608
            values.append(after)
        sql = f"SELECT doc FROM files WHERE {' AND '.join(where)} ORDER BY created_at {way}, seq {way} LIMIT ?"  # noqa: S608 - words of ours
        rows = self._rows(sql, *values, limit + 1)
        return [_read(doc, FileRecord) for (doc,) in rows[:limit]], len(rows) > limit > 0

    def delete_file(self, file_id: str) -> None:
        """Forgets a file; its content goes too, unless a batch still has to read it."""
        with self._lock:
            self._db.execute("DELETE FROM files WHERE id = ?", (file_id,))
        self.drop_content(file_id)

    def drop_content(self, file_id: str) -> None:
        """Removes the content of a forgotten file that no unfinished batch reads."""
        wanted = self._one(
            "SELECT 1 FROM files WHERE id = ? UNION SELECT 1 FROM batches WHERE input_file_id = ? AND open",
            file_id,
            file_id,
        )
        if not wanted:
            self.path(file_id).unlink(missing_ok=True)

    # Batches

    def save_batches(self, batches: Iterable[BatchRecord]) -> None:
        """Adds batches, or replaces those with the same id."""
        rows = []
        for batch in batches:
            unchecked = batch.check is None and batch.cancel_at is None
            check, ends_at = batch.check, min(life.timeline(batch).end, _NEVER)
            rows.append(
                (
                    batch.id,
                    batch.created_at,
                    batch.input_file_id,
                    unchecked or life.needs_files(batch),
                    ends_at,
                    check.model if check else None,
                    check.usage.input if check else 0,
                    check.total if check else 0,
                    msgspec.json.encode(batch),
                )
            )
        self._many(
            "INSERT INTO batches (id, created_at, input_file_id, open, ends_at, model, tokens, requests, doc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET open = excluded.open,"
            " ends_at = excluded.ends_at, model = excluded.model, tokens = excluded.tokens,"
            " requests = excluded.requests, doc = excluded.doc",
            rows,
        )

    def batch(self, batch_id: str) -> BatchRecord | None:
        """One batch."""
        doc = self._one("SELECT doc FROM batches WHERE id = ?", batch_id)
        return _read(doc, BatchRecord) if doc else None

    def reading(self, file_id: str) -> list[BatchRecord]:
        """The unfinished batches whose input is that file."""
        rows = self._rows("SELECT doc FROM batches WHERE input_file_id = ? AND open", file_id)
        return [_read(doc, BatchRecord) for (doc,) in rows]

    def list_batches(self, limit: int, after: str | None) -> tuple[list[BatchRecord], bool]:
        """A page of batches, newest first, and whether there are more. Raises UnknownCursorError."""
        where, values = "", []
        if after is not None:
            self._seek("batches", after)
            where = "WHERE (created_at, seq) < (SELECT created_at, seq FROM batches WHERE id = ?)"
            values.append(after)
        sql = f"SELECT doc FROM batches {where} ORDER BY created_at DESC, seq DESC LIMIT ?"  # noqa: S608
        rows = self._rows(sql, *values, limit + 1)
        return [_read(doc, BatchRecord) for (doc,) in rows[:limit]], len(rows) > limit > 0

    def due(self, now: float) -> list[BatchRecord]:
        """The batches that should have ended by ``now`` but whose result files are not written."""
        rows = self._rows("SELECT doc FROM batches WHERE open AND ends_at <= ?", now)
        return [_read(doc, BatchRecord) for (doc,) in rows]

    def unchecked(self) -> list[BatchRecord]:
        """The batches whose input was never validated, oldest first."""
        rows = self._rows("SELECT doc FROM batches WHERE open AND ends_at >= ? ORDER BY seq", _NEVER)
        return [batch for (doc,) in rows if (batch := _read(doc, BatchRecord)).check is None]

    def enqueued(self, model: str, now: float) -> int:
        """Prompt tokens of a model's batches that have not ended."""
        with self._lock:
            (tokens,) = self._db.execute(
                "SELECT COALESCE(SUM(tokens), 0) FROM batches WHERE model = ? AND open AND ends_at > ?", (model, now)
            ).fetchone()
        return int(tokens)

    # Uploads

    def save_upload(self, upload: UploadRecord) -> None:
        """Adds an upload, or replaces the one with the same id."""
        self._many("INSERT OR REPLACE INTO uploads VALUES (?, ?)", [(upload.id, msgspec.json.encode(upload))])

    def upload(self, upload_id: str) -> UploadRecord | None:
        """One upload."""
        doc = self._one("SELECT doc FROM uploads WHERE id = ?", upload_id)
        return _read(doc, UploadRecord) if doc else None

    def save_part(self, part: PartRecord) -> None:
        """Adds a part of an upload."""
        self._many("INSERT INTO parts VALUES (?, ?, ?)", [(part.id, part.upload_id, msgspec.json.encode(part))])

    def parts(self, upload_id: str) -> dict[str, PartRecord]:
        """An upload's parts by id, in the order in which they came."""
        rows = self._rows("SELECT doc FROM parts WHERE upload_id = ? ORDER BY rowid", upload_id)
        return {part.id: part for (doc,) in rows if (part := _read(doc, PartRecord))}

    def drop_parts(self, upload_id: str) -> None:
        """Forgets an upload's parts with their content."""
        for part in self.parts(upload_id).values():
            self.path(part.blob).unlink(missing_ok=True)
        self._many("DELETE FROM parts WHERE upload_id = ?", [(upload_id,)])

    def _many(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        with self._lock:
            self._db.execute("BEGIN")
            try:
                self._db.executemany(sql, rows)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _seek(self, table: str, cursor: str) -> None:
        if self._one(f"SELECT 1 FROM {table} WHERE id = ?", cursor) is None:  # noqa: S608 - a name of ours
            raise UnknownCursorError(cursor)
