"""All batches that are known: a snapshot goes in, what it changed comes out."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import replace
from typing import NamedTuple

from tui.batches.batch import Batch


class Changes(NamedTuple):
    """Ids of the batches that a snapshot brought or altered."""

    added: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed)


class Book:
    """The batches by id. Batches themselves are frozen; only the book changes."""

    def __init__(self) -> None:
        self._batches: dict[str, Batch] = {}
        self._groups: dict[str, set[str]] = {}

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches.values())

    def __contains__(self, batch_id: object) -> bool:
        return batch_id in self._batches

    def get(self, batch_id: str) -> Batch | None:
        return self._batches.get(batch_id)

    @property
    def groups(self) -> Mapping[str, Set[str]]:
        """The ids of the parts that are known of each file that was cut up, by the id that they have in common."""
        return self._groups

    def active(self) -> list[Batch]:
        """The batches that the server may still change by itself."""
        return [batch for batch in self if batch.active]

    def apply(self, batches: Iterable[Batch]) -> Changes:
        """Take in `batches` as they are now; those not among them stay as they were."""
        added: set[str] = set()
        changed: set[str] = set()
        for batch in batches:
            before = self._batches.get(batch.id)
            if before == batch:
                continue
            (added if before is None else changed).add(batch.id)
            self._batches[batch.id] = batch
            self._regroup(batch.id, before, batch)
        return Changes(added=frozenset(added), changed=frozenset(changed))

    def mark_gone(self, ids: Iterable[str]) -> Changes:
        """Keep batches that the server no longer knows, as it last told of them. One that it tells of again is back."""
        return self.apply(replace(batch, gone=True) for key in ids if (batch := self._batches.get(key)) is not None)

    def _regroup(self, key: str, before: Batch | None, after: Batch | None) -> None:
        old, new = before.group if before else None, after.group if after else None
        if old != new and old is not None:
            self._groups[old].discard(key)
            if not self._groups[old]:
                del self._groups[old]
        if new is not None:
            self._groups.setdefault(new, set()).add(key)
