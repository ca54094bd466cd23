"""Profiles and preferences, from the settings file, the environment and the command line.

The settings file is TOML: `LAZYBATCH_CONFIG`, else `config.toml` in the platform's configuration folder. It names the
environment variable that holds a key; a key itself is not accepted in it, nor as an argument.

    default = "prod"

    [profiles.prod]
    base_url = "https://api.openai.com/v1"   # this is the default
    key_env = "OPENAI_API_KEY"               # this too
    organization = "org-…"
    project = "proj_…"
    read_only = true                         # the keys that change something do not exist
    downloads = "~/results"                  # for result files: a folder in it for the profile, in that one a batch

The table `limits` is in `tui.settings.limits`, `budget` in `tui.settings.budget`, `notify` and the table `guard` in
`tui.settings.guard`.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui.errors import LazybatchError
from tui.format.text import clean_line, key_hint
from tui.requests.limits import Limits

# Most profiles have neither, and nothing needs them before the first frame.
if TYPE_CHECKING:
    from tui.batches.guard import Rules
    from tui.batches.spending import Budget

OPENAI_BASE_URL = "https://api.openai.com/v1"
_TEXTS = {"base_url", "key_env", "organization", "project", "downloads"}
_KEYS = _TEXTS | {"read_only", "limits", "budget", "guard", "notify"}


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as lazybatch uses it. `source` says where it comes from; the key never appears in a repr."""

    name: str
    source: str
    base_url: str = OPENAI_BASE_URL
    key_env: str = "OPENAI_API_KEY"
    key: str | None = None
    organization: str | None = None
    project: str | None = None
    read_only: bool = False
    # The folder for result files; None for one in the state folder.
    downloads: Path | None = None
    limits: Limits = field(default_factory=Limits)
    # By model, how much of it may wait at the provider at one time.
    enqueued_tokens: Mapping[str, int] = field(default_factory=dict)
    enqueued_requests: Mapping[str, int] = field(default_factory=dict)
    budget: "Budget | None" = None
    # What makes a batch a runaway, where it is not the usual, and the command that is given messages.
    guard: "Rules | None" = None
    notify: tuple[str, ...] = ()
    # The variables with the keys of all profiles: none of them is that command's business.
    key_envs: frozenset[str] = frozenset({"OPENAI_API_KEY"})

    def __repr__(self) -> str:
        return f"Profile({self.name!r}, {self.base_url!r})"

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).netloc.rpartition("@")[2]

    @property
    def key_hint(self) -> str:
        """The key as far as it may be shown."""
        return key_hint(self.key)

    @property
    def account(self) -> str:
        """What tells one account's submissions from another's in the state folder.

        Not the key: after a new one, what was submitted with the old one is still submitted.
        """
        return "|".join((self.base_url, self.organization or "", self.project or ""))

    @property
    def view(self) -> str:
        """What tells one list of batches from another: keys of several projects see different ones. No secret."""
        return f"{self.account}|{self.key_hint}"


def profiles(environ: Mapping[str, str] = os.environ) -> tuple[dict[str, Profile], str]:
    """All profiles by name, and the name of the one in use.

    Without a settings file there is one, `default`, from `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `OPENAI_ORG_ID` and
    `OPENAI_PROJECT_ID`. Raises `LazybatchError` where the file cannot be read or says something it may not.
    """
    path = config_path(environ)
    found: dict[str, Profile] = {}
    chosen = None
    if (table := _read(path)) is not None:
        if unknown := sorted(set(table) - {"default", "profiles"}):
            raise LazybatchError(f"{path}: unknown setting {clean_line(unknown[0])!r}.")
        chosen = table.get("default")
        if not isinstance(chosen, str | None):
            raise LazybatchError(f"{path}: default must be a text in quotes.")
        for name, entry in _table(table, "profiles", path).items():
            found[name] = _profile(name, entry, path, environ)
    if not found:
        found["default"] = Profile(
            name="default",
            source="environment",
            base_url=_base_url(environ.get("OPENAI_BASE_URL") or OPENAI_BASE_URL, "OPENAI_BASE_URL"),
            key=_key(environ, "OPENAI_API_KEY"),
            organization=environ.get("OPENAI_ORG_ID") or None,
            project=environ.get("OPENAI_PROJECT_ID") or None,
        )
    if chosen is None:
        chosen = next(iter(found))
    if chosen not in found:
        raise LazybatchError(f"{path}: default names the profile {clean_line(chosen)!r}, which is not there.")
    return found, chosen


