"""The table as a user meets it: cursor, marks, view and columns at 80×24."""

from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest
from rich.cells import cell_len
from textual import events
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

from tui.ui.widgets.table.table import Cell, Column, Table

COLUMNS = (
    Column("status", "STATUS", 10),
    Column("name", "NAME", 20, flex=1),
    Column("fail", "FAIL", 6, "right", priority=2),
    Column("eta", "ETA", 6, "right", priority=1),
    Column("cost", "COST", 8, "right", priority=3),
    Column("model", "MODEL", 30, priority=4, flex=1),
    Column("endpoint", "ENDPOINT", 24, priority=5),
)


class Rows(App[None]):
    """One table, and everything it said."""

    CSS = "Input { dock: bottom; }"

    def __init__(
        self, keys: Sequence[Hashable] = (), *, markable: bool = True, names: dict[Hashable, str] | None = None
    ):
        super().__init__()
        self.start, self.markable = keys, markable
        self.names = names or {}
        self.asked: list[Hashable] = []
        self.said: list[Message] = []

    def cells(self, key: Hashable) -> Mapping[str, Cell]:
        self.asked.append(key)
        return {
            "status": Cell("running", "running"),
            "name": Cell(self.names.get(key, f"name {key}")),
            "fail": Cell("1.2%", "bad"),
            "eta": Cell("4m"),
            "cost": Cell("$3.1"),
            "model": Cell("gpt-4o-mini", "dim"),
            "endpoint": Cell("/v1/embeddings"),
        }

    def compose(self) -> ComposeResult:
        yield Table(COLUMNS, self.cells, empty="No batches yet.\nPress n.", markable=self.markable)
        yield Input()

    def on_mount(self) -> None:
        self.table.show(self.start)
        self.table.focus()

    @property
    def table(self) -> Table:
        return self.query_one(Table)

    def cursor(self) -> Hashable | None:
        return self.table.cursor_key

    @property
    def lines(self) -> list[str]:
        height = self.table.size.height
        return [strip.text for strip in self.screen._compositor.render_strips()][:height]

    @property
    def highlighted(self) -> list[Hashable | None]:
        return [message.key for message in self.said if isinstance(message, Table.Highlighted)]

    @property
    def chosen(self) -> list[Hashable]:
        return [message.key for message in self.said if isinstance(message, Table.Chosen)]

    def on_table_highlighted(self, message: Table.Highlighted) -> None:
        self.said.append(message)

    def on_table_chosen(self, message: Table.Chosen) -> None:
        self.said.append(message)

    def on_table_marked(self, message: Table.Marked) -> None:
        self.said.append(message)


def wheel(table: Table) -> events.MouseScrollDown:
    """One notch downwards."""
    return events.MouseScrollDown(table, 5, 5, 0, 0, 0, shift=False, meta=False, ctrl=False)


