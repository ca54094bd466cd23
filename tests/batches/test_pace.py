"""Rates and times left, from counts that come steadily, in lumps, with gaps, or backwards."""

import math
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.batches.batch import Batch, Counts, Status
from tui.batches.pace import Sample, add, misses_window_by, rate, seconds_left, sparkline, stalled

T0 = 1_800_000_000.0  # a whole minute
HOUR = 3600.0


def running(ended: int | None, total: int | None = 50_000, since: float = T0) -> Batch:
    counts = Counts(total, ended, None if ended is None else 0)
    return Batch("b", Status.IN_PROGRESS, "in_progress", in_progress_at=int(since), counts=counts)


def kept(samples: Iterable[tuple[float, int]], before: tuple[Sample, ...] = ()) -> tuple[Sample, ...]:
    for at, ended in samples:
        before = add(before, Sample(at, ended))
    return before


def polled(start: float, end: float, ended: "float | int" = 1.0, every: float = 5.0) -> list[tuple[float, int]]:
    """Samples of a batch that ends `ended` requests a second from `T0` on."""
    return [(at, int((at - T0) * ended)) for at in _times(start, end, every)]


def _times(start: float, end: float, every: float) -> list[float]:
    return [start + every * place for place in range(round((end - start) / every) + 1)]


