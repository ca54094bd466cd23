"""What the commands say of requests that the server has not counted."""

import pytest

from tui.batches.batch import Batch, Counts, Status
from tui.cli import status_text
from tui.cli.commands import show


@pytest.mark.parametrize(
    ("counts", "listed", "shown"),
    [
        (Counts(0, 0, 0), "–", "not counted"),
        (Counts(), "–", "not counted"),
        (Counts(10), "–", "?/10 ended"),
        (Counts(10, 0, 0), "0/10", "0/10 ended"),
        (Counts(10, 4, 1), "5/10", "5/10 ended, 20% of them failed"),
        (Counts(10, 4), "4/10", "4/10 ended"),
        (None, "–", None),
    ],
)
def test_requests_are_told_as_far_as_they_are_counted(counts: Counts | None, listed: str, shown: str | None) -> None:
    batch = Batch(id="batch_1", status=Status.COMPLETED, raw_status="completed", counts=counts)
    assert status_text.done(batch) == listed
    assert dict(show._fields(batch, None))["requests"] == shown
