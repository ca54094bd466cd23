"""What a batch is called, on every screen and in every command: the only place that decides it."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from tui.batches.batch import Batch, described
from tui.format.text import clean_line

# The first frame has no use for it.
if TYPE_CHECKING:
    from tui.batches.stored_files import StoredFile


class Named(NamedTuple):
    """What the name of a submission's batch is made of; `batch_id` is None while it has none that is known."""

    submission_id: str
    batch_id: str | None
    metadata: Mapping[str, str]
    path: str


def submission_name(metadata: Mapping[str, str], path: str) -> str:
    """What the batch of a submission is going to be called, safe to show: as its metadata says, else as its file."""
    return clean_line(described(metadata.items()) or path.rstrip("/").rpartition("/")[2] or path)


class Names:
    """The names of batches, from what has been learnt of their input files so far.

    A batch is called by its description, else as the submission from here that it came of, else by the name of its
    input file at the server, else by its id.
    """

    def __init__(self) -> None:
        self._own: dict[str, str] = {}  # by the id of the submission, and by that of the batch
        self._files: dict[str, str] = {}
        self.asked: set[str] = set()  # ids of input files whose names the server was asked for, whatever it answered

    def name_of(self, batch: Batch) -> str:
        """The batch's name, safe to show."""
        return self.given(batch) or self._files.get(batch.input_file_id or "") or batch.id

    def given(self, batch: Batch) -> str | None:
        """The name that its user gave it: the description, else that of the submission from here that it came of."""
        return batch.description or self._own.get(batch.id) or self._own.get(batch.submission or "")

    def nameless(self, batches: Iterable[Batch]) -> list[Batch]:
        """Those of `batches` that are called by their id, as far as is known."""
        return [batch for batch in batches if self.name_of(batch) == batch.id]

    def learn_submissions(self, submissions: Iterable[Named]) -> None:
        """Take in what was submitted from here."""
        for found in submissions:
            name = submission_name(found.metadata, found.path)
            self._own[found.submission_id] = name
            if found.batch_id is not None:
                self._own[found.batch_id] = name

    def learn_files(self, files: "Iterable[StoredFile]") -> bool:
        """Take in the names of files that the server has told of; whether one of them was not known."""
        from tui.batches.stored_files import shown_name

        before = len(self._files)
        self._files |= {file.id: shown_name(file.filename) for file in files if file.filename}
        return len(self._files) > before
