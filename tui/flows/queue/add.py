"""Putting what has been said yes to into the queue."""

from tui.batches.batch import GROUP_KEY
from tui.errors import LazybatchError
from tui.flows.submit.steps import Order
from tui.format.text import clean_line
from tui.store.queue import Entry, Queue, State


class Waits(LazybatchError):  # noqa: N818  # what it says of the file; the base is an Error by name
    """The same content waits already: `entry`."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(f"{clean_line(entry.path.name)} waits in the queue already, as {entry.id}.", 1)
        self.entry = entry


def add(order: Order, queue: Queue) -> Entry:
    """Put `order` at the end of the line; blocks for the disk. Raises `Waits`."""
    there = waiting(order, queue)
    if there is not None and there.state is not State.SENT:
        raise Waits(there)
    return queue.add(
        order.report, order.endpoint, order.metadata, again=order.again, expected=order.expected, file_id=order.file_id
    )


def waiting(order: Order, queue: Queue) -> Entry | None:
    """The entry that is to send `order`, and has not gone out or may come back yet; blocks for the disk.

    What is sent `again` waits already only as the same part of the same cut.
    """
    group = order.metadata.get(GROUP_KEY)
    for entry in queue.entries():
        same = entry.sha256 == order.report.sha256 and not entry.settled
        if same and (not order.again or (group is not None and entry.metadata.get(GROUP_KEY) == group)):
            return entry
    return None
