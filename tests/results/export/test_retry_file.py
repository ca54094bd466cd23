"""The requests to run again: exactly those, byte for byte, or no file at all."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import expired, good, judged, never, quiet, refused, request, result, write
from tui.files.errors import FileChangedError, ResultFileError, StoppedError
from tui.results.export.retry_file import Remainder, write_remainder


def test_what_has_no_good_result_is_written_as_it_stood(tmp_path: Path) -> None:
    lines = [
        request("a"),
        b'  {"custom_id" : "b", "body":{"x": 1.50} }\r',
        b"",
        request("c", "zażółć \\u0000"),
        request("d"),
        request("e"),
    ]
    inputs = write(tmp_path / "in", *lines, end=b"")
    output = write(tmp_path / "out", good("a"), good("d"))
    errors = write(tmp_path / "err", refused("b"), expired("c"))
    out = tmp_path / "again"
    told = write_remainder(judged(inputs, output, errors), out, quiet, never)
    assert told == Remainder(3, out, failed=1, expired=1, cancelled=0, missing=1, unreadable=0)
    assert out.read_bytes() == lines[1] + b"\n" + lines[3] + b"\n" + lines[5]
    assert out.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "err", "in", "out"]


def test_nothing_is_written_when_all_is_well(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", good("a")))
    told = write_remainder(judgement, tmp_path / "again", quiet, never)
    assert (told.requests, told.out) == (0, None)
    assert not (tmp_path / "again").exists()


def test_lines_that_could_not_be_read_are_told(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", request("a"), request("b"))
    judgement = judged(inputs, write(tmp_path / "out", good("a"), good("b")[:200], end=b""))
    told = write_remainder(judgement, tmp_path / "again", quiet, never)
    assert (told.requests, told.missing, told.unreadable) == (1, 0, 1)


def test_results_of_another_batch_make_no_remainder(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path / "in", request("a")), write(tmp_path / "out", good("x")))
    with pytest.raises(ResultFileError, match="another batch"):
        write_remainder(judgement, tmp_path / "again", quiet, never)
    with pytest.raises(ValueError, match="input file"):
        write_remainder(judged(None, tmp_path / "out"), tmp_path / "again", quiet, never)


@pytest.mark.parametrize("name", ["in", "out", "link"])
def test_no_file_is_made_over_what_it_is_made_from(tmp_path: Path, name: str) -> None:
    inputs = write(tmp_path / "in", request("a"))
    judgement = judged(inputs, write(tmp_path / "out", refused("a")))
    (tmp_path / "link").symlink_to(inputs)
    before = inputs.read_bytes(), (tmp_path / "out").read_bytes()
    with pytest.raises(ResultFileError, match="choose another name"):
        write_remainder(judgement, tmp_path / name, quiet, never)
    assert (inputs.read_bytes(), (tmp_path / "out").read_bytes()) == before


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    inputs = write(tmp_path / "in", *(request(f"r{number}", "x" * 5000) for number in range(1000)))
    judgement = judged(inputs, None)
    out = write(tmp_path / "again", b"old")
    with pytest.raises(StoppedError):
        write_remainder(judgement, out, quiet, lambda: True)

    def cut(done: int, total: int) -> None:
        if done:
            os.truncate(inputs, 100)

    with pytest.raises(FileChangedError):
        write_remainder(judgement, out, cut, never)
    with pytest.raises(FileChangedError, match="no longer the file"):
        write_remainder(judgement, out, quiet, never)
    assert out.read_bytes() == b"old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "in"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    judgement = judged(write(tmp_path / "in", request("a")), None)
    with pytest.raises(ResultFileError, match=r"^Cannot write again: No such file or directory\.$"):
        write_remainder(judgement, tmp_path / "none" / "again", quiet, never)
    with pytest.raises(ResultFileError, match="Cannot write"):
        write_remainder(judgement, tmp_path, quiet, never)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_long_line_goes_over_whole(tmp_path: Path) -> None:
    lines = [request("a"), request("b", "z" * 50_000_000), request("c")]
    inputs = write(tmp_path / "in", *lines)
    out = tmp_path / "again"
    write_remainder(judged(inputs, write(tmp_path / "out", good("a"))), out, quiet, never)
    assert out.read_bytes() == lines[1] + b"\n" + lines[2] + b"\n"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(["ok", "failed", "zero", "missing", "blank"]), max_size=12), st.booleans())
def test_good_and_remainder_together_are_the_input(
    tmp_path_factory: pytest.TempPathFactory, fates: list[str], newline: bool
) -> None:
    folder = tmp_path_factory.mktemp("remainder")
    lines = [b"" if fate == "blank" else request(f"r{place}") for place, fate in enumerate(fates)]
    made: dict[str, Callable[[str], bytes]] = {"ok": good, "failed": refused, "zero": lambda name: result(name, "", 0)}
    results = [made[fate](f"r{place}") for place, fate in enumerate(fates) if fate in made]
    inputs = write(folder / "in", *lines, end=b"\n" if newline else b"")
    judgement = judged(inputs, write(folder / "out", *reversed(results)))
    told = write_remainder(judgement, folder / "again", quiet, never)
    expected = [line for line, fate in zip(lines, fates, strict=True) if fate not in ("ok", "blank")]
    assert told.requests == len(expected) == told.failed + told.missing
    if expected:
        assert (folder / "again").read_bytes().split() == b"\n".join(expected).split()
