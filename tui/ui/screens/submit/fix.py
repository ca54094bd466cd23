"""Putting a file right that has problems: in an editor, by itself, or by cutting it into parts."""

import asyncio
from pathlib import Path

from textual.app import SuspendNotSupported

from tui.errors import LazybatchError
from tui.flows.host.editor import edit
from tui.flows.submit.limit_checks import parts_limits, token_limit
from tui.flows.submit.parts import cut, least_parts, only_limits
from tui.flows.worker import Progress, worked
from tui.format.cell import Cell
from tui.format.text import clean_line, count, plural, size
from tui.requests.fix import EDITS, Additions, MendReport, mend, preview
from tui.requests.limits import Limits
from tui.requests.validate import Report
from tui.ui.screens.submit.base import SubmitRoom, models, under_way
from tui.ui.terminal.external import lend

_FIRST_CHANGES = 12
# What problems and warnings are about that a mended copy is without, as `mend` has it.
_MENDED = frozenset({"byte_order_mark", "blank_line", "crlf"})


class Repairing(SubmitRoom):
    """The keys for a file with problems."""

    def action_fold(self) -> None:
        self.table.fold()

    def action_edit(self) -> None:
        problem = self.table.problem
        self.begin("editing", lambda: self._edit(problem.line if problem else None))

    def action_mend(self) -> None:
        self.begin("reading", self._mend, writes=True)

    def action_split(self) -> None:
        report = self.report
        if report is not None:
            self.begin("splitting", lambda: self._split(report), writes=True)

    async def _edit(self, line: int | None) -> None:
        """Give the terminal to the editor, then read the file again, however that ended."""
        try:
            await lend(self.app, lambda: edit(self.path, line))
        except SuspendNotSupported:
            self.complain(
                LazybatchError("This terminal cannot be given to an editor: change the file elsewhere, press r.")
            )
        except LazybatchError as error:
            self.complain(error)
        await self.validate()

    async def _mend(self) -> None:
        """Show what mending would change; after a yes write the mended copy and go on with that."""
        path = self.path
        limits = self.session.profile.limits
        additions = Additions(self.endpoint.input.value.strip() or None)
        changes = await worked(
            lambda told, gone: preview(path, limits=limits, additions=additions, progress=told, cancelled=gone),
            self._tell("reading"),
        )
        if not changes.change_count:
            self.progress.say([Cell("Nothing here has only one right form: e opens it in your editor.", "warn")])
            return
        self.show_only(self.detail)
        try:
            self.detail.read(_told(changes))
            self.progress.say([])
            if not (out := await self._agreed(changes)):
                return
            await worked(
                lambda told, gone: mend(path, out, limits=limits, additions=additions, progress=told, cancelled=gone),
                self._tell("mending"),
            )
        finally:
            self._back_to_problems()
        self.open_copy(out)
        self.notify(f"Wrote {clean_line(out.name)} with {plural(changes.change_count, 'change')}.", markup=False)

    async def _agreed(self, changes: MendReport) -> Path | None:
        """Where to write the copy; None where it shall not be."""
        out = self.path.with_name(f"{self.path.stem}.mended.jsonl")
        name = clean_line(out.name)
        if not await self.bottom.ask(f"Write {name} with {plural(changes.change_count, 'change')}?"):
            return None
        if await asyncio.to_thread(out.exists) and not await self.bottom.ask(f"{name} is there already. Replace it?"):
            return None
        return out

    def open_copy(self, path: Path) -> None:
        """Go on with another file in place of this one."""
        raise NotImplementedError

    def _back_to_problems(self) -> None:
        if self.is_attached:
            self.show_only(self.table, self.detail)
            self.progress.say([])
            self.table.focus()
            self.show_problem()

    def show_problem(self) -> None:
        """Tell the problem under the cursor in full."""
        raise NotImplementedError

    async def _split(self, report: Report) -> None:
        """Write the parts, and give the keys to the form: they are submitted as one file is."""
        state = self.session.folder
        try:
            limits = await self._limits_of_parts(report)
            parts = await worked(lambda told, gone: cut(report, limits, state, told, gone), self._tell("splitting"))
        except LazybatchError as error:
            self.progress.say([])
            self.complain(error)
            return
        self.parts, self.budget = parts, None
        self.summary.say([
            Cell(f"✓ {plural(len(parts), 'part')}", "ok"),
            Cell(f" · {plural(report.requests, 'request')} · {size(report.bytes)} · {models(report)}"),
        ])  # fmt: skip
        folder = parts[0].path.parent
        where = "beside the file" if folder == report.path.absolute().parent else f"in {clean_line(str(folder))}"
        self.progress.say([Cell(f"Ready to submit. The parts are {where}.", "ok")])
        self.ready()
        self.bottom.show_keys()

    async def _limits_of_parts(self, report: Report) -> Limits:
        """Where its tokens are limited, a file that is over other limits has not been counted yet."""
        from tui.flows.estimate import price

        profile = self.session.profile
        if token_limit(report, profile) is None:
            return profile.limits
        value = self.estimate or await price(report, await self.session.costs())
        return parts_limits(report, profile, value)

    def split_offer(self, report: Report) -> str:
        """What `s` would do, where it helps; empty elsewhere."""
        if self.session.profile.read_only or not only_limits(report):
            return ""
        limits = self.session.profile.limits
        number = least_parts(report, limits)
        at_most = {
            "too_many_requests": plural(limits.max_requests, "request"),
            "too_many_inputs": plural(limits.max_embedding_inputs, "input"),
            "file_too_large": size(limits.max_bytes),
        }
        held = " and ".join(text for code, text in at_most.items() if code in report.counts_by_code)
        least = "" if set(report.counts_by_code) == {"too_many_requests"} else "at least "
        return f"s splits it: {least}{plural(number, 'part')} of at most {held}."

    def _tell(self, verb: str) -> Progress:
        def tell(done: int, total: int) -> None:
            self.far(verb, done, total)
            self.progress.say(under_way(verb, done, total))

        return tell


def can_mend(report: Report) -> bool:
    """Whether something of the file can be put right by itself, or may be for all that is listed of it."""
    if report.encoding is not None:
        return report.encoding.codec is not None
    listed = (*report.problems, *report.warnings)
    unlisted = report.problem_count > len(report.problems)
    return unlisted or any(known.code in _MENDED or known.param in EDITS for known in listed)


def _told(changes: MendReport) -> list[list[Cell]]:
    kinds = ", ".join(f"{count(number)} {code}" for code, number in changes.counts_by_code.items())
    lines = [[Cell(f"{plural(changes.change_count, 'change')}: ", "accent"), Cell(kinds)], []]
    lines += (
        [Cell(f"line {count(change.line):>9}  ", "dim"), Cell(clean_line(change.message))]
        for change in changes.changes[:_FIRST_CHANGES]
    )
    if changes.change_count > _FIRST_CHANGES:
        lines.append([Cell(f"… and {count(changes.change_count - _FIRST_CHANGES)} more", "dim")])
    return lines
