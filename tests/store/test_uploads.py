"""Uploads in parts, as far as they are known after a restart."""

import sqlite3
import time

import pytest

from tui.store.journal import Journal
from tui.store.uploads import PartedUpload, PartedUploads


def test_what_has_arrived_is_remembered(journal: Journal, database: sqlite3.Connection) -> None:
    uploads = journal.uploads
    assert uploads.find("s") is None
    uploads.begin("s", PartedUpload("upload_1", 10, 5000.5, {}))
    uploads.arrived("upload_1", 2, "part_c")
    uploads.arrived("upload_1", 0, "part_a")
    uploads.arrived("upload_1", 0, "part_b")
    found = PartedUploads(database, journal.account).find("s")
    assert found == PartedUpload("upload_1", 10, 5000.5, {0: "part_b", 2: "part_c"})
    assert (found.missing(25), found.missing(31), found.arrived(25)) == ([1], [1, 3], 15)
    assert [list(found.span(number, 25))[-1] for number in range(3)] == [9, 19, 24]
    uploads.begin("s", PartedUpload("upload_2", 10, 6000, {}))
    assert uploads.find("s") == PartedUpload("upload_2", 10, 6000, {})
    uploads.forget("s")
    assert uploads.find("s") is None
    assert database.execute("SELECT count(*) FROM parted_uploads").fetchone() == (0,)


def test_a_provider_that_takes_files_whole_only(journal: Journal, database: sqlite3.Connection) -> None:
    assert journal.uploads.possible
    journal.uploads.not_possible()
    journal.uploads.not_possible()
    assert not PartedUploads(database, journal.account).possible
    assert PartedUploads(database, "another").possible


def test_that_it_takes_files_whole_only_is_believed_for_a_day(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.uploads.not_possible()
    then = time.time()
    monkeypatch.setattr("tui.store.uploads.time.time", lambda: then + 86_300)
    assert not journal.uploads.possible
    monkeypatch.setattr("tui.store.uploads.time.time", lambda: then + 86_500)
    assert journal.uploads.possible
    journal.uploads.not_possible()
    assert not journal.uploads.possible


def test_where_nothing_can_be_written_nothing_is_known(journal: Journal, database: sqlite3.Connection) -> None:
    database.execute("PRAGMA query_only=1")
    journal.uploads.begin("s", PartedUpload("upload_1", 10, 5000, {}))
    journal.uploads.not_possible()
    assert journal.uploads.find("s") is None
    assert journal.uploads.possible
