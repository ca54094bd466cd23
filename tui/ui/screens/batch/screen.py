"""One batch: what it is, what it went through, what is wrong with it, what it left."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.widget import Widget

from tui.batches import display
from tui.batches.batch import Batch, Stage, Status, timeline
from tui.batches.cost import Cost, Expected
from tui.batches.pace import Sample
from tui.format.cell import Cell
from tui.format.glyphs import GLYPHS
from tui.format.text import count, duration, money_range, percent, plural
from tui.store.checks import Kept
from tui.ui import actions
from tui.ui.screens.base import Room, bindings, may_wait
from tui.ui.screens.batches.monitor import staleness
from tui.ui.screens.results.summary import verdict_cells
from tui.ui.terminal import clipboard
from tui.ui.widgets.text_view import TextView

_LABEL = 13  # cells
_BAR = 24
_SPARKLINE = 60  # cells: one for each minute
_TICK = 1.0  # seconds between two looks at the book while the batch moves
Paragraph = Sequence[Cell]


class BatchScreen(Room):
    """A batch as the book has it now; it follows what the monitor brings."""

    ROOM: ClassVar[str] = actions.BATCH
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROOM)

    def __init__(self, batch_id: str) -> None:
        super().__init__()
        self._batch_id = batch_id
        self.view = TextView(id="batch")
        self._drawn: tuple[object, ...] = ()
        self._kept: Kept | None = None

    def body(self) -> Sequence[Widget]:
        return (self.view,)

    def on_mount(self) -> None:
        self._look()
        self.work(self._recall(), "verdict")
        self.set_interval(_TICK, self._look)
        self.view.focus()

    def on_screen_resume(self) -> None:
        """Its results may have been read meanwhile."""
        self.work(self._recall(), "verdict")

    async def _recall(self) -> None:
        """Bring to mind what its files were found to hold."""
        self._kept = await asyncio.to_thread(self.session.verdicts.load, self._batch_id)
        self._look()

    def _look(self) -> None:
        batch, now = self.session.book.get(self._batch_id), self.session.now
        # A batch that has ended changes no more but for its age, which is told in minutes.
        moment = int(now) if batch is not None and batch.active else int(now / 60)
        cost = None if batch is None else self.session.cost_of(batch)
        expected = None if batch is None else self.session.expected_of(batch)
        price = "" if batch is None else self.session.price_of(batch)
        name = self._batch_id if batch is None else self.lazybatch.name_of(batch)
        stale = staleness(self.lazybatch.home)
        broken = self._broken(batch) if batch is not None else []
        if self._drawn == (drawn := (batch, name, moment, self._kept, cost, price, expected, stale, tuple(broken))):
            return
        self._drawn = drawn
        self.bottom.show_keys()
        if batch is None:
            self.title_line(name)
            self.view.read([[Cell("The server no longer has this batch.", "warn")]])
            return
        self.title_line(name, stale=stale)
        samples = self.session.samples.of(batch.id)
        told = describe(batch, now, kept=self._kept, samples=samples, cost=cost, price=price, expected=expected)
        self.view.read([*self._forgotten(batch), *self._alarm(batch, broken), *told], keep_place=True)

    def _forgotten(self, batch: Batch) -> Iterator[Paragraph]:
        if batch.gone:
            yield [Cell(f"{self.session.profile.host} no longer knows this batch.", "warn")]

    def _broken(self, batch: Batch) -> list[str]:
        """The rules that `batch` breaks, the gravest first, each in words; then why a cancel came to nothing."""
        broken = [f"RUNAWAY  {trip.sentence.removesuffix('.')}" for trip in self.lazybatch.alarms_of(batch)]
        failed = self.lazybatch.failed_cancel(batch)
        return [*broken, failed.removesuffix(".")] if failed else broken

    def _alarm(self, batch: Batch, broken: Sequence[str]) -> Iterator[Paragraph]:
        """What is wrong, a line each, and behind the first what can be done about it."""
        for place, told in enumerate(broken):
            yield [Cell(f"{GLYPHS.alarm} {told}", "bad"), *([] if place else self._way_out(batch))]

    def _way_out(self, batch: Batch) -> list[Cell]:
        if not batch.cancellable:
            return []
        if not self.session.has_cancel:
            return [Cell(f" {GLYPHS.dot} {self.session.profile.host} has no cancel", "dim")]
        if self.session.profile.read_only:
            return [Cell(f" {GLYPHS.dot} this profile is read-only", "dim")]
        return [Cell(f" {GLYPHS.dot} ", "dim"), Cell("c", "accent"), Cell(" cancels")]

    def action_results(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            self.lazybatch.show_results(batch)

    def action_download(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            self.lazybatch.downloads.add(self, [batch])

    def action_cancel(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            self.lazybatch.cancelling.ask(self, [batch])

    def action_wait_again(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            self.lazybatch.queueing.wait_again(self, [batch])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What runs can be cancelled, and only what was refused for want of room be sent again as it is."""
        batch = self.session.book.get(self._batch_id)
        if action == "cancel" and (batch is None or not batch.cancellable):
            return False
        return (action != "wait_again" or may_wait(batch)) and super().check_action(action, parameters)

    def action_copy_id(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            clipboard.copy_ids(self, [batch])

    def action_copy_json(self) -> None:
        if batch := self.session.book.get(self._batch_id):
            clipboard.copy_json(self, [batch])

    def action_refresh(self) -> None:
        self.session.refresh(self._batch_id)


def describe(
    batch: Batch,
    now: float,
    *,
    kept: Kept | None = None,
    samples: Sequence[Sample] = (),
    cost: Cost | None = None,
    price: str = "",
    expected: Expected | None = None,
) -> Iterator[Paragraph]:
    """All that is known of `batch`, in paragraphs; `now` in Unix seconds of the server's clock.

    `kept` is what its files were found to hold, if they have been read; `samples` are of its progress; `cost` is None
    while it is not known, `price` says whose it is by, and `expected` is None unless it was submitted from here.
    """
    yield []
    yield _row("status", display.batch_status_cell(batch))
    yield _row("id", Cell(batch.id))
    yield _row("endpoint", Cell(" · ".join(filter(None, (batch.endpoint, batch.model))) or "?"))
    if batch.oddities:
        yield _row(
            "unreadable",
            Cell(f"The server sent these fields in a form unknown here: {', '.join(batch.oddities)}.", "warn"),
        )
    yield from _requests(batch, now, samples)
    if kept is not None:
        yield _row("results", Cell("".join(cell.text for cell in verdict_cells(kept))))
        for note in kept.verdict.notes:
            yield _row("", Cell(f"{GLYPHS.doubt} {note}", "warn"))
    yield from _timeline(batch, now)
    yield from _errors(batch)
    yield []
    for label, file_id in (
        ("input file", batch.input_file_id), ("output file", batch.output_file_id), ("error file", batch.error_file_id),
    ):  # fmt: skip
        yield _row(label, Cell(file_id) if file_id else Cell("none", "dim"))
    yield from _usage(batch, cost, price, expected)
    if batch.metadata:
        yield []
        for place, (key, value) in enumerate(batch.metadata):
            yield [Cell(("metadata" if not place else "").rjust(_LABEL) + "  ", "dim"), Cell(f"{key} = "), Cell(value)]


def _row(label: str, value: Cell) -> Paragraph:
    return [Cell(label.rjust(_LABEL) + "  ", "dim"), value]


def _requests(batch: Batch, now: float, samples: Sequence[Sample]) -> Iterator[Paragraph]:
    yield []
    counts = batch.counts
    yield _row("requests", Cell(display.counts_text(batch).removeprefix("requests ")))
    if counts is None or counts.progress is None:
        return
    yield _row(
        "", Cell(f"{display.bar_text(counts.progress, _BAR)} {percent(counts.progress)}", display.role(batch.status))
    )
    if counts.failed is not None:
        share = f" ({percent(counts.failed_share)})" if counts.failed_share else ""
        yield _row("failed", Cell(f"{count(counts.failed)}{share}", "bad" if counts.failed else ""))
    if pace := display.rate_text(batch, now, samples):
        yield _row("rate", Cell(f"{pace}, {display.eta_cell(batch, now, samples).text} left at this rate"))
    for warning in display.pace_warnings(batch, now, samples):
        yield _row("", Cell(f"{GLYPHS.doubt} {warning}", "warn"))
    if batch.status is Status.IN_PROGRESS and (drawn := display.sparkline_text(samples, now, _SPARKLINE)):
        yield _row("last hour", Cell(drawn, "running"))
    if batch.active and batch.expires_at:
        yield _row("window", Cell(f"ends in {duration(batch.expires_at - now)}"))


def _timeline(batch: Batch, now: float) -> Iterator[Paragraph]:
    yield []
    label = "timeline"
    for stage in timeline(batch):
        lasted = stage.seconds if stage.seconds is not None else now - stage.at if _lasts(stage, batch) else None
        spent = f"  for {duration(lasted)}" if lasted is not None else ""
        yield [
            Cell(label.rjust(_LABEL) + "  ", "dim"),
            Cell(f"{display.word(stage.status):<12}", display.role(stage.status)),
            Cell(f"{duration(now - stage.at)} ago{spent}"),
        ]
        label = ""
    if batch.active and all(stage.status is not batch.status for stage in timeline(batch)):
        yield [
            Cell(label.rjust(_LABEL) + "  ", "dim"),
            Cell(f"{display.word(batch.status):<12}", display.role(batch.status)),
            Cell("The server does not say since when.", "dim"),
        ]


def _lasts(stage: Stage, batch: Batch) -> bool:
    return batch.active and stage.status is batch.status


def _errors(batch: Batch) -> Iterator[Paragraph]:
    if not batch.errors:
        return
    yield []
    yield _row("errors", Cell(f"{plural(len(batch.errors), 'problem')} in the input file", "bad"))
    for error in batch.errors:
        where = f"line {error.line}" if error.line else "the file"
        about = " · ".join(filter(None, (error.code, error.param)))
        yield _row(where, Cell(f"{error.message}" + (f"  ({about})" if about else "")))


def _usage(batch: Batch, cost: Cost | None, price: str, expected: Expected | None) -> Iterator[Paragraph]:
    usage, told = batch.usage, display.cost_text(batch, cost)
    # As long as nothing better tells what it will come to.
    if expected is not None and expected.low is not None and (cost is None or cost.at_end is None):
        before = f"{money_range(expected.low, expected.high)} expected when it was submitted"
        told = f"{told}, {before}" if told else before
    if usage or told:
        yield []
    if told:
        yield _row("cost", Cell(told))
        # What costs nothing has no price.
        if price and (cost is None or cost.so_far or cost.at_end):
            yield _row("", Cell(f"at {price}", "dim"))
    if usage is None:
        return
    cached = f" ({count(usage.cached_tokens)} from cache)" if usage.cached_tokens else ""
    thought = f" ({count(usage.reasoning_tokens)} for reasoning)" if usage.reasoning_tokens else ""
    yield _row("tokens", Cell(f"{count(usage.input_tokens)} in{cached} · {count(usage.output_tokens)} out{thought}"))
