"""`lazybatch list`."""

import asyncio
import time
from argparse import Namespace
from collections.abc import Sequence

from tui.batches.batch import Batch
from tui.headless import states
from tui.headless.naming import Names
from tui.headless.objects import batch_object
from tui.headless.paging import newest_first
from tui.headless.printing import Output
from tui.headless.session import connected, own_submissions, with_key
from tui.headless.table import Column, fitted, joined
from tui.settings import Profile
from tui.text import age

_LIMIT = 20
_LARGEST_PAGE = 100
_COLUMNS = (
    Column("STATUS"),
    Column("ID"),
    Column("DONE", "right", drop=4),
    Column("", "right", drop=1),
    Column("FAIL", "right", drop=3),
    Column("AGE", "right", drop=2),
    Column("MODEL", drop=5),
    Column("NAME"),
)


def run(options: Namespace) -> int:
    """Print the batches that the options ask for."""
    profile = with_key(options)
    output = Output(as_json=options.json)
    limit = None if options.all else options.limit or _LIMIT
    names = Names(own_submissions(profile))
    batches, more, now = asyncio.run(_gather(profile, names, set(options.status or ()), limit))
    if options.json:
        output.document([batch_object(batch, names.of(batch)) for batch in batches])
    elif batches:
        _print(batches, names, now, output)
    else:
        output.note("There is no such batch." if options.status else "There are no batches yet.")
    if more and options.limit is None:
        output.note(f"These are the newest {_LIMIT}: --all lists every batch, --limit N the newest N.")
    return 0


async def _gather(
    profile: Profile, names: Names, statuses: set[str], limit: int | None
) -> tuple[list[Batch], bool, float]:
    """The newest batches in one of `statuses` (any, if empty), whether there are more, and the server's time."""
    # One more than asked for tells whether there are more.
    wanted = None if limit is None else limit + 1
    page = _LARGEST_PAGE if statuses or wanted is None else min(wanted, _LARGEST_PAGE)
    batches: list[Batch] = []
    async with connected(profile) as wire:
        async for batch in newest_first(wire, page_size=page):
            if not statuses or batch.status.value in statuses:
                batches.append(batch)
            if len(batches) == wanted:
                break
        shown = batches[:limit]
        await names.ask_for_many(shown, wire)
        now = time.time() + wire.clock_ahead
    # Not every provider sorts.
    return sorted(shown, key=lambda batch: -(batch.created_at or 0)), len(batches) > len(shown), now


def _print(batches: Sequence[Batch], names: Names, now: float, output: Output) -> None:
    rows = [
        (
            states.state(batch),
            batch.id,
            states.done(batch),
            states.share(batch),
            states.failed(batch),
            "–" if batch.created_at is None else age(now - batch.created_at),
            batch.model or "–",
            names.of(batch),
        )
        for batch in batches
    ]
    title, *lines = fitted(_COLUMNS, rows, output.width)
    if output.coloured:
        for cells, batch in zip(lines, batches, strict=True):
            cells[0] = states.coloured(cells[0], batch.status)
    output.lines(map(joined, [title, *lines]))
