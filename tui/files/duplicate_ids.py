"""Finds the custom_ids that a file uses twice, in 12 bytes of memory an id.

Strings in a set would take about 150 bytes an id: 750 MB for the five million of a 5 GB file. Kept instead are Python's
own 64-bit hashes, which nobody can aim at (their key is new in each process), and which of five million ids the chance
of two falling together is one in a million. Equal hashes are therefore candidates, to be confirmed from the file.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

# Of each part a dictionary is made, about 120 bytes an id: 16 MB.
_PART: Final = 1 << 17


class Repeat(NamedTuple):
    """A line whose custom_id an earlier line seems to have, both counted from 1."""

    line: int
    first: int


class Ids:
    """The custom_ids of a file, added in the order of their lines."""

    def __init__(self, key: Callable[[str], int] = hash) -> None:
        self._key = key
        self._hashes = array("q")
        # Where a run of consecutive lines starts: its first position in _hashes, and the line of that.
        self._starts = array("q")
        self._lines = array("q")

    def __len__(self) -> int:
        return len(self._hashes)

    def extend(self, custom_ids: Iterable[str], line: int) -> None:
        """Adds those of consecutive lines, the first of which is `line`."""
        position = len(self._hashes)
        if not self._lines or line - self._lines[-1] != position - self._starts[-1]:
            self._starts.append(position)
            self._lines.append(line)
        self._hashes.extend(map(self._key, custom_ids))

    def repeats(self, most: int, cancelled: Callable[[], bool] = lambda: False) -> tuple[int, list[Repeat]]:
        """How many lines repeat a custom_id, and the first `most` of them in line order.

        Ends early, with what it has, when `cancelled` says so; takes about 0.2 µs an id.
        """
        parts = -(-len(self) // _PART)
        if parts <= 1 and len(set(self._hashes)) == len(self):
            return 0, []
        total, found = 0, list[tuple[int, int]]()
        for positions in self._parts(parts):
            if cancelled():
                break
            pairs = self._pairs(positions)
            total += len(pairs)
            found = sorted(found + pairs[:most])[:most]
        return total, [Repeat(self._line(position), self._line(first)) for position, first in found]

    def _parts(self, parts: int) -> Iterable[Iterable[int]]:
        """Positions, so divided that equal hashes are in the same part."""
        if parts <= 1:
            return [range(len(self))]
        divided = [array("I") for _ in range(parts)]
        for position, value in enumerate(self._hashes):
            divided[value % parts].append(position)
        return divided

    def _pairs(self, positions: Iterable[int]) -> list[tuple[int, int]]:
        hashes, seen = self._hashes, dict[int, int]()
        pairs = list[tuple[int, int]]()
        for position in positions:
            first = seen.setdefault(hashes[position], position)
            if first != position:
                pairs.append((position, first))
        return pairs

    def _line(self, position: int) -> int:
        run = bisect_right(self._starts, position) - 1
        return self._lines[run] + position - self._starts[run]
