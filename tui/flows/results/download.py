"""Bringing a batch's result files home: whole, checked, and under names of our choosing."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui.batches.batch import Batch
from tui.client.answers import Refusal, refusal_in
from tui.client.api import Download, Wire
from tui.client.errors import Kind, WireError, refused
from tui.errors import LazybatchError
from tui.files.durable import sync_folder
from tui.flows.results.completeness import lines_of, lines_told, may_be_cut
from tui.flows.results.sink import pour
from tui.store.lock import Taken, locked

_TRIES = 4  # without any progress in between
_PATIENCE = 60.0  # seconds; a server that asks for a longer wait gets no further try
_TURN = 0.2  # seconds between two looks at a download that another is at
_OVERLAP = 1024  # bytes that are fetched again to see that it is still the same file
_NOTHING_THERE = 416
_REFUSED = 400  # what a refusal is taken for that names no status itself
_MOST_OF_A_REFUSAL = 65_536  # bytes
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
    """One file is here. `fetched` is False where it was here already; `doubt` says why it may not be whole."""

    part: Part
    path: Path
    bytes: int
    fetched: bool
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """The batch has no such file: every request went the other way, or none was run."""

    part: Part


class _Gone(LazybatchError):  # noqa: N818  # what it says of the file
    """The server no longer has the file."""


class NotWritten(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The disk does not take it: it is full, or its owner lets nobody write there."""


RESULTS = (Part.OUTPUT, Part.ERRORS)


async def collect(
    batch: Batch, folder: Path, *, wire: Wire, parts: Iterable[Part] = RESULTS, anew: bool = False
) -> AsyncIterator[Downloading | Downloaded | Absent]:
    """Download `parts` of `batch` into `folder`, made where it is missing.

    A file gets its name only when all of it is on disk, and something says that this is all. What nothing says that of
    goes to `unfinished_path`, is told with a `doubt`, and is fetched again the next time. What a broken attempt left is
    gone on with. With `anew` a file that is here is fetched again as well, unless the server says that it has that
    very length. Raises `LazybatchError`: the file has expired, the disk is full, the connection broke too often.
    """
    ids = {Part.OUTPUT: batch.output_file_id, Part.ERRORS: batch.error_file_id, Part.INPUT: batch.input_file_id}
    for part in parts:
        file_id = ids[part]
        if file_id is None:
            yield Absent(part)
            continue
        goal = result_path(folder, batch.id, part)
        try:
            if not anew and (size := await _size(goal)) is not None:
                yield Downloaded(part, goal, size, fetched=False)
                continue
            async with aclosing(_fetch(batch, file_id, part, goal, wire, anew=anew)) as steps:
                async for step in steps:
                    yield step
        except OSError as error:
            raise NotWritten(f"Cannot write {goal}: {error.strerror or error}.") from None


def result_path(folder: Path, batch_id: str, part: Part) -> Path:
    """Where a result file goes."""
    return folder / f"{plain_id(batch_id)}.{part}.jsonl"


def unfinished_path(goal: Path) -> Path:
    """Where a result file goes of which nothing says that it is whole."""
    return goal.with_suffix(".unfinished.jsonl")


def plain_id(batch_id: str) -> str:
    """A file's name for a batch: an id that is not plain is replaced by its hash, so that it never chooses a path."""
    plain = _PLAIN_ID.fullmatch(batch_id)
    return batch_id if plain else f"batch-{hashlib.sha256(batch_id.encode()).hexdigest()[:32]}"


async def _fetch(
    batch: Batch, file_id: str, part: Part, goal: Path, wire: Wire, *, anew: bool
) -> AsyncGenerator[Downloading | Downloaded]:
    # The file's id is in the name, so that what is gone on with is always the same file.
    digest = hashlib.sha256(file_id.encode()).hexdigest()[:12]
    partial = goal.with_name(f".{goal.name}.{digest}.part")
    while (lock := await asyncio.to_thread(_locked, partial)) is None:
        # Another screen or process is at it: two at once would write over each other.
        yield Downloading(part, await _size(partial) or 0, None, partial)
        await asyncio.sleep(_TURN)
    with lock:
        kept, total = await _size(goal), None
        if kept is not None and (not anew or await _is_length(file_id, kept, wire)):
            await asyncio.to_thread(partial.unlink, missing_ok=True)
            yield Downloaded(part, goal, kept, fetched=False)
            return
        rest = unfinished_path(goal)
        try:
            async with aclosing(_go_on(file_id, part, partial, wire)) as steps:
                async for step in steps:
                    total = step.total
                    yield step
        except _Gone as gone:
            if kept is not None or (left := await _size(rest)) is None:
                raise
            # Better than nothing, now that there is no other.
            yield Downloaded(part, rest, left, fetched=False, doubt=gone.sentence)
            return
        size = await _size(partial) or 0
        # In an error file a line may be an error and nothing else.
        if (
            size <= _MOST_OF_A_REFUSAL
            and part is not Part.ERRORS
            and (refusal := await asyncio.to_thread(_refusal_at, partial)) is not None
        ):
            await asyncio.to_thread(partial.unlink)
            raise refused(refusal.status or _REFUSED, refusal.message, wire.address, code=refusal.code)
        doubt = await _doubt(batch, file_id, part, partial, (size, total), wire)
        if not doubt:
            await asyncio.to_thread(_settle, partial, goal)
            await asyncio.to_thread(rest.unlink, missing_ok=True)
        else:
            # Of two that may be cut the longer is kept.
            goal, size = await asyncio.to_thread(_lay_aside, partial, goal, rest)
    yield Downloaded(part, goal, size, fetched=True, doubt=doubt)


