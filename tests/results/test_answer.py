"""The answer in a body of several items, parts or choices."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.results.result_lines import chat_body, judged, request, result, write
from tui.results.answer import answer_in
from tui.results.export.columns import columns_of
from tui.results.export.csv import csv_lines
from tui.results.row import answer_text, read_row

LABEL = '{"label": "positive", "score": 0.9}'
REASONING = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "**Weighing the tone**"}]}
CALL = {"type": "function_call", "name": "look_up", "arguments": "{}"}


def message(*texts: str) -> dict[str, Any]:
    return {"type": "message", "content": [{"type": "output_text", "text": text, "annotations": []} for text in texts]}


def responses(*items: dict[str, Any]) -> dict[str, Any]:
    return {"object": "response", "status": "completed", "output": list(items)}


@pytest.mark.parametrize("items", [
    [message(LABEL)],
    [REASONING, message(LABEL)],
    [message(LABEL[:10], LABEL[10:])],
    [message(LABEL[:10]), message(LABEL[10:])],
    [message(LABEL[:10]), message(LABEL)],
    [message("Here it is:"), message(LABEL)],
    [message("Here it is:", LABEL)],
    [REASONING, CALL, message(LABEL), CALL],
    [{"type": "web_search_call", "action": {"query": "x"}}, message(LABEL)],
    [{"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "{}"}]}, message(LABEL)],
])  # fmt: skip
def test_a_field_is_found_whatever_stands_beside_the_answer(tmp_path: Path, items: list[dict[str, Any]]) -> None:
    body = responses(*items)
    assert answer_in(body) == LABEL
    found = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", result("a", body)))
    lines = b"".join(csv_lines(found, columns_of("id,answer.label"), None, lambda *_: None, lambda: False))
    assert lines.splitlines()[1] == b"a,positive"


def test_parts_are_joined_with_nothing() -> None:
    assert answer_in(responses(message("One, ", "two, "), message("three."))) == "One, two, three."
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        *({"type": "text", "text": text} for text in ("One, ", "two.")),
    ]
    body = chat_body()
    body["choices"][0]["message"]["content"] = parts
    assert answer_in(body) == "One, two."


def test_a_call_is_the_answer_only_where_nothing_was_said() -> None:
    assert answer_in(responses(REASONING, CALL)) == "look_up({})"
    both = result("a", responses(message("Let me see."), CALL))
    assert read_row(both).answer_head == "Let me see."
    assert answer_text(both) == "Let me see.\nlook_up({})"


def test_choices_may_be_one_object() -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Python is"}, "finish_reason": "length"}
    row = read_row(result("a", {"object": "chat.completion", "choices": choice}))
    assert (row.kind, row.answer_head, row.finish_reason) == ("chat", "Python is", "length")
    row = read_row(result("a", {"object": "text_completion", "choices": {"text": " bugs.", "finish_reason": "length"}}))
    assert (row.kind, row.answer_head, row.finish_reason) == ("completion", "bugs.", "length")


def test_choices_go_by_their_index_and_one_that_was_cut_short_counts(tmp_path: Path) -> None:
    choices = [
        {"index": 1, "message": {"content": "second"}, "finish_reason": "length"},
        {"index": 0, "message": {"content": "first"}, "finish_reason": "stop"},
    ]
    line = result("a", {"object": "chat.completion", "choices": choices})
    assert answer_text(line) == "— choice 1 of 2 —\nfirst\n\n— choice 2 of 2 —\nsecond"
    for order in (choices, choices[::-1]):
        line = result("a", {"object": "chat.completion", "choices": order})
        assert read_row(line).finish_reason == "length"
        finishes = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", line)).finishes
        assert {reason: len(found) for reason, found in finishes.items()} == {"length": 1}


def test_numbers_and_words_in_messages_are_no_json_of_their_own() -> None:
    assert answer_in(responses(message("There are "), message("42"))) == "There are 42"
    twice = responses(message("a: " + json.dumps([1])), message("[2]"), message("[3]"))
    assert answer_in(twice) == "a: [1][2][3]"
