"""Good statuses without an answer, refusals, and lines that no strict reader takes."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.results.result_lines import chat_body, good, judged, never, quiet, refused, request, result, write
from tui.results.export.columns import columns_of
from tui.results.export.csv import csv_lines
from tui.results.export.jsonl import jsonl_lines
from tui.results.export.retry_file import write_remainder
from tui.results.fast_parse import GOOD, read_result
from tui.results.join import Judgement
from tui.results.row import answer_text, read_row
from tui.results.selection import Choice


def said(**message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}


def responses(*items: dict[str, Any]) -> dict[str, Any]:
    return {"object": "response", "status": "completed", "output": list(items)}


THINKING = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
EMPTY = [
    {"object": "chat.completion", "choices": []},
    {"object": "chat.completion", "usage": {"prompt_tokens": 1}},
    {"object": "chat.completion", "choices": None},
    said(content=""),
    said(content=None, tool_calls=[]),
    said(content=" \n"),
    said(content="", reasoning_content="The user wants a greeting."),
    said(content="<think>The user wants a greeting.</think>\n"),
    said(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]),
    {"object": "text_completion", "choices": {"text": "", "finish_reason": "length"}},
    responses(),
    responses(THINKING, {"type": "message", "content": []}),
    responses({"type": "web_search_call", "action": {}}),
    {"object": "list", "data": []},
    {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": []}]},
    {"created": 1, "data": [{"url": None, "b64_json": None}]},
    {"id": "modr-1", "model": "m", "results": []},
    {"type": "message", "role": "assistant", "content": [{"type": "thinking", "thinking": "Hm."}]},
    {"candidates": [{"finishReason": "SAFETY"}]},
    {"model": "m", "messages": [{"role": "user", "content": "x"}]},
    json.loads(request("a")),
    {"id": "x", "model": "m", "usage": {"input_tokens": 1}},
    {},
    None,
    "",
    "<html>Bad gateway</html>",
]
ANSWERS = [
    said(content="Hello."),
    said(content="\n\nHello."),
    said(content="\u3053\u3093"),
    said(content="<think>Hm.</think>Hello."),
    said(content=None, tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]),
    said(content=None, audio={"id": "a", "data": "UklG"}),
    said(content="", images=[{"image_url": {"url": "data:"}}]),
    responses(THINKING, {"type": "message", "content": [{"type": "output_text", "text": "Hello."}]}),
    responses({"type": "function_call", "name": "f", "arguments": "{}"}),
    responses({"type": "image_generation_call", "result": "iVBO"}),
    {"object": "list", "data": [{"embedding": [0.1]}]},
    {"object": "list", "data": [{"embedding": "zczMPQ=="}]},
    {"created": 1, "data": [{"b64_json": "iVBO"}]},
    {"results": [{"flagged": False}]},
    {"object": "text_completion", "choices": [{"text": "", "logprobs": {"tokens": ["a"]}}]},
    {"type": "message", "role": "assistant", "content": [{"type": "tool_use", "name": "f", "input": {}}]},
    {"candidates": [{"content": {"parts": [{"text": "Hello."}]}}]},
    {"text": "", "language": "en"},
    {"pages": []},
    [[0.1, 0.2]],
]


@pytest.mark.parametrize("body", EMPTY)
def test_a_good_status_without_an_answer_is_empty(body: object) -> None:
    line = result("a", body)
    outcome = read_result(line).outcome
    assert outcome is not None
    assert outcome.state == "empty"
    row = read_row(line)
    assert (row.state, row.ok, row.answer_head) == ("empty", False, "")
    assert answer_text(line) == row.error_message != ""


@pytest.mark.parametrize("body", ANSWERS)
def test_an_answer_of_any_kind_is_not(body: object) -> None:
    line = result("a", body)
    outcome = read_result(line).outcome
    assert outcome is not None
    assert outcome.state == "ok"
    assert read_row(line).ok


@pytest.mark.parametrize("body", [
    said(content=None, refusal="I cannot."),
    said(content=[{"type": "refusal", "refusal": "I cannot."}]),
    responses({"type": "message", "content": [{"type": "refusal", "refusal": "I cannot."}]}),
    {"type": "message", "role": "assistant", "content": [], "stop_reason": "refusal"},
])  # fmt: skip
def test_a_refusal_is_told_apart(body: dict[str, Any]) -> None:
    row = read_row(result("a", body))
    assert (row.state, row.ok) == ("refused", False)


def test_the_usual_answers_of_every_endpoint_are_read_the_fast_way() -> None:
    for body in (ANSWERS[0], ANSWERS[1], ANSWERS[4], ANSWERS[7], ANSWERS[10], ANSWERS[11], ANSWERS[13]):
        assert read_result(result("a", body)).outcome is GOOD


@pytest.fixture
def found(tmp_path: Path) -> Judgement:
    inputs = write(tmp_path / "in", *map(request, "abcdef"))
    lines = [
        good("a"), result("b", said(content="")), result("c", said(refusal="No.")),
        b'{"custom_id": "d", "response": {"status_code": 200, "body": <html>',
    ]  # fmt: skip
    return judged(inputs, write(tmp_path / "out", *lines), write(tmp_path / "err", refused("e")), 6, 4, 1)


def test_every_state_is_counted_and_the_counts_match(found: Judgement) -> None:
    verdict = found.verdict
    numbers = (verdict.ok, verdict.empty, verdict.refused, verdict.unreadable, verdict.failed, verdict.missing)
    assert numbers == (1, 1, 1, 1, 1, 1)
    assert verdict.agrees
    assert verdict.notes == (
        "1 result line cannot be read: line 4 of the output file (d).", "1 request has no result.",
    )  # fmt: skip


def test_all_but_answers_and_refusals_are_tried_again(found: Judgement, tmp_path: Path) -> None:
    told = write_remainder(found, tmp_path / "again", quiet, never)
    assert (told.requests, told.failed, told.empty, told.unreadable, told.missing) == (4, 1, 1, 1, 1)
    assert (tmp_path / "again").read_bytes().splitlines() == list(map(request, "bdef"))
    for state, name in (("refused", "c"), ("empty", "b"), ("unreadable", "d")):
        choice = Choice(state, states=frozenset({state}))  # type: ignore[arg-type]
        assert write_remainder(found, tmp_path / "some", quiet, never, choice).requests == 1
        assert (tmp_path / "some").read_bytes().splitlines() == [request(name)]


@pytest.mark.parametrize(("counts", "agrees"), [
    ((6, 4, 1), True), ((6, 3, 2), True), ((6, 2, 3), True), ((6, 5, 1), False), ((6, 1, 4), False), ((6, 4, 2), False),
])  # fmt: skip
def test_a_server_may_count_an_empty_answer_either_way(tmp_path: Path, counts: tuple[int, ...], agrees: bool) -> None:
    inputs = write(tmp_path / "in", *map(request, "abcdef"))
    lines = [good("a"), result("b", said(content="")), result("c", said(refusal="No.")), b'{"custom_id": "d", oops']
    found = judged(inputs, write(tmp_path / "out", *lines), write(tmp_path / "err", refused("e")), *counts)
    assert found.verdict.agrees is agrees


MALFORMED = {
    "control": b"a raw \x01 control",
    "tab": b"a raw\ttab",
    "escape": rb"costs \$5 and \n a line",
    "utf8": b"bad utf-8 \xff\xfe",
    "half": rb"half \ud83d pair",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_line_that_is_not_strict_json_is_read_with_a_mark(tmp_path: Path, name: str) -> None:
    line = result("a", chat_body("CONTENT")).replace(b"CONTENT", MALFORMED[name])
    row = read_row(line)
    assert (row.ok, row.lenient, row.custom_id) == (True, True, "a")
    found = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", line), None, 1, 1, 0)
    assert (found.verdict.ok, found.verdict.notes, found.verdict.agrees) == (1, (), True)
    # Bad UTF-8 has its mark on the line alone: to look for it in every line would slow the check down.
    assert found.verdict.lenient == (name != "utf8")
    assert name == "utf8" or found.verdict.remarks == (
        "At least 1 result line is not strict JSON, and could be read all the same.",
    )
    (written,) = jsonl_lines(found, None, quiet, never)
    joined = json.loads(written.decode())
    assert joined["lenient"] is True
    text = joined["response"]["body"]["choices"][0]["message"]["content"]
    table = b"".join(csv_lines(found, columns_of("text,lenient"), None, quiet, never)).decode()
    assert list(csv.reader(io.StringIO(table, newline="")))[1] == [text, "true"]


def test_a_strict_line_has_no_mark(tmp_path: Path) -> None:
    for line in (good("a", "żółć"), b"\xef\xbb\xbf" + good("a")):
        assert not read_row(line).lenient
        assert not read_result(line).lenient


def test_lines_that_name_no_request_are_those_of_the_requests_without_one(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *map(request, "abc"))
    verdict = judged(inputs, write(tmp_path / "out", good("a"), b"<html>", b"\0\0")).verdict
    assert (verdict.ok, verdict.unreadable, verdict.unnamed, verdict.missing) == (1, 2, 0, 0)
    verdict = judged(inputs, write(tmp_path / "out", good("a"), b"<html>")).verdict
    assert (verdict.ok, verdict.unreadable, verdict.unnamed, verdict.missing) == (1, 0, 1, 2)
