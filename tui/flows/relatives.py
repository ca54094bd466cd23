"""The batches that may have to be read with one: what the server has of them, beside those that are known here."""

from tui.batches.batch import Batch
from tui.flows.session import Session
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import batch_from

_MOST_PAGES = 20
_PAGE = 100
# Parts of one file are submitted one after another; those that were put off come within a day, as a rule.
_DAY = 86400.0  # seconds


async def made_since(batch: Batch, session: Session) -> list[Batch]:
    """All batches known here, and those on the server that were made after `batch` ended: what ran it again is among
    them. Raises a `WireError` where the server's list cannot be had, but not of a provider that has none."""
    return await _known(session, batch.ended_at or batch.created_at or 0.0)


async def made_around(batch: Batch, session: Session) -> list[Batch]:
    """As `made_since`, with the parents of `batch` and what was made within a day before them."""
    root, parents = batch, list[Batch]()
    while root.parent is not None and root.parent not in {batch.id, *(parent.id for parent in parents)}:
        try:
            found = batch_from(await session.wire.retrieve_batch(root.parent))
        except WireError as error:
            if error.kind is not Kind.NOT_FOUND:
                raise
            break
        if found is None:
            break
        parents.append(found)
        root = found
    return [*await _known(session, (root.created_at or _DAY) - _DAY), *parents]


async def _known(session: Session, since: float) -> list[Batch]:
    found = {batch.id: batch for batch in session.book}
    after = None
    for _ in range(_MOST_PAGES):
        try:
            page = await session.wire.list_batches(limit=_PAGE, after=after)
        except WireError as error:
            if error.kind is Kind.NOT_FOUND:
                break
            raise
        listed = list(filter(None, map(batch_from, page.items)))
        found |= {batch.id: batch for batch in listed}
        oldest = min((batch.created_at for batch in listed if batch.created_at is not None), default=None)
        if not page.has_more or not listed or page.last_id in {None, after} or (oldest is not None and oldest < since):
            break
        after = page.last_id
    return list(found.values())
