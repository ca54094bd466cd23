"""`lazybatch profiles`."""

from argparse import Namespace
from typing import Any

from tui.cli.context import chosen
from tui.cli.output import Output
from tui.cli.table import Column, fitted, joined
from tui.settings.profiles import Profile, profiles

_COLUMNS = (
    Column(""), Column("PROFILE"), Column("KEY"), Column("", drop=2), Column("SOURCE", drop=1), Column("BASE URL"),
)  # fmt: skip


def run(options: Namespace) -> int:
    """Print the profiles, and which one the other commands would use with the same options."""
    output = Output(as_json=options.json)
    used = chosen(options)
    found, _ = profiles()
    entries = [used if profile.name == used.name else profile for profile in found.values()]
    output.document([_object(profile, in_use=profile is used) for profile in entries])
    if not options.json:
        rows = [_row(profile, in_use=profile is used) for profile in entries]
        output.lines(map(joined, fitted(_COLUMNS, rows, output.width)))
    return 0


def _row(profile: Profile, *, in_use: bool) -> tuple[str, ...]:
    return (
        "*" if in_use else "",
        profile.name,
        _key(profile),
        "read-only" if profile.read_only else "",
        profile.source,
        profile.base_url,
    )


def _key(profile: Profile) -> str:
    """As much of the key as may be shown, and where it comes from."""
    if profile.key is None:
        return f"{profile.key_env} is not set"
    return f"{profile.key_hint or 'too short to show'} from {profile.key_env}"


def _object(profile: Profile, *, in_use: bool) -> dict[str, Any]:
    return {
        "name": profile.name,
        "source": profile.source,
        "in_use": in_use,
        "base_url": profile.base_url,
        "key": None if profile.key is None else profile.key_hint,
        "key_env": profile.key_env,
        "organization": profile.organization,
        "project": profile.project,
        "read_only": profile.read_only,
    }
