"""The batches that may have to be read with one: what the server has of them, beside those that are known here."""

from collections.abc import Callable

from tui.batches.batch import Batch
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.flows.account import Session
from tui.flows.listing.batches import newest_first
from tui.format.text import count

_MOST = 2000
# Parts of one file are submitted one after another; those that were put off come within a day, as a rule.
_DAY = 86400.0  # seconds
Note = Callable[[str], None]


async def made_since(batch: Batch, session: Session, note: Note) -> list[Batch]:
    """All batches known here, and those on the server that were made after `batch` ended: what ran it again is among
    them. `note` is given a sentence where the server does not list them all. Raises a `WireError` where the server's
    list cannot be had, but not of a provider that has none."""
    return await _known(session, batch.ended_at or batch.created_at or 0.0, note)


async def made_around(batch: Batch, session: Session, note: Note) -> list[Batch]:
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
    return [*await _known(session, (root.created_at or _DAY) - _DAY, note), *parents]


async def _known(session: Session, since: float, note: Note) -> list[Batch]:
    found = {batch.id: batch for batch in session.book}
    listed = 0
    try:
        async for batch in newest_first(session.wire, since=since, cut_short=lambda why: note(why.sentence)):
            found[batch.id] = batch
            listed += 1
            if listed == _MOST:
                note(f"Only the newest {count(_MOST)} batches were looked at for what ran its requests again.")
                break
    except WireError as error:
        if error.kind is not Kind.NOT_FOUND:
            raise
    return list(found.values())
