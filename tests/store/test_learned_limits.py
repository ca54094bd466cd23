"""What refusals have taught outlives the process."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.conftest import ACCOUNT
from tui.batches.quota import Limit, Refusal, Unit
from tui.store.database import connect
from tui.store.learned_limits import LearntLimits


def test_the_newest_refusal_counts_once(database: sqlite3.Connection, tmp_path: Path) -> None:
    limits = LearntLimits(database, ACCOUNT)
    assert limits.load() == {}
    limits.refused("m-2024-07-18", Refusal(Unit.TOKENS, "m", 100), 10.0)
    limits.refused("m", Refusal(Unit.TOKENS, "m", 100), 10.0)
    assert limits.load() == {"m": Limit(tokens=100, refused_at=10.0, refusals=1)}
    limits.refused("m", Refusal(Unit.TOKENS, "m", 70), 9.0)
    limits.refused("m", Refusal(Unit.TOKENS, "m", None), 11.0)
    limits.refused("m", Refusal(Unit.REQUESTS, "m", 5), 12.0)
    assert limits.load() == {"m": Limit(tokens=100, requests=5, refused_at=12.0, refusals=3)}
    assert limits.load(after=12.0) == limits.load() and limits.load(after=12.1) == {}
    limits.taken_in("m", 12.0)
    limits.refused("n", Refusal(Unit.TOKENS, "n", None), 12.0)
    assert limits.load()["m"].refusals == 3
    limits.taken_in("m", 12.5)
    with closing(connect(tmp_path / "state")) as again:
        assert LearntLimits(again, ACCOUNT).load() == {
            "m": Limit(tokens=100, requests=5, refused_at=12.0, refusals=0),
            "n": Limit(refused_at=12.0, refusals=1),
        }
        assert LearntLimits(again, "another").load() == {}


def test_without_a_database_nothing_is_known(database: sqlite3.Connection) -> None:
    limits = LearntLimits(database, ACCOUNT)
    database.execute("DROP TABLE enqueued_limits")
    limits.refused("m", Refusal(Unit.TOKENS, "m", 100), 10.0)
    limits.taken_in("m", 11.0)
    assert limits.load() == {}
