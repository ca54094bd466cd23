"""The requests of a batch that have no answer, as a new input file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from tui.files.atomic import written
from tui.files.errors import ResultFileError, StoppedError
from tui.files.line_stream import Cancelled, Progress, read_exactly
from tui.results.check import CANCELLED, EXPIRED
from tui.results.join import Judgement
from tui.results.match import RequestIndex
from tui.results.row_state import TO_RETRY, State
from tui.results.selection import Choice

_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Remainder:
    """What must run again: `requests` in all, by reason. `out` is None when there was nothing to write.

    `expired` and `cancelled` were never run; `failed` were, and gave an error, `empty` no answer; `missing` have no
    result line. Those that are `unreadable`, and as many of `missing` as there are `unnamed` result lines, may have
    been answered, and were paid for then.
    """

    requests: int
    out: Path | None
    failed: int
    expired: int
    cancelled: int
    missing: int
    unreadable: int
    empty: int = 0
    unnamed: int = 0


def write_remainder(
    judgement: Judgement,
    out: Path,
    progress: Progress,
    cancelled: Cancelled,
    choice: Choice | None = None,
) -> Remainder:
    """Write the requests without an answer to `out`, their lines byte for byte and in order; atomically.

    A refusal is an answer. With `choice` only the requests that it means are written, refused ones too if it means
    them. Writes nothing when there is nothing to run again, because a server refuses an empty file. `progress` is told
    bytes. Raises `ResultFileError`, also for results of another batch: to run those again would pay for everything
    twice; `FileChangedError`; `StoppedError`; and ValueError for a judgement without an input file.
    """
    requests = judgement.requests
    if requests is None:
        raise ValueError("a remainder needs the input file")
    if judgement.verdict.foreign:
        raise ResultFileError(judgement.verdict.notes[0])
    remainder = counted(judgement, out, choice)
    if remainder.requests:
        with written(out, [source.path for source in judgement.files]) as file:
            _copy(judgement, requests, file, progress, cancelled, choice)
    return remainder


def counted(judgement: Judgement, out: Path, choice: Choice | None = None) -> Remainder:
    """What `write_remainder` would write to `out`."""
    verdict = judgement.verdict
    states, groups = _asked(choice)
    failures = [group for group in verdict.failures if groups is None or group.number in groups]
    if "failed" not in states:
        failures = []
    expired = sum(group.count for group in failures if group.code == EXPIRED)
    cancelled = sum(group.count for group in failures if group.code == CANCELLED)
    failed = sum(group.count for group in failures) - expired - cancelled
    of_state = {"missing": verdict.missing or 0, "empty": verdict.empty, "unreadable": verdict.unreadable}
    missing, empty, unreadable = (number if state in states else 0 for state, number in of_state.items())
    refused = verdict.refused if "refused" in states else 0
    requests = failed + expired + cancelled + missing + empty + unreadable + refused
    unnamed = verdict.unnamed if missing else 0
    return Remainder(
        requests, out if requests else None, failed, expired, cancelled, missing, unreadable, empty, unnamed
    )


def _asked(choice: Choice | None) -> tuple[frozenset[State], frozenset[int] | None]:
    """The states of the requests to write, and the groups of those that failed where not all of these are."""
    if choice is not None and choice.groups:
        return frozenset({"failed"}), choice.groups
    if choice is not None and choice.states and "ok" not in choice.states:
        return choice.states, None
    return TO_RETRY, None


def _copy(  # noqa: PLR0917 - what its caller has, handed on
    judgement: Judgement,
    requests: RequestIndex,
    file: BinaryIO,
    progress: Progress,
    cancelled: Cancelled,
    choice: Choice | None,
) -> None:
    size = sum(source.fingerprint.size for source in requests.files)
    before, last = 0, b"\n"
    for place, source in enumerate(requests.files):
        descriptor = source.open()
        try:
            for start, stop in _ranges(judgement, requests, place, choice):
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
    judgement: Judgement, requests: RequestIndex, file: int, choice: Choice | None
) -> Iterator[tuple[int, int]]:
    """The bytes of a file to copy, neighbouring lines in one piece."""
    start = stop = 0
    states, groups = _asked(choice)
    for row in requests.rows_of(file):
        if judgement.state(row) not in states or (groups is not None and judgement.group(row) not in groups):
            continue
        _, offset, length = requests.extent(row)
        if offset != stop:
            if stop > start:
                yield start, stop
            start = offset
        stop = offset + length
    if stop > start:
        yield start, stop
