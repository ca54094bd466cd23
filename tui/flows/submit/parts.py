"""A file over the limits, cut into parts that are submitted one after another.

Every part is a submission of its own, with its own content hash, so that what makes one submission exact makes all of
them exact. The parts share one id in their batches' metadata. It begins with the hash of the whole file, by which a
file that was submitted in part is known again.
"""

import asyncio
import filecmp
import tempfile
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.batches.batch import GROUP_KEY
from tui.batches.cost import Expected
from tui.client.api import Wire
from tui.errors import LazybatchError
from tui.files.durable import sync_folder
from tui.files.output import Unwritable
from tui.flows.queue.part_queue import Line
from tui.flows.submit.steps import LOOKS, Created, Forgotten, Order, OtherwiseSubmitted, Step, Unknowable
from tui.flows.submit.submit import already_there, submit
from tui.flows.worker import Cancelled, Progress
from tui.requests.split import split
from tui.requests.validate import Limits, Report, validate
from tui.store.journal import Journal, Stage, Submission, is_cut_from, new_group
from tui.store.queue import Entry, Queue, State

# Problems of a file that its parts do not have.
_LIMITS = frozenset({"too_many_requests", "file_too_large", "too_many_inputs"})
_VALUE = 512  # characters of a metadata value


@dataclass(frozen=True, slots=True)
class PartsOrder:
    """What a person has said yes to: `parts` of `whole`, each of them validated, in their order.

    `metadata` is that of every part; its description gets the part's number. `again` allows a second batch of a part,
    but not of those parts that the newest, broken-off submission has come to already. `expected` is what the estimate
    says of the whole file. `adopt` is the batch of the one part of which the provider cannot tell what it came to.
    `retried` are the batches of which this is a retry, as of an `Order`.
    """

    whole: Report
    parts: Sequence[Report]
    endpoint: str
    metadata: Mapping[str, str]
    again: bool = False
    expected: Expected | None = None
    adopt: str | None = None
    retried: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Queued:
    """There is no room for a part now: it waits in the queue, as do all behind it."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class PartStep:
    """A step of the part with that number, counted from 1."""

    number: int
    step: Step | Queued


class Broken(LazybatchError):  # noqa: N818  # what it says of the parts; the base is an Error by name
    """A part could not be submitted; `unknowable` tells that only its user can decide how to go on.

    Then `candidates` are batches of which one may be the part's.
    """

    def __init__(self, error: LazybatchError, number: int, parts: int) -> None:
        super().__init__(
            f"Part {number} of {parts}: {error.sentence} "
            + (f"The {number - 1} before it are there. " if number > 2 else "Part 1 is there. " if number == 2 else "")
            + "Submit the same file again to go on with the rest.",
            error.exit_code,
        )
        self.unknowable = isinstance(error, Unknowable | Forgotten)
        self.candidates = error.candidates if isinstance(error, Unknowable) else ()


def only_limits(report: Report) -> bool:
    """Whether nothing is wrong with a file but that it is too much for one batch."""
    return not report.ok and set(report.counts_by_code) <= _LIMITS and report.endpoint is not None


def least_parts(report: Report, limits: Limits) -> int:
    """How many parts there will be at least."""
    amounts = (
        (report.requests, limits.max_requests),
        (report.bytes, limits.max_bytes),
        (report.inputs, limits.max_embedding_inputs),
    )
    return max(-(-amount // most) for amount, most in amounts)


def cut(
    report: Report, limits: Limits, state: Path, progress: Progress, cancelled: Cancelled = lambda: False
) -> tuple[Report, ...]:
    """Write the parts of a file and validate each of them; for a thread.

    They are called `<stem>.part-01-of-03.jsonl`, and lie beside the file. Where that cannot be, or a file of such a
    name with another content is there, they lie in a folder under `state`. Raises `LazybatchError`.
    """
    total = 2 * report.bytes

    def told(before: int) -> Callable[[int, int], None]:
        return lambda done, _total: progress(before + done, total)

    parts = _placed(report, limits, state, told(0), cancelled)
    validated, done = [], report.bytes
    for part in parts:
        found = validate(part, endpoint=report.endpoint, limits=limits, progress=told(done), cancelled=cancelled)
        if not found.ok:
            raise LazybatchError(f"{part.name} is no good part: {found.problems[0].sentence}", 1)
        validated.append(found)
        done += found.bytes
    return tuple(validated)


def _placed(
    report: Report, limits: Limits, state: Path, progress: Callable[[int, int], None], cancelled: Cancelled
) -> list[Path]:
    folder = report.path.absolute().parent
    try:
        if (placed := _cut_in(folder, report, limits, progress, cancelled)) is not None:
            return placed
    except Unwritable:
        pass
    folder = state / "parts" / report.sha256[:16]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unwritable(folder, error.strerror or str(error)) from None
    placed = _cut_in(folder, report, limits, progress, cancelled)
    if placed is None:
        raise Unwritable(folder, "parts of another content are there; remove that folder")
    return placed


def _cut_in(
    folder: Path, report: Report, limits: Limits, progress: Callable[[int, int], None], cancelled: Cancelled
) -> list[Path] | None:
    """The parts in `folder`; None, and nothing changed, where it has a file of such a name with another content.

    Cut apart and moved one by one: a part of an earlier time that is the same stays the file that it is.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".lazybatch-parts-", dir=folder) as apart:
            parts = split(
                report.path,
                Path(apart),
                limits=limits,
                endpoint=report.endpoint,
                progress=progress,
                cancelled=cancelled,
            )
            names = [folder / part.path.name for part in parts]
            # Compared by their bytes.
            kept = [
                name.exists() and filecmp.cmp(name, part.path, shallow=False)
                for name, part in zip(names, parts, strict=True)
            ]
            if any(name.exists() and not same for name, same in zip(names, kept, strict=True)):
                return None
            for name, part, same in zip(names, parts, kept, strict=True):
                if not same:
                    part.path.replace(name)
            sync_folder(folder)
            return names
    except OSError as error:
        raise Unwritable(folder, error.strerror or str(error)) from None


