"""Finding text in a file of any size without reading it as lines."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from tui.files.errors import StoppedError, open_to_read
from tui.files.line_stream import Cancelled, Progress

_CHUNK: Final = 1 << 20
_LONGEST: Final = 1000  # characters of a text that is looked for


@dataclass(frozen=True, slots=True)
class Needle:
    """Bytes to look for, in each form in which JSON may hold them; `fold` where upper and lower case are the same."""

    forms: tuple[bytes, ...]
    fold: bool

    @classmethod
    def of(cls, text: str) -> Self:
        """`text` as a person types it: in lower case it means any case (of ASCII letters)."""
        text = text[:_LONGEST]
        fold = text == text.lower()
        return cls(_forms(text, fold, quoted=False), fold)

    @classmethod
    def value(cls, text: str) -> Self:
        """`text` as the whole of a JSON string."""
        return cls(_forms(text, False, quoted=True), False)

    @property
    def length(self) -> int:
        """Bytes of the longest form."""
        return max(map(len, self.forms))

    def first(self, content: bytes) -> int:
        """Where the first of the forms begins in `content`, or -1."""
        content = content.lower() if self.fold else content
        places = [place for form in self.forms if (place := content.find(form)) >= 0]
        return min(places, default=-1)

    def last(self, content: bytes) -> int:
        """Where the last of the forms begins in `content`, or -1."""
        content = content.lower() if self.fold else content
        return max(content.rfind(form) for form in self.forms)


def _forms(text: str, fold: bool, *, quoted: bool) -> tuple[bytes, ...]:
    """As typed, with characters as they are, and with everything beyond ASCII as escapes, as providers write it."""
    written = [json.dumps(text, ensure_ascii=False), json.dumps(text)]
    inner = written if quoted else [text, *(form[1:-1] for form in written)]
    encoded = (form.encode("utf-8", "surrogatepass") for form in inner)
    return tuple(dict.fromkeys(form.lower() if fold else form for form in encoded))


def search(
    path: Path, needle: Needle, start: int, stop: int, *, forward: bool, progress: Progress, cancelled: Cancelled
) -> int | None:
    """The offset of the first match that begins in bytes `start` to `stop` of `path`, of the last one if not `forward`.

    `progress` is told (bytes, bytes in all). Raises `ResultFileError`, `StoppedError`; for a worker thread.
    """
    descriptor = open_to_read(path)
    try:
        begins = range(start, stop, _CHUNK)
        for done, at in enumerate(begins if forward else reversed(begins)):
            if cancelled():
                raise StoppedError
            progress(min(done * _CHUNK, stop - start), stop - start)
            end = min(at + _CHUNK, stop)
            # A match may begin in this piece and end in the next one.
            content = os.pread(descriptor, end - at + needle.length - 1, at)
            place = needle.first(content) if forward else needle.last(content)
            if 0 <= place < end - at:
                return at + place
    finally:
        os.close(descriptor)
    progress(stop - start, stop - start)
    return None
