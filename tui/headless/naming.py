"""What a batch is called: its description, else its file, else its id."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from tui.batches.batch import Batch
from tui.batches.files import shown_name
from tui.state.journal import Submission
from tui.text import clean_line
from tui.wire.client import Wire
from tui.wire.errors import WireError
from tui.wire.shapes import file_from


class Names:
    """The names of batches, from what is known of their files."""

    def __init__(self, own: Mapping[str, Submission]) -> None:
        self._own = own
        self._files: dict[str, str] = {}
        self._asked = False

    def of(self, batch: Batch) -> str:
        """The batch's name, safe to show."""
        return batch.description or self._file(batch) or batch.id

    async def ask_for_many(self, batches: Iterable[Batch], wire: Wire) -> None:
        """Learn the missing names with one call, the newest page of input files; older ones stay unknown."""
        if self._missing(batches):
            await self.learn(wire)

    async def learn(self, wire: Wire) -> None:
        """Learn the names on the newest page of input files, once."""
        if self._asked:
            return
        self._asked = True
        try:
            page = await wire.list_files(purpose="batch")
        except WireError:
            # A name is not worth a failure: some providers have no such list.
            return
        for stored in map(file_from, page.items):
            if stored is not None and stored.filename:
                self._learn(stored.id, stored.filename)

    async def ask_for_one(self, batch: Batch, wire: Wire) -> None:
        """Learn the name of one batch's file."""
        if not self._missing([batch]) or batch.input_file_id is None:
            return
        try:
            stored = await wire.retrieve_file(batch.input_file_id)
        except WireError:
            return
        if stored.filename:
            self._learn(batch.input_file_id, stored.filename)

    def _missing(self, batches: Iterable[Batch]) -> bool:
        return any(self.of(batch) == batch.id and batch.input_file_id for batch in batches)

    def _learn(self, file_id: str, filename: str) -> None:
        self._files[file_id] = shown_name(filename)

    def _file(self, batch: Batch) -> str | None:
        if submission := self._own.get(batch.id):
            return clean_line(Path(submission.path).name)
        return self._files.get(batch.input_file_id or "")
