"""The options of every command, read with argparse."""

import argparse
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

from tui import __version__
from tui.cli.argument_types import batch_id, count, file_id, port, positive
from tui.errors import LazybatchError

_PROG = "lazybatch"
_EPILOG = "lazybatch COMMAND --help tells a command's options. Without a command it opens the screen."
_STATUSES = (
    "validating", "in_progress", "finalizing", "cancelling", "completed", "failed", "expired", "cancelled", "unknown",
)  # fmt: skip


class _Parser(ArgumentParser):
    """Wrong use is one sentence; the usage is a `--help` away."""

    def error(self, message: str) -> NoReturn:
        sentence = f"{message[:1].upper()}{message[1:].rstrip('.')}."
        raise LazybatchError(f"{sentence} See {self.prog} --help.")

    def _print_message(self, message: str, file: object = None) -> None:
        """As argparse's own, for all that is printed here, but that one says nothing where it cannot write."""
        from tui.cli.output import write

        write(sys.stdout, message)


def parse(argv: Sequence[str], defaults: Mapping[str, object]) -> argparse.Namespace:
    """The options that `argv` gives; `defaults` are those of the screen, as they are without any argument.

    Raises `LazybatchError` for wrong use, and `SystemExit` after `--help` and `--version`.
    """
    return _parser(defaults, argv).parse_args(argv)


def _parser(defaults: Mapping[str, object], argv: Sequence[str]) -> ArgumentParser:
    whole = _Parser(
        prog=_PROG, parents=[_common()], epilog=_EPILOG, allow_abbrev=False,
        description="The terminal tool for OpenAI-style batch jobs: submit, watch, stop and read them.",
    )  # fmt: skip
    whole.set_defaults(**defaults)
    whole.add_argument(
        "--demo", action="store_true", help="open the screen on a local server full of batches: no key, no cost"
    )
    whole.add_argument(
        "--speed", dest="demo_speed", type=positive, metavar="N", help="with --demo: run its clock N times faster"
    )
    whole.add_argument(
        "--ascii", action="store_true", help="draw the screen in ASCII alone, as it is where the locale is not UTF-8"
    )
    whole.add_argument(
        "--all", dest="everything", action="store_true", help="open the screen on all batches, not on those of 30 days"
    )
    # Of their own: a parser shares its parent's options, and would share the defaults that were set above.
    common = _common()
    commands = whole.add_subparsers(prog=_PROG, title="commands", metavar="COMMAND", parser_class=_Parser)
    # All options of all commands take 6 ms. Where a command stands first nobody asks for another; else for their names
    # and summaries at most.
    named = argv[:1] if argv and argv[0] in _COMMANDS else argv
    for name, (summary, options) in _COMMANDS.items():
        if name in named:
            about = f"{summary[:1].upper()}{summary[1:]}."
            command = commands.add_parser(name, help=summary, description=about, parents=[common], allow_abbrev=False)
            command.set_defaults(command=name)
            options(command)
        elif named is argv:
            commands.add_parser(name, help=summary, add_help=False)
    return whole


