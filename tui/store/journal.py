"""What was submitted to an account, and what became of it.

A line is on disk before the step that it announces is taken, so that a process that dies at any point leaves behind
what the next one needs in order to find out whether the server did the work.
"""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

from tui.batches.batch import GROUP_KEY
from tui.batches.cost import Expected
from tui.batches.names import Named
from tui.errors import LazybatchError
from tui.store.audit_log import Ledger
from tui.store.base import replacing
from tui.store.lock import Taken, locked
from tui.store.path_text import readable, storable
from tui.store.uploads import PartedUploads

_GROUP_DIGITS = 16
# Of a row's metadata, what its group tells of the file that its parts were cut from; constants alone.
_CUT_FROM = f"substr(json_extract(metadata, '$.{GROUP_KEY}'), 1, {_GROUP_DIGITS})"


class Stage(StrEnum):
    """How far a submission got. The first four are open: the next start has to find out what the server knows.

    `WITHDRAWING` comes after `CREATING` where no answer told: the uploaded file is being deleted, so that nothing can
    come of that create any more. Then it is `UPLOADING` again.
    """

    UPLOADING = "uploading"
    UPLOADED = "uploaded"
    CREATING = "creating"
    WITHDRAWING = "withdrawing"
    CREATED = "created"
    REFUSED = "refused"
    ABANDONED = "abandoned"


IN_DOUBT = (Stage.CREATING, Stage.WITHDRAWING)
OPEN = (Stage.UPLOADING, Stage.UPLOADED, *IN_DOUBT)


@dataclass(frozen=True, slots=True)
class Submission:
    """One attempt to turn a file into a batch; times in Unix seconds of this machine's clock."""

    id: str
    account: str
    sha256: str
    path: str
    bytes: int
    requests: int
    endpoint: str
    model: str | None
    metadata: Mapping[str, str]
    upload_name: str
    stage: Stage
    file_id: str | None = None
    batch_id: str | None = None
    reason: str | None = None
    opened_at: float = 0.0
    changed_at: float = 0.0

    @property
    def open(self) -> bool:
        """Whether it is still to be found out or carried on."""
        return self.stage in OPEN

    @property
    def in_doubt(self) -> bool:
        """Whether a create was sent, or was about to be, and what came of it is not known."""
        return self.stage in IN_DOUBT


_COLUMNS = tuple(field.name for field in fields(Submission))


def new_id() -> str:
    """An id for a submission: 80 random bits, short enough for a file name and a metadata value."""
    # It brings OpenSSL along, which the first frame has no use for.
    import secrets

    return secrets.token_hex(10)


def new_group(sha256: str) -> str:
    """An id for the parts of a file of that content, by which they are found again."""
    return f"{sha256[:_GROUP_DIGITS]}-{new_id()[:8]}"


def is_cut_from(group: str | None, sha256: str) -> bool:
    """Whether parts of `group` are those of a file of that content."""
    return group is not None and group.partition("-")[0] == sha256[:_GROUP_DIGITS]


class Busy(LazybatchError):  # noqa: N818  # what it says of the content; the base is an Error by name
    """Another process, or another task of this one, has the claim."""


