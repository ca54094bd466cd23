"""A demo server, a wire to it, state in a temporary folder: what the middle of the program is tested with."""

import contextlib
import json
import re
import signal
import socketserver
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.client.address import Address
from tui.client.api import Wire
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer
from tui.requests.validate import Report, validate
from tui.store.cache import Cache
from tui.store.database import connect
from tui.store.journal import Journal

KEY = "test-key"
CHAT = "/v1/chat/completions"
ACCOUNT = "https://api.example/v1|||"

# What a shell runs in its background ignores interrupts, and every process started from here would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

MakeInput = Callable[..., Path]
Validated = Callable[..., Report]


@pytest.fixture
def demo() -> Iterator[DemoServer]:
    """An empty server that wants `KEY`; its clock starts at the present and stands until a test jumps it."""
    with DemoServer(clock=Clock(frozen=True), api_key=KEY) as running:
        yield running


@pytest.fixture
async def wire(demo: DemoServer) -> AsyncIterator[Wire]:
    """A connected wire to the demo server; reads are not retried."""
    made = await Wire.connect(Address(demo.base_url, KEY))
    yield made
    await made.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The state in `tmp_path / "state"`."""
    connection = connect(tmp_path / "state")
    yield connection
    connection.close()


@pytest.fixture
def journal(database: sqlite3.Connection, tmp_path: Path) -> Journal:
    return Journal(database, ACCOUNT, tmp_path / "state")


@pytest.fixture
def cache(database: sqlite3.Connection) -> Cache:
    return Cache(database, ACCOUNT)


def chat_line(number: int, **body: Any) -> bytes:
    """A line of an input file."""
    whole = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"What is {number} + 1?"}], **body}
    return json.dumps({"custom_id": f"r-{number}", "method": "POST", "url": CHAT, "body": whole}).encode() + b"\n"


@pytest.fixture
def make_input(tmp_path: Path) -> MakeInput:
    """Writes a valid input file: `make_input(requests, name)`."""

    def make(requests: int = 3, name: str = "sums.jsonl", **body: Any) -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(chat_line(number, **body) for number in range(requests)))
        return path

    return make


@pytest.fixture
def validated(make_input: MakeInput) -> Validated:
    """Writes a valid input file and validates it: `validated(requests, name)`."""

    def make(requests: int = 3, name: str = "sums.jsonl", **body: Any) -> Report:
        report = validate(make_input(requests, name, **body))
        assert report.ok
        return report

    return make


class OddServer:
    """A server that answers calls in turn with what it was told, byte for byte, then with the last of it again.

    None for an answer closes the connection; `delay` is in seconds. An answer may also be made from the call's head.
    """

    def __init__(self) -> None:
        self.answers: list[bytes | Callable[[str], bytes] | None] = []
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.base_url = ""
        self.delay = 0.0

    def serve(self, call: socketserver.StreamRequestHandler) -> None:
        head = b"".join(iter(call.rfile.readline, b"\r\n")).decode()
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        self.bodies.append(call.rfile.read(int(length[1]) if length else 0))
        self.heads.append(head)
        time.sleep(self.delay)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            with contextlib.suppress(OSError):
                call.wfile.write(answer(head) if callable(answer) else answer)

    def say(self, content: bytes | str, status: str = "200 OK", **headers: str) -> None:
        """Answer with `content` in turn; a header's name is given with underscores."""
        self.answers.append(http(content, status, **headers))


def http(content: bytes | str, status: str = "200 OK", **headers: str) -> bytes:
    """An answer as bytes; a header's name is given with underscores."""
    body = content.encode() if isinstance(content, str) else content
    fields = {"Content-Length": str(len(body)), "Connection": "close"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


@pytest.fixture
def odd() -> Iterator[OddServer]:
    """A server that answers whatever it is told to."""
    told = OddServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            told.serve(self)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        told.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield told
        server.shutdown()
        thread.join()


@pytest.fixture
async def odd_wire(odd: OddServer) -> AsyncIterator[Wire]:
    """A wire to it."""
    made = await Wire.connect(Address(odd.base_url, KEY))
    yield made
    await made.close()
