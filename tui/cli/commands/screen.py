"""`lazybatch` without a command: the screen."""

import gc
import os
from typing import TYPE_CHECKING

# argparse is not imported to start without arguments.
if TYPE_CHECKING:
    from argparse import Namespace


def run(options: "Namespace") -> int:
    """Open the screen on the profile's account, or on the demo server."""
    # Nothing that is made up to the first frame is garbage: the collector would go through all of it again and again,
    # for a tenth of the time that it takes. It goes on once all is imported: `tui.ui.startup`.
    gc.disable()
    try:
        return _run(options)
    finally:
        gc.enable()


def _run(options: "Namespace") -> int:
    if options.ascii:
        # Read once, when the signs are chosen.
        os.environ["LAZYBATCH_ASCII"] = "1"
    from tui.settings import profiles
    from tui.ui import run

    if options.demo:
        return run.run_demo(1.0 if options.demo_speed is None else options.demo_speed, read_only=options.read_only)
    # Not through the commands' session: it brings the wire along, which the first frame has no use for.
    profile = profiles.profile(options.profile, base_url=options.base_url, read_only=options.read_only)
    return run.run(profile, state=profiles.state_folder(), everything=options.everything)
