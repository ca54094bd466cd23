"""What is known of batches: figures, names, the book, pace, the timeline, metadata."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.batches.batch import CANCELLABLE, ENDED, SUBMISSION_KEY, Batch, Counts, Stage, Status, Usage, timeline
from tui.batches.book import Book, Changes
from tui.batches.display import stages_text
from tui.batches.metadata import metadata, retry_metadata
from tui.batches.pace import rate, seconds_left
from tui.errors import LazybatchError

RUNNING = Batch("batch_1", Status.IN_PROGRESS, "in_progress", created_at=100, in_progress_at=200)


def test_statuses() -> None:
    assert {status for status in Status if not status.active} == ENDED
    assert not CANCELLABLE & ENDED
    assert Status.CANCELLING not in CANCELLABLE
    assert Status.UNKNOWN.active


@pytest.mark.parametrize(
    ("counts", "ended", "progress", "failed"),
    [
        (Counts(), None, None, None),
        (Counts(total=10), None, None, None),
        (Counts(0, 0, 0), 0, None, None),
        (Counts(10, 0, 0), 0, 0.0, None),
        (Counts(10, 4, 1), 5, 0.5, 0.2),
        (Counts(10, 4), 4, 0.4, None),
        (Counts(10, None, 2), 2, 0.2, 1.0),
        (Counts(None, 4, 1), 5, None, 0.2),
        (Counts(10, 20, 0), 20, 1.0, 0.0),
    ],
)
def test_counts(counts: Counts, ended: int | None, progress: float | None, failed: float | None) -> None:
    assert (counts.ended, counts.progress, counts.failed_share) == (ended, progress, failed)


def test_names() -> None:
    named = replace(RUNNING, metadata=(("job", "j"), ("description", "nightly"), (SUBMISSION_KEY, "abc")))
    assert (named.description, named.submission) == ("nightly", "abc")
    assert replace(RUNNING, metadata=(("description", ""), ("job_name", "j"))).description == "j"
    assert (RUNNING.description, RUNNING.submission) == (None, None)
    assert Usage(3, 4).total_tokens == 7


@pytest.mark.parametrize("status", list(Status))
def test_when_it_ended(status: Status) -> None:
    batch = replace(RUNNING, status=status, completed_at=1, failed_at=2, expired_at=3, cancelled_at=4, cancelling_at=5)
    expected = {"completed": 1, "failed": 2, "expired": 3, "cancelled": 4}.get(status.value)
    assert batch.ended_at == expected


def test_a_timeline() -> None:
    assert timeline(Batch("b", Status.UNKNOWN, "?")) == ()
    assert timeline(RUNNING) == (Stage(Status.VALIDATING, 100, 100), Stage(Status.IN_PROGRESS, 200))
    cancelled = replace(RUNNING, status=Status.CANCELLED, cancelling_at=260, cancelled_at=300)
    assert [(stage.status.value, stage.seconds) for stage in timeline(cancelled)] == [
        ("validating", 100), ("in_progress", 60), ("cancelling", 40), ("cancelled", None),
    ]  # fmt: skip
    # All in one second: in the order in which a batch goes through them.
    quick = replace(RUNNING, created_at=200, finalizing_at=200, completed_at=200)
    assert [stage.status.value for stage in timeline(quick)] == ["validating", "in_progress", "finalizing", "completed"]


STAMP = st.none() | st.integers(0, 100)


@given(STAMP, STAMP, STAMP, STAMP, STAMP)
def test_a_timeline_never_runs_backwards(
    made: int | None, running: int | None, finalizing: int | None, cancelling: int | None, done: int | None
) -> None:
    batch = replace(
        RUNNING, created_at=made, in_progress_at=running, finalizing_at=finalizing, cancelling_at=cancelling,
        completed_at=done,
    )  # fmt: skip
    stages = timeline(batch)
    assert [stage.at for stage in stages] == sorted(stage.at for stage in stages)
    known = [stage for stage in stages[:-1] if running is not None or stage.status is not Status.VALIDATING]
    assert all(stage.seconds is not None and stage.seconds >= 0 for stage in known)


def test_nobody_knows_how_long_validating_took_where_the_start_of_the_run_is_not_told() -> None:
    assert timeline(replace(RUNNING, in_progress_at=None)) == (Stage(Status.VALIDATING, 100),)
    done = replace(RUNNING, status=Status.COMPLETED, in_progress_at=None, completed_at=900)
    assert timeline(done) == (Stage(Status.VALIDATING, 100), Stage(Status.COMPLETED, 900))
    refused = replace(RUNNING, status=Status.FAILED, in_progress_at=None, failed_at=160)
    assert timeline(refused)[0] == Stage(Status.VALIDATING, 100, 60)
    assert stages_text(done, 1000) == "validating → done"
    assert stages_text(replace(RUNNING, in_progress_at=None), 1000) == "validating → running"


def test_a_book_tells_what_a_snapshot_changed() -> None:
    book = Book()
    other = replace(RUNNING, id="batch_2", status=Status.COMPLETED)
    assert not Changes()
    assert book.apply([RUNNING, other]) == Changes(added=frozenset({"batch_1", "batch_2"}))
    assert not book.apply([RUNNING])
    assert len(book) == 2
    done = replace(RUNNING, status=Status.COMPLETED)
    assert [batch.id for batch in book.active()] == ["batch_1"]
    assert book.apply([done, other]) == Changes(changed=frozenset({"batch_1"}))
    assert book.get("batch_1") is done
    assert book.active() == []
    assert book.mark_gone(["batch_1", "batch_9"]) == Changes(changed=frozenset({"batch_1"}))
    assert book.get("batch_1") == replace(done, gone=True)
    assert not book.mark_gone(["batch_1"])
    # It is listed again.
    assert book.apply([done]) == Changes(changed=frozenset({"batch_1"}))
    # Twice in one snapshot: it is new once, and the last word counts.
    last = replace(RUNNING, id="batch_3")
    ended = replace(last, status=Status.COMPLETED)
    assert book.apply([last, ended]) == Changes(added=frozenset({"batch_3"}), changed=frozenset({"batch_3"}))
    assert book.get("batch_3") is ended


def test_a_batch_that_is_gone_is_not_active() -> None:
    book = Book()
    book.apply([RUNNING])
    assert RUNNING.active and RUNNING.cancellable
    book.mark_gone([RUNNING.id])
    [gone] = book
    assert not book.active()
    assert gone.status is RUNNING.status and not gone.active and not gone.cancellable
    assert gone.elapsed(10_000) is None


@pytest.mark.parametrize(
    ("counts", "now", "pace", "left"),
    [
        (None, 300, None, None),
        (Counts(), 300, None, None),
        (Counts(100, 0, 0), 300, None, None),
        (Counts(100, 19, 0), 300, None, None),  # too few to say
        (Counts(100, 20, 0), 300, 0.2, 400),
        (Counts(100, 40, 10), 300, 0.5, 100),
        (Counts(5, 5, 0), 300, 0.05, 0),
        (Counts(100, 120, 0), 300, 1.2, 0),
        (Counts(None, 50, 0), 300, 0.5, None),
        (Counts(100, 50, 0), 200, None, None),  # no time has passed
        (Counts(100, 50, 0), 100, None, None),  # our clock is behind
    ],
)
def test_pace(counts: Counts | None, now: float, pace: float | None, left: float | None) -> None:
    batch = replace(RUNNING, counts=counts)
    assert rate(batch, now) == (None if pace is None else pytest.approx(pace))
    assert seconds_left(batch, now) == (None if left is None else pytest.approx(left))


def test_only_what_runs_has_a_pace() -> None:
    counts = Counts(100, 50, 0)
    for status in set(Status) - {Status.IN_PROGRESS}:
        assert rate(replace(RUNNING, status=status, counts=counts), 300) is None
    assert rate(replace(RUNNING, in_progress_at=None, counts=counts), 300) is None


def test_metadata() -> None:
    assert metadata("", []) == {}
    assert metadata("nightly", ["team = a", "note=b=c", "empty="]) == {
        "description": "nightly", "team": "a", "note": "b=c", "empty": "",
    }  # fmt: skip
    assert metadata("x" * 512, ["k" * 64 + "=" + "v" * 512])
    assert len(metadata("d", [f"k{number}=v" for number in range(12)])) == 13


@pytest.mark.parametrize(
    ("description", "pairs", "sentence"),
    [
        ("", ["novalue"], "Metadata 'novalue' is not of the form key=value."),
        ("", ["=v"], "Metadata '=v' is not of the form key=value."),
        ("", [" =v\x1b"], "Metadata ' =v␛' is not of the form key=value."),
        ("", [f"{SUBMISSION_KEY}=x"], f"The metadata key '{SUBMISSION_KEY}' is lazybatch's own."),
        ("", ["k" * 65 + "=v"], f"The metadata key '{'k' * 65}' has over 64 characters."),
        ("", ["k=" + "v" * 513], "The metadata value of 'k' has over 512 characters."),
        ("x" * 513, [], "The metadata value of 'description' has over 512 characters."),
        ("d", [f"k{n}=v" for n in range(13)], "A batch takes at most 13 pairs of metadata, the description among"),
    ],
)
def test_metadata_that_cannot_be(description: str, pairs: list[str], sentence: str) -> None:
    with pytest.raises(LazybatchError) as wrong:
        metadata(description, pairs)
    assert wrong.value.sentence.startswith(sentence)
    assert wrong.value.exit_code == 2


def test_the_metadata_of_a_retry() -> None:
    """What its user gave it, and its parent; within the API's limits, the name before all else."""
    given = [(f"key{number}", "v" * (513 if number == 1 else 9)) for number in range(16)]
    own = (
        ("lazybatch_submission", "s"),
        ("lazybatch_content", "c"),
        ("lazybatch_group", "g"),
        ("lazybatch_parent", "p"),
    )
    parent = Batch("batch_1", Status.FAILED, "failed", metadata=(*given, ("k" * 65, "v"), ("name", "a, b=c"), *own))
    found = retry_metadata(parent)
    assert list(found.items())[:3] == [("lazybatch_parent", "batch_1"), ("name", "a, b=c"), ("key0", "v" * 9)]
    assert len(found) == 13 and "key1" not in found
