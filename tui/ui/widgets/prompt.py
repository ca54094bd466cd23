"""A line that asks for a word, a number or a path."""

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static
from textual.widgets.input import Selection

from tui.flows.host.file_browser import complete
from tui.ui.widgets.input import SafeInput


class _Field(SafeInput):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "give_up", "Give up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(select_on_focus=False)
        self.path = False

    async def action_complete(self) -> None:
        if self.path:
            self.value = await complete(self.value, Path())
            self.cursor_position = len(self.value)

    def action_give_up(self) -> None:
        self.query_ancestor(Prompt).give_up()


class Prompt(Horizontal):
    """Out of sight until it asks; enter answers, escape or a click elsewhere gives up, tab completes a path."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt > Static { width: auto; padding: 0 1; color: $text-accent; }
    Prompt > Input { width: 1fr; padding: 0; }
    """

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._label = Static()
        self.input = _Field()
        self._answer: asyncio.Future[str | None] | None = None

    @property
    def asking(self) -> bool:
        return self._answer is not None

    async def ask(
        self, label: str, value: str = "", hint: str = "", *, path: bool = False, anew: bool = False
    ) -> str | None:
        """What the user types, stripped; None where it was given up or is empty.

        With `anew` the first letter that is typed takes the place of `value`.
        """
        self.give_up()
        if not self.input.is_attached:
            # A screen is opened more often than it asks, and faster without.
            await self.mount(self._label, self.input)
        before: Widget | None = self.screen.focused
        answer = self._answer = asyncio.get_running_loop().create_future()
        self._label.update(Content(label))
        self.input.path = path
        self.input.placeholder = hint
        self.input.value = value
        self.input.cursor_position = len(value)
        if anew:
            self.input.selection = Selection(0, len(value))
        self.display = True
        # At once, so that of a blur that is still on its way it is known that it is over.
        self.screen.set_focus(self.input, scroll_visible=False)
        try:
            return ((await answer) or "").strip() or None
        finally:
            if self._answer is answer:
                self._answer = None
                if self.is_attached:
                    self.display = False
                    if before is not None and before.is_attached and self.screen.focused is self.input:
                        self.screen.set_focus(before, scroll_visible=False)

    def give_up(self) -> None:
        self._settle(None)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._settle(event.value)

    @on(Input.Blurred)
    def _left(self) -> None:
        # The terminal's window losing the keyboard is no answer.
        if self.app.app_focus and self.screen.focused is not self.input:
            self._settle(None)

    def _settle(self, text: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(text)
