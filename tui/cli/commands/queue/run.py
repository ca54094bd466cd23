"""`lazybatch queue run`: sends what waits, left in tmux or called by cron."""

import asyncio
from argparse import Namespace
from datetime import datetime

from tui.cli.commands.queue.list import entry_object
from tui.cli.commands.submit.whole import note
from tui.cli.context import opened, to_change
from tui.cli.output import Output
from tui.cli.progress import Progress
from tui.flows.monitor import Offline
from tui.flows.queue.sender import Sender
from tui.flows.queue.steps import CameBack, Going, Looked, QueueStep, Stopped, Went
from tui.flows.submit.steps import Uploading
from tui.settings.profiles import Profile
from tui.store.queue import Entry, State


def run(options: Namespace) -> int:
    """Send what may go out; 1 where an entry is held, or another process sends already."""
    profile = to_change(options, "submit anything")
    output = Output(as_json=options.json)
    return asyncio.run(_run(profile, output, once=options.once, interval=options.interval))


async def _run(profile: Profile, output: Output, *, once: bool, interval: float) -> int:
    told, looked = _Told(output), None
    async with opened(profile) as session:
        with Progress("Uploading") as bar:
            async for step in Sender(session).run("lazybatch queue run", interval=interval, once=once):
                if isinstance(step, Going) and isinstance(step.step, Uploading):
                    bar.update(step.step.done, step.step.total)
                    continue
                bar.clear()
                told.tell(step)
                looked = step if isinstance(step, Looked) else looked
    held = looked is not None and any(looked.state(entry) is State.HELD for entry in looked.entries)
    return 1 if held else 0


class _Told:
    """Says each thing once: what waits for the same reason as before is not told again."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._before: object = None

    def tell(self, step: QueueStep) -> None:
        match step:
            case Going(_, inner):
                note(inner, self._output)
            case Went(entry):
                self._say(entry, f"{entry.batch_id} {entry.reason or 'created'}")
            case CameBack(entry) | Stopped(entry):
                self._say(entry, entry.reason or "")
            case Offline(error, wait):
                self._output.note(f"{error.sentence} Next try in {wait:.0f} s.")
            case Looked():
                self._waits(step)

    def _say(self, entry: Entry, text: str, looked: Looked | None = None) -> None:
        self._output.event(entry_object(entry, looked))
        if not self._output.as_json:
            clock = datetime.now().strftime("%H:%M:%S")
            state = (looked.state(entry) if looked else entry.state).value
            self._output.say(f"{clock}  {state:<8}  {entry.id}  {entry.name}: {text}")

    def _waits(self, looked: Looked) -> None:
        line = [entry for entry in looked.entries if entry.state in {State.WAITING, State.SENDING}]
        now = [(entry.id, looked.state(entry), _steady(looked, entry)) for entry in line]
        if now == self._before:
            return
        self._before = now
        if not line:
            self._output.note("Nothing waits.")
        for entry in line[:1]:
            self._say(entry, looked.why(entry), looked)
        if len(line) > 1:
            self._output.note(f"{len(line) - 1} more behind it.")


def _steady(looked: Looked, entry: Entry) -> str:
    """The reason without the time that is left, which is another one at each look."""
    verdict = looked.verdicts.get(entry.id)
    return "" if verdict is None else verdict.turn.value
