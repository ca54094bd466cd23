"""Finding on the server what a submission has made, when no answer told."""

from tui.batches.batch import Batch, Status
from tui.state.journal import Submission
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from, file_from

# Servers stamp with their own clock; ours may differ by minutes.
_CLOCK_MARGIN = 3600.0  # seconds
_MOST_PAGES = 20


class NotListed(WireError):  # noqa: N818  # what it says of the list; the base is an Error by name
    """The provider's list of batches does not go far enough to tell what is not there."""


async def find_upload(submission: Submission, wire: Wire) -> str | None:
    """The id of the uploaded file that bears the submission's id in its name and has all of its bytes.

    None as well from a provider that lists no files: a second upload costs nothing, where a second batch would.
    """
    after = None
    for _ in range(_MOST_PAGES):
        try:
            page = await wire.list_files(purpose="batch", after=after)
        except WireError as error:
            if error.kind is Kind.NOT_FOUND:
                return None
            raise
        for item in page.items:
            stored = file_from(item)
            # Its id alone, because a server may alter the rest of a name.
            if stored and submission.id in (stored.filename or "") and stored.bytes in {None, submission.bytes}:
                return stored.id
        if not page.has_more or not page.items or page.last_id in {None, after}:
            return None
        after = page.last_id
    return None


async def still_there(file_id: str | None, size: int, wire: Wire) -> str | None:
    """`file_id`, if an earlier upload is called so and has all of its `size` bytes still."""
    if file_id is None:
        return None
    try:
        stored = await wire.retrieve_file(file_id)
    except WireError as error:
        if error.kind is Kind.NOT_FOUND:
            return None
        raise
    return stored.id if stored.bytes in {None, size} else None


async def find_batch(submission: Submission, wire: Wire) -> Batch | None:
    """The batch whose metadata carries the submission's id, or that runs on its file, which nothing else does.

    None where the server's list, followed to its end or far enough back in time, does not have it. Raises a `WireError`
    where the list does not show that much.
    """
    after = None
    for _ in range(_MOST_PAGES):
        page = await wire.list_batches(after=after)
        newest = oldest = None
        for batch in filter(None, map(batch_from, page.items)):
            # A file that is used again was that of a batch which failed.
            on_its_file = submission.file_id is not None and batch.input_file_id == submission.file_id
            if batch.submission == submission.id or (on_its_file and batch.status is not Status.FAILED):
                return batch
            newest, oldest = newest or batch.created_at, batch.created_at or oldest
        # A list that begins with the oldest says nothing about the newest before its end.
        descending = newest is not None and oldest is not None and newest >= oldest
        older_than_it = oldest is not None and oldest < submission.opened_at - _CLOCK_MARGIN
        if not page.has_more or (descending and (older_than_it or page.last_id in {None, after})):
            return None
        if page.last_id in {None, after}:
            break
        after = page.last_id
    raise NotListed(Kind.NOT_AN_API, f"{wire.address.host} does not list its batches to the end.", unclear=True)
