"""The verdict over a batch's three files, and whether the server's counts agree with it."""

import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import chat_body, expired, good, judged, never, quiet, refused, request, result, write
from tui.files.errors import FileChangedError, ResultFileError, StoppedError
from tui.files.id_index import IdTable
from tui.results.check import Reported
from tui.results.join import Returned, judge
from tui.results.match import Place, RequestIndex
from tui.results.parse import custom_id_of


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.sampled_from("abcdefghij"), max_size=60))
def test_rows_are_found_by_identifier(names: list[str | None]) -> None:
    table = IdTable()
    seen: set[str | None] = {None}
    for name in names:
        assert table.add(name) == (name is not None and name in seen)
        seen.add(name)
    for name in "abcdefghijk":
        expected = [row for row, other in enumerate(names) if other == name]
        assert sorted(table.rows(name)) == expected
        assert table.first(name) == (expected[0] if expected else -1)


def test_a_table_grows() -> None:
    table = IdTable()
    for number in range(20_000):
        table.add(f"id-{number}")
    assert all(table.first(f"id-{number}") == number for number in range(20_000))
    assert table.first("id-20000") == -1


def test_the_request_of_a_result_line(tmp_path: Path) -> None:
    lines = [request("a"), b"", request("b"), b"not json", request("a", "again"), request("\x1bodd")]
    path = write(tmp_path / "in.jsonl", *lines, end=b"")
    index = RequestIndex.build(path, quiet, never)
    assert (len(index), index.repeated, index.unnamed) == (5, 1, 1)
    (place,) = index.request_for(good("b"))
    assert place == Place(3, len(lines[0]) + 2, len(lines[2]) + 1)
    assert index.read(place) == lines[2]
    assert index.read(place, limit=5) == lines[2][:5]
    assert [index.read(found) for found in index.find("a")] == [lines[0], lines[4]]
    assert [found.line for found in index.request_for(good("\x1bodd"))] == [6]
    assert index.find("c") == index.request_for(b"oops") == index.request_for(b"") == ()


def test_a_huge_request_is_found_wherever_its_custom_id_stands(tmp_path: Path) -> None:
    big = b'{"body": {"input": "%b"}, "custom_id": "late"}' % (b"x" * 9_000_000)
    index = RequestIndex.build(write(tmp_path / "in", request("a"), big), quiet, never)
    assert [place.line for place in index.find("late")] == [2]


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_a_custom_id_is_never_taken_for_a_part_of_it(size: int) -> None:
    """Wherever the bytes that are looked at first may end in it."""
    for before in range(8150, 8200):
        line = b'{"x": "%b", "custom_id": "%b", "body": "%b"' % (b"y" * before, b"name-" * 9, b"z" * size)
        assert custom_id_of(line + b"}") == custom_id_of(line) == "name-" * 9


def test_an_input_that_changed_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "in.jsonl", request("a"), request("b"))
    index = RequestIndex.build(path, quiet, never)
    write(path, request("b"), request("a"))
    os.utime(path, ns=(1, 1))
    with pytest.raises(FileChangedError, match=r"in\.jsonl is no longer the file"):
        index.find("a")
    path.unlink()
    with pytest.raises(ResultFileError, match="Cannot read"):
        index.find("a")


def test_a_batch_without_fault(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(50)]
    inputs = write(tmp_path / "in", *map(request, names))
    output = write(tmp_path / "out", *map(good, reversed(names)))
    verdict = judged(inputs, output, None, 50, 50, 0).verdict
    assert (verdict.requests, verdict.ok, verdict.failed, verdict.missing) == (50, 50, 0, 0)
    assert verdict.agrees is True
    assert verdict.notes == ()
    assert judged(inputs, output).verdict.agrees is None


def test_counts_that_hide_failures_are_told_apart_from_the_truth(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(1000)]
    inputs = write(tmp_path / "in", *map(request, names))
    output = write(tmp_path / "out", *map(good, names[10:]))
    errors = write(tmp_path / "err", *(result(name, "", 0) for name in names[:10]))
    verdict = judged(inputs, output, errors, 1000, 1000, 0).verdict
    assert verdict.agrees is False
    assert verdict.notes == (
        "The server reports 1,000 completed, 0 failed; the files have 990 ok, 10 failed with status 0.",
    )
    (group,) = verdict.failures
    assert (group.status_code, group.code, group.count, group.example_custom_id) == (0, None, 10, "r0")


