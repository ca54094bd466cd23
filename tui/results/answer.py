"""What a response's body answers, as text for a reader.

The answer is what was said; only where nothing was said is it what was called or why it was refused. A field of an
answer that is JSON could not be found otherwise.
"""

import base64
import binascii
import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, NamedTuple

from tui.results.finish import CUT_SHORT, USUAL
from tui.results.json_text import json_in

Kind = Literal["chat", "response", "embedding", "moderation", "completion", "other", "not_json"]

# Parts and items that a model thinks in, which are no answer.
REASONING: Final = frozenset({"reasoning", "reasoning_text", "summary_text", "thinking", "redacted_thinking"})
_BY_OBJECT: Final[dict[str, Kind]] = {
    "chat.completion": "chat",
    "response": "response",
    "text_completion": "completion",
}


def kind_of(body: object) -> Kind:
    """Which endpoint's answer `body` is: by its `object`, else by the fields that only that endpoint has."""
    if not isinstance(body, dict):
        return "other"
    if named := _BY_OBJECT.get(str(body.get("object"))):
        return named
    if choices := choices_in(body):
        return "completion" if "text" in choices[0] and "message" not in choices[0] else "chat"
    if any("embedding" in entry for entry in _dicts(body.get("data"))[:1]):
        return "embedding"
    if any("flagged" in entry or "categories" in entry for entry in _dicts(body.get("results"))[:1]):
        return "moderation"
    return "response" if _dicts(body.get("output")) else "other"


def answer_in(body: object) -> str:
    """The answer of any kind of body: what was said, else what was called or refused; embeddings are summed up."""
    return _read(body, _Told.answer)


def whole_answer_in(body: object) -> str:
    """As `answer_in`, with what was called besides."""
    return _read(body, _Told.all)


def finish_reason_in(body: object) -> str:
    """Why the answer ended: `stop`, `length`, `max_output_tokens`, …; empty where nothing says so.

    Of several choices the one that was cut short tells, else one with an unusual reason, else the first.
    """
    if not isinstance(body, dict):
        return ""
    details = body.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        return _string(details["reason"])
    reasons = [_string(choice.get("finish_reason")) for choice in choices_in(body)]
    if not reasons:
        return _string(body.get("finish_reason")) or _string(body.get("stop_reason")) or _string(body.get("status"))
    for telling in (CUT_SHORT.__contains__, lambda reason: reason not in USUAL):
        if found := next(filter(telling, reasons), ""):
            return found
    return reasons[0]


