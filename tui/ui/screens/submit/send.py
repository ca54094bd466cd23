"""Sending a good file, or its parts, after a question."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

from textual import on
from textual.widgets import Input

from tui.batches import display
from tui.batches.batch import Batch
from tui.batches.metadata import metadata
from tui.errors import LazybatchError
from tui.flows.queue.part_queue import Line
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.limit_checks import before_question
from tui.flows.submit.parts import Broken, PartsOrder, Queued, submit_parts
from tui.flows.submit.steps import (
    Already,
    Created,
    Looking,
    Order,
    OtherwiseSubmitted,
    Step,
    Unclear,
    Unknowable,
    Uploaded,
    Uploading,
    Withdrawing,
    Withdrawn,
    left_undone,
)
from tui.flows.submit.submit import submit
from tui.format.cell import Cell
from tui.format.speed import Speed
from tui.format.text import age, clean_line, plural
from tui.requests.validate import Report
from tui.ui.screens.submit.base import asks_endpoint, models, under_way
from tui.ui.screens.submit.duplicate import Before

_AGAIN = "A submits it all the same."
_ADOPT = "u says that it is one of these, A submits it all the same."


class Sending(Before):
    """The keys for a file that is good."""

    _begun: Order | PartsOrder | None = None

    @on(Input.Submitted)
    def action_send(self) -> None:
        if self.report is None or not self.check_action("send", ()):
            return
        if self.busy:
            self.say_busy()
            return
        if asks_endpoint(self.report) or self.endpoint.input.value.strip() != self.report.endpoint:
            # Another endpoint is another set of rules.
            self.action_validate()
            return
        if self.before is not None and not self.parts:
            self.lazybatch.notices.add(f"Not submitted. {self.told_before(self.before)}", "warning", passing=True)
            return
        self.work(self._confirm(again=False), "confirm")

    def action_again(self) -> None:
        if self.busy:
            self.say_busy()
        else:
            self.work(self._confirm(again=True), "confirm")

    def action_adopt(self) -> None:
        self.work(self._recognise(), "confirm")

    async def _recognise(self) -> None:
        """Ask of each batch that may be meant whether it is."""
        order = self._begun
        for batch in self.candidates:
            what = "part" if isinstance(order, PartsOrder) else "file"
            if order is not None and await self.bottom.ask(
                f"Is {self.lazybatch.name_of(batch)} the batch of this {what}?"
            ):
                self._begin(replace(order, again=False, adopt=batch.id))
                return

    def said(self) -> Mapping[str, str]:
        """The metadata that was typed; raises `LazybatchError` where it cannot be."""
        pairs = [pair for pair in self.pairs.input.value.split(",") if pair.strip()]
        named = self.description.input.value.strip()
        # The name that it has already need not be under the key of a description.
        return metadata("" if named == self.inherited_name else named, pairs, self.inherited)

    async def _confirm(self, *, again: bool) -> None:
        report = self.report
        if report is None:
            return
        said = self.said()
        if await self.bottom.ask(lambda room: self._question(report, room, again=again)):
            endpoint = report.endpoint or ""
            order = (
                PartsOrder(report, self.parts, endpoint, said, again, self.expected, retried=self.retried)
                if self.parts
                else Order(report, endpoint, said, again, self.expected, retried=self.retried)
            )
            self._begin(order)

    def _question(self, report: Report, room: int, *, again: bool) -> str:
        """What is about to be sent, where to and for how much; without the model where that is too long."""
        verb = f"{before_question(self.objections)}{'Submit AGAIN' if again else 'Submit'}"
        host, requests = self.session.profile.host, plural(report.requests, "request")
        if self.parts:
            return f"{verb} {plural(len(self.parts), 'part')} ({requests}{self.worth}) to {host}?"
        whole = f"{verb} {requests} ({models(report)}{self.worth}) to {host}?"
        return whole if len(whole) <= room or not self.worth else f"{verb} {requests}{self.worth}, to {host}?"

    def _begin(self, order: Order | PartsOrder) -> None:
        self._begun = order
        # The app's worker, not the screen's: leaving the screen must not break it off.
        self.sending = self.app.run_worker(
            self._send(order), name="submit", group="submit", description="submit", exit_on_error=True
        )
        self.bottom.show_keys()

    async def _send(self, order: Order | PartsOrder) -> None:
        self.lazybatch.submitting += 1
        # Out of the fields, where the keys that are left would be letters.
        self.set_focus(None)
        self.detail.display = False
        # Until the server has answered, whatever was said of the file would read as if nothing went on.
        self.progress.say([Cell("Asking the server …", "dim")])
        try:
            await self._follow(order)
        except LazybatchError as error:
            self.already |= _only_again(error)
            self.candidates = error.candidates if isinstance(error, Unknowable | Broken) else ()
            self._say_wrong(error)
            if not self.is_attached:
                self.app.notify(error.sentence, severity="error", markup=False, timeout=20)
        finally:
            self._in_doubt(False)
            self.lazybatch.submitting -= 1
            self.sending = None
            if self.is_attached:
                self.bottom.show_keys()

    async def _follow(self, order: Order | PartsOrder) -> None:
        """Tell each step; with the last batch that came of it, go home."""
        made: list[Batch] = []
        there: list[Already] = []
        waiting = 0
        speed, last = Speed(), ""
        async for part, step in self._steps(order):
            if part != last:
                speed, last = Speed(), part
            self._in_doubt(isinstance(step, Unclear | Looking | Withdrawing))
            match step:
                case Created(batch=batch):
                    made.append(batch)
                    self.lazybatch.take_in(batch)
                case Already():
                    there.append(step)
                case Queued():
                    waiting += 1
                case Uploading(done, total):
                    speed.note(time.monotonic(), done)
                    self.progress.say(under_way(f"{part}uploading", done, total, speed))
                case _:
                    self._say(part, step)
        if waiting:
            self.lazybatch.queueing.wake()
            told = f"{plural(waiting, 'part')} of {len(self.parts)} {'waits' if waiting == 1 else 'wait'} for room"
            self.app.notify(f"{told}: Q shows the queue.", markup=False, timeout=10)
        if made:
            self.progress.say([Cell("The batch is created." if len(made) == 1 else "The batches are created.", "ok")])
            await self.lazybatch.submitted(self, made[-1])
        elif waiting:
            await self.lazybatch.go_home(self)
        elif there:
            self._say_already(there)
            self.lazybatch.notices.add("Nothing was submitted.", "warning", passing=True)

    def _in_doubt(self, unknown: bool) -> None:
        """Note whether it is unknown just now if the server has made a batch: who quits is told of it."""
        if unknown:
            self.lazybatch.in_doubt.add(self.path)
        elif self.path in self.lazybatch.in_doubt:
            self.lazybatch.in_doubt.discard(self.path)
            self.lazybatch.notices.doing("")

    async def _steps(self, order: Order | PartsOrder) -> AsyncIterator[tuple[str, Step | Queued]]:
        """Each step, with the words for the part that it belongs to."""
        wire, journal = self.session.wire, self.session.journal
        if isinstance(order, Order):
            async for step in submit(order, wire=wire, journal=journal):
                yield "", step
            return
        async for told in submit_parts(order, wire=wire, journal=journal, line=Line(self.session)):
            yield f"part {told.number} of {len(order.parts)}: ", told.step

    def _say(self, part: str, step: Step) -> None:
        match step:
            case Uploaded(adopted=adopted):
                known = "The file is on the server already; " if adopted else "Uploaded; "
                self.progress.say([Cell(f"{part}{known}creating the batch …", "running")])
            case Unclear(error):
                self.progress.say([Cell(f"{part}Asking the server what came of it: {error.sentence}", "warn")])
            case Looking():
                self.progress.say([Cell(f"{part}{step.sentence}", "warn")])
                if self.is_attached:
                    # The line has no room for it beside what is asked.
                    self.lazybatch.notices.doing("esc goes home; this goes on, and you are told how it ends.")
                else:
                    self.lazybatch.notices.doing(f"{clean_line(self.path.name)}: {part}{step.sentence}")
            case Withdrawing():
                told = "No batch there. Deleting the upload, so that none comes late …"
                self.progress.say([Cell(f"{part}{told}", "warn")])
            case Withdrawn():
                self.progress.say([Cell(f"{part}The upload is deleted; sending the file anew …", "running")])
            case GivenUp(submission):
                self.app.notify(submission.reason or "", severity="warning", markup=False, timeout=10)

    def _say_already(self, there: list[Already]) -> None:
        if not self.parts:
            self.say_before(there[-1].batch)
            return
        self.already = True
        self.progress.say([Cell(f"All {len(there)} parts were submitted before. A submits them again.", "warn")])

    def _say_wrong(self, error: LazybatchError) -> None:
        if not self.candidates:
            self.say_wrong(error, _AGAIN if _only_again(error) else left_undone(error))
            return
        self.say_wrong(error, _ADOPT, [[], *(self._candidate(batch) for batch in self.candidates)])

    def _candidate(self, batch: Batch) -> list[Cell]:
        """By which its user may recognise a batch."""
        created = f"created {age(self.session.now - batch.created_at)} ago" if batch.created_at else "of unknown age"
        facts = (batch.id, created, display.counts_text(batch), batch.model or "")
        return [display.status_cell(batch.status, batch.raw_status), Cell("  " + " · ".join(filter(None, facts)))]

    def action_stop(self) -> None:
        if self.sending is not None:
            self.sending.cancel()
            self.progress.say([Cell("Stopped. Submit the same file again to go on from here.", "warn")])


def _only_again(error: LazybatchError) -> bool:
    """Whether only its user can decide, because lazybatch never will know."""
    return isinstance(error, Unknowable | OtherwiseSubmitted) or (isinstance(error, Broken) and error.unknowable)