async def submit_parts(
    order: PartsOrder, *, wire: Wire, journal: Journal, looks: Sequence[float] = LOOKS, line: Line | None = None
) -> AsyncIterator[PartStep]:
    """Submit every part, one after another; each ends with `Created` or `Already`.

    With a `line` to wait in, those for which there is no room end with `Queued`. Broken off, the same file goes on with
    the parts that are missing. Raises `Broken` where a part cannot be submitted, and `LazybatchError` where the file
    was submitted before in another way.
    """
    with journal.claim(order.whole.sha256):
        queue = None if line is None else line.queue
        for number, part in enumerate(await part_orders(order, wire=wire, journal=journal, queue=queue), 1):
            try:
                async for step in submit_or_wait(part, wire=wire, journal=journal, looks=looks, line=line):
                    yield PartStep(number, step)
            except LazybatchError as error:
                raise Broken(error, number, len(order.parts)) from None


async def submit_or_wait(
    order: Order, *, wire: Wire, journal: Journal, looks: Sequence[float] = LOOKS, line: Line | None = None
) -> AsyncIterator[Step | Queued]:
    """As `submit`; with a `line` to wait in it ends with `Queued` where there is no room. Raises `LazybatchError`."""
    entry = None
    try:
        if line is None or (entry := await line.waits(order)) is None:
            async for step in submit(order, wire=wire, journal=journal, looks=looks):
                if line is not None and isinstance(step, Created):
                    await line.sent(order, step)
                yield step
    except LazybatchError as error:
        if line is None or (entry := await line.refused(order, error)) is None:
            raise
    if entry is not None:
        yield Queued(entry)


