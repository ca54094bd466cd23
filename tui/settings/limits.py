"""A provider's limits, from the settings file.

[profiles.prod.limits]                   # of an input file; what is left out is OpenAI's
max_requests = 50000
max_bytes = 209715200
one_model = true
optional = ["method", "url", "model"]    # what a request may be without
stream = true                            # a request may ask for a stream

[profiles.prod.limits.enqueued_tokens]   # of a model, where it is known or lower than the provider's
gpt-4o-mini = 2000000                    # enqueued_requests likewise
"""

from collections.abc import Mapping
from typing import Any, Final

from tui.errors import LazybatchError
from tui.format.text import clean_line
from tui.requests.limits import OPTIONAL, Limits

_LIMITS: Final = {
    "max_requests": int,
    "max_bytes": int,
    "max_embedding_inputs": int,
    "one_model": bool,
    "other_endpoints": bool,
    "max_tokens": int,
    "stream": bool,
}
_ENQUEUED: Final = ("enqueued_tokens", "enqueued_requests")


def of_a_file(entry: Mapping[str, Any], where: str) -> Limits:
    """The limits of an input file; raises `LazybatchError` in a sentence that begins with `where`."""
    found = {key: value for key, value in entry.items() if key not in _ENQUEUED}
    for key, value in found.items():
        if key == "optional":
            continue
        kind = _LIMITS.get(key)
        if kind is None:
            names = ", ".join((*_LIMITS, "optional", *_ENQUEUED))
            raise LazybatchError(f"{where}: unknown limit {clean_line(key)!r}. There is: {names}.")
        if type(value) is not kind or (isinstance(value, int) and value < (kind is int)):
            wanted = "true or false" if kind is bool else "a whole number above 0"
            raise LazybatchError(f"{where}: the limit {key} must be {wanted}.")
    if "optional" in found:
        found["optional"] = _optional(found["optional"], where)
    return Limits(**found)


def _optional(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(name in OPTIONAL for name in value):
        names = ", ".join(f'"{name}"' for name in OPTIONAL)
        raise LazybatchError(f"{where}: the limit optional must be a list of what a request may be without: {names}.")
    return frozenset(value)


def enqueued(entry: Mapping[str, Any], where: str) -> dict[str, Mapping[str, int]]:
    """By their names in `Profile`, and by model, the limits on what may be enqueued; the same errors."""
    return {name: _of_models(entry.get(name, {}), name, where) for name in _ENQUEUED}


def _of_models(found: object, name: str, where: str) -> Mapping[str, int]:
    if not isinstance(found, dict):
        raise LazybatchError(f"{where}, limits: {name} must be a table.")
    for model, most in found.items():
        if type(most) is not int or most < 1:
            wanted = "a whole number above 0 (a name with a dot in it stands in quotes)"
            raise LazybatchError(f"{where}: {name} of {clean_line(model)} must be {wanted}.")
    return found
