"""What requests to a model have used, kept from batches that have ended."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT
from tui.batches.batch import Batch, Counts, Status, Usage
from tui.batches.cost import Average
from tui.store.database import connect
from tui.store.token_history import Usages

DONE = Batch(
    "one", Status.COMPLETED, "completed", created_at=100, model="m", counts=Counts(10, 8, 2), usage=Usage(800, 80)
)


def named(*batches: Batch) -> Iterable[tuple[Batch, str]]:
    return [(batch, batch.model or "m") for batch in batches]


def test_the_mean_of_a_models_requests_outlives_the_process(tmp_path: Path) -> None:
    with closing(connect(tmp_path)) as connection:
        usages = Usages(connection, ACCOUNT)
        assert usages.average("m") is None
        assert usages.keep(named(DONE, replace(DONE, id="two", counts=Counts(2, 2), usage=Usage(1200, 20))))
        # 2,000 and 100 tokens of ten requests; those that failed have used none.
        assert usages.average("m") == Average(200, 10)
    with closing(connect(tmp_path)) as connection:
        usages = Usages(connection, ACCOUNT)
        assert not usages.keep(named(DONE)), "it is known from before"
        assert usages.average("m") == Average(200, 10)
        assert usages.average("another") is Usages(connection, "another account").average("m") is None


def test_a_batch_counts_once(database: sqlite3.Connection) -> None:
    usages = Usages(database, ACCOUNT)
    assert usages.keep(named(DONE))
    assert not usages.keep(named(DONE, replace(DONE, usage=Usage(9999, 9999))))
    assert usages.average("m") == Average(100, 10)


@pytest.mark.parametrize(
    "change",
    [
        {"status": Status.IN_PROGRESS}, {"usage": None}, {"usage": Usage(0, 0)}, {"counts": None},
        {"counts": Counts(10, 0, 10), "usage": Usage(5, 5)}, {"counts": Counts(10, None, 10)},
    ],
)  # fmt: skip
def test_what_tells_nothing_of_a_request_is_not_kept(database: sqlite3.Connection, change: dict[str, object]) -> None:
    usages = Usages(database, ACCOUNT)
    assert not usages.keep(named(replace(DONE, **change)))  # type: ignore[arg-type]
    assert usages.average("m") is None


def test_a_dated_name_is_the_same_model(database: sqlite3.Connection) -> None:
    usages = Usages(database, ACCOUNT)
    usages.keep(named(replace(DONE, model="gpt-4o-mini-2024-07-18")))
    assert usages.average("gpt-4o-mini") == usages.average("gpt-4o-mini-2025-01-01") == Average(100, 10)
    assert usages.average("gpt-4o") is None


def test_the_newest_batches_decide(database: sqlite3.Connection) -> None:
    usages = Usages(database, ACCOUNT)
    old = [replace(DONE, id=f"old {number}", created_at=number, usage=Usage(8, 8)) for number in range(60)]
    new = [replace(DONE, id=f"new {number}", created_at=1000 + number) for number in range(50)]
    usages.keep(named(*old, *new))
    assert usages.average("m") == Average(100, 10)


def test_a_state_that_cannot_be_used_has_no_history(database: sqlite3.Connection) -> None:
    database.execute("DROP TABLE usages")
    usages = Usages(database, ACCOUNT)
    usages.keep(named(DONE))
    assert usages.average("m") is None
