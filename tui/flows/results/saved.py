"""Which results are on this machine already."""

from collections.abc import Callable, Iterable
from pathlib import Path

from tui.batches.batch import Batch
from tui.flows.results.download import Part, result_path


def is_saved(batch: Batch, folder: Path) -> bool:
    """Whether `folder` has all result files of `batch`, and can be looked into; for a thread."""
    wanted = ((Part.OUTPUT, batch.output_file_id), (Part.ERRORS, batch.error_file_id))
    try:
        return all(result_path(folder, batch.id, part).exists() for part, file_id in wanted if file_id is not None)
    except OSError:
        return False


def unsaved(batches: Iterable[Batch], folder_of: Callable[[str], Path]) -> list[Batch]:
    """Those of `batches` whose results are not all on this machine; for a thread."""
    return [batch for batch in batches if not is_saved(batch, folder_of(batch.id))]
