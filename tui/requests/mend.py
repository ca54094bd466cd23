"""A copy of an input file, with what can be put right put right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Raw

from tui.errors import LazybatchError
from tui.requests.output import Output, Unwritable, keep_names
from tui.requests.problem import Problem, cut
from tui.requests.rules import BOM, Checker, is_blank
from tui.requests.source import LONGEST_LINE, Block, Source

MOST_CHANGES: Final = 1000

_object = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True, slots=True)
class Change:
    """What was put right at one line of the source, counted from 1; `custom_id` is raw, cut to 200 characters."""

    line: int
    code: str
    """That of the problem or warning which is gone."""
    message: str
    param: str | None = None
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class MendReport:
    """What `mend` changed."""

    path: Path
    out: Path
    bytes: int
    """Of the copy."""
    changes: tuple[Change, ...]
    """The first 1,000, in line order."""
    change_count: int
    """All."""
    counts_by_code: Mapping[str, int]


class Unmendable(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The copy cannot be made from this file."""


def mend(
    path: Path,
    out: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> MendReport:
    """Writes a copy of the file `path` to `out`, without what is certainly wrong and has only one right form.

    A byte order mark and blank lines go; lines end in LF; `method` becomes POST; `stream`, where it is not false or null,
    goes, and `stream_options` with it, which the API refuses without `stream`. Lines that need none of this are copied
    byte for byte; in a changed line every value that stays keeps its bytes. What else is wrong stays as it is: `validate`
    says what. `path` is only read. `out` is there whole or not at all, and replaces a file of that name.

    Raises `Unreadable`, `Changed` and `Cancelled` as `validate` does, `Unwritable`, and `Unmendable` for a line of more
    than 256 MiB.
    """
    with Source(path, progress, cancelled) as source:
        if out.exists() and out.samefile(path):
            raise Unwritable(out, "it is the file to be mended; choose another name")
        mending = _Mending()
        with Output(out.parent, source) as output:
            for content in mending.contents(source):
                output.write(content)
            output.flush()
            source.check_unchanged()
            output.place(out)
        keep_names(out.parent)
        return MendReport(
            path, out, mending.written, tuple(mending.changes), mending.counts.total(), dict(mending.counts)
        )


class _Mending:
    """One copy being made."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.counts: Counter[str] = Counter()
        self.written = 0
        self._checker = Checker()
        self._line = 1

    def contents(self, source: Source) -> Iterator[bytes | bytearray]:
        """What the copy is made of."""
        for block in source.blocks():
            if block.skipped:
                raise Unmendable(f"Line {self._line:,} is too long: {block.skipped:,} bytes; at most {LONGEST_LINE:,}.")
            taken = self._checker.take(block.lines, self._line)
            content = block.lines if taken else self._mended(block)
            self._line += taken
            self.written += len(content)
            yield content

    def _mended(self, block: Block) -> bytes:
        mended = []
        for raw in block.lines.splitlines(keepends=True) if _no_return(block.lines) else _lines(block.lines):
            mended.append(self._line_mended(raw))
            self._line += 1
        return b"".join(mended)
