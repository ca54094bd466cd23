"""Each method of the wire against a real server: what it asks, what it gives, how often it calls."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conftest import CHAT, KEY, MakeInput, OddServer, http
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError


def quiet(_done: int, _total: int) -> None:
    """Progress that nobody looks at."""


async def create(wire: Wire, path: Path) -> str:
    stored = await wire.upload(path, "sums.jsonl", quiet)
    batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={"job": "sums"})
    identity: str = batch["id"]
    return identity


async def test_the_life_of_a_batch(demo: DemoServer, wire: Wire, make_input: MakeInput) -> None:
    path = make_input(5)
    stored = await wire.upload(path, "renamed.jsonl", quiet)
    assert (stored.filename, stored.purpose, stored.bytes) == ("renamed.jsonl", "batch", path.stat().st_size)
    batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={"job": "sums"})
    assert (batch["status"], batch["metadata"], batch["completion_window"]) == ("validating", {"job": "sums"}, "24h")
    assert (await wire.retrieve_batch(batch["id"]))["id"] == batch["id"]
    demo.clock.jump(100)
    done = await wire.retrieve_batch(batch["id"])
    assert done["status"] == "completed"
    output = await wire.retrieve_file(done["output_file_id"])
    async with wire.download(output.id) as download:
        content = b"".join([chunk async for chunk in download.chunks])
        assert (download.start, download.total) == (0, output.bytes)
    assert content.count(b"\n") == 5
    assert demo.calls == {
        "files.create": 1, "batches.create": 1, "batches.retrieve": 2, "files.retrieve": 1, "files.content": 1,
    }  # fmt: skip
    assert wire.calls == 6


async def test_a_cancel(wire: Wire, make_input: MakeInput) -> None:
    batch_id = await create(wire, make_input())
    assert (await wire.cancel_batch(batch_id))["status"] == "cancelling"


async def test_lists(demo: DemoServer, wire: Wire, make_input: MakeInput) -> None:
    made = []
    for _ in range(3):
        made.append(await create(wire, make_input()))
        demo.clock.jump(1)
    page = await wire.list_batches(limit=2)
    assert ([item["id"] for item in page.items], page.has_more, page.last_id) == (made[:0:-1], True, made[1])
    rest = await wire.list_batches(limit=2, after=page.last_id)
    assert ([item["id"] for item in rest.items], rest.has_more) == (made[:1], False)
    files = await wire.list_files(purpose="batch", limit=2)
    assert (len(files.items), files.has_more) == (2, True)
    assert len((await wire.list_files(after=files.last_id)).items) == 1
    assert (await wire.list_files(purpose="batch_output")).items == ()


async def test_the_parameters_of_lists(odd: OddServer, odd_wire: Wire) -> None:
    odd.say('{"data": []}')
    await odd_wire.list_batches()
    await odd_wire.list_batches(after="b_1", limit=7)
    await odd_wire.list_files()
    await odd_wire.list_files(purpose="batch", after="f_1", limit=9)
    asked = [urlsplit(head.split()[1]) for head in odd.heads]
    assert [(url.path, dict(parse_qsl(url.query))) for url in asked] == [
        ("/v1/batches", {"limit": "100"}),
        ("/v1/batches", {"limit": "7", "after": "b_1"}),
        ("/v1/files", {"limit": "1000", "order": "desc"}),
        ("/v1/files", {"limit": "9", "order": "desc", "purpose": "batch", "after": "f_1"}),
    ]


async def test_the_body_of_a_create(odd: OddServer, odd_wire: Wire) -> None:
    odd.say('{"id": "b"}')
    await odd_wire.create_batch(input_file_id="f", endpoint="/v1/custom", metadata={"a": "b"})
    assert json.loads(odd.bodies[0]) == {
        "input_file_id": "f", "endpoint": "/v1/custom", "completion_window": "24h", "metadata": {"a": "b"},
    }  # fmt: skip
    assert odd.heads[0].startswith("POST /v1/batches ")


async def test_an_id_never_chooses_a_path(odd: OddServer, odd_wire: Wire) -> None:
    odd.say('{"id": "x"}')
    await odd_wire.retrieve_batch("../files/file-1?x=y#z")
    assert odd.heads[0].split()[1].lower() == "/v1/batches/..%2ffiles%2ffile-1%3fx=y%23z"


async def test_who_is_asking(odd: OddServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The profile's organisation and project, never those of the environment."""
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-environment")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-the-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    odd.say('{"data": [], "id": "f"}')
    for organization, project in ((None, None), ("org-demo", "proj_demo")):
        wire = await Wire.connect(Address(odd.base_url, KEY, organization, project))
        await wire.list_batches()
        path = Path(__file__)
        await wire.upload(path, "a.jsonl", quiet)
        await wire.close()
    assert all(f"Authorization: Bearer {KEY}".lower() in head.lower() for head in odd.heads)
    assert "openai-organization" not in (odd.heads[0] + odd.heads[1]).lower()
    assert "openai-project" not in (odd.heads[0] + odd.heads[1]).lower()
    for head in odd.heads[2:]:
        assert "openai-organization: org-demo" in head.lower()
        assert "openai-project: proj_demo" in head.lower()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "rate_limit", "status"])
