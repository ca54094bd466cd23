"""`lazybatch queue add`."""

import asyncio
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.cli.commands.queue.list import entry_object
from tui.cli.commands.split import cut_to_limits
from tui.cli.commands.submit.budget import permitted, to_budget, to_uncounted
from tui.cli.commands.submit.whole import metadata_of
from tui.cli.commands.validate import estimated, report_lines, summary, validated
from tui.cli.confirm import need_a_terminal
from tui.cli.context import opened, to_change
from tui.cli.output import Output
from tui.errors import LazybatchError
from tui.flows.estimate import expected, range_text
from tui.flows.queue.add import Waits
from tui.flows.queue.add import add as put
from tui.flows.submit.limit_checks import Objection, to_tokens, token_budget
from tui.flows.submit.parts import PartsOrder, least_parts, only_limits, part_orders
from tui.flows.submit.steps import Order
from tui.format.text import clean_line, plural
from tui.requests.cost.estimate import Estimate
from tui.requests.validate import Report
from tui.settings.profiles import Profile, state_folder
from tui.store.database import connect
from tui.store.queue import Entry, Queue


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A good file, whole or to be cut into parts, and what its tokens say against it."""

    report: Report
    worth: Estimate
    in_parts: bool
    against: Sequence[Objection]


def add(options: Namespace) -> int:
    """Queue files after one question; 1 where one of them has problems or waits already, or the answer is no.

    What is good is queued all the same.
    """
    profile = to_change(options, "submit anything")
    pairs = metadata_of(options)
    need_a_terminal(yes=options.yes, verb="queue")
    output = Output(as_json=options.json)
    wanted = [found for file in options.files if (found := _wanted(Path(file), options, profile, output))]
    status = 0 if len(wanted) == len(options.files) else 1
    if not wanted:
        output.document({"entries": []})
        return 1
    against = [found for each in wanted for found in each.against]
    against += to_budget([each.worth for each in wanted], profile, output)
    requests = plural(sum(each.report.requests for each in wanted), "request")
    files = plural(len(wanted), "file")
    question = f"Send {files}, {requests}, to {profile.host} when there is room?"
    if not permitted(question, against, output, yes=options.yes, over_budget=options.over_budget, done="queued"):
        output.document({"entries": []})
        return 1
    orders = [order for each in wanted for order in _orders(each, pairs, profile, again=options.again)]
    entries = _put(orders, profile, output)
    output.document({"entries": [entry_object(entry) for entry in entries]})
    return status if len(entries) == len(orders) else 1


def _wanted(path: Path, options: Namespace, profile: Profile, output: Output) -> _Wanted | None:
    """The file, if nothing is wrong with it that cannot be cut away."""
    report = validated(path, options.endpoint, profile)
    in_parts = options.split and only_limits(report)
    if in_parts:
        pass
    elif not report.ok or report.endpoint is None:
        output.say("\n".join(report_lines(report)))
        if only_limits(report):
            number = least_parts(report, profile.limits)
            output.note(f"Nothing else is wrong with it: --split queues it in {number} parts or more.")
        return None
    worth = estimated(report, profile)
    if token_budget(report, profile, worth) and (over := to_tokens(report, profile, worth)):
        if not options.split:
            output.note(f"{path}: {over.text} --split queues it in parts.")
            return None
        in_parts = True
    output.note(f"{path}: {summary(report)}. Estimated cost: {range_text(worth)}.")
    return _Wanted(report, worth, in_parts, to_uncounted(report, worth, profile))


def _orders(wanted: _Wanted, pairs: Mapping[str, str], profile: Profile, *, again: bool) -> Sequence[Order]:
    report = wanted.report
    endpoint, known = report.endpoint or "", expected(report, wanted.worth)
    if not wanted.in_parts:
        return [Order(report, endpoint, pairs, again, known)]
    parts = cut_to_limits(report, wanted.worth, profile)
    return asyncio.run(_part_orders(PartsOrder(report, parts, endpoint, pairs, again, known), profile))


async def _part_orders(order: PartsOrder, profile: Profile) -> Sequence[Order]:
    async with opened(profile) as session:
        return await part_orders(order, wire=session.wire, journal=session.journal, queue=session.queue)


def _put(orders: Sequence[Order], profile: Profile, output: Output) -> list[Entry]:
    connection = connect(state_folder())
    entries = []
    try:
        queue = Queue(connection, profile.account)
        for order in orders:
            try:
                entries.append(put(order, queue))
            except Waits as waits:
                output.note(waits.sentence)
                continue
            entry = entries[-1]
            output.say(f"{entry.id}  {clean_line(entry.path.name)} waits: {plural(entry.requests, 'request')}")
    except LazybatchError as error:
        output.note(error.sentence)
    finally:
        connection.close()
    return entries
