"""The last line of the screen: its keys, or a question that waits for yes or no."""

import asyncio
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui.actions import Action
from tui.widgets.column import Cell
from tui.widgets.glyphs import shown
from tui.widgets.line import Line


class Bottom(Line):
    """Keys with their words; `ask` puts a question in their place. Everything but `y` means No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", "Yes", show=False),
        Binding("n,N,escape,enter,q", "answer(False)", "No", show=False),
    ]

    def __init__(self, live: Callable[[], Iterable[Action]], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """`live` gives the actions that can be taken now, in their order."""
        super().__init__(id=id)
        self._live = live
        self._answer: asyncio.Future[bool] | None = None
        self._before: Widget | None = None

    @property
    def asking(self) -> bool:
        """Whether a question waits."""
        return self._answer is not None

    def on_mount(self) -> None:
        self.can_focus = False
        self.show_keys()

    def on_resize(self) -> None:
        """Another width has room for other keys. Textual calls the handler of `Lines` by itself."""
        self.show_keys()

    async def ask(self, question: str) -> bool:
        """Put `question` in place of the keys and wait; a second question while one waits is answered No."""
        if self._answer is not None:
            return False
        self._answer = asyncio.get_running_loop().create_future()
        self._before = self.screen.focused
        self.can_focus = True
        self.say([Cell(question, "warn")], [Cell("y", "accent"), Cell(" yes  "), Cell("n", "accent"), Cell(" no", "")])
        self.focus(scroll_visible=False)
        try:
            return await self._answer
        finally:
            self._answer = None
            self.can_focus = False
            if self.is_attached:
                self.show_keys()
                self._give_back()

    def _give_back(self) -> None:
        """Give the keyboard back to whoever had it, unless it has gone elsewhere meanwhile."""
        before = self._before if self._before is not None and self._before.is_attached else None
        if self.screen.focused in {self, None}:
            self.screen.set_focus(before, scroll_visible=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a question its keys are others'."""
        return self.asking if action == "answer" else super().check_action(action, parameters)

    def action_answer(self, yes: bool) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(yes)

    def on_blur(self) -> None:
        """A question that lost the keyboard, by a click elsewhere, is answered No."""
        self.action_answer(False)

    def show_keys(self) -> None:
        """Tell the keys that work now, as many as there is room for; help and quit always."""
        if self.asking:
            return
        actions = [action for action in self._live() if action.label]
        always = [action for action in actions if action.name in {"help", "quit"}]
        room = self.size.width - 2 - sum(map(_width, always))
        cells: list[Cell] = []
        for action in actions:
            if action not in always:
                room -= _width(action)
                if room < 0:
                    continue
            cells += [Cell(_key(action), "accent"), Cell(f" {action.label}  ")]
        self.say(cells)


def _width(action: Action) -> int:
    return len(_key(action)) + len(action.label) + 3


def _key(action: Action) -> str:
    return shown(action.shown_keys.split(" ")[0])
