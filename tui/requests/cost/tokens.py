"""Counts the tokens of texts as the model that will read them does.

The vocabularies are in the wheel of splintr-rs: nothing is downloaded. Where that is not installed, or cannot be
loaded, texts are measured by their characters, and `Counter.vocabulary` is None.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from threading import Lock
from typing import Final, NamedTuple, Protocol

# The first that matches. OpenAI's as tiktoken's table of models has them: https://github.com/openai/tiktoken.
_VOCABULARIES: Final = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"gpt-oss", "gpt-oss"),
        (r"(ft:)?(gpt-4o|chatgpt-4o|gpt-4\.[1-9]|gpt-[5-9]|o[1-9]|codex-mini|computer-use|gpt-chat)", "o200k_base"),
        (r"(ft:)?(gpt-4|gpt-3\.?5|text-embedding-|davinci-002|babbage-002)", "cl100k_base"),
        (r"(.*/)?(meta-)?llama-?3", "llama3"),
        (r"(.*/)?qwen-?[23]", "qwen3"),
        (r"(.*/)?deepseek-?v3", "deepseek_v3"),
        (r"(.*/)?kimi-?k", "kimi_k2"),
        (r"(.*/)?glm-?4", "glm4"),
        (r"(.*/)?phi-?4", "phi4"),
    )
)
_USUAL: Final = "o200k_base"
# Characters of several texts that are best handed over at once.
AT_ONCE: Final = 128 * 1024
# What a text may be cut into where it must be: a space after a letter and before one always begins a token.
_PIECE: Final = 64 * 1024
_MARK: Final = "<|"
_MOST_COUNTERS: Final = 1000
# Who comes while a vocabulary is loaded waits for it.
_LOADING: Final = Lock()


class Vocabulary(NamedTuple):
    """A vocabulary, and whether the model is known to use it or it only stands in for an unknown one."""

    name: str
    known: bool


class _Encoder(Protocol):
    """What is used of splintr's tokenizers."""

    def encode_ordinary(self, text: str) -> list[int]: ...
    def encode_batch_flat(self, texts: Sequence[str]) -> tuple[bytes, bytes]: ...


def vocabulary(model: str) -> Vocabulary:
    """The vocabulary of a model by its name; that of OpenAI's present models for one that is not known."""
    lower = model.lower()
    found = next((name for pattern, name in _VOCABULARIES if pattern.match(lower)), None)
    return Vocabulary(found or _USUAL, found is not None)


class Counter:
    """Counts with one vocabulary. Safe for threads; loading takes 0.15 s, and holds up other threads for 0.04."""

    def __init__(self, model: str) -> None:
        wanted = vocabulary(model)
        with _LOADING:
            self._encoder = _load(wanted.name)
        self.vocabulary = wanted if self._encoder else None
        """None where only characters are counted."""

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text; markers like <|endoftext|> count as the text that they are in a request."""
        if self._encoder is None:
            return [by_characters(text) for text in texts]
        # Encoding lets other threads run and uses every processor; only this form of it knows such markers.
        _, offsets = self._encoder.encode_batch_flat(["" if _MARK in text else text for text in texts])
        ends = array("Q", offsets)
        counts = [end - start for start, end in pairwise(ends)]
        for index, text in enumerate(texts):
            if _MARK in text:
                counts[index] = sum(len(self._encoder.encode_ordinary(piece)) for piece in _pieces(text))
        return counts


class Counters:
    """A counter for each model of a file."""

    def __init__(self) -> None:
        self._by_model: dict[str, Counter] = {}

    def of(self, model: str) -> Counter:
        """The model's counter; beyond a thousand models, that of the first."""
        if model not in self._by_model:
            # Beyond any real file; the names in one that is made to hurt must not fill the memory.
            if len(self._by_model) >= _MOST_COUNTERS:
                return next(iter(self._by_model.values()))
            self._by_model[model] = Counter(model)
        return self._by_model[model]

    def counts(self, requests: Sequence[tuple[str, Sequence[str]]]) -> list[int]:
        """Tokens in the texts of each request, counted with its own model's vocabulary."""
        counts = [0] * len(requests)
        places = dict[str, list[int]]()
        for place, (model, _) in enumerate(requests):
            places.setdefault(model, []).append(place)
        for model, own in places.items():
            found = iter(self.of(model).counts([text for place in own for text in requests[place][1]]))
            for place in own:
                counts[place] = sum(next(found) for _ in requests[place][1])
        return counts


def by_characters(text: str) -> int:
    """About what a text has in tokens: one for 4 characters of ASCII, one for each other character."""
    ascii_only = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return -(-ascii_only // 4) + len(text) - ascii_only


@cache
def _load(name: str) -> _Encoder | None:
    try:
        from splintr import Tokenizer

        encoder = Tokenizer.from_pretrained(name)
        # The first word that is no token of its own makes it build its table of merges, for 0.1 s. Only this call lets
        # other threads run meanwhile: any other would hold up every key.
        encoder.encode_batch_flat(["zzxqjvkw"])
        return encoder
    # ValueError: a release without this vocabulary. OSError: a shared object that this system cannot load.
    except (ImportError, OSError, ValueError):
        return None


def _pieces(text: str) -> Iterator[str]:
    """The text in pieces that are encoded in a millisecond or two each, cut where a token ends if possible."""
    start = 0
    while len(text) - start > _PIECE:
        end = next(
            (at for at in range(start + _PIECE, start + _PIECE // 2, -1) if _between_words(text, at)), start + _PIECE
        )
        yield text[start:end]
        start = end
    yield text[start:]


def _between_words(text: str, at: int) -> bool:
    return text[at] == " " and text[at - 1].isalpha() and text[at + 1 : at + 2].isalpha()
