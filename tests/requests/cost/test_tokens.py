"""Counting the tokens of texts."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.requests.cost import tokens
from tui.requests.cost.tokens import Counter, by_characters, vocabulary


@pytest.fixture
def no_tokenizer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "splintr", None)
    tokens._load.cache_clear()
    yield
    tokens._load.cache_clear()


@pytest.mark.parametrize(
    ("model", "name", "known"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base", True),
        ("ft:gpt-4o-mini-2024-07-18:acme::x", "o200k_base", True),
        ("gpt-4.1", "o200k_base", True),
        ("gpt-5-nano", "o200k_base", True),
        ("o3", "o200k_base", True),
        ("gpt-oss-120b", "gpt-oss", True),
        ("gpt-4-turbo", "cl100k_base", True),
        ("gpt-3.5-turbo-instruct", "cl100k_base", True),
        ("text-embedding-3-small", "cl100k_base", True),
        ("meta-llama/Llama-3.3-70B-Instruct", "llama3", True),
        ("Qwen/Qwen3-32B", "qwen3", True),
        ("my-own-model", "o200k_base", False),
    ],
)
def test_each_model_has_its_vocabulary(model: str, name: str, known: bool) -> None:
    assert vocabulary(model) == (name, known)
    assert Counter(model).counts(["Hello"]) == [1]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_counts_are_those_of_ordinary_encoding(texts: list[str]) -> None:
    from splintr import Tokenizer

    ordinary = Tokenizer.from_pretrained("o200k_base")
    assert Counter("gpt-4o").counts(texts) == [len(ordinary.encode_ordinary(text)) for text in texts]


def test_known_counts() -> None:
    """From OpenAI's guide to counting tokens, and its tokenizer page."""
    assert Counter("gpt-4o").counts(["tiktoken is great!", "お誕生日おめでとう", ""]) == [6, 8, 0]
    assert Counter("gpt-4").counts(["tiktoken is great!", "お誕生日おめでとう"]) == [6, 9]


def test_a_marker_is_text_also_in_a_long_one() -> None:
    counter = Counter("gpt-4o")
    (marked,) = counter.counts(["<|endoftext|>"])
    assert marked > 1
    words = "a few words " * 20_000
    (plain,) = counter.counts([words + "end <|"])
    from splintr import Tokenizer

    assert plain == len(Tokenizer.from_pretrained("o200k_base").encode_ordinary(words + "end <|"))


@pytest.mark.usefixtures("no_tokenizer")
def test_without_a_tokenizer_characters_are_counted() -> None:
    counter = Counter("gpt-4o")
    assert counter.vocabulary is None
    assert counter.counts(["", "four", "fives", "日本", "日本abcd"]) == [0, 1, 2, 2, 3]


def test_characters_are_near_enough() -> None:
    english = "The quick brown fox jumps over the lazy dog, and then it rests for a while in the sun. " * 10
    chinese = "今天天气很好，我们一起去公园散步，然后在湖边吃午饭。" * 10
    for text in (english, chinese):
        assert by_characters(text) == pytest.approx(Counter("gpt-4o").counts([text])[0], rel=0.4)
