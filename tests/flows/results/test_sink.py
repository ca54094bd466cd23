"""What comes is written as it comes, whole and in order, whatever the disk and its user do."""

import asyncio
import os
import resource
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tui.flows.results import sink
from tui.flows.results.sink import pour

MIB = 1 << 20


async def pieces(*chunks: bytes) -> AsyncIterator[list[bytes]]:
    """Each chunk in two pieces, one of which may be empty."""
    for chunk in chunks:
        yield [chunk[: len(chunk) // 2], chunk[len(chunk) // 2 :]]
        await asyncio.sleep(0)


async def lengths(path: Path, start: int, *chunks: bytes) -> list[int]:
    return [length async for length in pour(pieces(*chunks), path, start)]


async def test_large_and_small_chunks(tmp_path: Path) -> None:
    chunks = [os.urandom(size) for size in (MIB, 3, MIB, MIB, 5, 1)]
    told = await lengths(tmp_path / "x", 0, *chunks)
    assert (tmp_path / "x").read_bytes() == b"".join(chunks)
    assert told == [sum(map(len, chunks[: place + 1])) for place in range(len(chunks))]


async def test_a_chunk_in_more_pieces_than_a_system_takes_at_once(tmp_path: Path) -> None:
    async def crumbs() -> AsyncIterator[list[bytes]]:
        yield [b"", *(b"%d," % number for number in range(5000)), b""]

    whole = b"".join(b"%d," % number for number in range(5000))
    assert [length async for length in pour(crumbs(), tmp_path / "x", 0)] == [len(whole)]
    assert (tmp_path / "x").read_bytes() == whole


async def test_nothing_comes(tmp_path: Path) -> None:
    assert await lengths(tmp_path / "x", 0) == []
    assert (tmp_path / "x").read_bytes() == b""


async def test_from_an_offset_what_lay_behind_goes(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"0123456789")
    assert await lengths(tmp_path / "x", 4, b"abc") == [7]
    assert (tmp_path / "x").read_bytes() == b"0123abc"


async def test_a_small_chunk_is_told_of_before_the_next_comes(tmp_path: Path) -> None:
    """Somebody waits for the first line of a slow download."""
    more = asyncio.Event()

    async def slow() -> AsyncIterator[list[bytes]]:
        yield [b"first"]
        await more.wait()
        yield [b"second"]

    async with aclosing(pour(slow(), tmp_path / "x", 0)) as told:
        assert await anext(told) == 5
        assert (tmp_path / "x").read_bytes() == b"first"
        more.set()
        assert await anext(told) == 11


async def test_it_goes_to_the_disk_on_the_way_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    monkeypatch.setattr(sink, "_SYNC", 2 * MIB)
    monkeypatch.setattr(os, "fdatasync", lambda file: synced.append(os.fstat(file).st_size))
    await lengths(tmp_path / "x", 0, *[b"x" * MIB] * 7)
    assert synced
    assert synced[0] >= 2 * MIB


@pytest.mark.parametrize("name", ["fdatasync", "fsync"])
async def test_a_disk_that_fails_behind_the_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def fail(_file: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sink, "_SYNC", MIB)
    monkeypatch.setattr(os, name, fail)
    with pytest.raises(OSError, match="Input/output error"):
        await lengths(tmp_path / "x", 0, *[b"x" * MIB] * 4)


async def test_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MIB + 10, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await lengths(tmp_path / "x", 0, b"x" * MIB, b"y" * MIB, b"z" * MIB)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    # What fitted is there to go on from.
    assert (tmp_path / "x").read_bytes() == b"x" * MIB + b"y" * 10


async def test_given_up_while_a_chunk_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread ends before the file is closed: its number may be another file's by then."""
    import threading

    entered, leave, closed = threading.Event(), threading.Event(), []
    real = os.fdatasync

    def hold(file: int) -> None:
        entered.set()
        leave.wait(20)
        closed.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(sink, "_SYNC", MIB)
    monkeypatch.setattr(os, "fdatasync", hold)
    task = asyncio.ensure_future(lengths(tmp_path / "x", 0, *[b"x" * MIB] * 5))
    assert await asyncio.to_thread(entered.wait, 20)
    task.cancel()
    await asyncio.sleep(0.05)
    assert not task.done()
    leave.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert closed
