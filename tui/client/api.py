"""The Batch API as one method an endpoint, over the `openai` client.

Nothing here is retried but reads, and those only if the caller said so when it made the `Wire`: the client's own
retries cover `POST /batches` and `POST /files` too, carry no idempotency key, and can make a second batch that is
billed.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tui.batches.stored_files import StoredFile
from tui.client.address import Address
from tui.client.connection import CONNECT_TIMEOUT, blocking_client_of, client_of
from tui.client.error_words import words
from tui.client.errors import Kind, WireError, not_an_api, refused, translated
from tui.client.fields import flag, moment
from tui.client.models import Page, file_from, page_from

if TYPE_CHECKING:
    from openai import AsyncOpenAI, OpenAI

_CHUNK = 1 << 20
_MOMENT = 0.25  # seconds
# Seconds without a byte. A create, and a file's first byte, may take longer than other calls, which answer at once.
_SLOW_TIMEOUT = 60.0
_STORING_TIMEOUT = 300.0  # the answer comes after the server has joined the parts
_CLOCK_NOISE = 3.0
_NO_SUCH_CALL = frozenset({405, 501})
_PARTIAL = 206


@dataclass(frozen=True, slots=True)
class Download:
    """A file's content on its way: `start` is the offset of the first byte to come, `total` the whole length if told.

    It comes once: as lists of `pieces`, which can be written without joining them, or as `chunks`.
    """

    pieces: AsyncIterator[list[bytes]]
    start: int
    total: int | None

    @property
    def chunks(self) -> AsyncIterator[bytes]:
        """The content in pieces of about 1 MiB."""
        return _joined(self.pieces)


class Wire:
    """One account's Batch API. Every method raises `WireError` and nothing else; answers are the server's own JSON."""

    def __init__(self, client: "AsyncOpenAI", address: Address, read_retries: int) -> None:
        self._client = client
        self._reads = client.with_options(max_retries=read_retries)
        for each in (self._client, self._reads):
            # Set afterwards, because None given to either means "take the environment's", which is another account.
            each.organization, each.project = address.organization, address.project
        self.address = address
        self.calls = 0
        # Seconds that the server's clock is ahead of ours: ages and time left are counted on the clock of the stamps.
        self.clock_ahead = 0.0
        self.has_cancel = True  # until the server has said otherwise
        # What its lists were found to take, by the list's name: the length of a page (None for no length at all), and
        # lists that take no parameters.
        self.page_lengths: dict[str, int | None] = {}
        self.bare_lists: set[str] = set()

    @classmethod
    async def connect(cls, address: Address, *, read_retries: int = 0) -> "Wire":
        """Import `openai` and build its client in a thread: together they cost twice the start of the screen."""
        if not address.key or not address.key.isascii() or not address.key.isprintable():
            raise WireError(
                Kind.UNAUTHORIZED,
                f"The API key from {address.key_env} has characters that no key has: check that variable.",
            )
        return cls(await asyncio.to_thread(client_of, address), address, read_retries)

    @property
    def now(self) -> float:
        """The server's time, in Unix seconds."""
        return time.time() + self.clock_ahead

    async def close(self) -> None:
        await self._client.close()
        if "_blocking" in self.__dict__:
            await asyncio.to_thread(self._blocking.close)

    @cached_property
    def _blocking(self) -> "OpenAI":
        """For the parts of a file, which go over one connection."""
        return blocking_client_of(self.address)

    async def list_batches(self, *, after: str | None = None, limit: int | None = 100) -> Page:
        """One page, newest first; `after` is the last id of the page before, `limit` None leaves its length open."""
        query: dict[str, Any] = ({"limit": limit} if limit else {}) | ({"after": after} if after else {})
        with self._call():
            answer = await self._reads.batches.with_raw_response.list(**query)
        self._note_clock(answer.headers.get("date"))
        return self._page(answer.content)

    async def retrieve_batch(self, batch_id: str) -> Mapping[str, Any]:
        with self._call():
            answer = await self._reads.batches.with_raw_response.retrieve(batch_id)
        return self._thing(answer.content)

    async def create_batch(
        self, *, input_file_id: str, endpoint: str, metadata: Mapping[str, str]
    ) -> Mapping[str, Any]:
        """Create a batch, once: on an error that is `unclear`, look for it before asking again."""
        with self._call():
            answer = await self._client.batches.with_raw_response.create(
                input_file_id=input_file_id,
                endpoint=cast("Any", endpoint),
                completion_window="24h",
                metadata=dict(metadata),
                timeout=self._timeout(_SLOW_TIMEOUT),
            )
        return self._thing(answer.content, unclear=True)

    async def cancel_batch(self, batch_id: str) -> Mapping[str, Any]:
        try:
            with self._call():
                answer = await self._client.batches.with_raw_response.cancel(batch_id)
        except WireError as error:
            if error.status not in _NO_SUCH_CALL:
                raise
            self.has_cancel = False
            said = f" It says: {error.message}" if error.message else ""
            sentence = f"{self.address.host} has no cancel: its batches run to their end.{said}"
            raise WireError(error.kind, sentence, status=error.status, message=error.message) from None
        return self._thing(answer.content, unclear=True)

    async def upload(self, path: Path, filename: str, progress: Callable[[int, int], None]) -> StoredFile:
        """Send the file at `path` under `filename`, once; `progress` gets bytes done and total, in another thread."""
        from tui.client.upload import send

        with self._call():
            content = await send(self.address, path, filename, progress)
        return self._file(content, unclear=True)

    async def begin_upload(self, filename: str, size: int) -> tuple[str, float | None]:
        """Announce a file of `size` bytes that comes in parts: the upload's id, and when it ends if that is told."""
        with self._call():
            # The first touch imports the resource's modules.
            uploads = await asyncio.to_thread(lambda: self._client.uploads.with_raw_response)
            answer = await uploads.create(bytes=size, filename=filename, mime_type="application/jsonl", purpose="batch")
        return self._part(answer.content)

    async def upload_part(self, path: Path, upload_id: str, span: range, progress: Callable[[int, int], None]) -> str:
        """Send the bytes `span` of the file at `path` as one part: its id. Sent twice it does no harm."""
        from tui.client.upload import send_part

        with self._call():
            content = await send_part(lambda: self._blocking, path, upload_id, span, progress)
        return self._part(content)[0]

    async def complete_upload(self, upload_id: str, part_ids: Sequence[str]) -> StoredFile:
        """Make a file of the parts, in this order, once."""
        with self._call():
            uploads = await asyncio.to_thread(lambda: self._client.uploads.with_raw_response)
            answer = await uploads.complete(upload_id, part_ids=list(part_ids), timeout=self._timeout(_STORING_TIMEOUT))
        made = self._thing(answer.content, unclear=True)
        # The upload with the file in it, or the file itself.
        found = file_from(made if made.get("object") == "file" else made.get("file"))
        if found is None:
            raise not_an_api(self.address, unclear=True)
        return found

    async def cancel_upload(self, upload_id: str) -> None:
        """Have the parts of an upload forgotten, once."""
        with self._call():
            uploads = await asyncio.to_thread(lambda: self._client.uploads.with_raw_response)
            answer = await uploads.cancel(upload_id)
        self._deny_refusal(answer.content)

    async def list_files(
        self, *, purpose: str | None = None, after: str | None = None, limit: int | None = 1000
    ) -> Page:
        """One page of stored files, newest first; without a limit, as the provider sizes and sorts it by itself."""
        query: dict[str, Any] = {"limit": limit, "order": "desc"} if limit is not None else {}
        query |= ({"purpose": purpose} if purpose else {}) | ({"after": after} if after else {})
        with self._call():
            answer = await self._reads.files.with_raw_response.list(**query)
        return self._page(answer.content)

    async def retrieve_file(self, file_id: str) -> StoredFile:
        with self._call():
            answer = await self._reads.files.with_raw_response.retrieve(file_id)
        return self._file(answer.content)

    async def delete_file(self, file_id: str) -> None:
        """Delete a file, once; `Kind.NOT_FOUND` where it is gone already."""
        with self._call():
            answer = await self._client.files.with_raw_response.delete(file_id)
        told = self._deny_refusal(answer.content)
        if isinstance(told, Mapping) and flag(told.get("deleted")) is False:
            raise WireError(Kind.REFUSED, f"{self.address.host} answers that it did not delete the file.")

    @asynccontextmanager
    async def download(self, file_id: str, *, start: int = 0) -> AsyncIterator[Download]:
        """A file's content from byte `start`, in chunks of about 1 MiB, or of what comes in a quarter of a second.

        A server without Range sends all of it: then the download's own `start` is 0.
        """
        # Compressed transfer would hide the length that says whether all has arrived.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        # What is raised in the caller's block is the caller's own: only the calls in here, and the reads of the
        # pieces, are translated.
        async with AsyncExitStack() as stack:
            with self._call():
                answer = await stack.enter_async_context(
                    self._client.files.with_streaming_response.content(
                        file_id, extra_headers=headers, timeout=self._timeout(_SLOW_TIMEOUT)
                    )
                )
            # The bytes as they came: what would decode them, and has nothing to, takes a fifth of the time.
            plain = answer.headers.get("content-encoding", "identity") == "identity"
            pieces = answer.http_response.aiter_raw() if plain else answer.iter_bytes()
            begins, total = _extent(answer.status_code, answer.headers, start, plain=plain)
            yield Download(self._pieces(pieces), begins, total)

    async def _pieces(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
        gathered = _gathered(pieces)
        while True:
            with translated(self.address):
                some = await anext(gathered, None)
            if some is None:
                return
            yield some

    def _note_clock(self, date: str | None) -> None:
        from email.utils import parsedate_to_datetime

        try:
            ahead = parsedate_to_datetime(date).timestamp() - time.time() if date else 0.0
        except (ValueError, OverflowError):
            return
        # The header has whole seconds; less than a few of them is no difference worth believing.
        self.clock_ahead = ahead if abs(ahead) > _CLOCK_NOISE else 0.0

    def _call(self) -> Any:
        self.calls += 1
        return translated(self.address)

    def _timeout(self, read: float) -> Any:
        import httpx2

        return httpx2.Timeout(read, connect=CONNECT_TIMEOUT)

    def _decoded(self, content: bytes, *, unclear: bool = False) -> object:
        from tui.client.answers import decoded

        try:
            return decoded(content)
        except ValueError:
            raise not_an_api(self.address, unclear=unclear) from None

    def _thing(self, content: bytes, *, unclear: bool = False) -> Mapping[str, Any]:
        """What was asked for, with its id, out of whatever the provider puts around it."""
        from tui.client.answers import thing_in

        answer = self._decoded(content, unclear=unclear)
        found = thing_in(answer)
        if found is None:
            raise self._no_answer(answer, unclear=unclear)
        return found

    def _deny_refusal(self, content: bytes) -> object:
        """What an answer holds of which nothing but a yes is needed; some providers answer with nothing at all."""
        from tui.client.answers import refusal_in, thing_in

        answer = self._decoded(content, unclear=True) if content.strip() else None
        if refusal_in(answer) is not None:
            raise self._no_answer(answer)
        return thing_in(answer) or answer

    def _no_answer(self, answer: object, *, unclear: bool = False) -> WireError:
        """The error for an `answer` with status 200 that is not what was asked for."""
        from tui.client.answers import refusal_in

        if (refusal := refusal_in(answer)) is None:
            return not_an_api(self.address, words(answer), unclear=unclear)
        return refused(refusal.status or 200, refusal.message, self.address, code=refusal.code)

    def _part(self, content: bytes) -> tuple[str, float | None]:
        """The id of an upload or of a part of one, and when it expires."""
        answer = self._thing(content, unclear=True)
        return answer["id"], moment(answer.get("expires_at"))

    def _file(self, content: bytes, *, unclear: bool = False) -> StoredFile:
        found = file_from(self._thing(content, unclear=unclear))
        if found is None:
            raise AssertionError("a thing has an id")
        return found

    def _page(self, content: bytes) -> Page:
        answer = self._decoded(content)
        page = page_from(answer)
        if page is None:
            raise self._no_answer(answer)
        return page


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The pieces in lists of up to 1 MiB, or of what came in a moment: somebody may wait for the first lines."""
    held, size, since = list[bytes](), 0, 0.0
    async for piece in pieces:
        if held and size + len(piece) > _CHUNK:
            yield held
            held, size, since = [], 0, time.monotonic()
        held.append(piece)
        size += len(piece)
        if time.monotonic() - since >= _MOMENT:
            yield held
            held, size, since = [], 0, time.monotonic()
    if held:
        yield held


async def _joined(pieces: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    async for some in pieces:
        yield b"".join(some)


def _extent(status: int, headers: Mapping[str, str], asked: int, *, plain: bool) -> tuple[int, int | None]:
    """Where an answer begins, which need not be where it was `asked` to, and how long the whole file is if it says so.

    A server may tell of a part although its status says that all comes. The length of an answer is not that of the file
    where it is a part, which may end early, or where the bytes are encoded: not `plain`.
    """
    told = re.fullmatch(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", headers.get("content-range", "").strip())
    if told is not None:
        return int(told[1]), int(told[2]) if told[2].isdigit() and plain else None
    if status == _PARTIAL:
        return asked, None
    length = headers.get("content-length", "")
    return 0, int(length) if plain and length.isascii() and length.isdigit() else None