async def _go_on(file_id: str, part: Part, partial: Path, wire: Wire) -> AsyncGenerator[Downloading]:
    """Bring all of the file to `partial`, from what is there already on; the last step has the length that was told."""
    failures, furthest = 0, -1
    while True:
        here = await _size(partial) or 0
        # A server without Range begins anew each time: only what was never reached before is progress.
        failures, furthest = (0, here) if here > furthest else (failures + 1, furthest)
        try:
            async with wire.download(file_id, start=max(0, here - _OVERLAP)) as download:
                if download.start > here:
                    # Not what was asked for: to be had whole only from the beginning.
                    await asyncio.to_thread(partial.unlink, missing_ok=True)
                    raise WireError(Kind.NOT_AN_API, f"{wire.address.host} sent another part than it was asked for.")
                done = here
                pieces = await _alike(download, partial, wire.address.host)
                async with aclosing(pour(pieces, partial, download.start)) as lengths:
                    async for done in lengths:
                        yield Downloading(part, done, download.total, partial)
                done = await _size(partial) or 0
                if download.total is not None and done < download.total:
                    told = f"{done:,} of {download.total:,} bytes"
                    raise WireError(Kind.SERVER, f"{wire.address.host} broke off the {part} file after {told}.")
                yield Downloading(part, done, download.total, partial)
            return
        except WireError as error:
            if error.status == _NOTHING_THERE and here:
                # It is shorter than what is here: another file under the same id.
                await asyncio.to_thread(partial.unlink, missing_ok=True)
            if error.kind is Kind.NOT_FOUND:
                raise _Gone(f"The {part} file is no longer on the server: it expired or was deleted.", 1) from None
            decided = error.kind in {Kind.UNAUTHORIZED, Kind.FORBIDDEN, Kind.REFUSED} and error.status != _NOTHING_THERE
            if decided or failures >= _TRIES or (error.retry_after or 0) > _PATIENCE:
                raise
            await asyncio.sleep(max(error.retry_after or 0, 0.5 * failures))


async def _alike(download: Download, partial: Path, host: str) -> AsyncIterator[list[bytes]]:
    """What comes, once it is seen that it begins as what is here does at that place.

    An id may be used for another file, and a server may send the rest of one as if it were all. Raises a `WireError`,
    with nothing left here: the next try begins anew.
    """
    first: list[bytes] = await anext(download.pieces, [])
    if not await asyncio.to_thread(_is_at, partial, download.start, b"".join(first)):
        await asyncio.to_thread(partial.unlink, missing_ok=True)
        raise WireError(Kind.NOT_AN_API, f"{host} sent another file than before.")
    return _chained(first, download.pieces)


async def _chained(first: list[bytes], others: AsyncIterator[list[bytes]]) -> AsyncIterator[list[bytes]]:
    if first:
        yield first
    async for pieces in others:
        yield pieces


def _is_at(path: Path, start: int, content: bytes) -> bool:
    """Whether the file at `path` has `content` at `start`, as far as it goes."""
    if not path.exists():
        return True
    with path.open("rb") as file:
        file.seek(start)
        here = file.read(len(content))
    return content.startswith(here)


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


def _refusal_at(path: Path) -> Refusal | None:
    """What a file says that is no result lines: some servers send a refusal with a good status in a file's place."""
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return None
    return None if isinstance(document, dict) and "custom_id" in document else refusal_in(document)


async def _doubt(  # noqa: PLR0917  (what its caller has, handed on)
    batch: Batch, file_id: str, part: Part, path: Path, told: tuple[int, int | None], wire: Wire
) -> str:
    """Why the file at `path` may not be whole; empty where its length or its lines say that it is.

    `told` has the bytes that are here, and how many its answer said. Raises `LazybatchError` where it is not whole.
    """
    size, total = told
    expected = await _length(file_id, wire)
    if size and not expected:
        # Some keep a 0 for what they have not counted.
        expected = None
    if total == size and expected in {None, size}:
        return ""
    if expected == size:
        return ""
    found = await asyncio.to_thread(lines_of, path)
    if found is not None and found in lines_told(batch, part):
        return ""
    if expected is not None:
        await asyncio.to_thread(path.unlink)
        raise LazybatchError(f"The {part} file came with {size:,} of {expected:,} bytes: download it again.", 1)
    return may_be_cut(batch, part, found)


async def _is_length(file_id: str, size: int, wire: Wire) -> bool:
    """Whether the server says that the file has just this length; where it does not tell, the next answer may."""
    if (told := await _length(file_id, wire)) is not None:
        return told == size
    try:
        async with wire.download(file_id) as download:
            return download.start == 0 and download.total == size
    except WireError:
        return False


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


def _lay_aside(partial: Path, goal: Path, rest: Path) -> tuple[Path, int]:
    """Keep the longest of what may be cut: where that is, and its bytes."""
    best = max((partial, rest, goal), key=lambda path: path.stat().st_size if path.exists() else -1)
    if best is not rest:
        best.replace(rest)
    for other in (partial, goal):
        other.unlink(missing_ok=True)
    sync_folder(rest.parent)
    return rest, rest.stat().st_size


def _settle(partial: Path, goal: Path) -> None:
    """Give a whole file its name, for good."""
    partial.replace(goal)
    sync_folder(goal.parent)
