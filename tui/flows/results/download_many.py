"""Downloading the results of many batches, one after another."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.errors import LazybatchError
from tui.flows.results.download import RESULTS, Absent, Downloaded, Downloading, NotWritten, Part, collect

# What the next batch would meet as well.
_SHARED: Final = frozenset({Kind.UNREACHABLE, Kind.TIMEOUT, Kind.UNAUTHORIZED, Kind.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Fetching:
    """Bytes of one file here so far, of how many if the server tells."""

    batch: Batch
    part: Part
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """All of a batch's files are in `folder`, `bytes` in all; `new` is False where they were already."""

    batch: Batch
    folder: Path
    bytes: int
    new: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """A batch of which not all is here, and why; `tried` is False where an earlier one's failure was enough.

    `again` tells whether another try may do better: what has expired does not come back.
    """

    batch: Batch
    error: LazybatchError
    again: bool
    tried: bool = True


Step = Fetching | Fetched | Failed


async def collect_each(waiting: deque[Batch], *, wire: Wire, folder_of: Callable[[str], Path]) -> AsyncIterator[Step]:
    """Download the results of each batch of `waiting`, which may be added to meanwhile; each has one end.

    A failure that the others would meet too (no connection, a full disk) ends it for all of them.
    """
    while waiting:
        batch = waiting.popleft()
        here: list[Downloaded] = []
        doubt = ""
        yield Fetching(batch, RESULTS[0], 0, None)
        try:
            async for step in collect_results(batch, folder_of(batch.id), wire=wire):
                if isinstance(step, Downloading):
                    yield Fetching(batch, step.part, step.done, step.total)
                else:
                    here.append(step)
                    doubt = doubt or step.doubt
        except LazybatchError as error:
            await asyncio.to_thread(_drop_empty, folder_of(batch.id))
            yield Failed(batch, error, again=isinstance(error, WireError | NotWritten))
            if isinstance(error, NotWritten) or (isinstance(error, WireError) and error.kind in _SHARED):
                while waiting:
                    yield Failed(waiting.popleft(), error, again=True, tried=False)
        else:
            if doubt:
                yield Failed(batch, LazybatchError(doubt, 1), again=True)
                continue
            new = any(step.fetched for step in here)
            yield Fetched(batch, here[0].path.parent, sum(step.bytes for step in here), new=new)


def _drop_empty(folder: Path) -> None:
    """Leave no folder where nothing came."""
    with contextlib.suppress(OSError):
        folder.rmdir()


async def collect_results(batch: Batch, folder: Path, *, wire: Wire) -> AsyncIterator[Downloading | Downloaded]:
    """Download the result files of `batch`, whatever became of it.

    Raises `LazybatchError`: it has not ended, it has no such files, or one of them cannot be had; the other is here
    then, if there is one.
    """
    if batch.active:
        raise LazybatchError(f"It is still {batch.raw_status}: there are no results yet.", 1)
    if batch.output_file_id is None and batch.error_file_id is None:
        raise LazybatchError(f"It is {batch.status}, and has no result files.", 1)
    failure: LazybatchError | None = None
    for part in RESULTS:
        try:
            async for step in collect(batch, folder, wire=wire, parts=[part]):
                if not isinstance(step, Absent):
                    yield step
        except NotWritten:
            raise
        except LazybatchError as error:
            failure = failure or error
    if failure is not None:
        raise failure
