"""Batches whose results are read as one: the parts of one file, and what ran some of their requests again."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from tui.batches.batch import Batch, Status

# What `lazybatch submit --split` puts behind the description of a part.
_NUMBER: Final = re.compile(r" (\d{1,6})/\d{1,6}\Z")


@dataclass(frozen=True, slots=True)
class Family:
    """`roots` are the batches whose requests these are, in the order of the file that they are parts of; `again` are
    those that ran some of these requests again, in the order in which they were made.

    With `partial` they may have run requests of other parts of the file as well.
    """

    roots: tuple[Batch, ...]
    again: tuple[Batch, ...] = ()
    partial: bool = False

    @property
    def batches(self) -> tuple[Batch, ...]:
        """All of them, so that of two results of one request the later counts."""
        return self.roots + self.again

    def without(self, gone: Collection[str]) -> "Family":
        """What is left without the batches of these ids: with a root go those that ran its requests again."""
        roots = tuple(root for root in self.roots if root.id not in gone)
        related, again = {root.id for root in roots}, []
        for batch in self.again:
            if batch.parent in related:
                related.add(batch.id)
                again.append(batch)
        again = [batch for batch in again if batch.id not in gone]
        return Family(roots, tuple(again), self.partial or len(roots) < len(self.roots))


def with_remainders(batch: Batch, known: Iterable[Batch], submitted: Mapping[str, float] | None = None) -> Family:
    """`batch` with all among `known` that ran some of its requests again, or some of theirs."""
    return replace(_family([batch], known, submitted or {}), partial=batch.group is not None)


def family_of(batch: Batch, known: Iterable[Batch], submitted: Mapping[str, float] | None = None) -> Family:
    """As `with_remainders`, of the file that `batch` or the first of its parents is a part of, whichever it is.

    `submitted` has the times of our own submissions by batch, which tell parts apart that were made in one second.
    """
    by_id = {found.id: found for found in known} | {batch.id: batch}
    root, seen = batch, {batch.id}
    while (parent := by_id.get(root.parent or "")) is not None and parent.id not in seen:
        seen.add(parent.id)
        root = parent
    group = root.group
    parts = [found for found in by_id.values() if found.group == group and not found.parent] if group else [root]
    return _family(parts, by_id.values(), submitted or {})


def _family(roots: list[Batch], known: Iterable[Batch], submitted: Mapping[str, float]) -> Family:
    def order(batch: Batch) -> tuple[int, float, str]:
        return _number(batch), submitted.get(batch.id) or batch.created_at or 0, batch.id

    children: dict[str, list[Batch]] = {}
    for found in known:
        if (parent := found.parent) is not None:
            children.setdefault(parent, []).append(found)
    seen = {root.id for root in roots}
    again, ahead = [], list(roots)
    while ahead:
        for child in children.get(ahead.pop().id, ()):
            if child.id not in seen:
                seen.add(child.id)
                again.append(child)
                ahead.append(child)
    return Family(
        tuple(_once(sorted(roots, key=order))),
        tuple(sorted(again, key=lambda batch: (batch.created_at or 0, submitted.get(batch.id, 0.0), batch.id))),
    )


def _once(parts: list[Batch]) -> Iterator[Batch]:
    """Of a part that was refused and sent again only the batch that ran."""
    ran = {number for part in parts if part.status is not Status.FAILED and (number := _number(part))}
    ran_files = {part.input_file_id for part in parts if part.status is not Status.FAILED}
    for part in parts:
        if (
            len(parts) == 1
            or part.status is not Status.FAILED
            or (_number(part) not in ran and part.input_file_id not in ran_files)
        ):
            yield part


def _number(batch: Batch) -> int:
    named = _NUMBER.search(batch.description or "")
    return int(named[1]) if named else 0
