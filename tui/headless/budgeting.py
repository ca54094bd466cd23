"""The profile's budget, before something is submitted."""

import asyncio
from collections.abc import Sequence

from tui.batches.budget import Spent
from tui.flows.price import over_budget
from tui.flows.spending import ask_what_was_spent
from tui.headless.costing import costing
from tui.headless.printing import Output
from tui.headless.session import connected
from tui.requests.cost import Estimate
from tui.settings import Profile
from tui.wire.errors import WireError


def tell_budget(worth: Sequence[Estimate], profile: Profile, output: Output, *, parts: int = 1) -> None:
    """Tell what of the budget speaks against files that are worth so much, each in so many parts.

    Only a budget of a time makes it ask the server, what the account's other batches cost.
    """
    if profile.budget is None:
        return
    spent = Spent()
    if profile.budget.of_time:
        try:
            spent = asyncio.run(_spent(profile, output))
        except WireError as error:
            output.note(f"What was spent already is not known. {error.sentence}")
    for sentence in over_budget(worth, profile.budget, spent, parts=parts):
        output.note(f"Over budget: {sentence[:1].lower()}{sentence[1:]}")


async def _spent(profile: Profile, output: Output) -> Spent:
    def cut_short() -> None:
        output.note(f"{profile.host} does not list its batches to the end: more was spent than is counted here.")

    with costing(profile) as costs:
        async with connected(profile) as wire:
            return await ask_what_was_spent(wire, costs, wire.now, cut_short)
