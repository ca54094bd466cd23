"""Files over a real socket, through the real client."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import BadRequestError, NotFoundError, OpenAI
from openai.types import Upload
from openai.types.uploads import UploadPart

from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

START = 1_800_000_000
Chat = Callable[..., bytes]
Strict = Callable[[Any, object], Any]


def test_a_file_comes_back_as_it_was_sent(client: OpenAI, chat: Chat) -> None:
    content = chat(3) + b'{"any bytes": "\xff\x00"}\r\n\r\n--boundary--'
    file = client.files.create(file=("übung 日本.jsonl", content), purpose="batch")
    assert (file.bytes, file.filename, file.purpose) == (len(content), "übung 日本.jsonl", "batch")
    assert (file.created_at, file.expires_at) == (START, START + 30 * 86_400)
    assert client.files.retrieve(file.id) == file
    assert client.files.content(file.id).content == content
    kept = client.files.create(file=("a.txt", b""), purpose="user_data")
    assert (kept.bytes, kept.expires_at) == (0, None)
    assert client.files.content(kept.id).content == b""


def test_a_path_in_a_file_name_is_dropped(client: OpenAI) -> None:
    for name in ("../../etc/passwd.jsonl", "C:\\temp\\passwd.jsonl"):
        assert client.files.create(file=(name, b"x"), purpose="batch").filename == "passwd.jsonl"


def test_upload_refuses_with_400(client: OpenAI, server: DemoServer) -> None:
    with pytest.raises(BadRequestError) as refused:
        client.files.create(file=("data.csv", b"a,b"), purpose="batch")
    error = refused.value.response.json()["error"]
    assert (error["message"], error["code"]) == ("Invalid file format for Batch API. Must be .jsonl", None)
    server.knobs.max_batch_bytes = 100
    with pytest.raises(BadRequestError, match=r"File is too large\."):
        client.files.create(file=("data.jsonl", b"x" * 101), purpose="batch")
    assert client.files.create(file=("data.jsonl", b"x" * 100), purpose="batch").bytes == 100
    with pytest.raises(BadRequestError, match="Invalid value: 'fun'"):
        client.files.create(file=("data.jsonl", b"x"), purpose="fun")  # type: ignore[arg-type]  # that is the point
    with pytest.raises(BadRequestError, match=r"Invalid 'expires_after\.seconds'"):
        client.files.create(
            file=("a.jsonl", b"x"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3_599}
        )
    assert len(client.files.list().data) == 1


def test_forms_that_are_none(server: DemoServer) -> None:
    url = f"{server.base_url}/files"
    part = b'--B\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--B--\r\n'
    multipart = {"Content-Type": "multipart/form-data; boundary=B"}
    for content, headers in (
        (b"{}", {"Content-Type": "application/json"}),
        (b"x", {"Content-Type": "multipart/form-data"}),
        (b"nonsense without a boundary", multipart),
        (part, multipart),
        (part.replace(b"purpose", b"file"), multipart),
        (part.replace(b'name="purpose"', b'name="file"; filename="a.jsonl"'), multipart),
    ):
        answer = httpx2.post(url, content=content, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]["message"]


def test_a_half_sent_file_leaves_nothing(client: OpenAI, server: DemoServer, tmp_path: Path) -> None:
    def halves() -> Any:
        yield b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n' + b"x" * 3_000_000
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        httpx2.post(
            f"{server.base_url}/files", content=halves(), headers={"Content-Type": "multipart/form-data; boundary=B"}
        )
    assert client.files.list().data == []


def test_pages_of_files(client: OpenAI, clock: Clock) -> None:
    made = []
    for number in range(7):
        clock.jump(1)
        purpose: Any = "batch" if number % 2 else "user_data"
        made.append(client.files.create(file=("a.jsonl", b"x"), purpose=purpose).id)
    newest = client.files.list(limit=3)
    assert ([f.id for f in newest.data], newest.has_more) == (made[:3:-1], True)
    assert [f.id for f in client.files.list(limit=2)] == made[::-1]
    assert [f.id for f in client.files.list(order="asc", after=made[2])] == made[3:]
    assert [f.id for f in client.files.list(purpose="batch", order="asc")] == made[1::2]
    assert client.files.list(limit=0).has_more is False
    for query in ({"limit": 10_001}, {"after": "file-nope"}, {"order": "up"}, {"purpose": "fun"}, {"limit": "x"}):
        with pytest.raises(BadRequestError):
            client.files.list(**query)


def test_deleted_expired_and_unknown_files_answer_404(client: OpenAI, clock: Clock) -> None:
    gone = client.files.create(file=("a.jsonl", b"x"), purpose="batch")
    short = client.files.create(
        file=("b.jsonl", b"x"), purpose="batch", expires_after={"anchor": "created_at", "seconds": 3_600}
    )
    deleted = client.files.delete(gone.id)
    assert (deleted.id, deleted.deleted) == (gone.id, True)
    assert client.files.retrieve(short.id).expires_at == START + 3_600
    clock.jump(3_600)
    for file_id in (gone.id, short.id, "file-nope", "..%2Fdemo.sqlite3"):
        for call in (client.files.retrieve, client.files.content, client.files.delete):
            with pytest.raises(NotFoundError):
                call(file_id)
    assert client.files.list().data == []


def test_a_range_of_a_file(client: OpenAI, server: DemoServer) -> None:
    content = os.urandom(3_000_000)
    file = client.files.create(file=("a.bin", content), purpose="user_data")
    url = f"{server.base_url}/files/{file.id}/content"

    def part(asked: str) -> httpx2.Response:
        return httpx2.get(url, headers={"Range": asked})

    whole = httpx2.get(url)
    assert (whole.status_code, whole.headers["content-length"], whole.content) == (200, "3000000", content)
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=1000000-2999998", 1_000_000, 2_999_999),
        ("bytes=2999999-", 2_999_999, 3_000_000),
        ("bytes=-500", 2_999_500, 3_000_000),
        ("bytes=2500000-9999999", 2_500_000, 3_000_000),
    ):
        got = part(asked)
        assert (got.status_code, got.content) == (206, content[start:end])
        assert got.headers["content-range"] == f"bytes {start}-{end - 1}/3000000"
        assert got.headers["content-length"] == str(end - start)
    beyond = part("bytes=3000000-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */3000000")


def test_an_upload_in_parts(client: OpenAI, strict: Strict) -> None:
    content = os.urandom(1_000_000)
    upload = client.uploads.create(
        bytes=len(content), filename="big.jsonl", mime_type="application/jsonl", purpose="batch"
    )
    assert (upload.status, upload.bytes, upload.expires_at) == ("pending", len(content), START + 3_600)
    parts = []
    for start in (600_000, 0, 300_000):
        end = min(start + 300_000 if start < 600_000 else len(content), len(content))
        got = client.uploads.parts.with_raw_response.create(upload.id, data=content[start:end]).http_response.json()
        parts.append(strict(UploadPart, got).id)
    order = [parts[1], parts[2], parts[0]]
    done = client.uploads.with_raw_response.complete(
        upload.id,
        part_ids=order,
        md5=hashlib.md5(content).hexdigest(),  # noqa: S324 - the API's own checksum
    )
    made = strict(Upload, done.http_response.json())
    assert made.status == "completed"
    assert (made.file.bytes, made.file.filename, made.file.purpose) == (len(content), "big.jsonl", "batch")
    assert client.files.content(made.file.id).content == content
    with pytest.raises(BadRequestError, match="completed"):
        client.uploads.parts.create(upload.id, data=b"more")


def test_uploads_that_are_refused(client: OpenAI, clock: Clock, server: DemoServer) -> None:
    def start(**change: Any) -> Upload:
        asked = {"bytes": 4, "filename": "a.jsonl", "mime_type": "application/jsonl", "purpose": "batch"}
        return client.uploads.create(**{**asked, **change})

    with pytest.raises(BadRequestError, match=r"Must be \.jsonl"):
        start(filename="a.csv")
    with pytest.raises(BadRequestError, match=r"File is too large\."):
        start(bytes=server.knobs.max_batch_bytes + 1)
    upload = start()
    part = client.uploads.parts.create(upload.id, data=b"abc")
    with pytest.raises(BadRequestError, match="Expected 4 bytes, but the parts have 3"):
        client.uploads.complete(upload.id, part_ids=[part.id])
    with pytest.raises(BadRequestError, match="No such part: part_nope"):
        client.uploads.complete(upload.id, part_ids=["part_nope"])
    rest = client.uploads.parts.create(upload.id, data=b"d")
    with pytest.raises(BadRequestError, match="MD5"):
        client.uploads.complete(upload.id, part_ids=[part.id, rest.id], md5="0" * 32)
    cancelled = client.uploads.cancel(upload.id)
    assert (cancelled.status, cancelled.file) == ("cancelled", None)
    with pytest.raises(BadRequestError, match="cancelled"):
        client.uploads.complete(upload.id, part_ids=[part.id, rest.id])
    late = start()
    clock.jump(3_600)
    with pytest.raises(BadRequestError, match="expired"):
        client.uploads.parts.create(late.id, data=b"abcd")
    with pytest.raises(NotFoundError):
        client.uploads.parts.create("upload_nope", data=b"abcd")
    assert client.files.list().data == []


def test_the_clients_chunked_upload_of_a_file(client: OpenAI, tmp_path: Path) -> None:
    path = tmp_path / "chunked.jsonl"
    path.write_bytes(os.urandom(250_000))
    done = client.uploads.upload_file_chunked(
        file=path, mime_type="application/jsonl", purpose="batch", part_size=100_000
    )
    assert done.file is not None
    assert client.files.content(done.file.id).content == path.read_bytes()
