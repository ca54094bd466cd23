"""The sample: every byte has the same chance."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.files.source import Source
from tui.requests.cost import sample
from tui.requests.cost.tokens import Counter

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


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([{"name": f"field{n % 7}", "type": "string", "of": [n] * (n % 5)} for n in range(800)]),
        "今天天气很好，我们一起去公园散步，然后在湖边吃午饭。" * 400,
        " ".join(
            random.Random(1).choices(["It's", "a", "dog's", "life,", "isn't", "it?", "We've", "said", "so."], k=3000)
        ),
    ],
)
def test_windows_cut_no_token(text: str) -> None:
    """Without a seam at each end a piece would have a token too many."""
    compact = text.replace(": ", ":").replace(", ", ",")
    counter = Counter("gpt-4o")
    for whole in (text, compact):
        (true,) = counter.counts([whole])
        parts = [sample.windows([whole], 1024, number / 60) for number in range(60)]
        counts = [scale * sum(counter.counts(pieces)) for pieces, scale in parts]
        assert sum(counts) / len(counts) == pytest.approx(true, rel=0.006)
