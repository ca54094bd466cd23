"""How batches are put in words where there is little room."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.batches.display import model_text, name_text, parts_text


@pytest.mark.parametrize(
    ("name", "width", "shown"),
    [
        ("gpt-4o-mini-2024-07-18", 22, "gpt-4o-mini-2024-07-18"),
        ("gpt-4o-mini-2024-07-18", 21, "gpt-4o-mini…0718"),
        ("gpt-4o-mini-2024-07-18", 16, "gpt-4o-mini…0718"),
        ("gpt-4o-mini-2024-07-18", 15, "gpt-4o-mini…"),
        ("claude-3-5-haiku-20241022", 21, "claude-3-5-haiku…1022"),
        ("claude-3-5-haiku-20241022", 17, "claude-3-5-haiku…"),
        # What is no date stays, and is cut at its end like any text.
        ("text-embedding-3-large", 16, "text-embedding-3-large"),
        ("llama-70b-128000", 10, "llama-70b-128000"),
        ("own-20451399", 10, "own-20451399"),
    ],
)
def test_a_dated_model_keeps_what_tells_it_apart(name: str, width: int, shown: str) -> None:
    assert model_text(name, width) == shown


@given(st.text(min_size=1), st.integers(1, 40))
def test_what_is_left_out_is_told(name: str, width: int) -> None:
    shown = model_text(name, width)
    assert shown == name or "…" in shown


@pytest.mark.parametrize(
    ("number", "announced", "spoilt", "told"),
    [
        (12, 12, 0, "12 parts"), (12, None, 0, "12 parts"), (3, 12, 0, "3/12 parts"), (13, 12, 0, "13 parts"),
        (1200, 2000, 3, "1,200/2,000 parts ✗3"),
    ],
)  # fmt: skip
def test_how_many_parts(number: int, announced: int | None, spoilt: int, told: str) -> None:
    assert parts_text(number, announced, spoilt) == told
    name = f"▸ a file of a long name  {told}"
    # However narrow, as long as there is room for a name at all: the number is not cut.
    for width in range(len(told) + 6, len(name)):
        assert name_text(name, width).endswith(f"…  {told}") and len(name_text(name, width)) == width


def test_the_number_of_a_part_is_not_cut() -> None:
    assert name_text("  embed-docs 3/12", 14) == "  embed-… 3/12"
    assert name_text("  embed-docs 3/12", 17) == "  embed-docs 3/12"
    assert name_text("  embed-docs 3/12", 6) == "  embed-docs 3/12"
    assert name_text("half/whole of it", 8) == "half/whole of it"
