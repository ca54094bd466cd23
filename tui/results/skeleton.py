"""A short JSON text that stands for a huge or cut-off one.

A decoder holds the interpreter for as long as its one call takes, a line of 50 MB long enough to freeze the screen,
and it gives nothing at all for a line of which only the head was read. The pass here goes from token to token in
small calls: it shortens long strings and long runs of numbers, drops what is nested deep, and closes what is open.
"""

import re
from dataclasses import dataclass, field
from typing import Final

# Deep enough for `response.body.choices[].message.content` and `response.body.output[].content[].text`.
DEPTH: Final = 8
STRING: Final = 1 << 16
# A decoder takes about 10 ms for as much of small objects.
ROOM: Final = 1 << 20
_SHORT: Final = 256
_OUTER: Final = 3  # the depth of `response.body`, whose own fields matter most:
_EACH: Final = 1 << 12  # so much of each of them is kept when there is no room
_RUN: Final = 1024
TOKEN: Final = re.compile(rb'[^"{}\[\]]{1,262144}|["{}\[\]]')
# What one call of a regular expression may look at: a millisecond or two.
_WINDOW: Final = 1 << 18
_INSIDE: Final = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_FLAT: Final = rb'[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+"'
# Brackets within brackets to a depth of three, so that most small objects are passed over without a step in Python.
_FILLER: Final = re.compile(
    rb"(?:%b|[\[{](?:%b|[\[{](?:%b|[\[{](?:%b)*+[\]}])*+[\]}])*+[\]}])*+" % (_FLAT, _FLAT, _FLAT, _FLAT), re.DOTALL
)
# An escape that a cut left unfinished, or the first half of a surrogate pair.
_HALF_ESCAPE: Final = re.compile(rb"u(?:[0-9a-fA-F]{0,3}|[dD][89abAB][0-9a-fA-F]{2})\Z")
_BRACKETS: Final = b"{}[]"
_CLOSERS: Final = {0x7B: b"}", 0x5B: b"]"}


@dataclass(frozen=True, slots=True)
class Skeleton:
    """`json` is complete; `shortened` when something was left out of it, `cut_off` when the text ended too early."""

    json: bytes
    shortened: bool
    cut_off: bool


def skeleton(text: bytes, longest: int = STRING) -> Skeleton:
    """What is left of the JSON `text` with strings of at most `longest` bytes; not checked to be JSON otherwise.

    It is not longer than some 3 MiB, or than `longest` if that is more.
    """
    builder = _Builder(text, longest, max(longest, ROOM))
    position = 0
    while position < len(text):
        if builder.hidden:
            position = next_bracket(text, position)
            if position < 0:
                break
        token = TOKEN.match(text, position)
        assert token is not None  # noqa: S101 - the two branches cover every byte
        position = builder.take(token[0], position)
    return builder.finish()


def string_end(text: bytes, start: int) -> int:
    """The byte after the string that opens at `start`, or -1 if it does not end."""
    position = start + 1
    while position < len(text):
        inside = _INSIDE.match(text, position, position + _WINDOW)
        position = inside.end() if inside else position
        if text[position : position + 1] == b'"':
            return position + 1
        if position + 1 == len(text) and text[position] == 0x5C:
            break
    return -1


def next_bracket(text: bytes, position: int) -> int:
    """A bracket or brace such that those between it and `position` are in strings or in pairs; -1 without one.

    `position` must be outside of any string.
    """
    while position < len(text):
        filler = _FILLER.match(text, position, position + _WINDOW)
        position = filler.end() if filler else position
        if position < len(text) and text[position] in _BRACKETS:
            return position
        if text[position : position + 1] == b'"':  # a string that goes on after the window
            position = string_end(text, position)
            if position < 0:
                break
    return -1


def head_of_string(text: bytes, start: int, stop: int) -> bytes:
    """The string that opens at `start`, ended before `stop` where neither an escape nor a character is torn."""
    while stop > start + 1 and text[stop : stop + 1] and text[stop] & 0xC0 == 0x80:
        stop -= 1
    head = text[start:stop]
    half = _HALF_ESCAPE.search(head[-6:])
    before = head[: -len(half[0])] if half else head
    torn = (len(before) - len(before.rstrip(b"\\"))) % 2 == 1  # an even number of them are escaped backslashes
    return (before[:-1] if torn else head) + b'"'


