"""A running demo server with a clock that only moves when a test moves it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import OpenAI
from openai.types import Batch
from pydantic import BaseModel

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

CHAT = "/v1/chat/completions"
START = 1_800_000_000.0

Submit = Callable[..., Batch]
Strict = Callable[[type[BaseModel], object], BaseModel]
Chat = Callable[..., bytes]


@pytest.fixture
def clock() -> Clock:
    """Stands at START until a test jumps it."""
    return Clock(START, frozen=True)


@pytest.fixture
def server(clock: Clock) -> Iterator[DemoServer]:
    """A server without a key, with an empty temporary state."""
    with DemoServer(clock=clock) as running:
        yield running


@pytest.fixture
def client(server: DemoServer) -> Iterator[OpenAI]:
    """The real client, without retries."""
    with OpenAI(base_url=server.base_url, api_key="test-key", max_retries=0, timeout=10) as made:
        yield made


@pytest.fixture
def chat() -> Chat:
    """Makes the lines of a chat file: ``chat(prompt, ...)`` or ``chat(count)``, with more keys for each body."""

    def lines(*prompts: str | int, model: str = "gpt-4o-mini", **more: Any) -> bytes:
        if isinstance(prompts[0], int):
            prompts = tuple(f"What is {n} + {n}?" for n in range(1, prompts[0] + 1))
        made = [
            {
                "custom_id": f"request-{number}",
                "method": "POST",
                "url": CHAT,
                "body": {"model": model, "messages": [{"role": "user", "content": prompt}], **more},
            }
            for number, prompt in enumerate(prompts, 1)
        ]
        return b"".join(json.dumps(line).encode() + b"\n" for line in made)

    return lines


@pytest.fixture
def submit(client: OpenAI) -> Submit:
    """Uploads the content as a batch file and creates a batch of it."""

    def upload_and_create(content: bytes, endpoint: Any = CHAT, **more: Any) -> Batch:
        file = client.files.create(file=("input.jsonl", content), purpose="batch")
        return client.batches.create(input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more)

    return upload_and_create


@pytest.fixture
def strict() -> Strict:
    """Validates raw JSON against a model of the openai package: no coercion, no field that the model does not know."""

    def check(model: type[BaseModel], raw: object) -> BaseModel:
        made = model.model_validate(raw, strict=True)
        unknown = sorted(_unknown(made, model.__name__))
        assert not unknown, f"fields that the openai package does not know: {unknown}"
        return made

    return check


def _unknown(value: object, path: str) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from (f"{path}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _unknown(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, f"{path}[{index}]")
