"""What batches cost, for commands."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tui.cli.context import trouble
from tui.errors import LazybatchError
from tui.flows.costs import Costs
from tui.settings.profiles import Profile, state_folder

if TYPE_CHECKING:
    from tui.batches.query.parse import Query


@contextmanager
def costing(profile: Profile) -> Iterator[Costs]:
    """The costs of the profile's batches, none of them learned yet.

    Without a usable state it goes by what the server tells, and remembers nothing.
    """
    costs = _opened(profile)
    try:
        yield costs
    finally:
        costs.close()


def _opened(profile: Profile) -> Costs:
    folder = state_folder()
    if folder.is_dir():
        # That the state is broken has been said where the names of files are asked for.
        with suppress(LazybatchError):
            return Costs(folder, profile.account, profile.base_url, trouble(folder))
    return Costs(None, profile.account, profile.base_url)


def asks_for_cost(query: "Query | None") -> bool:
    """Whether what a query lets through hangs on the cost."""
    return query is not None and any(term.field == "cost" for term in query.terms)
