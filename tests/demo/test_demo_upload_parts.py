"""Parts of uploads that come in no order, at the same time, twice, or not to their end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from openai import BadRequestError, OpenAI

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

PART = 300_000


@pytest.fixture
def server(clock: Clock, tmp_path: Path) -> Iterator[DemoServer]:
    with DemoServer(clock=clock, state=tmp_path) as running:
        yield running


def begin(client: OpenAI, size: int) -> str:
    return client.uploads.create(bytes=size, filename="a.jsonl", mime_type="application/jsonl", purpose="batch").id


def send(client: OpenAI, upload_id: str, content: bytes) -> str:
    return client.uploads.parts.create(upload_id, data=content).id


def made(client: OpenAI, upload_id: str, part_ids: list[str]) -> bytes:
    done = client.uploads.complete(upload_id, part_ids=part_ids)
    assert done.file is not None
    return client.files.content(done.file.id).content


def stored(folder: Path) -> list[Path]:
    return [path for path in (folder / "files").iterdir() if path.stat().st_size]


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def under_way(server: DemoServer, upload_id: str, content: bytes) -> Iterator[Callable[[], None]]:
    """A part of which the server has the first half; calling it sends the rest and waits for the answer."""
    head = b'--b\r\nContent-Disposition: form-data; name="data"; filename="part"\r\n\r\n'
    body = head + content + b"\r\n--b--\r\n"
    host, port = server.url.removeprefix("http://").split(":")
    request = (
        f"POST /v1/uploads/{upload_id}/parts HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nConnection: close\r\n\r\n"
    )
    half = len(body) // 2

    def rest() -> None:
        connection.sendall(body[half:])
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")

    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(request.encode() + body[:half])
        yield rest


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0, 1], [1, 2], [0, 1, 1]])
def test_whichever_parts_are_wanted_are_put_together(
    client: OpenAI, server: DemoServer, tmp_path: Path, order: list[int]
) -> None:
    contents = [os.urandom(PART) for _ in range(3)]
    upload_id = begin(client, len(order) * PART)
    ids = [send(client, upload_id, content) for content in contents]
    assert made(client, upload_id, [ids[number] for number in order]) == b"".join(contents[n] for n in order)
    # Nothing but the file is left.
    assert len(stored(tmp_path)) == 1


def test_a_part_that_comes_while_another_is_under_way(client: OpenAI, server: DemoServer, tmp_path: Path) -> None:
    first, second, third = (os.urandom(PART) for _ in range(3))
    upload_id = begin(client, 2 * PART)
    with under_way(server, upload_id, first) as finish:
        eventually((tmp_path / "files" / upload_id).exists)
        ids = [send(client, upload_id, second), send(client, upload_id, third)]
        # What is under way is left out, and is no harm to what is not.
        assert made(client, upload_id, ids) == second + third
        with pytest.raises(AssertionError):
            finish()
    with pytest.raises(BadRequestError, match="completed"):
        send(client, upload_id, first)
    eventually(lambda: len(stored(tmp_path)) == 1)


def test_a_part_that_breaks_off_leaves_the_others_as_they_were(
    client: OpenAI, server: DemoServer, tmp_path: Path
) -> None:
    first, second = os.urandom(PART), os.urandom(PART)
    upload_id = begin(client, 2 * PART)
    ids = [send(client, upload_id, first)]
    shared = tmp_path / "files" / upload_id
    with under_way(server, upload_id, b"x" * 8 * PART):
        eventually(lambda: shared.stat().st_size > PART)
    eventually(lambda: shared.stat().st_size == PART)
    ids.append(send(client, upload_id, second))
    assert made(client, upload_id, ids) == first + second


def test_a_part_that_is_refused_leaves_the_others_as_they_were(
    client: OpenAI, server: DemoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.demo.api.uploads._PART_BYTES", PART)
    first, second = os.urandom(PART), os.urandom(PART)
    upload_id = begin(client, 2 * PART)
    ids = [send(client, upload_id, first)]
    with pytest.raises(BadRequestError, match="too large"):
        send(client, upload_id, b"x" * (PART + 1))
    ids.append(send(client, upload_id, second))
    assert made(client, upload_id, ids) == first + second


def test_after_a_restart_the_parts_are_there(clock: Clock, tmp_path: Path) -> None:
    first, second = os.urandom(PART), os.urandom(PART)
    upload_id, ids = "", list[str]()
    for content in (first, second):
        with DemoServer(clock=clock, state=tmp_path) as server, OpenAI(base_url=server.base_url, api_key="k") as client:
            upload_id = upload_id or begin(client, 2 * PART)
            ids.append(send(client, upload_id, content))
    with DemoServer(clock=clock, state=tmp_path) as server, OpenAI(base_url=server.base_url, api_key="k") as client:
        assert made(client, upload_id, ids) == first + second
