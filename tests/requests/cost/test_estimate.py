"""The estimate of a file's cost, against a plain count of everything in it."""

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from splintr import Tokenizer

from tests.requests.samples import CHAT, lines, request
from tui.files.source import Cancelled, Changed, Unreadable
from tui.requests.cost import counting, tokens
from tui.requests.cost.estimate import Estimate, estimate, estimate_json
from tui.requests.limits import Limits
from tui.requests.validate import Report, validate

MODEL = "gpt-4o-mini"
IN, OUT = Decimal("0.075") / 1_000_000, Decimal("0.3") / 1_000_000
ENGLISH = Path(random.__file__).read_text().split()
CHINESE = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"


def chat(content: object, number: int = 0, **more: object) -> dict[str, Any]:
    return request(f"request-{number}", CHAT, model=MODEL, messages=[{"role": "user", "content": content}], **more)


def plain_count(path: Path) -> int:
    """Every text of every chat message, the plainest way."""
    encode = Tokenizer.from_pretrained("o200k_base").encode_ordinary
    requests = [json.loads(line)["body"] for line in path.read_text().splitlines()]
    messages = [message for body in requests for message in body["messages"]]
    return 3 * len(requests) + sum(3 + len(encode(m["role"])) + len(encode(m["content"])) for m in messages)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Report]:
    def write(*values: object, one_model: bool = True) -> Report:
        path = tmp_path / "requests.jsonl"
        path.write_bytes(lines(*values))
        return validate(path, limits=Limits(one_model=one_model))

    return write


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also small files are then estimated."""
    monkeypatch.setattr(counting, "_SMALL", 0)


def test_a_small_file_is_counted_whole(write: Callable[..., Report]) -> None:
    report = write(*(chat(f"Hello number {number}, 日本", number, max_tokens=10) for number in range(50)))
    found = estimate(report)
    assert found.input_tokens == plain_count(report.path)
    assert (found.exact, found.input_error, found.output_most, found.output_expected) == (True, 0, 500, None)
    assert found.cost_low == found.input_tokens * IN
    assert found.cost_high == found.input_tokens * IN + 500 * OUT
    assert found.cost_expected is None
    assert found.currency == "USD"
    assert found.basis == (
        f"{found.input_tokens:,} input tokens from all lines; at most 500 output tokens; OpenAI's batch price."
    )


def half_cjk(rng: random.Random) -> str:
    return english(rng) if rng.random() < 0.5 else chinese(rng)


def english(rng: random.Random) -> str:
    return " ".join(rng.choices(ENGLISH, k=rng.randint(20, 200)))


def chinese(rng: random.Random) -> str:
    return "".join(rng.choices(CHINESE, k=rng.randint(40, 400)))


def mixed(rng: random.Random) -> str:
    kind = rng.random()
    return english(rng) if kind < 0.5 else chinese(rng) if kind < 0.8 else str(rng.choices(range(1000), k=99))


LINES = 6000
FILES = {
    "mixed": (mixed, False, False),
    "half Chinese, in escapes": (half_cjk, False, True),
    "half Chinese, sorted": (half_cjk, True, True),
    "half Chinese, in UTF-8": (half_cjk, False, False),
    "lengths, sorted": (english, True, True),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Report, int]]:
    """Reports and exact counts."""
    result = {}
    for name, (make, in_order, escapes) in FILES.items():
        rng = random.Random(name)
        texts = [make(rng) for _ in range(LINES)]
        path = tmp_path_factory.mktemp("cost") / "requests.jsonl"
        bodies = (chat(text, index, max_tokens=64) for index, text in enumerate(sorted(texts) if in_order else texts))
        path.write_text("".join(json.dumps(body, ensure_ascii=escapes) + "\n" for body in bodies))
        result[name] = (validate(path), plain_count(path))
    return result


@pytest.mark.usefixtures("sampled")
def test_nineteen_of_twenty_estimates_are_within_one_percent(files: dict[str, tuple[Report, int]]) -> None:
    """Four other samples of each file: the seed is its SHA-256."""
    errors, said = list[float](), list[bool]()
    for report, true in files.values():
        for number in range(4):
            found = estimate(replace(report, sha256=f"{number:064x}"))
            assert not found.exact
            errors.append(abs(found.input_tokens / true - 1))
            said.append(abs(found.input_tokens / true - 1) <= found.input_error)
            assert found.output_most == 64 * LINES
    errors.sort()
    assert errors[int(0.95 * len(errors)) - 1] <= 0.01, errors
    assert sum(said) >= 0.85 * len(said)


@pytest.mark.usefixtures("sampled")
def test_where_lines_differ_it_is_looked_what_they_are_made_of(files: dict[str, tuple[Report, int]]) -> None:
    found = estimate(files["half Chinese, in escapes"][0])
    assert re.search(r"from a sample of 500 lines and a look at \d,\d{3} other places;", found.basis)
    basis = estimate(files["lengths, sorted"][0]).basis
    assert "from a sample of 500 lines; " in basis
    assert "output tokens if all lines set limits as the sample's do; " in basis


@pytest.mark.usefixtures("sampled")
def test_where_that_does_not_tell_more_lines_are_taken(write: Callable[..., Report]) -> None:
    """Words and letters at random look alike, and differ in their tokens."""
    rng = random.Random(1)
    odd = ["".join(rng.choices("aeinrst", k=4)) for _ in range(1000)]
    words = [["that", "with", "from", "this", "have"], odd]
    report = write(*(chat(" ".join(rng.choices(rng.choice(words), k=rng.randint(50, 150))), n) for n in range(5000)))
    found = estimate(report)
    lines = re.search(r"from a sample of ([\d,]+) lines;", found.basis)
    assert lines
    assert int(lines[1].replace(",", "")) > 500
    assert found.input_error <= 0.01
    assert found.input_tokens == pytest.approx(estimate(report, exact=True).input_tokens, rel=2 * found.input_error)


@pytest.mark.usefixtures("sampled")
def test_the_same_file_gives_the_same_figure(files: dict[str, tuple[Report, int]]) -> None:
    report, _ = files["mixed"]
    assert estimate(report) == estimate(report)


def test_an_exact_count_is_exact_and_tells_its_progress(files: dict[str, tuple[Report, int]]) -> None:
    report, true = files["half Chinese, in escapes"]
    told: list[tuple[int, int]] = []
    found = estimate(report, exact=True, progress=lambda done, total: told.append((done, total)))
    assert (found.input_tokens, found.input_error, found.exact) == (true, 0, True)
    assert told[-1] == (report.bytes, report.bytes)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.usefixtures("sampled")
def test_it_can_be_stopped(files: dict[str, tuple[Report, int]], exact: bool) -> None:
    asked: Iterator[bool] = iter([False])
    with pytest.raises(Cancelled):
        estimate(files["mixed"][0], exact=exact, cancelled=lambda: next(asked, True))


def test_a_file_that_changed_or_is_gone_has_no_estimate(write: Callable[..., Report]) -> None:
    report = write(chat("Hello"))
    with report.path.open("ab") as file:
        file.write(lines(chat("Another")))
    with pytest.raises(Changed):
        estimate(report)
    report.path.unlink()
    with pytest.raises(Unreadable):
        estimate(report)


def test_an_empty_file_costs_nothing(write: Callable[..., Report]) -> None:
    found = estimate(write())
    assert (found.input_tokens, found.input_error, found.output_most) == (0, 0, 0)
    assert found.cost_low is None  # no model, no price
    assert estimate_json(found)["cost"] is None


def test_history_tells_what_to_expect_and_limits_win(write: Callable[..., Report]) -> None:
    report = write(*(chat("Hello", number, max_tokens=10) for number in range(4)))
    found = estimate(report, expected_output={MODEL: 7.5}.get)
    assert found.output_expected == 30
    assert found.cost_expected == found.input_tokens * IN + 30 * OUT
    assert found.cost_expected
    assert estimate_json(found)["cost"] == float(round(found.cost_expected, 6))
    assert "output tokens as in earlier batches" in found.basis
    assert estimate(report, expected_output={MODEL: 700.0}.get).output_expected == 40
    assert estimate(report, expected_output=lambda model: None).output_expected is None


def test_output_without_a_limit_has_no_upper_end(write: Callable[..., Report]) -> None:
    found = estimate(write(chat("a", 1, max_tokens=10), chat("b", 2)))
    assert (found.output_most, found.cost_high) == (None, None)
    assert "no limit on output" in found.basis
    assert found.cost_low
    assert estimate_json(found)["cost"] is None


def test_an_unknown_model_is_said_so(write: Callable[..., Report]) -> None:
    found = estimate(write(request(model="my\x1b[31mmodel", max_tokens=5)))
    assert found.unpriced == ("my\x1b[31mmodel",)
    assert (found.cost_low, found.cost_high, found.cost_expected) == (None, None, None)
    assert found.input_error > 0.1
    assert "no known price for my␛[31mmodel" in found.basis
    assert "counted with o200k_base, which may not be the model's vocabulary" in found.basis
    assert estimate_json(found) == {
        "input_tokens": found.input_tokens,
        "cost": None,
        "currency": "USD",
        "basis": found.basis,
    }


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.usefixtures("sampled")
def test_each_model_has_its_own_price(write: Callable[..., Report], exact: bool) -> None:
    models = ("gpt-4o", MODEL)
    values = [request(str(n), CHAT, model=models[n * n % 3 % 2], max_tokens=8) for n in range(3000)]
    found = estimate(write(*values, one_model=False), exact=exact)
    each = found.input_tokens / 3
    least = each * float(IN) * 2 + each * 1.25 / 1_000_000
    if exact:
        assert float(found.cost_low or 0) == pytest.approx(least)
    assert float(found.cost_low or 0) <= least * 1.001
    assert least < float(found.cost_high or 0)


@pytest.mark.usefixtures("sampled")
def test_a_model_that_the_sample_missed_costs_something(write: Callable[..., Report]) -> None:
    models = [MODEL] * 3000 + ["gpt-4o"]
    values = [request(f"{n:04}", CHAT, model=model, max_tokens=8) for n, model in enumerate(models)]
    report = write(*values, one_model=False)
    found, exact = (estimate(report, expected_output=lambda model: 5, exact=whole) for whole in (False, True))
    assert not found.exact
    one = exact.input_tokens / 3001 * 1.25e-6 + 5 * 5e-6
    assert float(found.cost_expected or 0) == pytest.approx(float(exact.cost_expected or 0), abs=one / 2)
    assert (found.cost_low or 0) <= (exact.cost_low or 0) < (exact.cost_high or 0) <= (found.cost_high or 0)


def test_the_price_of_some_models_is_a_lower_end(write: Callable[..., Report]) -> None:
    values = [request(str(n), CHAT, model=(MODEL, "mine")[n % 2], max_tokens=8) for n in range(10)]
    found = estimate(write(*values, one_model=False))
    assert found.unpriced == ("mine",)
    assert (found.cost_high, found.cost_expected) == (None, None)
    assert 0 < (found.cost_low or 0) < found.input_tokens * IN


def test_images_are_not_counted_and_that_is_said(write: Callable[..., Report]) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 50_000}}
    found = estimate(write(chat([{"type": "text", "text": "What?"}, image])))
    assert found.input_tokens < 20
    assert "not counted: images, audio and files" in found.basis


@pytest.mark.parametrize("endpoint", ["/v1/images/generations", "/v1/videos"])
def test_what_is_not_priced_by_tokens_has_no_cost(write: Callable[..., Report], endpoint: str) -> None:
    found = estimate(write(request(endpoint=endpoint, model="gpt-image-1")), expected_output=lambda model: 1)
    assert (found.cost_low, found.cost_high, found.cost_expected, found.unpriced) == (None, None, None, ())
    assert found.basis.endswith("what this endpoint makes is not priced by tokens.")


def test_moderations_are_free_and_embeddings_write_nothing(write: Callable[..., Report]) -> None:
    free = estimate(write(request(endpoint="/v1/moderations", model="omni-moderation-latest")))
    assert free.cost_low == free.cost_high == Decimal(0)
    embedding = estimate(write(request(endpoint="/v1/embeddings", model="text-embedding-3-small", input=["a", "b"])))
    assert embedding.input_tokens == 2
    assert embedding.cost_low == embedding.cost_high == embedding.cost_expected == Decimal("0.00000002")


def test_without_a_tokenizer_it_says_so(write: Callable[..., Report], monkeypatch: pytest.MonkeyPatch) -> None:
    report = write(chat("Hello there, how are you?", max_tokens=5))
    exact = estimate(report)
    monkeypatch.setattr(tokens, "_load", lambda name: None)
    rough = estimate(report)
    assert rough.input_error >= 0.3
    assert "measured by their characters, for no tokenizer is there" in rough.basis
    assert rough.input_tokens == pytest.approx(exact.input_tokens, rel=rough.input_error)


@pytest.mark.usefixtures("sampled")
def test_bad_lines_cost_nothing_and_stop_nothing(write: Callable[..., Report]) -> None:
    report = write(*[chat("Hello", 1), b"", b"{", b"\xff", b"[]", b'{"body":{}}'] * 1000)
    assert not report.ok
    found = estimate(report)
    assert found.input_tokens == pytest.approx(1000 * 8, rel=0.02)


@pytest.mark.usefixtures("sampled")
def test_one_request_among_blank_lines_is_found(write: Callable[..., Report]) -> None:
    report = write(*[b""] * 200_000, chat("Hello", max_tokens=5))
    assert estimate(report).input_tokens == 8


@pytest.mark.usefixtures("sampled")
def test_pieces_of_a_long_line_say_how_far_they_may_be_off(write: Callable[..., Report]) -> None:
    report = write(*(chat("QUJD" * 50_000, number) for number in range(3)))
    found, exact = estimate(report), estimate(report, exact=True)
    assert found.input_error == pytest.approx(0.005, rel=0.01)
    assert 0.001 < found.input_tokens / exact.input_tokens - 1 < found.input_error
    assert estimate(write(*(chat("QUJD" * 5, number) for number in range(3000)))).input_error < 0.001


@pytest.mark.usefixtures("sampled", "small_blocks")
def test_lines_longer_than_a_range_are_taken_several_times(write: Callable[..., Report]) -> None:
    report = write(
        *(chat("long words " * 20_000, number, max_tokens=3) for number in range(5)), chat("a", 9, max_tokens=3)
    )
    found = estimate(report)
    assert found.input_tokens == pytest.approx(estimate(report, exact=True).input_tokens, rel=0.01)
    assert found.output_most == pytest.approx(18, abs=1)


def test_names_that_a_report_cuts_are_found_again(write: Callable[..., Report]) -> None:
    found = estimate(write(request(model="ft:gpt-4o-mini-2024-07-18:" + "x" * 300, max_tokens=5)))
    assert found.cost_high
    assert found.cost_high > (found.cost_low or 0) > 0


def test_the_module_is_light() -> None:
    program = (
        "import sys, tui.requests.cost.estimate; "
        "sys.exit(', '.join({'splintr', 'genai_prices', 'httpx2', 'pydantic', 'asyncio'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_an_estimate_is_frozen(write: Callable[..., Report]) -> None:
    found = estimate(write(chat("a")))
    assert isinstance(found, Estimate)
    with pytest.raises(AttributeError):
        found.input_tokens = 3  # type: ignore[misc]  # that this cannot be done is the test


@pytest.mark.usefixtures("sampled")
def test_a_reading_error_is_one_sentence(write: Callable[..., Report], monkeypatch: pytest.MonkeyPatch) -> None:
    report = write(chat("a"))

    def broken(fd: int, length: int, offset: int) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(Unreadable, match="Input/output error"):
        estimate(report)
