"""Failures that say the same thing in different words come together."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tui.format.text import clean_line
from tui.results.failures import Triage, pattern


def test_what_varies_is_taken_out() -> None:
    same = [
        ("Rate limit reached in organization org-AbCd on tokens: Limit 2,000,000, Used 17.", "…"),
        ("Rate limit reached in organization org-zzzz on tokens: Limit 90,000, Used 3.", "…"),
    ]
    assert {pattern(message) for message, _ in same} == {
        "Rate limit reached in organization … on tokens: Limit …, Used …."
    }
    assert pattern("Invalid value: 'gpt-9'. It's wrong, isn't it?") == "Invalid value: …. It's wrong, isn't it?"
    assert pattern('No "x" in `y` at 5%') == "No … in … at …"
    assert pattern("id 123e4567-e89b-12d3-a456-426614174000 gone") == "id … gone"
    assert pattern("The server had an error.") == "The server had an error."


def test_groups_by_status_code_and_what_is_said() -> None:
    triage = Triage()
    first = triage.add(400, "invalid_value", "Bad 'a'.", "r0", 0)
    assert triage.add(400, "invalid_value", "Bad 'b'.", "r1", 1) == first
    assert triage.add(500, "invalid_value", "Bad 'b'.", "r2", 2) != first
    triage.add(0, None, None, "r\x1b3", 3)
    triage.add(0, None, None, "r4", 4)
    triage.add(0, None, None, "r5", 5)
    groups = triage.groups()
    assert [(group.status_code, group.count, group.message) for group in groups] == [
        (0, 3, ""),
        (400, 2, "Bad …."),
        (500, 1, "Bad 'b'."),
    ]
    assert [group.example_row for group in groups] == [3, 0, 2]
    assert groups[0].example_custom_id == "r␛3"
    triage.take_back(first)
    triage.take_back(first)
    assert [group.status_code for group in triage.groups()] == [0, 500]


def test_ever_new_messages_take_bounded_room() -> None:
    triage = Triage()
    letters = [chr(0x61 + number // 60) + chr(0x4E00 + number) * 3 for number in range(1500)]
    for row, word in enumerate(letters):
        triage.add(400, f"code{row % 700}" if row > 600 else "same", f"it said {word}", str(row), row)
    groups = triage.groups()
    assert sum(group.count for group in groups) == 1500
    assert len(groups) <= 1001
    assert any(group.message == "(many different messages)" for group in groups)


@given(st.integers() | st.none(), st.text() | st.none(), st.text(max_size=3000) | st.none())
def test_any_failure_makes_a_group_that_is_safe_to_show(
    status: int | None, code: str | None, message: str | None
) -> None:
    triage = Triage()
    triage.add(status, code, message, message or "", 0)
    triage.add(status, code, (message or "") + "!", "", 1)
    for group in triage.groups():
        for text in (group.code or "", group.message, group.example_custom_id):
            assert clean_line(text) == text
            assert len(text) <= 512


def test_a_long_message_takes_no_time() -> None:
    for unit in ("a-", "'", '"x', "9.", "org-", "a" * 9):
        assert re.sub(r"\s", "", pattern(unit * 100_000)) is not None
