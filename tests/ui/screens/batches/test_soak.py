"""One fault after another at every call, and a screen that is right in the end."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk
from tests.ui.screens.batches.test_batches_screen import arrived
from tui.batches import display
from tui.client.models import batch_from
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows import monitor
from tui.flows.listing import coverage

FAULTS = (
    Fault("", "drop_before"), Fault("", "drop_after"), Fault("", "rate_limit", retry_after=30),
    Fault("", "server_error"), Fault("", "status", status=400), Fault("", "status", status=404), Fault("", "html"),
    Fault("", "truncate", after_bytes=30), Fault("", "empty_page"), Fault("", "stuck_page"),
    Fault("", "rewrite", merge={"status": "SCHEDULING", "request_counts": "40%"}),
)  # fmt: skip


async def test_after_every_fault_the_table_is_what_the_server_has(
    seeded: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "ACTIVE_INTERVAL", 0.05)
    monkeypatch.setattr(coverage, "_PAGE", 8)
    async with desk(seeded, tmp_path, size=(100, 40)) as home:
        await arrived(home)
        for fault in FAULTS:
            route = "batches.list" if fault.kind.endswith("_page") else "batches.*"
            seeded.faults.add(replace(fault, route=route, times=None, every=2))
            asked = seeded.calls["batches.list"]
            while seeded.calls["batches.list"] < asked + 6:
                # Whoever waits for the next try presses this.
                await home.press("r")
                await home.pilot.pause(0.02)
            seeded.faults.clear()
            seeded.clock.jump(120)
        await home.press("r")
        await home.until(lambda: "● live" in home.head)

        def true() -> bool:
            there = {found["id"]: batch_from(found) for found in api.batches(seeded)}
            return {batch.id: batch for batch in home.app.session.book} == there

        await home.until(true)
        await home.press("r")
        await home.settle()
        # Each batch that stands by itself has a row that says its state.
        for batch in home.app.session.book:
            if home.table.move_to(batch.id):
                await home.pilot.pause()
                assert display.status_cell(batch.status, batch.raw_status).text in home.cursor_row
        assert len({str(key) for key in home.table.keys}) == len(home.table.keys) == 28
