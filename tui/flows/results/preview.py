"""The first lines of a result file that its batch is still adding to."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tui.batches.batch import Batch
from tui.client.api import Wire
from tui.errors import LazybatchError
from tui.flows.results.download import Downloading, Part, result_path

MOST = 4 << 20  # bytes


async def peek(batch: Batch, folder: Path, *, wire: Wire) -> AsyncIterator[Downloading]:
    """Bring the head of each file that a running batch offers to a name that is never taken for a whole file.

    Raises `LazybatchError`: the server refuses, the disk is full.
    """
    for part, file_id in ((Part.OUTPUT, batch.output_file_id), (Part.ERRORS, batch.error_file_id)):
        if file_id is None:
            continue
        goal = peek_path(folder, batch.id, part)
        try:
            await asyncio.to_thread(_make_room, goal)
            async with wire.download(file_id) as download:
                done = 0
                async for chunk in download.chunks:
                    await asyncio.to_thread(_append, goal, chunk)
                    done += len(chunk)
                    yield Downloading(part, done, download.total, goal)
                    if done >= MOST:
                        break
        except OSError as error:
            raise LazybatchError(f"Cannot write {goal}: {error.strerror or error}.", 1) from None


def peek_path(folder: Path, batch_id: str, part: Part) -> Path:
    """Where the head of a file goes."""
    goal = result_path(folder, batch_id, part)
    return goal.with_name(f".{goal.name}.head")


def _make_room(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(b"")


def _append(path: Path, chunk: bytes) -> None:
    with path.open("ab") as file:
        file.write(chunk)
