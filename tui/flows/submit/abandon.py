"""Submissions that were left open, and of which nothing will come any more."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.flows.files.delete import Outcome
from tui.flows.submit.find import Doubtful, NotListed, find_batch, seen_upload
from tui.flows.submit.ownership import why_kept
from tui.requests.validate import Report
from tui.store.journal import Busy, Journal, Stage, Submission


@dataclass(frozen=True, slots=True)
class GivenUp:
    """An earlier submission, left open, that is written off now; `submission.reason` says why, in a sentence."""

    submission: Submission


async def outdated(report: Report, wire: Wire, journal: Journal) -> AsyncIterator[GivenUp]:
    """Write off what was begun with an earlier content of the same file, and never came to ask for a batch."""
    for found in await asyncio.to_thread(journal.of_path, str(report.path.absolute())):
        if found.stage not in {Stage.UPLOADING, Stage.UPLOADED} or found.sha256 == report.sha256:
            continue
        try:
            with journal.claim(found.sha256):
                reason = "The file has another content now: what was begun with the old one is written off."
                yield GivenUp(await abandoned(found, reason, wire, journal))
        except Busy:
            # Another process is at work on it, and will find out for itself.
            continue


async def written_off(submission: Submission, wire: Wire, journal: Journal) -> Submission | None:
    """`submission`, written off by its user's decision, if the provider can never tell what came of its create."""
    if not submission.in_doubt:
        return None
    try:
        found = await find_batch(submission, wire, journal)
        unknown = found is None and not await _withdrawable(submission, wire, journal)
    except WireError as error:
        unknown = never_told(error)
    if not unknown:
        return None
    reason = "Whether it came to a batch is not known; its user has submitted the file again all the same."
    return await abandoned(submission, reason, wire, journal)


async def _withdrawable(submission: Submission, wire: Wire, journal: Journal) -> bool:
    stored = await seen_upload(submission, wire)
    return stored is not None and await asyncio.to_thread(why_kept, stored, submission, journal) is None


async def abandoned(submission: Submission, reason: str, wire: Wire, journal: Journal) -> Submission:
    """`submission`, noted as one that nothing will come of; `reason` is a sentence."""
    await forget_pieces(submission, wire, journal)
    await asyncio.to_thread(journal.advance, submission.id, Stage.ABANDONED, reason=reason)
    return replace(submission, stage=Stage.ABANDONED, reason=reason)


async def forget_pieces(submission: Submission, wire: Wire, journal: Journal) -> None:
    """Have the server forget what it has of an upload that will not be gone on with.

    Without an answer it does so by itself in the end, and no file comes of it before.
    """
    begun = await asyncio.to_thread(journal.uploads.find, submission.id)
    if begun is None or not begun.takes_more(wire.now):
        return
    number = await asyncio.to_thread(journal.delete_asked, begun.id)
    try:
        await wire.cancel_upload(begun.id)
    except WireError as error:
        outcome = Outcome.UNREACHABLE if error.unclear else Outcome.REFUSED
        await asyncio.to_thread(journal.delete_told, number, outcome, error.sentence)
    else:
        await asyncio.to_thread(journal.delete_told, number, Outcome.DELETED, None)


def never_told(error: WireError) -> bool:
    """Whether a list of batches failed because the provider has none that serves: no later call will fare better."""
    return error.kind is Kind.NOT_FOUND or isinstance(error, NotListed | Doubtful)
