"""Believable requests by the thousand, always the same ones for the same recipe."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tui.demo.engine.records import Recipe
from tui.demo.model import chance

_encode = msgspec.json.Encoder().encode

_PRODUCTS = [
    "kettle",
    "headphones",
    "desk lamp",
    "rain jacket",
    "coffee grinder",
    "bicycle light",
    "backpack",
    "keyboard",
    "garden hose",
    "hiking boots",
    "air fryer",
    "phone case",
    "winter gloves",
    "electric shaver",
    "bookshelf",
]
_PRAISE = [
    "works exactly as described",
    "arrived two days early",
    "is far quieter than my old one",
    "feels solid",
    "was easy to set up",
    "still looks new after a year",
    "is worth every cent",
]
_BLAME = [
    "stopped working after a week",
    "came in a torn box",
    "is louder than expected",
    "smells of plastic",
    "needs an app that keeps crashing",
    "is smaller than in the pictures",
    "lost its colour in the first wash",
]
_TAILS = [
    "I would buy it again.",
    "The refund took three weeks.",
    "Support answered within an hour.",
    "My sister loves hers.",
    "For the price it is fine.",
    "I have sent it back.",
    "The manual could be clearer.",
    "Delivery was friendly.",
]
_TOPICS = [
    "tail latency in message queues",
    "the causes of coral bleaching",
    "index design in PostgreSQL",
    "how vaccines train the immune system",
    "the economics of container shipping",
    "sourdough fermentation",
    "why bridges resonate",
    "the history of the metric system",
    "garbage collection in managed languages",
    "soil erosion on terraced fields",
    "the French verb system",
    "battery ageing in electric buses",
    "how tides are predicted",
    "consensus in distributed databases",
    "the printing of banknotes",
]
_QUESTIONS = [
    "Explain {topic} to a colleague in one paragraph.",
    "What are the three most common mistakes about {topic}?",
    "Summarise what is known about {topic}: the main findings, the open questions, the next steps.",
    "Write a short quiz question about {topic}, with its answer.",
    "Which numbers matter most in {topic}, in practice?",
]


def write(recipe: Recipe, path: Path) -> int:
    """Writes the recipe's requests to ``path``, whole or not at all; returns the file's size in bytes."""
    part = path.with_name(path.name + ".part")
    with part.open("wb", buffering=1 << 20) as out:
        for request in requests(recipe):
            out.write(_encode(request))
            out.write(b"\n")
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    part.replace(path)
    return size


def requests(recipe: Recipe) -> Iterator[dict[str, Any]]:
    """The recipe's requests, one line each; the same recipe always gives the same ones."""
    rng = chance.seeded(recipe.seed)
    url, make = KINDS[recipe.kind]
    for number in range(recipe.first, recipe.first + recipe.rows):
        custom_id, body = make(rng, number)
        yield {"custom_id": custom_id, "method": "POST", "url": url, "body": {"model": recipe.model, **body}}


def endpoint(kind: str) -> str:
    """The endpoint that a kind of requests is for."""
    return KINDS[kind][0]


def _chat(system: str, user: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": system}, {"role": "user", "content": user}], **more}


def _review(rng: random.Random) -> str:
    said = rng.choice(_PRAISE if rng.random() < 0.6 else _BLAME)
    return f"The {rng.choice(_PRODUCTS)} {said}. {rng.choice(_TAILS)}"


def _labels(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    user = f"Classify the sentiment of this review as one of: positive, negative, neutral.\n\n{_review(rng)}"
    return f"review-{number:05d}", _chat("You label product reviews. Answer with the label alone.", user, max_tokens=5)


def _evals(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    user = rng.choice(_QUESTIONS).format(topic=rng.choice(_TOPICS))
    return f"eval/{number:05d}", _chat("Answer briefly, for a reader who knows the field.", user, temperature=0)


def _sums(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    left, right, sign = rng.randint(2, 999), rng.randint(2, 999), rng.choice("+-*")
    return f"math-{number}", _chat("You are a careful calculator.", f"What is {left} {sign} {right}?")


def _translations(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    user = f"Translate into Japanese, keeping the tone: {_review(rng)}"
    return f"レビュー-{number:04d}", _chat("You are a translator of product reviews.", user)


def _extraction(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    user = f"Extract product, complaint and mood as JSON from this message: {_review(rng)}"
    more = {"response_format": {"type": "json_object"}}
    return f"ticket:{rng.randrange(16**8):08x}:{number}", _chat("Reply in JSON.", user, **more)


def _embeddings(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    text = f"Section {number}: {rng.choice(_TOPICS)}. {rng.choice(_TAILS)}"
    return f"doc-{number:06d}", {"input": text, "dimensions": 128}


def _responses(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    asked = rng.choice(_QUESTIONS).format(topic=rng.choice(_TOPICS))
    return f"q{number:04d}", {"input": asked, "instructions": "Answer in plain words.", "max_output_tokens": 400}


def _moderations(rng: random.Random, number: int) -> tuple[str, dict[str, Any]]:
    text = _review(rng) if rng.random() < 0.9 else "Only an idiot would buy this, and the blood is real."
    return f"comment-{number}", {"input": text}


KINDS: dict[str, tuple[str, Callable[[random.Random, int], tuple[str, dict[str, Any]]]]] = {
    "labels": ("/v1/chat/completions", _labels),
    "evals": ("/v1/chat/completions", _evals),
    "sums": ("/v1/chat/completions", _sums),
    "translations": ("/v1/chat/completions", _translations),
    "extraction": ("/v1/chat/completions", _extraction),
    "embeddings": ("/v1/embeddings", _embeddings),
    "responses": ("/v1/responses", _responses),
    "moderations": ("/v1/moderations", _moderations),
}
"""Kind → the endpoint its requests are for, the maker of one request's custom_id and body."""
