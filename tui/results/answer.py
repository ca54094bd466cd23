"""What a response's body answers, as text for a reader."""

import base64
import binascii
import json
import math
from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

Kind = Literal["chat", "response", "embedding", "moderation", "completion", "other", "not_json"]

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
    if choices := _dicts(body.get("choices")):
        return "completion" if "text" in choices[0] and "message" not in choices[0] else "chat"
    if any("embedding" in entry for entry in _dicts(body.get("data"))[:1]):
        return "embedding"
    if any("flagged" in entry or "categories" in entry for entry in _dicts(body.get("results"))[:1]):
        return "moderation"
    return "response" if _dicts(body.get("output")) else "other"


def answer_in(body: object) -> str:
    """The answer of any kind of body: what was said, called or refused; numbers of embeddings are summed up."""
    if not isinstance(body, dict):
        return body if isinstance(body, str) else _json(body)
    read = _READERS.get(kind_of(body), _json)
    return read(body)


def finish_reason_in(body: object) -> str:
    """Why the (first) answer ended: `stop`, `length`, `max_output_tokens`, …; empty where nothing says so."""
    if not isinstance(body, dict):
        return ""
    details = body.get("incomplete_details")
    if isinstance(details, dict) and details.get("reason"):
        return _string(details["reason"])
    choices = _dicts(body.get("choices"))
    return _string(choices[0].get("finish_reason")) if choices else _string(body.get("status"))


def _dicts(value: object) -> list[dict[str, Any]]:
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


def _message(message: object) -> str:
    if not isinstance(message, dict):
        return ""
    parts = [content_text(message.get("content"))]
    if refusal := _string(message.get("refusal")):
        parts.append(f"refused: {refusal}")
    calls = [call.get("function") or call.get("custom") for call in _dicts(message.get("tool_calls"))]
    parts.extend(_call(call) for call in [*calls, message.get("function_call")] if isinstance(call, dict))
    audio = message.get("audio")
    if isinstance(audio, dict):
        parts.append(_string(audio.get("transcript")))
    return "\n".join(part for part in parts if part)


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


def _output_item(item: dict[str, Any]) -> str:
    kind = _string(item.get("type"))
    if "content" in item and kind != "reasoning":
        return content_text(item["content"])
    if kind == "reasoning":
        return content_text(item.get("summary"))
    return _call(item) if "arguments" in item or "input" in item else f"[{kind}]"


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


def _chat(body: dict[str, Any]) -> str:
    return _choices(_message(choice.get("message")) for choice in _dicts(body.get("choices")))


def _completion(body: dict[str, Any]) -> str:
    return _choices(_string(choice.get("text")) for choice in _dicts(body.get("choices")))


def _response(body: dict[str, Any]) -> str:
    return "\n".join(part for item in _dicts(body.get("output")) if (part := _output_item(item)))


_READERS: Final[dict[Kind, Callable[[dict[str, Any]], str]]] = {
    "chat": _chat,
    "completion": _completion,
    "response": _response,
    "embedding": lambda body: "\n".join(_embeddings(_dicts(body.get("data")))),
    "moderation": lambda body: "\n".join(_moderation(result) for result in _dicts(body.get("results"))),
}
