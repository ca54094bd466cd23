"""The stand-in model's answers: strict, believable, the same each time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types import Completion, CreateEmbeddingResponse, ImagesResponse, ModerationCreateResponse, Video
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tui.demo.engine.records import Recipe
from tui.demo.model import model, prose
from tui.demo.model.model import ENDPOINTS, answer
from tui.demo.seed.recipes import KINDS, requests

Strict = Callable[[Any, object], Any]
CHAT = "/v1/chat/completions"
IN_PARTS = [{"role": "user", "content": [{"type": "text", "text": "a"}]}]


def said(prompt: str, key: str = "k", **more: Any) -> str:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}], **more}
    text: str = answer(CHAT, body, key).body["choices"][0]["message"]["content"]
    return text


BODIES: list[tuple[str, type, dict[str, Any]]] = [
    (CHAT, ChatCompletion, {"model": "o4-mini", "messages": IN_PARTS}),
    ("/v1/responses", Response, {"model": "gpt-5-mini", "input": "Explain tides.", "instructions": "Be brief."}),
    ("/v1/responses", Response, {"model": "gpt-5", "input": IN_PARTS, "max_output_tokens": 2}),
    ("/v1/embeddings", CreateEmbeddingResponse, {"model": "text-embedding-3-small", "input": ["a", "b"]}),
    ("/v1/completions", Completion, {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time"}),
    ("/v1/moderations", ModerationCreateResponse, {"model": "omni-moderation-latest", "input": ["hello", "I kill"]}),
    ("/v1/images/generations", ImagesResponse, {"model": "gpt-image-1", "prompt": "a cat"}),
    ("/v1/videos", Video, {"model": "sora-2", "prompt": "a cat", "seconds": "4"}),
]


@pytest.mark.parametrize(("endpoint", "shape", "body"), BODIES, ids=[f"{e}-{i}" for i, (e, _, _) in enumerate(BODIES)])
def test_bodies_keep_to_the_package(strict: Strict, endpoint: str, shape: type, body: dict[str, Any]) -> None:
    got = answer(endpoint, body, "key", 1_800_000_000)
    assert got.status_code == 200
    strict(shape, got.body)
    assert answer(endpoint, body, "key", 1_800_000_000) == got
    assert got.usage.input > 0 or endpoint in {"/v1/moderations", "/v1/videos"}


def test_answers_suit_their_prompts() -> None:
    assert said("What is 12 * 12?") == "12 * 12 = 144"
    assert said("What is 1/0? 1 / 0") == "That has no answer: a division by zero."
    labels = {said("Classify as one of: urgent, normal, spam.\n\nText", f"{n}") for n in range(30)}
    assert labels == {"urgent", "normal", "spam"}
    fields = json.loads(said("Extract", response_format={"type": "json_object"}))
    assert set(fields) == {"label", "confidence", "topics"}
    assert not said("Translate into Japanese: it is good").isascii()
    assert said("Repeat this: \x1b[31m [/markup] 請求") == "\x1b[31m [/markup] 請求"
    assert "sourdough" in said("Explain sourdough.").lower()
    assert len(said("Write 3 MB of text.")) == 3_000_000
    many = {said("Explain sourdough fermentation in a cold kitchen.", f"{n}") for n in range(40)}
    assert len(many) > 30


def test_labels_are_mostly_right() -> None:
    asked = "Classify the sentiment of this review as one of: positive, negative, neutral.\n\nThe kettle {}."
    for text, label in (("is worth every cent", "positive"), ("came in a torn box", "negative"), ("is red", "neutral")):
        given = [said(asked.format(text), f"{n}") for n in range(200)]
        assert 180 < given.count(label) < 200


def test_a_limit_cuts_the_answer() -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Repeat: " + "word " * 100}], "max_tokens": 7}
    got = answer(CHAT, body, "k")
    choice = got.body["choices"][0]
    assert choice["finish_reason"] == "length"
    assert prose.tokens(choice["message"]["content"]) == 7 == got.usage.output


def test_embeddings_are_unit_vectors_that_depend_on_the_text() -> None:
    body = {"model": "text-embedding-3-large", "input": ["a", "b", "a"], "dimensions": 64}
    first, second, again = [entry["embedding"] for entry in answer("/v1/embeddings", body, "k").body["data"]]
    assert first == again != second
    assert len(first) == 64
    assert math.isclose(math.hypot(*second), 1, rel_tol=1e-4)
    tokens = answer("/v1/embeddings", {"model": "text-embedding-3-small", "input": [1, 2, 3]}, "k")
    assert len(tokens.body["data"]) == 1
    assert tokens.usage.input == 3


@pytest.mark.parametrize("kind", KINDS)
def test_made_requests_are_varied_and_taken(kind: str) -> None:
    endpoint, _ = KINDS[kind]
    made = list(requests(Recipe(kind, 300, 7, "gpt-4o-mini")))
    assert len({row["custom_id"] for row in made}) == 300
    assert {row["url"] for row in made} == {endpoint}
    assert all(model.problem(endpoint, row["body"]) is None for row in made)
    assert made == list(requests(Recipe(kind, 300, 7, "gpt-4o-mini")))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = [
    "messages",
    "input",
    "prompt",
    "instructions",
    "text",
    "response_format",
    "max_tokens",
    "temperature",
    "dimensions",
    "encoding_format",
    "metadata",
    "max_output_tokens",
    "max_completion_tokens",
    "seconds",
    "size",
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ENDPOINTS), st.dictionaries(st.sampled_from(KEYS), JSON, max_size=6), st.text(max_size=5))
def test_no_body_upsets_the_model(endpoint: str, body: dict[str, Any], key: str) -> None:
    got = answer(endpoint, {"model": "gpt-5", **body}, key)
    assert got.status_code in {200, 400}
    assert ("error" in got.body and got.body["error"] is not None) == (got.status_code == 400)
    assert model.prompt_usage(endpoint, {"model": "gpt-5", **body}) >= 0
    assert msgspec.json.decode(msgspec.json.encode(got.body)) == got.body
