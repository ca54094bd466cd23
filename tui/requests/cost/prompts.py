"""What the model reads of a request, and how much it may write.

What counts as input follows OpenAI's "How to count tokens with tiktoken": three tokens a chat message and one for its
name, three for the beginning of the answer; a function's definition and a schema count as the JSON that they are, which
is close, not exact: how they are shown to the model is not documented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from simdjson import Object, Parser

from tui.requests.endpoints import ENDPOINTS, NOT_BY_TOKENS, is_one_of, usual
from tui.requests.problem import cut
from tui.requests.rules import BOM

_A_MESSAGE: Final = 3
_A_NAME: Final = 1
_THE_ANSWER: Final = 3
# What /v1/completions writes at most when a request does not say.
_COMPLETION_TOKENS: Final = 16

IMAGES: Final = "images, audio and files"
ELSEWHERE: Final = "stored prompts and conversations"
UNKNOWN: Final = "requests of an unknown kind"

# A longer line would be in memory several times.
_LONGEST_FOR_SIMD: Final = 1 << 20

_Object = dict[str, Any]

# A number beyond a double is JSON all the same.
_anything = msgspec.json.Decoder(float_hook=float)


class _NoRequestError(Exception):
    """The line is not what a server would take."""


@dataclass(slots=True)
class Prompt:
    """What one request gives the model to read."""

    model: str
    """Cut as it is in a report."""
    texts: list[str] = field(default_factory=list)
    tokens: int = 0
    """Beside those of the texts: the overhead of messages, and inputs that are tokens already."""
    output_most: int | None = 0
    """Tokens that the request lets the model write, of all its choices; None where it sets no limit."""
    uncounted: set[str] = field(default_factory=set)
    """What there is besides, of unknown size: IMAGES, ELSEWHERE; UNKNOWN where nothing of it is counted."""


def read(raw: bytes | bytearray, endpoint: str | None) -> Prompt | None:
    """The prompt of one line; None for one that is no request, blank for instance.

    At an endpoint that OpenAI does not have, the body says of which kind it is: nobody knows what may be wrong with it.
    """
    try:
        body = _object(_object(_decoded(raw[len(BOM) :] if raw.startswith(BOM) else raw)).get("body"))
        return _prompt(body, usual(endpoint)) if usual(endpoint) in ENDPOINTS else _foreign_prompt(body, endpoint)
    # Nesting of a thousand levels is a RecursionError.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, _NoRequestError):
        return None


def _prompt(body: _Object, kind: str) -> Prompt:
    prompt = Prompt(cut(_string(body.get("model")), 200))
    _READERS.get(kind, _read_text)(body, prompt)
    _add_definitions(body, prompt)
    return prompt


def _foreign_prompt(body: _Object, endpoint: str | None) -> Prompt:
    try:
        if kind := _kind(body, endpoint):
            prompt = _prompt(body, kind)
            if kind == "/v1/completions" and not _whole(body.get("max_tokens")):
                # OpenAI's own limit is nobody else's.
                prompt.output_most = None
            return prompt
    except _NoRequestError:
        pass
    return Prompt(cut(_string(body.get("model")), 200), output_most=None, uncounted={UNKNOWN})


def _kind(body: _Object, endpoint: str | None) -> str | None:
    """The endpoint of OpenAI's that takes such a body; the path has its say where several do."""
    spelt = next((name for name in ENDPOINTS if is_one_of(endpoint, {name})), None)
    if isinstance(body.get("messages"), list):
        return "/v1/chat/completions"
    given = body.get("input")
    if isinstance(given, str | list):
        if spelt in {"/v1/embeddings", "/v1/moderations", "/v1/responses"}:
            return spelt
        # Of a string a response has some tokens more than an embedding: rather too many than too few.
        inputs = isinstance(given, list) and not any(isinstance(item, dict) for item in given)
        return "/v1/embeddings" if inputs and "instructions" not in body else "/v1/responses"
    if isinstance(body.get("prompt"), str | list):
        return spelt if spelt in NOT_BY_TOKENS else "/v1/completions"
    return None


def _decoded(raw: bytes | bytearray) -> Any:
    """The line as it is; simdjson, which reads escapes five times as fast, does not read everything that is JSON."""
    if isinstance(raw, bytes) and len(raw) <= _LONGEST_FOR_SIMD:
        try:
            # One parser for all would be one for all threads.
            document = Parser().parse(raw)
            return document.as_dict() if isinstance(document, Object) else None
        except (ValueError, RuntimeError):
            pass
    return _anything.decode(raw)


