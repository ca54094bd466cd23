"""What a table of results can be made of."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.results.result_lines import chat_body, good, judged, never, quiet, refused, request, result, write
from tui.files.errors import ResultFileError
from tui.results.export.columns import STANDARD, columns_of
from tui.results.export.csv import csv_lines


def table(folder: Path, columns: str, *results: bytes) -> list[list[str]]:
    """The rows, without the header, of requests that have just these results."""
    names = [json.loads(line)["custom_id"] for line in results]
    judgement = judged(write(folder / "in", *map(request, names)), write(folder / "out", *results))
    lines = b"".join(csv_lines(judgement, columns_of(columns), None, quiet, never))
    header, *rows = csv.reader(io.StringIO(lines.decode(), newline=""))
    assert header == [name.strip() for name in columns.split(",")]
    return rows


def test_short_names_and_long_ones(tmp_path: Path) -> None:
    rows = table(tmp_path, "id, status,text,tokens,finish,state,error_code", good("a", "Yes."), refused("b"))
    assert rows == [
        ["a", "200", "Yes.", "12", "stop", "ok", ""],
        ["b", "400", "", "", "", "failed", "invalid_value"],
    ]


@pytest.mark.parametrize(("answer", "cells"), [
    ({"label": "spam", "score": 0.5, "why": ["a", {"b": "é"}]}, ["spam", "0.5", '["a", {"b": "é"}]', "é"]),
    ({"label": None, "score": True, "why": "no list"}, ["", "true", "no list", ""]),
    ({"label": "-1+2", "score": -3, "why": []}, ["-1+2", "-3", "[]", ""]),
    ([1, 2], ["", "", "", ""]),
    ("text", ["", "", "", ""]),
])  # fmt: skip
def test_fields_of_answers_in_json(tmp_path: Path, answer: Any, cells: Sequence[str]) -> None:
    columns = "answer.label,answer.score,text.why,answer.why.1.b"
    for text in (json.dumps(answer), f"\n```json\n{json.dumps(answer, indent=1)}\n```\n"):
        assert table(tmp_path, columns, good("a", text)) == [list(cells)]


def test_an_answer_that_is_no_json_has_no_fields(tmp_path: Path) -> None:
    unfinished, failed = good("a", '{"label": "spam"'), refused("b")
    assert table(tmp_path, "id,answer.label", unfinished, failed, good("c", "label")) == [
        ["a", ""],
        ["b", ""],
        ["c", ""],
    ]


def test_tokens_are_added_up_in_the_words_of_either_api(tmp_path: Path) -> None:
    body = chat_body() | {"usage": {"input_tokens": 5, "output_tokens": 2}}
    assert table(tmp_path, "tokens,input_tokens", result("a", body), result("b", chat_body() | {"usage": None})) == [
        ["7", "5"],
        ["", ""],
    ]


def test_cells_that_a_spreadsheet_takes_for_formulas_stay_what_was_answered(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "- a list\n- of two"]
    lines = [good(str(number), text) for number, text in enumerate(texts)]
    assert [row[0] for row in table(tmp_path, "text", *lines)] == texts


def test_without_a_choice_there_are_all() -> None:
    assert columns_of("") == columns_of(" , ") == STANDARD


@pytest.mark.parametrize("name", ["labels", "answer.", "Answer.x", "\x1b[2J", "request.body"])
def test_a_column_that_there_is_not(name: str) -> None:
    with pytest.raises(
        ResultFileError, match=r"There is no column .*There are id, status, finish, text, state"
    ) as told:
        columns_of(f"id,{name}")
    assert "\x1b" not in told.value.sentence
