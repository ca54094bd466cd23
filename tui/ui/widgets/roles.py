"""What texts mean, as colours: in full colour, in the terminal's own sixteen, and without any."""

from typing import Final

from rich.style import Style
from textual.widget import Widget

WORDS: Final = frozenset({"ok", "warn", "bad", "dim", "accent", "running"})
ROLES: Final = WORDS | {"header", "mark", "empty"}
CURSOR: Final = "lines--cursor"

# Sixteen colours and none have no ground that every scheme keeps apart from the terminal's own: there the cursor is
# reversed, or underlined while the table has no focus.
CSS: Final = """
Lines {
    height: 1fr;
    overflow: hidden hidden;
    color: $foreground;
    & > .lines--cursor { background: $panel; }
    &:focus > .lines--cursor { background: $primary-muted; text-style: bold; }
    & > .lines--header { text-style: bold; color: $text-muted; }
    & > .lines--empty, & > .lines--dim { color: $text-muted; }
    & > .lines--mark { color: $text-accent; text-style: bold; }
    & > .lines--accent { color: $text-accent; }
    & > .lines--ok { color: $text-success; }
    & > .lines--warn { color: $text-warning; }
    & > .lines--bad { color: $text-error; }
    & > .lines--running { color: $text-primary; }
    &:ansi {
        & > .lines--cursor { background: ansi_default; text-style: underline; }
        &:focus > .lines--cursor { background: ansi_default; text-style: reverse; }
        & > .lines--header { color: ansi_default; text-style: bold; }
        & > .lines--empty, & > .lines--dim { color: ansi_default; text-style: dim; }
        & > .lines--mark, & > .lines--accent { color: ansi_magenta; }
        & > .lines--ok { color: ansi_green; }
        & > .lines--warn { color: ansi_yellow; }
        & > .lines--bad { color: ansi_red; }
        & > .lines--running { color: ansi_cyan; }
    }
    &:nocolor > .lines--cursor { text-style: underline; }
    &:nocolor:focus > .lines--cursor { text-style: reverse; }
}
"""


def resolve(table: Widget, role: str, cursor: bool) -> Style:
    """The style of `role` in `table`: on the cursor's row its own colour over the cursor's ground."""
    own = table.get_component_rich_style(f"lines--{role}") if role in ROLES else table.rich_style
    if not cursor:
        return own
    under = table.get_component_rich_style(CURSOR)
    return under + own.without_color + Style(color=own.color) if role in ROLES else under
