"""What was told and is awaited, over a restart and in a state that cannot be used."""

import sqlite3

import pytest

from tui.batches.guard import Rule, Told, Trip
from tui.store.alerts import AlarmBook

TOLD = {
    "b": {
        Rule.FAILURES: Told(Trip(Rule.FAILURES, "21 of 200 requests failed.", 5.0), spared=True),
        Rule.WINDOW: Told(Trip(Rule.WINDOW, "Will miss it.", 7.5), clear_at=9.0),
    },
    "other": {Rule.SIZE: Told(Trip(Rule.SIZE, "名", 1.0))},
}


def test_alarms_come_back_as_they_were(database: sqlite3.Connection) -> None:
    book = AlarmBook(database, "a")
    assert book.told() == {}
    book.save(TOLD)
    assert AlarmBook(database, "a").told() == TOLD
    assert AlarmBook(database, "another").told() == {}
    book.save({})
    assert book.told() == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "3", '{"b": 3}', '{"b": {"failures": ["s"]}}', '{"b": {"odd": ["s", 1, 2, 3]}}']
)
def test_another_form_than_ours_is_none(database: sqlite3.Connection, text: str) -> None:
    database.execute("INSERT INTO alarms VALUES (?, ?)", ("a", text))
    assert AlarmBook(database, "a").told() == {}


def test_what_is_awaited(database: sqlite3.Connection) -> None:
    book = AlarmBook(database, "a")
    book.wait_for(["b", "c"])
    book.wait_for(["b"])
    assert book.awaited() == {"b", "c"}
    assert AlarmBook(database, "another").awaited() == set()
    book.wait_no_more(["b", "never"])
    assert AlarmBook(database, "a").awaited() == {"c"}


def test_a_state_that_cannot_be_used_ends_nothing(database: sqlite3.Connection) -> None:
    book = AlarmBook(database, "a")
    database.execute("PRAGMA query_only=1")
    book.save(TOLD)
    book.wait_for(["b"])
    database.close()
    assert book.told() == {} and book.awaited() == set()
