"""Cancelling from the screen: the question, the sending, and what became of each batch."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from tui.batches.batch import Batch
from tui.batches.book import Book
from tui.batches.cancel_impact import MANY, outcome_of, question, stake
from tui.errors import LazybatchError
from tui.flows.cancel import Cancelled, Outcome, Waiting, cancel
from tui.format.text import count, duration, plural
from tui.ui.screens.base import Room

if TYPE_CHECKING:
    from textual.timer import Timer

    from tui.ui.app import LazybatchApp

_LONG_WAIT: Final = 3.0  # seconds from which on a wait is told
_NAMED: Final = 3
_READABLE: Final = 20.0  # seconds for which a summary stays
_PATIENCE: Final = 0.5  # seconds after which it is told that an answer is waited for


class Cancelling:
    """The cancels of one run of the screen.

    `failed` tells by a batch's id why its cancel came to nothing.
    """

    def __init__(self, app: "LazybatchApp") -> None:
        self._app = app
        self._asked: dict[str, str] = {}  # what is still to be sent or answered: names by id
        self._looking: Timer | None = None
        self.failed: dict[str, str] = {}
        # Batches that were cancelled here and have not ended yet, a group for each time of asking.
        self._groups: list[dict[str, Batch | None]] = []

    @property
    def left(self) -> int:
        """How many are still to be sent or answered."""
        return len(self._asked)

    def ask(self, room: Room, batches: Iterable[Batch]) -> None:
        """Ask on `room`, then cancel; batches that have ended are left out."""
        every = list(batches)
        running = [batch for batch in every if batch.cancellable]
        if not self._app.session.has_cancel:
            host = self._app.session.profile.host
            self._app.notify(f"{host} has no cancel: its batches run to their end.", severity="warning", markup=False)
        elif running:
            over = [batch for batch in every if not batch.cancellable]
            room.work(self._ask(room, running, over), "cancel")
        else:
            self._app.notify("Nothing to cancel: it has ended, or is being cancelled already.", markup=False)

    async def _ask(self, room: Room, batches: Sequence[Batch], over: Sequence[Batch]) -> None:
        number, profile, name = len(batches), self._app.session.profile, self._app.name_of(batches[0])
        at_stake = stake(batches, self._app.session.cost_of)
        if await room.bottom.ask(
            lambda cells: question(name, profile.name, profile.host, at_stake, cells),
            number=number if number > MANY else None,
        ):
            self._app.settle_marks(over)
            self.begin(batches)

    def begin(self, batches: Sequence[Batch]) -> None:
        """Cancel `batches` without a question."""
        # The app's worker, in company: neither leaving the screen nor a further cancel may break it off.
        self._app.run_worker(
            self._cancel(batches), name="cancel all", group="cancel all", description="cancel all", exit_on_error=True
        )

    async def _cancel(self, batches: Sequence[Batch]) -> None:
        ends: list[Cancelled] = []
        names = {batch.id: self._app.name_of(batch) for batch in batches}
        self._begin(names)
        try:
            async for step in cancel(names, wire=self._app.session.wire, journal=self._app.session.journal):
                if isinstance(step, Waiting):
                    self._tell_wait(step, len(names) - len(ends))
                else:
                    self._asked.pop(step.batch_id, None)
                    ends.append(step)
                    self._take(step)
        except LazybatchError as error:
            self._app.notify(error.sentence, severity="error", markup=False, timeout=_READABLE)
        finally:
            self._end(names)
        settled = {end.batch_id for end in ends if end.outcome is not Outcome.UNREACHABLE}
        self._app.settle_marks([batch for batch in batches if batch.id in settled])
        self._tell(ends, names)
        if begun := [end.batch_id for end in ends if end.outcome is Outcome.CANCELLING]:
            self._groups.append(dict.fromkeys(begun))

    def _begin(self, names: dict[str, str]) -> None:
        self._asked |= names
        if self._looking is None:
            self._looking = self._app.set_interval(_PATIENCE, self._tell_asked)

    def _end(self, names: dict[str, str]) -> None:
        for batch_id in names:
            self._asked.pop(batch_id, None)
        if not self._asked and self._looking is not None:
            self._looking.stop()
            self._looking = None
            self._app.notices.doing("")

    def _tell_asked(self) -> None:
        """A server that does not answer is waited for in sight."""
        names = list(self._asked.values())
        what = names[0] if len(names) == 1 else f"{count(len(names))} batches"
        self._app.notices.doing(f"Asking the server to cancel {what} …" if names else "")

    def _tell_wait(self, step: Waiting, left: int) -> None:
        if step.seconds >= _LONG_WAIT:
            self._app.notify(
                f"{step.error.sentence} Going on in {duration(step.seconds)}; {count(left)} still to be cancelled.",
                markup=False, timeout=step.seconds,
            )  # fmt: skip

    def _take(self, end: Cancelled) -> None:
        if end.outcome in {Outcome.REFUSED, Outcome.UNREACHABLE}:
            verb = "refused" if end.outcome is Outcome.REFUSED else "not sent, as far as is known"
            self.failed[end.batch_id] = f"Cancel {verb}: {end.message or end.outcome}"
        else:
            self.failed.pop(end.batch_id, None)
        if end.batch is not None:
            self._app.take_in(end.batch)

    def _tell(self, ends: Sequence[Cancelled], names: dict[str, str]) -> None:
        """One sentence about all of `ends`: a row may have left the view with its cancel."""
        if not ends:
            return
        good = all(end.outcome in {Outcome.CANCELLING, Outcome.CANCELLED} for end in ends)
        self._app.notify(
            summary(ends, names), severity="information" if good else "warning", markup=False,
            timeout=None if good else _READABLE,
        )  # fmt: skip

    def look(self, book: Book) -> None:
        """Offer the results of what was cancelled, once all that was asked for together has ended."""
        running = {batch_id for batch_id in self.failed if (it := book.get(batch_id)) and it.cancellable}
        self.failed = {batch_id: why for batch_id, why in self.failed.items() if batch_id in running}
        for group in list(self._groups):
            for batch_id in group:
                batch = book.get(batch_id)
                if batch is not None and not batch.active:
                    group[batch_id] = batch
            over = [batch for batch in group.values() if batch is not None]
            if len(over) == len(group):
                self._groups.remove(group)
                self._app.notify(self._offer(over), markup=False, timeout=_READABLE)

    def _offer(self, over: Sequence[Batch]) -> str:
        if len(over) == 1:
            (batch,) = over
            offer = " o on its row reads what was done." if batch.output_file_id or batch.error_file_id else ""
            return f"{self._app.name_of(batch)}: {outcome_of(batch)}.{offer}"
        done = sum(batch.counts.ended or 0 for batch in over if batch.counts is not None)
        return f"All {count(len(over))} have ended, {plural(done, 'request')} done. o on a row reads what was done."


def summary(ends: Sequence[Cancelled], names: dict[str, str]) -> str:
    """What became of cancels: `97 cancelling, 2 had ended, 1 refused (nightly-eval: …).`"""
    if len(ends) == 1:
        (end,) = ends
        again = " c tries again." if end.outcome is Outcome.UNREACHABLE else ""
        return f"{names[end.batch_id]}: {end.message or end.outcome}{again}"
    told = []
    for outcome, words in (
        (Outcome.CANCELLING, "cancelling"), (Outcome.CANCELLED, "cancelled"), (Outcome.ALREADY_ENDED, "had ended"),
        (Outcome.REFUSED, "refused"), (Outcome.UNREACHABLE, "not reached"),
    ):  # fmt: skip
        found = [end for end in ends if end.outcome is outcome]
        if found:
            why = f" ({_reasons(found, names)})" if outcome in {Outcome.REFUSED, Outcome.UNREACHABLE} else ""
            told.append(f"{count(len(found))} {words}{why}")
    unreached = any(end.outcome is Outcome.UNREACHABLE for end in ends)
    rest = " Those not reached are still marked: c tries them again." if unreached else ""
    return f"{', '.join(told)}.{rest}"


def _reasons(ends: Sequence[Cancelled], names: dict[str, str]) -> str:
    """The names of a few and their reasons; of many the commonest reasons."""
    if len(ends) <= _NAMED and ends[0].outcome is Outcome.REFUSED:
        return "; ".join(f"{names[end.batch_id]}: {_bare(end)}" for end in ends)
    reasons = Counter(_bare(end) for end in ends).most_common()
    told = [f"{reason} ×{number:,}" if len(reasons) > 1 else reason for reason, number in reasons[:_NAMED]]
    return "; ".join([*told, "…"] if len(reasons) > _NAMED else told)


def _bare(end: Cancelled) -> str:
    """The reason without what differs between two batches, and without its full stop."""
    words = (end.error.sentence if end.outcome is Outcome.UNREACHABLE and end.error else end.message) or end.outcome
    return words.replace(end.batch_id, "…").removesuffix(".")