async def part_orders(order: PartsOrder, *, wire: Wire, journal: Journal, queue: Queue | None = None) -> list[Order]:
    """What is to be submitted for each part. Raises `OtherwiseSubmitted`, and where there is nothing to adopt."""
    earlier = await asyncio.to_thread(journal.of_source, order.whole.sha256)
    if not order.again:
        await _check_not_otherwise(order, earlier, wire, journal)
        if queue is not None:
            await asyncio.to_thread(_check_none_waits, order, queue)
    group, here = _group(order, earlier)
    doubted = {found.sha256 for found in earlier if found.in_doubt}
    if order.adopt is not None and not doubted:
        raise LazybatchError("No part of this file waits to be told which batch it came to. Nothing was sent.", 1)
    return [
        Order(
            part, order.endpoint, _named(order.metadata, number, len(order.parts)) | {GROUP_KEY: group},
            order.again and part.sha256 not in here, _share(order, part),
            adopt=order.adopt if part.sha256 in doubted else None, retried=order.retried,
        )
        for number, part in enumerate(order.parts, 1)
    ]  # fmt: skip


def _share(order: PartsOrder, part: Report) -> Expected | None:
    whole = order.expected
    return None if whole is None else whole.of_part(part.requests, part.bytes / order.whole.bytes)


def _group(order: PartsOrder, earlier: Sequence[Submission]) -> tuple[str, frozenset[str]]:
    """The id of the parts, and the content of those that came to a batch under it before.

    That of the newest earlier time, unless that is complete and all is to be submitted again.
    """
    newest = next((found.metadata[GROUP_KEY] for found in earlier), None)
    done = frozenset(
        found.sha256 for found in earlier if found.metadata[GROUP_KEY] == newest and found.stage is Stage.CREATED
    )
    complete = done >= {part.sha256 for part in order.parts}
    if newest is None or (order.again and complete):
        return new_group(order.whole.sha256), frozenset()
    return newest, done


async def _check_not_otherwise(order: PartsOrder, earlier: Sequence[Submission], wire: Wire, journal: Journal) -> None:
    """Raise where the same requests went out as one batch, or in parts that were cut at other places."""
    parts = {part.sha256 for part in order.parts}
    others = [found for found in earlier if found.sha256 not in parts]
    others += await asyncio.to_thread(journal.of_content, order.whole.sha256)
    if (known := await came_to(others, wire, order.retried)) is not None:
        raise OtherwiseSubmitted(
            f"Requests of this file were submitted before in another cut, {known}. Nothing was sent: with the limits "
            "as they were then, the missing parts can be gone on with.",
            1,
        )


def _check_none_waits(order: PartsOrder, queue: Queue) -> None:
    """Raise where parts of the file wait that were cut at other places."""
    parts = {part.sha256 for part in order.parts}
    for entry in queue.entries():
        waits = entry.state is not State.SENT and is_cut_from(entry.metadata.get(GROUP_KEY), order.whole.sha256)
        if waits and entry.sha256 not in parts:
            raise OtherwiseSubmitted(
                f"Requests of this file wait in the queue in another cut, as {entry.id}: remove those first. "
                "Nothing was sent.",
                1,
            )


async def came_to(others: Sequence[Submission], wire: Wire, no_duplicate_of: Collection[str] = ()) -> str | None:
    """What one of earlier submissions has come to, or may have, in words; None where none has."""
    try:
        if (there := await already_there(others, wire, no_duplicate_of)) is not None:
            return f"as {there.batch.id}"
    except Forgotten as forgotten:
        return f"as {forgotten.submission.batch_id}, which the server no longer knows"
    unclear = any(found.in_doubt for found in others)
    return "and it is not known whether that came to a batch" if unclear else None


def _named(metadata: Mapping[str, str], number: int, parts: int) -> dict[str, str]:
    """The metadata of one part: its description is the shared one with `2/3` behind it."""
    description = metadata.get("description")
    if not description:
        return dict(metadata)
    ending = f" {number}/{parts}"
    return dict(metadata) | {"description": description[: _VALUE - len(ending)] + ending}