def profile(
    name: str | None = None,
    *,
    base_url: str | None = None,
    read_only: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Profile:
    """The profile a command works on; `name`, `base_url` and `read_only` are its options and win."""
    found, chosen = profiles(environ)
    if name is not None and name not in found:
        names = ", ".join(sorted(map(clean_line, found)))
        raise LazybatchError(f"There is no profile {clean_line(name)!r}. There is: {names}.")
    result = found[name or chosen]
    if base_url is not None:
        result = replace(result, base_url=_base_url(base_url, "--base-url"), source="--base-url")
    if result.limits.other_endpoints is None:
        result = replace(result, limits=result.limits._replace(other_endpoints=_is_compatible(result.base_url)))
    key_envs = frozenset(known.key_env for known in found.values())
    return replace(result, read_only=result.read_only or read_only, key_envs=key_envs)


def _is_compatible(base_url: str) -> bool:
    """Whether it is the address of another provider, whose endpoints may have other names.

    Neither OpenAI's nor that of this machine, where a server for trying things out is to find what OpenAI would.
    """
    host = urlsplit(base_url).hostname or ""
    ours = host.endswith(".openai.com") or host == "localhost" or host.endswith(".localhost") or host.startswith("127.")
    return not ours and host != "::1"


def config_path(environ: Mapping[str, str] = os.environ) -> Path:
    """The settings file, whether it exists or not."""
    if given := environ.get("LAZYBATCH_CONFIG"):
        return _at_home(given, "LAZYBATCH_CONFIG")
    import platformdirs

    return platformdirs.user_config_path("lazybatch") / "config.toml"


def state_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of what outlives the process; not made here."""
    if given := environ.get("LAZYBATCH_STATE"):
        return _at_home(given, "LAZYBATCH_STATE")
    import platformdirs

    return platformdirs.user_state_path("lazybatch")


def _at_home(given: str, where: str) -> Path:
    try:
        return Path(given).expanduser()
    except RuntimeError:
        raise LazybatchError(f"{where}: there is no home folder for {clean_line(given)!r}.") from None


def _key(environ: Mapping[str, str], name: str) -> str | None:
    """The key in a variable, without the line's end that a file which it was read from may have left on it."""
    return environ.get(name, "").strip() or None


def _read(path: Path) -> dict[str, Any] | None:
    """The settings file's table, or None where there is no such file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LazybatchError(f"Cannot read the settings in {path}: {error.strerror}.") from None
    # Most people have no such file, and do not wait for its parser.
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LazybatchError(f"{path} is not UTF-8 in line {line:,}, as TOML has to be: save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise LazybatchError(f"{path} is not valid TOML: {clean_line(str(error))}.") from None


def _table(parent: Mapping[str, Any], name: str, where: Path | str) -> dict[str, Any]:
    entry = parent.get(name, {})
    if not isinstance(entry, dict):
        raise LazybatchError(f"{where}: {name} must be a table.")
    return entry


def _profile(name: str, entry: object, path: Path, environ: Mapping[str, str]) -> Profile:
    where = f"{path}, profile {clean_line(name)}"
    if not isinstance(entry, dict):
        raise LazybatchError(f"{where}: must be a table.")
    if "key" in entry or "api_key" in entry:
        raise LazybatchError(f"{where}: a key does not belong in the settings; name its variable with key_env.")
    if unknown := sorted(set(entry) - _KEYS):
        raise LazybatchError(f"{where}: unknown setting {clean_line(unknown[0])!r}.")
    for key in _TEXTS & set(entry):
        if not isinstance(entry[key], str) or not entry[key]:
            raise LazybatchError(f"{where}: {key} must be a text in quotes.")
    if not isinstance(entry.get("read_only", False), bool):
        raise LazybatchError(f"{where}: read_only must be true or false.")
    key_env = entry.get("key_env", "OPENAI_API_KEY")
    budget = _budget(entry, where)
    return Profile(
        name=clean_line(name),
        source=str(path),
        base_url=_base_url(entry.get("base_url", OPENAI_BASE_URL), where),
        key_env=key_env,
        key=_key(environ, key_env),
        organization=entry.get("organization"),
        project=entry.get("project"),
        read_only=entry.get("read_only", False),
        downloads=_downloads(entry["downloads"], where) if "downloads" in entry else None,
        budget=budget,
        **(_limits(entry, where) | _alarms(entry, where, budget)),
    )


def _downloads(given: str, where: str) -> Path:
    folder = _at_home(given, f"{where}: downloads")
    if not folder.is_absolute():
        raise LazybatchError(f"{where}: downloads must be a whole path, from / or ~ on, not {clean_line(given)!r}.")
    if folder.exists() and not folder.is_dir():
        raise LazybatchError(f"{where}: downloads must be a folder, and {clean_line(given)} is a file.")
    return folder


def _limits(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What a profile says of its provider's limits."""
    if "limits" not in entry:
        return {}
    from tui.settings.limits import enqueued, of_a_file

    table = _table(entry, "limits", where)
    return {"limits": of_a_file(table, where), **enqueued(table, where)}


def _budget(entry: Mapping[str, Any], where: str) -> "Budget | None":
    if "budget" not in entry:
        return None
    from tui.settings.budget import budget

    return budget(_table(entry, "budget", where), where)


def _alarms(entry: Mapping[str, Any], where: str, budget: "Budget | None") -> dict[str, Any]:
    """What a profile says of runaways, and of whom to tell."""
    found: dict[str, Any] = {}
    most = budget.batch if budget is not None else None
    if "guard" in entry or "notify" in entry or most is not None:
        from tui.settings.guard import command, guard_rules

        found["guard"] = guard_rules(_table(entry, "guard", where), f"{where}, guard", most)
        if "notify" in entry:
            found["notify"] = command(entry["notify"], where)
    return found


def _base_url(value: str, where: str) -> str:
    """`value` without a final slash, if a client can use it."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if "@" in value or "?" in value:
        # Not quoted: it may hold a password.
        raise LazybatchError(f"{where}: the base URL must not carry a user, a password or a query.")
    if not usable or value != clean_line(value) or " " in value:
        raise LazybatchError(f"{where}: the base URL {clean_line(value)!r} is not one (https://host/v1).")
    return value.rstrip("/")
