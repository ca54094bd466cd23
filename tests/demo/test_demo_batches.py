"""A batch's life over a real socket, through the real client."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from openai import BadRequestError, ConflictError, NotFoundError, OpenAI
from openai.types import Batch
from openai.types.chat import ChatCompletion

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

START = 1_800_000_000
Submit = Callable[..., Batch]
Chat = Callable[..., bytes]
Strict = Callable[[Any, object], Any]


def rows(client: OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    assert file_id is not None
    return [json.loads(line) for line in client.files.content(file_id).content.splitlines()]


def test_a_good_batch_passes_through_its_states(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    batch = submit(chat(140), metadata={"description": "trial"})
    assert (batch.status, batch.model, batch.in_progress_at) == ("validating", None, None)
    assert batch.request_counts is not None
    assert batch.request_counts.total == 0
    seen = [batch]
    for step in (4, 5, 5, 5, 5, 6):
        clock.jump(step)
        seen.append(client.batches.retrieve(batch.id))
    assert [b.status for b in seen] == ["validating", *["in_progress"] * 4, "finalizing", "completed"]
    counts = [b.request_counts.completed for b in seen if b.request_counts]
    assert counts == sorted(counts)
    assert counts[1] == 0 < counts[2] < counts[4] < counts[5] == 140
    last = seen[-1]
    assert (last.created_at, last.in_progress_at, last.finalizing_at, last.completed_at, last.expires_at) == (
        START,
        START + 4,
        START + 24,
        START + 30,
        START + 86_400,
    )
    assert (last.failed_at, last.expired_at, last.cancelling_at, last.cancelled_at) == (None,) * 4
    assert (last.model, last.error_file_id, last.errors) == ("gpt-4o-mini-2024-07-18", None, None)
    assert last.metadata == {"description": "trial"}


def test_results_come_in_another_order_with_usage_that_adds_up(
    client: OpenAI, clock: Clock, submit: Submit, chat: Chat, strict: Strict
) -> None:
    batch = submit(chat(50))
    clock.jump(100)
    done = client.batches.retrieve(batch.id)
    got = rows(client, done.output_file_id)
    ids = [row["custom_id"] for row in got]
    assert sorted(ids) == sorted(f"request-{n}" for n in range(1, 51))
    assert ids != [f"request-{n}" for n in range(1, 51)]
    bodies = [row["response"]["body"] for row in got]
    for body in bodies:
        strict(ChatCompletion, body)
    by_id = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"] for row in got}
    assert by_id["request-21"] == "21 + 21 = 42"
    assert done.usage is not None
    assert done.usage.input_tokens == sum(body["usage"]["prompt_tokens"] for body in bodies)
    assert done.usage.output_tokens == sum(body["usage"]["completion_tokens"] for body in bodies)
    assert all(body["usage"]["prompt_tokens"] > 3 for body in bodies)


@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_failures_are_counted_and_stand_in_the_error_file(
    *, client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat, rate: float
) -> None:
    server.knobs.failure_rate = rate
    batch = submit(chat(200))
    clock.jump(15)
    midway = client.batches.retrieve(batch.id).request_counts
    clock.jump(100)
    done = client.batches.retrieve(batch.id)
    assert done.status == "completed"
    assert done.request_counts is not None
    assert midway is not None
    assert 0 < midway.failed <= done.request_counts.failed
    errors = rows(client, done.error_file_id)
    assert len(errors) == done.request_counts.failed == pytest.approx(200 * rate, abs=1)
    for row in errors:
        assert row["error"] or row["response"]["status_code"] >= 400
        assert (row["error"] is None) == (row["response"] is not None)
    if rate == 1.0:
        assert done.output_file_id is None
    else:
        good = rows(client, done.output_file_id)
        assert len(good) == done.request_counts.completed == 200 - len(errors)
        assert not {row["custom_id"] for row in good} & {row["custom_id"] for row in errors}


def test_requests_that_the_model_refuses_fail_by_themselves(
    client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat
) -> None:
    server.knobs.failure_rate = 0.2
    content = chat("Hello there", "How are you?", "And now?", temperature=9) + chat(60).replace(b"request-", b"good-")
    batch = submit(content)
    clock.jump(100)
    done = client.batches.retrieve(batch.id)
    errors = {row["custom_id"]: row for row in rows(client, done.error_file_id)}
    assert {"request-1", "request-2", "request-3"} <= errors.keys()
    assert done.request_counts is not None
    assert done.request_counts.failed == len(errors)
    assert done.request_counts.completed == len(rows(client, done.output_file_id)) == 63 - len(errors)
    codes = {(row["response"] or {}).get("body", {}).get("error", {}).get("code") for row in errors.values()}
    assert "decimal_above_max_value" in codes


def test_a_cancelled_batch_keeps_what_was_done(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    batch = submit(chat(140))
    clock.jump(12)
    before = client.batches.retrieve(batch.id).request_counts
    cancelling = client.batches.cancel(batch.id)
    assert (cancelling.status, cancelling.cancelling_at) == ("cancelling", START + 12)
    clock.jump(9)
    assert client.batches.cancel(batch.id).status == "cancelling"
    clock.jump(1)
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.cancelled_at, done.cancelling_at) == ("cancelled", START + 22, START + 12)
    assert (done.finalizing_at, done.completed_at) == (None, None)
    assert before is not None
    assert done.request_counts is not None
    assert 0 < before.completed <= done.request_counts.completed < 140
    left = rows(client, done.error_file_id)
    assert {row["error"]["code"] for row in left} == {"batch_cancelled"}
    assert all(row["response"] is None for row in left)
    good = rows(client, done.output_file_id)
    assert len(good) == done.request_counts.completed
    assert len(good) + len(left) == 140
    assert done.usage is not None
    assert done.usage.total_tokens == sum(row["response"]["body"]["usage"]["total_tokens"] for row in good)
    assert client.batches.cancel(batch.id).status == "cancelled"


def test_a_batch_cancelled_before_it_ran_has_no_files(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    batch = submit(chat(5))
    assert client.batches.cancel(batch.id).status == "cancelling"
    clock.jump(60)
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.in_progress_at) == ("cancelled", None)
    assert (done.output_file_id, done.error_file_id) == (None, None)


def test_an_expired_batch_keeps_what_was_done(
    client: OpenAI, clock: Clock, server: DemoServer, submit: Submit, chat: Chat
) -> None:
    server.knobs.ceiling = 0.6
    server.knobs.failure_rate = 0.1
    batch = submit(chat(100))
    clock.jump(86_399)
    assert client.batches.retrieve(batch.id).status == "in_progress"
    clock.jump(7)
    done = client.batches.retrieve(batch.id)
    assert (done.status, done.expired_at) == ("expired", START + 86_406)
    assert done.request_counts is not None
    assert done.request_counts.completed + done.request_counts.failed == 60
    codes = [row["error"]["code"] for row in rows(client, done.error_file_id) if row["error"]]
    assert codes.count("batch_expired") == 40
    assert len(rows(client, done.output_file_id)) == done.request_counts.completed
    with pytest.raises(ConflictError, match="Cannot cancel a batch with status 'expired'"):
        client.batches.cancel(batch.id)


def test_a_completed_batch_cannot_be_cancelled(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    # Large enough that it is still being validated when the clock has long passed its end.
    batch = submit(chat(5_000))
    clock.jump(1_000)
    with pytest.raises(ConflictError) as refused:
        client.batches.cancel(batch.id)
    assert refused.value.response.json()["error"]["message"] == "Cannot cancel a batch with status 'completed'."


def test_pages_of_batches(client: OpenAI, clock: Clock, chat: Chat) -> None:
    file = client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
    made: list[str] = []
    for _ in range(25):
        clock.jump(1)
        batch = client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        made.insert(0, batch.id)
    first = client.batches.list()
    assert ([b.id for b in first.data], first.has_more) == (made[:20], True)
    rest = client.batches.list(after=made[19], limit=100)
    assert ([b.id for b in rest.data], rest.has_more) == (made[20:], False)
    exact = client.batches.list(after=made[19], limit=5)
    assert (len(exact.data), exact.has_more) == (5, False)
    assert client.batches.list(after=made[-1]).data == []
    nothing = client.batches.list(limit=0)
    assert (nothing.data, nothing.has_more) == ([], False)
    assert [b.id for b in client.batches.list(limit=7)] == made
    for query in ({"limit": 101}, {"limit": -1}, {"after": "batch_nope"}):
        with pytest.raises(BadRequestError) as refused:
            client.batches.list(**query)
        assert refused.value.param in {"limit", "after"}


def test_output_files_expire_when_asked(client: OpenAI, clock: Clock, submit: Submit, chat: Chat) -> None:
    batch = submit(chat(3), output_expires_after={"anchor": "created_at", "seconds": 3_600})
    clock.jump(30)
    output = client.batches.retrieve(batch.id).output_file_id
    assert output is not None
    assert client.files.retrieve(output).expires_at == START + 30 + 3_600
    clock.jump(3_600)
    for call in (client.files.retrieve, client.files.content):
        with pytest.raises(NotFoundError, match="No such File object"):
            call(output)
    assert output not in [file.id for file in client.files.list()]
    assert client.batches.retrieve(batch.id).output_file_id == output


def test_a_batch_fails_whose_input_is_deleted_while_it_is_validated(
    client: OpenAI, clock: Clock, submit: Submit, chat: Chat
) -> None:
    batch = submit(chat(3))
    client.files.delete(batch.input_file_id)
    assert client.batches.retrieve(batch.id).status == "validating"
    clock.jump(10)
    failed = client.batches.retrieve(batch.id)
    assert failed.status == "failed"
    assert failed.errors is not None
    assert [error.code for error in failed.errors.data or []] == ["invalid_input_file"]
    assert failed.request_counts is not None
    assert failed.request_counts.total == 0


def test_a_deleted_input_does_not_stop_a_running_batch(
    client: OpenAI, clock: Clock, submit: Submit, chat: Chat
) -> None:
    batch = submit(chat(3))
    clock.jump(10)
    client.files.delete(batch.input_file_id)
    clock.jump(50)
    done = client.batches.retrieve(batch.id)
    assert done.status == "completed"
    assert len(rows(client, done.output_file_id)) == 3
