"""Reading result lines one at a time: whole files, files on their way, the results of chosen requests."""

import json
from array import array
from pathlib import Path

import pytest

from tests.results.result_lines import good, judged, never, quiet, refused, request, result, write
from tui.files.errors import FileChangedError, ResultFileError, StoppedError
from tui.flows.host.pager import plain_name, save
from tui.flows.results.file_reader import FileReader
from tui.flows.results.find import find_id, find_text
from tui.flows.results.joined_reader import RowReader
from tui.flows.results.reader import Reader
from tui.results.match import RequestIndex


def found(reader: Reader, text: str, key: int, *, forward: bool = True) -> tuple[int, bool] | None:
    return find_text(reader, text, key, forward=forward, told=quiet, cancelled=never)


@pytest.fixture
def output(tmp_path: Path) -> Path:
    lines = [good(f"r-{number}", f"Answer {number} of Müller\n\x1b]52;c;x\x07") for number in range(5)]
    return write(tmp_path / "out.jsonl", *lines)


def test_a_file_is_read_line_by_line(output: Path) -> None:
    reader = FileReader(output)
    assert list(reader.keys) == [0, 1, 2, 3, 4] and reader.final and reader.size == output.stat().st_size
    row = reader.row_now(2)
    assert row is not None and (row.custom_id, row.ok, reader.number(2)) == ("r-2", True, 3)
    assert reader.text(2, "answer") == "Answer 2 of Müller\n␛]52;c;x␇"
    assert '"custom_id": "r-2"' in reader.text(2, "json")
    assert "\x1b" not in reader.text(2, "json")
    assert [reader.nearest(number) for number in (0, 1, 5, 900)] == [0, 0, 4, 4]
    assert reader.raw(2, "json") == good("r-2", "Answer 2 of Müller\n\x1b]52;c;x\x07") + b"\n"
    reader.close()


def test_a_line_takes_its_request_with_it(output: Path, tmp_path: Path) -> None:
    asked = write(tmp_path / "in.jsonl", *(request(f"r-{number}", f"Question {number}?") for number in (4, 3, 2)))
    reader = FileReader(output)
    assert reader.text(3, "request") == "The input file is not here yet." and not reader.question(3)
    reader.requests = RequestIndex.build(asked, quiet, never)
    assert reader.question(3) == "Question 3?"
    assert '"content": "Question 3?"' in reader.text(3, "request")
    assert reader.raw(3, "request") == request("r-3", "Question 3?") + b"\n"
    assert reader.text(0, "request") == "No request in the input file has this custom_id."
    with pytest.raises(ResultFileError, match="No request in the input file"):
        reader.raw(0, "request")
    asked.write_bytes(b"")
    with pytest.raises(FileChangedError):
        reader.question(3)


def test_a_long_line_is_left_to_a_thread_and_cut(tmp_path: Path) -> None:
    long = good("long", "word " * 60_000)
    reader = FileReader(write(tmp_path / "out.jsonl", good("short"), long))
    assert reader.row_now(0) is not None and reader.row_now(1) is None
    assert reader.row(1).custom_id == "long"
    assert reader.row_now(1) == reader.row(1)
    assert 20_000 < len(reader.text(1, "answer")) < 60_000
    assert "bytes more" in reader.text(1, "json") or "more of this" in reader.text(1, "json")
    assert reader.raw(1, "answer") == ("word " * 60_000).encode()
    assert reader.raw(1, "json") == long + b"\n"


def test_a_growing_file_shows_whole_lines_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.part"
    first, second = good("a") + b"\n", good("b") + b"\n"
    path.write_bytes(first + second[:30])
    reader = FileReader(path, growing=True)
    assert len(reader.keys) == 1 and not reader.final
    with path.open("ab") as file:
        file.write(second[30:])
    reader.grow()
    assert [reader.row(key).custom_id for key in reader.keys] == ["a", "b"]
    path.write_bytes(first[:10])
    with pytest.raises(FileChangedError):
        reader.grow()


def test_text_is_found_forward_backward_and_around(output: Path) -> None:
    reader = FileReader(output)
    assert found(reader, "answer", 0) == (1, False)
    assert found(reader, "Answer", 0) == (1, False)
    assert found(reader, "ANSWER", 0) is None
    assert found(reader, "answer", 3, forward=False) == (2, False)
    assert found(reader, "answer", 4) == (0, True)
    assert found(reader, "answer", 0, forward=False) == (4, True)
    assert found(reader, "answer 3", 3) == (3, True)
    assert found(reader, "nothing", 0) is None


