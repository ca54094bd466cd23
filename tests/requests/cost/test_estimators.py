"""What is made of a sample is right on average, and its error is what it says."""

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.files.source import Cancelled, Source
from tui.requests.cost import estimators, makeup, sample
from tui.requests.cost.estimators import Total, fit, ratio, total
from tui.requests.cost.makeup import look


@given(st.lists(st.tuples(st.integers(1, 200), st.integers(0, 500)), min_size=1, max_size=30))
def test_the_mean_per_byte_over_all_bytes_is_the_total(lines: list[tuple[int, int]]) -> None:
    """A line is taken once for each of its bytes: with that probability the plain mean of ratios has no bias."""
    size = sum(length for length, _ in lines)
    each_byte = [tokens / length for length, tokens in lines for _ in range(length)]
    assert sum(each_byte) / size * size == pytest.approx(sum(tokens for _, tokens in lines))


def by_lines(drawn: list[tuple[float, int]], size: int, count: int) -> Total:
    """The estimate by the lines alone, from each drawn line's quantity and length."""
    fitted = fit([value / length for value, length in drawn], [[1 / length] for _, length in drawn])
    return total(fitted.at([count / size]), fitted.variance, size)


def check(found: list[Total], true: float, within: float = 0.85) -> None:
    """On average right, and 19 of 20 within the error: fewer are asked for, because the draws are few."""
    assert sum(total.value for total in found) / len(found) == pytest.approx(true, rel=0.02)
    assert sum(abs(total.value - true) <= total.error for total in found) >= within * len(found)


def test_on_average_the_estimate_is_the_total(tmp_path: Path) -> None:
    """Lines of very different lengths and contents, sorted; the first lines would say a tenth of the truth."""
    rng = random.Random(1)
    lines = sorted(b"x" * int(rng.lognormvariate(4, 1)) + b"\n" for _ in range(3000))
    lines = [line[:-1].replace(b"x", b"y" if index % 3 else b"z") + b"\n" for index, line in enumerate(lines)]
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"".join(lines))
    true, size = sum(map(weight, lines)), path.stat().st_size
    with Source(path) as source:
        drawn = [[(weight(line), len(line)) for line in sample.lines(source, 100, str(seed))] for seed in range(60)]
    check([by_lines(one, size, 3000) for one in drawn], true)
    first = sum(weight(line) for line in lines[:100]) / sum(map(len, lines[:100])) * size
    assert abs(first / true - 1) > 0.2


def weight(line: bytes) -> float:
    return 30 + len(line) * (0.1 if b"z" in line else 0.3)


def test_what_is_the_same_for_each_line_or_each_byte_is_exact() -> None:
    rng = random.Random(2)
    lengths = [rng.randrange(10, 10_000) for _ in range(400)]
    size, drawn = sum(lengths), rng.choices(lengths, lengths, k=50)
    each_line = by_lines([(7, length) for length in drawn], size, 400)
    each_byte = by_lines([(length / 4, length) for length in drawn], size, 400)
    assert each_line.value == pytest.approx(7 * 400)
    assert each_line.error == pytest.approx(0, abs=1e-3)
    assert each_byte.value == pytest.approx(size / 4)
    limits = ratio([7 / length for length in drawn], [1 / length for length in drawn], 400)
    assert limits.value == pytest.approx(7 * 400)
    assert limits.error == pytest.approx(0, abs=1e-6)


def test_one_line_alone_has_no_known_error() -> None:
    assert by_lines([(5, 10)], 10, 1) == (5, float("inf"))


def test_lines_that_do_not_count_have_nothing() -> None:
    assert ratio([0, 0], [0, 0], 0) == (0, 0)


def test_a_variable_that_says_what_another_says_is_left_out() -> None:
    rng = random.Random(3)
    xs = [rng.random() for _ in range(50)]
    found = fit([2 + 3 * x for x in xs], [[x, 5 * x, 1.0] for x in xs])
    assert found.at([0.5, 2.5, 1.0]) == pytest.approx(3.5)
    assert list(found.slopes) == pytest.approx([3, 0, 0])
    assert found.variance == pytest.approx(0, abs=1e-12)


