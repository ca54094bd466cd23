"""The verdict on a batch: its files held against each other once, and what came of it kept."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tui.batches.batch import Batch, Counts
from tui.flows.collect import Part
from tui.results.finish import Finishes, finishes
from tui.results.judge import Judgement, judge
from tui.results.match import RequestIndex
from tui.results.problems import FileChangedError
from tui.results.stream import Cancelled, Progress
from tui.results.verdict import Reported
from tui.state.verdicts import Kept, Verdicts


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement with the lines whose answers did not end by themselves."""

    judgement: Judgement
    finishes: Finishes

    @property
    def kept(self) -> Kept:
        """What of it outlives the screen."""
        return Kept(self.judgement.verdict, {reason: len(lines) for reason, lines in self.finishes.items()})


def judged(
    batch: Batch, requests: RequestIndex | None, paths: Mapping[Part, Path], told: Progress, cancelled: Cancelled
) -> Judged:
    """Read the result files at `paths`, the output twice; `told` hears of bytes. For a worker thread.

    Raises `ResultFileError`, `FileChangedError` and `StoppedError`.
    """
    output, errors = paths.get(Part.OUTPUT), paths.get(Part.ERRORS)
    again = output.stat().st_size if output else 0
    read = [0, 0]

    def first(done: int, total: int) -> None:
        read[:] = done, total
        told(done, total + again)

    judgement = judge(requests, output, errors, reported=reported(batch), progress=first, cancelled=cancelled)
    if output is None:
        return Judged(judgement, {})
    found = finishes(output, lambda done, _: told(read[1] + done, read[1] + again), cancelled)
    return Judged(judgement, found)


def reported(batch: Batch) -> Reported:
    """The server's counts."""
    counts = batch.counts or Counts()
    return Reported(counts.total, counts.completed, counts.failed)


async def known(batch: Batch, paths: Mapping[Part, Path], input_path: Path | None, verdicts: Verdicts) -> Kept | None:
    """The verdict that was given before on just these files and counts."""
    return await asyncio.to_thread(lambda: verdicts.load(batch.id, _basis(batch, paths, input_path)))


async def keep(
    batch: Batch, paths: Mapping[Part, Path], input_path: Path | None, verdicts: Verdicts, kept: Kept
) -> None:
    """Keep a verdict for as long as files and counts are these."""
    await asyncio.to_thread(lambda: verdicts.save(batch.id, _basis(batch, paths, input_path), kept))


def _basis(batch: Batch, paths: Mapping[Part, Path], input_path: Path | None) -> str:
    """Files of an ended batch never change, so their sizes tell them apart. Raises `FileChangedError`."""
    try:
        sizes = (f"{part} {path.stat().st_size}" for part, path in sorted(paths.items()))
        return " · ".join((*sizes, f"input {input_path.stat().st_size if input_path else None}", str(reported(batch))))
    except OSError as error:
        raise FileChangedError(f"A result file was removed while it was open: {error.strerror}.") from None
