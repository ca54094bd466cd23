"""One batch has one name: on every screen, and in every command."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import ROOT
from tests.ui import api
from tests.ui.desk import KEY, desk, request, write
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer


async def _ran(server: DemoServer, folder: Path, *arguments: str | Path) -> Any:
    """What a command of a process of its own, with the screen's state, says as JSON."""
    environment = {**os.environ, "OPENAI_BASE_URL": server.base_url, "OPENAI_API_KEY": KEY}
    environment |= {"LAZYBATCH_STATE": str(folder / "state"), "LAZYBATCH_CONFIG": str(folder / "none.toml")}
    command = [sys.executable, "-m", "tui", *map(str, arguments), "--json"]
    ran = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, check=True, cwd=ROOT)
    return json.loads(ran.stdout)


async def test_a_batch_has_its_files_name_on_every_face(server: DemoServer, tmp_path: Path) -> None:
    batch_id = api.create(server, request(1))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "made.jsonl" in home.text)
        await home.press("enter")
        await home.until(lambda: "› made.jsonl" in home.head)
        await home.press("c")
        await home.until(lambda: "made.jsonl" in home.bottom)
    (listed,) = await _ran(server, tmp_path, "list")
    shown = await _ran(server, tmp_path, "show", batch_id)
    assert listed["name"] == shown["name"] == "made.jsonl"


async def test_what_a_command_submits_has_its_name_on_an_open_screen(server: DemoServer, tmp_path: Path) -> None:
    # The server forgets metadata, and tells no names of files: it is the journal that has them.
    server.faults.add(Fault("batches.*", "rewrite", times=None, omit=["metadata"]))
    server.faults.add(Fault("files.list", "status", times=None, status=404))
    server.faults.add(Fault("files.retrieve", "status", times=None, status=404))
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        path = write(tmp_path / "by-command.jsonl", 2)
        made = await _ran(server, tmp_path, "submit", path, "--description", "of the night", "--yes")
        await home.press("r")
        await home.until(lambda: "of the night" in home.text)
        await home.press("enter")
        await home.until(lambda: "› of the night" in home.head)
    shown = await _ran(server, tmp_path, "show", made["batch_id"])
    assert shown["name"] == "of the night"
    assert [batch["name"] for batch in await _ran(server, tmp_path, "list")] == ["of the night"]


async def test_the_list_of_files_tells_home_a_name(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1))
    server.faults.add(Fault("files.*", "status", times=1, status=500))
    async with desk(server, tmp_path) as home:
        await home.until(lambda: "batch_" in home.text and server.calls.get("files.retrieve"))
        await home.press("F")
        await home.until("made.jsonl")
        await home.press("escape")
        await home.until(lambda: home.room == "Home" and "made.jsonl" in home.text)
