"""Finding out what batches are called: by the files that the server keeps of them."""

import asyncio
from collections.abc import Collection, Iterable
from typing import Final

from tui.batches.batch import Batch
from tui.batches.names import Names
from tui.batches.stored_files import INPUT_PURPOSE
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import Page, file_from
from tui.flows.listing.pager import Incomplete
from tui.flows.listing.pager import files as list_of_files

# Names are not worth more: so many pages of the list of files, or where there is none, so many files one by one.
_PAGES: Final = 10
_FILES: Final = 20
_OLDEST: Final = 7 * 86400.0  # seconds that an input file is looked for before its batch was made


async def ask_names(names: Names, batches: Iterable[Batch], wire: Wire) -> bool:
    """Ask the server for the input files of those of `batches` that have no name yet; whether it told any new name.

    Each file is asked for once, whatever is answered. Nothing is raised: some providers tell no names.
    """
    nameless = await asyncio.to_thread(names.nameless, list(batches))
    missing = [batch for batch in nameless if batch.input_file_id and batch.input_file_id not in names.asked]
    missing.sort(key=lambda batch: -(batch.created_at or 0))
    ids = list(dict.fromkeys(str(batch.input_file_id) for batch in missing))
    names.asked.update(ids)
    try:
        if len(ids) > 1:
            return await _list_names(names, wire, ids, since=(missing[-1].created_at or 0) - _OLDEST)
    except WireError as error:
        if error.kind not in {Kind.NOT_FOUND, Kind.REFUSED}:
            return False
    return await _ask_one_by_one(names, wire, ids[:_FILES])


async def list_names(names: Names, wire: Wire) -> None:
    """Learn the names of the newest input files, some thousands, where they are listed. Nothing is raised."""
    try:
        await _list_names(names, wire, (), since=0.0)
    except WireError:
        return


async def _list_names(names: Names, wire: Wire, ids: Collection[str], *, since: float) -> bool:
    """Learn the names on the pages up to the last of `ids`, if there are any, or one of before `since` (Unix s)."""
    left, number, news = set(ids), 0, False

    def learn(page: Page) -> tuple[bool, bool]:
        """Whether that told a new name, and whether the pages behind this one are worth asking for."""
        files = [found for found in map(file_from, page.items) if found is not None]
        left.difference_update(found.id for found in files)
        older = any(found.created_at is not None and found.created_at < since for found in files)
        return names.learn_files(files), not older and bool(left or not ids)

    async for page in list_of_files(wire, INPUT_PURPOSE).pages():
        if isinstance(page, Incomplete):
            break
        # A thousand at a time: for a thread.
        new, more = await asyncio.to_thread(learn, page)
        news, number = news or new, number + 1
        if not more or number == _PAGES:
            break
    return news


async def _ask_one_by_one(names: Names, wire: Wire, ids: Iterable[str]) -> bool:
    news = False
    for file_id in ids:
        try:
            news |= names.learn_files([await wire.retrieve_file(file_id)])
        except WireError as error:
            # One that was deleted says nothing of the others.
            if error.kind is not Kind.NOT_FOUND:
                break
    return news
