"""Stored files as commands tell them: what was found, the JSON object, the table."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui.batches.batch import Batch
from tui.batches.names import Names
from tui.batches.stored_files import Standing, StoredFile, Uses, kind, shown_name
from tui.cli import status_text
from tui.cli.output import Output
from tui.cli.table import Column, fitted, joined
from tui.format.text import age, count, plural, size

_COLUMNS = (
    Column("ID"),
    Column("KIND"),
    Column("SIZE", "right"),
    Column("AGE", "right", drop=2),
    Column("LEFT", "right", drop=1),
    Column("FILE", drop=3),
    Column("USED BY"),
)
_WORDS = {Standing.ORPHAN: "orphan", Standing.UNKNOWN: "?", Standing.IN_USE: "a submission that is not over"}


@dataclass(frozen=True, slots=True)
class Found:
    """The files that were asked for, the newest first; `now` in Unix seconds of the server's clock.

    `missing` are ids that the server has no file of; `cut_short` says what could not be found out.
    """

    files: Sequence[StoredFile]
    uses: Uses
    now: float
    missing: Sequence[str] = ()
    cut_short: str | None = None

    def standing(self, file: StoredFile) -> Standing:
        """What `file` is to the batches."""
        return self.uses.standing(file, self.now)


def file_object(file: StoredFile, uses: Uses) -> dict[str, Any]:
    """The fields of the contract; what is unknown is null. Times are Unix seconds."""
    return {
        "id": file.id,
        "filename": file.filename,
        "purpose": file.purpose,
        "bytes": file.bytes,
        "created_at": file.created_at,
        "expires_at": file.expires_at,
        "used_by": [batch.id for batch in uses.of(file)],
    }


def narrowed(found: Found, standings: Collection[Standing]) -> Found:
    """`found` with the files of these standings alone."""
    return replace(found, files=[file for file in found.files if found.standing(file) in standings])


def say_table(found: Found, names: Names, output: Output, most: int | None = None) -> None:
    """The files as a table, up to `most` of them."""
    shown = found.files[:most]
    lines = fitted(_COLUMNS, [_row(file, found, names) for file in shown], output.width)
    output.lines(map(joined, lines))
    if len(shown) < len(found.files):
        output.say(f"… and {count(len(found.files) - len(shown))} more")


def total(files: Iterable[StoredFile]) -> str:
    """How many files, and how much they hold: `3 files, 1.2 GB`."""
    sizes = [file.bytes for file in files]
    known = size(sum(one for one in sizes if one is not None))
    return f"{plural(len(sizes), 'file')}, {known}{' at least' if None in sizes else ''}"


def _row(file: StoredFile, found: Found, names: Names) -> tuple[str, ...]:
    left = None if file.expires_at is None else file.expires_at - found.now
    return (
        file.id,
        kind(file, found.uses.of(file)),
        "?" if file.bytes is None else size(file.bytes),
        "?" if file.created_at is None else age(found.now - file.created_at),
        "–" if left is None else age(left) if left > 0 else "none",
        shown_name(file.filename or "–"),
        _used_by(found.uses.of(file), found.standing(file), names),
    )


def _used_by(users: Sequence[Batch], standing: Standing, names: Names) -> str:
    told = [f"{status_text.state(batch)} {names.name_of(batch)}" for batch in users[:1]]
    if len(users) > 1:
        told.append(f"and {count(len(users) - 1)} more")
    if standing is Standing.ORPHAN or not users:
        told.append(_WORDS.get(standing, "–"))
    return " ".join(told)
