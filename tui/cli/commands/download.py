"""`lazybatch download`."""

import asyncio
from argparse import Namespace
from pathlib import Path
from typing import Any

from tui.cli.context import connected, with_key
from tui.cli.output import Output
from tui.cli.progress import Progress
from tui.client.api import Wire
from tui.errors import LazybatchError
from tui.flows.follow import retrieve
from tui.flows.results.download import Downloaded, Part
from tui.flows.results.download_many import collect_results
from tui.format.text import size
from tui.settings.profiles import Profile

_UNREACHABLE = 3


def run(options: Namespace) -> int:
    """Download the result files; 1 where a batch has none or its files are not whole."""
    return asyncio.run(_download(options, with_key(options), Output(as_json=options.json)))


async def _download(options: Namespace, profile: Profile, output: Output) -> int:
    entries, status = [], 0
    async with connected(profile) as wire:
        for batch_id in dict.fromkeys(options.ids):
            entry: dict[str, Any] = {"id": batch_id, "output": None, "errors": None, "bytes": 0, "complete": False}
            entries.append(entry)
            try:
                await _fetch(entry, Path(options.out), wire, output)
            except LazybatchError as error:
                output.note(f"{batch_id}: {error.sentence}")
                status = max(status, error.exit_code)
                if error.exit_code == _UNREACHABLE:
                    # The others would fare no better.
                    break
    output.document(entries)
    return status


async def _fetch(entry: dict[str, Any], folder: Path, wire: Wire, output: Output) -> None:
    """Bring one batch's files home, noting in `entry` what is here."""
    batch, doubts = await retrieve(wire, entry["id"]), list[str]()
    with Progress(batch.id) as bar:
        async for step in collect_results(batch, folder, wire=wire):
            if isinstance(step, Downloaded):
                bar.clear()
                entry["output" if step.part is Part.OUTPUT else "errors"] = str(step.path)
                entry["bytes"] += step.bytes
                output.say(f"{step.path}  {size(step.bytes)}{'' if step.fetched else '  (was here already)'}")
                doubts += [step.doubt] if step.doubt else []
            else:
                bar.update(step.done, step.total)
    if doubts:
        raise LazybatchError(f"{' '.join(doubts)} Run it again to fetch it anew.", 1)
    entry["complete"] = True