@asynccontextmanager
async def running(app: Rows, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


async def test_the_first_row_gets_the_cursor_and_the_titles_stay_on_top() -> None:
    app = Rows(range(50))
    async with running(app) as pilot:
        assert app.table.cursor_key == 0
        assert app.highlighted == [0]
        assert app.lines[0].split() == ["STATUS", "NAME", "FAIL", "ETA", "COST"]
        await pilot.press("G")
        await pilot.pause()
        assert app.lines[0].split()[0] == "STATUS"
        assert "name 49" in app.lines[-1]
        assert app.table.position == (50, 50)


@pytest.mark.parametrize(
    ("keys", "row"),
    [
        (["down", "down", "up"], 1),
        (["j", "j", "k"], 1),
        (["up"], 0),
        (["G"], 99),
        (["end", "down"], 99),
        (["G", "g"], 0),
        (["end", "home"], 0),
        (["pagedown"], 20),
        (["pagedown", "pageup", "pageup"], 0),
        (["ctrl+d", "ctrl+d"], 20),
        (["ctrl+d", "ctrl+u", "ctrl+u"], 0),
        (["pagedown"] * 9, 99),
    ],
)
async def test_keys_move_the_cursor_and_stop_at_the_ends(keys: list[str], row: int) -> None:
    app = Rows(range(100))
    # 24 lines less the input's three and the titles' one.
    async with running(app) as pilot:
        await pilot.press(*keys)
        await pilot.pause()
        assert app.table.position == (row + 1, 100)
        assert f"name {row} " in "\n".join(app.lines)


async def test_keys_without_rows_do_nothing() -> None:
    app = Rows()
    async with running(app) as pilot:
        await pilot.press("down", "up", "G", "g", "pagedown", "ctrl+d", "enter", "space", "ctrl+@")
        await pilot.pause()
        assert app.said == []
        assert (app.table.cursor_key, app.table.position, app.table.marks) == (None, (0, 0), frozenset())
        assert any("No batches yet." in line for line in app.lines)
        assert any(line.strip() == "Press n." for line in app.lines)


async def test_the_empty_text_can_change_and_goes_when_rows_come() -> None:
    app = Rows()
    async with running(app) as pilot:
        app.table.empty = "Nothing matches “x”."
        await pilot.pause()
        assert any(line.strip() == "Nothing matches “x”." for line in app.lines)
        app.table.show(["a"])
        await pilot.pause()
        assert not any("Nothing" in line for line in app.lines)
        app.table.show([])
        await pilot.pause()
        assert app.highlighted == ["a", None]
        assert any("Nothing" in line for line in app.lines)


async def test_enter_chooses() -> None:
    app = Rows(["a", "b"])
    async with running(app) as pilot:
        await pilot.press("j", "enter")
        await pilot.pause()
        assert app.chosen == ["b"]


async def test_the_cursor_follows_its_key_when_rows_come_go_and_change_places() -> None:
    app = Rows(list("abcdef"))
    async with running(app) as pilot:
        app.table.move_to("c")
        app.table.show(list("xyabcdef"))
        assert app.table.cursor_key == "c"
        app.table.show(list("fedcba"))
        assert app.table.cursor_key == "c"
        await pilot.pause()
        assert app.highlighted == ["a", "c"]
        assert app.table.position == (4, 6)


@pytest.mark.parametrize(
    ("left", "key"),
    [("abef", "b"), ("abdef", "d"), ("ef", "e"), ("ab", "b"), ("af", "a"), ("xyz", "z"), ("x", "x")],
)
async def test_a_cursor_whose_row_is_gone_takes_the_nearest_neighbour(left: str, key: str) -> None:
    app = Rows(list("abcdef"))
    async with running(app):
        app.table.move_to("c")
        app.table.show(list(left))
        assert app.table.cursor_key == key


async def test_a_row_that_is_not_there_is_not_moved_to() -> None:
    app = Rows(list("abc"))
    async with running(app):
        assert not app.table.move_to("x")
        assert app.table.cursor_key == "a"
        assert app.table.move_to("c")


async def test_the_view_stays_on_its_rows_when_others_come_above() -> None:
    app = Rows(range(100))
    async with running(app) as pilot:
        app.table.move_to(50)
        await pilot.pause()
        seen = app.lines
        app.table.show([*range(-7, 0), *range(100)])
        await pilot.pause()
        assert app.lines == seen


async def test_a_view_of_the_beginning_shows_what_comes_in_above() -> None:
    app = Rows(range(100))
    async with running(app) as pilot:
        app.table.show([-1, *range(100)])
        await pilot.pause()
        assert "name -1" in app.lines[1]
        assert app.table.cursor_key == 0


async def test_the_cursor_stays_in_view_when_its_row_goes_far() -> None:
    app = Rows(range(100))
    async with running(app) as pilot:
        app.table.show(list(reversed(range(100))))
        await pilot.pause()
        assert app.table.position == (100, 100)
        assert any("name 0 " in line for line in app.lines)


async def test_marks_belong_to_keys_and_hide_with_their_rows() -> None:
    app = Rows(list("abcdef"))
    async with running(app) as pilot:
        await pilot.press("space", "j", "space")
        assert app.table.marks == {"a", "c"}
        assert app.table.cursor_key == "d"
        await pilot.pause()
        assert [line[0] for line in app.lines[1:7]] == ["✱", " ", "✱", " ", " ", " "]
        app.table.show(list("fedcb"))
        await pilot.pause()
        assert app.table.marks == {"c"}
        assert [line[0] for line in app.lines[1:6]] == [" ", " ", " ", "✱", " "]
        app.table.show(list("abcdef"))
        assert app.table.marks == {"a", "c"}
        await pilot.pause()
        told = [message.marks for message in app.said if isinstance(message, Table.Marked)]
        assert told == [{"a"}, {"a", "c"}, {"c"}, {"a", "c"}]


async def test_a_range_of_rows_is_marked_upwards_and_downwards() -> None:
    app = Rows(range(20))
    async with running(app) as pilot:
        app.table.move_to(5)
        await pilot.press("space")
        app.table.move_to(2)
        await pilot.press("ctrl+@")
        assert app.table.marks == {2, 3, 4, 5}
        app.table.mark_range(8, 7)
        app.table.mark_range(1, 99)
        assert app.table.marks == {2, 3, 4, 5, 7, 8}
        app.table.toggle_mark(2)
        assert app.table.marks == {3, 4, 5, 7, 8}
        app.table.set_marks([0, 99])
        assert app.table.marks == {0}


async def test_without_marks_the_space_key_is_left_to_others() -> None:
    app = Rows(range(5), markable=False)
    taken: list[str] = []
    app.bind("space", "taken")
    app.__dict__["action_taken"] = lambda: taken.append("space")
    async with running(app) as pilot:
        await pilot.press("space")
        assert taken == ["space"]
        assert (app.table.marks, app.table.cursor_key) == (frozenset(), 0)


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (20, ["STATUS", "NAME"]),
        (36, ["STATUS", "NAME"]),
        (60, ["STATUS", "NAME", "FAIL", "ETA", "COST"]),
        (54, ["STATUS", "NAME", "FAIL", "ETA"]),
        (80, ["STATUS", "NAME", "FAIL", "ETA", "COST"]),
        (120, ["STATUS", "NAME", "FAIL", "ETA", "COST", "MODEL", "ENDPOINT"]),
        (200, ["STATUS", "NAME", "FAIL", "ETA", "COST", "MODEL", "ENDPOINT"]),
    ],
)
async def test_columns_go_by_priority(width: int, titles: list[str]) -> None:
    app = Rows(range(5))
    async with running(app, (width, 24)):
        assert app.lines[0].split() == titles
        assert all(cell_len(line) == width for line in app.lines)
        if "COST" in titles and "MODEL" not in titles:
            # The flexible column took what was left: the last one ends at the edge.
            assert app.lines[1].endswith("$3.1")


