"""Which results the server will not keep much longer, and nobody has saved yet."""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from tui.batches.batch import Batch
from tui.batches.stored_files import RESULT_PURPOSE
from tui.client.errors import Kind, WireError
from tui.client.models import file_from
from tui.flows.account import Session
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import files as list_of_files
from tui.flows.results.saved import unsaved

SOON: Final = 3 * 86400.0  # seconds
# Seconds until the files are listed again: at first soon, as results take a moment to be listed.
_FIRST: Final = 15.0
_LONGEST: Final = 3600.0


class Expiry:
    """When result files expire, by what the server says of each; nothing is guessed for those it says nothing of."""

    def __init__(self, session: Session) -> None:
        self._session = session
        # By file; None for one that the server keeps until it is deleted, or says nothing of.
        self._expires: dict[str, int | None] = {}
        self._due = 0.0
        self._wait = _FIRST
        self._unlisted = False

    async def learn(self) -> None:
        """List the result files if there are any that have not been listed, at intervals that grow up to an hour.

        Raises `WireError`; the next call that is due tries again.
        """
        if self._unlisted or time.monotonic() < self._due:
            return
        if not await asyncio.to_thread(self._unknown, list(self._session.book)):
            return
        self._due = time.monotonic() + self._wait
        self._wait = min(2 * self._wait, _LONGEST)
        listed = dict[str, int | None]()
        try:
            async for page in list_of_files(self._session.wire, RESULT_PURPOSE).pages():
                if isinstance(page, Incomplete):
                    # What has come is known; the rest is asked for the next time.
                    break
                listed |= {file.id: file.expires_at for file in filter(None, map(file_from, page.items))}
        except WireError as error:
            if error.kind not in {Kind.NOT_FOUND, Kind.REFUSED}:
                raise
            # Such a list there is not: asking again would not help.
            self._unlisted = True
        finally:
            await asyncio.to_thread(self._take_in, listed, list(self._session.book))

    def _take_in(self, listed: dict[str, int | None], batches: list[Batch]) -> None:
        """Keep what is known of the files of `batches`: those of other batches would pile up."""
        known = self._expires | listed
        self._expires = {key: known[key] for batch in batches for key in _results(batch) if key in known}

    def _unknown(self, batches: list[Batch]) -> bool:
        """Whether one of `batches` has results of which the server has not said anything yet."""
        return any(file_id not in self._expires for batch in batches for file_id in _results(batch))

    def forget(self, file_id: str) -> None:
        """That file has been deleted."""
        self._expires[file_id] = None

    async def soon(self) -> Mapping[str, int]:
        """When the first result of each batch expires that goes within three days and is not on this machine.

        By the batch's id, in Unix seconds of the server's clock.
        """
        now, batches = self._session.now, list(self._session.book)
        return await asyncio.to_thread(self._soon, batches, now)

    def _soon(self, batches: list[Batch], now: float) -> Mapping[str, int]:
        found = {batch.id: (batch, at) for batch in batches if (at := self._expires_at(batch)) is not None}
        going = [batch for batch, at in found.values() if 0 < at - now <= SOON]
        return {batch.id: found[batch.id][1] for batch in unsaved(going, self._session.folder_of)}

    def _expires_at(self, batch: Batch) -> int | None:
        told = (self._expires.get(file_id) for file_id in _results(batch))
        return min((at for at in told if at is not None), default=None)


def _results(batch: Batch) -> list[str]:
    """The ids of the result files of a batch that has ended."""
    return [] if batch.active else list(filter(None, (batch.output_file_id, batch.error_file_id)))
