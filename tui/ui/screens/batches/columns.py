"""Which columns the home table has, and in which order, as its user has chosen."""

from collections.abc import Sequence
from typing import NamedTuple

from tui.ui.widgets.table.column import Column


class Chosen(NamedTuple):
    """All columns by their keys in their order, and those of them that are hidden; at least one is not.

    `str` gives it as a text that `chosen` reads.
    """

    order: tuple[str, ...]
    hidden: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return " ".join(f"-{key}" if key in self.hidden else key for key in self.order)

    def toggled(self, key: str) -> "Chosen":
        """With `key` shown or hidden; the last one that is shown stays."""
        hidden = self.hidden ^ {key}
        return self if hidden.issuperset(self.order) else self._replace(hidden=hidden)

    def moved(self, key: str, places: int) -> "Chosen":
        """With `key` so many places further to the right, as far as there are places."""
        order = [other for other in self.order if other != key]
        place = max(0, min(len(order), self.order.index(key) + places))
        return self._replace(order=(*order[:place], key, *order[place:]))

    def of(self, columns: Sequence[Column]) -> list[Column]:
        """Those of `columns` that are shown, in this order.

        In an order of its user's own the rightmost go first where the width does not hold all: what was moved to the
        left is meant to be seen.
        """
        known = {column.key: column for column in columns}
        found = [known[key] for key in self.order if key in known and key not in self.hidden]
        if self.order == tuple(known):
            return found
        return [column._replace(priority=place) for place, column in enumerate(found)]


def chosen(text: str, columns: Sequence[Column]) -> Chosen:
    """What `text` says of `columns`; what it does not name stands where it always did, what it should not is left out.

    A text that says nothing, or hides everything, is no choice.
    """
    defaults = [column.key for column in columns]
    names = list(dict.fromkeys(text.split()))
    order = list(dict.fromkeys(key for name in names if (key := name.removeprefix("-")) in defaults))
    for place, key in enumerate(defaults):
        if key not in order:
            order.insert(order.index(defaults[place - 1]) + 1 if place else 0, key)
    hidden = frozenset(key for key in defaults if f"-{key}" in names)
    return Chosen(tuple(order), hidden) if hidden < set(defaults) else Chosen(tuple(defaults))
