"""What came back, in one line."""

from collections.abc import Sequence

from tui.state.verdicts import Kept
from tui.text import count
from tui.widgets.column import Cell


def verdict_cells(kept: Kept) -> Sequence[Cell]:
    """`✓ 590 ok · ✗ 10 failed · 0 missing · agrees with the counts`."""
    verdict = kept.verdict
    cells = [
        Cell(f"✓ {count(verdict.ok)} ok", "ok" if verdict.ok else "dim"),
        Cell(" · ", "dim"),
        Cell(f"✗ {count(verdict.failed)} failed", "bad" if verdict.failed else "dim"),
    ]
    if verdict.missing is not None:
        cells += [Cell(" · ", "dim"), Cell(f"{count(verdict.missing)} missing", "bad" if verdict.missing else "dim")]
    cut = kept.finishes.get("length", 0) + kept.finishes.get("max_output_tokens", 0)
    if cut:
        cells += [Cell(" · ", "dim"), Cell(f"{count(cut)} cut short", "warn")]
    if verdict.agrees:
        cells += [Cell(" · agrees with the counts", "dim")]
    if verdict.requests is None:
        cells += [Cell(" · without the input file", "warn")]
    return cells


def doubt_cells(kept: Kept) -> Sequence[Cell]:
    """The gravest of what is not as it should be; nothing when all is well."""
    notes = kept.verdict.notes
    more = f"  (t tells {len(notes) - 1} more)" if len(notes) > 1 else ""
    return [Cell(f"⚠ {notes[0]}{more}", "warn")] if notes else []