async def test_a_resize_brings_columns_back_and_keeps_the_cursor_in_view() -> None:
    app = Rows(range(100))
    async with running(app) as pilot:
        app.table.move_to(19)
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        assert any("name 19 " in line for line in app.lines)
        assert app.lines[0].split() == ["STATUS", "NAME", "ETA"]
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert app.lines[0].split()[-1] == "ENDPOINT"
        # The view began at row 12 when it was small, and stays there.
        assert "name 12 " in app.lines[1]
        assert "name 47 " in app.lines[36]


async def test_wide_characters_keep_the_columns_in_line() -> None:
    names: dict[Hashable, str] = {
        0: "日本語の評価バッチ" * 9,
        1: "e\u0301te\u0301",
        2: "🦊" * 60,
        3: "a" + "漢" * 40,
        4: "plain",
    }
    app = Rows(range(5), names=names)
    for width in (60, 61, 79, 80, 81):
        async with running(app, (width, 24)):
            ends = {cell_len(line[: line.index("1.2%")]) for line in app.lines[1:6]}
            assert len(ends) == 1, app.lines
            assert {cell_len(line) for line in app.lines} == {width}
        app = Rows(range(5), names=names)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("[/foo]", "[/foo]"),
        ("[red]x", "[red]x"),
        ("[@click=app.quit]x[/]", "[@click=app.quit]x[/]"),
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]52;c;eA==\x07", "␛]52;c;eA==␇"),
        ("a\nb", "a␊b"),
        ("\x9b1m", "�1m"),
        ("\u202eevil", "�evil"),
    ],
)
async def test_text_is_neither_markup_nor_a_command(name: str, drawn: str) -> None:
    app = Rows(range(2), names={0: name})
    async with running(app):
        assert drawn in app.lines[1]
        assert app.lines[1].isprintable()
        assert len(app.lines[1]) == 80


async def test_only_visible_rows_are_asked_for_among_a_quarter_of_a_million() -> None:
    app = Rows(range(250_000))
    async with running(app) as pilot:
        await pilot.press("G", "pageup", "g")
        app.table.move_to(125_000)
        await pilot.pause()
        assert len(set(app.asked)) < 100
        app.asked.clear()
        app.table.changed(range(250_000))
        await pilot.pause()
        assert set(app.asked) == set(app.table.visible_keys)
        app.table.show(range(250_001))
        assert app.table.cursor_key == 125_000
        assert len(app.table._drawn) <= 24


async def test_a_click_moves_and_a_double_click_chooses() -> None:
    app = Rows(range(50))
    async with running(app) as pilot:
        await pilot.click(Table, offset=(5, 4))
        assert app.cursor() == 3
        await pilot.click(Table, offset=(5, 0))
        assert app.cursor() == 3
        await pilot.double_click(Table, offset=(5, 7))
        await pilot.pause()
        assert app.cursor() == 6
        assert app.chosen == [6]


async def test_a_click_below_the_last_row_does_nothing() -> None:
    app = Rows(range(3))
    async with running(app) as pilot:
        await pilot.double_click(Table, offset=(5, 12))
        await pilot.pause()
        assert (app.cursor(), app.chosen) == (0, [])


async def test_the_wheel_scrolls_and_the_next_key_comes_back_to_the_cursor() -> None:
    app = Rows(range(100))
    async with running(app) as pilot:
        for _ in range(10):
            app.table.post_message(wheel(app.table))
        await pilot.pause()
        assert "name 30 " in app.lines[1]
        assert app.cursor() == 0
        await pilot.press("j")
        await pilot.pause()
        assert app.cursor() == 1
        assert any("name 1 " in line for line in app.lines)
