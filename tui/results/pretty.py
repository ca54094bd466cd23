"""A line of JSON indented for reading, in as much room as there is."""

import json
import re
from dataclasses import dataclass, field
from typing import Final

from tui.format.text import clean, size
from tui.results.skeleton import head_of_string, string_end

LIMIT: Final = 200_000
_TOKEN: Final = re.compile(rb'[ \t\r\n]+|[^"{}\[\],: \t\r\n]{1,65536}|["{}\[\],:]')
_INDENT: Final = "  "


def pretty(line: bytes, limit: int = LIMIT) -> str:
    """`line` with one value a line, safe to show, in about `limit` characters at most.

    Works token by token, so it stops early on a huge line and shows what there is of a cut-off one or of one that is
    no JSON. A string may take half of the room; it, and the text as a whole, end in a sentence saying how much is left.
    """
    page = _Page(line, max(limit, 200))
    position = 0
    while position < len(line) and page.room > 0:
        position = page.take(position)
    if position < len(line):
        page.write(f"\n… {size(len(line) - position)} more of this line")
    return "".join(page.out)


@dataclass(slots=True)
class _Page:
    line: bytes
    room: int
    out: list[str] = field(default_factory=list)
    depth: int = 0
    empty: bool = False  # whether a bracket was just opened

    def write(self, text: str) -> None:
        self.out.append(text)
        self.room -= len(text)

    def take(self, start: int) -> int:
        """Write the token at `start`; the position after it."""
        token = _TOKEN.match(self.line, start)
        assert token is not None  # noqa: S101 - the three branches cover every byte
        text = token[0]
        if text.isspace():
            return token.end()
        if text in (b"}", b"]"):
            self._close(text.decode())
        elif text == b",":
            self.write(",")
            self._break()
        elif text == b":":
            self.write(": ")
        else:
            if self.empty:
                self._break()
            return self._value(text, start)
        return token.end()

    def _value(self, text: bytes, start: int) -> int:
        self.empty = False
        if text == b'"':
            return self._string(start)
        self.write(clean(text.decode("utf-8", "replace")))
        if text in (b"{", b"["):
            self.depth += 1
            self.empty = True
        return start + len(text)

    def _close(self, bracket: str) -> None:
        self.depth = max(0, self.depth - 1)
        if not self.empty:
            self._break()
        self.empty = False
        self.write(bracket)

    def _break(self) -> None:
        self.empty = False
        # Deeper than any answer, the indent alone would fill the screen.
        self.write("\n" + _INDENT * min(self.depth, 40))

    def _string(self, start: int) -> int:
        found = string_end(self.line, start)
        end = found if found > 0 else len(self.line)
        most = max(self.room // 2, 80)
        whole = end - start <= most and found > 0
        shown = self.line[start:end] if whole else head_of_string(self.line, start, min(end, start + most))
        self.write(clean(_readable(shown)))
        if end - start > most:
            self.write(f" … {size(end - start - most)} more of this string")
        return end


def _readable(token: bytes) -> str:
    """A string token with its \\uXXXX as the characters they stand for; line breaks and controls stay escaped."""
    text = token.decode("utf-8", "replace")
    if "\\u" not in text:
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text
