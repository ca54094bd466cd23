"""`lazybatch serve`."""

from argparse import Namespace
from pathlib import Path


def run(options: Namespace) -> int:
    """Run the demo server until it is interrupted."""
    # Starlette and uvicorn are this command's alone.
    from tui.demo.serve import serve

    return serve(port=options.port, state=None if options.state is None else Path(options.state), speed=options.speed)
