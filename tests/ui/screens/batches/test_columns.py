"""Choosing the columns of the home table: at once on screen, kept for the next start, and never a broken table."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ui import api
from tests.ui.desk import Desk, desk, request
from tui.batches.sort import Order
from tui.demo.server import DemoServer
from tui.ui.screens.batches.columns import chosen
from tui.ui.screens.batches.rows import COLUMNS, columns

ALL = [column.key for column in COLUMNS]


def titles(home: Desk) -> list[str]:
    """The titles of the table, without the bar's."""
    header = home.lines[home.table.region.y]
    return header.split()


async def begun(home: Desk) -> None:
    await home.until("● live")
    await home.press("C")
    await home.until("[STATUS]")


async def test_the_table_follows_each_key_and_the_choice_is_kept(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="a batch")
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("● live")
        before = titles(home)
        await begun(home)
        assert "[STATUS] NAME MODEL ENDPOINT" in home.lines[1]
        await home.until("STATUS: what the batch is doing. shown")
        assert "space show/hide" in home.bottom and "⏎ done" in home.bottom and "new" not in home.bottom
        # The endpoint has no room here; to the left of what has, it takes theirs.
        assert "ENDPOINT" not in before
        await home.press("right", "right", "right")
        await home.until("no room at this width")
        await home.press("K", "K", "K")
        await home.until(lambda: titles(home)[:2] == ["ENDPOINT", "STATUS"])
        assert "[ENDPOINT] STATUS" in home.lines[1]
        await home.press("J", "right", "space")
        await home.until(lambda: titles(home)[:3] == ["STATUS", "ENDPOINT", "MODEL"])
        assert "[name]" in home.lines[1]
        await home.until("hidden")
        await home.press("enter")
        await home.until(lambda: "[name]" not in home.text)
        # The keys are the table's again.
        assert home.table.has_focus and "n new" in home.bottom
        shown = titles(home)
        assert "NAME" not in shown
    async with desk(server, tmp_path, size=(120, 30)) as home:
        await home.until("● live")
        assert titles(home) == shown
        await begun(home)
        await home.press("right", "right", "space", "escape")
        await home.until(lambda: "a batch" in home.text and "NAME" in titles(home))


async def test_keys_of_home_do_nothing_meanwhile(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="a batch")
    async with desk(server, tmp_path) as home:
        await begun(home)
        await home.press("n", "c", "o", "a", "p", "y", "slash", "1", "d", "Q", "F", "x", "tab")
        await home.settle()
        assert home.room == "Home" and not home.table.marks and "y yes" not in home.text
        assert "batches.cancel" not in server.calls
        # Tab goes back to the table, which ends the choosing.
        await home.until(lambda: "[" not in home.lines[1])
        await begun(home)
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        assert "Move it to the left." in home.text
        await home.press("escape")
        await home.until(lambda: home.room == "Home" and "[STATUS]" in home.text)
        await home.press("l")
        await home.until("[NAME]")


async def test_sorting_by_the_column_in_brackets(server: DemoServer, tmp_path: Path) -> None:
    for name in ("b", "a"):
        api.create(server, request(1), description=name)
    async with desk(server, tmp_path) as home:
        await begun(home)
        await home.press("l", "s")
        await home.until("NAME▴")
        await home.press("s")
        await home.until("NAME▾")
        # There is no order by ids: equals are told apart by them already.
        await home.press(*["l"] * 20, "s")
        assert "[ID]" in home.lines[1] and "NAME▾" in home.text
        await home.press("escape")
    async with desk(server, tmp_path) as home:
        await home.until("NAME▾")


async def test_the_bar_shows_where_one_is_at_any_width(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path, size=(60, 15)) as home:
        await begun(home)
        # The way out is told before what else there is to do.
        assert "space show/hide  ⏎ done" in home.bottom
        for key in ALL:
            title = next(column.title for column in COLUMNS if column.key == key)
            await home.until(lambda title=title: f"[{title}]" in home.lines[1])  # type: ignore[misc]  # as it is now
            await home.press("right")
        await home.press(*["left"] * len(ALL))
        await home.until("[STATUS] NAME")


async def test_the_last_column_stays(server: DemoServer, tmp_path: Path) -> None:
    api.create(server, request(1), description="a batch")
    async with desk(server, tmp_path, size=(200, 30)) as home:
        await begun(home)
        for _ in ALL:
            await home.press("space", "right")
        await home.until(lambda: titles(home) == ["ID"])
        assert "[ID]" in home.lines[1]


@pytest.mark.parametrize(
    "junk", ["", "-", "nothing -of these", " ".join(f"-{key}" for key in ALL), "\0\x1b[2J", 5, b"\xff"]
)
async def test_a_broken_choice_is_none(server: DemoServer, tmp_path: Path, junk: object) -> None:
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        usual = titles(home)
    with closing(sqlite3.connect(tmp_path / "state" / "lazybatch.sqlite3")) as connection, connection:
        connection.execute("INSERT OR REPLACE INTO preferences VALUES ('columns', ?)", (junk,))
    async with desk(server, tmp_path) as home:
        await home.until("● live")
        assert titles(home) == usual


def test_a_column_of_a_later_version_stands_in_its_place() -> None:
    kept = " ".join(key for key in reversed(ALL) if key != "cost")
    order = chosen(kept, COLUMNS).order
    assert order.index("cost") == order.index("expires") + 1 and set(order) == set(ALL)
    assert chosen("cost name", COLUMNS).order[:2] == ("status", "cost")


KEYS = st.sampled_from([*ALL, "other"])


@given(st.lists(st.one_of(KEYS, KEYS.map("-{}".format))), KEYS.filter(ALL.__contains__), st.integers(-20, 20))
def test_any_choice_is_one(names: list[str], key: str, places: int) -> None:
    choice = chosen(" ".join(names), COLUMNS)
    for found in (choice, choice.toggled(key), choice.moved(key, places), choice.moved(key, places).toggled(key)):
        assert sorted(found.order) == sorted(ALL)
        assert found.of(COLUMNS)
        assert chosen(str(found), COLUMNS) == found
        assert [column.key for column in columns(Order(), str(found))] == [
            k for k in found.order if k not in found.hidden
        ]
    moved = choice.moved(key, places)
    assert moved.moved(key, -20).order[0] == key and moved.moved(key, 20).order[-1] == key


def test_in_an_order_of_ones_own_the_rightmost_goes_first() -> None:
    usual = columns(Order(), str(chosen("", COLUMNS).toggled("model")))
    assert {column.key: column.priority for column in usual} == {
        column.key: column.priority for column in COLUMNS if column.key != "model"
    }
    own = columns(Order(), str(chosen("", COLUMNS).moved("id", -20)))
    assert [column.priority for column in own] == list(range(len(ALL)))
    assert own[0].key == "id"
