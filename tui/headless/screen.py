"""`lazybatch` without a command: the screen."""

from argparse import Namespace

from tui import start
from tui.headless.session import chosen
from tui.settings import state_folder


def run(options: Namespace) -> int:
    """Open the screen on the profile's account, or on the demo server."""
    if options.demo:
        return start.run_demo(1.0 if options.demo_speed is None else options.demo_speed)
    return start.run(chosen(options), state=state_folder())
