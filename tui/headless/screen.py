"""`lazybatch` without a command: the screen."""

from argparse import Namespace

from tui import settings, start


def run(options: Namespace) -> int:
    """Open the screen on the profile's account, or on the demo server."""
    if options.demo:
        return start.run_demo(1.0 if options.demo_speed is None else options.demo_speed)
    # Not through the commands' session: it brings the wire along, which the first frame has no use for.
    profile = settings.profile(options.profile, base_url=options.base_url, read_only=options.read_only)
    return start.run(profile, state=settings.state_folder())