def lumps(start: float, end: float, every: float = 600.0, size: int = 500) -> list[tuple[float, int]]:
    """Samples every five seconds of a batch whose count is told anew every ten minutes."""
    return [(at, int((at - T0) // every) * size) for at in _times(start, end, 5.0)]


# Without samples: the average since the requests began to run


def test_without_samples_the_rate_is_the_average() -> None:
    assert rate(running(1000), T0 + 500) == 2
    assert seconds_left(running(1000), T0 + 500) == 49_000 / 2


@pytest.mark.parametrize(
    "batch",
    [
        running(0), running(19), running(None), replace(running(100), counts=None),
        replace(running(100), in_progress_at=None), running(100, since=T0 + 100), running(100, since=T0 + 200),
        *(replace(running(100), status=status) for status in Status if status is not Status.IN_PROGRESS),
    ],
)  # fmt: skip
def test_no_rate_before_there_is_something_to_go_by(batch: Batch) -> None:
    assert rate(batch, T0 + 100) is None
    assert seconds_left(batch, T0 + 100) is None


def test_a_small_batch_has_a_rate_once_all_is_over() -> None:
    assert rate(running(5, total=5), T0 + 10) == 0.5
    assert seconds_left(running(5, total=5), T0 + 10) == 0


def test_a_total_that_is_not_known_leaves_no_time() -> None:
    assert rate(running(100, total=None), T0 + 100) == 1
    assert seconds_left(running(100, total=None), T0 + 100) is None


# With samples


def test_the_rate_is_that_of_late() -> None:
    slow = polled(T0, T0 + HOUR, 0.5)
    fast = [(at, 1800 + int((at - T0 - HOUR) * 4)) for at in _times(T0 + HOUR + 5, T0 + HOUR + 900, 5)]
    samples, now = kept(slow + fast), T0 + HOUR + 900
    assert rate(running(5400), now, samples) == pytest.approx(4, rel=0.01)
    assert rate(running(5400), now) == pytest.approx(1.2, rel=0.01)
    assert seconds_left(running(5400), now, samples) == pytest.approx(44_600 / 4, rel=0.01)


def test_a_rate_needs_no_start_where_samples_tell_it() -> None:
    batch = replace(running(600), in_progress_at=None)
    assert rate(batch, T0 + 600, kept(polled(T0, T0 + 600))) == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("after", [[15, 30], [8, 12, 20], [100, 200]])
def test_few_or_close_samples_fall_back_to_the_average(after: list[int]) -> None:
    start = T0 + HOUR + 50
    now = start + after[-1]
    samples = kept([(start, 7200), *((start + it, 7300 + place) for place, it in enumerate(after))])
    ended = samples[-1].ended
    assert rate(running(ended), now, samples) == pytest.approx(ended / (now - T0))


@pytest.mark.parametrize("minutes", range(65, 120, 5))
def test_a_count_told_every_ten_minutes_has_a_steady_rate(minutes: int) -> None:
    """500 requests in 600 s: neither fast just after a lump nor slow just before one."""
    for now in (T0 + 60 * minutes, T0 + 60 * minutes + 295):
        counted = lumps(T0, now)
        samples, batch = kept(counted), running(counted[-1][1])
        assert rate(batch, now, samples) == pytest.approx(500 / 600, rel=0.01)
        done = (now - T0) * 500 / 600
        assert seconds_left(batch, now, samples) == pytest.approx((50_000 - done) / (500 / 600), rel=0.01)


def test_a_rate_falls_while_nothing_moves_and_does_not_jump_back() -> None:
    samples, rates = kept(polled(T0, T0 + HOUR)), []
    for now in _times(T0 + HOUR + 5, T0 + 12 * HOUR, 60.0):
        samples = add(samples, Sample(now, 3600))
        found = rate(running(3600), now, samples)
        assert found
        rates.append(found)
    assert all(after <= before for before, after in pairwise(rates))
    assert rates[0] == pytest.approx(1, rel=0.02)
    assert rates[-1] < 0.02


def test_a_rate_forgets_a_night_in_which_nobody_looked() -> None:
    evening = polled(T0, T0 + HOUR, 0.1)
    morning = T0 + 10 * HOUR
    samples = kept(evening + [(at, 20_000 + int((at - morning) * 3)) for at in _times(morning, morning + 120, 5)])
    now = morning + 120
    assert rate(running(20_360), now, samples) == pytest.approx(3, rel=0.05)
    first = kept([(morning, 20_000)], kept(evening))
    assert rate(running(20_000), morning, first) == pytest.approx(20_000 / (10 * HOUR))


def test_lumps_after_a_night_are_measured_from_rise_to_rise() -> None:
    """The first sample of the morning is a rise, but nobody knows of when."""
    for seen, ended in ((1250, 31_000), (1990, 31_500)):
        samples = kept(lumps(T0, T0 + HOUR) + lumps(T0 + 10 * HOUR + 200, T0 + 10 * HOUR + seen))
        assert samples[-1].ended == ended
        assert rate(running(ended), samples[-1].at, samples) == pytest.approx(500 / 600, rel=0.01)


def test_the_time_left_passes_between_answers_but_not_for_ever() -> None:
    samples, batch = kept(polled(T0, T0 + 1000)), running(1000, total=2000)
    left = [seconds_left(batch, T0 + 1000 + it, samples) for it in (0, 60, 301, 9 * HOUR)]
    assert left == pytest.approx([1000, 940, 700, 700], rel=0.01)


# Counts that go backwards, clocks that jump


@pytest.mark.parametrize(
    ("fallen", "every"), [([0], 5), ([0, 0, 0], 5), ([900, 40, 0, 30, 10], 5), ([900, 40, 0, 30, 10], 60)]
)
def test_a_count_that_falls_and_is_back_was_never_down(fallen: list[int], every: int) -> None:
    good = polled(T0, T0 + 1000)
    dip = [(T0 + 1000 + every * place, ended) for place, ended in enumerate(fallen, 1)]
    now = dip[-1][0] + 80
    samples, batch = kept(good + dip + polled(now - 75, now)), running(int(now - T0), since=T0 - HOUR)
    assert rate(batch, now, samples) == pytest.approx(1, rel=0.02)
    assert stalled(samples, batch, now) == 0


def test_a_single_fall_is_not_believed_yet() -> None:
    samples = kept([*polled(T0, T0 + 1000), (T0 + 1005, 0)])
    assert rate(running(1000, since=T0 - HOUR), T0 + 1005, samples) == pytest.approx(1, rel=0.02)


def test_a_count_that_stays_down_is_counted_from_there() -> None:
    recounted = [(at, int(at - T0) - 3000) for at in _times(T0 + HOUR, T0 + 2 * HOUR, 5)]
    samples = kept(polled(T0, T0 + HOUR - 5, 2.0) + recounted)
    assert rate(running(4200), T0 + 2 * HOUR, samples) == pytest.approx(1, rel=0.01)
    assert stalled(samples, running(4200), T0 + 2 * HOUR) == 0


def test_a_new_count_that_passes_the_old_one_was_still_new() -> None:
    start = T0 + 500
    samples = kept(polled(T0, start, 2.0) + [(at, int(at - start)) for at in _times(start + 5, start + 1100, 5)])
    assert rate(running(1100), start + 1100, samples) == pytest.approx(1, rel=0.01)


def test_samples_from_before_the_clock_was_set_back_go() -> None:
    samples = kept(polled(T0, T0 + HOUR))
    back = T0 + 1800
    assert rate(running(3600), back, samples) == pytest.approx(1, rel=0.01)
    samples = add(samples, Sample(back, 3605))
    assert samples[-1] == Sample(back, 3605)
    assert samples[-2].at < back
    assert rate(running(3605), T0 - 10, samples) is None


def test_a_sample_of_the_same_moment_takes_the_place_of_the_first() -> None:
    assert add((Sample(T0, 1),), Sample(T0, 2)) == (Sample(T0, 2),)


# What is kept


def test_a_day_of_samples_stays_small_and_keeps_the_last_hour() -> None:
    samples: tuple[Sample, ...] = ()
    for at, ended in polled(T0, T0 + 26 * HOUR):
        samples = add(samples, Sample(at, ended))
        assert len(samples) <= 200
    now = T0 + 26 * HOUR
    assert 115 <= sum(sample.at >= now - HOUR for sample in samples) <= 125
    assert all(after.at - before.at <= 61 for before, after in pairwise(samples) if before.at >= now - HOUR)
    assert now - 25 * HOUR <= samples[0].at <= now - 22 * HOUR


def test_a_count_that_rests_costs_two_samples_and_keeps_its_start() -> None:
    samples = kept([*polled(T0, T0 + 600), *((T0 + 600 + 5 * place, 600) for place in range(10_000))])
    assert samples[-2:] == (Sample(T0 + 600, 600), Sample(T0 + 600 + 5 * 9_999, 600))
    assert len(samples) < 30


def test_a_rest_of_more_than_a_day_keeps_its_start_when_samples_are_thinned() -> None:
    samples: tuple[Sample, ...] = ()
    at, ended = T0, 0
    while len(samples) < 200:
        at, ended = at + 5, ended + 5
        samples = add(samples, Sample(at, ended))
    samples = add(samples, Sample(at + 30 * HOUR, ended))
    assert len(samples) < 200
    assert stalled(samples, running(ended), at + 30 * HOUR) == 30 * HOUR


def test_a_rise_after_a_rest_is_seen_through_all_thinning() -> None:
    """Lumps that come within the same minute as the last answer before them must not look like gaps."""
    samples = kept(lumps(T0 + 2, T0 + 20 * HOUR + 2, 90.0, 75))
    batch = running(samples[-1].ended, total=10**6)
    assert rate(batch, T0 + 20 * HOUR + 2, samples) == pytest.approx(75 / 90, rel=0.02)


_STEPS = st.lists(st.tuples(st.floats(-700, 2000), st.integers(-30, 300)), max_size=60)


@settings(deadline=None)
@given(_STEPS, st.floats(-100, 10_000), st.integers(0, 5000), st.integers(1, 80))
def test_whatever_comes_nothing_breaks(steps: list[tuple[float, int]], later: float, total: int, width: int) -> None:
    samples: tuple[Sample, ...] = ()
    at, ended = T0, 0
    for passed, done in steps:
        at, ended = at + passed, max(0, ended + done)
        samples = add(samples, Sample(at, ended))
        assert samples[-1] == Sample(at, ended)
        assert len(samples) <= 200
        assert all(before.at < after.at for before, after in pairwise(samples))
    now, batch = at + later, running(ended, total)
    pace, left, still = rate(batch, now, samples), seconds_left(batch, now, samples), stalled(samples, batch, now)
    assert pace is None or (pace > 0 and math.isfinite(pace))
    assert left is None or (left >= 0 and math.isfinite(left))
    assert still is None or 0 <= still <= max(now - T0, now - samples[0].at)
    line = sparkline(samples, now, width)
    assert len(line) == width and set(line) <= set(" ▁▂▃▄▅▆▇█")


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), min_size=150, max_size=600), st.integers(0, 59))
def test_thinning_keeps_the_rate(done: list[int], shift: int) -> None:
    """It is the slope over ten to eleven minutes of all samples that were ever taken."""
    samples: tuple[Sample, ...] = ()
    every: list[Sample] = []
    ended = 0
    for place, more in enumerate(done):
        ended += more
        every.append(Sample(T0 + shift + 5.0 * place, ended))
        samples = add(samples, every[-1])
    last = every[-1]
    slopes = [(ended - it.ended) / (last.at - it.at) for it in every if 600 <= last.at - it.at <= 661]
    found = rate(running(ended, total=10**6), last.at, samples)
    assert found is not None
    assert min(slopes) <= found <= max(slopes)


