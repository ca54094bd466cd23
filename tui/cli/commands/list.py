"""`lazybatch list`."""

import asyncio
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tui.batches.batch import Batch
from tui.batches.names import Names
from tui.batches.query.parse import Query
from tui.cli import status_text
from tui.cli.context import connected, own_names, with_key
from tui.cli.costs import asks_for_cost, costing
from tui.cli.filter import query_of
from tui.cli.json import batch_object
from tui.cli.output import Output
from tui.cli.table import Column, fitted, joined
from tui.flows.costs import Costs
from tui.flows.listing.batches import newest_first
from tui.flows.listing.file_names import ask_names, list_names
from tui.format.text import age
from tui.settings.profiles import Profile

_LIMIT = 20
# In 80 columns there is room for all but ids, which are long and alike, and models.
_COLUMNS = (
    Column("STATUS"),
    Column("ID", drop=7),
    Column("DONE", "right", drop=5),
    Column("%", "right", drop=1),
    Column("FAIL", "right", drop=3),
    Column("COST", "right", drop=2),
    Column("AGE", "right", drop=4),
    Column("MODEL", drop=6),
    Column("NAME"),
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which batches to list: those in one of `statuses`, if there are any, that match the query; true if not all."""

    statuses: frozenset[str]
    query: Query | None

    def __bool__(self) -> bool:
        return bool(self.statuses or self.query)

    def has(self, batch: Batch, name: str, now: float, spent: float | None) -> bool:
        """Whether `batch`, called `name`, is one of them; `now` in Unix seconds, what was `spent` in US dollars."""
        if self.statuses and batch.status.value not in self.statuses:
            return False
        return self.query is None or self.query.matches(batch, name=name, now=now, cost=spent)


def run(options: Namespace) -> int:
    """Print the batches that the options ask for; 3 where a page of them failed."""
    profile = with_key(options)
    output = Output(as_json=options.json)
    limit = None if options.all else options.limit or _LIMIT
    names = own_names(profile)
    wanted = Wanted(frozenset(options.status or ()), query_of(options.filter))
    with costing(profile) as costs:
        batches, more, now = asyncio.run(_gather(profile, names, wanted, limit, costs=costs, output=output))
        costs.learn(batches)
        if options.json:
            output.document([batch_object(batch, names.name_of(batch), costs.of(batch)) for batch in batches])
        elif batches:
            _print(batches, names, costs, now, output)
        else:
            nothing = "There is no such batch" if wanted else "There are no batches yet"
            output.note(f"{nothing}{' among those that were listed' if output.incomplete else ''}.")
    if more and options.limit is None:
        output.note(f"These are the newest {_LIMIT}: --all lists every batch, --limit N the newest N.")
    return output.incomplete


async def _gather(
    profile: Profile, names: Names, wanted: Wanted, limit: int | None, *, costs: Costs, output: Output
) -> tuple[list[Batch], bool, float]:
    """The newest of the batches that are wanted, whether there are more, and the server's time."""
    # One more than asked for tells whether there are more.
    most = None if limit is None else limit + 1
    batches: list[Batch] = []
    async with connected(profile) as wire:
        if wanted.query is not None:
            # A filter may ask for the name that the table shows.
            await list_names(names, wire)
        found = newest_first(wire, most=None if wanted else most, cut_short=output.cut_short)
        if asks_for_cost(wanted.query):
            found = _priced(found, costs)
        async for batch in found:
            if wanted.has(batch, names.name_of(batch), wire.now, costs.spent_on(batch)):
                batches.append(batch)
            if len(batches) == most:
                break
        shown = batches[:limit]
        await ask_names(names, shown, wire)
        now = wire.now
    # Not every provider sorts.
    return sorted(shown, key=lambda batch: -(batch.created_at or 0)), len(batches) > len(shown), now


async def _priced(found: AsyncIterator[Batch], costs: Costs) -> AsyncIterator[Batch]:
    """The same, once the costs of all are known: that of a running batch may hang on what others have used."""
    everything = [batch async for batch in found]
    costs.learn(everything)
    for batch in everything:
        yield batch


def _print(batches: Sequence[Batch], names: Names, costs: Costs, now: float, output: Output) -> None:
    rows = [
        (
            status_text.state(batch),
            batch.id,
            status_text.done(batch),
            status_text.share(batch),
            status_text.failed(batch),
            status_text.cost(costs.of(batch)),
            "–" if batch.created_at is None else age(now - batch.created_at),
            batch.model or "–",
            names.name_of(batch),
        )
        for batch in batches
    ]
    title, *lines = fitted(_COLUMNS, rows, output.width)
    if output.coloured:
        for cells, batch in zip(lines, batches, strict=True):
            cells[0] = status_text.coloured(cells[0], batch.status)
    output.lines(map(joined, [title, *lines]))
    if not any(cell.strip() == "ID" for cell in title):
        output.note("A wider terminal shows the ids; --json always does.")
