"""Whether a content went out before, as far as is known here without asking the server."""

from collections.abc import Collection, Iterable

from tui.batches.batch import Batch, Status
from tui.flows.submit.find import CONTENT_DIGITS
from tui.store.journal import Journal


def submitted_before(
    sha256: str, journal: Journal, batches: Iterable[Batch], no_duplicate_of: Collection[str] = ()
) -> Batch | None:
    """The newest of `batches` that was made of that content, by the journal or its own metadata, and did not fail.

    Not one of those that are retried, nor one that is older than the newest of them.

    Reads the state folder: meant for a thread.
    """
    ours = {found.batch_id for found in journal.of_content(sha256)}
    batches = list(batches)
    since = max((batch.created_at or 0 for batch in batches if batch.id in no_duplicate_of), default=0)
    made = (
        batch
        for batch in batches
        if (batch.id in ours or batch.content == sha256[:CONTENT_DIGITS])
        and batch.id not in no_duplicate_of
        and (batch.created_at or 0) >= since
        and batch.status is not Status.FAILED
    )
    return max(made, key=lambda batch: batch.created_at or 0, default=None)
