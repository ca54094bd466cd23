"""What makes a batch a runaway: each rule at its border, and that no alarm comes twice."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.batches.batch import CANCELLABLE, Batch, Counts, Status
from tui.batches.guard import Facts, Rule, Rules, Trip, Watch, trips
from tui.batches.pace import Sample

T0 = 1_800_000_000.0
HOUR = 3600.0
BATCH = Batch("b", Status.IN_PROGRESS, "in_progress", created_at=int(T0) - 60, in_progress_at=int(T0))
OFF = Rules(
    failed_share=None, identical_failures=None, budget=None, usual_factor=None, stalled_after=None, missed_by=None,
    cancelling_after=None,
)  # fmt: skip


def counted(failed: int | None, ended: int, total: int | None = 50_000) -> Batch:
    return replace(BATCH, counts=Counts(total, ended - (failed or 0), failed))


def broken(batch: Batch, facts: Facts | None = None, rules: Rules | None = None, now: float = T0 + 60) -> list[str]:
    return [trip.sentence for trip in trips(batch, facts or Facts(), rules or Rules(), now)]


@pytest.mark.parametrize(
    ("failed", "ended", "sentence"),
    [
        (20, 200, None),
        (21, 200, "21 of 200 requests failed, over 10%."),
        (21, 199, None),
        (199, 200, "199 of 200 requests failed, over 10%."),
        (5000, 50_000, None),
        (5001, 50_000, "5,001 of 50,000 requests failed, over 10%."),
        (None, 1000, None),
        (0, 0, None),
    ],
)
def test_failures(failed: int | None, ended: int, sentence: str | None) -> None:
    assert broken(counted(failed, ended)) == ([sentence] if sentence else [])
    assert broken(counted(failed, ended), rules=OFF) == []


@settings(deadline=None)
@given(st.integers(200, 10**6), st.data())
def test_a_share_is_beyond_its_limit_only_if_it_is(ended: int, data: st.DataObject) -> None:
    failed = data.draw(st.integers(0, ended) | st.just(ended // 10) | st.just(ended // 10 + 1))
    assert bool(broken(counted(failed, ended, 10**6))) is (failed * 10 > ended)


@pytest.mark.parametrize(
    ("alike", "sentence"),
    [(None, None), (0, None), (49, None), (50, "50 requests failed with the same error.")],
)
def test_identical_failures(alike: int | None, sentence: str | None) -> None:
    facts = Facts(identical_failures=alike)
    assert broken(BATCH, facts) == ([sentence] if sentence else [])
    assert broken(BATCH, facts, OFF) == []


@pytest.mark.parametrize(
    ("failed", "ended", "sentence"),
    [
        (49, 49, None),
        (50, 50, "All 50 requests so far failed."),
        (50, 51, None),
        (199, 199, "All 199 requests so far failed."),
    ],
)
def test_a_run_of_failures_from_the_start(failed: int, ended: int, sentence: str | None) -> None:
    assert broken(counted(failed, ended)) == ([sentence] if sentence else [])
    assert broken(counted(failed, ended), rules=OFF) == []
    # Not without knowing that none went well.
    assert broken(replace(BATCH, counts=Counts(1000, None, failed)), rules=replace(OFF, identical_failures=50)) == []


@pytest.mark.parametrize(
    ("lasts", "sentence"),
    [
        (599, None),
        (600, "Cancelling for 10m; 10m is the most it takes. It may still run and cost."),
        (3600, "Cancelling for 1h; 10m is the most it takes. It may still run and cost."),
    ],
)
def test_a_cancel_that_does_not_end(lasts: int, sentence: str | None) -> None:
    stuck = replace(_ALL, status=Status.CANCELLING, cancelling_at=int(T0))
    assert broken(stuck, now=T0 + lasts) == ([sentence] if sentence else [])
    assert broken(stuck, rules=OFF, now=T0 + lasts) == []
    # A server that does not tell since when is held to what was seen.
    silent = replace(stuck, cancelling_at=None)
    assert broken(silent, now=T0 + lasts) == []
    assert broken(silent, Facts(cancelling_since=T0), now=T0 + lasts) == ([sentence] if sentence else [])
    assert broken(replace(stuck, status=Status.CANCELLED), now=T0 + lasts) == []


@pytest.mark.parametrize(
    ("cost", "sentence"),
    [
        (None, None),
        (0.0, None),
        (1250.0, None),
        (1250.01, "Cost about $1,250.01 so far, over the budget of $1,250.00."),
    ],
)
def test_a_budget(cost: float | None, sentence: str | None) -> None:
    assert broken(BATCH, Facts(cost=cost), Rules(budget=1250.0)) == ([sentence] if sentence else [])
    assert broken(BATCH, Facts(cost=cost)) == []


def test_a_budget_of_nothing_is_one() -> None:
    assert broken(BATCH, Facts(cost=0.01), Rules(budget=0.0))
    assert not broken(BATCH, Facts(cost=0.0), Rules(budget=0.0))


@pytest.mark.parametrize(
    ("total", "earlier", "sentence"),
    [
        (5000, (1000, 1000, 1000), None),
        (5001, (1000, 1000, 1000), "5,001 requests; usually 1,000 for this name."),
        (100_000, (900, 50_000, 1000), "100,000 requests; usually 1,000 for this name."),
        (100_000, (1100, 10, 90_000, 900), "100,000 requests; usually 1,000 for this name."),
        (100_000, (1000, 1000), None),
        (100_000, (), None),
        (999, (1, 1, 1), None),
        (1000, (1, 1, 1), "1,000 requests; usually 1 for this name."),
        (None, (1, 1, 1), None),
    ],
)
def test_more_requests_than_usual(total: int | None, earlier: tuple[int, ...], sentence: str | None) -> None:
    batch = counted(0, 0, total)
    assert broken(batch, Facts(earlier=earlier)) == ([sentence] if sentence else [])
    assert broken(batch, Facts(earlier=earlier), OFF) == []


@pytest.mark.parametrize(("still", "sentence"), [(1799.0, None), (1800.0, "No progress for 30m.")])
def test_no_progress(still: float, sentence: str | None) -> None:
    facts = Facts(samples=(Sample(T0, 500), Sample(T0 + 5, 600), Sample(T0 + 5 + still, 600)))
    now = T0 + 5 + still
    assert broken(counted(0, 600), facts, now=now) == ([sentence] if sentence else [])
    assert broken(counted(0, 600), facts, OFF, now=now) == []
    assert [trip.since for trip in trips(counted(0, 600), facts, Rules(), now)] == [T0 + 5] * bool(sentence)


@pytest.mark.parametrize(
    ("expires", "sentence"),
    [
        (4 * HOUR - 599, None),
        (4 * HOUR - 600, "Will miss its window by 10m at the present rate."),
        (HOUR, "Will miss its window by 3h at the present rate."),
        (4 * HOUR + 1, None),
        (None, None),
    ],
)
def test_a_window_that_will_be_missed(expires: float | None, sentence: str | None) -> None:
    """10,000 requests at one in 1.44 s: four hours from the start to the end."""
    batch = replace(counted(0, 2500, 10_000), expires_at=None if expires is None else int(T0 + expires))
    assert broken(batch, now=T0 + HOUR) == ([sentence] if sentence else [])
    assert broken(batch, rules=OFF, now=T0 + HOUR) == []


def test_an_estimate_is_not_believed_in_the_first_hour() -> None:
    batch = replace(counted(0, 100), expires_at=int(T0 + 24 * HOUR))
    assert broken(batch, now=T0 + 3599) == []
    assert len(broken(batch, now=T0 + 3600)) == 1


def test_a_window_that_is_over_needs_no_rate() -> None:
    batch = replace(counted(0, 0), expires_at=int(T0 + 24 * HOUR))
    assert broken(batch, now=T0 + 24 * HOUR + 599) == []
    assert broken(batch, now=T0 + 24 * HOUR + 600) == ["Runs past its window's end."]
    assert broken(replace(batch, in_progress_at=None), now=T0 + 48 * HOUR) == []


_ALL = replace(counted(5000, 10_000), expires_at=int(T0 + HOUR))
_FACTS = Facts((Sample(T0, 10_000), Sample(T0 + 2 * HOUR, 10_000)), 9.0, (10, 10, 10), 500)


@pytest.mark.parametrize("status", Status)
def test_only_what_can_be_stopped_is_a_runaway(status: Status) -> None:
    found = [trip.rule for trip in trips(replace(_ALL, status=status), _FACTS, Rules(budget=1.0), T0 + 2 * HOUR)]
    if status is Status.IN_PROGRESS:
        assert found == [Rule.BUDGET, Rule.SIZE, Rule.IDENTICAL, Rule.FAILURES, Rule.STALLED, Rule.WINDOW]
    elif status in CANCELLABLE:
        assert found == [Rule.BUDGET, Rule.SIZE, Rule.IDENTICAL, Rule.FAILURES]
    else:
        assert found == []


def test_nothing_known_breaks_no_rule() -> None:
    assert broken(Batch("b", Status.UNKNOWN, "odd"), rules=Rules(budget=0.0)) == []


def test_a_trip_began_when_it_is_known_to_have() -> None:
    since = {trip.rule: trip.since for trip in trips(_ALL, _FACTS, Rules(budget=1.0), T0 + 2 * HOUR)}
    assert since[Rule.SIZE] == T0 - 60
    assert since[Rule.STALLED] == T0
    assert since[Rule.BUDGET] == since[Rule.FAILURES] == T0 + 2 * HOUR


# The watch


def trip(rule: Rule = Rule.STALLED, since: float = 0.0, sentence: str = "s") -> Trip:
    return Trip(rule, sentence, since)


def test_a_trip_is_told_once() -> None:
    watch = Watch()
    assert watch.take("b", [trip()], 0) == (trip(),)
    assert watch.take("b", [trip(since=1)], 5) == ()
    # However long the program slept in between.
    assert watch.take("b", [trip()], 1e6) == ()
    assert watch.take("b", [trip(), trip(Rule.BUDGET)], 1e6 + 1) == (trip(Rule.BUDGET),)
    assert watch.take("other", [trip()], 1e6 + 1) == (trip(),)


@pytest.mark.parametrize(("back", "anew"), [(899, False), (900, True)])
def test_a_trip_that_comes_back_counts_anew_after_a_quiet_time(back: float, anew: bool) -> None:
    watch = Watch(quiet=900)
    watch.take("b", [trip()], 0)
    assert watch.take("b", [], 100) == ()
    assert watch.take("b", [], 500) == ()
    assert watch.take("b", [trip(since=7)], 100 + back) == ((trip(since=7),) if anew else ())
    assert watch.standing("b") == (trip(since=7 if anew else 0),)
    # Back is back: the quiet time begins afresh when it clears again.
    assert watch.take("b", [], 1100) == ()
    assert watch.take("b", [trip()], 1999) == ()
    assert watch.take("b", [], 2000) == ()
    assert watch.take("b", [trip()], 2900) == (trip(),)


def test_what_was_told_is_remembered_by_another_watch() -> None:
    watch = Watch()
    watch.take("b", [trip(), trip(Rule.BUDGET)], 0)
    watch.take("b", [trip()], 10)
    again = Watch(watch.told)
    assert again.take("b", [trip(), trip(Rule.BUDGET)], 500) == ()
    assert again.take("b", [trip(), trip(Rule.WINDOW)], 501) == (trip(Rule.WINDOW),)
    # Two watches share nothing.
    assert watch.standing("b") == (trip(),)
    again.keep_only({"other"})
    assert again.told == {} and watch.told


def test_what_is_armed_cancels_once() -> None:
    watch, auto = Watch(), frozenset({Rule.STALLED, Rule.BUDGET})
    watch.take("b", [trip(), trip(Rule.WINDOW)], 0)
    assert watch.armed("b", auto) == (trip(),)
    assert watch.armed("b", ()) == watch.armed("other", auto) == ()
    watch.spare("b")
    watch.spare("other")
    watch.take("b", [trip(), trip(Rule.BUDGET)], 5)
    # Spared is spared, whoever remembers it; another rule is another matter.
    assert Watch(watch.told).armed("b", auto) == (trip(Rule.BUDGET),)
    watch.take("b", [], 10)
    assert watch.armed("b", auto) == ()


def test_a_clock_that_was_set_back_brings_no_alarm() -> None:
    watch = Watch()
    watch.take("b", [trip()], 1000)
    watch.take("b", [], 1005)
    assert watch.take("b", [trip()], 10) == ()


def test_what_stands_is_told_in_todays_words() -> None:
    watch = Watch()
    assert watch.standing("b") == ()
    watch.take("b", [trip(since=5, sentence="No progress for 30m.")], 5)
    watch.take("b", [trip(since=9, sentence="No progress for 31m.")], 65)
    assert watch.standing("b") == (trip(since=5, sentence="No progress for 31m."),)
    watch.take("b", [], 70)
    assert watch.standing("b") == ()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 2000), st.sets(st.sampled_from(Rule))), max_size=30))
def test_two_alarms_for_one_rule_have_a_quiet_time_between(looks: list[tuple[float, set[Rule]]]) -> None:
    watch, now = Watch(quiet=900), 0.0
    absent_since: dict[Rule, float] = dict.fromkeys(Rule, float("-inf"))
    for passed, present in looks:
        now += passed
        told = {found.rule for found in watch.take("b", [trip(rule) for rule in sorted(present)], now)}
        for rule in Rule:
            if rule in present:
                assert (rule in told) is (now - absent_since[rule] >= 900)
                absent_since[rule] = float("inf")
            else:
                assert rule not in told
                absent_since[rule] = min(absent_since[rule], now)
        assert {found.rule for found in watch.standing("b")} == present
