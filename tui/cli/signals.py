"""A command that is told to end takes away what it has begun to write, as one that is interrupted does."""

import signal
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """Raised in the main thread; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def heed() -> None:
    """Raise `Ended` for signals that would end the process where it stands; those that are ignored stay so (nohup)."""
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    # Once is enough: what is being taken away is not to be broken off.
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Ended(number)
