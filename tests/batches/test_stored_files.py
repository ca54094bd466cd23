"""What a stored file is to the batches decides whether it may go."""

from typing import Any

import pytest

from tui.batches.batch import Batch, BatchError, Status
from tui.batches.stored_files import KEPT, Standing, StoredFile, Uses

NOW = 1_800_000_000.0
OLD = int(NOW - 86_400)


def batch(status: Status, **more: Any) -> Batch:
    return Batch(f"batch-{status}", status, status.value, created_at=OLD, **more)


def upload(created_at: int | None = OLD, purpose: str | None = "batch") -> StoredFile:
    return StoredFile("in", "in.jsonl", purpose, 10, created_at)


def standing(file: StoredFile, *batches: Batch, complete: bool = True, **more: Any) -> Standing:
    return Uses(batches, complete=complete, **more).standing(file, NOW)


@pytest.mark.parametrize("status", [Status.VALIDATING, Status.IN_PROGRESS, Status.FINALIZING, Status.CANCELLING])
def test_what_an_active_batch_uses_stays(status: Status) -> None:
    done = batch(Status.COMPLETED, input_file_id="in")
    for complete in (True, False):
        assert standing(upload(), done, batch(status, input_file_id="in"), complete=complete) is Standing.IN_USE
    # A provider's own word is no sign of an end.
    assert standing(upload(), batch(Status.UNKNOWN, input_file_id="in")) is Standing.IN_USE
    # Some providers show results while they come.
    assert standing(upload(purpose="batch_output"), batch(status, output_file_id="in")) is Standing.IN_USE
    assert Standing.IN_USE in KEPT


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.EXPIRED, Status.CANCELLED])
def test_files_of_a_batch_that_has_ended(status: Status) -> None:
    assert standing(upload(), batch(status, input_file_id="in")) is Standing.INPUT
    for result in ({"output_file_id": "in"}, {"error_file_id": "in"}):
        for complete in (True, False):
            assert standing(upload(purpose=None), batch(status, **result), complete=complete) is Standing.RESULTS
    # Its batch is no longer listed; it is no upload for that.
    assert standing(upload(purpose="batch_output")) is Standing.RESULTS


def test_orphans() -> None:
    assert standing(upload()) is Standing.ORPHAN
    failed = batch(Status.FAILED, input_file_id="in", errors=(BatchError("invalid_json_line", "Not JSON.", 3),))
    assert standing(upload(), failed) is Standing.ORPHAN
    assert standing(upload(), failed, batch(Status.COMPLETED, input_file_id="in")) is Standing.INPUT
    for created_at in (int(NOW) - 60, None):
        # Somebody may be about to make a batch of it.
        assert standing(upload(created_at)) is Standing.NEW
        assert standing(upload(created_at), given_up=["in"]) is Standing.ORPHAN
        assert standing(upload(created_at), failed) is Standing.ORPHAN


def test_what_was_only_too_much_at_a_time_is_no_orphan() -> None:
    errors = (
        BatchError("token_limit_exceeded", "Enqueued token limit reached for gpt-4o."),
        BatchError(None, "Enqueued request limit reached for text-embedding-3-small."),
    )
    for error in errors:
        assert standing(upload(), batch(Status.FAILED, input_file_id="in", errors=(error,))) is Standing.INPUT


def test_no_orphan_while_batches_may_be_unknown() -> None:
    failed = batch(Status.FAILED, input_file_id="in")
    for known in ((), (failed,), (batch(Status.COMPLETED, input_file_id="in"),)):
        assert standing(upload(), *known, complete=False) is Standing.UNKNOWN
        assert standing(upload(), *known, complete=False, given_up=["in"]) is Standing.UNKNOWN
    assert standing(upload(purpose="batch_output"), complete=False) is Standing.UNKNOWN
    assert Standing.UNKNOWN in KEPT


def test_what_a_submission_waits_for_stays() -> None:
    assert standing(upload(), awaited=["in"]) is Standing.IN_USE
    assert standing(upload(), batch(Status.FAILED, input_file_id="in"), awaited=["in"]) is Standing.IN_USE


@pytest.mark.parametrize("purpose", ["fine-tune", "assistants", "user_data", None])
def test_files_of_other_work_are_not_spoken_of(purpose: str | None) -> None:
    assert standing(upload(purpose=purpose)) is Standing.OTHER
    assert standing(upload(purpose=purpose), complete=False) is Standing.OTHER
    # A provider may have other words for its purposes.
    assert standing(upload(purpose=purpose), batch(Status.COMPLETED, input_file_id="in")) is Standing.INPUT


def test_users_stand_in_order() -> None:
    first = Batch("a", Status.COMPLETED, "completed", created_at=1, input_file_id="in")
    second = Batch("b", Status.FAILED, "failed", created_at=2, input_file_id="in", output_file_id="in")
    uses = Uses([first, second], complete=True)
    assert uses.of(upload()) == (second, first)
    assert uses.of(StoredFile("none")) == ()
