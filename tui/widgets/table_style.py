"""Colours of a table, in full colour, in the terminal's own sixteen, and without any."""

from typing import Final

from rich.style import Style
from textual.widget import Widget

ROLES: Final = frozenset({"ok", "warn", "bad", "dim", "accent", "running", "header", "mark", "empty"})
CURSOR: Final = "table--cursor"
CLASSES: Final = frozenset({CURSOR, *(f"table--{role}" for role in ROLES)})

# Sixteen colours and none have no ground that every scheme keeps apart from the terminal's own: there the cursor is
# reversed, or underlined while the table has no focus.
CSS: Final = """
Table {
    height: 1fr;
    overflow: hidden hidden;
    color: $foreground;
    & > .table--cursor { background: $panel; }
    &:focus > .table--cursor { background: $primary-muted; text-style: bold; }
    & > .table--header { text-style: bold; color: $text-muted; }
    & > .table--empty, & > .table--dim { color: $text-muted; }
    & > .table--mark { color: $text-accent; text-style: bold; }
    & > .table--accent { color: $text-accent; }
    & > .table--ok { color: $text-success; }
    & > .table--warn { color: $text-warning; }
    & > .table--bad { color: $text-error; }
    & > .table--running { color: $text-primary; }
    &:ansi {
        & > .table--cursor { background: ansi_default; text-style: underline; }
        &:focus > .table--cursor { background: ansi_default; text-style: reverse; }
        & > .table--header { color: ansi_default; text-style: bold; }
        & > .table--empty, & > .table--dim { color: ansi_default; text-style: dim; }
        & > .table--mark, & > .table--accent { color: ansi_magenta; }
        & > .table--ok { color: ansi_green; }
        & > .table--warn { color: ansi_yellow; }
        & > .table--bad { color: ansi_red; }
        & > .table--running { color: ansi_cyan; }
    }
    &:nocolor > .table--cursor { text-style: underline; }
    &:nocolor:focus > .table--cursor { text-style: reverse; }
}
"""


def resolve(table: Widget, role: str, cursor: bool) -> Style:
    """The style of `role` in `table`: on the cursor's row its own colour over the cursor's ground."""
    own = table.get_component_rich_style(f"table--{role}") if role in ROLES else table.rich_style
    if not cursor:
        return own
    under = table.get_component_rich_style(CURSOR)
    return under + own.without_color + Style(color=own.color) if role in ROLES else under
