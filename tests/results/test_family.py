"""Several batches read as one: a batch and what ran its requests again, the parts of a file."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import expired, good, never, quiet, refused, request, write
from tui.files.errors import FileChangedError
from tui.results.check import Reported
from tui.results.export.jsonl import jsonl_lines
from tui.results.export.retry_file import write_remainder
from tui.results.join import Judgement, Returned, judge
from tui.results.match import Place, RequestIndex
from tui.results.selection import Choice, chosen


def index(*paths: Path) -> RequestIndex:
    return RequestIndex.of_parts(paths, quiet, never)


def read(requests: RequestIndex | None, *batches: Returned) -> Judgement:
    return judge(requests, batches, progress=quiet, cancelled=never)


@pytest.fixture
def again(tmp_path: Path) -> tuple[Returned, Returned]:
    """Of a to e, b to d failed and e expired; then b came out well, c failed otherwise, d is missing, e is good."""
    first = Returned(
        write(tmp_path / "out1", good("a", "first")),
        write(tmp_path / "err1", refused("b"), refused("c"), refused("d"), expired("e")),
        Reported(5, 1, 4),
        "batch_1",
    )
    second = Returned(
        write(tmp_path / "out2", good("e", "again"), good("b", "again")),
        write(tmp_path / "err2", refused("c", "Too long.", "too_long", 413)),
        Reported(4, 2, 1),
        "batch_2",
    )
    return first, second


def test_what_was_run_again_counts(tmp_path: Path, again: tuple[Returned, Returned]) -> None:
    found = read(index(write(tmp_path / "in", *map(request, "abcde"))), *again)
    verdict = found.verdict
    assert [found.state(row) for row in range(5)] == ["ok", "ok", "failed", "failed", "ok"]
    assert (verdict.requests, verdict.ok, verdict.failed, verdict.missing) == (5, 3, 2, 0)
    assert (verdict.duplicate, verdict.unknown) == (0, 0)
    assert {(group.code, group.count) for group in verdict.failures} == {("invalid_value", 1), ("too_long", 1)}
    lines = b"".join(jsonl_lines(found, None, quiet, never))
    assert lines.count(b'"content": "again"') == 2 and lines.count(b'"content": "first"') == 1
    assert verdict.agrees is True and verdict.notes == ()


def test_counts_are_held_against_each_batch(tmp_path: Path, again: tuple[Returned, Returned]) -> None:
    first, second = again
    liar = Returned(second.output, second.errors, Reported(4, 4, 0), "batch_2")
    verdict = read(index(write(tmp_path / "in", *map(request, "abcde"))), first, liar).verdict
    assert verdict.agrees is False
    assert verdict.notes == ("Of batch_2 the server reports 4 completed, 0 failed; its files have 2 ok, 1 failed.",)


def test_a_good_result_is_never_lost_to_a_later_bad_one(tmp_path: Path) -> None:
    first = Returned(write(tmp_path / "out", good("a")), None, Reported(), "batch_1")
    second = Returned(None, write(tmp_path / "err", refused("a")), Reported(), "batch_2")
    found = read(index(write(tmp_path / "in", request("a"))), first, second)
    assert (found.state(0), found.verdict.duplicate) == ("ok", 1)
    assert found.result(0) == (0, 0, len(good("a")) + 1)


def test_requests_of_one_custom_id_are_answered_in_turn_in_each_batch(tmp_path: Path) -> None:
    first = Returned(None, write(tmp_path / "err", refused("a"), refused("a")), Reported(), "batch_1")
    second = Returned(write(tmp_path / "out", good("a", "x"), good("a", "y")), None, Reported(), "batch_2")
    verdict = read(index(write(tmp_path / "in", request("a"), request("a"))), first, second).verdict
    assert (verdict.ok, verdict.failed, verdict.duplicate, verdict.failures) == (2, 0, 0, ())


def test_what_ran_requests_of_other_parts_as_well_is_no_fault(tmp_path: Path) -> None:
    requests = index(write(tmp_path / "in", request("a")))
    first = Returned(None, write(tmp_path / "err", refused("a")), Reported(1, 0, 1), "batch_1")
    output = write(tmp_path / "out", good("a"), good("of another part"))
    wider = Returned(output, None, Reported(2, 2, 0), "batch_2", wider=True)
    verdict = read(requests, first, wider).verdict
    assert (verdict.ok, verdict.unknown, verdict.agrees, verdict.notes) == (1, 0, True, ())
    assert read(requests, first, Returned(output, None, Reported(2, 2, 0), "batch_2")).verdict.unknown == 1


def test_without_the_input_file_too(again: tuple[Returned, Returned]) -> None:
    verdict = read(None, *again).verdict
    assert (verdict.requests, verdict.ok, verdict.failed) == (None, 3, 2)


def test_parts_are_read_in_their_order(tmp_path: Path) -> None:
    # The first ends without a newline, the second has a blank line.
    one = write(tmp_path / "one", request("a"), request("b"), end=b"")
    two = write(tmp_path / "two", b"", request("c"), request("d"))
    requests = index(one, two)
    assert len(requests) == 4 and [requests.number(row) for row in range(4)] == [1, 2, 3, 4]
    assert requests.place(2) == Place(2, 1, len(request("c")) + 1, 1)
    assert requests.find("c") == (requests.place(2),) and requests.read(requests.place(2)) == request("c")
    assert [list(requests.rows_of(file)) for file in (0, 1)] == [[0, 1], [2, 3]]
    found = read(
        requests,
        Returned(write(tmp_path / "out1", good("a")), write(tmp_path / "err1", refused("b")), Reported(2, 1, 1), "b1"),
        Returned(write(tmp_path / "out2", good("d")), None, Reported(2, 1, 0), "b2"),
    )
    assert [found.state(row) for row in range(4)] == ["ok", "failed", "missing", "ok"]
    out = tmp_path / "rest"
    assert write_remainder(found, out, quiet, never).requests == 2
    assert out.read_bytes() == request("b") + b"\n" + request("c") + b"\n"
    two.write_bytes(b"")
    with pytest.raises(FileChangedError, match="two is no longer the file"):
        list(jsonl_lines(found, None, quiet, never))


def test_answers_cut_short_are_found_in_any_of_the_files(tmp_path: Path) -> None:
    cut = good("b").replace(b'"stop"', b'"length"')
    found = read(
        index(write(tmp_path / "in", request("a"), request("b"))),
        Returned(write(tmp_path / "out1", good("a")), write(tmp_path / "err1", refused("b")), Reported(), "b1"),
        Returned(write(tmp_path / "out2", cut), None, Reported(), "b2"),
    )
    assert list(chosen(found, Choice("finish length", finish="length"))) == [1]


_ids = st.sampled_from("abcdef")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(_ids, st.booleans()), min_size=2, max_size=4))
def test_the_whole_is_what_reading_one_after_another_gives(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[str, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("joined")
    state: dict[str, bool] = {}
    batches = []
    for number, results in enumerate(rounds):
        lines = [good(name) if ok else refused(name) for name, ok in results.items()]
        counts = Reported(None, sum(results.values()), len(results) - sum(results.values()))
        batches.append(Returned(write(folder / f"out{number}", *lines), None, counts, f"b{number}"))
        state |= {name: ok or state.get(name, False) for name, ok in results.items()}
    found = read(index(write(folder / "in", *map(request, "abcdef"))), *batches)
    expected = ["ok" if state.get(name) else "failed" if name in state else "missing" for name in "abcdef"]
    assert [found.state(row) for row in range(6)] == expected
    assert sum(group.count for group in found.verdict.failures) == found.verdict.failed == expected.count("failed")
