"""Uploads in parts that have begun, and which of their parts have arrived."""

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tui.store.base import Store, replacing

# Seconds: a 404 can be a gateway's bad day, and a provider that has learnt it tells nobody.
_BELIEVED: Final = 86400.0
_MARGIN: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class PartedUpload:
    """An upload that the server takes parts for until `expires_at`, in Unix seconds of its clock."""

    id: str
    part_bytes: int
    expires_at: float
    parts: Mapping[int, str]
    """The ids of those that have arrived, by their number from 0."""

    def takes_more(self, now: float) -> bool:
        """Whether the server should take more parts for it `now`, a time of its clock; not in its last minute."""
        return now < self.expires_at - _MARGIN

    def span(self, number: int, size: int) -> range:
        """The bytes of a file of `size` that are its part of that number."""
        start = number * self.part_bytes
        return range(start, min(start + self.part_bytes, size))

    def missing(self, size: int) -> list[int]:
        """The numbers of the parts that have not arrived."""
        return [number for number in range(-(-size // self.part_bytes)) if number not in self.parts]

    def arrived(self, size: int) -> int:
        """Bytes of a file of `size` that are there."""
        return sum(len(self.span(number, size)) for number in self.parts)


class PartedUploads(Store):
    """One account's uploads by their submissions. Every method blocks for the disk.

    Where the database cannot be used nothing is remembered: then all of a file is sent again.
    """

    def __init__(self, connection: sqlite3.Connection, account: str) -> None:
        super().__init__(connection)
        self._account = account

    @property
    def possible(self) -> bool:
        """Whether the provider has not said within a day that it takes files whole only."""
        since = time.time() - _BELIEVED
        return not self._read("SELECT 1 FROM whole_only WHERE account = ? AND told_at > ?", self._account, since)

    def not_possible(self) -> None:
        """Remember that the provider takes files whole only, as it has just said."""
        self._write("INSERT OR REPLACE INTO whole_only (account, told_at) VALUES (?, ?)", self._account, time.time())

    def begin(self, submission_id: str, upload: PartedUpload) -> None:
        """In place of one of the same submission that was begun before."""
        row = (submission_id, upload.id, upload.part_bytes, upload.expires_at)
        self._write(replacing("parted_uploads", "submission_id", "upload_id", "part_bytes", "expires_at"), *row)

    def arrived(self, upload_id: str, number: int, part_id: str) -> None:
        self._write(replacing("upload_parts", "upload_id", "number", "part_id"), upload_id, number, part_id)

    def find(self, submission_id: str) -> PartedUpload | None:
        columns = "upload_id, part_bytes, expires_at"
        statement = f"SELECT {columns} FROM parted_uploads WHERE submission_id = ?"  # noqa: S608  (a constant)
        for upload_id, part_bytes, expires_at in self._read(statement, submission_id):
            parts = self._read("SELECT number, part_id FROM upload_parts WHERE upload_id = ?", upload_id)
            return PartedUpload(upload_id, part_bytes, expires_at, dict(parts))
        return None

    def forget(self, submission_id: str) -> None:
        """It is complete, or nothing will come of it any more."""
        mine = "SELECT upload_id FROM parted_uploads WHERE submission_id = ?"
        self._write(f"DELETE FROM upload_parts WHERE upload_id IN ({mine})", submission_id)  # noqa: S608  (a constant)
        self._write("DELETE FROM parted_uploads WHERE submission_id = ?", submission_id)
