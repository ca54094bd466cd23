"""The server's start, end, restart; its seed, its samples."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI
from openai.types import Batch

from tui.demo.engine import life
from tui.demo.engine.clock import Clock
from tui.demo.seed import samples
from tui.demo.seed.seed import SKETCHES
from tui.demo.server import DemoServer

START = 1_800_000_000.0
Chat = Callable[..., bytes]
Strict = Callable[[Any, object], Any]


def client_of(server: DemoServer) -> OpenAI:
    return OpenAI(base_url=server.base_url, api_key="test-key", max_retries=0, timeout=10)


def submit(client: OpenAI, content: bytes) -> Batch:
    file = client.files.create(file=("a.jsonl", content), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h")


def test_it_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str], chat: Chat
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    threads = set(threading.enumerate())
    with DemoServer(seed=True) as server, client_of(server) as client:
        submit(client, chat(5))
        port = int(server.url.rsplit(":", 1)[1])
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= threads
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_an_os_error(server: DemoServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="in use"):
        DemoServer(port=int(server.url.rsplit(":", 1)[1])).start()
    assert list(tmp_path.iterdir()) == []


def test_it_stops_while_a_client_waits(clock: Clock) -> None:
    from tui.demo.faults.faults import Fault

    with DemoServer(clock=clock) as server:
        server.faults.add(Fault("*", "slow", delay_s=60))
        ended: list[object] = []

        def wait() -> None:
            try:
                ended.append(httpx2.get(f"{server.base_url}/files", timeout=30).status_code)
            except httpx2.HTTPError as error:
                ended.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while not server.calls:
            time.sleep(0.005)
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    waiting.join(5)
    assert ended
    assert ended != [200]


def test_a_restart_goes_on_where_it_was(tmp_path: Path, chat: Chat) -> None:
    first_clock = Clock(START, frozen=True)
    with DemoServer(state=tmp_path, clock=first_clock) as server, client_of(server) as client:
        done = submit(client, chat(20))
        first_clock.jump(100)
        output = client.batches.retrieve(done.id).output_file_id
        assert output is not None
        content = client.files.content(output).content
        running = submit(client, chat(140))
        first_clock.jump(14)
        before = client.batches.retrieve(running.id)
        assert before.status == "in_progress"
        unseen = submit(client, chat(10))
    # A clock behind that of the first run: the state knows better.
    second_clock = Clock(START, frozen=True)
    with DemoServer(state=tmp_path, clock=second_clock) as server, client_of(server) as client:
        assert client.batches.retrieve(running.id) == before
        assert [batch.id for batch in client.batches.list()] == [unseen.id, running.id, done.id]
        assert client.files.content(output).content == content
        second_clock.jump(60)
        assert {batch.status for batch in client.batches.list()} == {"completed"}


def test_the_seed_shows_every_state(clock: Clock, strict: Strict) -> None:
    with DemoServer(clock=clock, seed=True) as server, client_of(server) as client:
        listing = client.batches.with_raw_response.list(limit=100).http_response.json()["data"]
        found = Counter(batch["status"] for batch in listing)
        assert set(found) == set(life.Status.__args__)  # type: ignore[attr-defined]  # a Literal knows its values
        assert len(listing) == len(SKETCHES) >= 30
        for batch in listing:
            strict(Batch, batch)
        assert [b["created_at"] for b in listing] == sorted((b["created_at"] for b in listing), reverse=True)
        assert {b["endpoint"] for b in listing} == {
            "/v1/chat/completions",
            "/v1/embeddings",
            "/v1/responses",
            "/v1/moderations",
        }
        names = [(b["metadata"] or {}).get("description", "") for b in listing]
        assert {"nightly-eval", "embed-docs 3/12", "translate-reviews-ja", "labels-2026-11-22"} <= set(names)
        assert any(not name.isascii() for name in names)
        (runaway,) = [b for b in listing if b["request_counts"]["total"] == 50_000]
        counts = runaway["request_counts"]
        assert runaway["status"] == "in_progress"
        assert counts["failed"] > counts["completed"] > 1_000
        codes = [{e["code"] for e in b["errors"]["data"]} for b in listing if b["errors"]]
        assert {"token_limit_exceeded"} in codes
        assert max(len(each) for each in codes) > 6
        check_files(client, listing)
        clock.jump(130)
        later = Counter(batch.status for batch in client.batches.list(limit=100))
        assert later["completed"] > found["completed"]
        again = client.batches.with_raw_response.list(limit=100).http_response.json()["data"]
    with DemoServer(clock=Clock(START, frozen=True), seed=True) as server, client_of(server) as client:
        assert client.batches.with_raw_response.list(limit=100).http_response.json()["data"] == listing != again


def check_files(client: OpenAI, listing: list[dict[str, Any]]) -> None:
    """Every file that an ended batch names is there, as long as it says, with a row for each request."""
    for batch in listing:
        if batch["status"] not in {"completed", "expired", "cancelled"}:
            continue
        ids = []
        for name in ("output_file_id", "error_file_id"):
            if batch[name]:
                content = client.files.content(batch[name]).content
                assert client.files.retrieve(batch[name]).bytes == len(content)
                ids += [json.loads(line)["custom_id"] for line in content.splitlines()]
        asked = client.files.content(batch["input_file_id"]).content.splitlines()
        assert sorted(ids) == sorted(json.loads(line)["custom_id"] for line in asked)
        assert len(asked) == batch["request_counts"]["total"]


def test_the_seeds_running_input_is_there_when_asked_for(clock: Clock) -> None:
    with DemoServer(clock=clock, seed=True) as server, client_of(server) as client:
        listing = client.batches.list(limit=100)
        (runaway,) = [b for b in listing if b.request_counts and b.request_counts.total == 50_000]
        url = f"{server.base_url}/files/{runaway.input_file_id}/content"
        with ThreadPoolExecutor(3) as pool:
            contents = {answer.content for answer in pool.map(httpx2.get, [url] * 3)}
        (content,) = contents
        assert content.count(b"\n") == 50_000
        assert client.files.retrieve(runaway.input_file_id).bytes == len(content)
        files = client.files.list().data
        assert len(files) > 45
        assert all(isinstance(file.bytes, int) for file in files)


def test_the_samples(tmp_path: Path, clock: Clock) -> None:
    paths = samples.write_samples(tmp_path / "new")
    assert [path.name for path in paths][-3:] == ["awkward.jsonl", "problems.jsonl", "empty.jsonl"]
    with DemoServer(clock=clock) as server, client_of(server) as client:
        made = {}
        for path in paths:
            first = path.read_bytes().splitlines()[:1]
            endpoint: Any = json.loads(first[0])["url"] if first else "/v1/chat/completions"
            file = client.files.create(file=path, purpose="batch")
            made[path.name] = client.batches.create(
                input_file_id=file.id, endpoint=endpoint, completion_window="24h"
            ).id
        clock.jump(120)
        ended = {name: client.batches.retrieve(batch) for name, batch in made.items()}
        failed = {name: ended.pop(name) for name in ("problems.jsonl", "empty.jsonl")}
        assert {batch.status for batch in ended.values()} == {"completed"}
        assert all(batch.error_file_id is None for batch in ended.values())
        lines = {name: found(batch) for name, batch in failed.items()}
        assert lines["empty.jsonl"] == [(None, "empty_file")]
        assert len({code for _, code in lines["problems.jsonl"]}) >= 9
        assert {2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14} == {line for line, _ in lines["problems.jsonl"]}
        output = ended["awkward.jsonl"].output_file_id
        assert output is not None
        rows = [json.loads(line) for line in client.files.content(output).content.splitlines()]
        texts = {row["custom_id"]: row["response"]["body"]["choices"][0]["message"]["content"] for row in rows}
        assert texts["osc-52"].startswith("\x1b]52;c;")
        assert len(texts["two-megabytes"]) == 2_000_000


def found(batch: Batch) -> list[tuple[int | None, str | None]]:
    assert batch.errors is not None
    return [(error.line, error.code) for error in batch.errors.data or []]


def test_ten_thousand_batches_cost_nothing(clock: Clock, tmp_path: Path) -> None:
    """Not a measurement: what it must not do is start a task, or read a file, for each."""
    from tui.demo.engine.records import BatchRecord, Check, Plan, Usage
    from tui.demo.engine.store import Store

    store = Store(tmp_path)
    plan = Plan(1, 1, 1e6, 1, 1)
    store.save_batches(
        BatchRecord(
            f"batch_{n:032x}",
            "/v1/embeddings",
            "file-x",
            "24h",
            START - n - 9,
            plan,
            n,
            check=Check((), 1_000, "m", "m", Usage(5, 0, 5, 0)),
            ready_at=START - n - 8,
        )
        for n in range(10_000)
    )
    store.close()
    seen: list[str] = []
    with DemoServer(state=tmp_path, clock=clock) as server, httpx2.Client() as browser:
        after: dict[str, str] = {}
        while True:
            page = browser.get(f"{server.base_url}/batches", params={"limit": "100", **after}).json()
            seen += [batch["status"] for batch in page["data"]]
            if not page["has_more"]:
                break
            after = {"after": page["last_id"]}
    assert seen == ["in_progress"] * 10_000


def test_several_clients_at_once_see_one_truth(server: DemoServer, clock: Clock, chat: Chat) -> None:
    with client_of(server) as client:
        batch = submit(client, chat(300))
        clock.jump(200)

        async def look() -> set[str]:
            url = f"{server.base_url}/batches/{batch.id}"
            async with httpx2.AsyncClient() as browser:
                answers = await asyncio.gather(*(browser.get(url) for _ in range(20)))
            return {answer.text for answer in answers}

        assert len(asyncio.run(look())) == 1
        assert len([file for file in client.files.list() if file.purpose == "batch_output"]) == 1


def test_nothing_is_logged_in_an_ordinary_run(caplog: pytest.LogCaptureFixture, chat: Chat) -> None:
    with caplog.at_level(logging.WARNING), DemoServer(clock=Clock(frozen=True)) as server, client_of(server) as client:
        batch = submit(client, chat(10))
        server.clock.jump(60)
        assert client.batches.retrieve(batch.id).status == "completed"
    assert caplog.records == []
