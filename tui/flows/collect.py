"""Bringing a batch's result files home: whole, checked, and under names of our choosing."""

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.batches.batch import Batch
from tui.durable import sync_folder
from tui.errors import LazybatchError
from tui.flows.sink import pour
from tui.state.lock import Taken, locked
from tui.wire.client import Wire
from tui.wire.errors import Kind, WireError

_TRIES = 4  # without any progress in between
_PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no further try
_TURN = 0.2  # seconds between two looks at a download that another is at
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


class NotWritten(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The disk does not take it: it is full, or its owner lets nobody write there."""


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
            async with aclosing(_fetch(file_id, part, goal, wire)) as steps:
                async for step in steps:
                    yield step
        except OSError as error:
            raise NotWritten(f"Cannot write {goal}: {error.strerror or error}.") from None


def result_path(folder: Path, batch_id: str, part: Part) -> Path:
    """Where a result file goes."""
    return folder / f"{plain_id(batch_id)}.{part}.jsonl"


def plain_id(batch_id: str) -> str:
    """A file's name for a batch: an id that is not plain is replaced by its hash, so that it never chooses a path."""
    plain = _PLAIN_ID.fullmatch(batch_id)
    return batch_id if plain else f"batch-{hashlib.sha256(batch_id.encode()).hexdigest()[:32]}"


async def _fetch(file_id: str, part: Part, goal: Path, wire: Wire) -> AsyncGenerator[Downloading | Downloaded]:
    # The file's id is in the name, so that what is gone on with is always the same file.
    digest = hashlib.sha256(file_id.encode()).hexdigest()[:12]
    partial = goal.with_name(f".{goal.name}.{digest}.part")
    while (lock := await asyncio.to_thread(_locked, partial)) is None:
        # Another screen or process is at it: two at once would write over each other.
        yield Downloading(part, await _size(partial) or 0, None, partial)
        await asyncio.sleep(_TURN)
    with lock:
        if (size := await _size(goal)) is not None:
            await asyncio.to_thread(partial.unlink, missing_ok=True)
            yield Downloaded(part, goal, size, fetched=False)
            return
        async with aclosing(_go_on(file_id, part, partial, wire)) as steps:
            async for step in steps:
                yield step
        size = await _size(partial) or 0
        expected = await _length(file_id, wire)
        if expected is not None and size != expected:
            await asyncio.to_thread(partial.unlink)
            raise LazybatchError(f"The {part} file came with {size:,} of {expected:,} bytes: download it again.", 1)
        await asyncio.to_thread(_settle, partial, goal)
    yield Downloaded(part, goal, size, fetched=True)


async def _go_on(file_id: str, part: Part, partial: Path, wire: Wire) -> AsyncGenerator[Downloading]:
    """Bring all of the file to `partial`, from what is there already on."""
    failures, furthest = 0, -1
    while True:
        here = await _size(partial) or 0
        # A server without Range begins anew each time: only what was never reached before is progress.
        failures, furthest = (0, here) if here > furthest else (failures + 1, furthest)
        try:
            async with wire.download(file_id, start=here) as download:
                if download.start > here:
                    # Not what was asked for: to be had whole only from the beginning.
                    await asyncio.to_thread(partial.unlink)
                    raise WireError(Kind.NOT_AN_API, f"{wire.address.host} sent another part than it was asked for.")
                async with aclosing(pour(download.pieces, partial, download.start)) as lengths:
                    async for done in lengths:
                        yield Downloading(part, done, download.total, partial)
            return
        except WireError as error:
            if error.status == 416 and here:
                # Nothing lies behind what is here already.
                return
            if error.kind is Kind.NOT_FOUND:
                raise LazybatchError(
                    f"The {part} file is no longer on the server: it expired or was deleted.", 1
                ) from None
            decided = error.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.REFUSED}
            if decided or failures >= _TRIES or (error.retry_after or 0) > _PATIENCE:
                raise
            await asyncio.sleep(max(error.retry_after or 0, 0.5 * failures))


def _locked(partial: Path) -> ExitStack | None:
    """The right to write to `partial`, until it is closed; None while another has it. Raises OSError."""
    # Where nothing can be written this says so, in the words for a file.
    partial.touch()
    held = ExitStack()
    try:
        held.enter_context(locked(partial.with_suffix(".lock")))
    except Taken:
        return None
    held.callback(_drop_empty, partial)
    return held


def _drop_empty(partial: Path) -> None:
    """Leave nothing where nothing came."""
    if partial.exists() and not partial.stat().st_size:
        partial.unlink()


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