def choices_in(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The choices of a chat or a completion in the order of their `index`; some providers send one without its list."""
    choices = _dicts(body.get("choices"))
    if len(choices) > 1 and all(type(choice.get("index")) is int for choice in choices):
        choices.sort(key=lambda choice: choice["index"])
    return choices


class _Told(NamedTuple):
    """What was said, in the pieces in which it came, and what was called or refused."""

    pieces: Sequence[Sequence[str]] = ()
    besides: Sequence[str] = ()

    def answer(self) -> str:
        return joined(self.pieces) or "\n".join(self.besides)

    def all(self) -> str:
        return "\n".join(filter(None, (joined(self.pieces), *self.besides)))


def _read(body: object, text_of: Callable[[_Told], str]) -> str:
    if not isinstance(body, dict):
        return body if isinstance(body, str) else _json(body)
    kind = kind_of(body)
    if kind == "chat":
        return _choices(text_of(_message(choice)) for choice in choices_in(body))
    if kind == "response":
        return text_of(_response(body))
    return _READERS.get(kind, _json)(body)


def joined(messages: Sequence[Sequence[str]]) -> str:
    """The parts of messages as one text, joined with nothing; where that is no JSON but exactly one message or one
    part is, that one: some models send a fragment before the whole."""
    parts = [part for message in messages for part in message]
    text = "".join(parts)
    if len(parts) < 2 or json_in(text) is not None:
        return text
    for pieces in (["".join(message) for message in messages], parts):
        found = {piece for piece in pieces if json_in(piece) is not None}
        if len(found) == 1:
            return found.pop()
    return text


def _dicts(value: object) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value]
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _choices(answers: Iterable[str]) -> str:
    texts = list(answers)
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(f"— choice {place} of {len(texts)} —\n{text}" for place, text in enumerate(texts, 1))


def _message(choice: dict[str, Any]) -> _Told:
    message = choice.get("message")
    if not isinstance(message, dict):
        return _Told([[_string(choice.get("text"))]])
    content = message.get("content")
    texts = [content] if isinstance(content, str) else _texts(content)
    audio = message.get("audio")
    if not any(texts) and isinstance(audio, dict):
        texts = [_string(audio.get("transcript"))]
    calls = [call.get("function") or call.get("custom") for call in _dicts(message.get("tool_calls"))]
    told = [_call(call) for call in [*calls, message.get("function_call")] if isinstance(call, dict)]
    return _Told([texts], [*_refusals([message, *_dicts(content)]), *told])


def _texts(content: object) -> list[str]:
    """The texts of a message's parts without those of its reasoning."""
    return [
        text
        for part in _dicts(content)
        if str(part.get("type")) not in REASONING and (text := _string(part.get("text")))
    ]


def _refusals(parts: Iterable[dict[str, Any]]) -> Iterator[str]:
    for part in parts:
        if refusal := _string(part.get("refusal")):
            yield f"refused: {refusal}"


def content_text(content: object) -> str:
    """Text, or a list of parts: the Responses API's, and what other providers send for chat."""
    if isinstance(content, str):
        return content
    parts = (
        _string(part.get("text")) or (f"refused: {refusal}" if (refusal := _string(part.get("refusal"))) else "")
        for part in _dicts(content)
    )
    return "\n".join(part for part in parts if part)


def _call(call: dict[str, Any]) -> str:
    arguments = call.get("arguments", call.get("input", ""))
    return f"{_string(call.get('name'))}({arguments if isinstance(arguments, str) else _json(arguments)})"


def _response(body: dict[str, Any]) -> _Told:
    output = body.get("output")
    if isinstance(output, str):
        return _Told([[output]])
    items = _dicts(output)
    messages: list[list[str]] = []
    besides: list[str] = []
    for item in items:
        kind, content = _string(item.get("type")), item.get("content")
        if kind in REASONING:
            continue
        if kind == "message" or "content" in item:
            messages.append([content] if isinstance(content, str) else _texts(content))
            besides += _refusals(_dicts(content))
        else:
            besides.append(_call(item) if "arguments" in item or "input" in item else f"[{kind}]")
    if not any(map(any, messages)) and not besides:
        messages = [[_string(body.get("output_text"))]]
    return _Told(messages, besides)


def _embeddings(data: list[dict[str, Any]]) -> Iterator[str]:
    for place, entry in enumerate(data):
        vector = _vector(entry.get("embedding"))
        told = f"{len(vector):,} dimensions, norm {math.hypot(*vector):.3f}" if vector else "unreadable"
        yield f"embedding {place + 1} of {len(data)}: {told}"


def _vector(embedding: object) -> list[float]:
    """Numbers as a list, or as little-endian 32-bit floats in base64."""
    try:
        if isinstance(embedding, list):
            return [float(number) for number in embedding if isinstance(number, int | float)]
        packed = base64.b64decode(_string(embedding), validate=True)
        return list(array("f", packed)) if len(packed) % 4 == 0 else []
    except (binascii.Error, ValueError, OverflowError):
        return []


def _moderation(result: dict[str, Any]) -> str:
    categories, scores = result.get("categories"), result.get("category_scores")
    named = [name for name, hit in categories.items() if hit is True] if isinstance(categories, dict) else []
    if not named:
        return "flagged" if result.get("flagged") else "not flagged"
    known = scores if isinstance(scores, dict) else {}
    return "flagged: " + ", ".join(
        f"{name} {known[name]:.2f}" if isinstance(known.get(name), float) else name for name in named
    )


def _completion(body: dict[str, Any]) -> str:
    return _choices(_string(choice.get("text")) for choice in choices_in(body))


_READERS: Final[dict[Kind, Callable[[dict[str, Any]], str]]] = {
    "completion": _completion,
    "embedding": lambda body: "\n".join(_embeddings(_dicts(body.get("data")))),
    "moderation": lambda body: "\n".join(_moderation(result) for result in _dicts(body.get("results"))),
}
