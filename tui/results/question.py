"""What a request asks, as text."""

from typing import Any

from tui.format.text import clean
from tui.results.answer import content_text
from tui.results.parse import parse


def question_text(line: bytes, limit: int = 64 * 1024) -> str:
    """The words of a request line that its answer is about; empty where the body has none that are known.

    For chat completions and responses the last message of the user, for the other endpoints the input or the prompt.
    """
    value = parse(line, longest=limit).value
    body = value.get("body") if isinstance(value, dict) else None
    if not isinstance(body, dict):
        return ""
    asked = _asked(body)
    return clean(asked if len(asked) <= limit else asked[:limit] + "…")


def _asked(body: dict[str, Any]) -> str:
    for key in ("messages", "input", "prompt"):
        value = body.get(key)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            said = [item for item in value if isinstance(item, dict)]
            user = [item for item in said if item.get("role", "user") == "user"] or said
            if user:
                return content_text(user[-1].get("content", user[-1].get("text")))
            return "\n".join(item for item in value if isinstance(item, str))
    return ""
