"""A large file goes up in parts, of which none that has arrived is sent again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.conftest import CHAT, Validated
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.reconcile import reconcile
from tui.flows.submit.steps import Created, Looking, Order, Step, Unclear, Uploaded, Uploading
from tui.flows.submit.submit import submit
from tui.requests.validate import Identity, Report
from tui.store.journal import Journal, Stage
from tui.store.uploads import PartedUpload

LOOKS = (0, 0.05)
PART = 100_000


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Large is what has more than one part, and a part is small."""
    monkeypatch.setattr("tui.flows.submit.multipart.LARGE", PART)
    monkeypatch.setattr("tui.flows.submit.multipart.PART_BYTES", PART)


@pytest.fixture
def large(validated: Validated) -> Report:
    """A file of five parts, the last of which is short."""
    report = validated(9, user="x" * 50_000)
    assert 4 * PART < report.bytes < 5 * PART
    return report


async def run(report: Report, wire: Wire, journal: Journal) -> list[Step]:
    steps = [step async for step in submit(Order(report, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    return [step for step in steps if not isinstance(step, Uploading | Looking)]


async def broken_off(report: Report, wire: Wire, journal: Journal) -> LazybatchError:
    with pytest.raises(LazybatchError) as failed:
        await run(report, wire, journal)
    return failed.value


async def stored(wire: Wire) -> list[tuple[object, object]]:
    """Name and size of the input files there."""
    return [(item["filename"], item["bytes"]) for item in (await wire.list_files(purpose="batch")).items]


def calls(demo: DemoServer) -> dict[str, int]:
    return {route: number for route, number in demo.calls.items() if "upload" in route or route == "files.create"}


async def test_a_file_is_made_of_its_parts(demo: DemoServer, wire: Wire, journal: Journal, large: Report) -> None:
    uploaded, created = await run(large, wire, journal)
    assert isinstance(uploaded, Uploaded)
    assert isinstance(created, Created)
    assert created.batch.input_file_id == uploaded.file_id
    assert calls(demo) == {"uploads.create": 1, "uploads.parts": 5, "uploads.complete": 1}
    assert await stored(wire) == [(f"sums.{created.submission.id}.jsonl", large.bytes)]
    async with wire.download(uploaded.file_id) as content:
        assert b"".join([chunk async for chunk in content.chunks]) == large.path.read_bytes()
    assert journal.uploads.find(created.submission.id) is None


async def test_a_small_file_goes_whole(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    assert isinstance((await run(validated(3), wire, journal))[-1], Created)
    assert calls(demo) == {"files.create": 1}


async def test_progress_goes_on_where_it_was(demo: DemoServer, wire: Wire, journal: Journal, large: Report) -> None:
    demo.faults.add(Fault("uploads.parts", "slow", delay_s=0.25, times=None))
    done = []
    steps = cast("AsyncGenerator[Step]", submit(Order(large, CHAT, {}), wire=wire, journal=journal, looks=LOOKS))
    async with aclosing(steps):
        async for step in steps:
            if isinstance(step, Uploading):
                done.append((step.done, step.total))
                if demo.calls.get("uploads.parts", 0) == 3:
                    break
    assert done == sorted(done)
    assert done[-1][0] >= 2 * PART
    assert {total for _, total in done} == {large.bytes}
    (left,) = journal.open_ones()
    kept = journal.uploads.find(left.id)
    assert kept is not None
    assert sorted(kept.parts) == [0, 1]
    demo.faults.clear()
    assert isinstance((await run(large, wire, journal))[-1], Created)
    # The third was on its way when it was given up.
    assert calls(demo) == {"uploads.create": 1, "uploads.parts": 6, "uploads.complete": 1}
    assert len(await stored(wire)) == 1


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "rate_limit"])
async def test_only_the_part_that_broke_off_goes_again(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report, kind: str
) -> None:
    demo.faults.add(Fault("uploads.parts", kind, skip=2, retry_after=0.1))  # type: ignore[arg-type]
    assert [type(step) for step in await run(large, wire, journal)] == [Uploaded, Created]
    assert calls(demo) == {"uploads.create": 1, "uploads.parts": 6, "uploads.complete": 1}


async def test_a_part_that_breaks_off_every_time_is_gone_on_with(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    demo.faults.add(Fault("uploads.parts", "drop_before", skip=3, times=3))
    await broken_off(large, wire, journal)
    (left,) = journal.open_ones()
    assert left.stage is Stage.UPLOADING
    # A start tells of it, and does not give it up.
    (settled,) = [told async for told in reconcile(wire=wire, journal=journal)]
    assert settled.told == "No batch was created. 300 kB of 452 kB are on the server. Choose it again to go on."
    assert [open_one.id for open_one in journal.open_ones()] == [left.id]
    assert isinstance((await run(large, wire, journal))[-1], Created)
    assert calls(demo) == {"uploads.create": 1, "uploads.parts": 8, "uploads.complete": 1}


async def test_a_provider_without_uploads_is_asked_once(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report, validated: Validated
) -> None:
    demo.faults.add(Fault("uploads.create", "status", status=404, times=None))
    assert [type(step) for step in await run(large, wire, journal)] == [Uploaded, Created]
    another = validated(9, "other.jsonl", user="y" * 50_000)
    assert isinstance((await run(another, wire, journal))[-1], Created)
    assert calls(demo) == {"uploads.create": 1, "files.create": 2}
    assert len(await stored(wire)) == 2


async def test_a_refusal_of_this_file_is_not_taken_for_one_of_all(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    demo.faults.add(Fault("uploads.create", "status", status=400, message="Not with this purpose."))
    assert isinstance((await run(large, wire, journal))[-1], Created)
    assert calls(demo) == {"uploads.create": 1, "files.create": 1}
    assert journal.uploads.possible


async def test_an_upload_that_has_ended_is_begun_anew(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    demo.faults.add(Fault("uploads.parts", "drop_before", skip=3, times=3))
    await broken_off(large, wire, journal)
    demo.clock.jump(3_590)
    # Which hour it is there, a list tells; a start asks for one.
    await wire.list_batches()
    (settled,) = [told async for told in reconcile(wire=wire, journal=journal)]
    assert settled.submission.stage is Stage.ABANDONED
    assert isinstance((await run(large, wire, journal))[-1], Created)
    assert calls(demo) == {"uploads.create": 2, "uploads.parts": 11, "uploads.complete": 1}
    assert len(await stored(wire)) == 1


async def three_arrived(demo: DemoServer, wire: Wire, journal: Journal, large: Report) -> PartedUpload:
    """Three of the parts are there, and then the upload breaks off."""
    demo.faults.add(Fault("uploads.parts", "drop_before", skip=3, times=3))
    await broken_off(large, wire, journal)
    kept = journal.uploads.find(journal.open_ones()[0].id)
    assert kept is not None
    return kept


def changed(report: Report) -> Report:
    """Another content in the same place."""
    report.path.write_bytes(report.path.read_bytes() + b"\n")
    now = report.path.stat()
    return replace(report, sha256="f" * 64, identity=Identity.of(now), bytes=now.st_size)


async def test_pieces_of_a_file_that_has_another_content_now_are_forgotten(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    kept = await three_arrived(demo, wire, journal, large)
    anew = changed(large)
    first, *_ = await run(anew, wire, journal)
    assert isinstance(first, GivenUp)
    assert journal.uploads.find(first.submission.id) is None
    assert demo.calls["uploads.cancel"] == 1
    with pytest.raises(WireError):
        await wire.complete_upload(kept.id, list(kept.parts.values()))


@pytest.mark.parametrize("kind", ["drop_before", "status"])
async def test_pieces_that_cannot_be_forgotten_hold_nothing_up(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report, kind: Any
) -> None:
    """The server forgets them by itself in the end."""
    await three_arrived(demo, wire, journal, large)
    demo.faults.add(Fault("uploads.cancel", kind, times=None))
    anew = changed(large)
    steps = await run(anew, wire, journal)
    assert [type(step) for step in steps] == [GivenUp, Uploaded, Created]
    assert demo.calls["uploads.cancel"] == 1


async def test_pieces_of_what_is_refused_are_forgotten(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    demo.faults.add(Fault("uploads.complete", "status", status=413, message="Too large, all in all."))
    assert "Too large" in (await broken_off(large, wire, journal)).sentence
    assert demo.calls["uploads.cancel"] == 1
    assert journal.given_up()[0].stage is Stage.REFUSED


async def test_an_upload_that_was_cancelled_elsewhere_is_begun_anew(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    import httpx2

    kept = await three_arrived(demo, wire, journal, large)
    headers = {"Authorization": f"Bearer {wire.address.key}"}
    await asyncio.to_thread(lambda: httpx2.post(f"{demo.base_url}/uploads/{kept.id}/cancel", headers=headers))
    assert isinstance((await run(large, wire, journal))[-1], Created)
    assert demo.calls["uploads.create"] == 2
    assert len(await stored(wire)) == 1


@pytest.mark.parametrize(("kind", "completes"), [("drop_after", 1), ("drop_before", 2), ("server_error", 2)])
async def test_a_completion_without_an_answer(  # noqa: PLR0917  (fixtures, and a table's columns)
    demo: DemoServer, wire: Wire, journal: Journal, large: Report, kind: str, completes: int
) -> None:
    demo.faults.add(Fault("uploads.complete", kind))  # type: ignore[arg-type]
    unclear, uploaded, created = await run(large, wire, journal)
    assert isinstance(unclear, Unclear)
    assert isinstance(uploaded, Uploaded)
    assert uploaded.adopted == (completes == 1)
    assert isinstance(created, Created)
    assert demo.calls["uploads.complete"] == completes
    assert len(await stored(wire)) == 1


async def test_a_file_that_changes_between_two_parts(
    demo: DemoServer, wire: Wire, journal: Journal, large: Report
) -> None:
    demo.faults.add(Fault("uploads.parts", "slow", delay_s=0.3, times=None))
    with pytest.raises(LazybatchError, match="validate it again"):
        async for step in submit(Order(large, CHAT, {}), wire=wire, journal=journal, looks=LOOKS):
            if isinstance(step, Uploading) and step.done > PART:
                large.path.write_bytes(large.path.read_bytes()[::-1])
    assert await stored(wire) == []
    assert demo.calls.get("batches.create", 0) == 0
    (left,) = journal.of_content(large.sha256)
    kept = journal.uploads.find(left.id)
    # What was sent of the new content is none of its parts.
    assert kept is not None
    assert sorted(kept.parts) == [0]
