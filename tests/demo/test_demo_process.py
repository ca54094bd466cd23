"""The server as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from openai import OpenAI

from tests import ROOT
from tui.demo.engine.clock import Clock
from tui.demo.process import DemoError, DemoProcess
from tui.demo.server import DemoServer

Chat = Callable[..., bytes]


def run_serve(*options: str, **more: Any) -> subprocess.Popen[str]:
    run = [sys.executable, "-m", "tui.demo", *options]
    return subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_in_the_foreground_until_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    with run_serve(env={**os.environ, "TMPDIR": str(tmp_path)}) as child:
        assert child.stdout is not None
        said = child.stdout.readline()
        assert said.startswith("base_url=http://127.0.0.1:")
        url = said.strip().removeprefix("base_url=")
        assert httpx2.get(f"{url}/batches").json()["data"] == []
        assert len(list(tmp_path.iterdir())) == 1
        child.send_signal(number)
        out, err = child.communicate(timeout=5)
    assert (child.returncode, out, err) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_what_it_cannot_serve_it_says_in_a_sentence(server: DemoServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    port = server.url.rsplit(":", 1)[1]
    for options, why in (
        (["--port", port], f"port {port} is taken. Choose another with --port, or none to be given a free one."),
        (["--speed", "0"], ""),
        (["--state", str(tmp_path / "file")], f"{tmp_path / 'file'}: File exists."),
        (["--port", "99999"], ""),
    ):
        with run_serve(*options) as child:
            out, err = child.communicate(timeout=10)
        assert child.returncode == 2
        assert out == ""
        assert err.startswith(f"The demo server could not start: {why}")
        assert err.count("\n") == 1


async def test_as_a_child_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    demo = DemoProcess(speed=100)
    async with demo:
        names = {path.name for path in demo.samples.iterdir()}
        assert "reviews-200.jsonl" in names
        async with httpx2.AsyncClient() as client:
            listing = (await client.get(f"{demo.base_url}/batches?limit=100")).json()["data"]
        assert len(listing) >= 30
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - pathlib is not for async functions
    await demo.stop()
    with pytest.raises(DemoError):
        _ = demo.samples


def test_the_child_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed, so nothing of it gets to say goodbye."""
    parent = (
        "import asyncio, sys, time, tempfile\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "from tui.demo.process import DemoProcess\n"
        "async def main():\n"
        "    demo = await DemoProcess().start()\n"
        "    print(demo.base_url, flush=True)\n"
        "    time.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip()
        assert httpx2.get(f"{url}/models").status_code == 200
        child.kill()
    deadline = time.monotonic() + 10
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/models")


async def test_a_child_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(DemoError, match="speed must be above 0"):
        await DemoProcess(speed=0).start()
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - as above


def test_a_batch_that_was_never_validated_is_after_a_kill(tmp_path: Path, chat: Chat) -> None:
    run = [sys.executable, "-m", "tui.demo", "--state", str(tmp_path), "--speed", "50"]
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        url = child.stdout.readline().strip().removeprefix("base_url=")
        with OpenAI(base_url=url, api_key="test-key", max_retries=0) as client:
            file = client.files.create(file=("a.jsonl", chat(20)), purpose="batch")
            batch = client.batches.create(
                input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
            )
        child.kill()
    with (
        DemoServer(state=tmp_path, clock=Clock(speed=500)) as server,
        OpenAI(base_url=server.base_url, api_key="test-key", max_retries=0) as client,
    ):
        for _ in range(100):
            found = client.batches.retrieve(batch.id)
            if found.status == "completed":
                break
            time.sleep(0.02)
        assert found.status == "completed"
        assert found.request_counts is not None
        assert found.request_counts.completed == 20
