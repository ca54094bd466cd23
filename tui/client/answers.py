"""What an answer of a server is: the thing that was asked for, bare or within an envelope, or a refusal in a 200."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from tui.client.error_words import plain, words
from tui.client.fields import flag, identity, snake, whole

# Names under which providers put the answer itself, beside a code and a message of their own.
_ENVELOPES = ("data", "result", "response", "payload", "batch", "file", "upload", "part")
# Names of a list's items: OpenAI's, Azure's, and those of others.
_ITEMS = ("data", "value", "items", "result", "results", "batches", "files")
# Fields that a batch, a file or an upload has and an envelope has not: beside one of them an id is its own.
_OWN = frozenset({
    "created_at", "endpoint", "input_file_id", "request_counts", "completion_window", "filename", "purpose", "bytes",
    "deleted",
})  # fmt: skip
_OBJECTS = frozenset({"batch", "file", "upload", "upload.part"})
_NAMING = ("id", "batch_id", "file_id", "upload_id")
_FAILURES = frozenset({"error", "failed", "failure", "fail"})
_DEEPEST = 3


class Refusal(NamedTuple):
    """A refusal that came with status 200: its words, its code, and the status that it names itself, if any."""

    message: str | None
    code: str | None
    status: int | None


def decoded(content: bytes) -> object:
    """The JSON of `content`; raises `ValueError` where it is none.

    What only a strict reader refuses (NaN, half a character, bytes that are no UTF-8, numbers without bound) costs its
    own field and no more: it becomes null, or U+FFFD in a text.
    """
    import msgspec

    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        lenient = json.loads(
            content.decode("utf-8-sig", "replace"),
            strict=False,
            parse_constant=lambda _: None,
            parse_float=lambda digits: found if math.isfinite(found := float(digits)) else None,
            parse_int=lambda digits: int(digits) if len(digits) < 300 else None,
        )
        return json.loads(re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(lenient, ensure_ascii=False)))
    except RecursionError:
        raise ValueError("too deep") from None


def thing_in(answer: object, depth: int = _DEEPEST) -> Mapping[str, Any] | None:
    """The object with an id that `answer` is, or has within an envelope; its id is a text.

    None where there is none, and for an answer that says no: an id beside that may be anything's. A list is no
    envelope, whatever it holds.
    """
    if not isinstance(answer, dict) or answer.get("object") == "list":
        return None
    fields = cast("Mapping[str, Any]", answer)
    known = identity(fields.get("id"))
    if known and (fields.get("object") in _OBJECTS or not _OWN.isdisjoint(snake(fields))):
        return {**fields, "id": known}
    if _says_no(fields):
        return None
    if depth:
        for name in _ENVELOPES:
            if found := thing_in(fields.get(name), depth - 1):
                return found
    return {**fields, "id": known} if known else None


def list_in(answer: object, depth: int = _DEEPEST) -> Mapping[str, Any] | None:
    """The list that `answer` is, or has within an envelope, with its items under `data`; None where there is none.

    Nor is an empty list one beside an error: what could not be read is not nothing.
    """
    if isinstance(answer, list):
        return {"data": answer}
    if not isinstance(answer, dict):
        return None
    fields = snake(cast("Mapping[str, Any]", answer))
    items = next((fields[name] for name in _ITEMS if isinstance(fields.get(name), list)), None)
    if items is None and fields.get("object") == "list" and "data" in fields and fields["data"] is None:
        # An empty list as some languages write it.
        items = []
    if items or (items is not None and not _says_no(fields)):
        return {**fields, "data": items}
    if items is not None or _says_no(fields) or not depth:
        return None
    for name in _ENVELOPES:
        if isinstance(fields.get(name), dict) and (found := list_in(fields[name], depth - 1)):
            outer = {name: fields[name] for name in ("has_more", "last_id") if name in fields}
            return {**outer, **found}
    return None


def refusal_in(answer: object) -> Refusal | None:
    """The refusal that `answer` is, by its own words; None where it does not say so, or names what it may have made."""
    if not isinstance(answer, dict) or not _says_no(answer) or _names_something(answer):
        return None
    fields = plain(answer)
    error = next((fields[name] for name in ("error", "errors") if fields.get(name)), None)
    inner = plain(error) if isinstance(error, dict) else {}
    code = next((value for value in (inner.get("code"), fields.get("code"), inner.get("type")) if value), None)
    status = next(filter(None, map(_status, (inner, fields))), None)
    return Refusal(words(answer), str(code) if isinstance(code, str | int) else None, status)


def _says_no(answer: Mapping[str, Any]) -> bool:
    fields = plain(answer)
    if fields.get("error") or fields.get("errors"):
        return True
    if any(fields.get(name) is not None and flag(fields[name]) is False for name in ("success", "ok", "issuccess")):
        return True
    status = fields.get("status")
    if status is False or (isinstance(status, str) and status.lower() in _FAILURES):
        return True
    # A validator's list: of what has been refused, and of nothing else.
    return _status(fields) is not None or bool(isinstance(fields.get("detail"), list) and words(fields["detail"]))


def _status(fields: Mapping[str, object]) -> int | None:
    """The HTTP status of a failure that an answer names; codes such as 40001 begin with one."""
    for name in ("statuscode", "status", "code"):
        value = whole(fields.get(name))
        if value is None or not 400 <= (status := int(str(abs(value))[:3])) < 600:
            continue
        if value < 1000 or (10_000 <= value < 1_000_000 and words(dict(fields))):
            return status
    return None


def _names_something(answer: Mapping[str, Any], depth: int = _DEEPEST) -> bool:
    """Whether an id is in it, of what may have been made all the same."""
    if any(identity(snake(answer).get(name)) for name in _NAMING):
        return True
    inner = (answer.get(name) for name in _ENVELOPES) if depth else ()
    return any(_names_something(each, depth - 1) for each in inner if isinstance(each, dict))