class Journal(Ledger):
    """The submissions of one account. Every method that writes is on disk when it returns."""

    def __init__(self, connection: sqlite3.Connection, account: str, folder: Path) -> None:
        super().__init__(connection, account, folder)
        self.uploads = PartedUploads(connection, account)

    @contextmanager
    def claim(self, sha256: str, what: str = "this very file") -> Iterator[None]:
        """Keep every other process from submitting the same content; the lock goes with the process, however it ends.

        As many digits as a group has of the file that its parts were cut from. Raises `Busy` where another has it,
        which is told `what` that one submits.
        """
        try:
            with locked(self._folder / f"{sha256[:_GROUP_DIGITS]}.lock", what):
                yield
        except Taken as taken:
            raise Busy(f"Another lazybatch is submitting {taken.note or what} right now.", 1) from None

    def claim_source(self, group: str) -> AbstractContextManager[None]:
        """`claim` the file that the parts of `group` were cut from: neither goes out while the other does."""
        return self.claim(group.partition("-")[0], "a part of this file")

    def open(self, submission: Submission) -> None:
        """Write the intent down, before the first byte goes out."""
        now = time.time()
        row = {name: getattr(submission, name) for name in _COLUMNS} | {
            "account": self.account, "path": storable(submission.path),
            "metadata": json.dumps(dict(submission.metadata)), "opened_at": now, "changed_at": now,
        }  # fmt: skip
        marks = ",".join("?" * len(row))
        # Where it raises nothing is sent: without the intent on disk nothing may be.
        self._do(f"INSERT INTO submissions ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608  (constants alone)

    def amend(self, submission_id: str, endpoint: str, metadata: Mapping[str, str]) -> None:
        """Replace what a submission's batch is to be created with; not while it is in doubt."""
        self._do(
            "UPDATE submissions SET endpoint = ?, metadata = ?, changed_at = ? WHERE id = ? AND stage NOT IN (?, ?)",
            (endpoint, json.dumps(dict(metadata)), time.time(), submission_id, *IN_DOUBT),
        )

    def advance(
        self,
        submission_id: str,
        stage: Stage,
        *,
        file_id: str | None = None,
        batch_id: str | None = None,
        reason: str | None = None,
    ) -> None:
        """Note that `submission_id` reached `stage`; what is None here keeps its value."""
        self._do(
            "UPDATE submissions SET stage = ?, file_id = coalesce(?, file_id), batch_id = coalesce(?, batch_id),"
            " reason = ?, changed_at = ? WHERE id = ?",
            (stage, file_id, batch_id, reason, time.time(), submission_id),
        )
        if stage is not Stage.UPLOADING:
            self.uploads.forget(submission_id)

    def withdraw(self, submission_id: str, file_id: str, key_hint: str) -> None:
        """Note that the uploaded file is about to be deleted, and with which key."""
        self._do(
            "INSERT OR REPLACE INTO withdrawn_files (submission_id, file_id, key_hint) VALUES (?, ?, ?)",
            (submission_id, file_id, key_hint),
        )
        self.advance(submission_id, Stage.WITHDRAWING)

    def withdrawn(self, submission_id: str) -> dict[str, str]:
        """The files of a submission that were deleted, or were about to be; of each the hint at the key."""
        statement = "SELECT file_id, key_hint FROM withdrawn_files WHERE submission_id = ?"
        return dict(self._do(statement, (submission_id,)).fetchall())

    def renew(self, submission_id: str) -> None:
        """Note that the uploaded file is gone, and no batch was made of it: it begins anew."""
        self._do(
            "UPDATE submissions SET stage = ?, file_id = NULL, reason = NULL, changed_at = ? WHERE id = ?",
            (Stage.UPLOADING, time.time(), submission_id),
        )

    def expect(self, submission_id: str, expected: Expected) -> None:
        """Note what the estimate says of a submission's file, in place of what it said before.

        Where it could not count the input, nothing is kept.
        """
        if expected.input_tokens is None:
            # What remains tells nothing that the submission does not.
            self._do("DELETE FROM estimates WHERE submission_id = ?", (submission_id,))
            return
        row = (
            submission_id, expected.requests, expected.input_tokens, expected.output_tokens, expected.low,
            expected.high,
        )  # fmt: skip
        self._do(
            replacing("estimates", "submission_id", "requests", "input_tokens", "output_tokens", "low", "high"), row
        )

    def expected(self) -> dict[str, Expected]:
        """What was expected of each submission that came to a batch, by the batch's id."""
        statement = (
            "SELECT submissions.batch_id, estimates.requests, input_tokens, output_tokens, low, high FROM estimates"
            " JOIN submissions ON id = submission_id WHERE account = ? AND batch_id IS NOT NULL"
        )
        with self._sentence():
            rows = self._connection.execute(statement, (self.account,)).fetchall()
        return {batch_id: Expected(*figures) for batch_id, *figures in rows}

    def find(self, submission_id: str) -> Submission | None:
        found = self._select("id = ?", submission_id)
        return found[0] if found else None

    def open_ones(self) -> list[Submission]:
        """The submissions of which it is not known whether they came to a batch, oldest first."""
        marks = ",".join("?" * len(OPEN))
        return self._select(f"stage IN ({marks})", *OPEN)[::-1]

    def given_up(self) -> list[Submission]:
        """The submissions that nothing will come of any more, newest first."""
        return self._select("stage IN (?, ?)", Stage.REFUSED, Stage.ABANDONED)

    def of_content(self, sha256: str) -> list[Submission]:
        """Earlier submissions of the same bytes, newest first."""
        return self._select("sha256 = ?", sha256)

    def of_path(self, path: str) -> list[Submission]:
        """Earlier submissions of a file of that path, newest first."""
        return self._select("path = ?", storable(path))

    def of_source(self, sha256: str) -> list[Submission]:
        """Submissions of parts of a file of that content, newest first."""
        return self._select(f"{_CUT_FROM} = ?", sha256[:_GROUP_DIGITS])

    def waiting_parts(self, sha256: str) -> list[int]:
        """The numbers in the queue of parts of a file of that content that have not gone out."""
        statement = f"SELECT id FROM queue WHERE account = ? AND {_CUT_FROM} = ? AND state <> 'sent'"  # noqa: S608
        return sorted(number for (number,) in self._do(statement, (self.account, sha256[:_GROUP_DIGITS])))

    def uncut(self, group: str) -> list[Submission]:
        """Submissions of the whole file that the parts of `group` were cut from, newest first."""
        return self._select(f"substr(sha256, 1, {_GROUP_DIGITS}) = ?", group.partition("-")[0])

    def other_batches(self, submission: Submission) -> frozenset[str]:
        """The batches that others than `submission` came to with the same uploaded file."""
        return frozenset(other.batch_id for other in self.sharing(submission) if other.batch_id)

    def sharing(self, submission: Submission) -> list[Submission]:
        """The others that have the same uploaded file, newest first."""
        if submission.file_id is None:
            return []
        return self._select("file_id = ? AND id <> ?", submission.file_id, submission.id)

    def recent(self, limit: int) -> list[Submission]:
        """The newest submissions, one a path."""
        newest = {submission.path: submission for submission in reversed(self._select("1"))}
        return sorted(newest.values(), key=lambda submission: -submission.opened_at)[:limit]

    def by_batch(self) -> dict[str, Submission]:
        """The submissions that came to a batch, by its id."""
        return {found.batch_id: found for found in self._select("batch_id IS NOT NULL") if found.batch_id}

    def named(self) -> Iterator[Named]:
        """What each submission's batch is called by, the oldest first."""
        statement = "SELECT id, batch_id, metadata, path FROM submissions WHERE account = ? ORDER BY opened_at"
        with self._sentence():
            rows = self._connection.execute(statement, (self.account,)).fetchall()
        for submission_id, batch_id, metadata, path in rows:
            yield Named(submission_id, batch_id, json.loads(metadata), readable(path))

    def _select(self, condition: str, *values: str | bytes) -> list[Submission]:
        columns = ", ".join(_COLUMNS)
        statement = f"SELECT {columns} FROM submissions WHERE account = ? AND {condition} ORDER BY opened_at DESC"  # noqa: S608
        with self._sentence():
            rows = self._connection.execute(statement, (self.account, *values))
            return [_submission(dict(zip(_COLUMNS, row, strict=True))) for row in rows.fetchall()]


def _submission(row: dict[str, object]) -> Submission:
    values = {
        **row,
        "path": readable(row["path"]),
        "metadata": json.loads(str(row["metadata"])),
        "stage": Stage(str(row["stage"])),
    }
    return Submission(**values)
