"""Lines by number, in files that are large, odd, growing or gone."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.results.result_lines import never, quiet
from tui.files.errors import FileChangedError, ResultFileError
from tui.results.line_index import BLOCK, CHUNK, LineFile, Span


def opened(path: Path) -> LineFile:
    file = LineFile(path)
    assert file.index(quiet, never)
    assert file.final
    return file


def expected_lines(content: bytes) -> list[bytes]:
    pieces = content.split(b"\n")
    whole = [piece.removesuffix(b"\r") for piece in pieces[:-1]]
    return [*whole, pieces[-1]] if pieces[-1] else whole


# Short and long pieces, and newlines in numbers that fill blocks.
_pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\n", b"\r\n", b"\r", b"\0", b"\xff"]),
    st.builds(lambda n: b"x" * n, st.integers(BLOCK - 3, BLOCK + 3)),
    st.builds(lambda n: b"\n" * n, st.integers(1, BLOCK + 3)),
    st.builds(lambda n: b"y\n" * n, st.integers(1, BLOCK)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_pieces, max_size=12).map(b"".join), st.data())
def test_every_line_is_the_one_that_splitting_gives(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("lines") / "file"
    path.write_bytes(content)
    expected = expected_lines(content)
    with opened(path) as file:
        assert file.count == len(expected)
        for _ in range(min(len(expected), 40)):
            number = data.draw(st.integers(0, len(expected) - 1))
            assert file.line(number, limit=len(content)) == expected[number]
            assert file.span(number).length == len(expected[number])
            assert content[file.offset_of(number) :].startswith(expected[number])


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.touch()
    with opened(path) as file:
        assert file.count == 0
        with pytest.raises(IndexError):
            file.line(0)


def test_a_last_line_without_newline_counts(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b'{"a":1}\r\n{"b"')
    with opened(path) as file:
        assert [file.line(0), file.line(1)] == [b'{"a":1}', b'{"b"']
        assert file.span(0) == Span(0, 7, ended=True)
        assert file.span(1) == Span(9, 4, ended=False)


def test_the_first_lines_are_there_before_the_index(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"".join(b"%d\n" % number for number in range(500_000)))
    with LineFile(path) as file:
        assert not file.final
        assert file.indexed == CHUNK < file.size
        assert file.line(100) == b"100"
        known = file.count
        with pytest.raises(IndexError):
            file.line(known)
        assert file.index(quiet, never)
        assert file.count == 500_000
        assert file.line(known) == b"%d" % known


def test_a_huge_line_is_read_up_to_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"a" * 5_000_000 + b"\nend\n")
    with LineFile(path) as file:
        assert file.line(0, limit=10) == b"a" * 10
        assert file.span(0) == Span(0, CHUNK, ended=False)  # as far as it is known yet
        file.index(quiet, never)
        assert file.line(0, limit=10) == b"a" * 10
        assert file.span(0) == Span(0, 5_000_000, ended=True)
        assert file.line(1) == b"end"


def test_a_line_of_a_gigabyte_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as raw:
        raw.truncate(1_000_000_000)
        raw.seek(0, os.SEEK_END)
        raw.write(b"\nend\n")
    with opened(path) as file:
        assert file.span(0).length == 1_000_000_000
        assert file.line(0, limit=4) == bytes(4)
        assert file.line(1) == b"end"


def test_the_index_can_be_stopped_and_taken_up_again(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"line\n" * 2_000_000)
    seen: list[int] = []
    with LineFile(path) as file:
        assert not file.index(lambda done, _: seen.append(done), lambda: len(seen) == 3)
        assert file.indexed == seen[-1] == 4 * CHUNK
        assert file.index(quiet, never)
        assert file.count == 2_000_000


def test_a_file_that_grows_is_followed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\ntw")
    with opened(path) as file:
        assert not file.refresh()
        with path.open("ab") as more:
            more.write(b"o\nthree\n")
        assert file.refresh()
        assert not file.final
        file.index(quiet, never)
        assert [file.line(number) for number in range(file.count)] == [b"one", b"two", b"three"]


@pytest.mark.parametrize("change", ["shrink", "remove", "replace"])
def test_a_file_that_is_no_longer_the_same_is_noticed(tmp_path: Path, change: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\ntwo\n")
    with opened(path) as file:
        if change == "shrink":
            os.truncate(path, 5)
        else:
            path.unlink()
            if change == "replace":
                path.write_bytes(b"one\ntwo\n")
        with pytest.raises(FileChangedError, match=r"file (became|was) \w+ while it was open"):
            file.refresh()


def test_reading_what_was_cut_away_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"line\n" * 100_000)
    with opened(path) as file:
        os.truncate(path, 100)
        with pytest.raises(FileChangedError, match="became shorter"):
            file.line(90_000)
        assert file.line(3) == b"line"


def test_reading_what_was_rewritten_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"line\n" * 100_000)
    with opened(path) as file:
        path.write_bytes(b"longer\n" * (500_000 // 7 + 1))
        with pytest.raises(FileChangedError, match="rewritten"):
            file.line(13_107)  # the last one that ends in the first block


def test_a_cut_while_the_index_is_built_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"line\n" * 1_000_000)
    with LineFile(path) as file:
        os.truncate(path, CHUNK)
        with pytest.raises(FileChangedError, match="became shorter"):
            file.index(quiet, never)


def test_what_is_no_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ResultFileError, match=r"^Cannot read none: No such file or directory\.$"):
        LineFile(tmp_path / "none")
    with pytest.raises(ResultFileError, match="not a regular file"):
        LineFile(tmp_path)
    with pytest.raises(ResultFileError, match="not a regular file"):
        LineFile(tmp_path / "pipe")


def test_a_name_cannot_smuggle_an_escape_into_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError) as caught:
        LineFile(tmp_path / "a\x1b]0;b")
    assert "\x1b" not in str(caught.value)


def test_closing_while_another_thread_indexes_is_safe(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"line\n" * 3_000_000)
    file = LineFile(path)
    ended: list[BaseException | bool] = []

    def work() -> None:
        try:
            ended.append(file.index(quiet, never))
        except ValueError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    file.close()
    thread.join(10)
    assert len(ended) == 1
    with pytest.raises(ValueError, match="closed"):
        file.line(0)
