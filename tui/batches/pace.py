"""How fast a batch goes, from samples of its progress.

Servers tell counts at their own rhythm: some at every call, some every ten minutes. So a rate is measured from one
moment at which the count was seen to rise to another, never from one call to the next. Times are Unix seconds on the
server's clock, rates requests a second. Without samples a rate is the average since the requests began to run.
"""

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from tui.batches.batch import Batch, Status

_SETTLED = 20  # requests before a rate says anything
_WINDOW = 600.0  # seconds of progress that a rate is taken from, more where that holds too few rises
_SPAN = 60.0  # less says too little
_HOUR = 3600.0
_GAP = 300.0  # seconds without a sample after which nobody was looking
_DIP = 600.0  # a count that fell and is back within this was never down

_FINE = 60.0  # two samples are kept for each of these in the last hour
_COARSE = _HOUR  # and for each of these in the day before
_DAY = 24 * _HOUR
_MOST = 200  # samples at which the old ones are thinned

_BLOCKS: Final = "▁▂▃▄▅▆▇█"
_ASCII: Final = "_.:-=+*#"

_LENGTH: Final = r"([0-9]{1,6})([smhd])"
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Sample(NamedTuple):
    """A batch had `ended` requests that were over, well or badly, when the server was asked `at`."""

    at: float
    ended: int


class _Pace(NamedTuple):
    """`rate`, good for the count as it should be `as_of`; `seen_at` is when the server last told it."""

    rate: float
    as_of: float
    seen_at: float


def add(samples: tuple[Sample, ...], new: Sample) -> tuple[Sample, ...]:
    """`samples` with `new` at the end, and only as many as a rate needs: never more than 200.

    Add one for every answer, also where the count is the same: it tells a batch that rests from one that nobody asked
    about. Of a count that rests the first and the last sample are kept. Samples of a time after `new` were taken
    before the clock was set back, and go.
    """
    kept = samples
    while kept and kept[-1].at >= new.at:
        kept = kept[:-1]
    if len(kept) >= 2:
        before, last = kept[-2:]
        crowded = last.ended != new.ended and before.at // _FINE == new.at // _FINE
        if crowded or before.ended == last.ended == new.ended:
            kept = kept[:-1]
    kept += (new,)
    return kept if len(kept) <= _MOST else _thinned(kept)


def rate(batch: Batch, now: float, samples: Sequence[Sample] = ()) -> float | None:
    """Requests a second as of late; None before there is anything to go by, or when the batch does not run.

    While nothing moves for longer than it used to, the rate falls. With too few samples it is the average so far.
    """
    pace = _pace(batch, now, samples)
    return pace.rate if pace else None


def seconds_left(batch: Batch, now: float, samples: Sequence[Sample] = ()) -> float | None:
    """Seconds until the last request is over at the rate as of late; None where there is no rate or no total."""
    pace, remaining = _pace(batch, now, samples), _remaining(batch)
    if pace is None or remaining is None:
        return None
    # The count goes on between two answers, but an answer that is long due promises nothing.
    gone = min(now, pace.seen_at + _GAP) - pace.as_of
    return max(0.0, remaining / pace.rate - gone)


def stalled(samples: Sequence[Sample], batch: Batch, now: float) -> float | None:
    """Seconds that a running batch has been seen without progress; 0 when it moves.

    None where that cannot be known: no samples, no counts, not running, or nothing left to do. Only time up to the
    last answer counts, so being offline is no stall.
    """
    trusted = _trusted(samples, now)
    if not trusted or batch.status is not Status.IN_PROGRESS or batch.counts is None or batch.counts.ended is None:
        return None
    if batch.counts.total and batch.counts.ended >= batch.counts.total:
        return None
    last = trusted[-1]
    since = next(sample.at for sample in trusted if sample.ended == last.ended)
    if last.ended == 0 and batch.in_progress_at is not None:
        since = min(since, batch.in_progress_at)
    return last.at - since


def misses_window_by(batch: Batch, rate: float | None, now: float) -> float | None:
    """Seconds after its window's end at which a running batch would be done at `rate`; None if in time, or unknown.

    The window ends at `expires_at`, else after the `completion_window` (`24h`). Where it is over already, this is the
    time since then at least.
    """
    ends, remaining = _window_end(batch), _remaining(batch)
    if batch.status is not Status.IN_PROGRESS or ends is None or not remaining:
        return None
    over = now + (remaining / rate if rate else 0.0) - ends
    return over if over > 0 else None


def sparkline(
    samples: Sequence[Sample], now: float, width: int, span: float = _HOUR, *, ascii_only: bool = False
) -> str:
    """The rate over the last `span` seconds in exactly `width` characters, the newest at the right.

    The lowest sign is no progress, the highest the fastest that was seen; a blank is time in which nobody looked.
    Cells stand on whole multiples of their length, so that the line stays as it is until a cell is over.
    """
    if width <= 0 or span <= 0:
        return ""
    length = span / width
    first = math.floor(now / length) - width + 1
    done, seen = [0.0] * width, [0.0] * width
    for start, end, pace in _stretches(_trusted(samples, now)):
        for cell in range(max(first, math.floor(start / length)), min(first + width, math.floor(end / length) + 1)):
            overlap = min(end, (cell + 1) * length) - max(start, cell * length)
            if overlap > 0:
                done[cell - first] += pace * overlap
                seen[cell - first] += overlap
    rates = [count / time if time else None for count, time in zip(done, seen, strict=True)]
    return _drawn(rates, _ASCII if ascii_only else _BLOCKS)


