"""Several batches added up as if they were one."""

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from heapq import merge
from operator import add
from typing import Final, TypeVar

from tui.batches.batch import Batch, Counts, Status
from tui.batches.cost import Cost
from tui.batches.pace import Sample

_Number = TypeVar("_Number", int, float)
# Of several states the one that most is to be expected of stands for all; of ended ones the worst.
_TELLING: Final = (
    Status.IN_PROGRESS, Status.FINALIZING, Status.VALIDATING, Status.UNKNOWN, Status.CANCELLING, Status.FAILED,
    Status.EXPIRED, Status.CANCELLED, Status.COMPLETED,
)  # fmt: skip


def whole(key: str, name: str, parts: Sequence[Batch]) -> Batch:
    """All of `parts` as if they were one batch of that id and name."""
    # What is gone is told by its own row, and for all only where no part is left.
    telling = [part for part in parts if not part.gone] or parts
    status = min((part.status for part in telling), key=_TELLING.index)
    active = [part for part in parts if part.active]
    ends = [part.ended_at for part in parts if part.ended_at is not None]
    ended = max(ends) if len(ends) == len(parts) else None
    return Batch(
        id=key,
        status=status,
        raw_status=next(part.raw_status for part in telling if part.status is status),
        created_at=_least(part.created_at for part in parts),
        in_progress_at=_least(part.in_progress_at for part in parts),
        expires_at=_least(part.expires_at for part in active),
        endpoint=_common(part.endpoint for part in parts),
        model=_common(part.model for part in parts),
        counts=_counts(parts),
        metadata=(("description", name),),
        oddities=("request_counts",) if any("request_counts" in part.oddities for part in parts) else (),
        completed_at=ended if status is Status.COMPLETED else None,
        failed_at=ended if status is Status.FAILED else None,
        expired_at=ended if status is Status.EXPIRED else None,
        cancelled_at=ended if status is Status.CANCELLED else None,
        gone=all(part.gone for part in parts),
    )


def progress_about(parts: Sequence[Batch], number: int | None = None) -> float | None:
    """The share of all requests that is over, 0 to 1, while nobody has counted the requests of some of the parts.

    Such are parts that are validated, and those of `number` in all that are not known yet: they are taken to have as
    many requests as a part has on average. None where no part is counted, or one runs uncounted.
    """
    counted = [part for part in parts if _requests(part) is not None]
    if any(part.status is not Status.VALIDATING for part in parts if part not in counted):
        return None
    known, over = (_counts(counted).total, _counts(counted).ended) if counted else (None, None)
    every = max(len(parts), number or 0)
    return min(1.0, over * len(counted) / (known * every)) if known and over is not None else None


def total(numbers: Iterable[_Number | None]) -> _Number | None:
    """The sum of at least one number; None where one is not known, for a sum of some would pass for that of all."""
    known: list[_Number] = []
    for number in numbers:
        if number is None:
            return None
        known.append(number)
    return reduce(add, known)


def costs(of_parts: Iterable[Cost | None]) -> Cost | None:
    """What all parts cost together, None where that is not known of each."""
    known: list[Cost] = []
    for cost in of_parts:
        if cost is None:
            return None
        known.append(cost)
    so_far, at_end = total(cost.so_far for cost in known), total(cost.at_end for cost in known)
    return Cost(so_far, at_end, measured=all(cost.measured for cost in known))


def _counts(parts: Sequence[Batch]) -> Counts:
    return Counts(
        total(_requests(part) for part in parts),
        total(_over(part, part.counts.completed if part.counts else None) for part in parts),
        total(_over(part, part.counts.failed if part.counts else None) for part in parts),
    )


def _requests(part: Batch) -> int | None:
    """Of a batch that is still being validated the server says 0, and of one that failed there nothing will come."""
    told = part.counts.total if part.counts else None
    if told is None:
        return 0 if part.status is Status.FAILED else None
    return told if told or not part.active else None


def _over(part: Batch, number: int | None) -> int | None:
    return 0 if number is None and part.status in {Status.VALIDATING, Status.FAILED} else number


def _least(times: Iterable[int | None]) -> int | None:
    return min((at for at in times if at is not None), default=None)


def _common(texts: Iterable[str | None]) -> str | None:
    found = set(texts)
    return found.pop() if len(found) == 1 else None


def added(parts: Iterable[Batch], samples_of: Callable[[str], Sequence[Sample]]) -> tuple[Sample, ...]:
    """The progress of all parts together, each time that any was looked at.

    Samples of ended parts are not kept: they count as they are now, which changes no rate.
    """
    at_once, last, histories = 0, dict[int, int](), list[Sequence[tuple[float, int, int]]]()
    for number, part in enumerate(parts):
        if samples := samples_of(part.id):
            last[number] = samples[0].ended
            histories.append([(sample.at, number, sample.ended) for sample in samples])
        elif part.counts is not None:
            at_once += part.counts.ended or 0
    at_once += sum(last.values())
    found: dict[float, int] = {}
    for at, number, ended in merge(*histories):
        at_once += ended - last[number]
        last[number] = ended
        found[at] = at_once
    return tuple(Sample(at, ended) for at, ended in found.items())