# Stalls


def test_a_stall_is_counted_from_the_first_sample_without_progress() -> None:
    samples = kept([*polled(T0, T0 + 600), *((T0 + 600 + it, 600) for it in (5, 10, 1800))])
    assert stalled(samples, running(600), T0 + 2400) == 1800


def test_nothing_at_all_is_counted_from_the_start() -> None:
    assert stalled((Sample(T0 + 900, 0),), running(0), T0 + 900) == 900
    assert stalled((Sample(T0 + 900, 0),), running(0, since=T0 + 1000), T0 + 1200) == 0
    assert stalled((Sample(T0 + 900, 0),), replace(running(0), in_progress_at=None), T0 + 900) == 0


def test_time_offline_is_no_stall() -> None:
    samples = kept(polled(T0, T0 + 600))
    assert stalled(samples, running(600), T0 + 9 * HOUR) == 0
    assert stalled(add(samples, Sample(T0 + 9 * HOUR, 601)), running(601), T0 + 9 * HOUR) == 0
    # The same count on both sides of the night is no progress, whoever looked.
    assert stalled(add(samples, Sample(T0 + 9 * HOUR, 600)), running(600), T0 + 9 * HOUR) == 9 * HOUR - 600


@pytest.mark.parametrize(
    "batch",
    [
        running(None), replace(running(5), counts=None), running(50_000), running(50_001),
        *(replace(running(5), status=status) for status in Status if status is not Status.IN_PROGRESS),
    ],
)  # fmt: skip
def test_a_stall_that_cannot_be_known(batch: Batch) -> None:
    assert stalled((Sample(T0, 5), Sample(T0 + HOUR, 5)), batch, T0 + HOUR) is None


