"""Lets good lines through at the speed of the decoder, many at once.

It only ever says "all of these are good": what it is in doubt about is for `rules` to judge, line by line. Of two
decoders each is twice as fast as the other somewhere: msgspec where text is plain, above all on short lines, simdjson
where characters must be decoded, checked or looked up.
"""

from __future__ import annotations

from typing import Final

from tui.requests.fast_path import ascii_lines
from tui.requests.fast_path.ascii_lines import USUAL, Good
from tui.requests.limits import Limits

__all__ = ["Good", "Sieve"]

# Where escapes are looked for: to look through a whole block takes longer than to decode it.
_START: Final = 8192


class Sieve:
    """Not safe for threads."""

    def __init__(self) -> None:
        # 2 MiB with the C++ library that comes along, which a screen without a file to validate does without.
        from tui.requests.fast_path.unicode_lines import SimdSieve

        self._simd = SimdSieve()

    def good(self, lines: bytes | bytearray, endpoint: str, limits: Limits = USUAL) -> Good | None:
        """What is in whole lines, a request each, if all are right for the endpoint; None when that is not sure.

        Of the limits those count that say what a request may have or be without.

        Not looked at: whether custom_ids are unique and models the same. A bytearray, which is one long line, is not
        looked at either: decoded here it would be in memory several times.
        """
        if isinstance(lines, bytearray):
            return None
        return (ascii_lines.good if _is_plain(lines) else self._simd.good)(lines, endpoint, limits)


def _is_plain(lines: bytes) -> bool:
    return lines.isascii() and lines.find(b"\\u", 0, _START) < 0
