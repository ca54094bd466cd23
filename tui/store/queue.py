"""Submissions that wait here until there is room for them at the provider, in the order that their user gave them.

What is in the queue has been said yes to: it goes out without a further question. A line is on disk before what it
announces is done, as in the journal, whose submission an entry names from the moment on that it is sent.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from tui.batches.cost import Expected
from tui.batches.names import submission_name
from tui.batches.quota import Amount
from tui.errors import LazybatchError
from tui.requests.validate import Identity, Report
from tui.store.base import Trouble, remedy
from tui.store.path_text import readable, storable

Move = Literal["up", "down", "first", "last"]


class State(StrEnum):
    """Where an entry is. `SENT` has a batch; `HELD` does not go out by itself, and says why."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file on its way; times in Unix seconds of this machine's clock.

    `file_id` is an upload of the same bytes that may still be there. A sent entry is `settled` once the provider has
    taken its batch in: until then it may be refused, and comes back.
    """

    id: int
    path: Path
    identity: Identity
    sha256: str
    bytes: int
    requests: int
    models: Mapping[str, int]
    endpoint: str
    metadata: Mapping[str, str]
    again: bool
    expected: Expected | None
    state: State = State.WAITING
    submission_id: str | None = None
    file_id: str | None = None
    batch_id: str | None = None
    settled: bool = False
    reason: str | None = None
    added_at: float = 0.0
    changed_at: float = 0.0

    @property
    def name(self) -> str:
        """What its batch is going to be called, safe to show."""
        return submission_name(self.metadata, str(self.path))

    @property
    def model(self) -> str | None:
        """The one model that its requests ask."""
        return next(iter(self.models)) if len(self.models) == 1 else None

    @property
    def amount(self) -> Amount:
        """What it will take of its model's limit."""
        return Amount(self.model, self.expected.input_tokens if self.expected else None, self.requests)

    @property
    def report(self) -> Report:
        """What validation found, which was nothing wrong."""
        return Report(
            path=self.path, bytes=self.bytes, sha256=self.sha256, requests=self.requests, endpoint=self.endpoint,
            models=self.models, inputs=0, problems=(), problem_count=0, counts_by_code={}, warnings=(),
            warning_count=0, identity=self.identity,
        )  # fmt: skip


_COLUMNS = tuple(field.name for field in fields(Entry))


