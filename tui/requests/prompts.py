"""What the model reads of a request, and how much it may write.

What counts as input follows OpenAI's "How to count tokens with tiktoken": three tokens a chat message and one for its
name, three for the beginning of the answer; a function's definition and a schema count as the JSON that they are, which
is close, not exact: how they are shown to the model is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from msgspec import Raw

from tui.requests import reading
from tui.requests.endpoints import usual
from tui.requests.problem import cut
from tui.requests.rules import BOM

_A_MESSAGE: Final = 3
_A_NAME: Final = 1
_THE_ANSWER: Final = 3
# What /v1/completions writes at most when a request does not say.
_COMPLETION_TOKENS: Final = 16

IMAGES: Final = "images, audio and files"
ELSEWHERE: Final = "stored prompts and conversations"

_ABSENT: Final = Raw()


class _Part(msgspec.Struct, gc=False):
    """A part of a message's content; what is not text is skimmed, and never built."""

    type: Any = None
    text: Raw = _ABSENT
    refusal: Raw = _ABSENT


class _Message(msgspec.Struct, gc=False):
    """A chat message, or an item of the input of a response."""

    role: Any = None
    type: Any = None
    name: Raw = _ABSENT
    content: Raw = _ABSENT
    refusal: Raw = _ABSENT
    tool_calls: Raw = _ABSENT
    arguments: Raw = _ABSENT
    output: Raw = _ABSENT


class _Body(msgspec.Struct, gc=False):
    model: Raw = _ABSENT
    messages: Raw = _ABSENT
    input: Raw = _ABSENT
    prompt: Raw = _ABSENT
    suffix: Raw = _ABSENT
    instructions: Raw = _ABSENT
    tools: Raw = _ABSENT
    functions: Raw = _ABSENT
    response_format: Raw = _ABSENT
    text: Raw = _ABSENT
    conversation: Raw = _ABSENT
    previous_response_id: Raw = _ABSENT
    max_tokens: Any = None
    max_completion_tokens: Any = None
    max_output_tokens: Any = None
    n: Any = None
    best_of: Any = None


class _Line(msgspec.Struct, gc=False):
    body: _Body


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
    """What there is besides, of unknown size: IMAGES, ELSEWHERE."""


_line = msgspec.json.Decoder(_Line)
_messages = msgspec.json.Decoder(list[_Message])
_parts = msgspec.json.Decoder(list[_Part])


def read(raw: bytes | bytearray, endpoint: str | None) -> Prompt | None:
    """The prompt of one line; None for one that is no request, blank for instance."""
    try:
        body = _line.decode(raw[len(BOM) :] if raw.startswith(BOM) else raw).body
        prompt = Prompt(cut(_string(body.model), 200))
        _READERS.get(usual(endpoint), _read_text)(body, prompt)
        _add_definitions(body, prompt)
    # Nesting of a thousand levels is a RecursionError.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return prompt


def _read_chat(body: _Body, prompt: Prompt) -> None:
    for message in _messages.decode(body.messages):
        _add_message(message, prompt)
    prompt.tokens += _THE_ANSWER
    limit = _whole(body.max_completion_tokens) or _whole(body.max_tokens)
    prompt.output_most = limit * (_whole(body.n) or 1) if limit else None


def _read_response(body: _Body, prompt: Prompt) -> None:
    prompt.texts += _strings(body.instructions)
    if reading.kind(body.input) == "array":
        for item in _messages.decode(body.input):
            _add_message(item, prompt)
    else:
        prompt.texts += _strings(body.input)
        prompt.tokens += _A_MESSAGE
    prompt.tokens += _THE_ANSWER
    stored = (body.prompt, body.conversation, body.previous_response_id)
    if any(reading.kind(value) not in {"", "null"} for value in stored):
        prompt.uncounted.add(ELSEWHERE)
    prompt.output_most = _whole(body.max_output_tokens)


def _read_completion(body: _Body, prompt: Prompt) -> None:
    prompts = _add_inputs(body.prompt, prompt)
    prompt.texts += _strings(body.suffix)
    limit = _whole(body.max_tokens) or _COMPLETION_TOKENS
    prompt.output_most = limit * prompts * max(_whole(body.n) or 1, _whole(body.best_of) or 1)


def _read_embedding(body: _Body, prompt: Prompt) -> None:
    _add_inputs(body.input, prompt)


def _read_moderation(body: _Body, prompt: Prompt) -> None:
    if reading.kind(body.input) != "array":
        prompt.texts += _strings(body.input)
        return
    for value in reading.items(body.input):
        if reading.kind(value) == "string":
            prompt.texts += _strings(value)
        else:
            _add_part(msgspec.json.decode(value, type=_Part), prompt)


def _read_text(body: _Body, prompt: Prompt) -> None:
    prompt.texts += _strings(body.prompt)
    prompt.output_most = None


_READERS: Final = {
    "/v1/chat/completions": _read_chat,
    "/v1/responses": _read_response,
    "/v1/completions": _read_completion,
    "/v1/embeddings": _read_embedding,
    "/v1/moderations": _read_moderation,
}


def _add_message(message: _Message, prompt: Prompt) -> None:
    prompt.tokens += _A_MESSAGE
    if isinstance(message.role, str):
        prompt.texts.append(message.role)
    if names := _strings(message.name):
        prompt.tokens += _A_NAME
        prompt.texts += names
    for content in (message.content, message.output):
        if reading.kind(content) == "array":
            for part in _parts.decode(content):
                _add_part(part, prompt)
        else:
            prompt.texts += _strings(content)
    prompt.texts += [*_strings(message.refusal), *_strings(message.arguments), *_json(message.tool_calls)]
    if message.type == "item_reference":
        prompt.uncounted.add(ELSEWHERE)


def _add_part(part: _Part, prompt: Prompt) -> None:
    texts = [*_strings(part.text), *_strings(part.refusal)]
    prompt.texts += texts
    if not texts:
        prompt.uncounted.add(IMAGES)


def _add_inputs(value: Raw, prompt: Prompt) -> int:
    """Adds a string, strings, an array of tokens, or several such arrays; how many inputs that is."""
    if reading.kind(value) != "array":
        prompt.texts += _strings(value)
        return 1
    values = reading.items(value)
    kinds = [reading.kind(item) for item in values[:1]]
    if kinds == ["string"]:
        for item in values:
            prompt.texts += _strings(item)
    elif kinds == ["array"]:
        prompt.tokens += sum(len(reading.items(item)) for item in values)
    else:
        prompt.tokens += len(values)
        return 1
    return len(values)


def _add_definitions(body: _Body, prompt: Prompt) -> None:
    prompt.texts += [*_json(body.tools), *_json(body.functions)]
    for value in (body.response_format, body.text):
        # Of what else they may say the model sees nothing.
        if b'"json_schema"' in bytes(value):
            prompt.texts += _json(value)


def _json(value: Raw) -> Iterator[str]:
    """The text of an object or an array, without the white space and the escapes it may have in the file."""
    if reading.kind(value) in {"object", "array"}:
        yield msgspec.json.encode(msgspec.json.decode(value)).decode()


def _strings(value: Raw) -> list[str]:
    """The string, if it is one and not empty."""
    return [reading.text(value)] if reading.kind(value) == "string" and not reading.is_empty(value) else []


def _string(value: Raw) -> str:
    return reading.text(value) if reading.kind(value) == "string" else ""


def _whole(value: object) -> int | None:
    """A whole number above 0; of anything else, none."""
    return value if type(value) is int and value > 0 else None
