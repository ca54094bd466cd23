"""Deleting files that `lazybatch files` has found."""

import asyncio
from typing import Any

from tui.batches.names import Names
from tui.batches.stored_files import KEPT, Standing, StoredFile
from tui.cli.commands.files.describe import Found, file_object, narrowed, say_table, total
from tui.cli.confirm import agreed
from tui.cli.context import opened
from tui.cli.output import Output
from tui.flows.files.delete import Deleted, Outcome, delete
from tui.settings.profiles import Profile

_SHOWN = 20
_GONE = {Outcome.DELETED, Outcome.ALREADY_GONE}
_WORDS = {
    Outcome.DELETED: "deleted",
    Outcome.ALREADY_GONE: "was gone already",
    Outcome.IN_USE: "kept",
    Outcome.REFUSED: "was not deleted",
    Outcome.UNREACHABLE: "was not deleted, as far as is known",
}
_WHY_KEPT = {
    Standing.IN_USE: "A batch that runs, or a submission that is not over, uses it.",
    Standing.UNKNOWN: "Not all batches are known: one may use it.",
}


def delete_found(found: Found, names: Names, profile: Profile, output: Output, *, yes: bool) -> int:
    """Delete what was found after telling what it is and asking, unless `yes`; the exit status.

    1 where a file is kept or refused or the answer is no, 3 where no answer came.
    """
    ends = [
        Deleted(file, Outcome.IN_USE, _WHY_KEPT[standing])
        for file in found.files
        if (standing := found.standing(file)) in KEPT
    ]
    ends += [Deleted(StoredFile(file_id), Outcome.ALREADY_GONE) for file_id in found.missing]
    for end in ends:
        _tell(end, output)
    going = narrowed(found, set(Standing) - KEPT)
    if not going.files:
        output.note("There is nothing to delete.")
    elif not yes and not _agreed(going, names, profile, output):
        output.note("Nothing was deleted.")
        output.document([])
        return 1
    else:
        ends += asyncio.run(_delete(going, profile, output))
    output.document([_object(end, found) for end in ends])
    return max(map(_status, ends), default=0)


def _agreed(going: Found, names: Names, profile: Profile, output: Output) -> bool:
    say_table(going, names, output, _SHOWN)
    return agreed(f"Delete {total(going.files)}, at {profile.host}? What is deleted cannot be brought back.")


async def _delete(going: Found, profile: Profile, output: Output) -> list[Deleted]:
    ends = []
    async with opened(profile) as session:
        async for end in delete(going.files, wire=session.wire, journal=session.journal, queue=session.queue):
            ends.append(end)
            _tell(end, output)
    gone = [end.file for end in ends if end.outcome is Outcome.DELETED]
    output.note(f"Deleted {total(gone)}." if gone else "Nothing was deleted.")
    return ends


def _tell(end: Deleted, output: Output) -> None:
    why = f": {end.message}" if end.message else ""
    output.say(f"{end.file.id} {_WORDS[end.outcome]}{why}")


def _status(end: Deleted) -> int:
    """The exit status that this outcome asks for."""
    if end.outcome in _GONE:
        return 0
    return 3 if end.outcome is Outcome.UNREACHABLE else end.error.exit_code if end.error else 1


def _object(end: Deleted, found: Found) -> dict[str, Any]:
    return {**file_object(end.file, found.uses), "outcome": end.outcome.value, "message": end.message}
