"""What the rules look at, read of many lines at once.

Where one request is wrong the others often are in the same way: a script forgot a key. To hold each of them to the
rules takes far longer than to decode them, so those that look alike are judged once: what the rules say of a line
depends on its `Look` alone, and on what is the same for the whole file. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import UNSET, Meta, UnsetType, field

from tui.requests.endpoints import usual
from tui.requests.fast_path.ascii_lines import one_a_line
from tui.requests.strict_json import utf8_fault

# Longer ones are left to the rules: looks are kept.
_Short = Annotated[str, Meta(max_length=200)]


class _Object(msgspec.Struct, gc=False):
    """Any object; its content is skimmed."""


_Tokens = list[str | int | list[int]]


class _Body(msgspec.Struct, gc=False, kw_only=True):
    # To the rules it is the same here whether a key is absent or null.
    model: _Short | None = None
    stream: bool | None = None
    payload: Any = None


class _Chat(_Body, gc=False, kw_only=True):
    payload: str | list[_Object] | None = field(default=None, name="messages")


class _Input(_Body, gc=False, kw_only=True):
    # Where it is absent, other keys count.
    payload: str | list[_Object | str] = field(name="input")


class _Embedding(_Body, gc=False, kw_only=True):
    payload: str | _Tokens | None = field(default=None, name="input")


class _Prompt(_Body, gc=False, kw_only=True):
    payload: str | _Tokens | None = field(default=None, name="prompt")


_BODIES: Final[dict[str, type[_Body]]] = {
    "/v1/responses": _Input,
    "/v1/chat/completions": _Chat,
    "/v1/embeddings": _Embedding,
    "/v1/completions": _Prompt,
    "/v1/moderations": _Input,
    "/v1/images/generations": _Prompt,
    "/v1/images/edits": _Prompt,
    "/v1/videos": _Prompt,
}


class _Line(msgspec.Struct, gc=False, kw_only=True):
    body: _Body | UnsetType = UNSET
    custom_id: str | int | float | bool | UnsetType | None = UNSET
    method: _Short | UnsetType = UNSET
    url: _Short | UnsetType = UNSET


class Look(NamedTuple):
    """Of a line whose keys are of usual types, all that the rules judge by."""

    id_kind: type | None
    """Of the custom_id; None: it is an empty string."""
    method: str | UnsetType
    url: str | UnsetType
    model: str | None
    stream: bool | None
    payload_kind: type
    """`UnsetType` where there is no body."""
    payload: int
    """Whether there is something in it; of an embeddings request, how many inputs."""


class Looks(NamedTuple):
    """Of lines in their order."""

    custom_ids: list[str | None]
    """None where it is no string."""
    looks: list[Look]


def looked_at(lines: bytes | bytearray, endpoint: str | None) -> Looks | None:
    """Of whole lines, one request each; None where that is not sure or a type is unusual. A long line is not read."""
    if isinstance(lines, bytearray) or utf8_fault(lines) is not None:
        return None
    try:
        requests = _decoder(endpoint).decode_lines(lines)
    except (msgspec.DecodeError, RecursionError):
        return None
    if not one_a_line(lines, len(requests)):
        return None
    amount = _amount(endpoint)
    return Looks([_name(request) for request in requests], [_look(request, amount) for request in requests])


def look_at(raw: bytes | bytearray, endpoint: str | None) -> tuple[str | None, Look] | None:
    """As `looked_at`, of one line, with or without white space around it."""
    if isinstance(raw, bytearray) or utf8_fault(raw) is not None:
        return None
    try:
        request = _decoder(endpoint).decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None
    return _name(request), _look(request, _amount(endpoint))


def _name(request: _Line) -> str | None:
    return request.custom_id if isinstance(request.custom_id, str) else None


def _look(request: _Line, amount: Callable[[Any], int]) -> Look:
    body = request.body
    kind = type(request.custom_id) if request.custom_id != "" else None
    if isinstance(body, UnsetType):
        return Look(kind, request.method, request.url, None, None, UnsetType, 0)
    payload = body.payload
    return Look(kind, request.method, request.url, body.model, body.stream, type(payload), amount(payload))


def _amount(endpoint: str | None) -> Callable[[Any], int]:
    return _embeddings if usual(endpoint) == "/v1/embeddings" else bool


def _decoder(endpoint: str | None) -> msgspec.json.Decoder[_Line]:
    return _decoder_with(_BODIES.get(usual(endpoint), _Body))


@cache
def _decoder_with(body: type[_Body]) -> msgspec.json.Decoder[_Line]:
    return msgspec.json.Decoder(
        msgspec.defstruct("Line", [("body", body | UnsetType, UNSET)], bases=(_Line,), gc=False, kw_only=True)
    )


def _embeddings(payload: str | _Tokens | None) -> int:
    if not payload or isinstance(payload, str):
        return bool(payload)
    return 1 if isinstance(payload[0], int) else len(payload)