@dataclass(slots=True)
class _Builder:
    text: bytes
    longest: int
    strings: int  # bytes that long strings may still take
    room: int = ROOM  # bytes that everything else may still take before inner parts are left out
    spare: int = ROOM
    out: list[bytes] = field(default_factory=list)
    open: list[int] = field(default_factory=list)
    whole: int = 0  # entries of `out` after which only closing brackets are missing
    key: bool = False  # whether a string that comes now is a key
    hidden: int = 0  # brackets open within what is left out
    ending: bool = False  # whether what is left out is the rest of a bracket that was kept
    shortened: bool = False
    cut_off: bool = False

    def take(self, token: bytes, position: int) -> int:
        """Add the token at `position`; the position after it."""
        if self.room < 0 and not self.hidden and (len(self.open) > _OUTER or (self.open and self.room < -ROOM)):
            self._leave_out_rest()
            return position
        first = token[0]
        if first == 0x22:
            return self._string(position)
        if first in _CLOSERS:
            self._opening(first)
        elif first in (0x7D, 0x5D):
            self._closing(token)
        else:
            self._run(token)
        return position + len(token)

    def finish(self) -> Skeleton:
        if self.open:
            self.cut_off = True
            del self.out[self.whole :]
            self.out.extend(_CLOSERS[bracket] for bracket in reversed(self.open))
        return Skeleton(b"".join(self.out), self.shortened, self.cut_off)

    def _emit(self, piece: bytes) -> None:
        self.out.append(piece)
        self.room -= len(piece)

    def _leave_out_rest(self) -> None:
        """Keep of the bracket that is open now what is complete in it."""
        del self.out[self.whole :]
        self.shortened = self.ending = True
        self.hidden = 1

    def _string(self, start: int) -> int:
        end = string_end(self.text, start)
        stop = len(self.text) if end < 0 else end
        most = min(self.longest, max(self.strings, _SHORT))
        if stop - start > most:
            self.shortened = True
        whole = end > 0 and stop - start <= most
        kept = self.text[start:stop] if whole else head_of_string(self.text, start, min(stop, start + most))
        if len(kept) > _EACH:
            self.strings -= len(kept)
            self.out.append(kept)
        else:
            self._emit(kept)
        self.cut_off = self.cut_off or end < 0
        if not self.key:
            self.whole = len(self.out)
        return stop

    def _opening(self, bracket: int) -> None:
        if self.hidden or len(self.open) >= DEPTH:
            if not self.hidden:
                self.shortened = True
                self._emit(b"null")
                self.whole = len(self.out)
            self.hidden += 1
            return
        self._emit(bytes((bracket,)))
        self.open.append(bracket)
        self.whole = len(self.out)
        self.key = bracket == 0x7B

    def _closing(self, token: bytes) -> None:
        if self.hidden:
            self.hidden -= 1
            if self.hidden or not self.ending:
                return
            self.ending = False
        self._emit(token)
        if self.open:
            self.open.pop()
        self.whole = len(self.out)
        self.key = False
        if self.room < 0 < self.spare and len(self.open) == _OUTER:
            self.room = min(_EACH, self.spare)
            self.spare -= self.room

    def _run(self, run: bytes) -> None:
        """What stands between strings and brackets: commas, colons, blanks, numbers, literals."""
        comma = run.rfind(b",")
        if comma >= 0:
            head = run[:comma]
            if len(head) > _RUN and (keep := head.rfind(b",", 0, _RUN)) >= 0:
                self.shortened = True
                head = head[:keep]
            self._emit(head)
            self.whole = len(self.out)
            run = run[comma:]
        self._emit(run)
        if run.rfind(b":") > run.rfind(b","):
            self.key = False
        elif comma >= 0:
            self.key = bool(self.open) and self.open[-1] == 0x7B
