"""The sieve for text beyond ASCII and for escapes: simdjson decodes many lines as one document.

It repeats what `rules` asks of a line; a test holds the two together. simdjson accepts less than JSON allows (no
integer of more than 64 bits, no number beyond a double, no deep nesting), never more: it checks UTF-8, escapes,
surrogates and the grammar of everything, also of what nobody asks for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final

from simdjson import Array, Object, Parser

from tui.requests.endpoints import usual
from tui.requests.fast_path.ascii_lines import USUAL, Good
from tui.requests.limits import Limits

# Follows each line in what is decoded at once, and is in no line: nobody can know it.
_MARK: Final = os.urandom(16).hex()
_BETWEEN: Final = f',"{_MARK}",'.encode()
# Arrays around all: simdjson gives up at 1,024 levels, which is to be before the rules do, at 1,000 less the stack.
_LEVELS: Final = 256
_OPEN: Final = b"[" * _LEVELS
_CLOSE: Final = b"]" * _LEVELS
_INNERMOST: Final = "/0" * (_LEVELS - 1)


class _DoubtError(Exception):
    """Something may be wrong."""


class SimdSieve:
    """Not safe for threads."""

    def __init__(self) -> None:
        self._parser = Parser()

    def good(self, lines: bytes, endpoint: str, limits: Limits = USUAL) -> Good | None:
        """As `Sieve.good`."""
        payload = _PAYLOADS.get(usual(endpoint))
        # A carriage return is white space to JSON, and worth a warning.
        if payload is None or b"\r" in lines:
            return None
        marked = lines.replace(b"\n", _BETWEEN)
        number = (len(marked) - len(lines)) // (len(_BETWEEN) - 1)
        if lines.endswith(b"\n"):
            whole = b"%b%b0%b" % (_OPEN, marked, _CLOSE)
        else:
            whole, number = b'%b%b,"%b"%b' % (_OPEN, marked, _MARK.encode(), _CLOSE), number + 1
        try:
            outermost = self._parser.parse(whole)
            document = outermost.at_pointer(_INNERMOST) if isinstance(outermost, Array) else None
            good = _taken(iter(document), endpoint, payload, limits) if isinstance(document, Array) else None
        # KeyError: a key is missing. RuntimeError: nested too deeply, or an integer of more than 64 bits.
        except (ValueError, KeyError, RuntimeError, _DoubtError):
            return None
        # A mark inside a request is missing here: then a newline was in it.
        return good if good and len(good.custom_ids) == number else None


def _taken(values: Iterator[Any], endpoint: str, payload: Callable[[Object], int], limits: Limits) -> Good:
    # Unpacked once, and false by default: each look costs where there are many short lines.
    optional, no_model, stream = limits.optional, "model" in limits.optional, limits.stream
    custom_ids, models, inputs = list[str](), list[str](), 0
    for request, mark in zip(values, values, strict=False):
        # Of a key that is there twice the last counts, and simdjson gives the first. Each of the four is asked for.
        if mark != _MARK or type(request) is not Object or (len(request) > 4 and len({*request}) < len(request)):
            raise _DoubtError
        custom_id, body = request["custom_id"], request["body"]
        if optional:
            _look_at_keys(request, endpoint, optional)
        elif request["method"] != "POST" or request["url"] != endpoint:
            raise _DoubtError
        if type(body) is not Object:
            raise _DoubtError
        keys = {*body}
        model = None if no_model and "model" not in keys else body["model"]
        if (
            len(keys) < len(body)
            or type(custom_id) is not str
            or not custom_id
            or ((type(model) is not str or not model) and not (no_model and model is None))
            # Looked up where it is there: what a missing key raises takes longer than all the rest.
            or (
                "stream" in keys
                and (value := body["stream"]) is not False
                and value is not None
                and not (stream and value is True)
            )
        ):
            raise _DoubtError
        inputs += payload(body)
        custom_ids.append(custom_id)
        if model is not None:
            models.append(model)
    return Good(custom_ids, models, inputs)


def _look_at_keys(request: Object, endpoint: str, optional: frozenset[str]) -> None:
    """Of a line that may be without some of its keys: those that are there are right, and there once."""
    keys = {*request}
    if len(keys) < len(request):
        raise _DoubtError
    for key, wanted in (("method", "POST"), ("url", endpoint)):
        if (key in keys or key not in optional) and request[key] != wanted:
            raise _DoubtError


def _messages(body: Object) -> int:
    messages = body["messages"]
    if isinstance(messages, Array) and len(messages):
        for message in messages:
            if not isinstance(message, Object):
                raise _DoubtError
        return 0
    raise _DoubtError


def _input(body: Object) -> int:
    value = body["input"]
    if isinstance(value, str | Array) and len(value):
        return 0
    raise _DoubtError


def _embeddings(body: Object) -> int:
    value = body["input"]
    if isinstance(value, Array) and len(value):
        first: object = value[0]
        return 1 if type(first) in (int, float) else len(value)
    return _input(body) + 1


def _prompts(body: Object) -> int:
    if isinstance(body["prompt"], str | Array):
        return 0
    raise _DoubtError


def _prompt(body: Object) -> int:
    value = body["prompt"]
    if isinstance(value, str) and value:
        return 0
    raise _DoubtError


# Each returns the embeddings inputs of a body.
_PAYLOADS: Final = {
    "/v1/responses": _input,
    "/v1/chat/completions": _messages,
    "/v1/embeddings": _embeddings,
    "/v1/completions": _prompts,
    "/v1/moderations": _input,
    "/v1/images/generations": _prompt,
    "/v1/images/edits": _prompt,
    "/v1/videos": _prompt,
}
