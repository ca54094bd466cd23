"""`lazybatch files`."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence

from tui.batches.names import Names
from tui.batches.stored_files import Standing, StoredFile
from tui.cli.commands.files.describe import Found, file_object, narrowed, say_table
from tui.cli.confirm import need_a_terminal
from tui.cli.context import opened, own_names, to_change, with_key
from tui.cli.output import Output
from tui.flows.files.survey import Listed, Surveyed, survey
from tui.settings.profiles import Profile


def run(options: Namespace) -> int:
    """Print the files, or delete them; 1 where one is kept or missing, or it could not be told which are orphans."""
    profile = to_change(options, "delete anything") if options.delete else with_key(options)
    if options.delete:
        need_a_terminal(yes=options.yes, verb="delete")
    output = Output(as_json=options.json)
    names = own_names(profile)
    found = asyncio.run(_found(profile, options.ids, names))
    if options.orphans:
        found = narrowed(found, {Standing.ORPHAN})
    if found.cut_short:
        output.note(f"{found.cut_short}{'' if found.uses.complete else ' So no file is called an orphan.'}")
    unknown = not found.uses.complete and (options.orphans or options.delete)
    if options.delete:
        from tui.cli.commands.files.delete import delete_found

        if not options.ids and not options.orphans:
            found = narrowed(found, {Standing.ORPHAN, Standing.INPUT})
        return max(delete_found(found, names, profile, output, yes=options.yes), int(unknown))
    for file_id in found.missing:
        output.note(f"{file_id}: there is no such file.")
    output.document([file_object(file, found.uses) for file in found.files])
    if found.files and not options.json:
        say_table(found, names, output)
    elif not options.json and not found.missing:
        output.note("There are no orphans." if options.orphans else "There are no files.")
    return int(unknown or bool(found.missing))


async def _found(profile: Profile, ids: Sequence[str], names: Names) -> Found:
    """All files, or those called `ids`; `names` learn what they tell."""
    files: dict[str, StoredFile] = {}
    end: Surveyed | None = None
    named = dict.fromkeys(ids)
    async with opened(profile) as session:
        steps = survey(wire=session.wire, journal=session.journal, queue=session.queue, named=named)
        async for step in steps:
            if isinstance(step, Listed):
                files |= {file.id: file for file in step.files}
                names.learn_files(step.files)
            else:
                end = step
        now = session.now
    if end is None:
        raise AssertionError("the last step tells the uses")
    wanted = [files[file_id] for file_id in named if file_id in files] if named else list(files.values())
    wanted.sort(key=lambda file: (-(file.created_at or 0), file.id))
    return Found(wanted, end.uses, now, [file_id for file_id in named if file_id not in files], end.cut_short)
