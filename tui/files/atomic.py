"""Files that are there whole or not at all."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tui.files.durable import sync_folder
from tui.files.errors import ResultFileError, cannot, shown


@contextmanager
def written(path: Path, sources: Iterable[Path]) -> Iterator[BinaryIO]:
    """A file to write to that takes the name `path` once the block ends well, and vanishes if it does not.

    Readable by its owner only. Raises `ResultFileError`, also when `path` is one of the `sources` it is made from.
    """
    try:
        for source in sources:
            if path.exists() and source.exists() and path.samefile(source):
                raise ResultFileError(f"{shown(path)} is what the new file is made from: choose another name.")
        descriptor, name = tempfile.mkstemp(prefix=".lazybatch-", suffix=".part", dir=path.parent)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise cannot("write", path, error) from error
