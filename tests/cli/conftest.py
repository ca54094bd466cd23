"""The commands, run against a demo server over a real socket."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tui.cli.main import main
from tui.demo.engine.clock import Clock
from tui.demo.server import DemoServer

KEY = "test-key-of-the-suite"


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ran]
MakeFile = Callable[..., Path]


@pytest.fixture
def clock() -> Clock:
    """Stands still until a test moves it."""
    return Clock(frozen=True)


@pytest.fixture
def server(clock: Clock) -> Iterator[DemoServer]:
    """An empty server that wants the key."""
    with DemoServer(clock=clock, api_key=KEY) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with settings and state of its own, and no server yet."""
    for name in [name for name in os.environ if name.startswith(("OPENAI_", "LAZYBATCH_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAZYBATCH_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("LAZYBATCH_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def bare(home: Path, capfd: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command in this process, with no server and no key."""

    def run(*arguments: str | Path) -> Ran:
        code = main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert KEY not in out + err
        return Ran(code, out, err)

    return run


@pytest.fixture
def cli(bare: Cli, server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in this process, on the server's account."""
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    return bare


def start(*arguments: str | Path, **more: Any) -> subprocess.Popen[bytes]:
    """A command as a process of its own; its output in pipes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([sys.executable, "-m", "tui", *map(str, arguments)], env=environment, **pipes)


def process(*arguments: str | Path, **more: Any) -> Ran:
    """A command as a process of its own, run to its end."""
    with start(*arguments, **more) as running:
        out, err = running.communicate(timeout=60)
    return Ran(running.returncode, (out or b"").decode(), (err or b"").decode())


def request(number: int, url: str = "/v1/chat/completions", **body: Any) -> bytes:
    """A line of an input file."""
    whole = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"What is {number} + 1?"}], **body}
    line = {"custom_id": f"request-{number}", "method": "POST", "url": url, "body": whole}
    return json.dumps(line).encode() + b"\n"


@pytest.fixture
def make_file(home: Path) -> MakeFile:
    """Writes an input file of so many requests."""

    def make(rows: int = 5, name: str = "sums.jsonl", **body: Any) -> Path:
        path = home / name
        path.write_bytes(b"".join(request(number, **body) for number in range(rows)))
        return path

    return make


@pytest.fixture
def submitted(cli: Cli, make_file: MakeFile) -> Callable[..., str]:
    """Submits a file of so many requests; the batch's id."""

    def submit(rows: int = 5, *options: str, name: str = "sums.jsonl", **body: Any) -> str:
        ran = cli("submit", make_file(rows, name, **body), "--yes", "--json", *options)
        assert ran.code == 0, ran.err
        batch_id: str = ran.json["batch_id"]
        return batch_id

    return submit
