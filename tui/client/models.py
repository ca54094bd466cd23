"""Any provider's JSON made into a `Batch` or a `StoredFile`.

Nothing here raises for an odd field: what cannot be read is left out and its name is kept in `oddities`, so that a
provider's peculiarity costs one cell and never the screen. Every string is made safe to show on the way in.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tui.batches.batch import Batch, BatchError, Counts, Status, Usage
from tui.client import fields
from tui.format.text import clean_line

if TYPE_CHECKING:
    from tui.batches.stored_files import StoredFile

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
_TOTAL = ("total", "total_requests")
_COMPLETED = ("completed", "succeeded", "completed_requests")
_FAILED = ("failed", "errored", "failed_requests")
_PERCENT = ("progress", "percent", "percentage")
_LIST_FIELDS = frozenset({"object", "data", "has_more", "first_id", "last_id"})
_INPUT = ("input_tokens", "prompt_tokens")
_OUTPUT = ("output_tokens", "completion_tokens")


class Page(NamedTuple):
    """One page of a list: its items as the server sent them, and where the next page begins.

    An item's id is a text. `unread` items of the page are none that have an id, and are not among `items`.
    `ended` where the server says in so many words that nothing follows, which `has_more` does not tell.
    """

    items: tuple[Mapping[str, Any], ...]
    has_more: bool
    last_id: str | None
    unread: int = 0
    ended: bool = False


def page_from(answer: object) -> Page | None:
    """A list answer, in an envelope too, or None where the answer is no list at all."""
    from tui.client.answers import list_in

    found = list_in(answer)
    if found is None:
        return None
    items = tuple(
        item if item["id"] == known else {**item, "id": known}
        for item in found["data"]
        if isinstance(item, dict) and (known := fields.identity(item.get("id")))
    )
    last = fields.identity(found.get("last_id")) or (items[-1]["id"] if items else None)
    more = fields.flag(found.get("has_more"))
    return Page(items, more is True, last, len(found["data"]) - len(items), ended=more is False)


def batch_from(item: Mapping[str, Any]) -> Batch | None:
    """The batch that `item` describes, or None where it has no id to know it by."""
    identity = fields.identity(item.get("id"))
    if identity is None:
        return None
    item = fields.snake(item)
    odd: list[str] = []
    raw_status = _word(item.get("status")) or "?"
    status = _STATUSES.get(raw_status.strip().lower().replace(" ", "_").replace("-", "_"), Status.UNKNOWN)
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
        input_file_id=_identity(item.get("input_file_id")),
        output_file_id=_identity(item.get("output_file_id")),
        error_file_id=_identity(item.get("error_file_id")),
        counts=_counts(item, odd),
        usage=_usage(item.get("usage"), odd),
        errors=_errors(item.get("errors"), odd) or _errors(item.get("error"), odd),
        metadata=_metadata(item.get("metadata"), odd),
        oddities=tuple(odd),
        **stamps,
        gone=False,
    )


def file_from(item: object) -> "StoredFile | None":
    """The file that `item` describes, or None where it has no id."""
    from tui.batches.stored_files import StoredFile

    if not isinstance(item, dict) or not (identity := fields.identity(item.get("id"))):
        return None
    item = fields.snake(item)
    odd: list[str] = []
    return StoredFile(
        id=clean_line(identity),
        filename=fields.text(item.get("filename")),
        purpose=fields.text(item.get("purpose")),
        bytes=fields.first(item, "bytes"),
        created_at=_time(item, "created_at", odd),
        expires_at=_time(item, "expires_at", odd),
    )


def _identity(value: object) -> str | None:
    known = fields.identity(value)
    return clean_line(known) if known else None


def _word(value: object) -> str | None:
    """A text that thousands of batches have in common: held in memory once."""
    found = fields.text(value)
    return sys.intern(found) if found else None


def _time(item: Mapping[str, Any], name: str, odd: list[str]) -> int | None:
    value = item.get(name)
    if value in (None, "", 0):
        return None
    seconds = fields.moment(value)
    if seconds is None:
        odd.append(name)
    return seconds


def _counts(item: Mapping[str, Any], odd: list[str]) -> Counts | None:
    """Counts where the API has them, else those that stand beside the status, or how far it is in per cent."""
    value = item.get("request_counts")
    within = fields.mapping(value)
    if within is not None and (counts := _counted(within, _percent(within))) is not None:
        return counts
    share = _share(value) if isinstance(value, str) else _percent(item)
    if (counts := _counted(item, share)) is not None and (counts.share is not None or _adds_up(counts)):
        return counts
    if value is not None:
        odd.append("request_counts")
    return None


def _counted(value: Mapping[str, Any], share: float | None) -> Counts | None:
    counts = Counts(
        fields.first(value, *_TOTAL), fields.first(value, *_COMPLETED), fields.first(value, *_FAILED), share
    )
    return None if counts == Counts() else counts


def _adds_up(counts: Counts) -> bool:
    """Whether numbers that stand beside the status can be counts of requests, and no others."""
    return counts.total is not None and counts.ended is not None and counts.ended <= counts.total


def _percent(value: Mapping[str, Any]) -> float | None:
    return next((share for name in _PERCENT if (share := _share(value.get(name))) is not None), None)


def _share(value: object) -> float | None:
    """How far a batch is, 0 to 1, from a number of per cent.

    Of numbers up to 1 nobody can tell whether they are per cent or a share, unless the sign is there.
    """
    signed = isinstance(value, str) and value.rstrip().endswith("%")
    number = fields.number(value.rstrip().removesuffix("%") if isinstance(value, str) else value)
    return (
        number / 100 if number is not None and (1 < number <= 100 or number == 0 or (signed and number > 0)) else None
    )


def _usage(value: object, odd: list[str]) -> Usage | None:
    if value is None:
        return None
    within = fields.mapping(value)
    usage = _used(within) if within is not None else None
    if usage is None:
        odd.append("usage")
    return usage


def _used(value: Mapping[str, Any]) -> Usage | None:
    given, made = fields.first(value, *_INPUT), fields.first(value, *_OUTPUT)
    total = fields.first(value, "total_tokens")
    # With one of them and the sum the other is known too.
    if total is not None and given is not None and made is None and total >= given:
        made = total - given
    if total is not None and made is not None and given is None and total >= made:
        given = total - made
    if given is None or made is None:
        return None
    return Usage(
        given,
        made,
        cached_tokens=_detail(value, _INPUT, "cached_tokens", "prompt_cache_hit_tokens"),
        reasoning_tokens=_detail(value, _OUTPUT, "reasoning_tokens"),
    )


def _detail(value: Mapping[str, Any], of: Sequence[str], *names: str) -> int:
    """Some of the tokens that `of` counts, from their details or from beside them; 0 where nothing is told."""
    for name in of:
        details = fields.mapping(value.get(f"{name}_details"))
        if details is not None and (found := fields.first(details, *names)) is not None:
            return found
    return fields.first(value, *names) or 0


def _errors(value: object, odd: list[str]) -> tuple[BatchError, ...]:
    """Errors as an object with `data`, a list, or a bare string; a line that is only in the text is read from it."""
    if (within := fields.mapping(value)) is not None:
        value = within.get("data") or ([within] if within.keys() - _LIST_FIELDS else [])
        value = [value] if isinstance(value, dict) else value
    if isinstance(value, str):
        value = [value] if value else []
    if isinstance(value, list):
        return tuple(_error(entry) for entry in value if entry is not None)
    if value is not None and value is not False:
        odd.append("errors")
    return ()


def _error(entry: object) -> BatchError:
    from tui.client.error_words import words

    message = words(entry)
    if message is None and isinstance(entry, int | float | str):
        # Python refuses to write out an integer of thousands of digits.
        message = clean_line(str(entry)[:99]) if not isinstance(entry, int) or entry.bit_length() < 300 else None
    told = fields.snake(entry) if isinstance(entry, dict) else {}
    message = message or "no reason given"
    line = fields.first(told, "line", "line_number")
    if line is None and (found := re.search(_LINE_IN_TEXT, message)):
        line = int(found[1])
    code = told.get("code")
    return BatchError(
        code=str(code) if fields.whole(code) is not None else fields.text(code),
        message=message,
        line=line,
        param=fields.text(told.get("param")),
    )


def _metadata(value: object, odd: list[str]) -> tuple[tuple[str, str], ...]:
    if not value:
        return ()
    pairs = fields.unpacked(value)
    if isinstance(pairs, list) and all(isinstance(entry, dict) and "key" in entry for entry in pairs):
        pairs = {str(entry["key"]): entry.get("value") for entry in pairs}
    if not isinstance(pairs, dict):
        odd.append("metadata")
        return ()
    return tuple((sys.intern(clean_line(str(key))), clean_line(_written(entry))) for key, entry in pairs.items())


def _written(value: object) -> str:
    """A value of metadata, which should be a text, as the JSON that it is."""
    if isinstance(value, str):
        return value
    import json

    try:
        return json.dumps(value, ensure_ascii=False)
    except ValueError:
        # An integer of thousands of digits, which Python refuses to write out.
        return "?"
