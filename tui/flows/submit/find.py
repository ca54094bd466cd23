"""Finding on the server what a submission has made, when no answer told."""

import asyncio
from collections.abc import Collection, Sequence

from tui.batches.batch import Batch, Status
from tui.batches.stored_files import INPUT_PURPOSE, StoredFile
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from, file_from
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import batches as list_of_batches
from tui.flows.listing.pager import files as list_of_files
from tui.store.journal import Journal, Stage, Submission

# Servers stamp with their own clock; ours may differ by minutes.
_CLOCK_MARGIN = 3600.0  # seconds
_MOST_FILES = 20_000
_MOST_PAGES = 20
_GUARD_PAGES = 5
# Fewer batches than any server has on a page by itself: a list of no more than these is not cut.
_SHORTEST_PAGE = 20
CONTENT_DIGITS = 32  # of the SHA-256, in a batch's metadata


class NotListed(WireError):  # noqa: N818  # what it says of the list; the base is an Error by name
    """The provider's list of batches does not go far enough to tell what is not there."""


class Doubtful(WireError):  # noqa: N818
    """The provider tells neither the metadata nor the input file of `candidates`: one of them may be meant."""

    def __init__(self, host: str, candidates: Sequence[Batch]) -> None:
        super().__init__(Kind.NOT_AN_API, f"{host} does not tell what its batches were made of.", unclear=True)
        self.candidates = tuple(candidates)


class Undecided(WireError):  # noqa: N818  # what it says of the batch
    """The submission's `batch` is being validated while its input file was deleted: it may run yet, or fail."""

    def __init__(self, host: str, batch: Batch) -> None:
        sentence = f"{host} is still validating {batch.id}, whose input file was deleted."
        super().__init__(Kind.SERVER, sentence, unclear=True)
        self.batch = batch


async def find_upload(submission: Submission, wire: Wire, journal: Journal) -> str | None:
    """The id of the uploaded file that bears the submission's id in its name and has all of its bytes.

    Not of one that was withdrawn, which a list may show for a while. None as well from a provider that does not list
    its files, or not to the end: a second upload costs nothing, where a second batch would. Raises a `WireError` where
    the list is to be had later.
    """
    withdrawn = await asyncio.to_thread(journal.withdrawn, submission.id)
    read = 0
    try:
        async for page in list_of_files(wire, INPUT_PURPOSE).pages():
            if isinstance(page, Incomplete):
                if page.error is not None:
                    raise page.error
                return None
            for stored in filter(None, map(file_from, page.items)):
                # Its id alone, because a server may alter the rest of a name.
                ours = stored.id not in withdrawn and submission.id in (stored.filename or "")
                if ours and stored.bytes in {None, submission.bytes}:
                    return stored.id
            read += len(page.items)
            if read >= _MOST_FILES:
                return None
    except WireError as error:
        if error.kind in {Kind.NOT_FOUND, Kind.FORBIDDEN} or (error.kind is Kind.REFUSED and not error.unclear):
            return None
        raise
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


