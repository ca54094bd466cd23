"""`lazybatch cancel`."""

import asyncio
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui.batches.batch import Batch, Status
from tui.batches.cancel_impact import MANY, sentence, stake
from tui.batches.names import Names
from tui.batches.query.parse import Query
from tui.batches.sort import select
from tui.cli import status_text
from tui.cli.commands.watch import note_retry
from tui.cli.confirm import agreed, need_a_terminal
from tui.cli.context import connected, journal, own_names, to_change
from tui.cli.costs import asks_for_cost, costing
from tui.cli.filter import query_of
from tui.cli.json import status_word
from tui.cli.output import Output
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.flows.cancel import Cancelled, Outcome, Waiting, cancel
from tui.flows.follow import Changed, Gone, Retrying, follow, retrieve
from tui.flows.listing.batches import cancellable
from tui.flows.listing.file_names import ask_names
from tui.format.text import duration, plural
from tui.settings.profiles import Profile

_WAIT_INTERVAL = 2.0
_WORDS = {
    Outcome.CANCELLING: "is being cancelled",
    Outcome.CANCELLED: "is cancelled",
    Outcome.ALREADY_ENDED: "was not cancelled",
    Outcome.REFUSED: "was not cancelled",
    Outcome.UNREACHABLE: "was not cancelled, as far as is known",
}


def run(options: Namespace) -> int:
    """Cancel batches; 1 where one was refused or the answer to the question is no, 3 where no answer came, or a page of
    the list failed that may have had more of them.

    A batch that had ended already counts as refused if it was named, and not if it was found.
    """
    profile = to_change(options, "cancel anything")
    need_a_terminal(yes=options.yes, verb="cancel")
    output = Output(as_json=options.json)
    query = query_of(options.filter)
    ids = list(dict.fromkeys(options.ids))
    named = bool(ids)
    if not (named and options.yes):
        names = own_names(profile)
        batches = asyncio.run(_find(profile, ids, query, names, output))
        # What is cancelled is what was shown, not what the filter would match by then.
        ids = [batch.id for batch in batches]
        if ids and not options.yes and not _agreed(batches, names, profile, output):
            output.note("Nothing was cancelled.")
            output.document([])
            return 1
    if not ids:
        listed = " among what was listed" if output.incomplete else ""
        output.note(f"Nothing is running{listed} that a cancel would stop.")
    ends = asyncio.run(_cancel(ids, profile, output, wait=options.wait)) if ids else []
    output.document([_object(end) for end in ends])
    return max((output.incomplete, *(_status(end, named=named) for end in ends)))


async def _find(profile: Profile, ids: Sequence[str], query: Query | None, names: Names, output: Output) -> list[Batch]:
    """The batches called `ids`; without any, those that still work, as far as they match."""
    async with connected(profile) as wire:
        if ids:
            batches = [await retrieve(wire, batch_id) for batch_id in ids]
            await ask_names(names, batches, wire)
            return batches
        batches = await cancellable(wire, output.cut_short)
        await ask_names(names, batches, wire)
        if query is None:
            return batches
        now = wire.now
        with costing(profile) as costs:
            if asks_for_cost(query):
                costs.learn(batches)
            return select(batches, query, names.name_of, now, costs.spent_on)


def _agreed(batches: Sequence[Batch], names: Names, profile: Profile, output: Output) -> bool:
    for batch in batches:
        output.note(
            f"  {status_text.state(batch):<13}  {batch.id}  {status_text.done(batch)} done  {names.name_of(batch)}"
        )
    with costing(profile) as costs:
        costs.learn(batches)
        told = sentence(stake(batches, costs.of))
    number = len(batches)
    return agreed(
        f"Cancel {plural(number, 'batch', 'batches')} at {profile.name} · {profile.host}? {told}",
        number=number if number > MANY else None,
    )


async def _cancel(ids: Sequence[str], profile: Profile, output: Output, *, wait: bool) -> list[Cancelled]:
    ends: dict[str, Cancelled] = {}
    with journal(profile) as book:
        async with connected(profile) as wire:
            async for step in cancel(ids, wire=wire, journal=book):
                if isinstance(step, Waiting):
                    output.note(f"{step.error.sentence} Trying again in {duration(max(step.seconds, 1.0))} …")
                    continue
                ends[step.batch_id] = step
                _tell(step, output)
            if wait:
                await _wait(ends, wire, output)
    return list(ends.values())


async def _wait(ends: dict[str, Cancelled], wire: Wire, output: Output) -> None:
    """Bring `ends` up to what the batches have come to when none is active any more."""
    ids = [key for key, end in ends.items() if end.outcome is Outcome.CANCELLING]
    try:
        async for step in follow(ids, wire, _WAIT_INTERVAL):
            if isinstance(step, Changed) and not (batch := step.batch).status.active:
                outcome = Outcome.CANCELLED if batch.status is Status.CANCELLED else Outcome.ALREADY_ENDED
                ends[batch.id] = replace(ends[batch.id], outcome=outcome, batch=batch)
                _tell(ends[batch.id], output)
            elif isinstance(step, Gone):
                end = ends[step.batch_id]
                why = f"It was told to stop, and then the server no longer had it. {step.error.sentence}"
                ends[step.batch_id] = replace(end, outcome=Outcome.UNREACHABLE, message=why, error=step.error)
                _tell(ends[step.batch_id], output)
            elif isinstance(step, Retrying):
                note_retry(step, output)
    except WireError as error:
        # The cancels have been sent: what is known of them is told all the same.
        output.note(error.sentence)
        for key, end in ends.items():
            if end.outcome is Outcome.CANCELLING:
                ends[key] = replace(end, outcome=Outcome.UNREACHABLE, message=error.sentence)


def _tell(end: Cancelled, output: Output) -> None:
    why = f": {end.message}" if end.message else ""
    output.say(f"{end.batch_id} {_WORDS[end.outcome]}{why}")


def _status(end: Cancelled, *, named: bool) -> int:
    """The exit status that this outcome asks for."""
    if end.outcome is Outcome.UNREACHABLE:
        return 3
    if end.outcome is Outcome.REFUSED:
        return end.error.exit_code if end.error else 1
    return int(named and end.outcome is Outcome.ALREADY_ENDED)


def _object(end: Cancelled) -> dict[str, Any]:
    return {
        "id": end.batch_id,
        "outcome": end.outcome.value,
        "status": None if end.batch is None else status_word(end.batch),
        "message": end.message,
    }
