"""What waits is on disk, in its user's order, and changes hands only where it may."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, CHAT, Validated
from tui.batches.cost import Expected
from tui.batches.quota import Amount
from tui.errors import LazybatchError
from tui.store.database import connect
from tui.store.queue import Entry, Queue, State


@pytest.fixture
def queue(database: sqlite3.Connection) -> Queue:
    return Queue(database, ACCOUNT)


@pytest.fixture
def three(queue: Queue, validated: Validated) -> list[Entry]:
    """Three entries in line."""
    return [queue.add(validated(number, f"{number}.jsonl"), CHAT, {"team": "a"}) for number in (1, 2, 3)]


def order(queue: Queue) -> str:
    return "".join(entry.path.stem for entry in queue.entries())


def test_an_entry_outlives_the_process(queue: Queue, validated: Validated, tmp_path: Path) -> None:
    report = validated(4)
    expected = Expected(4, 40, 80, 0.1, 0.2)
    added = queue.add(report, CHAT, {"description": "sums"}, again=True, expected=expected, file_id="file-1")
    with closing(connect(tmp_path / "state")) as again:
        (found,) = Queue(again, ACCOUNT).entries()
        assert Queue(again, "another").entries() == []
    assert found == added
    assert (found.state, found.again, found.file_id, found.metadata) == (
        State.WAITING, True, "file-1", {"description": "sums"},
    )  # fmt: skip
    assert found.amount == Amount("gpt-4o-mini", 40, 4)
    assert (found.report.path, found.report.sha256, found.report.identity, found.report.ok) == (
        report.path, report.sha256, report.identity, True,
    )  # fmt: skip


def test_a_name_that_is_not_utf_8(queue: Queue, validated: Validated) -> None:
    report = validated(1, "sums\udcff.jsonl")
    assert queue.add(report, CHAT, {}).path == report.path


def test_the_order_is_its_users(queue: Queue, three: list[Entry]) -> None:
    first, second, third = (entry.id for entry in three)
    assert order(queue) == "123"
    assert queue.move(third, "up")
    assert order(queue) == "132"
    assert queue.move(first, "down")
    assert order(queue) == "312"
    assert queue.move(second, "first")
    assert order(queue) == "231"
    assert queue.move(second, "last")
    assert order(queue) == "312"
    assert not queue.move(third, "up")
    assert not queue.move(second, "down")
    assert not queue.move(99, "up")
    assert order(queue) == "312"


def test_one_state_after_another(queue: Queue, three: list[Entry]) -> None:
    one, two, three_ = (entry.id for entry in three)
    assert queue.begin(one, "s1")
    # Taken once, by whoever was faster; what is being sent is left alone.
    assert not queue.begin(one, "s2")
    assert queue.submissions() == {"s1"}
    assert not queue.remove(one)
    assert not queue.settle(one)
    assert queue.sent(one, "batch_1")
    assert not queue.sent(one, "batch_2")
    assert queue.submissions() == frozenset()
    assert queue.hold(two, "Gone.")
    assert not queue.begin(two, "s3")
    assert not queue.hold(one, "No.")
    found = {entry.id: entry for entry in queue.entries()}
    assert (found[one].state, found[one].batch_id, found[one].settled) == (State.SENT, "batch_1", False)
    assert (found[two].state, found[two].reason) == (State.HELD, "Gone.")
    # Refused, it comes back to where it was, with the upload that is there.
    assert queue.wait_again(one, "file-1", "No room.")
    assert queue.wait_again(two, None)
    assert not queue.wait_again(three_, None)
    assert order(queue) == "123"
    back = queue.find(one)
    assert back is not None
    assert (back.state, back.batch_id, back.submission_id, back.file_id) == (State.WAITING, None, None, "file-1")


def test_what_was_sent_stands_behind_and_goes_in_time(queue: Queue, three: list[Entry]) -> None:
    for entry in three[:2]:
        assert queue.begin(entry.id, f"s{entry.id}")
        assert queue.sent(entry.id, f"batch_{entry.id}")
    assert order(queue)[0] == "3"
    assert not queue.move(three[0].id, "last")
    assert queue.settle(three[0].id)
    queue.forget_sent(0)
    assert len(queue.entries()) == 3
    queue.forget_sent(2e9 * 2)
    assert sorted(order(queue)) == ["2", "3"]
    assert queue.remove(three[1].id)
    assert not queue.remove(three[1].id)
    assert order(queue) == "3"


def test_a_broken_state_is_told_in_a_sentence(queue: Queue, database: sqlite3.Connection) -> None:
    database.execute("DROP TABLE queue")
    with pytest.raises(LazybatchError, match=r"The queue in .*state cannot be used: no such table.*Copy it elsewhere"):
        queue.entries()
