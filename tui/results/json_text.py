"""The JSON that an answer is, as models write it."""

import re
from typing import Any, Final

from tui.results.parse import parse

# Models like to wrap the JSON that they were asked for.
_FENCE: Final = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL | re.IGNORECASE)


def decoded(text: str, longest: int = 16 << 20) -> Any:
    """The value of a text that is JSON, bare or in a Markdown fence; else None."""
    fenced = _FENCE.match(text)
    parsed = parse((fenced[1] if fenced else text).encode("utf-8", "replace"), longest)
    return parsed.value if parsed.valid else None


def json_in(text: str) -> dict[str, Any] | list[Any] | None:
    """The object or the list that a text is; a bare number or word may well be part of a sentence."""
    if text.lstrip()[:1] not in {"{", "[", "`"}:
        return None
    value = decoded(text)
    return value if isinstance(value, dict | list) else None
