"""Rows of a table by key, with the cursor and the marks that belong to them."""

from collections.abc import Hashable, Iterable, Sequence

from tui.ui.widgets.table.placement import anchored_top, find, follow, shown


class Rows:
    """The keys of a table in their order, the row under the cursor, and the marks."""

    def __init__(self) -> None:
        self.keys: Sequence[Hashable] = ()
        self.cursor = 0
        self.marks: frozenset[Hashable] = frozenset()
        # Marks of rows that a filter hides wait here and come back with their rows.
        self._all_marks: frozenset[Hashable] = frozenset()
        self._origin: Hashable | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor, None without rows."""
        return self.keys[self.cursor] if self.keys else None

    def find(self, key: Hashable) -> int | None:
        """The row of `key`, or None."""
        return find(self.keys, key)

    def replace(self, keys: Sequence[Hashable], top: int, page: int) -> int:
        """Take other keys; the answer is the row that is now at the top of the view, which was `top` of `page` rows."""
        new = keys if isinstance(keys, range) else tuple(keys)
        if new == self.keys:
            return top
        moved = follow(self.keys, self.cursor, new)
        row = min(self.cursor, max(0, len(new) - 1)) if moved is None else moved
        top = anchored_top(self.keys, range(top, top + page), self.cursor, new, row)
        self.keys, self.cursor = new, row
        return top

    def move(self, row: int) -> bool:
        """Put the cursor on `row` or as near as there are rows; False when it was there."""
        row = max(0, min(row, len(self.keys) - 1))
        changed, self.cursor = row != self.cursor, row
        return changed

    def mark(self, keys: Iterable[Hashable]) -> frozenset[Hashable]:
        """Mark exactly `keys`; the answer is the keys of the shown rows that are marked now and were not, or were."""
        before, self._all_marks = self.marks, frozenset(keys)
        self.marks = shown(self.keys, self._all_marks)
        return self.marks ^ before

    def unmark(self, keys: Iterable[Hashable]) -> frozenset[Hashable]:
        """As `mark`, without the marks of `keys`."""
        return self.mark(self._all_marks.difference(keys))

    def mark_again(self) -> frozenset[Hashable]:
        """As `mark`, for the same marks after the rows changed."""
        return self.mark(self._all_marks)

    def toggle(self, key: Hashable) -> frozenset[Hashable]:
        """As `mark`, with the mark of one shown row set or taken away."""
        if self.find(key) is None:
            return frozenset()
        self._origin = key
        return self.mark(self._all_marks ^ {key})

    def mark_range(self, first: Hashable, last: Hashable) -> frozenset[Hashable]:
        """As `mark`, with all rows between two shown ones marked besides, both included."""
        one, other = self.find(first), self.find(last)
        if one is None or other is None:
            return frozenset()
        return self.mark(self._all_marks.union(self.keys[min(one, other) : max(one, other) + 1]))

    def mark_to_cursor(self) -> frozenset[Hashable]:
        """As `mark_range`, from the row whose mark was last set or taken away, if it is shown, to the cursor's."""
        here = self.cursor_key
        if here is None:
            return frozenset()
        start = here if self._origin is None or self.find(self._origin) is None else self._origin
        return self.mark_range(start, here)
