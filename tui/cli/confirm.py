"""A question on the terminal before something is changed; the answer is No unless it is Yes."""

import sys

from tui.errors import LazybatchError
from tui.format.text import clean


def need_a_terminal(*, yes: bool, verb: str) -> None:
    """Raise where a question will have to be asked and there is nobody to answer: before any work is done."""
    terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stderr is not None and sys.stderr.isatty()
    if not yes and not terminal:
        raise LazybatchError(f"There is no terminal to ask on: give --yes to {verb} without a question.")


def agreed(question: str, *, number: int | None = None) -> bool:
    """Whether the person at the terminal says yes to `question`; with `number`, by typing that number."""
    answer = ""
    try:
        sys.stderr.write(f"{clean(question)} {'[y/N]' if number is None else f'Type {number} to agree:'} ")
        sys.stderr.flush()
        answer = sys.stdin.readline()
    finally:
        # ctrl-d or ctrl-c: the next line is one of its own all the same.
        if not answer.endswith("\n"):
            sys.stderr.write("\n")
    return answer.strip().lower() in ({"y", "yes"} if number is None else {str(number)})
