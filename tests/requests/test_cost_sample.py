"""The sample: every byte has the same chance, and what is made of it is right on average."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.requests import sample
from tui.requests.sample import Sampled
from tui.requests.source import Source

FILES = st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"")), min_size=1, max_size=12)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "requests.jsonl"


@settings(max_examples=60, deadline=None)
@given(lines=FILES, final=st.booleans(), reach=st.sampled_from([1, 3, 8192]))
def test_each_byte_leads_to_its_line(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], final: bool, reach: int
) -> None:
    content = b"\n".join(lines) + b"\n" * final
    path = tmp_path_factory.mktemp("sample") / "f"
    path.write_bytes(content)
    whole = content.splitlines(keepends=True) if b"\r" not in content else None
    with pytest.MonkeyPatch.context() as patch, Source(path) as source:
        patch.setattr(sample, "_REACH", reach)
        start = 0
        for line in whole or [part + b"\n" for part in content.split(b"\n")]:
            for offset in range(start, min(start + len(line), len(content))):
                found_start, stop, found = sample._line_at(source, offset)
                assert (found_start, found) == (start, content[start : start + len(line)])
                assert stop == start + len(found)
            start += len(line)


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 500)), min_size=1, max_size=30))
def test_the_mean_per_byte_over_all_bytes_is_the_total(lines: list[tuple[int, int]]) -> None:
    """A line is taken once for each of its bytes: with that probability the plain mean of ratios has no bias."""
    size = sum(length for length, _ in lines)
    each_byte = [tokens / length for length, tokens in lines for _ in range(length)]
    assert sum(each_byte) / size * size == pytest.approx(sum(tokens for _, tokens in lines))


def test_on_average_the_estimate_is_the_total(path: Path) -> None:
    """Lines of very different lengths and contents, sorted; the first lines would say a tenth of the truth."""
    rng = random.Random(1)
    lines = sorted(b"x" * int(rng.lognormvariate(4, 1)) + b"\n" for _ in range(3000))
    lines = [line[:-1].replace(b"x", b"y" if index % 3 else b"z") + b"\n" for index, line in enumerate(lines)]
    path.write_bytes(b"".join(lines))
    true = sum(_weight(line) for line in lines)
    size = path.stat().st_size
    with Source(path) as source:
        values = []
        for seed in range(60):
            taken = sample.lines(source, 100, str(seed))
            values.append(
                sample.total([Sampled(_weight(line) / len(line), 1 / len(line)) for line in taken], size, 3000)
            )
    mean = sum(total.value for total in values) / len(values)
    assert mean == pytest.approx(true, rel=0.02)
    within = sum(abs(total.value - true) <= total.error for total in values)
    assert within >= 0.85 * len(values)  # 95 % are promised; 60 draws are few
    first = sum(_weight(line) for line in lines[:100]) / sum(map(len, lines[:100])) * size
    assert abs(first / true - 1) > 0.2


def _weight(line: bytes) -> float:
    return 30 + len(line) * (0.1 if b"z" in line else 0.3)


def test_what_is_the_same_for_each_line_or_each_byte_is_exact() -> None:
    rng = random.Random(2)
    lengths = [rng.randrange(10, 10_000) for _ in range(400)]
    size, drawn = sum(lengths), rng.choices(lengths, lengths, k=50)
    each_line = sample.total([Sampled(7 / length, 1 / length) for length in drawn], size, 400)
    each_byte = sample.total([Sampled(0.25, 1 / length) for length in drawn], size, 400)
    assert each_line.value == pytest.approx(7 * 400)
    assert each_line.error == pytest.approx(0, abs=1e-3)
    assert each_byte.value == pytest.approx(size / 4)


def test_one_line_alone_has_no_known_error() -> None:
    assert sample.total([Sampled(0.5, 0.1)], 10, 1) == (5, float("inf"))


def test_the_same_seed_takes_the_same_lines(path: Path) -> None:
    path.write_bytes(b"".join(b"%d\n" % number for number in range(10_000)))
    with Source(path) as source:
        once, again, other = (list(sample.lines(source, 50, seed)) for seed in ("a", "a", "b"))
    assert once == again != other
    numbers = [int(line) for line in once]
    assert numbers == sorted(numbers)
    assert numbers[0] < 500
    assert numbers[-1] > 9500


def test_a_file_of_few_bytes_or_none(path: Path) -> None:
    path.write_bytes(b"")
    with Source(path) as source:
        assert list(sample.lines(source, 5, "")) == []
    path.write_bytes(b"{}\n")
    with Source(path) as source:
        assert list(sample.lines(source, 5, "")) == [b"{}\n"] * 3


def test_a_line_too_long_is_passed_over_and_looked_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "_REACH", 16)
    monkeypatch.setattr(sample, "LONGEST_LINE", 1024)
    path.write_bytes(b"a\n" + b"x" * 10_000 + b"\nb\n" * 500)
    reads = list[int]()

    def read(self: Source, at: int, size: int) -> bytes:
        reads.append(at)
        return path.read_bytes()[at : at + size]

    with Source(path) as source:
        monkeypatch.setattr(Source, "read", read)
        taken = list(sample.lines(source, 200, ""))
    assert set(taken) <= {b"", b"b\n", b"\n", b"a\n"}
    assert taken.count(b"") > 100
    assert len(reads) < 200 + 100


@given(
    texts=st.lists(st.text("ab 日本", min_size=1, max_size=900), min_size=1, max_size=6),
    width=st.sampled_from([256, 512, 2048]),
    place=st.floats(0, 1, exclude_max=True),
)
def test_windows_are_parts_of_the_texts_of_about_the_width(texts: list[str], width: int, place: float) -> None:
    pieces, scale = sample.windows(texts, width, place)
    taken, length = sum(map(len, pieces)), sum(map(len, texts))
    assert all(any(piece in text for text in texts) for piece in pieces)
    assert scale * taken == pytest.approx(length)
    if length <= width:
        assert pieces == texts
    else:
        # A cut moves by less than a word at each end of each text.
        assert abs(taken - width) <= 82 * len(pieces)


def test_windows_find_a_language_that_begins_half_way() -> None:
    text = "word " * 2000 + "日" * 10_000
    shares = [sum(piece.count("日") for piece in pieces) / sum(map(len, pieces)) for pieces in _many_windows(text)]
    assert all(0.4 < share < 0.6 for share in shares)


def test_windows_take_long_words_as_often_as_short_ones() -> None:
    text = "a internationalisation " * 500
    pieces = [piece for pieces in _many_windows(text) for piece in pieces]
    words = " ".join(pieces).split()
    assert words.count("a") / len(words) == pytest.approx(0.5, abs=0.01)


def _many_windows(text: str) -> list[list[str]]:
    return [sample.windows([text], 2048, number / 60)[0] for number in range(60)]
