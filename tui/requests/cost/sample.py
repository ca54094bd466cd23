"""A random sample of a file's lines, from which a total over all of them is estimated.

The file is cut into ranges of equal size, and of each the line is taken that holds a random byte of it: the first lines
are no sample, because files are often sorted, and lines all over the file are. A line is then taken with a probability
that is its share of the file's bytes, as `estimators` supposes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tui.files.source import LONGEST_LINE, Source

# Most lines are read with one call.
_REACH: Final = 8 * 1024
# Characters in a row; of much fewer, the tokens at both ends would be felt.
_WINDOW: Final = 256
# How far the end of a word is looked for: Chinese has few.
_LONGEST_WORD: Final = 40
# The last word before a sign; an apostrophe belongs to the word.
_SIGN: Final = re.compile(r".*[^\W\d_](?=[^\w\s'’])", re.DOTALL)


def lines(source: Source, count: int, seed: str) -> Iterator[bytes]:
    """`count` lines with their newlines, from everywhere in the file, the same for the same seed.

    A line that is longer than one range is taken more than once, and is then the same object. Of one that is too long
    to be kept (128 MiB and more) nothing is told but b"".
    """
    chance = random.Random(seed)  # noqa: S311  # the same file is to give the same figure
    size = source.identity.size
    start = stop = 0
    line = b""
    for index in range(count):
        low, high = index * size // count, (index + 1) * size // count
        if low == high:
            continue
        offset = chance.randrange(low, high)
        if not start <= offset < stop:
            start, stop, line = _line_at(source, offset)
        yield line


def _line_at(source: Source, offset: int) -> tuple[int, int, bytes]:
    """Where the line starts and ends which the byte at `offset` belongs to, and the line.

    Of a line that is too long, as much as was seen of it, and b"".
    """
    reach = _REACH
    while True:
        low = max(0, offset - reach)
        window = source.read(low, offset - low + reach)
        start = window.rfind(b"\n", 0, offset - low) + 1
        end = window.find(b"\n", offset - low) + 1 or len(window)
        whole = (start or not low) and (window.endswith(b"\n", 0, end) or low + end >= source.identity.size)
        if whole or reach * 4 > LONGEST_LINE:
            return low + start, low + end, window[start:end] if whole else b""
        reach *= 4


def windows(texts: Sequence[str], width: int, place: float) -> tuple[list[str], float]:
    """About `width` characters of a line's texts, and how many times as many there are altogether.

    Several pieces at equal distances, the first at the share `place` (0 to 1) of all characters, as if the last text
    were followed by the first: each word has the same chance, and a line that changes its language half-way is no
    worse than others. Cut between words where there are any, so that no token is cut.
    """
    length = sum(map(len, texts))
    if length <= width:
        return list(texts), 1.0
    number = max(1, width // _WINDOW)
    pieces = list[str]()
    for index in range(number):
        position = int((place + index / number) * length) % length
        pieces += _window(texts, position, width // number)
    taken = sum(map(len, pieces))
    return pieces, length / taken if taken else 1.0


def _window(texts: Sequence[str], position: int, width: int) -> Iterator[str]:
    index = 0
    while position >= len(texts[index]):
        position -= len(texts[index])
        index += 1
    while width > 0:
        text = texts[index]
        yield _between_words(text, position, min(position + width, len(text)))
        width -= len(text) - position
        index, position = (index + 1) % len(texts), 0


def _between_words(text: str, start: int, end: int) -> str:
    """From the last seam before `start` to the last before `end`: long words are then as likely as short."""
    if start:
        start = _seam(text, max(0, start - _LONGEST_WORD), start)
    if end < len(text):
        end = _seam(text, max(start + 1, end - _LONGEST_WORD), end)
    return text[start:end]


def _seam(text: str, low: int, high: int) -> int:
    """The last place, if there is one, where a token ends in any vocabulary: before a space, or a sign after a word."""
    at = text.rfind(" ", low, high + 1)
    if at > 0:
        return at
    found = _SIGN.match(text, low, high + 1)
    return found.end() if found else high
