"""A large file on its way to the server in parts, so that what has arrived is not sent a second time.

The server cannot be asked which parts it has: the journal knows. A part of which no answer came is sent again, which
does no harm, because the parts that make up the file are named at the end.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.flows.submit.find import find_upload
from tui.flows.submit.steps import TRIES, Unclear, Uploaded, Uploading, passing
from tui.flows.submit.upload_steps import Note, Sending, broken_off, check_unchanged, looked_for_upload, wait_after
from tui.requests.validate import Report
from tui.store.journal import Journal, Submission
from tui.store.uploads import PartedUpload

# Of no more bytes, a file is sent whole. A part may have 64 MiB; half of that loses less when a line breaks.
LARGE = 64 << 20
PART_BYTES = 32 << 20
_LIFETIME = 3600.0  # seconds that an upload lasts where the server does not tell
# What a server answers for an upload that has ended, and where it takes none of this kind.
_OVER = frozenset({Kind.NOT_FOUND, Kind.REFUSED, Kind.CONFLICT})
_NONE = frozenset({Kind.REFUSED, Kind.FORBIDDEN, Kind.NOT_AN_API})


class OnlyWhole(Exception):  # noqa: N818  # what it says of the provider
    """Nothing was sent: here files go whole, or none of this size go at all."""


class PartsUpload:
    """The upload of one submission's file in parts."""

    def __init__(
        self, submission: Submission, report: Report, wire: Wire, journal: Journal, looks: Sequence[float]
    ) -> None:
        self._submission = submission
        self._report = report
        self._wire = wire
        self._journal = journal
        self._kept = journal.uploads
        self._looks = looks

    async def steps(self) -> AsyncIterator[Uploading | Uploaded | Unclear]:
        """Go on with the upload that the journal knows of, else begin one; the last step is `Uploaded`.

        Raises `OnlyWhole` at its beginning, and `LazybatchError`.
        """
        begun = await asyncio.to_thread(self._kept.find, self._submission.id)
        if begun is not None and begun.takes_more(self._wire.now):
            try:
                async for step in self._rest(begun):
                    yield step
            except WireError as error:
                if error.kind not in _OVER:
                    raise
                # It has ended there, whatever the journal says.
            else:
                return
        async for step in self._rest(await self._begun()):
            yield step

    async def _begun(self) -> PartedUpload:
        submission = self._submission
        for attempt in range(1, TRIES + 1):
            try:
                upload_id, expires_at = await self._wire.begin_upload(submission.upload_name, submission.bytes)
            except WireError as error:
                if error.kind is Kind.NOT_FOUND:
                    await asyncio.to_thread(self._kept.not_possible)
                    raise OnlyWhole from None
                if error.kind in _NONE:
                    # Sent whole, the server says what it has against the file itself, if anything.
                    raise OnlyWhole from None
                if not passing(error):
                    raise
                # One that was begun unheard ends by itself, and nothing was sent to it.
                await wait_after(error, attempt, self._pause(attempt))
            else:
                expires_at = expires_at or self._wire.now + _LIFETIME
                begun = PartedUpload(upload_id, PART_BYTES, expires_at, {})
                await asyncio.to_thread(self._kept.begin, submission.id, begun)
                return begun
        raise AssertionError("the last attempt raises")

    async def _rest(self, begun: PartedUpload) -> AsyncIterator[Uploading | Uploaded | Unclear]:
        """Send the parts that are missing, and have the file made of all."""
        for number in begun.missing(self._submission.bytes):
            sending = self._sending(begun, number)
            async for step in self._tried(sending):
                yield step
            # The journal keeps parts of the file that was validated, and of no other.
            await check_unchanged(self._report)
            await asyncio.to_thread(self._kept.arrived, begun.id, number, sending.result)
            begun = replace(begun, parts={**begun.parts, number: sending.result})
        async for last in self._completed(begun):
            yield last

    def _sending(self, begun: PartedUpload, number: int) -> Sending:
        total = self._submission.bytes
        span = begun.span(number, total)

        async def call(note: Note) -> str:
            return await self._wire.upload_part(self._report.path, begun.id, span, note)

        return Sending(call, before=begun.arrived(total), total=total)

    async def _tried(self, sending: Sending) -> AsyncIterator[Uploading]:
        """One part, as often as it takes: sent twice it does no harm."""
        for attempt in range(1, TRIES + 1):
            try:
                async for step in sending.steps():
                    yield step
            except WireError as error:
                if not passing(error):
                    raise
                await wait_after(error, attempt, self._pause(attempt))
            else:
                return

    async def _completed(self, begun: PartedUpload) -> AsyncIterator[Unclear | Uploaded]:
        part_ids = [part_id for _, part_id in sorted(begun.parts.items())]
        for attempt in range(1, TRIES + 1):
            try:
                stored = await self._wire.complete_upload(begun.id, part_ids)
            except WireError as error:
                if not passing(error):
                    # It can be complete already, by a call that got no answer.
                    if error.kind in _OVER and (
                        found := await find_upload(self._submission, self._wire, self._journal)
                    ):
                        yield Uploaded(found, adopted=True)
                        return
                    raise
                if not error.unclear:
                    await wait_after(error, attempt, self._pause(attempt))
                    continue
                yield Unclear(error)
                if found := await looked_for_upload(self._submission, self._wire, self._journal, self._looks):
                    yield Uploaded(found, adopted=True)
                    return
            else:
                yield Uploaded(stored.id)
                return
        raise broken_off()

    def _pause(self, attempt: int) -> float:
        return self._looks[min(attempt, len(self._looks)) - 1]
