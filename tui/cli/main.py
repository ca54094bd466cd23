"""Arguments become one command, whose module alone is imported.

`--help` and `--version` cost no more than argparse, and the screen not even that: a heavy import here would be paid for
by every call of a script.
"""

import gc
import importlib
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from tui.errors import LazybatchError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

# What the screen is opened with.
_DEFAULTS = {
    "command": None, "profile": None, "base_url": None, "read_only": False, "demo": False, "demo_speed": None,
    "ascii": False, "everything": False, "interrupted": "",
}  # fmt: skip
# Where a command's module is not called like the command. Its `run` takes the options and returns the exit status.
_MODULES = {
    # The screen: by its name alone, for the command line knows nothing else of it.
    None: "tui.ui.run",
    "mend": "tui.cli.commands.fix",
    "submit": "tui.cli.commands.submit.whole",
    "queue": "tui.cli.commands.queue.list",
    "files": "tui.cli.commands.files.list",
}
# Commands that count the tokens of their file.
_COUNTING = frozenset({"validate", "submit"})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command that `argv` (else the process's arguments) asks for; its exit status, by the contract."""
    options = None
    argv = sys.argv[1:] if argv is None else argv
    # Also where the other arguments cannot be read.
    as_json = "--json" in argv
    try:
        try:
            options = _options(argv)
            status = _function(options)(options)
        except SystemExit as end:
            # argparse's own, after --help and --version.
            status = end.code if isinstance(end.code, int) else 0
        _finish()
    except LazybatchError as error:
        _fail(error.sentence, error.word, as_json=as_json)
        return error.exit_code
    except KeyboardInterrupt as end:
        sentence = f"Interrupted. {options.interrupted if options else ''}".rstrip()
        _fail(sentence, "interrupted", as_json=as_json)
        return 128 + getattr(end, "number", 2)
    return status


def process() -> int:
    """`main`, for a process that ends with it."""
    from tui.cli.signals import heed

    # The screen and `serve` have ways of their own to end, once they run.
    heed()
    status = main()
    # Python would look through all objects, twice, for what nothing refers to: 10 ms.
    gc.freeze()
    return status


def _options(argv: Sequence[str]) -> "Namespace":
    if not argv:
        # Nothing to read: argparse and all its parsers would hold up the first frame.
        return cast("Namespace", SimpleNamespace(**_DEFAULTS))
    from tui.cli.parser import parse

    return parse(argv, _DEFAULTS)


def _function(options: "Namespace") -> "Callable[[Namespace], int]":
    if options.demo and options.command is not None:
        raise LazybatchError(f"--demo opens the screen: it does not go with {options.command}.")
    if options.ascii and options.command is not None:
        raise LazybatchError(f"--ascii is for the screen: it does not go with {options.command}.")
    if options.demo_speed is not None and not options.demo:
        raise LazybatchError("--speed goes with --demo, or after serve.")
    if options.everything and options.command is not None:
        raise LazybatchError("--all opens the screen on all batches: it does not stand before a command.")
    with _undisturbed():
        if options.command in _COUNTING:
            # While the command is imported the other processors would have nothing to do.
            from tui.requests.cost.preload import load_vocabulary

            load_vocabulary(options.file)
        module = importlib.import_module(_MODULES.get(options.command, f"tui.cli.commands.{options.command}"))
    function: Callable[[Namespace], int] = module.run
    return function


@contextmanager
def _undisturbed() -> "Iterator[None]":
    """An interrupt waits for the end: msgspec 0.22 crashes where one falls into the making of a decoder.

    A thread that is begun meanwhile never gets one, so that none falls to it instead. Nor is anything looked through
    for what could be freed, which takes a tenth of an import: what that makes is there to stay.
    """
    # With asyncio most commands import it, but --help does not.
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _fail(sentence: str, code: str, *, as_json: bool) -> None:
    from tui.cli.output import fail

    fail(sentence, code, as_json=as_json)


def _finish() -> None:
    from tui.cli.output import finish

    finish()
