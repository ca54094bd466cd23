"""A batch's result files brought here and held against its requests."""

from dataclasses import dataclass
from pathlib import Path

from tui.batches.batch import Batch, Counts
from tui.errors import LazybatchError
from tui.flows.collect import Downloaded, Downloading, Part, collect
from tui.flows.session import Session
from tui.headless.printing import tell
from tui.headless.progress import Progress
from tui.headless.session import opened, retrieved
from tui.headless.working import Cancelled, Told, worked
from tui.results.judge import Judgement, judge
from tui.results.match import RequestIndex
from tui.results.verdict import Reported
from tui.settings import Profile
from tui.wire.errors import Kind, WireError


@dataclass(frozen=True, slots=True)
class Judged:
    """A batch with what its files say of it; `judgement.requests` is None where its input file is not to be had."""

    batch: Batch
    judgement: Judgement


async def judged(profile: Profile, batch_id: str, input_file: str | None) -> Judged:
    """Fetch what is not here yet, and read it all.

    `input_file` is taken as the batch's; without it, it is the one that was submitted from here if that is unchanged,
    else the server's copy. Raises `LazybatchError`, also for a batch that has not ended.
    """
    async with opened(profile) as session:
        batch = await retrieved(session.wire, batch_id)
        if batch.status.active:
            raise LazybatchError(f"{batch_id} is still {batch.raw_status}: there are no results yet.", 1)
        paths = await _fetched(batch, session)
        requests = await _index(await _input_path(batch, session) if input_file is None else Path(input_file))
    counts = batch.counts or Counts()
    reported = Reported(counts.total, counts.completed, counts.failed)

    def work(told: Told, cancelled: Cancelled) -> Judgement:
        output, errors = paths.get(Part.OUTPUT), paths.get(Part.ERRORS)
        return judge(requests, output, errors, reported=reported, progress=told, cancelled=cancelled)

    return Judged(batch, await worked("Reading the results", work))


async def _fetched(batch: Batch, session: Session) -> dict[Part, Path]:
    paths = {}
    with Progress(f"Downloading {batch.id}") as bar:
        async for step in collect(batch, session.results_folder, wire=session.wire):
            if isinstance(step, Downloading):
                bar.update(step.done, step.total)
            elif isinstance(step, Downloaded):
                paths[step.part] = step.path
    return paths


async def _input_path(batch: Batch, session: Session) -> Path | None:
    try:
        return await session.input_of(batch)
    except LazybatchError as error:
        if isinstance(error, WireError) and error.kind is not Kind.NOT_FOUND:
            raise
        tell(f"{error.sentence} Give it with --input FILE if you have it.")
        return None


async def _index(path: Path | None) -> RequestIndex | None:
    if path is None:
        return None
    return await worked(f"Reading {path.name}", lambda told, cancelled: RequestIndex.build(path, told, cancelled))
