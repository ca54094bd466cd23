"""`lazybatch split`."""

from argparse import Namespace
from pathlib import Path

from tui.cli.context import chosen
from tui.cli.output import Output
from tui.cli.work import worked
from tui.errors import LazybatchError
from tui.flows.submit.limit_checks import parts_limits
from tui.flows.submit.parts import cut
from tui.format.text import plural, size
from tui.requests.cost.estimate import Estimate
from tui.requests.split import Part, split
from tui.requests.validate import Limits, Report
from tui.settings.profiles import Profile, state_folder


def run(options: Namespace) -> int:
    """Write a file's requests to parts within the limits, which are the profile's unless given."""
    limits = chosen(options).limits
    limits = limits._replace(
        max_requests=options.max_requests or limits.max_requests,
        max_bytes=options.max_bytes or limits.max_bytes,
        max_tokens=options.max_tokens or limits.max_tokens,
    )
    output = Output(as_json=options.json)
    out = None if options.out is None else Path(options.out)
    parts = _split(Path(options.file), out, limits, options.endpoint, digests=options.json)
    for part in parts:
        output.say(f"{part.path}  {plural(part.requests, 'request')}, {size(part.bytes)}")
    output.document(
        {
            "parts": [
                {"file": str(part.path), "requests": part.requests, "bytes": part.bytes, "sha256": part.sha256}
                for part in parts
            ]
        }
    )
    return 0


def cut_to_limits(report: Report, worth: Estimate, profile: Profile) -> tuple[Report, ...]:
    """The parts of a file that are to be submitted, each within the limits of one batch.

    Where its tokens are not counted, within those on requests and bytes alone.
    """
    limits = parts_limits(report, profile, worth)
    state = state_folder()
    return worked(f"Splitting {report.path.name}", lambda told, gone: cut(report, limits, state, told, gone))


def _split(path: Path, folder: Path | None, limits: Limits, endpoint: str | None, *, digests: bool) -> tuple[Part, ...]:
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LazybatchError(f"Cannot make the folder {folder}: {error.strerror}.") from None
    return worked(
        f"Splitting {path.name}",
        lambda told, gone: split(
            path, folder, limits=limits, endpoint=endpoint, digests=digests, progress=told, cancelled=gone
        ),
    )
