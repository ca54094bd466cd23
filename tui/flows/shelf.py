"""The files of one batch's results, as far as they are here, with what was found out from them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from tui.batches.batch import Batch
from tui.errors import LazybatchError
from tui.flows.collect import RESULTS, Absent, Downloaded, Downloading, Part, collect
from tui.flows.judging import Judged, judged, keep, known
from tui.flows.peek import peek, peek_path
from tui.flows.reading import FileReader
from tui.flows.session import Session
from tui.flows.threads import Progress, worked
from tui.results.match import RequestIndex
from tui.results.problems import FileChangedError
from tui.state.verdicts import Kept

Step = Downloading | Downloaded | Absent


class Shelf:
    """Filled by `fetch`, then `find_requests`, then `verdict`. Every method raises `LazybatchError` in a sentence."""

    def __init__(self, batch: Batch, session: Session) -> None:
        self.batch = batch
        self._session = session
        self._finding, self._judging = asyncio.Lock(), asyncio.Lock()
        self.readers: dict[Part, FileReader] = {}
        self.paths: dict[Part, Path] = {}
        self.input_path: Path | None = None
        self.requests: RequestIndex | None = None
        self.kept: Kept | None = None
        self.judged: Judged | None = None

    @property
    def complete(self) -> bool:
        """Whether all files are here, so that they can be judged."""
        ids = {Part.OUTPUT: self.batch.output_file_id, Part.ERRORS: self.batch.error_file_id}
        wanted = [part for part, file_id in ids.items() if file_id is not None]
        return bool(wanted) and not self.batch.status.active and all(part in self.paths for part in wanted)

    async def fetch(self) -> AsyncIterator[Step]:
        """Bring the result files here; `readers` can read what has come of them from the first step on.

        Of a batch that still runs only the first lines are fetched. What cannot be had is told by raising at the end.
        """
        folder, wire = self._session.results_folder, self._session.wire
        if self.batch.status.active:
            async for step in peek(self.batch, folder, wire=wire):
                await self._grow(step)
                yield step
            return
        failure: LazybatchError | None = None
        for part in RESULTS:
            try:
                async for found in collect(self.batch, folder, wire=wire, parts=[part]):
                    await self._take(found)
                    yield found
            except LazybatchError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    async def find_requests(self, tell: Progress, path: Path | None = None) -> None:
        """Find the input file, or take the one at `path`, and read which requests it has; a second caller waits."""
        try:
            async with self._finding:
                if self.requests is None or path is not None:
                    await self._find_requests(tell, path)
        except LazybatchError as error:
            for reader in self.readers.values():
                reader.lacking = error.sentence
            raise

    async def _find_requests(self, tell: Progress, path: Path | None) -> None:
        path = path or await self._session.input_here(self.batch)
        if path is None:
            parts = [Part.INPUT]
            async for step in collect(self.batch, self._session.results_folder, wire=self._session.wire, parts=parts):
                if isinstance(step, Downloading):
                    tell(step.done, step.total or step.done)
                elif isinstance(step, Downloaded):
                    path = step.path
        if path is None:
            return
        found = path
        self.requests = await worked(lambda told, gone: RequestIndex.build(found, told, gone), tell)
        if self.input_path != path:
            self.input_path, self.kept, self.judged = path, None, None
        for reader in self.readers.values():
            reader.requests = self.requests

    async def verdict(self, tell: Progress) -> Kept:
        """What the files say, as kept from an earlier time or worked out now."""
        if self.kept is None:
            self.kept = await known(self.batch, self.paths, self.input_path, self._session.verdicts)
        return self.kept or (await self.judgement(tell)).kept

    async def judgement(self, tell: Progress) -> Judged:
        """The files held against the requests; a second caller waits for the first."""
        async with self._judging:
            if self.judged is None:
                requests, paths = self.requests, dict(self.paths)
                found = await worked(lambda told, gone: judged(self.batch, requests, paths, told, gone), tell)
                self.judged, self.kept = found, found.kept
                await keep(self.batch, paths, self.input_path, self._session.verdicts, self.kept)
                (self._session.doubted.add if self.kept.doubted else self._session.doubted.discard)(self.batch.id)
            return self.judged

    def close(self) -> None:
        """Let go of the files; of a running batch nothing is kept."""
        for reader in self.readers.values():
            reader.close()
        if self.batch.status.active:
            for part in self.readers:
                peek_path(self._session.results_folder, self.batch.id, part).unlink(missing_ok=True)

    async def _take(self, step: Step) -> None:
        if isinstance(step, Downloading):
            await self._grow(step)
        elif isinstance(step, Downloaded):
            before = self.readers.get(step.part)
            self.readers[step.part] = await asyncio.to_thread(FileReader, step.path)
            self.paths[step.part] = step.path
            if before is not None:
                before.close()

    async def _grow(self, step: Downloading) -> None:
        reader = self.readers.get(step.part)
        try:
            if reader is None:
                reader = await asyncio.to_thread(lambda: FileReader(step.partial, growing=True))
                self.readers[step.part] = reader
            await asyncio.to_thread(reader.grow)
        except FileChangedError:
            # A server that cannot go on where it broke off begins again, in the same file.
            if (lost := self.readers.pop(step.part, None)) is not None:
                lost.close()
