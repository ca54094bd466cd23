"""`lazybatch watch`."""

import asyncio
from argparse import Namespace
from datetime import datetime

from tui.batches.batch import Batch, Status
from tui.batches.cost import Cost
from tui.cli import status_text
from tui.cli.context import connected, own_names, with_key
from tui.cli.costs import costing
from tui.cli.json import batch_object
from tui.cli.output import Output
from tui.flows.costs import Costs
from tui.flows.follow import Gone, Retrying, follow
from tui.flows.listing.batches import active
from tui.flows.listing.file_names import ask_names
from tui.format.text import duration
from tui.settings.profiles import Profile


def run(options: Namespace) -> int:
    """Tell every change until all batches have ended; 1 where one did not complete."""
    profile = with_key(options)
    with costing(profile) as costs:
        return asyncio.run(_watch(options, profile, costs, Output(as_json=options.json)))


async def _watch(options: Namespace, profile: Profile, costs: Costs, output: Output) -> int:
    names = own_names(profile)
    last: dict[str, Batch] = {}
    gone = 0
    async with connected(profile) as wire:
        ids = list(options.ids)
        if options.all_active or not ids:
            found = await active(wire, output.cut_short)
            await ask_names(names, found, wire)
            ids += [batch.id for batch in found]
        if not ids:
            output.note("No batch is active.")
        async for step in follow(ids, wire, options.interval):
            if isinstance(step, Retrying):
                note_retry(step, output)
                continue
            if isinstance(step, Gone):
                gone = max(gone, step.error.exit_code)
                output.note(f"{step.batch_id} is not followed any more. {step.error.sentence}")
                continue
            batch = step.batch
            if batch.id not in last:
                await ask_names(names, [batch], wire)
            last[batch.id] = batch
            costs.learn(list(last.values()))
            _tell(batch, names.name_of(batch), costs.of(batch), output)
            if output.unread:
                break
    bad = any(batch.status is not Status.COMPLETED for batch in last.values())
    return max(output.incomplete, gone, int(bad))


def note_retry(step: Retrying, output: Output) -> None:
    """Tell that a call failed and is made again."""
    about = f"{step.batch_id}: " if step.batch_id else ""
    output.note(f"{about}{step.error.sentence} Trying again in {duration(max(step.seconds, 1.0))} …")


def _tell(batch: Batch, name: str, cost: Cost | None, output: Output) -> None:
    if output.as_json:
        output.event(batch_object(batch, name, cost))
        return
    clock = datetime.now().strftime("%H:%M:%S")
    parts = (status_text.share(batch), f"{status_text.done(batch)} done", f"{status_text.failed(batch)} failed")
    output.say(f"{clock}  {status_text.state(batch):<13}  {batch.id}  {', '.join(parts)}  {name}")
