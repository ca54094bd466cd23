"""What the table asks to be redrawn, and in which colours."""

import sys
from collections.abc import Hashable, Mapping

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.strip import Strip
from textual.widgets import Input

from tests.terminal import Terminal
from tests.ui.terminal.screens import TABLE_KEYS, press, same_after_redraw, some_keys
from tui.ui.widgets.table.strip import difference
from tui.ui.widgets.table.table import Cell, Column, Table

COLUMNS = (Column("name", "NAME", 20), Column("share", "SHARE", 6, "right"), Column("note", "NOTE", 10, flex=1))


class Drawn(App[None]):
    """A table whose requests for a redraw are kept."""

    CSS = "Input { dock: bottom; }"

    def __init__(self) -> None:
        super().__init__()
        self.share = dict.fromkeys(range(1000), 10)
        self.asked: list[tuple[Region, ...]] = []

    def cells(self, key: Hashable) -> Mapping[str, Cell]:
        assert isinstance(key, int)
        return {
            "name": Cell(f"日本 {key:04d}", "ok"),
            "share": Cell(f"{self.share[key]}%", "bad"),
            "note": Cell("plain"),
        }

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, self.cells, markable=True)
        yield Input()

    def on_mount(self) -> None:
        self.table.show(range(1000))
        self.table.focus()

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    def keep(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Begin to keep what is asked for."""
        refresh = self.table.refresh

        def kept(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Table:
            self.asked.append(regions)
            return refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

        monkeypatch.setattr(self.table, "refresh", kept)

    @property
    def regions(self) -> list[Region]:
        """What was asked for since the last look."""
        asked, self.asked = self.asked, []
        assert all(asked), "all of the table was redrawn"
        return sorted(region for regions in asked for region in regions)


async def test_only_cells_that_differ_are_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.keep(monkeypatch)
        app.share[3] = 12
        app.table.changed(range(1000))
        await pilot.pause()
        # One blank, 20 cells of name, one blank between, then "  1" stays and "2" takes the place of "0".
        assert app.regions == [Region(26, 4, 1, 1)]
        for keys in ([3], [3, 4, 999], range(1000), [], ["no such row"]):
            app.table.changed(keys)
        app.share[999] = 50
        app.table.changed([999])
        app.table.show(range(1000))
        app.table.show(range(999))
        await pilot.pause()
        assert app.regions == []


async def test_rows_that_change_places_are_redrawn_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.keep(monkeypatch)
        order = list(range(1000))
        order[4], order[7] = order[7], order[4]
        app.table.show(order)
        await pilot.pause()
        assert [(region.y, region.height) for region in app.regions] == [(5, 1), (8, 1)]
        await pilot.press("j")
        await pilot.pause()
        assert [(region.y, region.height) for region in app.regions] == [(1, 1), (2, 1)]
        app.table.toggle_mark(5)
        await pilot.pause()
        assert app.regions == [Region(0, 6, 1, 1)]


async def test_a_shorter_list_leaves_nothing_behind() -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("G")
        app.table.show(range(5))
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        assert [strip.text.split()[1] for strip in strips[1:6]] == [f"{key:04d}" for key in range(5)]
        assert not "".join(strip.text for strip in strips[6:21]).strip()


def looks(app: Drawn, y: int) -> list[tuple[str, Style]]:
    """The words of one line of the screen with their style."""
    strip = app.screen._compositor.render_strips()[y]
    return [(segment.text.strip(), segment.style or Style()) for segment in strip]


async def test_the_cursor_keeps_the_colours_of_the_cells() -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        cursor, other = looks(app, 1), looks(app, 2)
        assert [style.color for _, style in cursor] == [style.color for _, style in other]
        (ground,) = {style.bgcolor for _, style in cursor}
        assert ground not in {style.bgcolor for _, style in other}
        app.query_one(Input).focus()
        await pilot.pause()
        (blurred,) = {style.bgcolor for _, style in looks(app, 1)}
        assert blurred not in {ground, *(style.bgcolor for _, style in other)}


async def test_without_colours_the_cursor_is_reversed_and_underlined_out_of_focus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert all(style.reverse for _, style in looks(app, 1))
        assert not any(style.reverse or style.underline for _, style in looks(app, 2))
        app.query_one(Input).focus()
        await pilot.pause()
        assert all(style.underline and not style.reverse for _, style in looks(app, 1))


async def test_sixteen_colours_come_from_the_terminal() -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        app.theme = "ansi-dark"
        await pilot.pause()
        assert all(style.reverse for _, style in looks(app, 1))
        named = {text.split()[0]: style for text, style in looks(app, 2) if text}
        assert named["日本"].color is not None
        assert named["日本"].color.number == 2
        assert all(style.bgcolor is None or style.bgcolor.is_default for style in named.values())


async def test_a_theme_changes_all_colours() -> None:
    app = Drawn()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = looks(app, 1) + looks(app, 2)
        app.theme = "textual-light"
        await pilot.pause()
        after = looks(app, 1) + looks(app, 2)
        assert [text for text, _ in after] == [text for text, _ in before]
        assert all(new != old for (_, new), (_, old) in zip(after, before, strict=True))


@pytest.mark.parametrize(
    ("old", "new", "span"),
    [
        ("abc", "abc", None),
        ("abc", "aXc", (1, 2)),
        ("日本語", "日木語", (2, 4)),
        ("日本", "ab本", (0, 2)),
        ("ex", "e\u0301x", (0, 1)),
        ("aaa", "aab", (2, 3)),
        ("日a", "a日", (0, 3)),
    ],
)
def test_the_span_in_which_two_lines_differ(old: str, new: str, span: tuple[int, int] | None) -> None:
    assert difference(Strip([Segment(old)]), Strip([Segment(new)])) == span


def test_a_line_of_another_width_differs_everywhere() -> None:
    assert difference(None, Strip([Segment("ab")])) == (0, 2)
    assert difference(Strip([Segment("abc")]), Strip([Segment("ab")])) == (0, 2)


def test_lines_of_one_text_differ_by_their_style() -> None:
    old = Strip([Segment("ab"), Segment("cd", Style(bold=True))])
    assert difference(old, Strip([Segment("abcd")])) == (2, 4)


def test_what_was_not_redrawn_is_what_a_full_redraw_shows() -> None:
    command = [sys.executable, "-m", "tests.ui.terminal.playground", "plain"]
    with Terminal(command, synchronized=True) as terminal:
        terminal.wait_text("nightly-eval 0")
        terminal.settle()
        for number, keys in enumerate(some_keys(TABLE_KEYS, seed=5, count=25)):
            press(keys, terminal)
            assert same_after_redraw(terminal), f"after {keys!r}, the {number}th key"