def _common() -> _Parser:
    """Options that stand before the command's name or after it; absent from the result unless given."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS, allow_abbrev=False)
    group = common.add_argument_group("everywhere")
    group.add_argument("--profile", metavar="NAME", help="a profile of the settings file, instead of its default")
    group.add_argument("--base-url", metavar="URL", help="the API's address, instead of the profile's")
    group.add_argument("--read-only", action="store_true", help="refuse whatever would change something")
    group.add_argument("--version", action="version", version=f"{_PROG} {__version__}")
    return common


def _serve(parser: ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=0, metavar="P", help="loopback port; without it, a free one")
    parser.add_argument("--state", metavar="DIR", help="keep its files and batches there; without it nothing is kept")
    parser.add_argument("--speed", type=positive, default=1.0, metavar="N", help="run its clock N times faster")


def _validate(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an input file: one request a line")
    _endpoint(parser)
    _json(parser)


def _mend(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an input file, which is only read")
    parser.add_argument("-o", dest="out", required=True, metavar="OUT", help="the copy")
    parser.add_argument("--endpoint", metavar="E", help="added as the url of requests that have none")
    parser.add_argument("--model", metavar="M", help="added to requests that name none")
    _json(parser)


def _split(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an input file, which is only read")
    parser.add_argument("-o", dest="out", metavar="DIR", help="the folder for the parts (that of FILE)")
    parser.add_argument("--max-requests", type=count, metavar="N", help="requests of a part, at most")
    parser.add_argument("--max-bytes", type=count, metavar="N", help="bytes of a part, at most")
    parser.add_argument("--max-tokens", type=count, metavar="N", help="input tokens of a part, at most")
    _endpoint(parser)
    _json(parser)


def _submit(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="an input file: one request a line")
    _endpoint(parser)
    parser.add_argument("--description", metavar="TEXT", help="what to call the batch")
    parser.add_argument("--meta", action="append", default=[], metavar="K=V", help="a pair of metadata; repeatable")
    parser.add_argument("--split", action="store_true", help="in parts, where the file is over the limits of one batch")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--again", action="store_true", help="even if the same content was submitted before")
    again.add_argument(
        "--adopt",
        type=batch_id,
        metavar="ID",
        help="the batch that a broken-off submission came to, where asked for it",
    )
    parser.add_argument("--queue", action="store_true", help="where there is no room now, have it wait in the queue")
    _over_budget(parser)
    _yes(parser)
    _json(parser)
    parser.set_defaults(interrupted="Submit the same file again: it goes on from here, and makes no second batch.")


def _list(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--status", action="append", choices=_STATUSES, metavar="S", help=f"repeatable: {', '.join(_STATUSES)}"
    )
    parser.add_argument("--filter", metavar="Q", help="only what matches: 'nightly model:gpt-4o age:<2d failed:>1%%'")
    number = parser.add_mutually_exclusive_group()
    number.add_argument("--all", action="store_true", help="every batch")
    number.add_argument("--limit", type=count, metavar="N", help="the newest N (20 without it)")
    _json(parser)


def _show(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=batch_id, metavar="ID", help="a batch")
    _json(parser)


def _watch(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=batch_id, metavar="ID", help="batches; without any, the active ones")
    parser.add_argument("--all-active", action="store_true", help="every batch that has not ended, besides")
    parser.add_argument("--interval", type=positive, default=5.0, metavar="S", help="seconds between looks (5)")
    _json(parser)


def _cancel(parser: ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", nargs="*", default=[], type=batch_id, metavar="ID", help="batches")
    which.add_argument("--all-active", action="store_true", help="every batch that still works")
    which.add_argument("--filter", metavar="Q", help="of these, the ones that match: 'name:eval age:<1h failed:>10%%'")
    parser.add_argument("--wait", action="store_true", help="until the server says that they have ended")
    _yes(parser)
    _json(parser)


def _download(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", type=batch_id, metavar="ID", help="batches that have ended")
    parser.add_argument("-o", dest="out", default=".", metavar="DIR", help="the folder to put them in (this one)")
    _json(parser)
    parser.set_defaults(interrupted="Run it again: it goes on where it stopped.")


def _results(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=batch_id, metavar="ID", help="a batch that has ended")
    _input(parser)
    parser.add_argument(
        "--only",
        choices=("ok", "failed", "missing", "empty", "refused", "unreadable"),
        help="requests that came to this alone",
    )
    parser.add_argument("--format", choices=("jsonl", "csv"), help="what the joined lines are written as (jsonl)")
    parser.add_argument(
        "--columns",
        metavar="C,…",
        help="those of the CSV: id,status,text,tokens,finish; answer.NAME is a field of answers in JSON",
    )
    parser.add_argument(
        "--whole", action="store_true", help="with the other parts of its file, and the batch whose rest it ran"
    )
    parser.add_argument(
        "-o",
        dest="out",
        metavar="OUT",
        help="write the joined lines there; with --only or --format alone, to the output",
    )
    _json(parser)


def _retry(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=batch_id, metavar="ID", help="a batch that has ended")
    _input(parser)
    parser.add_argument("-o", dest="out", metavar="OUT", help="the new input file (ID.remainder.jsonl)")
    parser.add_argument("--submit", action="store_true", help="submit it as well")
    _over_budget(parser)
    parser.add_argument(
        "--allow-mismatch",
        action="store_true",
        help="with --submit: even if the results do not match the server's counts, or may be cut",
    )
    _yes(parser)
    _json(parser)
    parser.set_defaults(interrupted="Run it again: no request is submitted twice.")


def _files(parser: "ArgumentParser") -> None:
    parser.add_argument("ids", nargs="*", default=[], type=file_id, metavar="ID", help="these files alone")
    parser.add_argument("--orphans", action="store_true", help="only uploads that no batch will use any more")
    parser.add_argument(
        "--delete",
        action="store_true",
        help="delete them, but for what an active batch uses; results, and files of other work, only by their ID",
    )
    _yes(parser)
    _json(parser)
    parser.set_defaults(interrupted="What was told as deleted is; run it again for the rest.")


def _queue(parser: ArgumentParser) -> None:
    _json(parser)
    # Of their own, and absent unless given: what stands before the verb must not be undone behind it.
    common = _common()
    common.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(title="what to do with it", metavar="VERB", dest="verb", parser_class=_Parser)
    for name, (summary, options) in _QUEUE_VERBS.items():
        verb = verbs.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", parents=[common], allow_abbrev=False
        )
        options(verb)


def _queue_add(parser: ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="input files: one request a line")
    _endpoint(parser)
    parser.add_argument("--description", metavar="TEXT", help="what to call the batches")
    parser.add_argument("--meta", action="append", default=[], metavar="K=V", help="a pair of metadata; repeatable")
    parser.add_argument("--split", action="store_true", help="in parts, where a file is over the limits of one batch")
    parser.add_argument("--again", action="store_true", help="even if the same content waits or was submitted before")
    _over_budget(parser)
    _yes(parser)


def _queue_run(parser: ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="send what may go out now, and end: for cron")
    parser.add_argument("--interval", type=positive, default=10.0, metavar="S", help="seconds between looks (10)")
    parser.set_defaults(interrupted="What waits stays in the queue; the next run goes on.")


def _queue_move(parser: ArgumentParser) -> None:
    parser.add_argument("id", type=count, metavar="ID", help="an entry, as the list names it")
    parser.add_argument("where", choices=("up", "down", "first", "last"), help="up, down, first or last")


def _queue_remove(parser: ArgumentParser) -> None:
    parser.add_argument("ids", nargs="+", type=count, metavar="ID", help="entries, as the list names them")


_QUEUE_VERBS: dict[str, tuple[str, Callable[[ArgumentParser], None]]] = {
    "add": ("validate files, and let them wait until there is room for them", _queue_add),
    "run": ("send what waits as room frees, until interrupted", _queue_run),
    "move": ("give an entry another place", _queue_move),
    "remove": ("take entries out; a batch that one has come to stays", _queue_remove),
}


def _profiles(parser: ArgumentParser) -> None:
    _json(parser)


def _endpoint(parser: ArgumentParser) -> None:
    parser.add_argument("--endpoint", metavar="E", help="such as /v1/responses; without it, that of the first request")


def _input(parser: ArgumentParser) -> None:
    parser.add_argument("--input", metavar="FILE", help="the batch's input file; without it, ours or the server's")


def _over_budget(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--over-budget", action="store_true", help="even over the budget or a limit, or where that is not known"
    )


def _yes(parser: ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="JSON on standard output; words go to standard error")


_COMMANDS: dict[str, tuple[str, Callable[[ArgumentParser], None]]] = {
    "list": ("list batches, newest first", _list),
    "show": ("show one batch, its timeline and its errors", _show),
    "watch": ("follow batches until every one has ended", _watch),
    "validate": ("find every problem of an input file before it is uploaded", _validate),
    "mend": ("write a copy of an input file with what can be put right put right", _mend),
    "split": ("cut an input file into parts that are within the limits", _split),
    "submit": ("validate a file, upload it and create its batch, exactly once", _submit),
    "cancel": ("cancel batches", _cancel),
    "download": ("download the result files of batches that have ended", _download),
    "results": ("join results to their requests and hold the counts against them", _results),
    "retry": ("write the requests without a good result as a new input file", _retry),
    "queue": ("list what waits for room at the provider; add to it, order it, send it", _queue),
    "files": ("list the uploaded and result files and what refers to them, or delete some", _files),
    "profiles": ("list the profiles and which one is in use", _profiles),
    "serve": ("run a local Batch API server to try scripts on", _serve),
}
