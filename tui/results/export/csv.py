"""Results joined to their requests, in the order of the input, as a table in CSV."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tui.files.line_stream import Cancelled, Progress
from tui.results.export.columns import Column, Known
from tui.results.export.jsonl import write_lines
from tui.results.join import Judgement
from tui.results.pairs import pairs
from tui.results.row_state import State

_TO_QUOTE: Final = re.compile('[",\r\n]')


def export_csv(  # noqa: PLR0917 - the columns are all that it has more than its sister
    judgement: Judgement,
    out: Path,
    columns: Sequence[Column],
    only: State | None,
    progress: Progress,
    cancelled: Cancelled,
) -> int:
    """Write `csv_lines` to `out`, atomically; how many rows there are besides the header."""
    return write_lines(judgement, out, csv_lines(judgement, columns, only, progress, cancelled)) - 1


def csv_lines(
    judgement: Judgement, columns: Sequence[Column], only: State | None, progress: Progress, cancelled: Cancelled
) -> Iterator[bytes]:
    """A header, then one record a request, in UTF-8 with CRLF as RFC 4180 has it; otherwise as `jsonl_lines`.

    Cells are what was answered, to the letter. A spreadsheet takes one that begins with =, +, - or @ for a formula
    unless it is told that the column is text. To put a quote before it, as some do, would alter every list item and
    every negative number for the programs that most tables are made for.
    """
    yield _record([column.name for column in columns])
    for pair in pairs(judgement, only, progress, cancelled):
        known = Known(pair)
        yield _record([column.cell(known) for column in columns])


def _record(cells: Sequence[object]) -> bytes:
    """One CSV record. The csv module goes through a cell character by character, and holds the interpreter for it."""
    texts = ("" if cell is None else str(cell) for cell in cells)
    quoted = ('"' + text.replace('"', '""') + '"' if _TO_QUOTE.search(text) else text for text in texts)
    # A reader would skip an empty line.
    return ((",".join(quoted) or '""') + "\r\n").encode("utf-8", "replace")
