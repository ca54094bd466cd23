"""The field in which a table's filter is typed."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from tui.batches.query.parse import complete
from tui.ui import actions
from tui.ui.widgets.input import SafeInput


class FilterField(SafeInput):
    """Filters while one types; enter keeps the filter, escape drops it, tab completes."""

    ROOM: ClassVar[str] = actions.FILTER
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "drop", "No filter", show=False),
    ]

    class Left(Message):
        """The field is done with; the filter stays as it was typed."""

    def __init__(
        self,
        text: str,
        takes: str = "words, status:running model:gpt-4o age:<2d failed:>1% cost:>5 !word",
        complete: Callable[[str, int], Sequence[str]] = complete,
    ) -> None:
        """`takes` tells what can be typed; `complete` gives the ways in which a text can go on at a place in it."""
        super().__init__(text, placeholder="type to filter", id="filter", select_on_focus=False)
        self.takes = takes
        self._complete = complete

    def action_drop(self) -> None:
        self.value = ""
        self.post_message(self.Left())

    async def action_submit(self) -> None:
        self.post_message(self.Left())

    def action_complete(self) -> None:
        """Take the one way in which the term can go on, if there is just one."""
        found = self._complete(self.value, self.cursor_position)
        if len(found) == 1:
            behind = len(self.value) - self.cursor_position
            self.value = found[0]
            self.cursor_position = len(found[0]) - behind
