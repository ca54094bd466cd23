"""A batch's result files brought here and held against its requests."""

from dataclasses import dataclass
from pathlib import Path

from tui.batches.batch import Batch
from tui.batches.family import Family, family_of, with_remainders
from tui.cli.context import opened
from tui.cli.output import tell
from tui.cli.progress import Progress
from tui.client.errors import Kind, WireError
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.follow import retrieve
from tui.flows.listing.related import made_around, made_since
from tui.flows.results.download import Downloading
from tui.flows.results.result_set import Shelf
from tui.results.join import Judgement
from tui.settings.profiles import Profile


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch with what its files say of it; `judgement.requests` is None where its input file is not to be had.

    `joined` are the batches that were read as one, in that order; `left_out` those that belong to them and could not
    be read, each with the reason. `doubts` tell what may be cut, `mismatch` why results may be there that are not here.
    """

    batch: Batch
    judgement: Judgement
    joined: tuple[Batch, ...]
    left_out: tuple[tuple[Batch, str], ...]
    doubts: tuple[str, ...] = ()
    mismatch: str = ""


async def judged(profile: Profile, batch_id: str, input_file: str | None, *, whole: bool = False) -> Judged:
    """Fetch what is not here yet, and read it all: the batch with those that ran its requests again.

    With `whole` also the batch whose requests it runs again, and the other parts of the file. `input_file` is taken as
    the input; without it, it is what was submitted from here if that is unchanged, else the server's copy. Raises
    `LazybatchError`, also for a batch that has not ended.
    """
    async with opened(profile) as session:
        batch = await retrieve(session.wire, batch_id)
        if batch.status.active:
            raise LazybatchError(f"{batch_id} is still {batch.raw_status}: there are no results yet.", 1)
        shelf = Shelf(batch, session, await _family(batch, session, whole=whole))
        with Progress(f"Downloading {batch.id}") as bar:
            async for step in shelf.fetch():
                if isinstance(step, Downloading):
                    bar.update(step.done, step.total)
            await shelf.fetch_others(bar.update)
        with Progress("Reading the input file") as bar:
            await _find_requests(shelf, bar, None if input_file is None else Path(input_file))
        with Progress("Reading the results") as bar:
            await shelf.judged(bar.update)
        with Progress(f"Downloading {batch.id} again") as bar:
            async for _ in shelf.fetch_anew(bar.update):
                bar.clear()
        with Progress("Reading the results") as bar:
            judgement = await shelf.judged(bar.update)
        left_out = tuple(shelf.left_out)
        return Judged(batch, judgement, shelf.family.batches, left_out, shelf.doubts, shelf.mismatch)


async def _family(batch: Batch, session: Session, *, whole: bool) -> Family:
    try:
        known = await (made_around if whole else made_since)(batch, session, tell)
    except WireError as error:
        tell(f"Whether its requests were run again is only known from here: {error.sentence}")
        known = list(session.book)
    submitted = {own: found.opened_at for own, found in session.journal.by_batch().items()}
    return (family_of if whole else with_remainders)(batch, known, submitted)


async def _find_requests(shelf: Shelf, bar: Progress, path: Path | None) -> None:
    try:
        await shelf.find_requests(bar.update, path)
    except LazybatchError as error:
        if path is not None or (isinstance(error, WireError) and error.kind is not Kind.NOT_FOUND):
            raise
        tell(f"{error.sentence} Give it with --input FILE if you have it.")
