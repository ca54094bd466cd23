"""A table that draws only what is visible, one line at a time."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui.format.cell import Cell
from tui.ui.widgets import roles
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table.column import Column, natural_width
from tui.ui.widgets.table.painter import Painter, State
from tui.ui.widgets.table.rows import Rows

__all__ = ["Cell", "Column", "Table"]

_WHEEL_ROWS: Final = 3


class Table(Lines, can_focus=True, inherit_bindings=False):
    """Rows of cells under one header line, with a cursor and marks that belong to the rows' keys.

    A line is written again only where it differs from what is on screen. `cells` is asked for visible rows alone, so
    a `range` of 250,000 keys costs no more than twenty. Columns that do not fit are left out by priority; the table
    never scrolls sideways and has no scroll bar: `position` says where the cursor is.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False),
        Binding("g,home", "first", "First row", show=False),
        Binding("G,end", "last", "Last row", show=False),
        Binding("enter", "choose", "Open", show=False),
        Binding("space", "mark", "Mark", show=False),
        Binding("ctrl+@", "mark_to_here", "Mark up to here", show=False),
    ]

    class Event(Message):
        """What happened in `table`; `control` lets `@on` select by the table's id."""

        def __init__(self, table: "Table") -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> "Table":
            return self.table

    class Highlighted(Event):
        """The cursor went to another row; `key` is None when there is none left."""

        def __init__(self, table: "Table", key: Hashable | None) -> None:
            super().__init__(table)
            self.key = key

    class Chosen(Event):
        """A row was opened, by enter or a double click."""

        def __init__(self, table: "Table", key: Hashable) -> None:
            super().__init__(table)
            self.key = key

    class Marked(Event):
        """Other rows are marked than before, or the marked rows that are shown changed."""

        def __init__(self, table: "Table", marks: frozenset[Hashable]) -> None:
            super().__init__(table)
            self.marks = marks

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Hashable], Mapping[str, Cell]],
        *,
        empty: str = "",
        header: bool = True,
        markable: bool = False,
        mark: str = "✱",
        id: str | None = None,  # noqa: A002 - Textual's own name for it
        classes: str | None = None,
    ) -> None:
        """A table of `columns` whose rows `cells` gives by key; a column that it leaves out is blank.

        `empty` stands in the middle while there are no rows; `mark` is the glyph, one cell wide, of a marked row.
        """
        super().__init__(id=id, classes=classes)
        self._cells = cells
        self._painter = Painter(columns, mark, lambda role, cursor: roles.resolve(self, role, cursor))
        self._empty = empty
        self._header = int(header)
        self._markable = markable
        self._rows = Rows()
        self._last_page = 1

    # What is in it

    @property
    def keys(self) -> Sequence[Hashable]:
        """The rows' keys in their order."""
        return self._rows.keys

    @property
    def visible_keys(self) -> Sequence[Hashable]:
        """The keys of the rows that are on screen now."""
        return self._rows.keys[self._top : self._top + self._page]

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor, None without rows."""
        return self._rows.cursor_key

    @property
    def position(self) -> tuple[int, int]:
        """The cursor's row, counted from 1 (0 without rows), and the number of rows: `12/340` for a status line."""
        return (self._rows.cursor + 1 if len(self._rows) else 0, len(self._rows))

    @property
    def marks(self) -> frozenset[Hashable]:
        """The keys of the marked rows among those shown."""
        return self._rows.marks

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, shown or not; set it to change titles or columns."""
        return self._painter.columns

    @columns.setter
    def columns(self, columns: Sequence[Column]) -> None:
        self._painter.columns = tuple(columns)
        self.look_again()

    @property
    def shown_columns(self) -> tuple[Column, ...]:
        """The columns that the width has room for, in their order."""
        return self._painter.shown

    @property
    def empty(self) -> str:
        """What stands in the middle while there are no rows."""
        return self._empty

    @empty.setter
    def empty(self, text: str) -> None:
        self._empty = text
        if not len(self._rows):
            self._fit_height()
            self.look_again()

    def show(self, keys: Sequence[Hashable]) -> None:
        """Take `keys`, each only once, as the rows in their order.

        Cursor, marks and view stay with their keys; a cursor whose row is gone takes its nearest neighbour. Rows that
        are visible are looked at again as by `changed`.
        """
        before = self.cursor_key
        top = self._rows.replace(keys, self._top, self._page)
        self._fit_height()
        self._scroll_to_row(top)
        self.look_again()
        if self.cursor_key != before:
            self.post_message(self.Highlighted(self, self.cursor_key))
        self._tell_marks(self._rows.mark_again())

    def changed(self, keys: Iterable[Hashable]) -> None:
        """Look again at the rows of `keys`, as far as they are visible, and redraw where they differ."""
        lines = {key: line for line, key in enumerate(self.visible_keys, self._header)}
        self.look_again(lines[key] for key in keys if key in lines)

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on the row of `key` and the row into view; False when there is no such row."""
        row = self._rows.find(key)
        if row is not None:
            self._go(row)
        return row is not None

    def toggle_mark(self, key: Hashable | None = None) -> None:
        """Mark the row of `key`, or take its mark away; without a key the row under the cursor."""
        key = self.cursor_key if key is None else key
        if key is not None:
            self._tell_marks(self._rows.toggle(key))

    def mark_range(self, first: Hashable, last: Hashable) -> None:
        """Mark all rows between those of two keys, both included; nothing if either is not shown."""
        self._tell_marks(self._rows.mark_range(first, last))

    def set_marks(self, keys: Iterable[Hashable]) -> None:
        """Mark exactly the rows of `keys`."""
        self._tell_marks(self._rows.mark(keys))

    def toggle_all_marks(self) -> None:
        """Mark all rows that are shown; none if they all are."""
        keys = self.keys
        if self.marks.issuperset(keys):
            self.set_marks(())
        else:
            self.mark_range(keys[0], keys[-1])

    def unmark(self, keys: Iterable[Hashable]) -> None:
        """Take the marks of `keys` away, also of rows that are not shown now."""
        self._tell_marks(self._rows.unmark(keys))

    def _tell_marks(self, changed: frozenset[Hashable]) -> None:
        if changed:
            self.changed(changed)
            self.post_message(self.Marked(self, self.marks))

    # Where the cursor and the view are

    @property
    def _top(self) -> int:
        return self.scroll_offset.y

    @property
    def _page(self) -> int:
        return max(1, self.size.height - self._header)

    def _go(self, row: int) -> None:
        before = self._rows.cursor
        moved = self._rows.move(row)
        self._reveal()
        if moved:
            self.look_again(place - self._top + self._header for place in (before, self._rows.cursor))
            self.post_message(self.Highlighted(self, self.cursor_key))

    def _reveal(self) -> None:
        row = self._rows.cursor
        if row < self._top:
            self._scroll_to_row(row)
        elif row >= self._top + self._page:
            self._scroll_to_row(row - self._page + 1)

    def _scroll_to_row(self, top: int) -> None:
        self.scroll_y = max(0, min(top, len(self._rows) - self._page))

    def _fit_height(self) -> None:
        height = self._header + (len(self._rows) or len(self._empty.splitlines()))
        if height == self.virtual_size.height:
            return
        # Set past the reactive: its watcher lays out the whole screen, and the table keeps its size.
        self.set_reactive(Widget.virtual_size, Size(self.size.width, height))
        if self.styles.auto_dimensions:
            self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The width at which all columns are shown."""
        return 1 + natural_width(self.columns)

    def on_resize(self) -> None:
        """Keep the cursor in view, if it was. Textual calls the handler of `Lines` by itself."""
        if self._top <= self._rows.cursor < self._top + self._last_page:
            self._reveal()
        self._last_page = self._page

    # What the user does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys for marks to others where rows cannot be marked."""
        return self._markable if action in {"mark", "mark_to_here"} else super().check_action(action, parameters)

    def action_move(self, rows: int) -> None:
        self._go(self._rows.cursor + rows)

    def action_page(self, pages: int) -> None:
        self._turn(pages * self._page)

    def action_half_page(self, halves: int) -> None:
        self._turn(halves * max(1, self._page // 2))

    def _turn(self, rows: int) -> None:
        self._scroll_to_row(self._top + rows)
        self._go(self._rows.cursor + rows)

    def action_first(self) -> None:
        self._go(0)

    def action_last(self) -> None:
        self._go(len(self._rows) - 1)

    def action_choose(self) -> None:
        if len(self._rows):
            self.post_message(self.Chosen(self, self._rows.keys[self._rows.cursor]))

    def action_mark(self) -> None:
        self.toggle_mark()
        self.action_move(1)

    def action_mark_to_here(self) -> None:
        """Mark all rows from the one marked last to the cursor, which may be above it."""
        self._tell_marks(self._rows.mark_to_cursor())

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse points; a double click opens the row."""
        offset = event.get_content_offset(self)
        row = -1 if offset is None or offset.y < self._header else self._top + offset.y - self._header
        if 0 <= row < len(self._rows):
            event.stop()
            self._go(row)
            if event.chain == 2:
                self.action_choose()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._scroll_to_row(self._top + _WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._scroll_to_row(self._top - _WHEEL_ROWS)

    # Drawing

    def notify_style_update(self) -> None:
        """Forget all colours: the theme, the focus or a class changed."""
        self._painter.forget_styles()
        super().notify_style_update()

    def line(self, y: int) -> Strip:
        """Line `y` of the widget: the titles, a row, or nothing."""
        self._painter.resize(*self.size)
        if y < self._header:
            return self._painter.header()
        row = self._top + y - self._header
        if not len(self._rows):
            return self._without_rows(y - self._header)
        if row >= len(self._rows):
            return self._painter.blank()
        key = self._rows.keys[row]
        return self._painter.row(self._cells(key), State(row == self._rows.cursor, key in self._rows.marks))

    def _without_rows(self, line: int) -> Strip:
        texts = self._empty.splitlines()
        line -= max(0, (self._page - len(texts)) // 2)
        return self._painter.words(texts[line]) if 0 <= line < len(texts) else self._painter.blank()
