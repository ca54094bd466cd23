"""Whether a file on this machine still has the content that it had."""

import hashlib
from pathlib import Path


def is_still(path: Path, size: int, sha256: str) -> bool:
    """Whether the file at `path` has that content, of `size` bytes; blocks for the disk."""
    try:
        if path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False
