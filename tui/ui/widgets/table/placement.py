"""Where rows go when their order or their set changes."""

from collections.abc import Hashable, Sequence


def find(keys: Sequence[Hashable], key: Hashable) -> int | None:
    """The row of `key`, or None; at once in a `range`, in one pass elsewhere."""
    if isinstance(keys, range) and not isinstance(key, int):
        return None
    try:
        return keys.index(key)
    except ValueError:
        return None


def follow(old: Sequence[Hashable], row: int, new: Sequence[Hashable]) -> int | None:
    """The row in `new` of what stood at `row` in `old`, or of its nearest neighbour that is still there.

    None when `new` has nothing of `old`. Of two neighbours equally near the lower wins: it moves up into the gap.
    """
    if not 0 <= row < len(old):
        return None
    found = find(new, old[row])
    if found is not None:
        return found
    present = new if isinstance(new, range) else frozenset(new)
    for distance in range(1, len(old)):
        for near in (row + distance, row - distance):
            if 0 <= near < len(old) and old[near] in present:
                return find(new, old[near])
    return None


def anchored_top(old: Sequence[Hashable], view: range, cursor: int, new: Sequence[Hashable], moved: int) -> int:
    """The first visible row of `new`, so that what was looked at stays where it was.

    `view` and `cursor` are rows of `old`, `moved` is the cursor's row in `new`. The cursor's row stays on its line of
    the screen if it was visible, else the first line does. A view of the very beginning stays there while it holds
    the cursor, so that new rows are seen to arrive.
    """
    visible = cursor in view
    if view.start == 0 and (moved < len(view) or not visible):
        return 0
    if visible:
        return max(0, moved - (cursor - view.start))
    kept = follow(old, view.start, new)
    return view.start if kept is None else kept


def shown(keys: Sequence[Hashable], wanted: frozenset[Hashable]) -> frozenset[Hashable]:
    """Those of `wanted` that are among `keys`."""
    if isinstance(keys, range):
        return frozenset(key for key in wanted if find(keys, key) is not None)
    return wanted.intersection(keys) if wanted else wanted
