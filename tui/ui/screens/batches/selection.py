"""The parts of one file as one row of home, which opens and closes."""

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from tui.batches.batch import Batch
from tui.batches.pace import Sample
from tui.format.text import plural
from tui.ui.screens.batches.filter import Choosing

if TYPE_CHECKING:
    from tui.batches.cost import Cost
    from tui.batches.groups import Group, Groups


class Grouping(Choosing):
    """The part of home that knows which batches a row stands for."""

    @cached_property
    def groups(self) -> "Groups":
        """The parts of files that were cut up, each file's as one."""
        from tui.batches.groups import Groups

        return Groups(self.session.book, self.name_of)

    def names_changed(self) -> None:
        super().names_changed()
        self.groups.forget()
        self.texts.forget()

    def group(self, key: Hashable | None) -> "Group | None":
        """The parts that a row stands for, if it is one of several."""
        # Where nothing was cut up the first frame does without what knows how to sum.
        return self.groups.get(key) if self.session.book.groups and isinstance(key, str) else None

    def is_inside(self, batch: Batch) -> bool:
        """Whether `batch` stands below the row of the parts that it is one of."""
        return bool(self.session.book.groups) and self.groups.key_of(batch) in self.groups.opened

    def rows(self, batches: Sequence[Batch]) -> list[str]:
        """The keys of the rows that show `batches`."""
        kept = self.session
        if not kept.book.groups:
            return self._order.apply(batches, self.name_of, kept.now, kept.samples.of, kept.spent_on)
        return self.groups.rows(batches, self._order, kept.now, kept.samples.of, kept.spent_on)

    def samples_of(self, key: str) -> Sequence[Sample]:
        """Samples of the progress of a row."""
        group = self.group(key)
        return self.session.samples.of(key) if group is None else self.groups.samples(key, self.session.samples.of)

    def cost_of(self, batch: Batch) -> "Cost | None":
        """What `batch`, which may stand for the parts of a file, costs."""
        if (group := self.group(batch.id)) is None:
            return self.session.cost_of(batch)
        from tui.batches.group_sums import costs

        return costs(map(self.session.cost_of, group.parts))

    def group_under_cursor(self) -> "Group | None":
        """The parts whose row the cursor is on, if they are shown as one."""
        return self.group(self.table.cursor_key)

    def under_cursor(self) -> Batch | None:
        """The batch whose row the cursor is on."""
        key = self.table.cursor_key
        return None if key is None else self.session.book.get(str(key))

    def chosen(self) -> list[Batch]:
        """The batches that a key is about: those of the marked rows that are shown, else of the one under the cursor.

        Where the row of a file's parts is one of these, all parts that the filter lets through; each batch once.
        """
        return self.marked() or list(self._under_cursor_all())

    def marked(self) -> list[Batch]:
        """The batches of the marked rows that are shown.

        Where some parts have marks of their own it is those: one whose mark was taken away is not meant.
        """
        marks, found = self.table.marks, dict[str, Batch]()
        for key in marks:
            batches = self._of_row(key)
            if self.group(key) is None or marks.isdisjoint(batch.id for batch in batches):
                found |= {batch.id: batch for batch in batches}
        return list(found.values())

    def _of_row(self, key: Hashable) -> Sequence[Batch]:
        if (group := self.group(key)) is not None:
            return self.groups.meant(group)
        batch = self.session.book.get(str(key))
        return () if batch is None else (batch,)

    def go_to(self, batch: Batch) -> bool:
        """Put the cursor on the row of `batch`, or of the parts that it is one of; False if neither is shown."""
        return self.table.move_to(batch.id) or self.table.move_to(self.groups.key_of(batch))

    def keep_cursor(self, before: Hashable | None) -> None:
        """A batch that has become part of a closed group takes the cursor along."""
        if before is not None and self.table.cursor_key != before:
            batch = self.session.book.get(str(before))
            if batch is not None and (key := self.groups.key_of(batch)) is not None:
                self.table.move_to(key)

    # What the user does

    def action_unfold(self) -> None:
        if (group := self.group_under_cursor()) is not None and group.whole.id not in self.groups.opened:
            self.groups.opened.add(group.whole.id)
            self.show()

    def action_fold(self) -> None:
        """Close the parts under the cursor, or those of which the batch under it is one."""
        batch = self.under_cursor()
        key = self.table.cursor_key if batch is None else self.groups.key_of(batch)
        if key in self.groups.opened:
            self.groups.opened.discard(str(key))
            self.show()
            self.table.move_to(key)

    def action_view_attention(self) -> None:
        """What is about to be stopped comes before what has failed: the cursor goes to it, unless it is on such."""
        super().action_view_attention()
        if not any(self.alarms.of(batch.id) for batch in self._under_cursor_all()):
            runaways = (batch for key in self.alarms.tripped if (batch := self.session.book.get(key)) is not None)
            any(self.go_to(batch) for batch in sorted(runaways, key=lambda batch: (-(batch.created_at or 0), batch.id)))

    def settle_marks(self, settled: Sequence[Batch]) -> None:
        """Take the marks of batches away that a cancel has dealt with, and of rows whose parts all are."""
        ids = {batch.id for batch in settled}
        keys = {self.groups.key_of(batch) for batch in settled} - {None}
        whole = {key for key in keys if ids.issuperset(batch.id for batch in self._of_row(key) if batch.cancellable)}
        self.table.unmark(ids | whole)

    def open_group(self, group: "Group") -> None:
        """Open the parts, or close them."""
        if group.whole.id in self.groups.opened:
            self.action_fold()
        else:
            self.action_unfold()

    def show_results_of(self, group: "Group") -> None:
        """Show the results of a part that has ended: those of all others are read with them."""
        having = [part for part in group.parts if part.output_file_id or part.error_file_id or part.errors]
        ended = [part for part in having if not part.active and not part.errors]
        if not having:
            self.notify(f"No results to read: none of {plural(len(group.parts), 'part')} has any yet.", markup=False)
        else:
            self.lazybatch.show_results((ended or having)[0])

    def action_copy_id(self) -> None:
        from tui.ui.terminal import clipboard

        clipboard.copy_ids(self, self._under_cursor_all())

    def action_copy_json(self) -> None:
        from tui.ui.terminal import clipboard

        clipboard.copy_json(self, self._under_cursor_all())

    def _under_cursor_all(self) -> Sequence[Batch]:
        key = self.table.cursor_key
        return () if key is None else self._of_row(key)