@pytest.mark.parametrize("ascii_only", [True, False])
def test_text_is_found_however_json_has_it(tmp_path: Path, ascii_only: bool) -> None:
    line = {"custom_id": "q", "response": {"status_code": 200, "body": 'Er sagte "grün" 日本 \\ Ende'}, "error": None}
    path = write(tmp_path / "out.jsonl", good("a"), json.dumps(line, ensure_ascii=ascii_only).encode())
    reader = FileReader(path)
    for text in ("grün", "日本", 'sagte "grün"', "\\ Ende"):
        assert found(reader, text, 0) == (1, False), text


def test_text_across_the_pieces_of_a_search_is_found_once(tmp_path: Path) -> None:
    # The needle's letters lie on both sides of the first MiB, then behind it.
    for before in range((1 << 20) - 6, (1 << 20) + 2):
        path = tmp_path / "out.jsonl"
        path.write_bytes(b"x" * before + b"needle\n" + b"y" * 50 + b"\nneedle\n")
        reader = FileReader(path)
        assert found(reader, "needle", 1) == (2, False)
        assert found(reader, "needle", 1, forward=False) == (0, False)
        assert found(reader, "needle", 2) == (0, True)
        reader.close()


def test_a_search_is_given_up_when_told_to(output: Path) -> None:
    with pytest.raises(StoppedError):
        find_text(FileReader(output), "nothing", 0, forward=True, told=quiet, cancelled=lambda: True)


def test_an_id_is_not_mistaken_for_a_name_in_an_answer(tmp_path: Path) -> None:
    inside = result("a", {"object": "chat.completion", "choices": [{"message": {"content": ""}, "name": "wanted"}]})
    reader = FileReader(write(tmp_path / "out.jsonl", inside, good("wanted"), good("wanted-2")))
    assert find_id(reader, "wanted", quiet, never) == 1
    assert find_id(reader, "want", quiet, never) is None


def test_chosen_requests_are_read_across_both_files_in_their_order(tmp_path: Path) -> None:
    asked = write(tmp_path / "in.jsonl", *(request(name, f"About {name}?") for name in "abcd"))
    out = write(tmp_path / "out.jsonl", good("d"), good("a"))
    errors = write(tmp_path / "err.jsonl", refused("b", "Too long."))
    judgement = judged(asked, out, errors)
    reader = RowReader(judgement, array("I", [0, 1, 2, 3]))
    assert [reader.row(key).custom_id for key in reader.keys] == list("abcd")
    assert [reader.row(key).ok for key in reader.keys] == [True, False, False, True]
    assert reader.row(2).error_message == "No result came for this request." == reader.text(2, "answer")
    assert reader.text(1, "answer") == "invalid_value: Too long."
    assert [reader.question(key) for key in reader.keys] == [f"About {name}?" for name in "abcd"]
    assert found(reader, "too long", 0) == (1, False)
    assert find_id(reader, "c", quiet, never) == 2
    some = RowReader(judgement, array("I", [1, 3]))
    assert [some.number(key) for key in some.keys] == [2, 4]
    assert [some.nearest(number) for number in (1, 2, 3, 9)] == [1, 1, 3, 3]
    errors.write_bytes(b"")
    with pytest.raises(FileChangedError):
        reader.text(1, "json")


def test_the_whole_of_a_chosen_line_is_given_without_a_remark(tmp_path: Path) -> None:
    out = write(tmp_path / "out.jsonl", good("a", "Short."))
    reader = RowReader(judged(None, out), array("I", [0]))
    assert reader.text(0, "json").endswith("}")
    assert reader.raw(0, "json") == out.read_bytes()


def test_a_line_is_saved_whole_or_not_at_all(output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, goal = FileReader(output), tmp_path / "saved.txt"
    assert save(reader, 0, "answer", goal) == goal.stat().st_size
    before = goal.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tui.files.atomic.os.fsync", full)
    with pytest.raises(ResultFileError, match=r"^Cannot write saved.txt: No space left on device.$"):
        save(reader, 1, "answer", goal)
    assert goal.read_bytes() == before
    assert not list(tmp_path.glob(".lazybatch-*"))


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("review-1", "review-1.txt"),
        ("../../etc/passwd", "etc-passwd.txt"),
        ("\x1b[31mレビュー", "31m.txt"),
        ("...", "line.txt"),
        ("", "line.txt"),
        ("x" * 500, "x" * 60 + ".txt"),
    ],
)
def test_a_custom_id_never_chooses_a_path(name: str, plain: str) -> None:
    assert plain_name(name, "answer") == plain
