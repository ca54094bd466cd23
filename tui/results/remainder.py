"""The requests of a batch that have no good result, as a new input file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tui.results.atomic import written
from tui.results.judge import Judgement
from tui.results.match import RequestIndex
from tui.results.problems import ResultFileError, StoppedError
from tui.results.stream import Cancelled, Progress, read_exactly
from tui.results.verdict import CANCELLED, EXPIRED

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Remainder:
    """What must run again: `requests` in all, by reason. `out` is None when there was nothing to write.

    `expired` and `cancelled` were never run; `failed` were, and gave no good result; `missing` have no result line.
    As many of `missing` as there are `unreadable` result lines may have been answered, and paid for, all the same.
    """

    requests: int
    out: Path | None
    failed: int
    expired: int
    cancelled: int
    missing: int
    unreadable: int


def write_remainder(
    judgement: Judgement,
    out: Path,
    progress: Progress,
    cancelled: Cancelled,
    groups: frozenset[int] | None = None,
) -> Remainder:
    """Write the requests without a good result to `out`, their lines byte for byte and in order; atomically.

    With `groups` only those that failed in one of these `FailureGroup`s. Writes nothing when there is nothing to run
    again, because a server refuses an empty file. `progress` is told bytes. Raises `ResultFileError`, also for results
    of another batch: to run those again would pay for everything twice; `FileChangedError`; `StoppedError`; and
    ValueError for a judgement without an input file.
    """
    requests = judgement.requests
    if requests is None:
        raise ValueError("a remainder needs the input file")
    if judgement.verdict.foreign:
        raise ResultFileError(judgement.verdict.notes[0])
    remainder = _count(judgement, out, groups)
    if remainder.requests:
        with written(out, [source.path for source in judgement.files]) as file:
            _copy(judgement, requests, file, progress, cancelled, groups)
    return remainder


def _count(judgement: Judgement, out: Path, groups: frozenset[int] | None) -> Remainder:
    verdict = judgement.verdict
    failures = [group for group in verdict.failures if groups is None or group.number in groups]
    expired = sum(group.count for group in failures if group.code == EXPIRED)
    cancelled = sum(group.count for group in failures if group.code == CANCELLED)
    missing = (verdict.missing or 0) if groups is None else 0
    failed = sum(group.count for group in failures) - expired - cancelled
    requests = failed + expired + cancelled + missing
    out_or_none = out if requests else None
    return Remainder(requests, out_or_none, failed, expired, cancelled, missing, verdict.unreadable)


def _copy(  # noqa: PLR0917 - what its caller has, handed on
    judgement: Judgement,
    requests: RequestIndex,
    file: BinaryIO,
    progress: Progress,
    cancelled: Cancelled,
    groups: frozenset[int] | None,
) -> None:
    size = sum(source.fingerprint.size for source in requests.files)
    before, last = 0, b"\n"
    for place, source in enumerate(requests.files):
        descriptor = source.open()
        try:
            for start, stop in _ranges(judgement, requests, place, groups):
                if not last.endswith(b"\n"):
                    file.write(b"\n")  # the last line of a file need not have one
                for offset in range(start, stop, _CHUNK):
                    if cancelled():
                        raise StoppedError
                    last = read_exactly(descriptor, offset, min(_CHUNK, stop - offset))
                    file.write(last)
                    progress(before + offset, size)
            source.check(descriptor)
        finally:
            os.close(descriptor)
        before += source.fingerprint.size
    progress(size, size)


def _ranges(
    judgement: Judgement, requests: RequestIndex, file: int, groups: frozenset[int] | None
) -> Iterator[tuple[int, int]]:
    """The bytes of a file to copy, neighbouring lines in one piece."""
    start = stop = 0
    for row in requests.rows_of(file):
        if judgement.state(row) == "ok" or (groups is not None and judgement.group(row) not in groups):
            continue
        _, offset, length = requests.extent(row)
        if offset != stop:
            if stop > start:
                yield start, stop
            start = offset
        stop = offset + length
    if stop > start:
        yield start, stop
