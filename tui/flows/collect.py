"""Bringing a batch's result files home: whole, checked, and under names of our choosing."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.batches.batch import Batch
from tui.durable import sync_folder
from tui.errors import LazybatchError
from tui.flows.sink import pour
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError

_TRIES = 4  # without any progress in between
_PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no further try
_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Part(StrEnum):
    """Which of a batch's files."""

    OUTPUT = "output"
    ERRORS = "errors"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Downloading:
    """Bytes of one file here so far, of how many; None where the server does not tell. They are in `partial`."""

    part: Part
    done: int
    total: int | None
    partial: Path


@dataclass(frozen=True, slots=True)
class Downloaded:
    """One file is here, whole. `fetched` is False where it was here already."""

    part: Part
    path: Path
    bytes: int
    fetched: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """The batch has no such file: every request went the other way, or none was run."""

    part: Part


RESULTS = (Part.OUTPUT, Part.ERRORS)


async def collect(
    batch: Batch, folder: Path, *, wire: Wire, parts: Iterable[Part] = RESULTS
) -> AsyncIterator[Downloading | Downloaded | Absent]:
    """Download `parts` of `batch` into `folder`, made where it is missing.

    A file that is there is whole: it got its name only when all of it was on disk. What a broken attempt left is gone
    on with. Raises `LazybatchError`: the file has expired, the disk is full, the connection broke too often.
    """
    ids = {Part.OUTPUT: batch.output_file_id, Part.ERRORS: batch.error_file_id, Part.INPUT: batch.input_file_id}
    for part in parts:
        file_id = ids[part]
        if file_id is None:
            yield Absent(part)
            continue
        goal = result_path(folder, batch.id, part)
        try:
            if (size := await _size(goal)) is not None:
                yield Downloaded(part, goal, size, fetched=False)
                continue
            async for step in _fetch(file_id, part, goal, wire):
                yield step
        except OSError as error:
            raise LazybatchError(f"Cannot write {goal}: {error.strerror or error}.", 1) from None


def result_path(folder: Path, batch_id: str, part: Part) -> Path:
    """Where a result file goes; an id that is not plain is replaced by its hash, so that it never chooses a path."""
    plain = batch_id if _PLAIN_ID.fullmatch(batch_id) else f"batch-{hashlib.sha256(batch_id.encode()).hexdigest()[:32]}"
    return folder / f"{plain}.{part}.jsonl"


async def _fetch(file_id: str, part: Part, goal: Path, wire: Wire) -> AsyncIterator[Downloading | Downloaded]:
    # The file's id is in the name, so that what is gone on with is always the same file.
    digest = hashlib.sha256(file_id.encode()).hexdigest()[:12]
    partial = goal.with_name(f".{goal.name}.{digest}.part")
    failures, furthest = 0, -1
    while True:
        here = await _size(partial) or 0
        # A server without Range begins anew each time: only what was never reached before is progress.
        failures, furthest = (0, here) if here > furthest else (failures + 1, furthest)
        try:
            async with wire.download(file_id, start=here) as download:
                async for done in pour(download.chunks, partial, download.start):
                    yield Downloading(part, done, download.total, partial)
            break
        except WireError as error:
            if error.status == 416 and here:
                # Nothing lies behind what is here already.
                break
            if error.kind is Kind.NOT_FOUND:
                raise LazybatchError(
                    f"The {part} file is no longer on the server: it expired or was deleted.", 1
                ) from None
            decided = error.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.REFUSED}
            if decided or failures >= _TRIES or (error.retry_after or 0) > _PATIENCE:
                raise
            await asyncio.sleep(max(error.retry_after or 0, 0.5 * failures))
    size = await _size(partial) or 0
    expected = await _length(file_id, wire)
    if expected is not None and size != expected:
        await asyncio.to_thread(partial.unlink)
        raise LazybatchError(f"The {part} file came with {size:,} of {expected:,} bytes: download it again.", 1)
    await asyncio.to_thread(_settle, partial, goal)
    yield Downloaded(part, goal, size, fetched=True)


async def _length(file_id: str, wire: Wire) -> int | None:
    """The file's length as the server keeps it; a provider may not tell of its result files at all."""
    try:
        return (await wire.retrieve_file(file_id)).bytes
    except WireError:
        return None


async def _size(path: Path) -> int | None:
    """The size of the file at `path`, whose folder is made on the way; None where there is no file yet."""

    def look() -> int | None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.stat().st_size if path.exists() else None

    return await asyncio.to_thread(look)


def _settle(partial: Path, goal: Path) -> None:
    """Give a whole file its name, for good."""
    partial.replace(goal)
    sync_folder(goal.parent)
