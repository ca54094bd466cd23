"""What a command says, and on which stream.

The result goes to standard output. With `--json` that is one JSON document, and everything for people goes to standard
error. A reader that goes away (`| head`) ends nothing: what a command does to the server it does to the end.
"""

import json
import os
import re
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from tui.errors import LazybatchError
from tui.format.text import clean

if TYPE_CHECKING:
    from tui.flows.listing.pager import Incomplete

# What the running command has to say in JSON. It is written at the command's end, with the error that ended it.
_result: dict[str, object] = {}

_SURROGATES = re.compile("[\ud800-\udfff]")


class Output:
    """The two streams of one command; `unread` once nobody reads the result any more.

    `incomplete` is the exit status that a list asks for of which a page failed: 3, else 0.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.unread = False
        self.incomplete = 0

    @property
    def people(self) -> TextIO | None:
        """The stream for the result in words."""
        return sys.stderr if self.as_json else sys.stdout

    @property
    def width(self) -> int | None:
        """Columns of the terminal that the result in words goes to; None where that is no terminal."""
        return terminal_width(self.people)

    @property
    def coloured(self) -> bool:
        """Whether the result in words may have colour."""
        return self.width is not None and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def say(self, text: str) -> None:
        """A line of the result in words, with whatever controls it holds made visible."""
        self.lines([clean(text)])

    def lines(self, lines: Iterable[str]) -> None:
        """Lines of the result in words that are safe already, and may carry colours."""
        self._write(self.people, "".join(f"{line}\n" for line in lines))

    def raw(self, lines: Iterable[bytes]) -> None:
        """Lines of a file, byte for byte; only a terminal gets their controls made visible."""
        out, terminal = sys.stdout, terminal_width(sys.stdout) is not None
        for line in lines:
            text = clean(line.decode("utf-8", "replace")) if terminal else line
            if self.unread or out is None:
                return
            self._write(out, text)

    def note(self, text: str) -> None:
        """A line beside the result, for people."""
        tell(text)

    def refuse(self, text: str, code: str) -> None:
        """A line for people on why nothing was done, which is the error of the JSON document as well."""
        tell(text)
        if self.as_json:
            _result["error"] = {"message": text, "code": code}

    def cut_short(self, why: "Incomplete") -> None:
        """Tell that a list was not read to its end; what was read is told all the same."""
        self.incomplete = 0 if why.error is None else 3
        tell(why.sentence)

    def document(self, value: object) -> None:
        """The result as the one JSON document, written when the command ends; nothing without `--json`."""
        if self.as_json:
            _result["document"] = value

    def event(self, value: object) -> None:
        """One of many JSON documents, on a line of its own; nothing without `--json`."""
        if self.as_json:
            _result["lines"] = True
            self._write(sys.stdout, encoded(value) + "\n")

    def _write(self, stream: TextIO | None, text: str | bytes) -> None:
        if not write(stream, text):
            self.unread = True


def tell(text: str) -> None:
    """A line on standard error, with whatever controls it holds made visible."""
    write(sys.stderr, f"{clean(text)}\n")


def finish() -> None:
    """Write the command's JSON document, if it has one, and bring out what others have written."""
    document, error, lines = _result.get("document"), _result.get("error"), "lines" in _result
    _result.clear()
    if document is not None:
        if error is not None and isinstance(document, dict):
            document = {**document, "error": error}
        write(sys.stdout, encoded(document, indent=2) + "\n")
    elif error is not None:
        write(sys.stdout, encoded({"error": error}, indent=None if lines else 2) + "\n")
    write(sys.stdout, "")


def fail(sentence: str, code: str, *, as_json: bool) -> None:
    """Tell the error that ended a command: on standard error, and `as_json` in its document or as one."""
    tell(sentence)
    if as_json:
        _result["error"] = {"message": sentence, "code": code}
    else:
        _result.clear()
    finish()


def encoded(value: object, indent: int | None = None) -> str:
    """`value` as JSON in ASCII: valid wherever it goes. A lone surrogate, which UTF-8 has no form for, is U+FFFD."""
    text = json.dumps(value, ensure_ascii=False)
    if _SURROGATES.search(text):
        value = json.loads(_SURROGATES.sub("\ufffd", text))
    return json.dumps(value, indent=indent)


def terminal_width(stream: TextIO | None) -> int | None:
    """The columns of the terminal behind `stream`, if there is one."""
    if stream is None or not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:
        return 80


def write(stream: TextIO | None, text: str | bytes) -> bool:
    """Write `text` out at once; whether somebody may have read it.

    Raises `LazybatchError` where the stream's disk is full, or the like.
    """
    if stream is None:
        return False
    try:
        if isinstance(text, bytes):
            stream.buffer.write(text)
            return True
        if text:
            # The glyphs of a table have no place in every encoding. Nothing is not written: where Python does not
            # buffer, even that waits for a terminal that takes no more.
            stream.write(text.encode(stream.encoding or "utf-8", "replace").decode(stream.encoding or "utf-8"))
        stream.flush()
    except BrokenPipeError:
        _silence(stream)
        return False
    except OSError as error:
        _silence(stream)
        raise LazybatchError(f"Cannot write the output: {error.strerror}.") from None
    return True


def _silence(stream: TextIO) -> None:
    """Give what is left in the stream's buffer somewhere to go, or Python would complain of it at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