# Which samples are kept, and which are believed


def _thinned(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The first and the last of each slot: short slots in the hour before the count last changed, then long ones.

    Both, because a count that rose after a rest must not look as if nobody had watched it.
    """
    rest = len(samples) - (2 if samples[-1].ended == samples[-2].ended else 1)
    hour, day = samples[rest].at - _HOUR, samples[rest].at - _DAY
    slots: dict[tuple[float, float], list[Sample]] = {}
    for sample in samples[:rest]:
        if sample.at > day:
            slot = _FINE if sample.at > hour else _COARSE
            slots.setdefault((slot, sample.at // slot), [])[1:] = [sample]
    return (*chain.from_iterable(slots.values()), *samples[rest:])


def _trusted(samples: Iterable[Sample], now: float) -> Sequence[Sample]:
    """The samples up to `now` in which the count never falls.

    A fall that is made up within minutes was an answer from a server that lagged: it is left out. One that lasts is a
    new count: what came before it is left out. The first sample of a fall may be either, and waits for a second.
    """
    before: list[Sample] = []
    kept: list[Sample] = []
    for sample in samples:
        if sample.at > now:
            break
        if kept and sample.ended < kept[-1].ended:
            before = before if before and kept[0].at + _DIP >= sample.at else kept
            kept = [sample]
        elif before and sample.ended >= before[-1].ended and kept[0].at + _DIP >= sample.at:
            before, kept = [], [*before, sample]
        else:
            kept.append(sample)
    return before if before and len(kept) == 1 else kept


# What they tell


def _pace(batch: Batch, now: float, samples: Sequence[Sample]) -> _Pace | None:
    counts = batch.counts
    if batch.status is not Status.IN_PROGRESS or counts is None:
        return None
    ended = counts.ended
    if not ended or ended < min(_SETTLED, counts.total or 0):
        return None
    trusted = _trusted(samples, now)
    if recent := _recent(trusted):
        return recent
    seen_at = trusted[-1].at if trusted else now
    if batch.in_progress_at is None or seen_at <= batch.in_progress_at:
        return None
    return _Pace(ended / (seen_at - batch.in_progress_at), seen_at, seen_at)


def _recent(samples: Sequence[Sample]) -> _Pace | None:
    """The rate between two rises, one of them the last; None where they are too few or too close.

    The time after the last rise counts as far as it is longer than the mean time between rises: a count that rises
    every ten minutes is not slow after nine.
    """
    # When a count rose while nobody was looking is not known.
    rises = [after for before, after in pairwise(samples) if after.ended > before.ended and _is_near(before, after)]
    if not rises or samples[-1].ended != rises[-1].ended:
        return None
    last, seen_at = rises[-1], samples[-1].at
    rises = [rise for rise in rises if rise.at >= last.at - _HOUR]
    place = next((it for it in range(len(rises) - 3, -1, -1) if last.at - rises[it].at >= _WINDOW), 0)
    base, steps = rises[place], len(rises) - 1 - place
    if steps < 2 or last.at - base.at < _SPAN:
        return None
    as_of = max(last.at, seen_at - (last.at - base.at) / steps)
    return _Pace((last.ended - base.ended) / (as_of - base.at), as_of, seen_at)


def _is_near(before: Sample, after: Sample) -> bool:
    return after.at - before.at <= _GAP


def _remaining(batch: Batch) -> int | None:
    counts = batch.counts
    if counts is None or counts.total is None or counts.ended is None:
        return None
    return max(0, counts.total - counts.ended)


def _window_end(batch: Batch) -> float | None:
    if batch.expires_at is not None:
        return batch.expires_at
    length = re.fullmatch(_LENGTH, batch.completion_window or "")
    if batch.created_at is None or length is None:
        return None
    return batch.created_at + int(length[1]) * _SECONDS[length[2]]


def _stretches(samples: Sequence[Sample]) -> Iterator[tuple[float, float, float]]:
    """Times in which the count is known, with the rate in them: from, to, requests a second."""
    for before, after in pairwise(samples):
        # Samples from before the last hour are far apart because they were thinned.
        near = _GAP if after.at > samples[-1].at - _HOUR else _COARSE
        if after.ended == before.ended or after.at - before.at <= near:
            yield before.at, after.at, (after.ended - before.ended) / (after.at - before.at)


def _drawn(rates: Sequence[float | None], signs: str) -> str:
    top = max((pace for pace in rates if pace), default=1.0)
    steps = len(signs) - 1
    # Rounded up, so that the lowest sign is for nothing at all.
    return "".join(" " if pace is None else signs[math.ceil(steps * min(1.0, pace / top))] for pace in rates)
