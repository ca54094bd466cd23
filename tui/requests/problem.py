"""What can be wrong with an input file, told where it is.

Codes and messages are those that OpenAI's Batch API was seen to use; where it has none, or none is known, the codes are
ours: `invalid_type` (of a line, custom_id, method, url or body), `invalid_utf8`, `byte_order_mark`, `line_too_long`,
`wrong_encoding`, `too_many_requests`, `file_too_large`, `too_many_inputs`, `unknown_endpoint`; as warnings
`blank_line`, `crlf`, and `unknown_endpoint` where a provider may have others than OpenAI.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file or with one of its lines.

    `custom_id`, and what `message` and `detail` quote from the file, is untrusted and raw (control characters and all),
    but short: custom_id is cut to 200 characters and quotations to 100, the last of them then being an ellipsis.
    """

    line: int | None
    """Counted from 1; None when it is about the whole file."""
    code: str
    message: str
    """The server's own words where they are known."""
    param: str | None = None
    custom_id: str | None = None
    offset: int | None = None
    """Of the line's first byte, from the start of the file."""
    detail: str = ""
    """What the server would not say: where in the line, which other line. A sentence, or empty."""

    @property
    def sentence(self) -> str:
        """Message and detail together."""
        return f"{self.message} {self.detail}".rstrip()


class Fault(NamedTuple):
    """A problem before it is known where it is."""

    code: str
    message: str
    param: str | None = None
    detail: str = ""


class Wrong(NamedTuple):
    """A line and what is wrong with it."""

    line: int
    offset: int | None
    custom_id: str | None
    """As it is, of whatever length."""
    faults: Sequence[Fault]

    def problems(self) -> list[Problem]:
        name = None if self.custom_id is None else cut(self.custom_id, 200)
        return [Problem(self.line, f.code, f.message, f.param, name, self.offset, f.detail) for f in self.faults]


def cut(value: str, length: int) -> str:
    """`value` in at most `length` characters, the last an ellipsis when some were left out."""
    return value if len(value) <= length else value[: length - 1] + "…"


def quote(value: str) -> str:
    """`value` in single quotes, cut to 100 characters."""
    return f"'{cut(value, 100)}'"


def wrong_type(param: str, expected: str, actual: str) -> Fault:
    """In the server's words: "Invalid type for 'body': expected an object, but got an array instead."."""
    said = actual if actual == "null" else f"{article(actual)} {actual}"
    return Fault("invalid_type", f"Invalid type for '{param}': expected {expected}, but got {said} instead.", param)


def article(noun: str) -> str:
    return "an" if noun[0] in "aeio" else "a"


def missing(param: str) -> Fault:
    """One of the four keys of a line is not there."""
    return Fault("missing_required_parameter", f"Missing required parameter: '{param}'.", param)


def required(param: str) -> Fault:
    """A parameter of the body is not there: "Messages parameter is required."."""
    return Fault("invalid_request", f"{param.capitalize()} parameter is required.", f"body.{param}")
