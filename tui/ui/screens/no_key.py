"""What someone sees who has no key set: what to set, and the demo."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.format.glyphs import shown

_TEXT = """lazybatch needs an API key, and {variable} is not set.

  export {variable}=…
  export OPENAI_BASE_URL=…   for another provider than OpenAI

Then start lazybatch again. Or try it without a key:

  d   open the demo, on a local server, at no cost
  q   quit"""


class NoKey(Screen[None]):
    """Offers the demo in place of an account."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "demo", "Demo", show=False),
        Binding("q", "app.quit", "Quit", show=False),
    ]
    DEFAULT_CSS = "NoKey { align: center middle; } NoKey Static { width: auto; }"

    def __init__(self, variable: str) -> None:
        super().__init__()
        self._variable = variable

    def compose(self) -> ComposeResult:
        yield Static(Content("\n".join(shown(line) for line in _TEXT.format(variable=self._variable).splitlines())))

    def action_demo(self) -> None:
        self.app.exit("demo")
