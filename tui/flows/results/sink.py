"""Writing what comes from the network to a file, without keeping the network waiting."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiofiles.threadpool.binary import AsyncFileIO

# So much is brought to the disk at a time, beside what goes on; at the end little is left to wait for.
_SYNC: Final = 32 << 20  # bytes
_LARGE: Final = 1 << 19
# Systems take as many in one call.
_PIECES: Final = 1024


async def pour(chunks: AsyncIterator[list[bytes]], path: Path, start: int) -> AsyncGenerator[int]:
    """Write `chunks`, each in pieces, to the file at `path` from offset `start` on, telling its length after each.

    What lay behind `start` is cut off; without a `start` the file is made. When the iteration ends, all is on disk.
    Raises OSError.
    """
    import aiofiles

    # Unbuffered: whoever reads along sees what is told of.
    async with aiofiles.open(path, "r+b" if start else "wb", buffering=0) as file:
        await file.seek(start)
        await file.truncate()
        work = _Work(file, start)
        try:
            async for chunk in chunks:
                if await work.written():
                    yield work.done
                work.write(chunk)
                # While a large one is written the next is on its way; of a small one somebody waits for the first line.
                if sum(map(len, chunk)) < _LARGE and await work.written():
                    yield work.done
            if await work.written():
                yield work.done
            await work.synced()
        finally:
            await work.idle()


class _Work:
    """What threads are doing to a file: one writes, another sees to the disk."""

    def __init__(self, file: "AsyncFileIO", done: int) -> None:
        self.done = done
        self._file = file
        self._synced = done
        self._writing: asyncio.Future[int] | None = None
        self._syncing: asyncio.Future[None] | None = None

    def write(self, chunk: list[bytes]) -> None:
        """Begin to write `chunk`, and to bring to the disk what has gathered before it."""
        if self.done - self._synced >= _SYNC and (self._syncing is None or self._syncing.done()):
            self._synced = self.done
            self._syncing = asyncio.ensure_future(asyncio.to_thread(os.fdatasync, self._file.fileno()))
        self._writing = asyncio.ensure_future(asyncio.to_thread(_write_all, self._file.fileno(), chunk))

    async def written(self) -> bool:
        """Wait until the last chunk is written; False where there was none. Raises OSError."""
        if self._writing is None:
            return False
        # Shielded: a thread cannot be cancelled, and whoever closes the file has to know of it.
        self.done += await asyncio.shield(self._writing)
        self._writing = None
        return True

    async def synced(self) -> None:
        """Wait until all is on disk. Raises OSError."""
        if self._syncing is not None:
            await asyncio.shield(self._syncing)
        await asyncio.to_thread(os.fsync, self._file.fileno())

    async def idle(self) -> None:
        """Wait until no thread uses the file any more: it must not be closed under one."""
        at_work = {one for one in (self._writing, self._syncing) if one is not None}
        if at_work:
            await asyncio.wait(at_work)
            for one in at_work:
                # What went wrong has been told, or nobody waits for it any more.
                one.cancelled() or one.exception()


def _write_all(file: int, chunk: list[bytes]) -> int:
    """Write all of `chunk`, of which a disk that is nearly full takes a part first; its length."""
    left: list[bytes | memoryview] = list(chunk)
    while left:
        # Not joined: that would hold up everything else for as long as it takes to copy them.
        written = os.writev(file, left[:_PIECES])
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if written:
            left[0] = memoryview(left[0])[written:]
    return sum(map(len, chunk))
