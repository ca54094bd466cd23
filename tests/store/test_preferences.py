"""What was chosen on the screen is there at the next start, and junk is as if nobody had chosen."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tui.store.database import connect
from tui.store.preferences import Preferences, load, save


def test_nothing_was_chosen_at_first(database: sqlite3.Connection) -> None:
    assert load(database) == Preferences("status", False, None)


def test_what_was_chosen_outlives_the_process(tmp_path: Path) -> None:
    chosen = Preferences("fail", True, 30.0, columns="name -model status")
    with closing(connect(tmp_path)) as connection:
        save(connection, Preferences("name", False, 2.0))
        save(connection, chosen)
    with closing(connect(tmp_path)) as connection:
        assert load(connection) == chosen
        save(connection, Preferences())
        assert load(connection) == Preferences()


@pytest.mark.parametrize(
    ("name", "value"),
    [("sort", 5), ("sort", b"\xff"), ("reverse", "yes"), ("interval", "soon"), ("interval", -1), ("columns", 5)],
)
def test_junk_is_no_choice(database: sqlite3.Connection, name: str, value: object) -> None:
    database.execute("INSERT INTO preferences VALUES (?, ?)", (name, value))
    assert load(database) == Preferences()


def test_where_the_state_cannot_be_used_nothing_is_raised(tmp_path: Path) -> None:
    connection = connect(tmp_path)
    connection.close()
    save(connection, Preferences("eta"))
    assert load(connection) == Preferences()
