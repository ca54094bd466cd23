"""Repeated custom_ids, found by their hashes."""

import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.files import duplicate_ids as module
from tui.files.duplicate_ids import Ids, Repeat


def plain(lines: list[tuple[int, str]]) -> list[Repeat]:
    first: dict[str, int] = {}
    return [Repeat(line, first[name]) for line, name in lines if first.setdefault(name, line) != line]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from("abcdefghij")), max_size=30), st.integers(0, 5))
def test_repeats_are_those_of_a_plain_dictionary(steps: list[tuple[int, str]], most: int) -> None:
    for part in (1 << 17, 4):
        module._PART, before = part, module._PART  # type: ignore[misc]  # a small part takes the way of large files
        try:
            seen, lines, line = Ids(), [], 0
            for step, name in steps:
                line += step
                lines.append((line, name))
                seen.extend([name], line)
            expected = plain(lines)
            assert seen.repeats(most) == (len(expected), expected[:most])
        finally:
            module._PART = before  # type: ignore[misc]


def test_consecutive_lines_are_added_together() -> None:
    seen = Ids()
    seen.extend(["a", "b", "c"], 1)
    seen.extend(["d", "a"], 4)
    seen.extend(["b"], 9)
    assert seen.repeats(10) == (2, [Repeat(5, 1), Repeat(9, 2)])


def test_memory_stays_small_when_a_file_is_concatenated_with_itself() -> None:
    tracemalloc.start()
    try:
        seen = Ids()
        for half in range(2):
            for start in range(0, 200_000, 1000):
                seen.extend([f"request-{n}" for n in range(start, start + 1000)], 1 + half * 200_000 + start)
        total, repeats = seen.repeats(3)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (total, repeats) == (200_000, [Repeat(200_001, 1), Repeat(200_002, 2), Repeat(200_003, 3)])
    # As strings in a set they take more than that already.
    assert peak < 40_000_000


def test_a_search_that_is_cancelled_ends_early() -> None:
    seen = Ids()
    seen.extend(["a", "a"], 1)
    assert seen.repeats(10, lambda: True) == (0, [])
