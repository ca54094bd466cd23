"""`lazybatch queue` and its verbs."""

import asyncio
from argparse import Namespace
from typing import Any

from tui.batches.quota import Room
from tui.cli.context import chosen
from tui.cli.output import Output
from tui.cli.table import Column, fitted, joined
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.queue.leader import sender
from tui.flows.queue.plan import look, looked_offline
from tui.flows.queue.steps import Looked
from tui.format.text import amount, clean_line, count
from tui.settings.profiles import Profile, state_folder
from tui.store.queue import Entry, State

_COLUMNS = (
    Column("ID", "right"),
    Column("STATE"),
    Column("REQUESTS", "right", drop=3),
    Column("TOKENS", "right", drop=1),
    Column("MODEL", drop=2),
    Column("NAME"),
    Column("WHY"),
)


def run(options: Namespace) -> int:
    """Carry out the verb; without one, list what waits and why."""
    if options.verb == "add":
        from tui.cli.commands.queue.add import add as work
    elif options.verb == "run":
        from tui.cli.commands.queue.run import run as work
    elif options.verb == "move":
        from tui.cli.commands.queue.edit import move as work
    elif options.verb == "remove":
        from tui.cli.commands.queue.edit import remove as work
    else:
        work = _list
    return work(options)


def _list(options: Namespace) -> int:
    """The queue; 3 where the server that should tell of the room is not reached."""
    profile, output = chosen(options), Output(as_json=options.json)
    looked, trouble = asyncio.run(_look(profile))
    who = sender(state_folder(), profile.account)
    output.document(
        {
            "entries": [entry_object(entry, looked) for entry in looked.entries],
            "room": {model: _room_object(room) for model, room in looked.rooms.items()},
            "sender": who,
        }
    )
    if not options.json:
        _print(looked, output)
    if any(entry.state in {State.WAITING, State.SENDING} for entry in looked.entries):
        output.note(who or "Nothing sends it now: lazybatch queue run does, or the screen while it is open.")
    if profile.key is None:
        output.note(f"The room at the provider is not known: there is no API key. Set {profile.key_env}.")
    if trouble is not None:
        output.note(trouble.sentence)
        return trouble.exit_code
    return 0


async def _look(profile: Profile) -> tuple[Looked, LazybatchError | None]:
    """What the queue says, and why the server does not tell of the room, if it does not."""
    session = Session(profile, state_folder())
    try:
        try:
            if profile.key is not None:
                await session.connect()
                return await look(session), None
        except LazybatchError as error:
            return await looked_offline(session), error
        return await looked_offline(session), None
    finally:
        await session.close()


def entry_object(entry: Entry, looked: Looked | None = None) -> dict[str, Any]:
    """An entry as scripts read it; times are Unix seconds."""
    return {
        "id": entry.id,
        "state": (looked.state(entry) if looked else entry.state).value,
        "name": entry.name,
        "why": (looked.why(entry) if looked else entry.reason) or None,
        "file": str(entry.path),
        "sha256": entry.sha256,
        "requests": entry.requests,
        "input_tokens": entry.amount.tokens,
        "model": entry.model,
        "endpoint": entry.endpoint,
        "metadata": dict(entry.metadata),
        "batch_id": entry.batch_id,
        "added_at": int(entry.added_at),
    }


def _room_object(room: Room) -> dict[str, Any]:
    return {
        "limit": {"tokens": room.limit.tokens, "requests": room.limit.requests},
        "enqueued": {"tokens": room.tokens, "requests": room.requests},
        "batches_of_unknown_size": room.unknown,
    }


def _print(looked: Looked, output: Output) -> None:
    if looked.entries:
        rows = [_row(entry, looked) for entry in looked.entries]
        output.lines(map(joined, fitted(_COLUMNS, rows, output.width)))
    else:
        output.note("Nothing waits.")
    for model, room in looked.rooms.items():
        output.say(f"{clean_line(model)}: {room.text}")


def _row(entry: Entry, looked: Looked) -> tuple[str, ...]:
    tokens = entry.amount.tokens
    return (
        str(entry.id),
        looked.state(entry).value,
        count(entry.requests),
        "?" if tokens is None else amount(tokens),
        entry.model or "several",
        entry.name,
        looked.why(entry) or entry.batch_id or "",
    )
