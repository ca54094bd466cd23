"""Which results the server will not keep much longer, and nobody has saved yet."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from tui.batches.batch import Batch
from tui.batches.files import RESULT_PURPOSE
from tui.flows.pages import pages
from tui.flows.saved import unsaved
from tui.flows.session import Session
from tui.wire.errors import Kind, WireError
from tui.wire.shapes import Page, file_from

SOON: Final = 3 * 86400.0  # seconds
_LEARN: Final = 3600.0  # seconds between two lists of the files: when a file expires does not change


class Expiry:
    """When result files expire, by what the server says of each; nothing is guessed for those it says nothing of."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._expires: dict[str, int] = {}
        self._due = 0.0
        self._unlisted = False

    async def learn(self) -> None:
        """List the result files, unless that was done lately or no batch has any.

        Raises `WireError`; it is due again in an hour then.
        """
        if self._unlisted or time.monotonic() < self._due:
            return
        if not any(batch.output_file_id or batch.error_file_id for batch in self._session.book):
            return
        self._due = time.monotonic() + _LEARN
        try:
            async for page in pages(self._page):
                stored = filter(None, map(file_from, page.items))
                self._expires |= {file.id: file.expires_at for file in stored if file.expires_at is not None}
        except WireError as error:
            if error.kind not in {Kind.NOT_FOUND, Kind.REFUSED}:
                raise
            # Such a list there is not: asking again would not help.
            self._unlisted = True

    def forget(self, file_id: str) -> None:
        """That file has been deleted."""
        self._expires.pop(file_id, None)

    async def soon(self) -> Mapping[str, int]:
        """When the first result of each batch expires that goes within three days and is not on this machine.

        By the batch's id, in Unix seconds of the server's clock.
        """
        now, batches = self._session.now, list(self._session.book)
        return await asyncio.to_thread(self._soon, batches, now)

    async def _page(self, after: str | None) -> Page:
        return await self._session.wire.list_files(purpose=RESULT_PURPOSE, after=after)

    def _soon(self, batches: list[Batch], now: float) -> Mapping[str, int]:
        found = {batch.id: (batch, at) for batch in batches if (at := self._expires_at(batch)) is not None}
        going = [batch for batch, at in found.values() if 0 < at - now <= SOON]
        return {batch.id: found[batch.id][1] for batch in unsaved(going, self._session.folder_of)}

    def _expires_at(self, batch: Batch) -> int | None:
        told = [self._expires.get(file_id) for file_id in (batch.output_file_id, batch.error_file_id) if file_id]
        return min((at for at in told if at is not None), default=None)
