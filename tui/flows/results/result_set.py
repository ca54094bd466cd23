"""The files of one batch's results, and of those that are read with it, as far as they are here, and what they say."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tui.batches.batch import Batch
from tui.batches.family import Family, family_of
from tui.errors import LazybatchError
from tui.files.errors import FileChangedError
from tui.flows.account import Session
from tui.flows.results.check import keep, kept_of, known, returned
from tui.flows.results.download import RESULTS, Absent, Downloaded, Downloading, Part, collect
from tui.flows.results.file_reader import FileReader
from tui.flows.results.preview import peek, peek_path
from tui.flows.worker import Progress, worked
from tui.results.join import Judgement, Returned, judge
from tui.results.match import RequestIndex
from tui.store.checks import Kept

Step = Downloading | Downloaded | Absent


class Shelf:
    """Filled by `fetch`, then `fetch_others`, `find_requests` and `verdict`.

    `family` is the batch with those that are read with it, `left_out` has those of them that cannot be, each with the
    reason. Every method raises `LazybatchError` in a sentence.
    """

    def __init__(self, batch: Batch, session: Session, family: Family | None = None) -> None:
        self.batch = batch
        self.family = family or Family((batch,))
        self.left_out: list[tuple[Batch, str]] = []
        self._session = session
        self._finding, self._judging = asyncio.Lock(), asyncio.Lock()
        self.readers: dict[Part, FileReader] = {}
        self.paths: dict[Part, Path] = {}
        self.input_paths: tuple[Path, ...] = ()
        self.requests: RequestIndex | None = None
        self.kept: Kept | None = None
        self.judgement: Judgement | None = None
        self._others: dict[str, Returned] = {}
        self._doubts: dict[tuple[str, Part], str] = {}
        self._fetched_now: set[tuple[str, Part]] = set()

    @property
    def complete(self) -> bool:
        """Whether all files that there are have come, so that they can be judged; an ended batch may have none."""
        ids = {Part.OUTPUT: self.batch.output_file_id, Part.ERRORS: self.batch.error_file_id}
        wanted = [part for part, file_id in ids.items() if file_id is not None]
        return not self.batch.active and all(part in self.paths for part in wanted)

    @property
    def doubts(self) -> tuple[str, ...]:
        """What of the files may be cut, a sentence each; none where every request has a result that can be read."""
        if self.kept is not None and self.kept.verdict.missing == 0 and not self.kept.verdict.unreadable:
            return ()
        return tuple(self._doubts.values())

    @property
    def mismatch(self) -> str:
        """Why results may be there that are not here, so that a retry may pay for them again; empty where none are."""
        verdict = None if self.kept is None else self.kept.verdict
        if verdict is not None and verdict.foreign:
            # Those of another batch are not retried at all.
            return ""
        if verdict is not None and verdict.agrees is False and verdict.notes:
            return verdict.notes[0]
        return next(iter(self.doubts), "")

    @property
    def joined(self) -> bool:
        """Whether the results of several batches are read as one."""
        return len(self.family.batches) > 1

    async def fetch(self) -> AsyncIterator[Step]:
        """Bring the result files here; `readers` can read what has come of them from the first step on.

        Of a batch that still runs only the first lines are fetched. What cannot be had is told by raising at the end.
        """
        folder, wire = self._session.folder_of(self.batch.id), self._session.wire
        if self.batch.active:
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

    async def fetch_anew(self, tell: Progress) -> AsyncIterator[Downloaded]:
        """Fetch again what was here already where the verdict speaks against it: an earlier time may have kept a part.

        What the server says to be all stays; with what comes there is no verdict any more.
        """
        verdict = None if self.kept is None else self.kept.verdict
        if verdict is None:
            return
        if verdict.joined:
            suspect = {share.batch_id for share in verdict.joined if share.agrees is False}
        else:
            wrong = verdict.agrees is False or (verdict.agrees is None and verdict.missing)
            suspect = {self.batch.id} if wrong else set()
        for batch in self.family.batches:
            if batch.id not in suspect or batch.active:
                continue
            for part in RESULTS:
                if (batch.id, part) in self._fetched_now:
                    continue
                folder, wire = self._session.folder_of(batch.id), self._session.wire
                # What cannot be had again stays as it is, and so does the verdict on it.
                with suppress(LazybatchError):
                    async for step in collect(batch, folder, wire=wire, parts=[part], anew=True):
                        if isinstance(step, Downloading):
                            tell(step.done, step.total or step.done)
                        elif isinstance(step, Downloaded):
                            self._note(batch, step)
                            if step.fetched:
                                await self._replaced(batch, step)
                                yield step

    async def _replaced(self, batch: Batch, step: Downloaded) -> None:
        """Go by the file that has come in place of another."""
        if batch.id == self.batch.id:
            await self._take(step)
        else:
            before = self._others[batch.id]
            self._others[batch.id] = (
                replace(before, output=step.path) if step.part is Part.OUTPUT else replace(before, errors=step.path)
            )
        self.kept = self.judgement = None

    def _note(self, batch: Batch, step: Downloaded) -> None:
        self._doubts.pop((batch.id, step.part), None)
        if step.doubt:
            self._doubts[batch.id, step.part] = step.doubt
        if step.fetched:
            self._fetched_now.add((batch.id, step.part))

    async def meet(self) -> None:
        """Find the batches whose results are read with this one's: the other parts of its file, what ran again."""
        submissions = await asyncio.to_thread(self._session.journal.by_batch)
        submitted = {batch_id: found.opened_at for batch_id, found in submissions.items()}
        # In a thread: an account may have tens of thousands.
        self.family = await asyncio.to_thread(family_of, self.batch, list(self._session.book), submitted)

    async def fetch_others(self, tell: Progress) -> None:
        """Bring the files of the others here; one whose files cannot be had is left out of the family."""
        self.left_out = []
        for other in self.family.batches:
            if other.id == self.batch.id or other.id in self._others:
                continue
            try:
                self._others[other.id] = await self._fetched(other, tell)
            except LazybatchError as error:
                self.left_out.append((other, error.sentence))
        family = self.family.without({other.id for other, _ in self.left_out})
        alone = self.batch.id not in {batch.id for batch in family.batches}
        self.family = Family((self.batch,)) if alone else family

    async def _fetched(self, other: Batch, tell: Progress) -> Returned:
        if other.active:
            raise LazybatchError(f"It is still {other.raw_status}.")
        paths: dict[Part, Path] = {}
        async for step in collect(other, self._session.folder_of(other.id), wire=self._session.wire):
            if isinstance(step, Downloading):
                tell(step.done, step.total or step.done)
            elif isinstance(step, Downloaded):
                self._note(other, step)
                paths[step.part] = step.path
        return returned(other, paths.get(Part.OUTPUT), paths.get(Part.ERRORS))

    async def find_requests(self, tell: Progress, path: Path | None = None) -> None:
        """Find the input files, or take the one at `path`, and read which requests they have; a second caller waits."""
        try:
            async with self._finding:
                if self.requests is None or path is not None:
                    await self._find_requests(tell, path)
        except LazybatchError as error:
            for reader in self.readers.values():
                reader.lacking = error.sentence
            raise

    async def _find_requests(self, tell: Progress, path: Path | None) -> None:
        found = [await self._input_of(root, tell) for root in self.family.roots] if path is None else [path]
        paths = tuple(filter(None, found))
        if not paths or len(paths) < len(found):
            return
        await asyncio.to_thread(_refuse_other_encodings, paths)
        self.requests = await worked(lambda told, gone: RequestIndex.of_parts(paths, told, gone), tell)
        if self.input_paths != paths:
            self.input_paths, self.kept, self.judgement = paths, None, None
        for reader in self.readers.values():
            reader.requests = self.requests

    async def _input_of(self, root: Batch, tell: Progress) -> Path | None:
        path = await self._session.input_here(root)
        if path is None:
            parts = [Part.INPUT]
            async for step in collect(root, self._session.folder_of(root.id), wire=self._session.wire, parts=parts):
                if isinstance(step, Downloading):
                    tell(step.done, step.total or step.done)
                elif isinstance(step, Downloaded):
                    self._note(root, step)
                    path = step.path
        return path

    async def verdict(self, tell: Progress) -> Kept:
        """What the files say, as kept from an earlier time or worked out now."""
        if self.kept is None:
            self.kept = await known(self.batch, self._files, self.input_paths, self._session.verdicts)
        return self.kept or kept_of(await self.judged(tell))

    async def judged(self, tell: Progress) -> Judgement:
        """The files held against the requests; a second caller waits for the first."""
        async with self._judging:
            if self.judgement is None:
                requests, files = self.requests, self._files
                found = await worked(lambda told, gone: judge(requests, files, progress=told, cancelled=gone), tell)
                self.judgement, self.kept = found, kept_of(found)
                await keep(self.batch, files, self.input_paths, self._session.verdicts, self.kept)
                await self._session.relearn_costs()
                doubted = self.kept.doubts(self.batch.id)
                (self._session.doubted.add if doubted else self._session.doubted.discard)(self.batch.id)
            return self.judgement

    @property
    def _files(self) -> list[Returned]:
        own = returned(self.batch, self.paths.get(Part.OUTPUT), self.paths.get(Part.ERRORS))
        files = {self.batch.id: own} | self._others
        roots = [files[root.id] for root in self.family.roots]
        return roots + [replace(files[batch.id], wider=self.family.partial) for batch in self.family.again]

    def close(self) -> None:
        """Let go of the files; of a running batch nothing is kept."""
        for reader in self.readers.values():
            reader.close()
        if self.batch.active:
            for part in self.readers:
                peek_path(self._session.folder_of(self.batch.id), self.batch.id, part).unlink(missing_ok=True)

    async def _take(self, step: Step) -> None:
        if isinstance(step, Downloading):
            await self._grow(step)
        elif isinstance(step, Downloaded):
            self._note(self.batch, step)
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


def _refuse_other_encodings(paths: Iterable[Path]) -> None:
    """In one that is not UTF-8 no request would be found, and all results would seem to be of none."""
    from tui.files.source import Source, Unreadable

    for path in paths:
        try:
            with Source(path) as source:
                encoding = source.encoding
        except Unreadable:
            # The index of the requests says why.
            continue
        if encoding is not None:
            raise LazybatchError(f"{str(path)!r} cannot be read as the input file. {encoding.sentence}")
