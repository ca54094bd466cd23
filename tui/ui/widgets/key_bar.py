"""The last line of the screen: its keys, or a question that waits for yes or no, or for a number."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from tui.format.cell import Cell
from tui.format.glyphs import shown
from tui.ui.actions import Action
from tui.ui.widgets.text_line import Line

_EDGES: Final = 3  # cells of a line that are not its texts
_ALWAYS: Final = frozenset({"back", "help", "quit"})  # the ways out are told at any width
_DIGITS: Final = frozenset("0123456789")


@dataclass
class _Question:
    """What is asked; `words` puts it into so many cells. With `number` that number is to be typed for a yes."""

    words: Callable[[int], str]
    answer: asyncio.Future[bool]
    number: str = ""
    typed: str = ""

    def keys(self) -> list[Cell]:
        """The ways to answer."""
        if not self.number:
            return [Cell("y", "accent"), Cell(" yes  "), Cell("n", "accent"), Cell(" no", "")]
        blank = "_" * (len(self.number) - len(self.typed))
        return [
            Cell("type "), Cell(self.number, "accent"), Cell(f" {self.typed}{blank} "), Cell(shown("⏎"), "accent"),
            Cell("  "), Cell("esc", "accent"), Cell(" no"),
        ]  # fmt: skip


class Bottom(Line):
    """Keys with their words; `ask` puts a question in their place. Everything but `y` means No."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y,Y", "answer(True)", "Yes", show=False),
        Binding("n,N,escape,q", "answer(False)", "No", show=False),
        Binding("enter", "enter", "No, unless the number is typed", show=False),
    ]

    def __init__(self, live: Callable[[], Iterable[Action]], *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        """`live` gives the actions that can be taken now, in their order."""
        super().__init__(id=id)
        self._live = live
        self._question: _Question | None = None
        self._announced: tuple[tuple[Cell, ...], tuple[Cell, ...]] | None = None
        self._behind = True  # whether other keys may work than those that are told
        self._before: Widget | None = None

    @property
    def asking(self) -> bool:
        """Whether a question waits."""
        return self._question is not None

    def on_mount(self) -> None:
        self.can_focus = False
        self.show_keys()

    def on_resize(self) -> None:
        """Another width has room for other keys. Textual calls the handler of `Lines` by itself."""
        self.show_keys()
        self._say_question()

    async def ask(self, question: str | Callable[[int], str], *, number: int | None = None) -> bool:
        """Put `question` in place of the keys and wait; a second question while one waits is answered No.

        A question that has to fit is given as a function of the cells that there are. With `number`, `y` is not
        enough: that number has to be typed.
        """
        if self._question is not None:
            return False
        words = question if callable(question) else lambda _: question
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._question = _Question(words, answer, "" if number is None else str(number))
        self._before = self.screen.focused
        self.can_focus = True
        self._say_question()
        # At once, so that of a blur that is still on its way it is known that it is over.
        self.screen.set_focus(self, scroll_visible=False)
        try:
            return await answer
        finally:
            self._question = None
            self.can_focus = False
            if self.is_attached:
                self.show_keys()
                self._give_back()

    def _say_question(self) -> None:
        asked = self._question
        if asked is not None:
            keys = asked.keys()
            room = self.size.width - _EDGES - sum(len(key.text) for key in keys)
            self.say([Cell(asked.words(room), "warn")], keys)

    def _give_back(self) -> None:
        """Give the keyboard back to whoever had it, unless it has gone elsewhere meanwhile."""
        before = self._before if self._before is not None and self._before.is_attached else None
        if self.screen.focused in {self, None}:
            self.screen.set_focus(before, scroll_visible=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a question its keys are others', and where a number is to be typed `y` is none."""
        if action not in {"answer", "enter"}:
            return super().check_action(action, parameters)
        return self._question is not None and not (self._question.number and parameters == (True,))

    def action_answer(self, yes: bool) -> None:
        if self._question is not None and not self._question.answer.done():
            self._question.answer.set_result(yes)

    def action_enter(self) -> None:
        """A number that is not the one asked for has to be typed anew; nothing typed is No."""
        asked = self._question
        if asked is not None and asked.typed and asked.typed != asked.number:
            asked.typed = ""
            self._say_question()
        else:
            self.action_answer(asked is not None and bool(asked.typed))

    def on_key(self, event: events.Key) -> None:
        """Digits of the number that a question asks for."""
        asked = self._question
        if asked is None or not asked.number:
            return
        if event.key == "backspace":
            asked.typed = asked.typed[:-1]
        elif event.character in _DIGITS and len(asked.typed) < len(asked.number):
            asked.typed += event.character
        else:
            return
        event.stop()
        self._say_question()

    def on_blur(self) -> None:
        """A question that lost the keyboard, by a click elsewhere, is answered No."""
        if self.screen.focused is not self:
            self.action_answer(False)

    def announce(self, left: Sequence[Cell] = (), right: Sequence[Cell] = ()) -> None:
        """Put a line in place of the keys until it is taken back by announcing nothing; a question comes first."""
        self._announced = (tuple(left), tuple(right)) if left or right else None
        self.show_keys()

    def show_keys(self) -> None:
        """Tell the keys that work now, as many as there is room for; the ways out always.

        They are found out when the line is drawn: several things that a key brings about ask for it.
        """
        self._behind = True
        self.look_again()

    def line(self, y: int) -> Strip:
        """The keys, or what stands in their place."""
        if self._behind and not self.asking:
            self._behind = False
            self._left, self._right = self._announced or (self._keys(), ())
        return super().line(y)

    def _keys(self) -> tuple[Cell, ...]:
        actions = [action for action in self._live() if action.label]
        always = [action for action in actions if action.name in _ALWAYS]
        room = self.size.width - 2 - sum(map(_width, always))
        cells: list[Cell] = []
        for action in actions:
            if action not in always:
                room -= _width(action)
                if room < 0:
                    continue
            cells += [Cell(_key(action), "accent"), Cell(f" {action.label}  ")]
        return tuple(cells)


def _width(action: Action) -> int:
    return len(_key(action)) + len(action.label) + 3


def _key(action: Action) -> str:
    return shown(action.shown_keys.split(" ")[0])