async def find_batch(submission: Submission, wire: Wire, journal: Journal) -> Batch | None:
    """The batch whose metadata carries the submission's id, or that runs on its file, which nothing else does.

    None where the server's list, followed to its end or far enough back in time, does not have it. Nor is one meant
    that failed when its file was withdrawn. Raises a `WireError` where the list does not show that much, among them
    `Doubtful`, and `Undecided`.
    """
    withdrawn = await asyncio.to_thread(journal.withdrawn, submission.id)
    candidates, undecided, unread = list[Batch](), list[Batch](), 0
    seen: set[str] = set()
    complete = descending = False
    pages = 0
    async for page in list_of_batches(wire).pages():
        if isinstance(page, Incomplete):
            if page.error is not None and not page.final:
                raise page.error
            # A page that is repeated for ever can be all there is.
            complete = page.error is None and descending and len(seen) < _SHORTEST_PAGE
            break
        newest = oldest = None
        unread += page.unread
        for batch in filter(None, map(batch_from, page.items)):
            # A file that is used again was that of a batch which failed.
            on_its_file = submission.file_id is not None and batch.input_file_id == submission.file_id
            ours = batch.submission == submission.id
            if (ours or on_its_file) and _of_a_withdrawn_file(batch, submission, withdrawn):
                if batch.status not in {Status.FAILED, Status.VALIDATING}:
                    return batch
                undecided += [batch] if batch.status is Status.VALIDATING else []
            elif ours or (on_its_file and batch.status is not Status.FAILED):
                return batch
            candidates += [batch] if _may_be(batch, submission) else []
            newest, oldest = newest or batch.created_at, batch.created_at or oldest
            seen.add(batch.id)
        # A list that begins with the oldest says nothing about the newest before its end.
        descending = newest is not None and oldest is not None and newest >= oldest if page.items else descending
        older_than_it = oldest is not None and oldest < submission.opened_at - _CLOCK_MARGIN
        complete = not page.has_more or (descending and older_than_it)
        pages += 1
        if complete or pages == _MOST_PAGES:
            break
    if complete and undecided:
        raise Undecided(wire.address.host, undecided[0])
    if complete and candidates:
        raise Doubtful(wire.address.host, candidates)
    # One of those that could not be read may be it.
    if not complete or unread:
        raise NotListed(Kind.NOT_AN_API, f"{wire.address.host} does not list its batches to the end.", unclear=True)
    return None


def _of_a_withdrawn_file(batch: Batch, submission: Submission, withdrawn: Collection[str]) -> bool:
    """Whether the submission's `batch` was made of a file that is deleted, or that is just being deleted.

    Where a provider does not tell of which, it may have been.
    """
    if batch.input_file_id is None:
        return bool(withdrawn)
    gone = submission.stage is Stage.WITHDRAWING or batch.input_file_id != submission.file_id
    return gone and batch.input_file_id in withdrawn


def _may_be(batch: Batch, submission: Submission) -> bool:
    """Whether nothing that `batch` tells speaks against its being the submission's, nor anything for it."""
    total = batch.counts.total if batch.counts else None
    return (
        not batch.metadata
        and batch.input_file_id is None
        and batch.endpoint in {None, submission.endpoint}
        and total in {None, 0, submission.requests}
        and (batch.created_at is None or batch.created_at >= submission.opened_at - _CLOCK_MARGIN)
    )


async def seen_upload(submission: Submission, wire: Wire) -> StoredFile | None:
    """The submission's uploaded file, if it is there for the present key.

    Where it is not, that no batch is listed tells nothing: a key of another project sees neither.
    """
    try:
        return await wire.retrieve_file(submission.file_id or "")
    except WireError as error:
        if error.kind is Kind.NOT_FOUND:
            return None
        raise


async def find_content(sha256: str, wire: Wire, no_duplicate_of: Collection[str] = ()) -> Batch | None:
    """The newest batch of that content that did not fail, by its metadata, among the newest few hundred.

    None where that is one of those that are retried.

    For what was submitted from another machine, or with a state folder that is gone. A provider that lists no batches
    (or not to this key), has no further pages or keeps no metadata cannot tell: None.
    """
    pages = 0
    try:
        async for page in list_of_batches(wire).pages():
            if isinstance(page, Incomplete):
                if page.error is not None and not page.final:
                    raise page.error
                return None
            for batch in filter(None, map(batch_from, page.items)):
                if batch.content == sha256[:CONTENT_DIGITS] and batch.id in no_duplicate_of:
                    return None
                if batch.content == sha256[:CONTENT_DIGITS] and batch.status is not Status.FAILED:
                    return batch
            pages += 1
            if pages == _GUARD_PAGES:
                return None
    except WireError as error:
        if error.kind in {Kind.NOT_FOUND, Kind.NOT_AN_API, Kind.FORBIDDEN}:
            return None
        raise
    return None
