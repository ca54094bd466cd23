"""What text is made of, by which its tokens can be foretold where nobody counts them.

How many bytes a token has hangs on what they are: English letters, digits, Chinese characters in UTF-8 or in \\u
escapes, code, an image in base64. The shares of such bytes take a microsecond to find where tokens take a hundred.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from operator import add, mul
from random import Random
from typing import Final, NamedTuple

from tui.files.source import Cancelled, Source
from tui.requests.cost.estimators import between_neighbours

# Shares of bytes, each of a kind; what is left, small letters for the most part, is their difference from the whole.
Makeup = tuple[float, ...]

_ESCAPE: Final = b"\\u"
_DIGITS: Final = string.digits.encode()
_CAPITALS: Final = string.ascii_uppercase.encode()
_SIGNS: Final = string.punctuation.encode()
# The first byte of a character says how many it has in UTF-8: two in Cyrillic or Arabic, three in Chinese.
_OF_TWO: Final = bytes(range(0xC2, 0xE0))
_OF_MORE: Final = bytes(range(0xE0, 0xF5))
_KINDS: Final = (_DIGITS, _CAPITALS, b" ", _SIGNS, _OF_TWO, _OF_MORE)
_CODES: Final = tuple(bytes([code]) for code in range(1, len(_KINDS) + 1))
# Of each byte the code of its kind, 0 for none.
_TABLE: Final = bytes(next((code for code, kind in enumerate(_KINDS, 1) if byte in kind), 0) for byte in range(256))

# Bytes of one place: of more, a line would say the same again.
_PLACE: Final = 256
# Places whose bytes are counted with one call.
_TOGETHER: Final = 8
# As many pieces of a line, all over it, tell enough of it.
_PIECES: Final = 4
_OF_A_LINE: Final = _PLACE * _PIECES
# Bytes of a whole file that are looked at with one call.
_SLICE: Final = 64 * 1024
# Groups of places between two looks at whether to go on.
_AT_ONCE: Final = 256


class Places(NamedTuple):
    """What a file is made of, from random places all over it: the first, larger phase of double sampling."""

    number: int
    makeups: Sequence[Makeup]
    """Of each group of neighbouring places, in the order of the file."""

    @property
    def mean(self) -> Makeup:
        """An unbiased estimate of the shares in the whole file."""
        return tuple(sum(column) / len(self.makeups) for column in zip(*self.makeups, strict=True))

    def variance(self, slopes: Sequence[float]) -> float:
        """Of the mean of what `slopes` make of the shares: that between neighbours, as the sample is stratified."""
        return between_neighbours([sum(map(mul, slopes, makeup)) for makeup in self.makeups]) / len(self.makeups)


def makeup(raw: bytes | bytearray, place: float) -> Makeup:
    """Of a line: of all its bytes, or of a long one those of pieces at equal distances, as if it were a ring.

    `place` (0 to 1) is where the first of them begins; where it is random each byte has the same chance.
    """
    length = len(raw)
    if length <= _OF_A_LINE:
        return _shares(raw)
    distance = length / _PIECES
    pieces = b"".join([raw[(at := int((place + index) * distance)) : at + _PLACE] for index in range(_PIECES)])
    return _shares(pieces + raw[: _OF_A_LINE - len(pieces)])


def look(source: Source, number: int, seed: str) -> Places:
    """At about `number` places of a file, the same for the same seed; at all of a file that has no more.

    The file is cut into ranges of equal size, and each has a place in it. Raises `Unreadable`; `Cancelled`.
    """
    if number * _PLACE >= source.identity.size:
        return _look_at_all(source)
    chance = Random(seed).random  # noqa: S311  # the same file is to give the same figure
    number = -(-number // _TOGETHER) * _TOGETHER
    distance = (source.identity.size - _PLACE) / number
    makeups = list[Makeup]()
    read = source.read
    for first in range(0, number, _TOGETHER):
        if len(makeups) % _AT_ONCE == 0 and source.cancelled():
            raise Cancelled
        together = range(first, first + _TOGETHER)
        makeups.append(_shares(b"".join([read(int((index + chance()) * distance), _PLACE) for index in together])))
    return Places(number, makeups)


def _look_at_all(source: Source) -> Places:
    """What is known of all of a file has no variance, where that of neighbouring places says what lines differ by."""
    size = source.identity.size
    sums = (0.0,) * (len(_KINDS) + 1)
    for start in range(0, size, _SLICE):
        if source.cancelled():
            raise Cancelled
        raw = source.read(start, _SLICE)
        sums = tuple(map(add, sums, (share * len(raw) for share in _shares(raw))))
    return Places(-(-size // _PLACE), [tuple(total / size for total in sums)])


def _shares(raw: bytes | bytearray) -> Makeup:
    length = len(raw) or 1
    count = raw.translate(_TABLE).count
    return (raw.count(_ESCAPE) / length, *[count(code) / length for code in _CODES])
