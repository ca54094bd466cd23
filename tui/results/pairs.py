"""Each request with its result, in the order of the input."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from tui.results.judge import Judgement, State
from tui.results.problems import ResultFileError, StoppedError
from tui.results.stream import LONGEST, Cancelled, Progress, check_unchanged, open_unchanged, read_exactly
from tui.text import size

_ROWS: Final = 256


@dataclass(frozen=True, slots=True)
class Pair:
    """The lines of a request and of its result, None where there is none."""

    row: int
    state: State
    request: bytes | None
    result: bytes | None


def pairs(judgement: Judgement, only: State | None, progress: Progress, cancelled: Cancelled) -> Iterator[Pair]:
    """All requests, or `only` those in one state; `progress` is told requests.

    Raises `FileChangedError` when a file is not what it was when it was judged, `ResultFileError` for a line too long
    to be held, and `StoppedError`.
    """
    requests, rows = judgement.requests, len(judgement)
    with ExitStack() as stack:
        files = [(source.path, source.fingerprint) for source in judgement.sources]
        if requests is not None:
            files.append((requests.path, requests.fingerprint))
        descriptors = []
        for path, known in files:
            descriptors.append(open_unchanged(path, known))
            stack.callback(os.close, descriptors[-1])
        for row in range(rows):
            if row % _ROWS == 0:
                if cancelled():
                    raise StoppedError
                progress(row, rows)
            state = judgement.state(row)
            if only is not None and state != only:
                continue
            request = None
            if requests is not None:
                place = requests.place(row)
                request = _read(descriptors[-1], place.offset, place.length)
            found = judgement.result(row)
            result = None if found is None else _read(descriptors[found[0]], found[1], found[2])
            yield Pair(row, state, request, result)
        for (path, known), descriptor in zip(files, descriptors, strict=True):
            check_unchanged(path, descriptor, known)
    progress(rows, rows)


def _read(descriptor: int, offset: int, length: int) -> bytes:
    if length > LONGEST:
        raise ResultFileError(f"A line of {size(length)} is too long to be exported.")
    return read_exactly(descriptor, offset, length).rstrip(b"\r\n")
