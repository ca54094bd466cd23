"""What a command works with: its profile, the wire to the server, the state on disk."""

from argparse import Namespace
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.output import tell
from tui.errors import LazybatchError
from tui.settings import profiles
from tui.settings.profiles import Profile, state_folder

# Commands that ask no server want the profile alone.
if TYPE_CHECKING:
    from tui.batches.names import Names
    from tui.client.api import Wire
    from tui.flows.account import Session
    from tui.store.base import Trouble
    from tui.store.journal import Journal

# Reads alone: what changes something is never repeated blindly.
_READ_RETRIES = 2


def chosen(options: Namespace) -> Profile:
    """The profile that the common options choose."""
    return profiles.profile(options.profile, base_url=options.base_url, read_only=options.read_only)


def with_key(options: Namespace) -> Profile:
    """The same, for a command that calls the server; raises where it has no key."""
    profile = chosen(options)
    if profile.key is None:
        raise LazybatchError(
            f"There is no API key: set {profile.key_env}. To look around without one: lazybatch --demo.",
            code="no_key",
        )
    return profile


def to_change(options: Namespace, verb: str) -> Profile:
    """The same, for a command that changes something; raises where the profile is read-only."""
    profile = chosen(options)
    if profile.read_only:
        raise LazybatchError(f"The profile {profile.name} is read-only: it cannot {verb}.", code="read_only")
    return with_key(options)


@cache
def trouble(folder: Path) -> "Trouble":
    """Where a command tells, once, that the state in `folder` cannot be used."""
    from tui.store.base import Trouble

    made = Trouble(folder)
    made.listen(tell)
    return made


@asynccontextmanager
async def connected(profile: Profile) -> "AsyncIterator[Wire]":
    """The wire to the profile's server."""
    from tui.client.address import Address
    from tui.client.api import Wire

    address = Address(
        profile.base_url, profile.key or "", profile.organization, profile.project, key_env=profile.key_env
    )
    wire = await Wire.connect(address, read_retries=_READ_RETRIES)
    try:
        yield wire
    finally:
        await wire.close()


@asynccontextmanager
async def opened(profile: Profile) -> "AsyncIterator[Session]":
    """The profile's account with its wire and all of its state."""
    from tui.flows.account import Session

    session = Session(profile, state_folder())
    session.trouble.listen(trouble(session.folder).tell)
    try:
        await session.connect(read_retries=_READ_RETRIES)
        yield session
    finally:
        await session.close()


@contextmanager
def journal(profile: Profile) -> "Iterator[Journal]":
    """The profile's journal."""
    from tui.store.database import connect
    from tui.store.journal import Journal

    folder = state_folder()
    connection = connect(folder, trouble(folder))
    try:
        yield Journal(connection, profile.account, folder)
    finally:
        connection.close()


def own_names(profile: Profile) -> "Names":
    """What is known of the names of batches: those of our own submissions, none of them without a usable state."""
    from tui.batches.names import Names

    names = Names()
    if not state_folder().is_dir():
        return names
    try:
        with journal(profile) as book:
            names.learn_submissions(book.named())
    except LazybatchError as error:
        tell(f"The names of your own files are not known. {error}")
    return names
