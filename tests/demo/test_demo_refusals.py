"""What the server refuses a batch for, in its own words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI
from openai.types import Batch

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

START = 1_800_000_000
Submit = Callable[..., Batch]
Chat = Callable[..., bytes]
Strict = Callable[[Any, object], Any]


BAD_LINES: list[tuple[bytes, str, str | None]] = [
    (b"{not json", "invalid_json_line", None),
    (b'{"method":"POST","url":"/v1/chat/completions","body":{}}', "missing_required_parameter", "custom_id"),
    (b'{"custom_id":"a","url":"/v1/chat/completions","body":{}}', "missing_required_parameter", "method"),
    (b'{"custom_id":"a","method":"POST","body":{}}', "missing_required_parameter", "url"),
    (b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions"}', "missing_required_parameter", "body"),
    (b'{"custom_id":"a","method":"GET","url":"/v1/chat/completions","body":{}}', "invalid_method", "method"),
    (b'{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{}}', "invalid_url", "url"),
    (
        b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"messages":[{}]}}',
        "invalid_request",
        "body.model",
    ),
    (
        b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o"}}',
        "invalid_request",
        "body.messages",
    ),
    (
        b'{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"gpt-4o","stream":true,'
        b'"messages":[{"role":"user","content":"x"}]}}',
        "streaming_unsupported",
        "body.stream",
    ),
]


@pytest.mark.parametrize(("line", "code", "param"), BAD_LINES, ids=[f"{c}-{p}" for _, c, p in BAD_LINES])
def test_validation_fails_with_the_servers_code_and_line(
    *, client: OpenAI, clock: Clock, submit: Submit, chat: Chat, line: bytes, code: str, param: str | None
) -> None:
    batch = submit(chat(1) + b"\n" + line + b"\n")
    assert client.batches.retrieve(batch.id).status == "validating"
    clock.jump(4)
    failed = client.batches.retrieve(batch.id)
    assert (failed.status, failed.failed_at, failed.in_progress_at) == ("failed", START + 4, None)
    assert failed.errors is not None
    assert (code, 3, param) in [(e.code, e.line, e.param) for e in failed.errors.data or []]
    assert failed.request_counts is not None
    assert failed.request_counts.total == 0
    with pytest.raises(ConflictError, match="status 'failed'"):
        client.batches.cancel(batch.id)


def test_a_model_that_is_not_there_is_named(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    batch = submit(chat(2, model="llama-9"))
    clock.jump(4)
    failed = client.batches.retrieve(batch.id)
    assert failed.errors is not None
    assert [(e.code, e.line, e.param, e.message) for e in failed.errors.data or []] == [
        ("model_not_found", n, "body.model", "The provided model 'llama-9' is not supported by the Batch API.")
        for n in (1, 2)
    ]


def test_validation_of_the_file_as_a_whole(
    client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat
) -> None:
    server.knobs.max_requests = 3
    batches = [submit(b"\n \n"), submit(chat(1) + chat(1)), submit(chat(4)), submit(chat(3))]
    clock.jump(4)
    found = [client.batches.retrieve(batch.id) for batch in batches]
    codes = [[(e.code, e.line) for e in (b.errors.data or [] if b.errors else [])] for b in found]
    assert codes == [[("empty_file", None)], [("duplicate_custom_id", 2)], [("too_many_requests", None)], []]


def test_too_many_enqueued_tokens_fail_the_next_batch(
    client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat
) -> None:
    server.knobs.token_limits = {"gpt-4o-mini": 1_500}
    first = submit(chat(100))
    clock.jump(5)
    second = submit(chat(100))
    other = submit(chat(100, model="gpt-4o"))
    clock.jump(5)
    assert client.batches.retrieve(first.id).status == "in_progress"
    assert client.batches.retrieve(other.id).status == "in_progress"
    refused = client.batches.retrieve(second.id)
    assert refused.status == "failed"
    assert refused.errors is not None
    (error,) = refused.errors.data or []
    assert (error.code, error.line) == ("token_limit_exceeded", None)
    assert error.message == (
        "Enqueued token limit reached for gpt-4o-mini in organization org-demo. Limit: 1,500 enqueued tokens."
        " Please try again once some in_progress batches have been completed."
    )
    clock.jump(60)
    third = submit(chat(100))
    clock.jump(5)
    assert client.batches.retrieve(third.id).status == "in_progress"


REFUSED: list[tuple[dict[str, Any], str, str | None, str | None]] = [
    (
        {"endpoint": "/v1/audio"},
        "Invalid value: '/v1/audio'. Supported values are: '/v1/responses', ",
        "endpoint",
        "invalid_value",
    ),
    (
        {"completion_window": "48h"},
        "Invalid value: '48h'. Supported values are: '24h'.",
        "completion_window",
        "invalid_value",
    ),
    (
        {"metadata": {"tags": ["a"]}},
        "Invalid type for 'metadata.tags': expected a string, but got an array instead.",
        "metadata.tags",
        "invalid_type",
    ),
    ({"metadata": {f"k{n}": "v" for n in range(17)}}, "Invalid 'metadata'", "metadata", "object_above_max_properties"),
    ({"metadata": {"k": "v" * 513}}, "Invalid 'metadata.k'", "metadata", "string_above_max_length"),
    ({"metadata": {"k" * 65: "v"}}, "Invalid 'metadata.kkk", "metadata", "string_above_max_length"),
    ({"input_file_id": "file-nope"}, "Cannot find file file-nope, or project proj_", "file_id", None),
    ({"input_file_id": ""}, "Cannot find file ", "file_id", None),
    (
        {"output_expires_after": {"anchor": "created_at", "seconds": 60}},
        "Invalid 'output_expires_after.seconds'",
        "output_expires_after.seconds",
        "integer_below_min_value",
    ),
    (
        {"output_expires_after": {"anchor": "created_at", "seconds": 2_592_001}},
        "Invalid 'output_expires_after.seconds'",
        "output_expires_after.seconds",
        "integer_above_max_value",
    ),
    (
        {"output_expires_after": {"anchor": "now", "seconds": 3_600}},
        "Invalid value: 'now'",
        "output_expires_after.anchor",
        "invalid_value",
    ),
]


@pytest.mark.parametrize(("change", "message", "param", "code"), REFUSED, ids=[str(r[0])[:40] for r in REFUSED])
def test_create_refuses_with_400(
    *, client: OpenAI, chat: Chat, change: dict[str, Any], message: str, param: str | None, code: str | None
) -> None:
    file = client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
    good = {"input_file_id": file.id, "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    with pytest.raises(BadRequestError) as refused:
        client.post("/batches", body={**good, **change}, cast_to=Batch)
    error = refused.value.response.json()["error"]
    assert error["message"].startswith(message)
    assert (error["param"], error["code"], error["type"]) == (param, code, "invalid_request_error")
    assert client.batches.list().data == []


@pytest.mark.parametrize("left_out", ["input_file_id", "endpoint", "completion_window"])
def test_create_names_what_is_missing(client: OpenAI, left_out: str) -> None:
    asked = {"input_file_id": "file-x", "endpoint": "/v1/embeddings", "completion_window": "24h"}
    del asked[left_out]
    with pytest.raises(BadRequestError, match=f"Missing required parameter: '{left_out}'"):
        client.post("/batches", body=asked, cast_to=Batch)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff\xfe", b"[" * 5_000, b" " * ((1 << 20) + 1)])
def test_create_refuses_what_is_no_json_object(client: OpenAI, body: bytes) -> None:
    with pytest.raises(BadRequestError):
        client.post("/batches", content=body, cast_to=Batch, options={"headers": {"Content-Type": "application/json"}})


def test_a_file_of_another_purpose_makes_no_batch(client: OpenAI, chat: Chat) -> None:
    file = client.files.create(file=("a.jsonl", chat(1)), purpose="fine-tune")
    with pytest.raises(BadRequestError, match="purpose"):
        client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")


def test_unknown_batches_answer_404(client: OpenAI) -> None:
    for call in (client.batches.retrieve, client.batches.cancel):
        with pytest.raises(NotFoundError, match="No batch found with id 'batch_nope'") as missing:
            call("batch_nope")
        assert missing.value.code is None