def _read_chat(body: _Object, prompt: Prompt) -> None:
    # Where it stands beside the messages, as with Anthropic's.
    _add_content(body.get("system"), prompt)
    for message in _objects(body.get("messages")):
        _add_message(message, prompt)
    prompt.tokens += _THE_ANSWER
    limit = _whole(body.get("max_completion_tokens")) or _whole(body.get("max_tokens"))
    prompt.output_most = limit * (_whole(body.get("n")) or 1) if limit else None


def _read_response(body: _Object, prompt: Prompt) -> None:
    prompt.texts += _strings(body.get("instructions"))
    given = body.get("input")
    if isinstance(given, list):
        for item in _objects(given):
            _add_message(item, prompt)
    else:
        prompt.texts += _strings(given)
        prompt.tokens += _A_MESSAGE
    prompt.tokens += _THE_ANSWER
    if any(body.get(key) is not None for key in ("prompt", "conversation", "previous_response_id")):
        prompt.uncounted.add(ELSEWHERE)
    prompt.output_most = _whole(body.get("max_output_tokens"))


def _read_completion(body: _Object, prompt: Prompt) -> None:
    prompts = _add_inputs(body.get("prompt"), prompt)
    prompt.texts += _strings(body.get("suffix"))
    limit = _whole(body.get("max_tokens")) or _COMPLETION_TOKENS
    prompt.output_most = limit * prompts * max(_whole(body.get("n")) or 1, _whole(body.get("best_of")) or 1)


def _read_embedding(body: _Object, prompt: Prompt) -> None:
    _add_inputs(body.get("input"), prompt)


def _read_moderation(body: _Object, prompt: Prompt) -> None:
    given = body.get("input")
    for value in given if isinstance(given, list) else [given]:
        if isinstance(value, dict):
            _add_part(value, prompt)
        else:
            prompt.texts += _strings(value)


def _read_text(body: _Object, prompt: Prompt) -> None:
    prompt.texts += _strings(body.get("prompt"))
    prompt.output_most = None


_READERS: Final[dict[str, Callable[[_Object, Prompt], None]]] = {
    "/v1/chat/completions": _read_chat,
    "/v1/responses": _read_response,
    "/v1/completions": _read_completion,
    "/v1/embeddings": _read_embedding,
    "/v1/moderations": _read_moderation,
}


def _add_message(message: _Object, prompt: Prompt) -> None:
    get = message.get
    prompt.tokens += _A_MESSAGE
    prompt.texts += _strings(get("role"))
    if names := _strings(get("name")):
        prompt.tokens += _A_NAME
        prompt.texts += names
    for content in (get("content"), get("output")):
        _add_content(content, prompt)
    prompt.texts += [*_strings(get("refusal")), *_strings(get("arguments")), *_json(get("tool_calls"))]
    if get("type") == "item_reference":
        prompt.uncounted.add(ELSEWHERE)


def _add_content(content: Any, prompt: Prompt) -> None:
    if isinstance(content, list):
        for part in _objects(content):
            _add_part(part, prompt)
    else:
        prompt.texts += _strings(content)


def _add_part(part: _Object, prompt: Prompt) -> None:
    texts = [*_strings(part.get("text")), *_strings(part.get("refusal"))]
    prompt.texts += texts
    if not texts:
        prompt.uncounted.add(IMAGES)


def _add_inputs(value: Any, prompt: Prompt) -> int:
    """Adds a string, strings, an array of tokens, or several such arrays; how many inputs that is."""
    if not isinstance(value, list):
        prompt.texts += _strings(value)
        return 1
    first = value[0] if value else 0
    if not isinstance(first, str | list | dict):
        prompt.tokens += len(value)
        return 1
    for item in value:
        if isinstance(item, dict):
            _add_part(item, prompt)
        prompt.texts += _strings(item)
        prompt.tokens += len(item) if isinstance(item, list) else 0
    return len(value)


def _add_definitions(body: _Object, prompt: Prompt) -> None:
    prompt.texts += [*_json(body.get("tools")), *_json(body.get("functions"))]
    for key in ("response_format", "text"):
        # Of what else they may say the model sees nothing.
        prompt.texts += [text for text in _json(body.get(key)) if '"json_schema"' in text]


def _json(value: Any) -> Iterator[str]:
    """The text of an object or an array, without the white space and the escapes it may have in the file."""
    if isinstance(value, dict | list):
        yield msgspec.json.encode(value).decode()


def _strings(value: Any) -> list[str]:
    """The string, if it is one and not empty."""
    return [value] if isinstance(value, str) and value else []


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> _Object:
    if isinstance(value, dict):
        return value
    raise _NoRequestError


def _objects(value: Any) -> list[_Object]:
    if isinstance(value, list):
        return [_object(item) for item in value]
    raise _NoRequestError


def _whole(value: object) -> int | None:
    """A whole number above 0; of anything else, none."""
    return value if type(value) is int and value > 0 else None