@pytest.mark.parametrize(("counts", "sentence"), [
    ((4, 4, 0), "The server reports 4 completed, 0 failed; the files have 1 ok, 3 failed (2 with too_long)."),
    ((9, 1, 3), "The server reports 9 requests, 1 completed, 3 failed; the files have 1 ok, 3 failed "
                "(2 with too_long), of 4 requests."),
    ((9,), "The server reports 9 requests; the files have 1 ok, 3 failed (2 with too_long), of 4 requests."),
])  # fmt: skip
def test_what_disagrees_is_told_in_one_sentence(tmp_path: Path, counts: tuple[int, ...], sentence: str) -> None:
    inputs = write(tmp_path / "in", *map(request, "abcd"))
    errors = write(tmp_path / "err", refused("b", code="too_long"), refused("c", code="too_long"), refused("d"))
    assert judged(inputs, write(tmp_path / "out", good("a")), errors, *counts).verdict.notes == (sentence,)


def test_requests_that_were_never_run_may_be_counted_either_way(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *map(request, "abcd"))
    output = write(tmp_path / "out", good("a"), good("b"))
    errors = write(tmp_path / "err", refused("c"), expired("d"))
    assert judged(inputs, output, errors, 4, 2, 2).verdict.agrees is True
    assert judged(inputs, output, errors, 4, 2, 1).verdict.agrees is True
    wrong = judged(inputs, output, errors, 4, 2, 0).verdict
    assert wrong.agrees is False
    assert wrong.notes == (
        "The server reports 2 completed, 0 failed; the files have 2 ok, 1 failed with invalid_value, 1 not run.",
    )
    assert judged(inputs, output, errors, 5, 2, 2).verdict.agrees is False


def test_everything_that_can_be_wrong_at_once(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *map(request, ["a", "b", "c", "d", "e", "e"]), b"no request")
    output = write(
        tmp_path / "out",
        good("a"),
        good("a"),
        b"",
        good("zz"),
        b"\0" * 30,
        b'{"response": 1}',
        good("e"),
        good("b")[:99],
        end=b"",
    )
    errors = write(tmp_path / "err", refused("c"), refused("a"), refused("d"))
    verdict = judged(inputs, output, errors).verdict
    assert (verdict.requests, verdict.ok, verdict.failed, verdict.missing) == (7, 2, 2, 2)
    assert (verdict.duplicate, verdict.unknown, verdict.repeated) == (2, 2, 1)
    assert (verdict.unreadable, verdict.unnamed) == (1, 1)
    assert (
        verdict.notes[0] == "2 result lines cannot be read: line 5 of the output file, line 8 of the output file (b)."
    )
    assert [note.split(" ")[0] for note in verdict.notes] == ["2", "2", "2", "2", "1"]


