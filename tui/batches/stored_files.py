"""The files that the server keeps, and what its batches have to do with them."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tui.batches.batch import Batch, Status
from tui.format.text import clean_line

INPUT_PURPOSE: Final = "batch"
RESULT_PURPOSE: Final = "batch_output"
# An upload that no batch refers to may be one that somebody is about to make a batch of.
_NEW: Final = 3600.0  # seconds


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file kept by the server; sizes in bytes, times in Unix seconds on the server's clock.

    All text is already safe to show (`tui.format.text.clean_line`).
    """

    id: str
    filename: str | None = None
    purpose: str | None = None
    bytes: int | None = None
    created_at: int | None = None
    expires_at: int | None = None


_OWN_UPLOAD: Final = re.compile(r"\.[0-9a-f]{20}(?=\.jsonl\Z)")


def shown_name(filename: str) -> str:
    """The name of a stored file as a person knows it.

    An upload's name carries the submission's id, so that it can be found again; a person need not see it.
    """
    return clean_line(_OWN_UPLOAD.sub("", filename))


def kind(file: StoredFile, users: Iterable[Batch]) -> str:
    """What `file` is to the first of the batches that refer to it, else the server's word for its purpose."""
    for batch in users:
        if batch.input_file_id == file.id:
            return "input"
        return "errors" if batch.error_file_id == file.id else "output"
    return {INPUT_PURPOSE: "input", RESULT_PURPOSE: "output"}.get(file.purpose or "", file.purpose or "?")


class Standing(StrEnum):
    """What a file is to the account's batches; it decides whether the file may go."""

    IN_USE = "in use"  # by an active batch, or a submission that is not over
    RESULTS = "results"  # of a batch that has ended
    INPUT = "input"  # of batches that have ended
    ORPHAN = "orphan"  # an upload that no batch refers to, or failed ones alone
    NEW = "new"  # an upload of the last hour that no batch refers to yet
    OTHER = "other"  # not one of batch work
    UNKNOWN = "unknown"  # not all batches are known: one may refer to it


# Whatever is asked for, these are kept.
KEPT: Final = frozenset({Standing.IN_USE, Standing.UNKNOWN})


class Uses:
    """Which batches refer to which files."""

    def __init__(
        self,
        batches: Iterable[Batch],
        *,
        complete: bool,
        awaited: Collection[str] = (),
        given_up: Collection[str] = (),
    ) -> None:
        """`complete` if no other batch can refer to the files in question.

        `awaited` and `given_up` are ids of files of our own submissions: of those that are not over, and of those that
        nothing will come of.
        """
        self.complete = complete
        self._awaited = frozenset(awaited)
        self._given_up = frozenset(given_up)
        self._users: dict[str, list[Batch]] = {}
        for batch in batches:
            for file_id in {batch.input_file_id, batch.output_file_id, batch.error_file_id} - {None}:
                self._users.setdefault(str(file_id), []).append(batch)

    def of(self, file: StoredFile) -> tuple[Batch, ...]:
        """The batches that refer to `file`, the newest first."""
        users = self._users.get(file.id, ())
        return tuple(sorted(users, key=lambda batch: (-(batch.created_at or 0), batch.id)))

    def standing(self, file: StoredFile, now: float) -> Standing:
        """What `file` is to the batches; `now` in Unix seconds of the server's clock."""
        users = self.of(file)
        if file.id in self._awaited or any(batch.active for batch in users):
            return Standing.IN_USE
        if any(file.id in {batch.output_file_id, batch.error_file_id} for batch in users):
            return Standing.RESULTS
        if not users and file.purpose not in {INPUT_PURPOSE, RESULT_PURPOSE}:
            return Standing.OTHER
        if not self.complete:
            return Standing.UNKNOWN
        return Standing.RESULTS if file.purpose == RESULT_PURPOSE else self._of_upload(file, users, now)

    def _of_upload(self, file: StoredFile, users: Collection[Batch], now: float) -> Standing:
        if not all(_spoilt(batch) for batch in users):
            return Standing.INPUT
        if users or file.id in self._given_up:
            return Standing.ORPHAN
        # Without a time it may have come just now.
        return Standing.NEW if file.created_at is None or now - file.created_at < _NEW else Standing.ORPHAN


def _spoilt(batch: Batch) -> bool:
    """Whether `batch` failed for its input's own faults: what was only too much at a time can be sent again."""
    return batch.status is Status.FAILED and not any(
        (error.code or "").endswith("limit_exceeded") or error.message.startswith("Enqueued") for error in batch.errors
    )