def test_no_stall_without_samples() -> None:
    assert stalled((), running(0), T0 + HOUR) is None
    assert stalled((Sample(T0 + 5, 0),), running(0), T0) is None


# The window


def test_a_window_is_missed_by_the_time_after_its_end() -> None:
    batch = replace(running(1000, total=10_000), expires_at=int(T0) + 5000)
    assert misses_window_by(batch, 1.0, T0 + 1000) == 5000
    assert misses_window_by(batch, 2.25, T0 + 1000) is None
    assert misses_window_by(batch, 2.0, T0 + 1000) == 500
    assert misses_window_by(batch, None, T0 + 1000) is None
    assert misses_window_by(batch, None, T0 + 5000) is None
    assert misses_window_by(batch, 0.0, T0 + 5001) == 1


@pytest.mark.parametrize(
    ("window", "late"), [("24h", None), ("90m", 3600), ("1d", None), ("7200s", 1800), ("soon", None), (None, None)]
)
def test_a_window_without_an_end_is_counted_from_the_creation(window: str | None, late: float | None) -> None:
    batch = replace(running(0, total=9000), created_at=int(T0), completion_window=window)
    assert misses_window_by(batch, 1.0, T0) == late
    assert misses_window_by(replace(batch, created_at=None), 1.0, T0) is None


@pytest.mark.parametrize("batch", [running(None), running(50_000), replace(running(1), status=Status.FINALIZING)])
def test_no_window_is_missed_where_nothing_is_known_to_remain(batch: Batch) -> None:
    assert misses_window_by(replace(batch, expires_at=int(T0)), 1.0, T0 + HOUR) is None


# The line


def test_a_line_of_rates() -> None:
    steps = [(T0, 0), (T0 + 60, 0), (T0 + 120, 60), (T0 + 180, 180), (T0 + 239, 593)]
    samples = [Sample(at, ended) for at, ended in steps]
    assert sparkline(samples, T0 + 239, 4, 240) == "▁▂▃█"
    assert sparkline(samples, T0 + 239, 4, 240, ascii_only=True) == "_.:#"
    assert sparkline(samples, T0 + 240, 4, 240) == "▂▃█ "
    assert sparkline(samples, T0 + 359, 6, 360) == "▁▂▃█  "


def test_little_progress_does_not_look_like_none() -> None:
    samples = [Sample(T0, 0), Sample(T0 + 60, 1), Sample(T0 + 120, 1), Sample(T0 + 179, 100_000)]
    assert sparkline(samples, T0 + 179, 3, 180) == "▂▁█"


def test_the_line_stands_still_within_a_cell() -> None:
    samples = kept(polled(T0, T0 + HOUR - 60))
    lines = {sparkline(samples, T0 + HOUR - 60 + it, 60) for it in (0, 20, 40, 59)}
    assert lines == {"█" * 59 + " "}


def test_time_in_which_nobody_looked_is_blank() -> None:
    samples = kept([*polled(T0, T0 + 600), *polled(T0 + 3000, T0 + 3599)])
    assert sparkline(samples, T0 + 3599, 6) == "█    █"
    rested = kept([(T0, 600), (T0 + 3000, 600), *((T0 + 3000 + it, 600 + it) for it in range(5, 600, 5))])
    assert sparkline(rested, T0 + 3599, 6) == "▁▁▁▁▁█"


def test_a_line_of_older_times_shows_what_was_thinned() -> None:
    samples = kept(polled(T0, T0 + 12 * HOUR))
    assert sparkline(samples, T0 + 12 * HOUR - 1, 48, 12 * HOUR) == "█" * 48


@pytest.mark.parametrize(("width", "span", "line"), [(0, HOUR, ""), (-1, HOUR, ""), (3, 0, ""), (3, HOUR, "   ")])
def test_a_line_of_nothing(width: int, span: float, line: str) -> None:
    assert sparkline((), T0, width, span) == line
