"""A demo server, a wire to it, state in a temporary folder: what the middle of the program is tested with."""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tui.demo.clock import Clock
from tui.demo.server import DemoServer
from tui.requests.validate import Report, validate
from tui.state.cache import Cache
from tui.state.journal import Journal
from tui.state.store import connect
from tui.wire.address import Address
from tui.wire.client import Wire

KEY = "test-key"
CHAT = "/v1/chat/completions"
ACCOUNT = "https://api.example/v1|||"

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
