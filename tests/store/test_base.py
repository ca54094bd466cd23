"""A state that cannot be used is told once, and what is kept does not grow for ever."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT
from tui.batches.batch import Batch, Counts, Status, Usage
from tui.batches.pace import Sample
from tui.errors import LazybatchError
from tui.store.alerts import AlarmBook
from tui.store.base import Trouble
from tui.store.cache import Cache
from tui.store.checks import Verdicts
from tui.store.database import Connection, connect
from tui.store.journal import Journal
from tui.store.learned_limits import LearntLimits
from tui.store.preferences import Preferences, load, save
from tui.store.price_cache import KeptPrices
from tui.store.queue import Queue
from tui.store.samples import Samples
from tui.store.token_history import Usages

DONE = Batch("b", Status.COMPLETED, "completed", created_at=1, model="m", counts=Counts(1, 1), usage=Usage(1, 1))


def told_by(connection: sqlite3.Connection) -> list[str]:
    assert isinstance(connection, Connection)
    told = list[str]()
    connection.trouble.listen(told.append)
    return told


def use_all(database: sqlite3.Connection) -> None:
    """Write to and read from every store that does without."""
    Cache(database, ACCOUNT).save([("b", 1, {"id": "b"})], 1.0)
    Cache(database, ACCOUNT).load()
    samples = Samples(database, ACCOUNT)
    samples.add("b", Sample(1.0, 1))
    samples.save()
    samples.load()
    AlarmBook(database, ACCOUNT).save({})
    AlarmBook(database, ACCOUNT).wait_for(["b"])
    LearntLimits(database, ACCOUNT).taken_in("m", 1.0)
    LearntLimits(database, ACCOUNT).load()
    KeptPrices(database, "1", "https://api.example/v1").keep("m", 1, 1, None)
    Usages(database, ACCOUNT).keep([(DONE, "m")])
    Verdicts(database, ACCOUNT).doubted()
    save(database, Preferences())
    load(database)


def test_a_state_that_cannot_be_written_is_told_once_with_its_path(
    database: sqlite3.Connection, tmp_path: Path
) -> None:
    told = told_by(database)
    use_all(database)
    assert told == []
    database.execute("PRAGMA query_only=1")
    use_all(database)
    assert told == [
        f"The state in {tmp_path / 'state'} cannot be used: attempt to write a readonly database. "
        "Nothing is remembered meanwhile. Make the folder and its files writable."
    ]


def test_a_full_disk_is_told(database: sqlite3.Connection) -> None:
    told = told_by(database)
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count={pages}")
    Cache(database, ACCOUNT).save([("b", 1, {"id": "x" * 100_000})], 1.0)
    assert [sentence.endswith("Make room on its disk.") for sentence in told] == [True]


def test_what_was_met_before_anybody_listened_is_told_too() -> None:
    trouble, told = Trouble(None), list[str]()
    trouble.tell("One.")
    trouble.listen(told.append)
    trouble.tell("One.")
    trouble.tell("Two.")
    assert told == ["One.", "Two."]


def test_a_state_that_was_closed_is_no_trouble(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    told = told_by(connection)
    connection.close()
    use_all(connection)
    assert told == []


def test_where_money_rests_on_it_it_is_an_error(database: sqlite3.Connection, journal: Journal, tmp_path: Path) -> None:
    database.execute("DROP TABLE submissions")
    database.execute("DROP TABLE queue")
    database.execute("DROP TABLE cancellations")
    told = rf"in {tmp_path}.* cannot be used: no such table: .*\. Copy it elsewhere"
    actions = (journal.open_ones, Queue(database, ACCOUNT).entries, lambda: journal.cancel_asked("b"))
    for act in actions:
        with pytest.raises(LazybatchError, match=told):
            act()


def test_usages_of_a_model_are_the_newest_fifty(database: sqlite3.Connection) -> None:
    usages = Usages(database, ACCOUNT)
    usages.keep([(replace(DONE, id=f"b{number}", created_at=number), "m") for number in range(1, 90)])
    usages.keep([(replace(DONE, id="other", created_at=1), "another")])
    found = database.execute("SELECT model, count(*), min(created_at) FROM usages GROUP BY model ORDER BY model")
    assert found.fetchall() == [("another", 1, 1), ("m", 50, 40)]


def test_the_oldest_days_of_the_prices_go(database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.store.price_cache._MOST", 3)
    for day in range(10):
        KeptPrices(database, "1", "https://api.example/v1").keep("m", day, 1, None)
    assert [row[0] for row in database.execute("SELECT day FROM prices ORDER BY day")] == [7, 8, 9]
