"""The parts of one file as one: what was cut up for a server's limits is one job to whoever made it."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from tui.batches.batch import Batch, Status
from tui.batches.book import Book
from tui.batches.group_sums import added, total, whole
from tui.batches.pace import Sample
from tui.batches.sort import Order

# Begins the key of a group among the ids of batches, which have no controls in them.
_MARK: Final = "\0"
# How the parts of a file are named: by their description, else as the files that they were made of.
_PART: Final = re.compile(r"(?: ([0-9]{1,6})/([0-9]{1,6})|\.part-([0-9]{1,6})-of-([0-9]{1,6})\.jsonl)$")
_SPOILT: Final = frozenset({Status.FAILED, Status.EXPIRED})


class Group(NamedTuple):
    """The known `parts` of a file in their order, and `whole`: all of them as if they were one batch.

    `announced` is the number of parts that the file was cut into, where their names tell.
    """

    whole: Batch
    parts: tuple[Batch, ...]
    announced: int | None

    @property
    def incomplete(self) -> bool:
        """Whether the file has parts that are not known: what is added up is not all of it."""
        return self.announced is not None and self.announced > len(self.parts)

    @property
    def spoilt(self) -> int:
        """How many parts failed or expired."""
        return sum(part.status in _SPOILT for part in self.parts)


class Groups:
    """The groups of a book, by keys that stand beside the ids of batches in a table.

    A single part is no group. Each is summed up once for as long as none of its parts changes.
    """

    def __init__(self, book: Book, name_of: Callable[[Batch], str]) -> None:
        self._book = book
        self._name_of = name_of
        self._known: dict[str, Group] = {}
        self._inside: dict[str, frozenset[str]] = {}
        self.opened: set[str] = set()

    def forget(self) -> None:
        """Names have changed: sum up anew."""
        self._known.clear()

    def key_of(self, batch: Batch) -> str | None:
        """The key of the group that `batch` is a part of, None where it stands alone."""
        group = batch.group
        return _MARK + group if group is not None and len(self._book.groups.get(group, ())) > 1 else None

    def get(self, key: str) -> Group | None:
        """The group of that key; None for the id of a batch, and for a group that has come apart."""
        if not key.startswith(_MARK):
            return None
        ids = self._book.groups.get(key[len(_MARK) :], frozenset())
        if len(ids) < 2:
            return None
        known = self._known.get(key)
        if known is None or len(known.parts) != len(ids) or not all(map(self._stands, known.parts)):
            parts = [part for part in map(self._book.get, ids) if part is not None]
            known = self._known[key] = _summed(key, parts, self._name_of)
        return known

    def _stands(self, part: Batch) -> bool:
        return self._book.get(part.id) is part

    def rows(
        self,
        batches: Iterable[Batch],
        order: Order,
        now: float,
        samples_of: Callable[[str], Sequence[Sample]],
        spent_on: Callable[[Batch], float | None],
    ) -> list[str]:
        """Ids and keys in `order`: a group where any of `batches` is a part of it, below an opened one those parts."""
        alone, inside = self._gathered(batches)
        self._inside = {key: frozenset(part.id for part in parts) for key, parts in inside.items()}
        keys = order.apply(
            alone,
            self._name_of,
            now,
            lambda key: self.samples(key, samples_of),
            lambda batch: self._spent(batch, spent_on),
        )
        if self.opened.isdisjoint(inside):
            return keys
        told: list[str] = []
        for key in keys:
            told.append(key)
            if key in self.opened and key in inside:
                told += order.apply(inside[key], self._name_of, now, samples_of, spent_on)
        return told

    def meant(self, group: Group) -> list[Batch]:
        """The parts that the row of `group` stands for: those that `rows` was given."""
        ids = self._inside.get(group.whole.id, frozenset())
        return [part for part in group.parts if part.id in ids]

    def _gathered(self, batches: Iterable[Batch]) -> tuple[list[Batch], dict[str, list[Batch]]]:
        """What stands alone, groups as a whole among it, and the parts of each group by its key."""
        keys = {part: _MARK + group for group, ids in self._book.groups.items() if len(ids) > 1 for part in ids}
        if not keys:
            return list(batches), {}
        alone: list[Batch] = []
        inside: dict[str, list[Batch]] = {}
        for batch in batches:
            key = keys.get(batch.id)
            if key is None:
                alone.append(batch)
            else:
                inside.setdefault(key, []).append(batch)
        return [*alone, *(group.whole for group in map(self.get, inside) if group is not None)], inside

    def _spent(self, batch: Batch, spent_on: Callable[[Batch], float | None]) -> float | None:
        group = self.get(batch.id)
        return spent_on(batch) if group is None else total(map(spent_on, group.parts))

    def samples(self, key: str, samples_of: Callable[[str], Sequence[Sample]]) -> Sequence[Sample]:
        """Samples of the progress of a batch, or of the whole of a group."""
        group = self.get(key)
        return samples_of(key) if group is None else added(group.parts, samples_of)


def _summed(key: str, parts: Sequence[Batch], name_of: Callable[[Batch], str]) -> Group:
    named = [(name_of(part), part) for part in parts]
    found = [(_PART.search(name), name) for name, _ in named]
    stems = {name[: match.start()] if match else name for match, name in found}
    totals = {int(match[2] or match[4]) for match, _ in found if match}
    places = {part.id: int(match[1] or match[3]) if match else 0 for (match, _), part in zip(found, parts, strict=True)}
    ordered = sorted(parts, key=lambda part: (places[part.id], part.created_at or 0, part.id))
    name = stems.pop() if len(stems) == 1 else name_of(ordered[0])
    return Group(whole(key, name, ordered), tuple(ordered), max(totals, default=None))
