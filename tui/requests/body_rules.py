"""What the body of a request must have, one function a rule; it depends on the endpoint."""

from __future__ import annotations

from typing import Final, NamedTuple

from msgspec import Raw

from tui.requests import strict_json
from tui.requests.endpoints import usual
from tui.requests.problem import Fault, article, quote, required, wrong_type
from tui.requests.strict_json import Body


class Need(NamedTuple):
    """A parameter that an endpoint's body must have."""

    name: str
    kinds: tuple[str, ...]
    """JSON types it may have."""
    instead: tuple[str, ...] = ()
    """Parameters of which any one makes this one optional."""
    may_be_empty: bool = False


BODY_NEEDS: Final[dict[str, Need]] = {
    "/v1/responses": Need("input", ("string", "array"), ("prompt", "conversation", "previous_response_id")),
    "/v1/chat/completions": Need("messages", ("array",)),
    "/v1/embeddings": Need("input", ("string", "array")),
    "/v1/completions": Need("prompt", ("string", "array"), may_be_empty=True),
    "/v1/moderations": Need("input", ("string", "array")),
    "/v1/images/generations": Need("prompt", ("string",)),
    "/v1/images/edits": Need("prompt", ("string",)),
    "/v1/videos": Need("prompt", ("string",)),
}


def model(body: Body, *, optional: bool = False) -> Fault | None:
    """A string with at least one character; where it is `optional`, it may be absent or null."""
    kind = strict_json.kind(body.model)
    if optional and kind in {"", "null"}:
        return None
    if kind in {"", "null"} or (kind == "string" and not strict_json.text(body.model)):
        return required("model")
    return None if kind == "string" else wrong_type("body.model", "a string", kind)


def same_model(name: str, first: str) -> Fault | None:
    """One model a file; a rule of OpenAI's, not of every provider."""
    if name == first:
        return None
    message = "All requests of a batch must use the same model."
    detail = f"This one uses {quote(name)}, the first {quote(first)}."
    return Fault("mismatched_model", message, "body.model", detail)


def stream(body: Body, endpoint: str | None, *, allowed: bool = False) -> Fault | None:
    """Absent, null or false: one line with true fails the whole batch, unless it is `allowed`."""
    kind = strict_json.kind(body.stream)
    if kind not in {"", "null", "boolean"}:
        return wrong_type("body.stream", "a boolean", kind)
    if allowed or not strict_json.is_true(body.stream):
        return None
    prefix = "Chat Completions: " if usual(endpoint) == "/v1/chat/completions" else ""
    return Fault("streaming_unsupported", f"{prefix}Streaming is not supported in the Batch API.", "body.stream")


def payload(body: Body, endpoint: str | None) -> Fault | None:
    """What the endpoint works on: messages, input or prompt, of the right type and not empty."""
    need = BODY_NEEDS.get(usual(endpoint))
    if need is None:
        return None
    value: Raw = getattr(body, need.name)
    kind = strict_json.kind(value)
    if kind in {"", "null"}:
        replaced = any(strict_json.kind(getattr(body, name)) not in {"", "null"} for name in need.instead)
        return None if replaced else required(need.name)
    if kind not in need.kinds:
        return wrong_type(f"body.{need.name}", " or ".join(f"{article(k)} {k}" for k in need.kinds), kind)
    if strict_json.is_empty(value) and not need.may_be_empty:
        return required(need.name)
    return _messages(value) if need.name == "messages" else None


def _messages(value: Raw) -> Fault | None:
    for index, item in enumerate(strict_json.items(value)):
        kind = strict_json.kind(item)
        if kind != "object":
            return wrong_type(f"body.messages[{index}]", "an object", kind)
    return None


def embedding_inputs(body: Body) -> int:
    """How many texts one embeddings request holds: an array of strings or of token arrays counts its items."""
    if strict_json.kind(body.input) != "array":
        return 1
    values = strict_json.items(body.input)
    return 1 if values and strict_json.kind(values[0]) in {"integer", "number"} else len(values)