def test_a_good_result_counts_whichever_comes_first(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", request("a"))
    for lines in ([good("a"), refused("a")], [refused("a"), good("a")]):
        judgement = judged(inputs, write(tmp_path / "out", *lines))
        verdict = judgement.verdict
        assert (verdict.ok, verdict.failed, verdict.duplicate, verdict.failures) == (1, 0, 1, ())
        found = judgement.result(0)
        assert found is not None
        assert (tmp_path / "out").read_bytes()[found[1] : found[1] + found[2]].strip() == good("a")


def test_results_of_another_batch(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *map(request, "ab"))
    verdict = judged(inputs, write(tmp_path / "out", good("x"), good("y")), None, 2, 2, 0).verdict
    assert verdict.foreign
    assert verdict.notes == (
        "None of the 2 results answers a request of this input file: they belong to another batch.",
    )


@pytest.mark.parametrize("which", ["neither", "empty output", "empty errors"])
def test_files_with_nothing_in_them(tmp_path: Path, which: str) -> None:
    inputs = write(tmp_path / "in", *map(request, "ab"))
    empty = write(tmp_path / "empty")
    some = write(tmp_path / "some", good("a"))
    output, errors = {"neither": (None, None), "empty output": (empty, some), "empty errors": (some, empty)}[which]
    verdict = judged(inputs, output, errors).verdict
    assert (verdict.ok, verdict.missing) == ((0, 2) if which == "neither" else (1, 1))
    assert not verdict.foreign
    assert judged(empty, some).verdict.foreign


def test_without_the_input_file_the_results_speak_for_themselves(tmp_path: Path) -> None:
    output = write(tmp_path / "out", good("a"), good("b"), good("a"))
    errors = write(tmp_path / "err", refused("c"))
    judgement = judged(None, output, errors, 4, 2, 1)
    verdict = judgement.verdict
    assert (verdict.requests, verdict.missing) == (None, None)
    assert (verdict.ok, verdict.failed, verdict.duplicate, verdict.unknown) == (2, 1, 1, 0)
    assert verdict.agrees is True
    assert [judgement.state(row) for row in range(len(judgement))] == ["ok", "ok", "failed"]


def test_a_line_of_fifty_megabytes_counts_like_any_other(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *map(request, "abc"))
    output = write(tmp_path / "out", good("a"), good("b", "y" * 50_000_000), good("c"))
    judgement = judged(inputs, output)
    assert judgement.verdict.ok == 3
    found = judgement.result(1)
    assert found is not None
    assert found[2] > 50_000_000


def test_a_line_over_every_bound_is_judged_by_its_head(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.files.line_stream.each_line.__defaults__", (1000,))
    inputs = write(tmp_path / "in", *map(request, "abc"))
    output = write(tmp_path / "out", good("a", "x" * 5000), refused("b", "x" * 5000), good("c"))
    verdict = judged(inputs, output).verdict
    assert (verdict.ok, verdict.failed, verdict.unreadable) == (2, 1, 0)


def test_a_file_that_changes_while_it_is_read_gives_no_verdict(tmp_path: Path) -> None:
    index = RequestIndex.build(write(tmp_path / "in", request("a")), quiet, never)
    output = write(tmp_path / "out", *(good("a", "x" * 1000) for _ in range(3000)))

    def grow(_done: int, _total: int) -> None:
        with output.open("ab") as file:
            file.write(b"more\n")

    with pytest.raises(FileChangedError, match="out changed while it was being read"):
        judge(index, [Returned(output, None, Reported())], progress=grow, cancelled=never)


def test_it_stops_when_it_is_told_to(tmp_path: Path) -> None:
    path = write(tmp_path / "in", *(request(f"{number}", "x" * 1000) for number in range(5000)))
    asked: list[int] = []
    with pytest.raises(StoppedError):
        RequestIndex.build(path, lambda done, _: asked.append(done), lambda: len(asked) == 2)
    assert len(asked) == 2
    with pytest.raises(StoppedError):
        judge(None, [Returned(path, None, Reported())], progress=quiet, cancelled=lambda: True)


def test_progress_runs_over_both_files(tmp_path: Path) -> None:
    output, errors = write(tmp_path / "out", good("a")), write(tmp_path / "err", refused("b"))
    seen: list[tuple[int, int]] = []
    judge(None, [Returned(output, errors, Reported())], progress=lambda *pair: seen.append(pair), cancelled=never)
    total = output.stat().st_size + errors.stat().st_size
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)


_ids = st.sampled_from("abcdef")


@settings(max_examples=150, deadline=None)
@given(st.lists(_ids, max_size=8), st.lists(st.tuples(_ids, st.booleans()), max_size=14), st.integers(0, 14))
def test_the_verdict_is_what_counting_by_hand_gives(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], results: list[tuple[str, bool]], split: int
) -> None:
    folder = tmp_path_factory.mktemp("verdict")
    lines = [good(name) if ok else refused(name) for name, ok in results]
    verdict = judged(
        write(folder / "in", *map(request, names)),
        write(folder / "out", *lines[:split]),
        write(folder / "err", *lines[split:]),
    ).verdict
    asked = Counter(names)
    known = [(name, ok) for name, ok in results if name in asked]
    answered = Counter(name for name, _ in known)
    assert verdict.unknown == len(results) - len(known)
    assert verdict.missing == sum(max(0, asked[name] - answered[name]) for name in asked)
    assert verdict.duplicate == sum(max(0, answered[name] - asked[name]) for name in asked)
    assert verdict.repeated == len(names) - len(asked)
    assert verdict.requests == len(names) == verdict.ok + verdict.failed + (verdict.missing or 0)
    assert sum(group.count for group in verdict.failures) == verdict.failed
    once = [name for name in asked if asked[name] == 1]
    goods = {name for name, ok in results if ok}
    assert verdict.ok >= sum(name in goods for name in once)
    if len(once) == len(asked):
        assert verdict.ok == sum(name in goods for name in once)


def test_slow_and_fast_lines_agree_in_bulk(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(300)]
    lines = [good(name) if number % 2 else result(name, chat_body(), "200") for number, name in enumerate(names)]
    assert judged(write(tmp_path / "in", *map(request, names)), write(tmp_path / "out", *lines)).verdict.ok == 300