def test_the_fit_is_that_of_least_squares() -> None:
    """Of known data: y = 1 + 2a - 3b, and a rest that neither explains."""
    rng = random.Random(4)
    rows = [(rng.random(), rng.random(), rng.gauss(0, 0.1)) for _ in range(4000)]
    found = fit([1 + 2 * a - 3 * b + rest for a, b, rest in rows], [[a, b] for a, b, _ in rows])
    assert list(found.slopes) == pytest.approx([2, -3], abs=0.02)
    assert found.constant == pytest.approx(1, abs=0.02)
    assert found.variance * 4000 == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize("in_order", [False, True])
def test_what_lines_are_made_of_takes_their_difference_out(tmp_path: Path, in_order: bool) -> None:
    """Two kinds of lines, the one with four times as many tokens a byte: of places in the file much more is known."""
    rng = random.Random(5)
    lines = [rng.choice([b"7", b"a"]) * rng.randrange(300, 900) + b"\n" for _ in range(6000)]
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"".join(sorted(lines) if in_order else lines))
    size = path.stat().st_size

    def tokens(line: bytes) -> float:
        return len(line) * (0.4 if line[:1] == b"7" else 0.1) + rng.gauss(0, 1)

    plain, better = list[Total](), list[Total]()
    with Source(path) as source:
        for seed in range(30):
            drawn = [(line, tokens(line)) for line in sample.lines(source, 200, f"{seed}")]
            plain.append(by_lines([(value, len(line)) for line, value in drawn], size, 6000))
            variables = [(1 / len(line), *makeup.makeup(line, 0)) for line, _ in drawn]
            fitted = fit([value / len(line) for line, value in drawn], variables)
            places = look(source, 2000, f"{seed}")
            variance = fitted.variance + places.variance(fitted.slopes[1:])
            better.append(total(fitted.at([6000 / size, *places.mean]), variance, size))
    true = sum(len(line) * (0.4 if line[:1] == b"7" else 0.1) for line in lines)
    check(plain, true)
    check(better, true)
    if not in_order:
        assert max(one.error for one in better) < 0.5 * min(one.error for one in plain)


@given(st.binary(min_size=1, max_size=1024))
def test_shares_are_those_of_all_bytes(raw: bytes) -> None:
    found = makeup.makeup(raw, 0.5)
    kinds: list[Callable[[int], bool]] = [
        lambda byte: chr(byte) in "0123456789",
        lambda byte: 65 <= byte <= 90,
        lambda byte: byte == 32,
        lambda byte: 32 < byte < 127 and not chr(byte).isalnum(),
        lambda byte: 0xC2 <= byte <= 0xDF,
        lambda byte: 0xE0 <= byte <= 0xF4,
    ]
    assert found == (raw.count(b"\\u") / len(raw), *(sum(map(kind, raw)) / len(raw) for kind in kinds))


def test_of_a_long_line_each_byte_has_the_same_chance() -> None:
    """Also the first and the last: they are digits, and a line is a ring."""
    raw = b"1" * 50 + b"a" * 9000 + b"2" * 50
    found = [makeup.makeup(raw, number / 2000)[1] for number in range(2000)]
    assert sum(found) / len(found) == pytest.approx(100 / 9100, rel=0.02)


def test_places_are_all_over_the_file_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"a" * 500_000 + json.dumps("é" * 50_000).encode() + b"7" * 200_000)
    with Source(path) as source:
        once, again, other = (look(source, 1000, seed) for seed in ("x", "x", "y"))
    assert once == again != other
    assert once.number == 1000
    assert once.mean[0] == pytest.approx(50_000 / 1_000_002, rel=0.01)
    assert once.makeups[0][1:] == (0,) * 6
    assert once.makeups[-1][1] == 1
    assert estimators.between_neighbours([one[1] for one in once.makeups]) < 0.01


def test_a_file_of_no_more_places_is_looked_at_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"a" * 100_000 + b"7" * 50_000 + "é".encode() * 25_000)
    with Source(path) as source:
        found, some = look(source, 1000, "x"), look(source, 400, "x")
    assert found.mean == pytest.approx((0, 1 / 4, 0, 0, 0, 1 / 8, 0))
    assert found.number == 782
    slopes = range(7)
    assert found.variance(slopes) == 0 < some.variance(slopes)


@pytest.mark.parametrize("number", [16, 1000])
def test_looking_can_be_stopped(tmp_path: Path, number: int) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(b"a" * 100_000)
    with Source(path, cancelled=lambda: True) as source, pytest.raises(Cancelled):
        look(source, number, "")
