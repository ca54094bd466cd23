"""Validating with progress; what a folder has to choose from."""

import asyncio
import gc
import os
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import MakeInput
from tui.errors import LazybatchError
from tui.flows.host.file_browser import complete, find, listing, look_at
from tui.flows.validate import Validated, Validating, check
from tui.requests.limits import Limits


async def test_a_check(make_input: MakeInput) -> None:
    steps = [step async for step in check(make_input(4), limits=Limits())]
    end = steps[-1]
    assert isinstance(end, Validated)
    assert (end.report.ok, end.report.requests) == (True, 4)


async def test_progress_of_a_check(make_input: MakeInput) -> None:
    path = make_input(60, user="x" * 1_000_000)
    steps = [step async for step in check(path, limits=Limits())]
    progress = [step for step in steps if isinstance(step, Validating)]
    assert [step.done for step in progress] == sorted(step.done for step in progress)
    assert isinstance(steps[-1], Validated)


@pytest.mark.parametrize("path", ["gone.jsonl", "."])
async def test_files_that_cannot_be_checked(tmp_path: Path, path: str) -> None:
    with pytest.raises(LazybatchError, match="Cannot read"):
        _ = [step async for step in check(tmp_path / path, limits=Limits())]


async def test_a_check_that_is_given_up(make_input: MakeInput) -> None:
    path = make_input(150, user="x" * 1_000_000)
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: heard.append(what))
    steps = cast("AsyncGenerator[Validating | Validated]", check(path, limits=Limits()))
    begun = time.monotonic()
    async with aclosing(steps):
        await anext(steps)
    for _ in range(100):
        await asyncio.sleep(0.02)
        if not any(thread.name.startswith("sha256") for thread in threading.enumerate()):
            break
    assert time.monotonic() - begun < 5
    gc.collect()
    await asyncio.sleep(0)
    assert heard == []


async def test_a_listing(tmp_path: Path) -> None:
    for number, name in enumerate(["old.jsonl", "new.jsonl", "notes.txt", ".hidden.jsonl", "UPPER.JSONL"]):
        (tmp_path / name).write_text("x" * number)
        os.utime(tmp_path / name, (1000 + number, 1000 + number))
    for name in ("b", "a", ".git", "folder.jsonl"):
        (tmp_path / name).mkdir()
    (tmp_path / "dangling.jsonl").symlink_to("nowhere")
    (tmp_path / "link.jsonl").symlink_to("old.jsonl")
    os.mkfifo(tmp_path / "pipe.jsonl")
    found = await listing(tmp_path)
    assert [(entry.path.name, entry.folder) for entry in found[:3]] == [
        ("a", True),
        ("b", True),
        ("folder.jsonl", True),
    ]
    assert found[3].path.name == "new.jsonl"
    assert {entry.path.name for entry in found[3:]} == {"new.jsonl", "old.jsonl", "link.jsonl"}
    assert (found[3].size, found[3].modified) == (1, 1001.0)


async def test_folders_that_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(LazybatchError, match=r"^Cannot look into .*gone: No such file or directory\.$"):
        await listing(tmp_path / "gone")
    assert await listing(tmp_path) == ()


async def test_recent_files_that_are_still_there(make_input: MakeInput, tmp_path: Path) -> None:
    path = make_input()
    (only,) = await look_at([str(tmp_path / "gone"), str(path)])
    assert (only.path, only.folder, only.size) == (path, False, path.stat().st_size)


async def test_completing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sums-1.jsonl", "sums-2.jsonl", "other.jsonl", "notes.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "deep").mkdir()
    base = f"{tmp_path}/"
    for text, longer in {"s": "sums-", "o": "other.jsonl", "de": "deep/", "x": "x", "": "", "gone/x": "gone/x"}.items():
        assert await complete(base + text, tmp_path) == base + longer
        assert await complete(text, tmp_path) == longer
        assert await complete("/nowhere/at/all/" + base + text, Path("/")) == base + longer
    assert await complete("~nobody-of-that-name/x", tmp_path) == "~nobody-of-that-name/x"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert await complete("~/oth", Path("/")) == "~/other.jsonl"
    assert await complete(base + "~/oth", Path("/")) == "~/other.jsonl"


async def test_finding_what_is_typed(make_input: MakeInput, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_input()
    monkeypatch.setenv("HOME", str(tmp_path))
    for text in (path.name, str(path), f"/nowhere/{path}", f"~/{path.name}", f"/nowhere/~/{path.name}"):
        found = await find(text, tmp_path)
        assert (found.path, found.folder, found.size) == (path, False, path.stat().st_size)
    assert (await find("..", tmp_path)).folder
    for text in ("gone.jsonl", "~nobody-of-that-name/x", "\0", "x" * 5000):
        with pytest.raises(LazybatchError, match=r"^Cannot read '"):
            await find(text, tmp_path)
