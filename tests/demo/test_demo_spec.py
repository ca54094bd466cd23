"""Every kind of answer, held against the openai package's models; where it is at hand, against OpenAI's description."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from openai import APIStatusError, OpenAI
from openai.types import Batch, FileDeleted, FileObject, Model

from tests import ROOT
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

Submit = Callable[..., Batch]
Chat = Callable[..., bytes]
Strict = Callable[[Any, object], Any]
Sample = dict[str, list[Any]]


@pytest.fixture
def sample(*, client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat) -> Sample:
    """Raw answers by the name of their schema, from batches in every state but expired."""
    server.knobs.failure_rate = 0.1
    metadata = {"a": "b"}
    batches = [submit(chat(30)), submit(chat(30) + b"{"), submit(chat(30), metadata=metadata)]
    made: Sample = {"Batch": [], "BatchRequestOutput": [], "ErrorResponse": []}
    for step in (0, 5, 5, 1, 5, 9, 40):
        clock.jump(step)
        if step == 1:
            client.batches.cancel(batches[2].id)
        made["Batch"] += [client.batches.with_raw_response.retrieve(batch.id).http_response.json() for batch in batches]
    made["ListBatchesResponse"] = [client.batches.with_raw_response.list().http_response.json()]
    files = client.files.with_raw_response.list().http_response.json()
    made["ListFilesResponse"], made["OpenAIFile"] = [files], files["data"]
    for file in files["data"]:
        if file["purpose"] == "batch_output":
            made["BatchRequestOutput"] += map(json.loads, client.files.content(file["id"]).content.splitlines())
    deleted = client.files.with_raw_response.delete(files["data"][0]["id"]).http_response.json()
    made["DeleteFileResponse"] = [deleted]
    made["ErrorResponse"] = list(refusals(client, batches[0].id))
    return made


def refusals(client: OpenAI, batch_id: str) -> Iterator[Any]:
    calls: list[Callable[[], object]] = [
        lambda: client.batches.retrieve("x"),
        lambda: client.batches.list(limit=101),
        lambda: client.batches.cancel(batch_id),
        lambda: client.files.retrieve("x"),
    ]
    for call in calls:
        with pytest.raises(APIStatusError) as refused:
            call()
        yield refused.value.response.json()


def test_every_answer_keeps_to_the_package(client: OpenAI, sample: Sample, strict: Strict) -> None:
    assert {batch["status"] for batch in sample["Batch"]} == {
        "validating",
        "in_progress",
        "finalizing",
        "completed",
        "failed",
        "cancelling",
        "cancelled",
    }
    assert len(sample["OpenAIFile"]) == 3 + 4
    for batch in sample["Batch"] + sample["ListBatchesResponse"][0]["data"]:
        strict(Batch, batch)
    for file in sample["OpenAIFile"]:
        strict(FileObject, file)
    strict(FileDeleted, sample["DeleteFileResponse"][0])
    for model in client.models.with_raw_response.list().http_response.json()["data"]:
        strict(Model, model)


def test_every_answer_keeps_to_the_specification(sample: Sample) -> None:
    from jsonschema import Draft202012Validator

    described = spec()
    for name, answers in sample.items():
        schema = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
        validator = Draft202012Validator(schema)
        assert answers, name
        for answer in answers:
            # An error's nulls are described, and required.
            validator.validate(answer if name == "ErrorResponse" else without_nulls(answer))


def spec() -> dict[str, Any]:
    """OpenAI's public description of these calls, where somebody has put it beside the checkout."""
    import yaml

    beside = ROOT.parent
    found = next(iter([*beside.glob("openai-batch-spec.yaml"), *beside.glob("*/openai-batch-spec.yaml")]), None)
    if found is None:
        pytest.skip("openai-batch-spec.yaml is not beside the checkout")
    loaded: dict[str, Any] = yaml.safe_load(found.read_text())
    return loaded


def without_nulls(value: Any) -> Any:
    """The real server sends null for optional fields, which the description does not allow for."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
