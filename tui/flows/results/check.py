"""The verdict on a batch: its files held against each other once, and what came of it kept."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tui.batches.batch import Batch, Counts
from tui.batches.cost import told_usage
from tui.files.errors import FileChangedError
from tui.results.check import Reported
from tui.results.join import Judgement, Returned
from tui.store.checks import Kept, Verdicts


def kept_of(judgement: Judgement) -> Kept:
    """What of a judgement outlives the screen."""
    return Kept(judgement.verdict, {reason: len(lines) for reason, lines in judgement.finishes.items()})


def returned(batch: Batch, output: Path | None, errors: Path | None) -> Returned:
    """A batch's files with the server's counts; some servers leave them at 0 to the end, which tells nothing."""
    counts = batch.counts if batch.counts is not None and any(batch.counts) else Counts()
    reported = Reported(counts.total, counts.completed, counts.failed)
    return Returned(output, errors, reported, batch.id, counted=told_usage(batch) is not None)


async def known(batch: Batch, files: Sequence[Returned], inputs: Sequence[Path], verdicts: Verdicts) -> Kept | None:
    """The verdict that was given before on just these files and counts."""
    return await asyncio.to_thread(lambda: verdicts.load(batch.id, _basis(files, inputs)))


async def keep(batch: Batch, files: Sequence[Returned], inputs: Sequence[Path], verdicts: Verdicts, kept: Kept) -> None:
    """Keep a verdict for as long as files and counts are these."""
    await asyncio.to_thread(lambda: verdicts.save(batch.id, _basis(files, inputs), kept))


def _basis(files: Sequence[Returned], inputs: Sequence[Path]) -> str:
    """Files of an ended batch never change, so their sizes tell them apart. Raises `FileChangedError`."""
    try:
        told = [
            f"{batch.batch_id} {_size(batch.output)} {_size(batch.errors)} {batch.reported} {batch.counted}"
            for batch in files
        ]
        return " · ".join((*told, "inputs", *(str(_size(path)) for path in inputs)))
    except OSError as error:
        raise FileChangedError(f"A result file was removed while it was open: {error.strerror}.") from None


def _size(path: Path | None) -> int | None:
    return None if path is None else path.stat().st_size
