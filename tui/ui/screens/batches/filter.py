"""What home shows, and in which order: the filter, the view, the columns, and the one that is sorted by."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

from tui.batches.batch import Batch
from tui.batches.sort import SORTS, Order, select
from tui.format.cell import Cell
from tui.format.text import clean_line
from tui.ui.screens.batches import rows
from tui.ui.screens.batches.monitor import Account
from tui.ui.screens.batches.views import View
from tui.ui.widgets.table.table import Table

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.batches.query.parse import Query
    from tui.batches.query.text_index import Texts
    from tui.ui.screens.batches.column_bar import ColumnBar

_SLICE: Final = 500  # batches whose texts are put together at a time: half a millisecond
_WHILE_CHOOSING: Final = frozenset({"help", "quit", "redraw", "suspend"})


class Choosing(Account):
    """The part of home that is asked for something else to look at."""

    table: Table

    def __init__(self) -> None:
        super().__init__()
        self._wanted = ""
        self._query: Query | None = None
        self._view = View.ALL
        self._order = Order()

    def recall_order(self) -> None:
        """Sort as its user has chosen to at an earlier start."""
        kept = self.session.preferences
        if kept.sort in SORTS:
            self._order = Order(kept.sort, kept.reverse)
        self._set_columns()

    def _set_columns(self) -> None:
        self.table.columns = rows.columns(self._order, self.session.preferences.columns)

    def selected(self) -> list[Batch]:
        """The batches that the filter and the view let through."""
        now, suspect = self.session.now, self.suspect
        texts = self.texts if self._query else None
        found = select(self.session.book, self._query, self.name_of, now, self.session.spent_on, texts=texts)
        return found if self._view is View.ALL else [batch for batch in found if self._view.shows(batch, now, suspect)]

    @property
    def hiding(self) -> bool:
        """Whether a filter or a view may hide batches."""
        return bool(self._wanted.strip()) or self._view is not View.ALL

    @property
    def rowless(self) -> bool:
        return not self.table.keys

    def chips(self) -> list[Cell]:
        """What hides batches, for the line above the table."""
        wanted = clean_line(self._wanted.strip())
        view = [] if self._view is View.ALL else [Cell(self._view.value, "accent"), Cell("  ")]
        return [*view, Cell(f"/ {wanted}", "accent"), Cell("  ")] if wanted else view

    def nothing(self) -> str:
        """What stands in an empty table while all is well."""
        if self._query and len(self.session.book):
            return "No batch fits the filter.\nesc shows all."
        if self._view is not View.ALL and len(self.session.book):
            nothing = "Nothing needs attention." if self._view is View.ATTENTION else "No batch is active."
            return f"{nothing}\n1 shows all."
        first = "" if self.session.profile.read_only else "\nn chooses a file of requests and makes one of it."
        return f"No batches yet.{first}"

    # What the user does

    @property
    def filter_takes(self) -> str:
        """What can be typed into the filter, while it is."""
        return str(getattr(self.focused, "takes", ""))

    @property
    def column_bar(self) -> "ColumnBar | None":
        """The line in which columns are chosen, while its keys are those that work."""
        if self.focused is None or self.focused.id != "columns":
            return None
        return cast("ColumnBar", self.focused)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a way back from home only while something hides batches; choosing columns has keys of its own."""
        if self.column_bar is not None and action not in _WHILE_CHOOSING:
            return False
        return (action != "back" or self.hiding) and super().check_action(action, parameters)

    def action_back(self) -> None:
        """Nothing is behind home; what can be left here is a filter and a view."""
        self._view = View.ALL
        self._filter("")
        self.texts.forget()

    def action_filter(self) -> None:
        from tui.ui.widgets.filter_input import FilterField

        if not self.query(FilterField):
            field = FilterField(self._wanted)
            self.mount(field, after=self.head)
            field.focus()
            self.call_after_refresh(self.look_again)
            self.work(self._get_ready(), "filter")

    async def _get_ready(self) -> None:
        """What the first word will be looked for in: in slices, between which keys are heard."""
        batches = list(self.session.book)
        for start in range(0, len(batches), _SLICE):
            self.texts.having(batches[start : start + _SLICE], (), self.name_of)
            await asyncio.sleep(0)

    @cached_property
    def texts(self) -> "Texts":
        """What words are looked for in, kept while there is a filter."""
        from tui.batches.query.text_index import Texts

        return Texts()

    def on_input_changed(self, event: "Input.Changed") -> None:
        """The filter is the only field here."""
        event.stop()
        self._filter(event.value)

    def on_filter_field_left(self) -> None:
        self.query("#filter").remove()
        if not self._query:
            self.texts.forget()
        self.table.focus()
        self.call_after_refresh(self.look_again)

    def _filter(self, text: str) -> None:
        from tui.batches.query.parse import parse

        self._wanted, self._query = text, parse(text)
        self.stand_empty()
        self.show()

    def action_view_all(self) -> None:
        self._look_at(View.ALL)

    def action_view_active(self) -> None:
        self._look_at(View.ACTIVE)

    def action_view_attention(self) -> None:
        self._look_at(View.ATTENTION)

    def _look_at(self, view: View) -> None:
        self._view = view
        self._filter(self._wanted)

    def action_sort(self) -> None:
        self._sort(self._order.next([column.key for column in self.table.shown_columns]))

    def action_reverse(self) -> None:
        self._sort(self._order.reversed())

    def _sort(self, order: Order) -> None:
        self._order = order
        self.prefer(self.session.preferences._replace(sort=order.column, reverse=order.reverse))
        self._set_columns()
        self.show()

    def action_choose_columns(self) -> None:
        from tui.ui.screens.batches.column_bar import ColumnBar

        if not self.query(ColumnBar):
            self.mount(ColumnBar(self.session.preferences.columns, rows.COLUMNS), after=self.head)
        self.query_one(ColumnBar).focus()

    def on_column_bar_told(self, event: "ColumnBar.Told") -> None:
        """Another choice of columns, or a key about the one in brackets."""
        bar = event.bar
        if event.what == "done":
            bar.remove()
            self.table.focus()
        elif event.what == "sort" and bar.at in SORTS:
            self._sort(self._order.reversed() if bar.at == self._order.column else Order(bar.at))
        elif event.what == "change":
            self.prefer(self.session.preferences._replace(columns=str(bar.choice)))
            self._set_columns()
        # What fits is known once the table has drawn its titles.
        self.call_after_refresh(self.look_again)
