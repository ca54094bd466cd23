"""The server as a process of its own: ``python -m tui.demo``."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path


def main(argv: list[str] | None = None) -> int:
    """Runs the server until a signal ends it; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tui.demo", description="A local Batch API server.")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument("--state", type=Path, help="folder to keep its state in; a temporary one otherwise")
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster its clock runs")
    parser.add_argument("--seed", action="store_true", help="fill it with batches to look at")
    parser.add_argument(
        "--child",
        type=Path,
        metavar="FOLDER",
        help="end when standard input ends; write sample files to FOLDER/samples; remove FOLDER at the end",
    )
    asked = parser.parse_args(argv)

    from tui.demo.serve import serve

    if asked.child is None:
        return serve(asked.port, asked.state, asked.speed, seed=asked.seed)
    from tui.demo.seed.samples import write_samples

    try:
        write_samples(asked.child / "samples")
        return serve(asked.port, asked.child / "state", asked.speed, seed=asked.seed, until_eof=True)
    finally:
        shutil.rmtree(asked.child, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
