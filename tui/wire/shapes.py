"""Any provider's JSON made into a `Batch` or a `StoredFile`.

Nothing here raises for an odd field: what cannot be read is left out and its name is kept in `oddities`, so that a
provider's peculiarity costs one cell and never the screen. Every string is made safe to show on the way in.
"""

import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.batches.batch import Batch, BatchError, Counts, Status, Usage
from tui.text import clean_line

if TYPE_CHECKING:
    from tui.batches.files import StoredFile

_STATUSES = {status.value: status for status in Status} | {
    # The other spelling, and the words of compatible providers for the same states.
    "canceling": Status.CANCELLING,
    "canceled": Status.CANCELLED,
    "running": Status.IN_PROGRESS,
    "processing": Status.IN_PROGRESS,
    "succeeded": Status.COMPLETED,
    "success": Status.COMPLETED,
    "error": Status.FAILED,
}
_STAMPS = (
    "created_at", "in_progress_at", "finalizing_at", "completed_at", "failed_at", "expired_at", "cancelling_at",
    "cancelled_at", "expires_at",
)  # fmt: skip
_LINE_IN_TEXT = r"(?i)\bline (\d{1,9})\b"
_DIGITS = 18
_MILLISECONDS = 100_000_000_000  # as Unix seconds this is the year 5138, as milliseconds 1973


class Page(NamedTuple):
    """One page of a list: its items as the server sent them, and where the next page begins."""

    items: tuple[Mapping[str, Any], ...]
    has_more: bool
    last_id: str | None


def page_from(answer: object) -> Page | None:
    """A list answer (`data`, or `value` as Azure has it), or None where the answer is no list at all."""
    if isinstance(answer, list):
        answer = {"data": answer}
    if not isinstance(answer, dict):
        return None
    found = next((answer[key] for key in ("data", "value") if isinstance(answer.get(key), list)), None)
    if found is None:
        return None
    items = tuple(item for item in found if isinstance(item, dict))
    cursors = (answer.get("last_id"), items[-1].get("id") if items else None)
    last = next((cursor for cursor in cursors if isinstance(cursor, str) and cursor), None)
    return Page(items, answer.get("has_more") is True, last)


def batch_from(item: Mapping[str, Any]) -> Batch | None:
    """The batch that `item` describes, or None where it has no id to know it by."""
    identity = item.get("id")
    if not isinstance(identity, str) or not identity:
        return None
    odd: list[str] = []
    raw_status = _word(item.get("status")) or "?"
    status = _STATUSES.get(raw_status.lower(), Status.UNKNOWN)
    stamps = {name: _time(item, name, odd) for name in _STAMPS}
    # The other spelling of a time stamp goes with the other spelling of the state.
    stamps["cancelled_at"] = stamps["cancelled_at"] or _time(item, "canceled_at", odd)
    stamps["cancelling_at"] = stamps["cancelling_at"] or _time(item, "canceling_at", odd)
    if status is Status.UNKNOWN:
        odd.append("status")
    return Batch(
        id=clean_line(identity),
        status=status,
        raw_status=raw_status,
        endpoint=_word(item.get("endpoint")),
        model=_word(item.get("model")),
        completion_window=_word(item.get("completion_window")),
        input_file_id=_text(item.get("input_file_id")),
        output_file_id=_text(item.get("output_file_id")),
        error_file_id=_text(item.get("error_file_id")),
        counts=_counts(item.get("request_counts"), odd),
        usage=_usage(item.get("usage"), odd),
        errors=_errors(item.get("errors")),
        metadata=_metadata(item.get("metadata"), odd),
        oddities=tuple(odd),
        **stamps,
    )


def file_from(item: object) -> "StoredFile | None":
    """The file that `item` describes, or None where it has no id."""
    from tui.batches.files import StoredFile

    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
        return None
    odd: list[str] = []
    return StoredFile(
        id=clean_line(item["id"]),
        filename=_text(item.get("filename")),
        purpose=_text(item.get("purpose")),
        bytes=_first_int(item, "bytes"),
        created_at=_time(item, "created_at", odd),
        expires_at=_time(item, "expires_at", odd),
    )


def _text(value: object) -> str | None:
    """A non-empty string; an empty id has been seen where none was meant."""
    return clean_line(value) if isinstance(value, str) and value else None


def _word(value: object) -> str | None:
    """A text that thousands of batches have in common: held in memory once."""
    text = _text(value)
    return sys.intern(text) if text else None


def _int(value: object) -> int | None:
    """A whole number that can be counted with: JSON has no bound, while a division and a database column do."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**_DIGITS:
        return None
    return int(value) if value == int(value) else None


def _time(item: Mapping[str, Any], name: str, odd: list[str]) -> int | None:
    value = item.get(name)
    if value in (None, "", 0):
        return None
    seconds = int(value) if isinstance(value, float) and abs(value) < 1e15 else _int(value)
    if seconds is None and isinstance(value, str):
        try:
            stamp = datetime.fromisoformat(value)
            seconds = int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            seconds = None
    if seconds is not None and seconds >= _MILLISECONDS:
        seconds //= 1000
    if seconds is None or not 0 <= seconds < _MILLISECONDS:
        odd.append(name)
        return None
    return seconds


def _counts(value: object, odd: list[str]) -> Counts | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        odd.append("request_counts")
        return None
    counts = Counts(
        total=_first_int(value, "total", "total_requests"),
        completed=_first_int(value, "completed", "succeeded", "completed_requests"),
        failed=_first_int(value, "failed", "errored", "failed_requests"),
    )
    if counts == Counts():
        odd.append("request_counts")
        return None
    return counts


def _first_int(value: Mapping[str, object], *names: str) -> int | None:
    found = next((number for name in names if (number := _int(value.get(name))) is not None), None)
    return found if found is None or found >= 0 else None


def _usage(value: object, odd: list[str]) -> Usage | None:
    if value is None:
        return None
    if isinstance(value, dict):
        given = _first_int(value, "input_tokens", "prompt_tokens")
        made = _first_int(value, "output_tokens", "completion_tokens")
        if given is not None and made is not None:
            details, more = value.get("input_tokens_details"), value.get("output_tokens_details")
            return Usage(
                given,
                made,
                cached_tokens=(_first_int(details, "cached_tokens") or 0) if isinstance(details, dict) else 0,
                reasoning_tokens=(_first_int(more, "reasoning_tokens") or 0) if isinstance(more, dict) else 0,
            )
    odd.append("usage")
    return None


def _errors(value: object) -> tuple[BatchError, ...]:
    """Errors as an object with `data`, a list, or a bare string; a line that is only in the text is read from it."""
    if isinstance(value, dict):
        value = value.get("data") or ([value] if value.get("message") else [])
    if isinstance(value, str):
        value = [value] if value else []
    return tuple(_error(entry) for entry in value) if isinstance(value, list) else ()


def _error(entry: object) -> BatchError:
    if not isinstance(entry, dict):
        entry = {"message": str(entry)}
    message = _text(entry.get("message")) or "no reason given"
    line = _int(entry.get("line"))
    if line is None and (found := re.search(_LINE_IN_TEXT, message)):
        line = int(found[1])
    return BatchError(code=_text(entry.get("code")), message=message, line=line, param=_text(entry.get("param")))


def _metadata(value: object, odd: list[str]) -> tuple[tuple[str, str], ...]:
    if not value:
        return ()
    if not isinstance(value, dict):
        odd.append("metadata")
        return ()
    return tuple((sys.intern(clean_line(str(key))), clean_line(str(entry))) for key, entry in value.items())
