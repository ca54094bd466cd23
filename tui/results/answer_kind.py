"""Whether a body holds an answer at all: a status of 200 does not say so.

What no rule knows is an answer as long as something is in it. A call of a tool is one; reasoning is none.
"""

import re
from collections.abc import Iterable
from typing import Any, Final, Literal

from tui.results.answer import REASONING

Said = Literal["answer", "refusal", "nothing"]

_BLANK: Final = " \t\r\n"
_THINKING: Final = re.compile(r"<think(?:ing)?>")
_THOUGHT: Final = re.compile(r"</think(?:ing)?>")
# Items that a server runs on its way to an answer.
_STEPS: Final = REASONING | {
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "mcp_call",
    "mcp_list_tools",
    "tool_search_call",
    "tool_search_output",
}
_MADE: Final = ("tool_calls", "function_call", "audio", "images", "videos")
# Where the answers of an endpoint stand.
_CONTAINERS: Final = ("choices", "output", "output_text", "data", "results", "candidates")
_OBJECTS: Final = frozenset({"chat.completion", "text_completion", "response", "list"})
_ABOUT: Final = frozenset({
    "id", "object", "type", "created", "created_at", "model", "usage", "system_fingerprint", "service_tier",
    "request_id", "promptFeedback", "usageMetadata", "modelVersion", "responseId",
})  # fmt: skip
_ASKED: Final = ("messages", "input", "prompt")


def said_in(body: object) -> Said:
    """What `body`, as a provider sent it with a good status, says."""
    if not isinstance(body, dict):
        # A text is the page of a proxy, or JSON that was cut off.
        return "answer" if body and not isinstance(body, str) else "nothing"
    if body.get("type") == "message" or ("role" in body and "content" in body):
        return _message(body)
    found = [_contained(body[name], name) for name in _CONTAINERS if name in body]
    if isinstance(body.get("message"), dict):
        found.append(_message(body["message"]))
    if found or str(body.get("object")) in _OBJECTS:
        return _best(found)
    return "nothing" if is_echo(body) or body.keys() <= _ABOUT else "answer"


def is_echo(body: object) -> bool:
    """Whether `body` is a request, not its result."""
    if not isinstance(body, dict) or "object" in body or "usage" in body:
        return False
    if {"method", "url", "body"} <= body.keys():
        return True
    # The text is what no endpoint is known to answer with beside what it was asked.
    return "model" in body and any(name in body for name in _ASKED) and not body.keys() & {"text", "output", "data"}


def speaks(text: str) -> bool:
    """Whether a text says something besides what a model thought aloud before it."""
    text = text.strip(_BLANK)
    if _THINKING.match(text):
        _, *rest = _THOUGHT.split(text, maxsplit=1)
        return bool(rest) and bool(rest[0].strip(_BLANK))
    return bool(text)


def _best(found: Iterable[Said]) -> Said:
    told = set(found)
    return "answer" if "answer" in told else "refusal" if "refusal" in told else "nothing"


def _answer(*, given: bool) -> Said:
    return "answer" if given else "nothing"


def _contained(value: object, name: str) -> Said:
    if isinstance(value, str):
        return _answer(given=speaks(value))
    entries = value if isinstance(value, list) else [value] if value else []
    return _best(_entry(entry, name) for entry in entries)


def _entry(entry: object, name: str) -> Said:
    if not isinstance(entry, dict):
        return _answer(given=entry not in (None, "", [], {}))
    if name == "choices":
        return _choice(entry)
    if name == "output":
        return _item(entry)
    if name == "candidates":
        return _message(entry)
    vector_or_image = [entry[key] for key in ("embedding", "url", "b64_json") if key in entry]
    return _answer(given=any(vector_or_image) if vector_or_image else bool(entry))


def _choice(choice: dict[str, Any]) -> Said:
    message = choice.get("message")
    if isinstance(message, dict):
        return _message(message)
    return _answer(given=bool(choice.get("text") or choice.get("logprobs") or message))


def _item(item: dict[str, Any]) -> Said:
    kind = str(item.get("type"))
    if kind in _STEPS:
        return "nothing"
    if kind == "message" or "content" in item:
        return _message(item)
    return _answer(given="result" not in item or bool(item["result"]))


def _message(message: dict[str, Any]) -> Said:
    if any(message.get(name) for name in _MADE):
        return "answer"
    refusal = message.get("refusal")
    if (isinstance(refusal, str) and refusal.strip(_BLANK)) or message.get("stop_reason") == "refusal":
        return "refusal"
    content = message.get("content")
    if isinstance(content, dict):
        content = content.get("parts") if "parts" in content else [content]
    if isinstance(content, str):
        return _answer(given=speaks(content))
    return _best(map(_part, content)) if isinstance(content, list) else "nothing"


def _part(part: object) -> Said:
    if not isinstance(part, dict):
        return _answer(given=isinstance(part, str) and speaks(part))
    if str(part.get("type")) in REASONING or part.get("thought") is True:
        return "nothing"
    if isinstance(part.get("refusal"), str) and part["refusal"].strip(_BLANK):
        return "refusal"
    if isinstance(part.get("text"), str):
        return _answer(given=speaks(part["text"]))
    return _answer(given=any(value for key, value in part.items() if key not in {"type", "text", "refusal"}))
