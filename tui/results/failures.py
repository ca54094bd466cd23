"""Failures grouped by what went wrong, with the parts that vary from line to line taken out."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tui.format.text import clean_line

_MESSAGE: Final = 500
_OTHER: Final = "(many different messages)"
# Groups of their own, then groups by status and code alone, then one for all the rest: memory stays bounded.
_GROUPS: Final = (500, 1000)
_VARIES: Final = re.compile(
    r"""(?<!\w)'[^'\n]{1,200}'(?!\w) | "[^"\n]{1,200}" | `[^`\n]{1,200}`
    | \b(?:org|proj|file|batch|req|resp|chatcmpl)[-_][\w-]{4,64}
    | \b[\w-]{0,64}\d(?:[\w%-]|[.,:](?=\w)){0,128}""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Failures with one cause; all text is safe to show.

    `number` names the group within one verdict. `message` is what they all say, with … for what varies among them.
    `example_row` is the request (from 0) of `example_custom_id`.
    """

    number: int
    status_code: int | None
    code: str | None
    message: str
    count: int
    example_custom_id: str
    example_row: int


@dataclass(slots=True)
class _Open:
    status_code: int | None
    code: str | None
    message: str
    custom_id: str
    row: int
    count: int = 0
    varies: bool = False


class Triage:
    """Failures on their way into groups."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[int | None, str | None, str], int] = {}
        self._groups: list[_Open] = []

    def add(self, status_code: int | None, code: str | None, message: str | None, custom_id: str, row: int) -> int:
        """Count a failure of request `row`; the number of its group, below 65,000."""
        said = (message or "")[:_MESSAGE]
        code = code[:120] if code else None
        number = self._number(status_code, code, said, custom_id, row)
        group = self._groups[number]
        group.count += 1
        if not group.varies and group.message != said:
            group.varies = True
            group.message = pattern(said)
        return number

    def take_back(self, number: int) -> str | None:
        """Uncount one failure, its request has another result after all; the code of its group."""
        self._groups[number].count -= 1
        return self._groups[number].code

    def groups(self) -> tuple[FailureGroup, ...]:
        """The groups that have failures, largest first."""
        named = (
            FailureGroup(
                number,
                group.status_code,
                clean_line(group.code) if group.code else None,
                clean_line(group.message),
                group.count,
                clean_line(group.custom_id[:512]),
                group.row,
            )
            for number, group in enumerate(self._groups)
            if group.count
        )
        return tuple(sorted(named, key=lambda group: (-group.count, group.number)))

    def _number(self, status_code: int | None, code: str | None, said: str, custom_id: str, row: int) -> int:
        keys = ((status_code, code, pattern(said)), (status_code, code, _OTHER), (None, None, _OTHER))
        for place, key in enumerate(keys):
            number = self._numbers.get(key)
            if number is not None:
                return number
            if place == len(_GROUPS) or len(self._groups) < _GROUPS[place]:
                break
        self._numbers[key] = len(self._groups)
        fixed = place > 0
        self._groups.append(_Open(key[0], key[1], _OTHER if fixed else said, custom_id, row, varies=fixed))
        return len(self._groups) - 1


@lru_cache(maxsize=2048)
def pattern(message: str) -> str:
    """`message` with quoted values, identifiers and numbers as …: the same for messages that say the same."""
    return _VARIES.sub("…", message)
