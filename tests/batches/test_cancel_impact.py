"""What a cancel is asked with: sums that say what they do not know, in whatever room there is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.batches.batch import Batch, Counts, Status
from tui.batches.cancel_impact import Stake, outcome_of, question, sentence, stake
from tui.batches.cost import Cost

BATCH = Batch("b", Status.IN_PROGRESS, "in_progress", counts=Counts(4000, 1100, 100))
COST = Cost(3.1, 12.1, measured=False)


def test_sums_hold_what_is_known() -> None:
    assert stake([BATCH, BATCH], lambda _: COST) == Stake(2, 2400, 5600, 6.2, 18.0, True, True, False)
    bare = replace(BATCH, id="bare", counts=None)
    told = stake([BATCH, bare], lambda batch: COST if batch is BATCH else None)
    assert told == Stake(2, 1200, 2800, 3.1, 9.0, False, False, False)
    assert stake([bare], lambda _: None) == Stake(1, None, None, None, None, False, False, False)
    half = stake([BATCH], lambda _: Cost(None, 12.0, measured=False))
    assert (half.spent, half.saved, half.priced) == (None, 12.0, False)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            Stake(3, 1200, 38_800, 3.1, 9.0, True, True, False),
            "1,200 requests done, 38,800 left. Est. $3.10 spent, $9.00 saved.",
        ),
        (
            Stake(3, 1200, 38_800, 3.1, 9.0, True, True, True),
            "1,200 requests done, 38,800 left. $3.10 spent, est. $9.00 saved.",
        ),
        (
            Stake(3, 1, 0, 3.1, 9.0, False, False, False),
            "1+ request done, 0+ left. Est. $3.10+ spent, $9.00+ saved.",
        ),
        (
            Stake(3, 1200, 2800, None, 9.0, True, False, False),
            "1,200 requests done, 2,800 left. Est. $9.00+ saved.",
        ),
        (Stake(1, None, None, None, None, False, False, False), "Requests not counted. What it costs is not known."),
    ],
)
def test_in_full(told: Stake, words: str) -> None:
    assert sentence(told) == words


MANY = Stake(100, 52_000, 4_948_000, 31.2, 904.0, True, True, False)
ONE = Stake(1, 1200, 2800, 3.1, 9.0, True, True, False)


@pytest.mark.parametrize(
    ("name", "told", "room", "asked"),
    [
        (
            "100 batches", MANY, 186,
            "Cancel 100 batches at prod · api.openai.com? 52,000 requests done, 4,948,000 left."
            " Est. $31.20 spent, $904 saved.",
        ),
        # The question of a terminal of 80 cells, with `y` and with a number to be typed.
        ("nightly-eval", ONE, 66, "Cancel nightly-e… at prod? 1.2k/4k done; est. $3.1 spent, $9 saved"),
        ("", replace(ONE, batches=3), 66, "Cancel 3 batches at prod? 1.2k/4k done; est. $3.1 spent, $9 saved"),
        ("nightly-eval", MANY, 55, "Cancel 100? 52k/5M done; est. $31 spent, $904 saved"),
        ("nightly-eval", ONE, 46, "Cancel nightly-eval? est. $3.1 spent, $9 saved"),
    ],
)  # fmt: skip
def test_what_matters_most_is_told_in_any_room(name: str, told: Stake, room: int, asked: str) -> None:
    assert question(name, "prod", "api.openai.com", told, room) == asked


_SUMS = st.none() | st.integers(0, 10**9)
_YES = st.booleans()
_DOLLARS = st.none() | st.floats(0, 1e6)


@settings(deadline=None)
@given(
    st.builds(Stake, st.integers(1, 10**5), _SUMS, _SUMS, _DOLLARS, _DOLLARS, _YES, _YES, _YES),
    st.text("abc名é", min_size=1, max_size=60),
    st.text("ab.", min_size=1, max_size=80),
    st.integers(46, 220),
)  # fmt: skip
def test_it_never_overflows(told: Stake, name: str, host: str, room: int) -> None:
    asked = question(name, "prod", host, told, room)
    assert cell_len(asked) <= room
    assert asked.startswith("Cancel ") and "?" in asked


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (Counts(4000, 1100, 100), "cancelled, 1,200 of 4,000 requests done"),
        (Counts(1, 0, 0), "cancelled, 0 of 1 request done"),
        (None, "cancelled"),
    ],
)
def test_what_came_of_it(counts: Counts | None, words: str) -> None:
    assert outcome_of(replace(BATCH, status=Status.CANCELLED, counts=counts)) == words
