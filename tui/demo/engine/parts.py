"""Where the parts of an upload lie until it is complete.

They are received behind one another in one file, as long as they come one at a time: if they are wanted in that order,
as nearly always, the file is there in the end, and nothing has to be copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO

from tui.demo.engine.records import PartRecord, UploadRecord
from tui.demo.engine.world import World

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a part is received: at ``start`` of the file at ``path``."""

    path: Path
    start: int
    shared: bool
    """Whether the file is that of all parts."""


@contextmanager
def place(here: World, upload: UploadRecord | None) -> Iterator[Place]:
    """A place for the next part of ``upload``; what parts share is nobody else's meanwhile."""
    if upload is None or upload.id in here.receiving:
        yield Place(here.store.path(f"incoming-{os.urandom(8).hex()}"), 0, shared=False)
        return
    here.receiving.add(upload.id)
    try:
        lying = [part.start + part.bytes for part in here.store.parts(upload.id).values() if part.blob == upload.id]
        yield Place(here.store.path(upload.id), max(lying, default=0), shared=True)
    finally:
        here.receiving.discard(upload.id)


def together(here: World, place: Place, parts: Sequence[PartRecord], joined: Path) -> Path:
    """The file of all ``parts``, one behind the other; the disk has it. It is made as ``joined`` if it has to be."""
    whole = place.path if _lie_together(place, parts) else joined
    with whole.open("r+b" if whole is place.path else "wb") as out:
        if whole is joined:
            _join(here, parts, out)
        out.flush()
        os.fsync(out.fileno())
    return whole


def _lie_together(place: Place, parts: Sequence[PartRecord]) -> bool:
    """Whether the file that parts share is that of these, in this order, and of no other."""
    *starts, size = 0, *accumulate(part.bytes for part in parts)
    behind = all((part.blob, part.start) == (place.path.name, start) for part, start in zip(parts, starts, strict=True))
    return place.shared and behind and place.path.exists() and place.path.stat().st_size == size


def _join(here: World, parts: Sequence[PartRecord], out: IO[bytes]) -> None:
    for part in parts:
        with here.store.path(part.blob).open("rb") as blob:
            blob.seek(part.start)
            left = part.bytes
            while left and (chunk := blob.read(min(left, _CHUNK))):
                out.write(chunk)
                left -= len(chunk)
