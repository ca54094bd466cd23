"""Columns by width, bars, and where rows go, as functions of their arguments."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.format.bar import bar
from tui.ui.widgets.table.column import GAP, Column, arrange
from tui.ui.widgets.table.placement import anchored_top, find, follow

_columns = st.lists(
    st.builds(
        Column,
        key=st.just("key"),
        title=st.just("TITLE"),
        width=st.integers(1, 40),
        priority=st.integers(0, 4),
        flex=st.integers(0, 3),
    ),
    min_size=1,
    max_size=12,
)


@given(_columns, st.integers(1, 250))
def test_columns_fill_the_width_and_never_pass_it(columns: list[Column], width: int) -> None:
    slots = arrange(columns, width)
    used = sum(slot.width for slot in slots) + GAP * (len(slots) - 1)
    assert used <= width
    needed = sum(column.width for column in columns if not column.priority)
    needed += GAP * max(0, sum(not column.priority for column in columns) - 1)
    if needed <= width:
        assert all(slot.width >= slot.column.width for slot in slots)
        if any(slot.column.flex for slot in slots):
            assert used == width


@given(_columns, st.integers(1, 250))
def test_a_column_is_left_out_only_with_all_that_matter_less(columns: list[Column], width: int) -> None:
    kept = [id(slot.column) for slot in arrange(columns, width)]
    left_out = [column.priority for column in columns if id(column) not in kept and column.priority]
    if left_out:
        assert all(slot.column.priority <= min(left_out) for slot in arrange(columns, width))


def test_spare_width_is_shared_by_flex() -> None:
    columns = [Column("a", "A", 10, flex=1), Column("b", "B", 10), Column("c", "C", 10, flex=2)]
    assert [slot.width for slot in arrange(columns, 62)] == [20, 10, 30]
    assert [slot.width for slot in arrange(columns, 63)] == [20, 10, 31]
    assert [slot.width for slot in arrange(columns, 15)] == [10, 4]


@pytest.mark.parametrize(
    ("share", "drawn", "plain"),
    [
        (0, "    ", "    "),
        (0.001, "▏   ", "#   "),
        (0.5, "██  ", "##  "),
        (0.65, "██▋ ", "### "),
        (0.999, "███▉", "### "),
        (1, "████", "####"),
        (-1, "    ", "    "),
        (7, "████", "####"),
    ],
)
def test_a_bar_is_empty_only_at_nothing_and_full_only_at_all(share: float, drawn: str, plain: str) -> None:
    assert bar(share, 4) == drawn
    assert bar(share, 4, ascii=True) == plain
    assert bar(share, 0) == ""


@given(st.floats(0, 1), st.integers(0, 80), st.booleans())
def test_a_bar_has_its_width(share: float, width: int, ascii_only: bool) -> None:
    drawn = bar(share, width, ascii_only)
    assert cell_len(drawn) == len(drawn) == width
    assert not ascii_only or drawn.isascii()


_keys = st.lists(st.integers(0, 30), unique=True, max_size=20)


@given(_keys, _keys, st.data())
def test_a_row_is_followed_or_its_nearest_neighbour(old: list[int], new: list[int], data: st.DataObject) -> None:
    if not old:
        assert follow(old, 0, new) is None
        return
    row = data.draw(st.integers(0, len(old) - 1))
    found = follow(old, row, new)
    kept = [place for place, key in enumerate(old) if key in new]
    if found is None:
        assert not kept
    else:
        assert abs(old.index(new[found]) - row) == min(abs(place - row) for place in kept)


@given(_keys, _keys, st.data())
def test_a_visible_cursor_stays_visible(old: list[int], new: list[int], data: st.DataObject) -> None:
    if not old or not new:
        return
    page = data.draw(st.integers(1, 10))
    top = data.draw(st.integers(0, max(0, len(old) - page)))
    cursor = data.draw(st.integers(top, min(top + page, len(old)) - 1))
    moved = data.draw(st.integers(0, len(new) - 1))
    after = min(anchored_top(old, range(top, top + page), cursor, new, moved), max(0, len(new) - page))
    assert after <= moved < after + page


def test_keys_are_found_in_ranges_and_lists() -> None:
    assert find(range(5, 250_000), 7) == 2
    assert find(range(5), "a") is None
    assert find(range(5), 9) is None
    assert find(["a", "b"], "b") == 1
    assert find(["a", "b"], 1) is None
