"""One file on its way to the server, from a thread of its own.

httpx2 reads a multipart body where it writes it to the socket, so an upload on the UI's event loop would wait for the
disk there. A thread with the blocking client keeps both the disk and TLS away from it, and holds 64 kB at a time.
"""

import asyncio
import contextlib
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tui.errors import LazybatchError
from tui.wire.address import Address

if TYPE_CHECKING:
    import openai

# Seconds without progress. The answer comes after the server has stored the file, which may take it a while.
_TIMEOUT = 300.0
_CONNECT_TIMEOUT = 5.0


class _Source(io.BufferedReader):
    """An input file that tells how much of it has been read, and refuses more once it is abandoned."""

    def __init__(self, path: Path, progress: Callable[[int, int], None]) -> None:
        super().__init__(io.FileIO(path), 1 << 20)
        self.abandoned = threading.Event()
        self.failure: LazybatchError | None = None
        self._path = path
        self._progress = progress
        self._total = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        if self.abandoned.is_set():
            raise InterruptedError
        try:
            chunk = super().read(size)
        except OSError as error:
            raise self._failed(LazybatchError(f"Cannot read {self._path}: {error.strerror}.")) from None
        done = self.tell()
        if done > self._total or (not chunk and done < self._total):
            # The length that was announced holds no more, and the client's words for it are no sentence.
            raise self._failed(LazybatchError(f"{self._path} changed while it was sent: validate it again.", 1))
        self._progress(done, self._total)
        return chunk

    def _failed(self, failure: LazybatchError) -> LazybatchError:
        # Kept, because the client may put an error of its own in its place.
        self.failure = failure
        return failure


async def send(address: Address, path: Path, filename: str, progress: Callable[[int, int], None]) -> bytes:
    """Upload `path` with purpose `batch` and return the body of the answer.

    Raises what `openai` raises, or `LazybatchError` where the file cannot be read. When cancelled it returns at once;
    the thread ends with its next read, so the server gets an incomplete request and keeps nothing.
    """
    try:
        source = _Source(path, progress)
    except OSError as error:
        raise LazybatchError(f"Cannot read {path}: {error.strerror}.") from None
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()

    def settle(content: bytes | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(content or b"")

    def run() -> None:
        content, failure = None, None
        try:
            with source, _client(address) as client:
                content = client.files.with_raw_response.create(
                    file=(filename, source, "application/jsonl"), purpose="batch"
                ).content
        except Exception as error:  # noqa: BLE001  (it is raised again, in the task that waits)
            failure = source.failure or error
        # The loop is closed where the program has ended meanwhile.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, content, failure)

    # A daemon: a socket that hangs must not keep the program from ending.
    threading.Thread(target=run, name="upload", daemon=True).start()
    try:
        return await answer
    finally:
        source.abandoned.set()


def _client(address: Address) -> "openai.OpenAI":
    import httpx2
    import openai

    client = openai.OpenAI(
        api_key=address.key,
        base_url=address.base_url,
        max_retries=0,
        timeout=httpx2.Timeout(_TIMEOUT, connect=_CONNECT_TIMEOUT),
    )
    client.organization, client.project = address.organization, address.project
    return client
