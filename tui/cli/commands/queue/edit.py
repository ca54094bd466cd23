"""`lazybatch queue move` and `queue remove`."""

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from tui.cli.commands.queue.list import entry_object
from tui.cli.context import chosen
from tui.cli.output import Output
from tui.errors import LazybatchError
from tui.settings.profiles import state_folder
from tui.store.database import connect
from tui.store.queue import Queue, State


def move(options: Namespace) -> int:
    """Give an entry another place; 1 where it has gone out."""
    output = Output(as_json=options.json)
    with _queue(options) as queue:
        entry = queue.find(options.id)
        if entry is None:
            raise LazybatchError(f"There is no entry {options.id} in the queue. lazybatch queue lists them.", 1)
        moved = queue.move(entry.id, options.where)
        line = [each for each in queue.entries() if each.state is not State.SENT]
        output.document({"entries": [entry_object(each) for each in line]})
    if entry.state is State.SENT:
        output.note(f"{entry.id} has been sent: it has no place in the line any more.")
    elif not moved:
        output.note(f"{entry.id} is there already.")
    output.say("\n".join(f"{place}. {each.id}  {each.name}" for place, each in enumerate(line, 1)))
    return 1 if entry.state is State.SENT else 0


def remove(options: Namespace) -> int:
    """Take entries out; 1 where one is not there, or is being sent."""
    output, told = Output(as_json=options.json), []
    with _queue(options) as queue:
        for key in dict.fromkeys(options.ids):
            entry = queue.find(key)
            gone = queue.remove(key)
            if gone and entry is not None:
                output.say(f"{key}  {entry.name} is out of the queue.")
            else:
                why = "is being sent: it stays until that is over" if entry else "is not in the queue"
                output.note(f"{key} {why}.")
            told.append({"id": key, "removed": gone})
    output.document(told)
    return 0 if all(each["removed"] for each in told) else 1


@contextmanager
def _queue(options: Namespace) -> Iterator[Queue]:
    """The queue of the profile's account, for its user's hands: no key is needed, but leave to change something."""
    profile = chosen(options)
    if profile.read_only:
        raise LazybatchError(f"The profile {profile.name} is read-only: it cannot change the queue.")
    connection = connect(state_folder())
    try:
        yield Queue(connection, profile.account)
    finally:
        connection.close()
