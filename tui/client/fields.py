"""One field of an answer, read as what it says whatever its JSON type, or as unknown."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from tui.format.text import clean_line

_DIGITS = 18
_MILLISECONDS = 100_000_000_000  # as Unix seconds this is the year 5138, as milliseconds 1973
_NUMBER = r"[+-]?\d{1,17}(\.\d{1,17})?"
# Names in which a time stands within an object, as databases and languages write theirs out.
_WITHIN = ("seconds", "Seconds", "Time", "$date")


def identity(value: object) -> str | None:
    """An id, as text where it is a number; None for what cannot name anything."""
    if isinstance(value, str):
        # U+FFFD is what was left of bytes that could not be read.
        return value if value and "\ufffd" not in value else None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 10**_DIGITS:
        return None
    return str(value)


def text(value: object) -> str | None:
    """A non-empty string, safe to show; an empty id has been seen where none was meant."""
    return clean_line(value) if isinstance(value, str) and value else None


def whole(value: object) -> int | None:
    """A whole number that can be counted with: JSON has no bound, while a division and a database column do."""
    if isinstance(value, str):
        value = number(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**_DIGITS:
        return None
    return int(value) if value == int(value) else None


def number(value: object) -> float | None:
    """A number, also one written as text; never infinite."""
    if isinstance(value, str):
        value = value.strip()
        if not value.isascii() or not re.fullmatch(_NUMBER, value):
            return None
        return float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 10**_DIGITS:
        return None
    return value


def flag(value: object) -> bool | None:
    """A yes or a no, also as text or as 1 and 0."""
    if isinstance(value, str):
        value = value.strip().lower()
    if value in ("true", "1", 1):
        return True
    return False if value in ("false", "0", 0) else None


def mapping(value: object) -> Mapping[str, Any] | None:
    """An object, also one that was written into a text; its names in the API's spelling."""
    value = unpacked(value)
    return snake(cast("Mapping[str, Any]", value)) if isinstance(value, dict) else None


def unpacked(value: object) -> object:
    """The object that was written into a text; `value` itself where it is none such."""
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def snake(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """`item` with names such as `createdAt` as `created_at`, beside which the former does not count."""
    if all(name.islower() for name in item):
        return item
    own = {name: value for name, value in item.items() if name.islower()}
    return {
        re.sub("(?<=[a-z0-9])[A-Z]", lambda capital: f"_{capital[0]}", name).lower(): item[name] for name in item
    } | own


def first(value: Mapping[str, object], *names: str) -> int | None:
    """The first of the fields `names` that has a whole number; None where that is below zero."""
    found = next((number for name in names if (number := whole(value.get(name))) is not None), None)
    return found if found is None or found >= 0 else None


def moment(value: object) -> int | None:
    """A time in Unix seconds, from seconds, milliseconds or microseconds, a date as text, or an object around one."""
    if isinstance(value, dict):
        value = next((value[name] for name in _WITHIN if value.get(name) is not None), None)
    exact = number(value)
    seconds = None if exact is None else int(exact)
    if seconds is None and isinstance(value, str):
        try:
            stamp = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
            seconds = int((stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            return None
    for _ in range(2):
        if seconds is not None and seconds >= _MILLISECONDS:
            seconds //= 1000
    return seconds if seconds is not None and 0 <= seconds < _MILLISECONDS else None
