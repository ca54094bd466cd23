"""What speaks against a submission, before it is made: the profile's budget, and what its models have room for."""

import asyncio
from collections.abc import Sequence

from tui.batches.quota import Room, family
from tui.batches.spending import Spent
from tui.cli.confirm import agreed
from tui.cli.context import connected, journal, opened
from tui.cli.costs import costing
from tui.cli.output import Output
from tui.client.errors import WireError
from tui.flows.listing.pager import Incomplete
from tui.flows.queue.plan import Outlook
from tui.flows.spending import ask_what_was_spent
from tui.flows.submit import limit_checks
from tui.flows.submit.limit_checks import Objection, before_question, to_cost, to_room, to_tokens
from tui.flows.submit.submit import already_there
from tui.requests.cost.estimate import Estimate
from tui.requests.validate import Report
from tui.settings.profiles import Profile
from tui.store.journal import Submission


def to_budget(values: Sequence[Estimate], profile: Profile, output: Output, *, parts: int = 1) -> list[Objection]:
    """What of the budget speaks against files that cost so much, each in so many parts.

    Only a budget of a time makes it ask the server, what the account's other batches cost.
    """
    if profile.budget is None:
        return []
    spent, found = Spent(), list[Objection]()
    if profile.budget.of_time:
        try:
            spent = asyncio.run(_spent(profile, output))
        except WireError as error:
            found.append(Objection("Spend not known!", error.sentence))
    return found + to_cost(values, profile.budget, spent, parts=parts)


def to_quota(report: Report, worth: Estimate, profile: Profile, *, now: bool = True) -> list[Objection]:
    """What a limit on tokens or requests speaks against a good file; with what is enqueued, if it is to go out `now`.

    Only where the limit of its model is known it asks the server, what is enqueued.
    """
    if (found := to_tokens(report, profile, worth)) is not None:
        return [found]
    if not now or len(report.models) != 1:
        return []
    try:
        room = asyncio.run(_room(next(iter(report.models)), profile))
    except WireError as error:
        return [Objection("Room not known!", error.sentence)]
    full = None if room is None else to_room(report, worth, room)
    return [] if full is None else [full]


def to_uncounted(report: Report, worth: Estimate, profile: Profile) -> list[Objection]:
    """What a limit on tokens speaks against a file that is cut into parts."""
    found = limit_checks.to_uncounted(report, profile, worth)
    return [] if found is None else [found]


def permitted(
    question: str,
    against: Sequence[Objection],
    output: Output,
    *,
    yes: bool,
    over_budget: bool,
    ways: str = "",
    done: str = "submitted",
) -> bool:
    """Whether it may be done: by the answer to `question`, or where that was given before, if nothing is `against` it.

    A yes beforehand is none to what was not known then: that takes `over_budget`. `ways` are options that help as well.
    """
    for objection in against:
        output.note(objection.text)
    if yes and against and not over_budget:
        output.refuse(f"Nothing was {done}: --yes does not allow that, --over-budget does.{ways}", "over_limit")
        return False
    if yes or agreed(f"{before_question(against)}{question}"):
        return True
    output.note(f"Nothing was {done}.")
    return False


def goes_on(earlier: Sequence[Submission], profile: Profile) -> bool:
    """Whether one of `earlier` submissions of the same content may have a batch: then nothing more is spent."""
    return any(found.in_doubt for found in earlier) or asyncio.run(_is_there(earlier, profile))


def of_content(report: Report, profile: Profile) -> list[Submission]:
    """The earlier submissions of a file's content."""
    with journal(profile) as book:
        return book.of_content(report.sha256)


async def _is_there(earlier: Sequence[Submission], profile: Profile) -> bool:
    if not any(found.batch_id for found in earlier):
        return False
    async with connected(profile) as wire:
        return await already_there(earlier, wire) is not None


async def _room(model: str, profile: Profile) -> Room | None:
    """What there is room for of a model, by what is enqueued; None where no limit is known."""
    async with opened(profile) as session:
        known = (await session.stock([])).rooms.get(family(model))
        if known is None or (known.limit.tokens is None and known.limit.requests is None):
            return None
        outlook = Outlook(session)
        await outlook.ask()
        return (await session.stock(outlook.batches)).rooms.get(family(model))


async def _spent(profile: Profile, output: Output) -> Spent:
    def cut_short(why: Incomplete) -> None:
        output.note(f"More may have been spent than is counted here. {why.sentence}")

    with costing(profile) as costs:
        async with connected(profile) as wire:
            return await ask_what_was_spent(wire, costs, wire.now, cut_short)
