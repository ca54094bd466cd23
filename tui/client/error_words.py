"""The words of an error, wherever a provider puts them."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from tui.format.text import clean_line

SHOWN = 300  # characters of a server's words that a sentence carries
# Names as `plain` writes them. The first that holds any words has the main ones: a title says less than the rest.
_MAIN = (
    "message", "errormessage", "errormsg", "msg", "errordescription", "error", "fault", "detail", "title", "reason",
    "description",
)  # fmt: skip
# What says more about them, field by field as a rule.
_MORE = ("details", "detail", "errors", "issues", "violations")
_MOST = 3  # entries of a list that are read out
_DEEPEST = 6
# Where in a request a field stands, in the lists of validators: nothing that its sender would not know.
_PLACES = frozenset({"body", "query", "path", "header"})


def plain(answer: Mapping[str, object]) -> dict[str, object]:
    """The fields of `answer` by their names without capitals, dashes and underscores."""
    return {re.sub("[-_ ]", "", name).lower(): value for name, value in answer.items()}


def words(body: object) -> str | None:
    """What an error's body says, safe to show and not too long; None for a page of HTML or where it says nothing.

    It reads a text, `message`, `Message`, `msg`, `error`, `detail`, `errors` and the like, one within another too, and
    lists of them; the fields that a validator names are told with what it has against each.
    """
    found = _found(body, 0)
    if not found:
        return None
    text = clean_line(found)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _found(body: object, depth: int) -> str | None:
    if depth > _DEEPEST:
        return None
    if isinstance(body, str):
        text = body.strip()
        return None if not text or text.startswith("<") else text
    if isinstance(body, list):
        each = (_found(entry, depth + 1) for entry in body)
        return "; ".join(islice(dict.fromkeys(filter(None, each)), _MOST)) or None
    return _of_fields(body, depth) if isinstance(body, dict) else None


def _of_fields(body: Mapping[str, object], depth: int) -> str | None:
    fields = plain(body)
    main = next((found for name in _MAIN if (found := _found(fields.get(name), depth + 1))), None)
    if main is not None and (place := _place(fields.get("loc"))):
        return f"{place}: {main}"
    for name in _MORE:
        value = fields.get(name)
        more = _found(value, depth + 1)
        if more is None and isinstance(value, dict):
            more = "; ".join(islice(_by_field(value, depth + 1), _MOST))
        if more and main is None:
            return more
        if more and main and more not in main and main not in more:
            return f"{main.rstrip('.: ')} ({more})"
    return main


def _place(loc: object) -> str:
    """Where a validator found its fault, as `metadata.tags`."""
    if isinstance(loc, str):
        return loc
    if not isinstance(loc, list):
        return ""
    steps = [str(step) for step in loc if isinstance(step, str | int) and not isinstance(step, bool)]
    return ".".join(steps[1:] if steps[1:] and steps[0] in _PLACES else steps)


def _by_field(value: Mapping[str, object], depth: int) -> Iterator[str]:
    for name, entry in value.items():
        if said := _found(entry, depth + 1):
            yield f"{name}: {said}"
