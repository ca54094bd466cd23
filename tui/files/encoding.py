"""What an input file is written in, where that is not UTF-8: told by its first bytes, for JSON begins in ASCII."""

from __future__ import annotations

from typing import Final, NamedTuple

HEAD: Final = 8
"""Bytes of a file's beginning that tell."""


class Encoding(NamedTuple):
    """`codec` is Python's name of one that can be converted here, else None."""

    name: str
    codec: str | None = None

    @property
    def sentence(self) -> str:
        if self.codec is not None:
            return f"The file is {self.name}; it must be UTF-8. Mending writes a copy in UTF-8."
        if self.name.startswith("UTF"):
            return f"The file is {self.name}; it must be UTF-8. Convert it first, with iconv for instance."
        return f"The file is compressed ({self.name}); it must be plain UTF-8. Unpack it first."


_LITTLE, _BIG = Encoding("UTF-16 LE", "utf-16-le"), Encoding("UTF-16 BE", "utf-16-be")
_WIDE: Final = Encoding("UTF-32")
# The first that a file begins with: the mark of UTF-32 LE begins with that of UTF-16 LE.
_MARKS: Final = (
    (b"\xff\xfe\0\0", _WIDE), (b"\0\0\xfe\xff", _WIDE), (b"\xff\xfe", _LITTLE), (b"\xfe\xff", _BIG),
    (b"\x1f\x8b", Encoding("gzip")), (b"PK\x03\x04", Encoding("zip")), (b"\x28\xb5\x2f\xfd", Encoding("zstd")),
    (b"BZh", Encoding("bzip2")), (b"\xfd7zXZ\0", Encoding("xz")),
)  # fmt: skip


def encoding_of(head: bytes) -> Encoding | None:
    """What a file that begins so is written in; None for UTF-8, and for what nothing tells."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    zeros = [not byte for byte in head[:4]]
    if zeros in ([False, True, True, True], [True, True, True, False]):
        return _WIDE
    if zeros == [False, True, False, True]:
        return _LITTLE
    return _BIG if zeros == [True, False, True, False] else None
