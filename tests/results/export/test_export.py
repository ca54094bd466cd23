"""Results joined to their requests, for other programs."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import chat_body, expired, good, judged, never, quiet, refused, request, result, write
from tui.files.errors import FileChangedError, ResultFileError, StoppedError
from tui.results.export.columns import STANDARD, columns_of
from tui.results.export.csv import csv_lines, export_csv
from tui.results.export.jsonl import export_jsonl, jsonl_lines
from tui.results.join import Judgement


@pytest.fixture
def judgement(tmp_path: Path) -> Judgement:
    return judged(
        write(tmp_path / "in", *(request(name, f"Ask {name}.") for name in "abcd")),
        write(tmp_path / "out", good("d", "x"), good("a", 'He said "=1+1",\nthen\x1b[2J left.')),
        write(tmp_path / "err", expired("b")),
    )


def test_jsonl_is_in_input_order_with_every_part(judgement: Judgement) -> None:
    lines = [json.loads(line) for line in jsonl_lines(judgement, None, quiet, never)]
    assert [line["custom_id"] for line in lines] == ["a", "b", "c", "d"]
    assert all(list(line) == ["custom_id", "request", "response", "error"] for line in lines)
    assert lines[0]["request"] == json.loads(request("a", "Ask a."))["body"]
    assert lines[0]["response"]["body"]["choices"][0]["message"]["content"].startswith("He said")
    assert lines[1]["error"]["code"] == "batch_expired"
    assert (lines[2]["response"], lines[2]["error"]) == (None, None)


@pytest.mark.parametrize(("only", "names"), [("ok", ["a", "d"]), ("failed", ["b"]), ("missing", ["c"])])
def test_only_some(judgement: Judgement, only: str, names: list[str], tmp_path: Path) -> None:
    out = tmp_path / "joined"
    assert export_jsonl(judgement, out, only, quiet, never) == len(names)  # type: ignore[arg-type]  # parametrized
    assert [json.loads(line)["custom_id"] for line in out.read_bytes().splitlines()] == names


def test_parts_are_copied_byte_for_byte(tmp_path: Path) -> None:
    body = b'{ "n": 1.50, "big": 123456789012345678901234567890, "s": "\\u00e9\xc5\x82" }'
    response = b'{"status_code":200,"body":{"choices":[ 1e5 ],"x":0.10}}'
    inputs = write(tmp_path / "in", b'{"custom_id":7, "body" : %b}' % body)
    judgement = judged(inputs, write(tmp_path / "out", b'{"response":%b ,"custom_id":"7"}' % response))
    (line,) = jsonl_lines(judgement, None, quiet, never)
    assert line == b'{"custom_id":7,"request":%b,"response":%b,"error":null}\n' % (body, response)


def test_csv_round_trips(judgement: Judgement, tmp_path: Path) -> None:
    out = tmp_path / "joined.csv"
    assert export_csv(judgement, out, STANDARD, None, quiet, never) == 4
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == tuple(column.name for column in STANDARD)
    assert rows[0]["answer"] == 'He said "=1+1",\nthen\x1b[2J left.'
    assert (rows[0]["status_code"], rows[0]["input_tokens"], rows[0]["finish_reason"]) == ("200", "9", "stop")
    assert [row["state"] for row in rows] == ["ok", "failed", "missing", "ok"]
    assert (rows[1]["error_code"], rows[1]["status_code"]) == ("batch_expired", "")
    assert json.loads(rows[2]["request"])["messages"][0]["content"] == "Ask c."


def test_csv_has_the_chosen_columns_in_their_order(judgement: Judgement) -> None:
    lines = list(csv_lines(judgement, columns_of("answer,custom_id"), "ok", quiet, never))
    assert lines[0] == b"answer,custom_id\r\n"
    assert lines[-1] == b"x,d\r\n"


def test_odd_lines_are_exported_as_far_as_they_go(tmp_path: Path) -> None:
    odd = (
        result("b", chat_body("\0 SURROGATE")).replace(b"SURROGATE", rb"\ud800").replace(b'"index": 0', b'"index": NaN')
    )
    inputs = write(tmp_path / "in", request("a"), request("b"), b"not json", b"[]", end=b"")
    judgement = judged(inputs, write(tmp_path / "out", good("a").replace(b"Some", b"\xff"), odd))
    lines = [json.loads(line) for line in jsonl_lines(judgement, None, quiet, never)]
    assert [line["custom_id"] for line in lines] == ["a", "b", None, None]
    assert [bool(line["response"]) for line in lines] == [True, True, False, False]
    rows = list(csv_lines(judgement, columns_of("custom_id,answer"), None, quiet, never))
    assert [row.decode("utf-8").split(",")[0] for row in rows] == ["custom_id", "a", "b", "\r\n"[:0], "\r\n"[:0]]


def test_a_line_of_fifty_megabytes_is_exported_whole(tmp_path: Path) -> None:
    answer = 'All "of" it.\n' * 3_800_000
    line = good("a", answer)
    judgement = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", line))
    (joined,) = jsonl_lines(judgement, None, quiet, never)
    assert json.loads(joined)["response"] == json.loads(line)["response"]
    (_, row) = csv_lines(judgement, columns_of("answer"), None, quiet, never)
    assert 15_000_000 < len(row) < 20_000_000
    assert b"too long" in row


def test_a_line_that_no_memory_should_hold_is_refused(judgement: Judgement, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.results.pairs.LONGEST", 300)
    with pytest.raises(ResultFileError, match="is too long to be exported"):
        list(jsonl_lines(judgement, None, quiet, never))


def test_without_the_input_the_results_come_in_their_own_order(tmp_path: Path) -> None:
    judgement = judged(None, write(tmp_path / "out", good("z"), good("a")))
    lines = [json.loads(line) for line in jsonl_lines(judgement, None, quiet, never)]
    assert [(line["custom_id"], line["request"]) for line in lines] == [("z", None), ("a", None)]
    assert [row.split(b",")[0] for row in csv_lines(judgement, STANDARD, None, quiet, never)] == [
        b"custom_id",
        b"z",
        b"a",
    ]


def test_a_result_file_that_changed_is_not_exported(judgement: Judgement, tmp_path: Path) -> None:
    os.utime(tmp_path / "out", ns=(1, 1))
    with pytest.raises(FileChangedError, match="out is no longer the file"):
        export_jsonl(judgement, tmp_path / "joined", None, quiet, never)
    assert not (tmp_path / "joined").exists()


def test_a_change_during_the_export_leaves_nothing(judgement: Judgement, tmp_path: Path) -> None:
    def change(_done: int, _total: int) -> None:
        os.utime(tmp_path / "in", ns=(1, 1))

    with pytest.raises(FileChangedError, match="in is no longer the file"):
        export_csv(judgement, tmp_path / "joined", STANDARD, None, change, never)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["err", "in", "out"]


@pytest.mark.parametrize(
    "write_out", [export_jsonl, lambda judgement, out, *rest: export_csv(judgement, out, STANDARD, *rest)]
)
def test_stopping_leaves_nothing(judgement: Judgement, tmp_path: Path, write_out: Callable[..., int]) -> None:
    with pytest.raises(StoppedError):
        write_out(judgement, tmp_path / "joined", None, quiet, lambda: True)
    with pytest.raises(ResultFileError, match="choose another name"):
        write_out(judgement, tmp_path / "err", None, quiet, never)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["err", "in", "out"]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=5, unique=True), st.text(max_size=50))
def test_any_text_comes_through(tmp_path_factory: pytest.TempPathFactory, names: list[str], answer: str) -> None:
    folder = tmp_path_factory.mktemp("export")
    judgement = judged(
        write(folder / "in", *map(request, names)),
        write(folder / "out", *(good(name, answer) for name in reversed(names))),
        write(folder / "err", refused("not in the input")),
    )
    lines = [json.loads(line) for line in jsonl_lines(judgement, None, quiet, never)]
    assert [line["custom_id"] for line in lines] == names
    export_csv(judgement, folder / "csv", columns_of("custom_id,answer"), None, quiet, never)
    with (folder / "csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[1:] == [[name, answer] for name in names]
