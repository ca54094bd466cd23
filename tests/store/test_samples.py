"""Samples of progress: few, on disk now and then, there again at the next start."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT
from tui.batches.pace import Sample
from tui.store.database import connect
from tui.store.samples import Samples

NOW = 1_800_000_000.0


def fill(samples: Samples, batch_id: str, number: int = 3) -> None:
    for place in range(number):
        samples.add(batch_id, Sample(NOW + 5 * place, 10 * place))


def test_they_outlive_the_process(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as connection:
        before = Samples(connection, ACCOUNT)
        fill(before, "one")
        fill(before, "two", 5)
        before.save()
        kept = before.of("one"), before.of("two")
    with closing(connect(tmp_path)) as connection:
        after = Samples(connection, ACCOUNT)
        assert after.of("one") == ()
        after.load()
        assert (after.of("one"), after.of("two")) == kept
        other = Samples(connection, "another account")
        other.load()
        assert other.of("one") == ()


def test_what_has_ended_is_forgotten_on_disk_too(database: sqlite3.Connection) -> None:
    samples = Samples(database, ACCOUNT)
    fill(samples, "one")
    fill(samples, "two")
    samples.save()
    samples.keep_only({"two"})
    assert samples.of("one") == ()
    samples.save()
    assert database.execute("SELECT batch_id FROM samples").fetchall() == [("two",)]


def test_they_are_bounded(database: sqlite3.Connection) -> None:
    samples = Samples(database, ACCOUNT)
    fill(samples, "one", 3000)
    samples.save()
    assert len(samples.of("one")) <= 200
    assert database.execute("SELECT length(samples) FROM samples").fetchone()[0] < 10_000


def test_what_has_been_seen_since_wins(database: sqlite3.Connection) -> None:
    old = Samples(database, ACCOUNT)
    fill(old, "one")
    old.save()
    new = Samples(database, ACCOUNT)
    new.add("one", Sample(NOW + 500, 7))
    new.load()
    assert new.of("one") == (Sample(NOW + 500, 7),)


def test_a_write_is_due_only_now_and_then(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    samples = Samples(database, ACCOUNT)
    clock[0] += 31
    assert not samples.due
    fill(samples, "one")
    assert samples.due
    samples.save()
    fill(samples, "one", 9)
    assert not samples.due
    clock[0] += 31
    assert samples.due


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[["a", 2]]', "[[1]]", "[" * 100_000, "null", "[[1e999, 1e999]]"])
def test_rows_in_another_form_are_no_samples(database: sqlite3.Connection, text: str) -> None:
    database.execute("INSERT INTO samples VALUES (?, 'one', ?)", (ACCOUNT, text))
    samples = Samples(database, ACCOUNT)
    samples.load()
    assert samples.of("one") == ()


def test_a_disk_that_is_full_loses_nothing_but_time(database: sqlite3.Connection) -> None:
    samples = Samples(database, ACCOUNT)
    fill(samples, "one")
    database.execute("PRAGMA query_only=1")
    samples.save()
    assert samples.of("one")
    database.execute("PRAGMA query_only=0")
    samples.save()
    assert database.execute("SELECT batch_id FROM samples").fetchall() == [("one",)]
