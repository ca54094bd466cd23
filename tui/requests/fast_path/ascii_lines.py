"""The sieve for plain ASCII: msgspec checks the rules while it decodes, in C.

The types here repeat what `rules` asks of a line; a test holds the two together.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tui.requests.endpoints import usual
from tui.requests.limits import Limits

USUAL: Final = Limits()
"""What OpenAI asks of a request."""

_NOT_EMPTY: Final = Meta(min_length=1)
_Text = Annotated[str, _NOT_EMPTY]
_Tokens = list[str | int | list[int]]


class Good(NamedTuple):
    """Of request lines that are right, in their order."""

    custom_ids: list[str]
    models: list[str]
    """Of those that name one, which all do unless they may be without."""
    inputs: int
    """Embeddings inputs, summed; 0 at other endpoints."""


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
def _decoder(endpoint: str, optional: frozenset[str]) -> msgspec.json.Decoder[_Request] | None:
    body = _BODIES.get(usual(endpoint))
    if body is None:
        return None
    asked: type[msgspec.Struct] = body
    if "model" in optional:
        asked = msgspec.defstruct("Body", [("model", _Text | None, None)], bases=(body,), gc=False, kw_only=True)
    fields: list[Any] = [("url", Literal[endpoint]), ("body", asked)]
    if "url" in optional:
        fields[0] = ("url", Literal[endpoint] | UnsetType, UNSET)
    if "method" in optional:
        fields.append(("method", Literal["POST"] | UnsetType, UNSET))
    return msgspec.json.Decoder(msgspec.defstruct("Request", fields, bases=(_Request,), gc=False, kw_only=True))


def good(lines: bytes, endpoint: str, limits: Limits = USUAL) -> Good | None:
    """As `Sieve.good`, of lines in ASCII: in what nobody asks for msgspec does not check UTF-8."""
    decoder = _decoder(endpoint, limits.optional)
    if decoder is None:
        return None
    try:
        requests = decoder.decode_lines(lines)
    except (msgspec.DecodeError, RecursionError):
        return None
    bodies = [request.body for request in requests]
    if not limits.stream and True in [body.stream for body in bodies]:
        return None
    if not one_a_line(lines, len(requests)):
        return None
    models = [body.model for body in bodies]
    if "model" in limits.optional:
        models = [*filter(None, models)]
    return Good([request.custom_id for request in requests], models, _inputs(bodies))


def _inputs(bodies: list[_Body]) -> int:
    """How many embeddings inputs good requests hold; must agree with `bodies.embedding_inputs`."""
    if not bodies or not isinstance(bodies[0], _Embedding):
        return 0
    return sum([body.inputs for body in bodies if isinstance(body, _Embedding)])


def one_a_line(lines: bytes, number: int) -> bool:
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