async def test_nothing_that_changes_something_is_ever_retried(
    demo: DemoServer, make_input: MakeInput, kind: Any
) -> None:
    wire = await Wire.connect(Address(demo.base_url, KEY), read_retries=3)
    batch_id = await create(wire, make_input())
    demo.faults.add(Fault("*", kind, times=None, retry_after=0, status=401 if kind == "status" else None))
    before = dict(demo.calls)
    for call in (
        wire.upload(make_input(), "a.jsonl", quiet),
        wire.create_batch(input_file_id="f", endpoint=CHAT, metadata={}),
        wire.cancel_batch(batch_id),
    ):
        with pytest.raises(WireError):
            await call
    await wire.close()
    for route in ("files.create", "batches.create", "batches.cancel"):
        assert demo.calls[route] == before.get(route, 0) + 1


async def test_reads_are_retried_only_if_asked_for(demo: DemoServer, wire: Wire) -> None:
    demo.faults.add(Fault("*", "rate_limit", times=3, retry_after=0.01))
    for call in (wire.list_batches, wire.list_files):
        with pytest.raises(WireError):
            await call()
    with pytest.raises(WireError):
        await wire.retrieve_file("f")
    patient = await Wire.connect(Address(demo.base_url, KEY), read_retries=2)
    demo.faults.add(Fault("batches.list", "rate_limit", times=2, retry_after=0.01))
    assert (await patient.list_batches()).items == ()
    await patient.close()
    assert demo.calls == {"batches.list": 4, "files.list": 1, "files.retrieve": 1}


@pytest.mark.parametrize(
    ("date", "ahead"),
    [
        (lambda: formatdate(time.time() + 120, usegmt=True), 120),
        (lambda: formatdate(time.time() - 120, usegmt=True), -120),
        (lambda: formatdate(time.time() + 1, usegmt=True), 0),
        (lambda: "yesterday", 0),
        (lambda: "Mon, 01 Jan 2001 00:00:00 +99999999999999", 0),
    ],
)
async def test_the_server_s_clock(odd: OddServer, odd_wire: Wire, date: Callable[[], str], ahead: float) -> None:
    odd.say('{"data": []}', Date=date())
    assert odd_wire.clock_ahead == 0
    await odd_wire.list_batches()
    assert odd_wire.clock_ahead == pytest.approx(ahead, abs=2.5)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def sink() -> Any:
    """A server that takes one upload and keeps nothing but its length: the demo's memory is this process's too."""
    import socketserver

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n")).decode().lower()
            left = int(head.split("content-length: ")[1].split("\r")[0])
            while left:
                left -= len(self.rfile.read(min(left, 1 << 16)))
            self.wfile.write(http('{"id": "file-1", "bytes": 5}'))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()
        thread.join()


async def test_an_upload_streams(sink: str, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    size = 100 << 20
    with path.open("wb") as file:
        file.truncate(size)
    wire = await Wire.connect(Address(sink, KEY))
    steps: list[int] = []
    loop_thread = threading.get_ident()

    def note(done: int, total: int) -> None:
        assert total == size
        assert threading.get_ident() != loop_thread
        steps.append(done)

    before, highest = resident(), 0
    work = asyncio.ensure_future(wire.upload(path, "big.jsonl", note))
    while not work.done():
        highest = max(highest, resident())
        await asyncio.sleep(0.01)
    assert work.result().id == "file-1"
    await wire.close()
    assert steps == sorted(steps)
    assert steps[-1] == size
    assert len(steps) > 50
    assert highest - before < 24 << 20


def upload_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "upload"]


