"""Why an answer ended: those that were cut off are good results only to a server."""

import re
from typing import Final

from tui.results.answer import finish_reason_in
from tui.results.outcome import outcome_of
from tui.results.parse import parse
from tui.text import clean_line

# What an answer ends with that came to its own end.
USUAL: Final = frozenset({"", "stop", "completed"})
_CHAT: Final = re.compile(rb'"finish_reason"\s*:\s*"([^"\\]{1,60})"')
_RESPONSES: Final = re.compile(rb'"incomplete_details"\s*:\s*\{')
_NAMES: Final = (b'"finish_reason"', b'"incomplete_details"')


def unusual_finish(content: bytes) -> str:
    """Why the answer of a good result line did not end by itself: `length`, `content_filter`, …; empty where it did.

    Only lines that name an unusual reason are taken apart.
    """
    reason = _reason(content) if _suspicious(content) else ""
    return "" if reason in USUAL else reason


def _suspicious(content: bytes) -> bool:
    """Whether the first reason that the line names is not a usual one; quotes inside an answer are escaped."""
    place = content.find(_NAMES[0])
    if place >= 0:
        named = _CHAT.match(content, place)
        return named is not None and named[1].decode("utf-8", "replace") not in USUAL
    place = content.find(_NAMES[1])
    return place >= 0 and _RESPONSES.match(content, place) is not None


def _reason(content: bytes) -> str:
    value = parse(content).value
    if not isinstance(value, dict):
        return ""
    outcome = outcome_of(value)
    return clean_line(finish_reason_in(outcome.body)[:60]) if outcome.ok else ""
