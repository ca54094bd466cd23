"""What a client sees of each fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    InternalServerError,
    OpenAI,
    RateLimitError,
)
from openai.types import Batch

from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault, Faults
from tui.demo.server import DemoServer

Submit = Callable[..., Batch]
Chat = Callable[..., bytes]


def test_dropped_before_no_work_is_done(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    server.faults.add(Fault("batches.create", "drop_before"))
    with pytest.raises(APIConnectionError) as dropped:
        submit(chat(1))
    assert isinstance(dropped.value.__cause__, (httpx2.ReadError, httpx2.RemoteProtocolError))
    assert client.batches.list().data == []
    submit(chat(1))
    assert server.calls["batches.create"] == 2


def test_dropped_after_the_work_is_done(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    server.faults.add(Fault("batches.create", "drop_after"))
    with pytest.raises(APIConnectionError):
        submit(chat(1))
    assert len(client.batches.list().data) == 1


def test_late_work_is_done_just_before_the_next_call(
    client: OpenAI, server: DemoServer, submit: Submit, chat: Chat
) -> None:
    server.faults.add(Fault("batches.create", "late", until="batches.create"))
    with pytest.raises(APIConnectionError):
        submit(chat(1), metadata={"which": "late"})
    assert client.batches.list().data == []
    submit(chat(1), metadata={"which": "second"})
    assert {(batch.metadata or {})["which"] for batch in client.batches.list()} == {"late", "second"}


def test_late_work_is_done_after_a_while(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    server.faults.add(Fault("batches.create", "late", delay_s=0.2))
    with pytest.raises(APIConnectionError):
        submit(chat(1))
    deadline = time.monotonic() + 30
    while not client.batches.list().data:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_retry_after_a_dropped_answer_makes_a_second_batch(server: DemoServer, chat: Chat) -> None:
    server.faults.add(Fault("batches.create", "drop_after"))
    with OpenAI(base_url=server.base_url, api_key="test-key", max_retries=1) as client:
        file = client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
        client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")
        assert len(client.batches.list().data) == 2


def test_dropped_in_the_middle_of_an_upload(client: OpenAI, server: DemoServer) -> None:
    server.faults.add(Fault("files.create", "drop_upload", after_bytes=1_000_000))
    with pytest.raises(APIConnectionError):
        client.files.create(file=("a.jsonl", b"x" * 5_000_000), purpose="batch")
    assert client.files.list().data == []
    server.faults.add(Fault("files.create", "drop_after"))
    with pytest.raises(APIConnectionError):
        client.files.create(file=("a.jsonl", b"x" * 5_000_000), purpose="batch")
    assert [file.bytes for file in client.files.list().data] == [5_000_000]


def test_refusals_do_no_work(client: OpenAI, server: DemoServer, chat: Chat) -> None:
    server.faults.add(Fault("files.create", "rate_limit", retry_after=7))
    with pytest.raises(RateLimitError) as limited:
        client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
    assert limited.value.response.headers["retry-after"] == "7"
    assert limited.value.code == "rate_limit_exceeded"
    server.faults.add(Fault("files.create", "server_error"))
    with pytest.raises(InternalServerError):
        client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
    server.faults.add(Fault("files.create", "status", status=410, message="It is gone.", code="gone"))
    with pytest.raises(APIStatusError, match=r"It is gone\.") as gone:
        client.files.create(file=("a.jsonl", chat(1)), purpose="batch")
    assert (gone.value.status_code, gone.value.code) == (410, "gone")
    server.faults.add(Fault("files.*", "html"))
    with pytest.raises(InternalServerError) as page:
        client.files.list()
    assert page.value.response.status_code == 502
    assert page.value.response.headers["content-type"].startswith("text/html")
    assert client.files.list().data == []


def test_a_truncated_download(client: OpenAI, server: DemoServer) -> None:
    content = b"0123456789" * 400_000
    file = client.files.create(file=("a.bin", content), purpose="user_data")
    server.faults.add(Fault("files.content", "truncate", after_bytes=2_500_000))
    got = bytearray()
    with (
        pytest.raises(httpx2.RemoteProtocolError),
        httpx2.stream("GET", f"{server.base_url}/files/{file.id}/content") as answer,
    ):
        assert answer.headers["content-length"] == "4000000"
        for chunk in answer.iter_bytes():
            got += chunk
    assert bytes(got) == content[:2_500_000]
    assert client.files.content(file.id).content == content


def test_a_slow_answer(client: OpenAI, server: DemoServer) -> None:
    server.faults.add(Fault("batches.list", "slow", delay_s=5))
    with pytest.raises(APITimeoutError):
        client.with_options(timeout=0.3).batches.list()
    file = client.files.create(file=("a.bin", b"x" * 30_000), purpose="user_data")
    server.faults.add(Fault("files.content", "slow", bytes_per_s=100_000))
    begun = time.monotonic()
    assert len(client.files.content(file.id).content) == 30_000
    assert time.monotonic() - begun > 0.25


def test_lists_that_mislead(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    batches = [submit(chat(1)).id for _ in range(3)][::-1]
    server.faults.add(Fault("batches.list", "empty_page"))
    empty = client.batches.list()
    assert (empty.data, empty.has_more) == ([], True)
    server.faults.add(Fault("batches.list", "stuck_page", times=2))
    for after in (batches[0], batches[1]):
        stuck = client.batches.list(limit=2, after=after)
        assert ([b.id for b in stuck.data], stuck.has_more) == (batches[:2], True)
    assert [b.id for b in client.batches.list(limit=2, after=batches[1]).data] == batches[2:]


def test_answers_of_another_shape(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    submit(chat(1))
    server.faults.add(
        Fault("batches.list", "rewrite", merge={"status": "CANCELING", "output_file_id": ""}, omit=["usage"])
    )
    (batch,) = client.batches.list().data
    assert (str(batch.status), batch.output_file_id, batch.usage) == ("CANCELING", "", None)
    assert client.batches.list().data[0].status == "validating"


def strikes(fault: Fault, calls: int) -> list[int]:
    faults = Faults()
    faults.add(fault)
    return [number for number in range(1, calls + 1) if faults.pick("batches.list")]


def test_how_often_a_fault_strikes() -> None:
    assert strikes(Fault("batches.list", "html", times=2), 6) == [1, 2]
    assert strikes(Fault("batches.*", "html", times=None, every=3), 9) == [3, 6, 9]
    assert strikes(Fault("*", "html", times=2, every=2, skip=3), 9) == [5, 7]
    assert strikes(Fault("files.*", "html", times=None), 9) == []
    by_chance = strikes(Fault("*", "html", times=None, probability=0.3, seed=5), 1_000)
    assert by_chance == strikes(Fault("*", "html", times=None, probability=0.3, seed=5), 1_000)
    assert 230 < len(by_chance) < 370


def test_knobs_over_http(client: OpenAI, server: DemoServer, submit: Submit, chat: Chat) -> None:
    url = f"{server.url}/demo/knobs"
    turned = httpx2.put(
        url,
        json={
            "pace": 100,
            "failure_rate": 0.5,
            "token_limits": {"gpt-4o": 5},
            "clock": {"jump": 50, "speed": 3},
            "faults": [{"route": "batches.list", "kind": "server_error"}],
        },
    ).json()
    assert turned["knobs"]["pace"] == 100
    assert turned["clock"]["now"] == 1_800_000_050
    assert (turned["clock"]["speed"], turned["clock"]["frozen"]) == (3, True)
    assert (server.knobs.failure_rate, server.knobs.token_limits) == (0.5, {"gpt-4o": 5})
    with pytest.raises(InternalServerError):
        client.batches.list()
    assert httpx2.get(url).json()["calls"] == {"batches.list": 1}
    httpx2.put(url, json={"faults": [{"route": "*", "kind": "html", "times": None}]})
    httpx2.put(url, json={"clear_faults": True, "clock": {"run": True}})
    assert client.batches.list().data == []
    before = server.clock.now()
    time.sleep(0.02)
    assert server.clock.now() > before
    bad: list[dict[str, Any]] = [
        {"pace": 0},
        {"pace": "fast"},
        {"failure_rate": 2},
        {"colour": "red"},
        {"clock": {"jump": -1}},
        {"clock": {"speed": 0}},
        {"faults": [{"route": "*", "kind": "fun"}]},
        {"faults": [{"kind": "html"}]},
        {"faults": 5},
        {"clock": 5},
    ]
    for change in bad:
        refused = httpx2.put(url, json=change)
        assert refused.status_code == 400, change
        assert refused.json()["error"]["message"]
    assert server.knobs.pace == 100


def test_a_key_is_asked_for_when_there_is_one(clock: Clock) -> None:
    with DemoServer(clock=clock, api_key="test-key") as server:
        with OpenAI(base_url=server.base_url, api_key="test-key", max_retries=0) as client:
            assert client.batches.list().data == []
            assert len(client.models.list().data) > 10
        with OpenAI(base_url=server.base_url, api_key="other", max_retries=0) as client:
            with pytest.raises(AuthenticationError) as refused:
                client.files.create(file=("a.jsonl", b"x" * 3_000_000), purpose="batch")
            assert refused.value.code == "invalid_api_key"
            assert "other" not in str(refused.value)
        missing = httpx2.get(f"{server.base_url}/batches")
        assert (missing.status_code, missing.json()["error"]["code"]) == (401, None)
        assert httpx2.put(f"{server.url}/demo/knobs", json={}).status_code == 401


def test_urls_that_are_none(server: DemoServer) -> None:
    for method, path, status in (("GET", "/v1/fun", 404), ("GET", "/", 404), ("DELETE", "/v1/batches", 405)):
        answer = httpx2.request(method, server.url + path)
        assert answer.status_code == status
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_the_server_in_an_async_test(chat: Chat) -> None:
    async with (
        DemoServer(clock=Clock(frozen=True)) as server,
        AsyncOpenAI(base_url=server.base_url, api_key="test-key", max_retries=0) as client,
    ):
        file = await client.files.create(file=("a.jsonl", chat(2)), purpose="batch")
        batch = await client.batches.create(
            input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
        )
        server.clock.jump(40)
        assert (await client.batches.retrieve(batch.id)).status == "completed"
