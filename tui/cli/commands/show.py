"""`lazybatch show`."""

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from datetime import datetime

from tui.batches import display
from tui.batches.batch import Batch, Status, timeline
from tui.batches.cost import Cost
from tui.batches.names import Names
from tui.cli import status_text
from tui.cli.context import connected, own_names, with_key
from tui.cli.costs import costing
from tui.cli.json import batch_object_with_timeline
from tui.cli.output import Output
from tui.flows.follow import retrieve
from tui.flows.listing.file_names import ask_names
from tui.format.text import count, duration
from tui.settings.profiles import Profile

_BAD = {Status.FAILED, Status.EXPIRED, Status.CANCELLED}


def run(options: Namespace) -> int:
    """Print one batch; 1 where it failed, expired or was cancelled."""
    profile = with_key(options)
    output = Output(as_json=options.json)
    names = own_names(profile)
    batch = asyncio.run(_look(profile, options.id, names))
    with costing(profile) as costs:
        costs.learn([batch])
        cost = costs.of(batch)
    if options.json:
        output.document(batch_object_with_timeline(batch, names.name_of(batch), cost))
    else:
        output.say("\n".join(_lines(batch, names.name_of(batch), cost)))
    return 1 if batch.status in _BAD else 0


async def _look(profile: Profile, batch_id: str, names: Names) -> Batch:
    async with connected(profile) as wire:
        batch = await retrieve(wire, batch_id)
        await ask_names(names, [batch], wire)
        return batch


def _lines(batch: Batch, name: str, cost: Cost | None) -> Iterator[str]:
    yield f"{status_text.state(batch)}  {name}"
    for label, value in _fields(batch, cost):
        if value:
            yield f"  {label:<9} {value}"
    stages = timeline(batch)
    for place, stage in enumerate(stages):
        lasted = "" if stage.seconds is None else f"  for {duration(stage.seconds)}"
        yield f"  {'' if place else 'timeline':<9} {_time(stage.at)}  {stage.status}{lasted}"
    for place, error in enumerate(batch.errors):
        where = "" if error.line is None else f"line {count(error.line)}: "
        code = f"{error.code}: " if error.code else ""
        yield f"  {'' if place else 'errors':<9} {where}{code}{error.message}"


def _fields(batch: Batch, cost: Cost | None) -> Iterator[tuple[str, str | None]]:
    yield "id", batch.id
    yield "endpoint", batch.endpoint
    yield "model", batch.model
    yield "requests", _requests(batch)
    if usage := batch.usage:
        yield "tokens", f"{count(usage.input_tokens)} in, {count(usage.output_tokens)} out"
    yield "cost", display.cost_text(batch, cost)
    yield "expires", None if batch.expires_at is None else _time(batch.expires_at)
    yield "input", batch.input_file_id
    yield "output", batch.output_file_id
    yield "error", batch.error_file_id
    for key, value in batch.metadata:
        yield "metadata", f"{key}={value}"


def _requests(batch: Batch) -> str | None:
    """How many requests have ended and how many of those failed, as far as the server has counted them."""
    if (counts := batch.counts) is None:
        return None
    if counts.ended is None and counts.total:
        return f"?/{count(counts.total)} ended"
    done, failed = status_text.done(batch), status_text.failed(batch)
    if done in {"–", "?"}:
        return "not counted"
    return f"{done} ended" if failed == "–" else f"{done} ended, {failed} of them failed"


def _time(stamp: int) -> str:
    return datetime.fromtimestamp(stamp).strftime("%Y-%m-%d %H:%M:%S")
