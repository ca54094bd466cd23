"""Which rows of a file have a given custom_id, in about 30 bytes a row.

A dict of strings would take ten times as much. Identifiers are held as Python's 64-bit hashes, whose secret differs
in each process: two of a million identifiers share one by accident once in 37 million files, by intent never.
"""

from array import array
from collections.abc import Iterator
from typing import Final

_NONE: Final = 0xFFFFFFFF


class IdTable:
    """Rows numbered from 0 in the order of `add`, to be found by identifier. At most 4,294,967,294 rows."""

    __slots__ = ("_hashes", "_mask", "_next", "_slots", "_used")

    def __init__(self) -> None:
        self._hashes = array("q")
        self._next = array("I")  # the next row with the same identifier
        self._slots = array("I", [_NONE]) * 1024  # open addressing; the first row of each identifier
        self._mask = 1023
        self._used = 0

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, identifier: str | None) -> bool:
        """Add a row, with None one that nothing will find; whether an earlier row has the same identifier."""
        row = len(self._hashes)
        self._next.append(_NONE)
        if identifier is None:
            self._hashes.append(0)
            return False
        value = hash(identifier)
        self._hashes.append(value)
        slot = self._slot(value)
        first = self._slots[slot]
        if first != _NONE:
            # After the first, the newest comes first: the end of a long chain would be far away.
            self._next[row] = self._next[first]
            self._next[first] = row
            return True
        self._slots[slot] = row
        self._used += 1
        if self._used * 2 > self._mask:
            self._grow()
        return False

    def first(self, identifier: str) -> int:
        """The first row with `identifier`, or -1."""
        value = hash(identifier)
        slots, hashes, mask = self._slots, self._hashes, self._mask
        slot = value & mask
        while (row := slots[slot]) != _NONE:
            if hashes[row] == value:
                return row
            slot = (slot + 1) & mask
        return -1

    def after(self, row: int) -> int:
        """Another row with the identifier of `row`, or -1: from the first on, all are met once, newest first."""
        following = self._next[row]
        return -1 if following == _NONE else following

    def rows(self, identifier: str) -> Iterator[int]:
        """All rows with `identifier`, in no promised order after the first."""
        row = self.first(identifier)
        while row >= 0:
            yield row
            row = self.after(row)

    def _slot(self, value: int) -> int:
        """Where the first row with this hash is, or would be."""
        slots, hashes, mask = self._slots, self._hashes, self._mask
        slot = value & mask
        while (row := slots[slot]) != _NONE and hashes[row] != value:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        old = self._slots
        self._mask = self._mask * 2 + 1
        self._slots = array("I", [_NONE]) * (self._mask + 1)
        for row in old:
            if row != _NONE:
                self._slots[self._slot(self._hashes[row])] = row
