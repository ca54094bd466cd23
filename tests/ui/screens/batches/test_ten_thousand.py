"""An account of ten thousand batches: what it costs in calls, and that it is shown whole."""

from pathlib import Path

import pytest

from tests.many import many
from tests.ui.desk import KEY, Desk, desk
from tui.demo.server import DemoServer
from tui.flows import monitor

ROUNDS = 12
ACTIVE = 5


def asked(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The calls between two moments, by route."""
    return {route: number - before.get(route, 0) for route, number in after.items() if number > before.get(route, 0)}


async def rounds(home: Desk, server: DemoServer, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The calls of many rounds that follow each other."""
    monkeypatch.setattr(monitor, "ACTIVE_INTERVAL", 0.1)
    before = server.calls
    await home.press("r")
    await home.until(lambda: server.calls["batches.list"] >= before["batches.list"] + ROUNDS)
    return asked(before, server.calls)


@pytest.mark.parametrize("ended", [0, 9995], ids=["five batches", "ten thousand"])
async def test_as_many_calls_as_its_active_ones_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: int
) -> None:
    with many(tmp_path / "demo", KEY, ended=ended, active=ACTIVE, parts=10) as server:
        async with desk(server, tmp_path) as home:
            await home.until(lambda: len(home.app.session.book) == ended + ACTIVE, patience=120)
            calls = await rounds(home, server, monkeypatch)
            # A page a round, whatever else there is: nothing about any batch that has ended, and each active one is
            # retrieved once a minute.
            assert calls.pop("batches.retrieve", 0) <= ACTIVE
            assert set(calls) == {"batches.list"}
            assert f"▶ {ACTIVE} running" in home.lines[1]
            assert not ended or f"{ended:,} done" in home.lines[1]
            assert len(home.table.keys) == ACTIVE + -(-ended // 10)


async def test_active_ones_beyond_the_first_page_are_asked_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with many(tmp_path / "demo", KEY, ended=300, active=ACTIVE, oldest_active=True) as server:
        async with desk(server, tmp_path) as home:
            await home.until(lambda: len(home.app.session.book) == 300 + ACTIVE, patience=60)
            calls = await rounds(home, server, monkeypatch)
            assert set(calls) == {"batches.list", "batches.retrieve"}
            # Each of them each round; of the first and the last round perhaps some.
            pages = calls["batches.list"]
            assert ACTIVE * (pages - 2) <= calls["batches.retrieve"] <= ACTIVE * (pages + 1)
