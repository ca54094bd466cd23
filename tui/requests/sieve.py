"""Lets good lines through at the speed of the decoder, many at once.

It only ever says "all of these are good": what it is in doubt about is for `rules` to judge, line by line. The types
here repeat what `rules` asks of a line in a form that msgspec checks while it decodes, in C; a test holds the two
together.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tui.requests.endpoints import usual
from tui.requests.reading import utf8_fault

_NOT_EMPTY: Final = Meta(min_length=1)
_Text = Annotated[str, _NOT_EMPTY]
_Tokens = list[str | int | list[int]]


class _Anything(msgspec.Struct, gc=False):
    """Any object; its content is skimmed."""


class _Body(msgspec.Struct, gc=False, kw_only=True):
    model: _Text
    stream: bool | None = None


class _Chat(_Body, gc=False, kw_only=True):
    messages: Annotated[list[_Anything], _NOT_EMPTY]


class _Input(_Body, gc=False, kw_only=True):
    input: _Text | Annotated[list[_Anything | str], _NOT_EMPTY]


class _Embedding(_Body, gc=False, kw_only=True):
    input: _Text | Annotated[_Tokens, _NOT_EMPTY]

    @property
    def inputs(self) -> int:
        return 1 if isinstance(self.input, str) or isinstance(self.input[0], int) else len(self.input)


class _Completion(_Body, gc=False, kw_only=True):
    prompt: str | _Tokens


class _Prompt(_Body, gc=False, kw_only=True):
    prompt: _Text


_BODIES: Final[dict[str, type[_Body]]] = {
    "/v1/responses": _Input,
    "/v1/chat/completions": _Chat,
    "/v1/embeddings": _Embedding,
    "/v1/completions": _Completion,
    "/v1/moderations": _Input,
    "/v1/images/generations": _Prompt,
    "/v1/images/edits": _Prompt,
    "/v1/videos": _Prompt,
}


class _Request(msgspec.Struct, gc=False, kw_only=True):
    custom_id: _Text
    method: Literal["POST"]
    body: _Body


@cache
def _decoder(endpoint: str) -> msgspec.json.Decoder[_Request] | None:
    body = _BODIES.get(usual(endpoint))
    if body is None:
        return None
    fields = [("url", Literal[endpoint]), ("body", body)]
    return msgspec.json.Decoder(msgspec.defstruct("Request", fields, bases=(_Request,), gc=False, kw_only=True))


def good(lines: bytes | bytearray, endpoint: str) -> list[_Request] | None:
    """The requests of whole lines, one each, if all are right for the endpoint; None when that is not sure.

    Not looked at: whether custom_ids are unique and models the same.
    """
    decoder = _decoder(endpoint)
    if decoder is None or utf8_fault(lines) is not None:
        return None
    try:
        requests = decoder.decode_lines(lines)
    except (msgspec.DecodeError, RecursionError):
        return None
    if True in [request.body.stream for request in requests]:
        return None
    return requests if _one_a_line(lines, len(requests)) else None


def inputs(requests: list[_Request]) -> int:
    """How many embeddings inputs good requests hold; must agree with `bodies.embedding_inputs`."""
    if not requests or not isinstance(requests[0].body, _Embedding):
        return 0
    return sum([request.body.inputs for request in requests if isinstance(request.body, _Embedding)])


def _one_a_line(lines: bytes | bytearray, number: int) -> bool:
    """Whether `number` objects, one after the other, stand one on each line.

    The decoder takes a newline for any white space: a request may span lines, and two may share one. If every newline
    stands between } and {, which inside a JSON value never meet, no request spans lines; if there are as many lines as
    requests, none share one.
    """
    start = count = 0
    find = lines.find
    while (end := find(b"\n", start)) >= 0:
        if lines[start] != 0x7B or lines[end - 1] != 0x7D:
            return False
        count += 1
        start = end + 1
    if start < len(lines):
        if lines[start] != 0x7B or lines[-1] != 0x7D:
            return False
        count += 1
    return count == number
