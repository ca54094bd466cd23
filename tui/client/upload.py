"""A file, or a part of one, on its way to the server from a thread of its own.

httpx2 reads a multipart body where it writes it to the socket, so an upload on the UI's event loop would wait for the
disk there. A thread with the blocking client keeps both the disk and TLS away from it, and holds one chunk at a time.
"""

import asyncio
import contextlib
import io
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from tui.client.address import Address
from tui.client.connection import blocking_client_of
from tui.errors import LazybatchError

if TYPE_CHECKING:
    import openai

# Bytes that go to the socket at a time. The client asks for 64 kB, and takes what it gets: twice the processor's time.
_CHUNK = 1 << 20


class _Source(io.RawIOBase):
    """Bytes of an input file that tell how many of them have been read, and refuse more once they are abandoned."""

    def __init__(self, path: Path, progress: Callable[[int, int], None], span: range | None = None) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        self.abandoned = threading.Event()
        self.failure: LazybatchError | None = None
        self._path = path
        self._progress = progress
        # Behind a part the file may go on.
        self._ends = span is None
        span = range(os.fstat(self._file.fileno()).st_size) if span is None else span
        self._start, self._length = span.start, len(span)
        self._at = 0

    def close(self) -> None:
        self._file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        self._at = offset + (0, self._at, self._length)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, _size: int | None = -1, /) -> bytes:
        """The next chunk, however much was asked for."""
        if self.abandoned.is_set():
            raise InterruptedError
        # A byte more than there should be, to notice it.
        most = self._length - self._at + 1 if self._ends else self._length - self._at
        try:
            chunk = os.pread(self._file.fileno(), min(_CHUNK, most), self._start + self._at)
        except OSError as error:
            raise self._failed(LazybatchError(f"Cannot read {self._path}: {error.strerror}.")) from None
        self._at += len(chunk)
        if self._at > self._length or (not chunk and self._at < self._length):
            # The length that was announced holds no more, and the client's words for it are no sentence.
            raise self._failed(LazybatchError(f"{self._path} changed while it was sent: validate it again.", 1))
        self._progress(self._at, self._length)
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

    def run(source: _Source) -> bytes:
        with blocking_client_of(address) as client:
            file = filename, cast("IO[bytes]", source), "application/jsonl"
            return client.files.with_raw_response.create(file=file, purpose="batch").content

    return await _threaded(lambda: _Source(path, progress), run, path)


async def send_part(
    client: "Callable[[], openai.OpenAI]",
    path: Path,
    upload_id: str,
    span: range,
    progress: Callable[[int, int], None],
) -> bytes:
    """Add the bytes `span` of `path` to an upload in parts; as `send`. `client` is asked for in the thread."""

    def run(source: _Source) -> bytes:
        file = "part", cast("IO[bytes]", source), "application/octet-stream"
        return client().uploads.parts.with_raw_response.create(upload_id, data=file).content

    return await _threaded(lambda: _Source(path, progress, span), run, path)


async def _threaded(open_source: Callable[[], _Source], work: Callable[[_Source], bytes], path: Path) -> bytes:
    try:
        source = open_source()
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
            with source:
                content = work(source)
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
