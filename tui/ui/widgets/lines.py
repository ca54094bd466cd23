"""A widget of lines that is redrawn only where it differs from what was drawn."""

from abc import abstractmethod
from collections.abc import Iterable

from textual.css.styles import RenderStyles
from textual.dom import DOMNode
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.ui.widgets import roles
from tui.ui.widgets.table.strip import difference


class Lines(ScrollView):
    """Lines of text that compare themselves with the screen before they ask for a redraw.

    Textual redraws what a widget names; most widgets name all of themselves. Here lines that may look different are
    built again once no message waits, however often that was asked for, and only the cells that differ are named.
    """

    DEFAULT_CSS = roles.CSS

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        # Screen lines: as they were last handed to Textual, as they are to be handed next, and those to look at again.
        self._drawn: dict[int, Strip] = {}
        self._ready: dict[int, Strip] = {}
        self._stale: set[int] = set()

    @abstractmethod
    def line(self, y: int) -> Strip:
        """Line `y` of the widget's content as it ought to look now, of the width of the content."""

    def look_again(self, lines: Iterable[int] | None = None) -> None:
        """These lines of the screen, or all, may look different."""
        self._stale.update(range(self.size.height) if lines is None else lines)
        self.check_idle()

    def on_idle(self) -> None:
        """Ask for a redraw where a line differs from what was drawn."""
        stale, self._stale = self._stale, set()
        for y in stale.intersection(range(self.size.height)):
            strip = self.line(y)
            span = difference(self._drawn.get(y), strip)
            # What Textual is asked to redraw is what it must get, even if the line would look different by then.
            if span or y in self._ready:
                self._ready[y] = strip
            if span:
                self.refresh(Region(span[0], y, span[1] - span[0], 1))

    def render_line(self, y: int) -> Strip:
        """Line `y` as it was compared last, or as it looks now."""
        strip = self._ready.pop(y, None) or self.line(y)
        self._drawn[y] = strip
        return strip

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """In place of Textual's, which redraws all: compare each line."""
        if round(old_value) != round(new_value):
            self.look_again()

    def on_resize(self) -> None:
        """Drop lines below the edge; Textual may have drawn the others at the old width."""
        self._drawn = {y: strip for y, strip in self._drawn.items() if y < self.size.height}
        self.look_again()

    def get_component_styles(self, *names: str) -> RenderStyles:
        """As Textual's, of any class, and worked out only once it is drawn in.

        Of declared ones it works out all whenever a widget's own style may change: half the styling of a new screen.
        """
        for name in names:
            if name not in self._component_styles:
                node = DOMNode(classes=name)
                node._attach(self)
                self.app.stylesheet.apply(node)
                self._component_styles[name] = node.styles
        return super().get_component_styles(*names)

    def notify_style_update(self) -> None:
        """The theme, the focus or a class changed, and colours may have with it."""
        self._component_styles.clear()
        super().notify_style_update()
        self.look_again()
