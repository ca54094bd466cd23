"""Whether a file has all of its lines, held against what the server counts, where its length cannot be learnt."""

from pathlib import Path

from tui.batches.batch import Batch, Counts, Status
from tui.format.text import count, plural

_OUTPUT, _ERRORS = "output", "errors"  # as `tui.flows.results.download.Part` calls them; all else is the input


def lines_of(path: Path) -> int | None:
    """The lines of the file at `path` that are not blank; None where the last of them breaks off. Raises OSError."""
    import msgspec

    lines, last = 0, b"\n"
    with path.open("rb") as file:
        for line in file:
            if not line.isspace():
                lines, last = lines + 1, line
    if not last.endswith(b"\n"):
        try:
            msgspec.json.decode(last)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
    return lines


def lines_told(batch: Batch, part: str) -> frozenset[int]:
    """How many lines that file of an ended batch has by the server's counts: any of these; empty where they are open.

    Failed requests may be among the output, and those that were never run need not be counted as failed.
    """
    counts = batch.counts or Counts()
    total, completed, failed = counts.total, counts.completed, counts.failed
    if not total:
        # Some servers leave their counts at 0 to the end.
        return frozenset()
    if part == _OUTPUT:
        told = {completed, total}
    elif part == _ERRORS:
        rest = None if completed is None else total - completed
        told = {failed} if batch.status is Status.COMPLETED else {rest}
    else:
        told = {total}
    return frozenset(number for number in told if number is not None)


def may_be_cut(batch: Batch, part: str, lines: int | None) -> str:
    """A sentence on a file of so many lines of which nothing says that it is whole."""
    told = lines_told(batch, part)
    if not told:
        return f"The {part} file may be cut: the server tells neither its length nor how many lines it has."
    has = "ends within a line" if lines is None else f"has {plural(lines, 'line')}"
    return f"The {part} file may be cut: it {has}, and the server counts {count(min(told))}."
