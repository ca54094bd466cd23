"""What came back, in one line."""

from collections.abc import Callable, Iterator, Sequence

from tui.batches.batch import Batch
from tui.batches.family import Family
from tui.format.cell import Cell
from tui.format.text import count
from tui.results.finish import CUT_SHORT
from tui.store.checks import Kept


def verdict_cells(kept: Kept) -> Sequence[Cell]:
    """`✓ 590 ok · ✗ 10 failed · 0 missing · agrees with the counts`; what was never run is no failure of its own."""
    verdict = kept.verdict
    failed = verdict.failed - verdict.never_run
    cells = [
        Cell(f"✓ {count(verdict.ok)} ok", "ok" if verdict.ok else "dim"),
        Cell(" · ", "dim"),
        Cell(f"✗ {count(failed)} failed", "bad" if failed else "dim"),
    ]
    if verdict.never_run:
        cells += [Cell(" · ", "dim"), Cell(f"{count(verdict.never_run)} not run", "warn")]
    for number, word, role in (
        (verdict.empty, "empty", "bad"),
        (verdict.unreadable + verdict.unnamed, "unreadable", "bad"),
        (verdict.refused, "refused", "warn"),
    ):
        if number:
            cells += [Cell(" · ", "dim"), Cell(f"{count(number)} {word}", role)]
    if verdict.missing is not None:
        cells += [Cell(" · ", "dim"), Cell(f"{count(verdict.missing)} missing", "bad" if verdict.missing else "dim")]
    cut = sum(kept.finishes.get(reason, 0) for reason in CUT_SHORT)
    if cut:
        cells += [Cell(" · ", "dim"), Cell(f"{count(cut)} cut short", "warn")]
    if verdict.agrees:
        cells += [Cell(" · agrees with the counts", "dim")]
    if verdict.requests is None:
        cells += [Cell(" · without the input file", "warn")]
    return cells


def doubt_cells(kept: Kept) -> tuple[Sequence[Cell], Sequence[Cell]]:
    """The gravest of what is not as it should be, and how much more there is; nothing when all is well."""
    notes = kept.verdict.notes
    more = [Cell("t", "accent"), Cell(f" tells {len(notes) - 1} more", "dim")] if len(notes) > 1 else []
    return ([Cell(f"⚠ {notes[0]}", "warn")] if notes else []), more


def family_cells(
    family: Family, left_out: Sequence[tuple[Batch, str]], name_of: Callable[[Batch], str]
) -> Sequence[Cell]:
    """Whose results are read as one, and whose could not be; nothing for a batch that stands alone."""
    cells = []
    if len(family.batches) > 1:
        cells += [Cell("as one  ", "accent"), Cell(" + ".join(_named(family, name_of)))]
    for batch, reason in left_out[:1]:
        more = f"  (and {count(len(left_out) - 1)} more)" if len(left_out) > 1 else ""
        cells += [Cell(f"{'  ' if cells else ''}⚠ without {name_of(batch)}: {reason}{more}", "warn")]
    return cells


_MOST = 3  # that are named


def _named(family: Family, name_of: Callable[[Batch], str]) -> Iterator[str]:
    for batches, what in ((family.roots, "parts"), (family.again, "times run again")):
        if len(batches) > _MOST:
            yield f"{count(len(batches))} {what}"
        else:
            yield from map(name_of, batches)