async def settled() -> None:
    """Wait until no upload has a thread."""
    for _ in range(200):
        if not upload_threads():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("an upload's thread does not end")


async def test_a_cancelled_upload_ends_its_thread(demo: DemoServer, wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.truncate(150 << 20)
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def note(_done: int, _total: int) -> None:
        loop.call_soon_threadsafe(begun.set)

    work = asyncio.ensure_future(wire.upload(path, "big.jsonl", note))
    await begun.wait()
    assert len(upload_threads()) == 1
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await settled()
    assert (await wire.list_files()).items == ()


async def test_an_upload_that_is_dropped(demo: DemoServer, wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as file:
        file.truncate(5_000_000)
    demo.faults.add(Fault("files.create", "drop_upload", after_bytes=1_000_000))
    with pytest.raises(WireError) as failed:
        await wire.upload(path, "big.jsonl", quiet)
    assert (failed.value.kind, failed.value.unclear) == (Kind.UNREACHABLE, True)
    await settled()


async def test_an_upload_that_is_refused_in_the_middle(odd: OddServer, odd_wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 100_000)
    odd.say('{"error": {"message": "File is too large."}}', "413 Too Large")
    with pytest.raises(WireError, match=r"^File is too large\.$") as failed:
        await odd_wire.upload(path, "a.jsonl", quiet)
    assert not failed.value.unclear


async def test_ids_that_would_change_the_address(demo: DemoServer, wire: Wire) -> None:
    for call in (wire.retrieve_batch, wire.cancel_batch, wire.retrieve_file):
        for odd_id in ("", "..", "."):
            with pytest.raises(WireError, match=r"^There is nothing with such an id"):
                await call(odd_id)
    assert demo.calls == {}


async def test_files_that_cannot_be_uploaded(wire: Wire, demo: DemoServer, tmp_path: Path) -> None:
    with pytest.raises(LazybatchError, match=r"^Cannot read .*gone\.jsonl: No such file or directory\.$") as failed:
        await wire.upload(tmp_path / "gone.jsonl", "gone.jsonl", quiet)
    assert failed.value.exit_code == 2
    with pytest.raises(LazybatchError, match=r"^Cannot read .*: Is a directory\.$"):
        await wire.upload(tmp_path, "folder.jsonl", quiet)
    # A file that opens, and fails when it is read.
    with pytest.raises(LazybatchError, match=r"^Cannot read /proc/self/mem: Input/output error\.$"):
        await wire.upload(Path("/proc/self/mem"), "mem.jsonl", quiet)
    await settled()
    assert (await wire.list_files()).items == ()


async def test_a_file_that_is_deleted_while_it_is_sent_arrives_whole(wire: Wire, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 3_000_000)
    stored = await wire.upload(path, "a.jsonl", lambda _done, _total: path.unlink(missing_ok=True))
    assert stored.bytes == 3_000_000


@pytest.mark.parametrize("change", [-500_000, 500_000])
async def test_a_file_that_changes_its_length_while_it_is_sent(wire: Wire, tmp_path: Path, change: int) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"x" * 3_000_000)
    with pytest.raises(LazybatchError, match=r"a\.jsonl changed while it was sent: validate it again\.$") as failed:
        await wire.upload(path, "a.jsonl", lambda _done, _total: os.truncate(path, 3_000_000 + change))
    assert failed.value.exit_code == 1
    await settled()
    assert (await wire.list_files()).items == ()


@pytest.mark.parametrize("name", ["a b.jsonl", 'quo"te.jsonl', "日本.jsonl", "new\nline.jsonl"])
async def test_names_of_uploads(wire: Wire, make_input: MakeInput, name: str) -> None:
    stored = await wire.upload(make_input(), name, quiet)
    assert stored.filename is not None
    assert stored.filename.endswith(".jsonl")


async def big_file(wire: Wire, tmp_path: Path, size: int = 3_500_000) -> tuple[str, bytes]:
    """A file on the server, and its content."""
    content = os.urandom(size)
    path = tmp_path / "content.jsonl"
    path.write_bytes(content)
    return (await wire.upload(path, "content.jsonl", quiet)).id, content


@pytest.mark.parametrize("start", [0, 1, 3_000_000])
async def test_a_download_from_any_byte(wire: Wire, tmp_path: Path, start: int) -> None:
    file_id, content = await big_file(wire, tmp_path)
    async with wire.download(file_id, start=start) as download:
        chunks = [chunk async for chunk in download.chunks]
        assert (download.start, download.total) == (start, len(content))
    assert b"".join(chunks) == content[start:]
    assert max(map(len, chunks)) <= 1 << 20


async def test_a_download_beyond_the_end(wire: Wire, tmp_path: Path) -> None:
    file_id, content = await big_file(wire, tmp_path, 1000)
    with pytest.raises(WireError) as failed:
        async with wire.download(file_id, start=len(content)):
            pass
    assert failed.value.status == 416


async def test_a_server_without_range_sends_all_of_it(odd: OddServer, odd_wire: Wire) -> None:
    odd.say(b"0123456789")
    async with odd_wire.download("f", start=4) as download:
        assert (download.start, download.total) == (0, 10)
        assert b"".join([chunk async for chunk in download.chunks]) == b"0123456789"
    assert "range: bytes=4-" in odd.heads[0].lower()
    assert "accept-encoding: identity" in odd.heads[0].lower()


async def test_a_server_that_begins_where_it_likes(odd: OddServer, odd_wire: Wire) -> None:
    odd.say(b"23456789", "206 Partial Content", Content_Range="bytes 2-9/10")
    async with odd_wire.download("f", start=4) as download:
        assert (download.start, download.total) == (2, 10)
    odd.answers.clear()
    # A part may end early, and what is encoded has another length: neither tells how long the file is.
    odd.say(b"456789", "206 Partial Content")
    async with odd_wire.download("f", start=4) as download:
        assert (download.start, download.total) == (4, None)


async def test_a_download_of_unknown_length(odd: OddServer, odd_wire: Wire) -> None:
    odd.answers = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"]
    async with odd_wire.download("f") as download:
        assert download.total is None
        assert b"".join([chunk async for chunk in download.chunks]) == b"abc"


async def test_a_truncated_download(demo: DemoServer, wire: Wire, tmp_path: Path) -> None:
    file_id, content = await big_file(wire, tmp_path)
    demo.faults.add(Fault("files.content", "truncate", after_bytes=2_500_000))
    got = bytearray()
    with pytest.raises(WireError) as failed:
        async with wire.download(file_id) as download:
            async for chunk in download.chunks:
                got += chunk
    assert (failed.value.kind, failed.value.unclear) == (Kind.UNREACHABLE, True)
    assert content.startswith(bytes(got))


async def test_a_slow_download(demo: DemoServer, wire: Wire, tmp_path: Path) -> None:
    file_id, content = await big_file(wire, tmp_path, 200_000)
    demo.faults.add(Fault("files.content", "slow", delay_s=0.1, bytes_per_s=500_000))
    async with wire.download(file_id) as download:
        assert b"".join([chunk async for chunk in download.chunks]) == content


@pytest.mark.parametrize(("status", "kind"), [(404, Kind.NOT_FOUND), (410, Kind.NOT_FOUND), (500, Kind.SERVER)])
async def test_a_download_that_is_refused(demo: DemoServer, wire: Wire, status: int, kind: Kind) -> None:
    demo.faults.add(Fault("files.content", "status", status=status, message="It is gone."))
    with pytest.raises(WireError, match=r"It is gone\.") as failed:
        async with wire.download("f"):
            pass
    assert failed.value.kind is kind


async def test_what_the_caller_of_a_download_raises_is_its_own(odd: OddServer, odd_wire: Wire) -> None:
    """An error while the pieces are used says nothing of the server's file."""
    odd.say(b"abc")
    with pytest.raises(ValueError, match="mine"):
        async with odd_wire.download("f"):
            raise ValueError("mine")
    with pytest.raises(ValueError, match="mine"):
        async with odd_wire.download("f") as download:
            async for _ in download.chunks:
                raise ValueError("mine")


def test_an_address() -> None:
    address = Address("https://host:8443/v1", KEY, "org", "proj")
    assert address.host == "host:8443"
    assert KEY not in repr(address) + str(address)