class Queue:
    """The entries of one account. Every method that writes is on disk when it returns; all raise `LazybatchError`.

    A change says whether it was made: another process may have been faster, and what is being sent is left alone.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        self._connection = connection
        self._account = account

    def add(
        self,
        report: Report,
        endpoint: str,
        metadata: Mapping[str, str],
        *,
        again: bool = False,
        expected: Expected | None = None,
        file_id: str | None = None,
        sent: tuple[str, str] | None = None,
    ) -> Entry:
        """Put a validated file at the end of the line, or note it as `sent`, as that submission and batch."""
        now = time.time()
        columns = {
            "account": self._account, "path": storable(str(report.path.absolute())), "identity": _told(report.identity),
            "sha256": report.sha256, "bytes": report.bytes, "requests": report.requests,
            "models": json.dumps(dict(report.models)), "endpoint": endpoint, "metadata": json.dumps(dict(metadata)),
            "again": again, "expected": None if expected is None else json.dumps(asdict(expected)),
            "state": State.SENT if sent else State.WAITING, "submission_id": sent[0] if sent else None,
            "batch_id": sent[1] if sent else None, "file_id": file_id, "added_at": now, "changed_at": now,
        }  # fmt: skip
        values = ", ".join(f":{name}" for name in columns)
        with self._sentence():
            done = self._connection.execute(
                f"INSERT INTO queue ({', '.join(columns)}, place) SELECT {values},"  # noqa: S608  (constants alone)
                " (SELECT coalesce(max(place), 0) + 1 FROM queue WHERE account = :account)",
                columns,
            )
        found = self.find(done.lastrowid or 0)
        if found is None:
            raise AssertionError("what was inserted is there")
        return found

    def entries(self) -> list[Entry]:
        """Those that have not gone out, in their order; behind them what was sent, the newest first."""
        return self._select("1 ORDER BY state = 'sent', iif(state = 'sent', -changed_at, place), id")

    def find(self, entry_id: int) -> Entry | None:
        return next(iter(self._select("id = ?", entry_id)), None)

    def submissions(self) -> frozenset[str]:
        """The ids of the journal's submissions that the queue will take care of."""
        return frozenset(entry.submission_id for entry in self._select("state = 'sending'") if entry.submission_id)

    def begin(self, entry_id: int, submission_id: str) -> bool:
        """Note that an entry is about to be sent as that submission of the journal; only one that waits."""
        return self._change(
            entry_id, State.WAITING, "state = 'sending', submission_id = ?, reason = NULL", submission_id
        )

    def sent(self, entry_id: int, batch_id: str, *, settled: bool = False, reason: str | None = None) -> bool:
        """Note the batch that an entry came to."""
        values = "state = 'sent', batch_id = ?, settled = ?, reason = ?"
        return self._change(entry_id, State.SENDING, values, batch_id, settled, reason)

    def settle(self, entry_id: int) -> bool:
        """Note that the provider has taken the batch in, or that it will not be looked after any more."""
        return self._change(entry_id, State.SENT, "settled = 1")

    def wait_again(self, entry_id: int, file_id: str | None, reason: str | None = None) -> bool:
        """Put an entry back to its place in the line: it was not sent, or its batch was refused for want of room."""
        values = (
            "state = 'waiting', submission_id = NULL, batch_id = NULL, settled = 0, file_id = coalesce(?, file_id),"
            " reason = ?"
        )
        return self._change(entry_id, (State.SENDING, State.SENT, State.HELD), values, file_id, reason)

    def hold(self, entry_id: int, reason: str) -> bool:
        """Keep an entry from going out; `reason` is a sentence."""
        return self._change(entry_id, (State.WAITING, State.SENDING), "state = 'held', reason = ?", reason)

    def renew(self, entry_id: int, identity: Identity) -> bool:
        """Take in that the file is another one of the same content."""
        return self._change(entry_id, State.WAITING, "identity = ?", _told(identity))

    def move(self, entry_id: int, where: Move) -> bool:
        """Give an entry that has not gone out another place among those."""
        line = [entry.id for entry in self.entries() if entry.state is not State.SENT]
        if entry_id not in line:
            return False
        here = line.index(entry_id)
        there = {"up": max(0, here - 1), "down": min(len(line) - 1, here + 1), "first": 0, "last": len(line) - 1}[where]
        if there == here:
            return False
        line.insert(there, line.pop(here))
        # In one statement: a process that dies in between leaves no half order.
        order = json.dumps(line)
        with self._sentence():
            self._connection.execute(
                "UPDATE queue SET place = (SELECT key FROM json_each(?) WHERE value = queue.id)"
                " WHERE account = ? AND id IN (SELECT value FROM json_each(?))",
                (order, self._account, order),
            )
        return True

    def remove(self, entry_id: int) -> bool:
        """Take an entry out, unless it is being sent; a batch that it has come to stays."""
        with self._sentence():
            done = self._connection.execute(
                "DELETE FROM queue WHERE account = ? AND id = ? AND state <> 'sending'", (self._account, entry_id)
            )
        return done.rowcount > 0

    def forget_sent(self, before: float) -> None:
        """Take out what was sent, and taken in, before that time."""
        with self._sentence():
            self._connection.execute(
                "DELETE FROM queue WHERE account = ? AND state = 'sent' AND settled AND changed_at < ?",
                (self._account, before),
            )

    def _change(self, entry_id: int, of: State | Sequence[State], values: str, *more: str | bool | None) -> bool:
        states = [of] if isinstance(of, State) else list(of)
        marks = ",".join("?" * len(states))
        with self._sentence():
            done = self._connection.execute(
                f"UPDATE queue SET {values}, changed_at = ? WHERE account = ? AND id = ? AND state IN ({marks})",  # noqa: S608  (constants alone)
                (*more, time.time(), self._account, entry_id, *states),
            )
        return done.rowcount > 0

    def _select(self, condition: str, *values: int) -> list[Entry]:
        with self._sentence():
            found = self._connection.execute(
                f"SELECT {', '.join(_COLUMNS)} FROM queue WHERE account = ? AND {condition}",  # noqa: S608  (constants alone)
                (self._account, *values),
            )
            return [_entry(dict(zip(_COLUMNS, row, strict=True))) for row in found.fetchall()]

    @contextmanager
    def _sentence(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            trouble: Trouble | None = getattr(self._connection, "trouble", None)
            where = f" in {trouble.folder}" if trouble is not None and trouble.folder else ""
            raise LazybatchError(f"The queue{where} cannot be used: {error}. {remedy(error)}".rstrip()) from None


def _told(identity: Identity) -> str:
    return json.dumps([identity.size, identity.mtime_ns, identity.inode, identity.device])


def _entry(row: dict[str, Any]) -> Entry:
    """An entry of a row, whose columns are its fields."""
    made = {
        "path": Path(readable(row["path"])),
        "identity": Identity(*json.loads(row["identity"])),
        "models": json.loads(row["models"]),
        "metadata": json.loads(row["metadata"]),
        "again": bool(row["again"]),
        "expected": Expected(**json.loads(row["expected"])) if row["expected"] else None,
        "state": State(row["state"]),
        "settled": bool(row["settled"]),
    }
    return Entry(**(row | made))
