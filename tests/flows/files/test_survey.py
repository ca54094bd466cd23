"""Which files there are, and what refers to them, whatever the provider does."""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.conftest import ACCOUNT, CHAT, MakeInput, OddServer, Validated, http
from tui.batches.batch import Batch, Status
from tui.batches.stored_files import Standing, StoredFile
from tui.client.api import Wire
from tui.client.errors import WireError
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.files.delete import Outcome, delete
from tui.flows.files.survey import Listed, Surveyed, survey
from tui.store.journal import Journal, Stage, Submission
from tui.store.queue import Queue


async def run(wire: Wire, journal: Journal, **more: Any) -> tuple[list[StoredFile], Surveyed]:
    files: list[StoredFile] = []
    async for step in survey(wire=wire, journal=journal, **more):
        if isinstance(step, Listed):
            files += step.files
        else:
            end = step
    return files, end


async def upload(wire: Wire, make_input: MakeInput, name: str = "sums.jsonl") -> str:
    return (await wire.upload(make_input(), name, lambda _done, _total: None)).id


async def create(wire: Wire, file_id: str) -> str:
    made = await wire.create_batch(input_file_id=file_id, endpoint=CHAT, metadata={})
    identity: str = made["id"]
    return identity


def open_submission(number: int, **more: Any) -> Submission:
    made = Submission(
        id=f"{number:020x}", account=ACCOUNT, sha256="a" * 64, path="/in.jsonl", bytes=1, requests=1, endpoint=CHAT,
        model=None, metadata={}, upload_name=f"in.{number:020x}.jsonl", stage=Stage.UPLOADED,
    )  # fmt: skip
    return replace(made, **more)


async def test_files_and_their_batches(demo: DemoServer, wire: Wire, journal: Journal, make_input: MakeInput) -> None:
    used, unused = await upload(wire, make_input), await upload(wire, make_input, "unused.jsonl")
    batch_id = await create(wire, used)
    demo.clock.jump(2 * 86400)
    files, end = await run(wire, journal)
    stored = {file.id: file for file in files}
    assert (end.cut_short, end.uses.complete) == (None, True)
    now = demo.clock.now()
    assert {stored[file_id].filename: end.uses.standing(stored[file_id], now) for file_id in (used, unused)} == {
        "sums.jsonl": Standing.INPUT, "unused.jsonl": Standing.ORPHAN,
    }  # fmt: skip
    (output,) = [file for file in files if file.purpose == "batch_output"]
    assert [batch.id for batch in end.uses.of(output)] == [batch_id]
    assert end.uses.standing(output, now) is Standing.RESULTS


async def test_our_own_submissions_keep_their_uploads(wire: Wire, journal: Journal, make_input: MakeInput) -> None:
    told = await upload(wire, make_input)
    untold = await upload(wire, make_input, f"in.{7:020x}.jsonl")
    lost = await upload(wire, make_input, "lost.jsonl")
    journal.open(open_submission(1, file_id=told))
    journal.open(open_submission(7, stage=Stage.UPLOADING))
    journal.open(open_submission(9, stage=Stage.ABANDONED, file_id=lost))
    files, end = await run(wire, journal)
    standing = {file.id: end.uses.standing(file, file.created_at or 0) for file in files}
    assert standing == {told: Standing.IN_USE, untold: Standing.IN_USE, lost: Standing.ORPHAN}


async def test_what_waits_in_the_queue_keeps_its_upload(
    wire: Wire, journal: Journal, database: sqlite3.Connection, validated: Validated
) -> None:
    report = validated()
    stored = await wire.upload(report.path, "sums.jsonl", lambda _done, _total: None)
    queue = Queue(database, ACCOUNT)
    entry = queue.add(report, CHAT, {}, file_id=stored.id)
    _, end = await run(wire, journal, queue=queue)
    assert end.uses.standing(stored, 1e12) is Standing.IN_USE
    (kept,) = [end async for end in delete([stored], wire=wire, journal=journal, queue=queue)]
    assert kept.outcome is Outcome.IN_USE
    queue.remove(entry.id)
    _, end = await run(wire, journal, queue=queue)
    assert end.uses.standing(stored, 1e12) is Standing.ORPHAN


# Paging


def page(name: str, ids: Sequence[str], more: bool, **fields: Any) -> bytes:
    entries = [{"id": one, "purpose": "batch", "created_at": 1000, **fields} for one in ids]
    return http(json.dumps({"object": name, "data": entries, "has_more": more, "last_id": ids[-1] if ids else None}))


NOTHING = http('{"data": [], "has_more": false}')


async def test_pages_are_followed_to_the_end(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    odd.answers = [page("list", "ab", True), page("list", "bc", True), page("list", "d", False), NOTHING]
    files, end = await run(odd_wire, journal)
    assert [file.id for file in files] == list("abcd")
    assert (end.cut_short, end.uses.complete) == (None, True)
    cursors = [parse_qs(urlsplit(head.split()[1]).query).get("after") for head in odd.heads[:3]]
    assert cursors == [None, ["b"], ["c"]]


@pytest.mark.parametrize("again", [page("list", "ab", True), page("list", "", True)])
async def test_a_cursor_that_does_not_move(odd: OddServer, odd_wire: Wire, journal: Journal, again: bytes) -> None:
    odd.answers = [page("list", "ab", True), again, NOTHING]
    files, end = await run(odd_wire, journal)
    assert [file.id for file in files] == ["a", "b"]
    assert len(odd.heads) == 3
    assert end.cut_short is not None
    assert end.cut_short.endswith("does not list its files to the end.")
    # All batches are known, so that what is known of the files holds.
    assert end.uses.complete


async def test_batches_that_are_not_listed_to_the_end(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    odd.answers = [page("list", "ab", False), *[page("list", ["batch_1"], True, status="completed")] * 3]
    files, end = await run(odd_wire, journal)
    assert len(odd.heads) == 3
    assert end.cut_short is not None
    assert end.cut_short.endswith("does not list its batches to the end.")
    assert {end.uses.standing(file, 1e9) for file in files} == {Standing.UNKNOWN}


@pytest.mark.parametrize("status", ["404 No", "500 Oh", "403 No"])
async def test_batches_that_cannot_be_listed(odd: OddServer, odd_wire: Wire, journal: Journal, status: str) -> None:
    odd.answers = [page("list", "ab", False), http('{"error": {"message": "no"}}', status)]
    known = Batch("batch_1", Status.COMPLETED, "completed", output_file_id="a")
    files, end = await run(odd_wire, journal, known=[known])
    assert end.cut_short is not None
    assert end.cut_short.startswith("Not all batches are known. ")
    assert [end.uses.standing(file, 1e9) for file in files] == [Standing.RESULTS, Standing.UNKNOWN]


@pytest.mark.parametrize("status", ["404 No", "405 No", "501 No"])
async def test_a_provider_that_lists_no_files(odd: OddServer, odd_wire: Wire, journal: Journal, status: str) -> None:
    odd.say("{}", status)
    with pytest.raises(WireError, match=r"^127\.0\.0\.1:\d+ does not list its files\.$") as failed:
        await run(odd_wire, journal)
    assert failed.value.exit_code == 3
    assert len(odd.heads) == 1


async def test_a_provider_that_takes_no_parameters(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    refused = http('{"detail": "unknown parameter"}', "422 No")
    odd.answers = [refused, refused, page("list", "ab", False), NOTHING]
    files, _ = await run(odd_wire, journal)
    assert [file.id for file in files] == ["a", "b"]
    assert [head.split()[1].partition("?")[2] for head in odd.heads[:3]] == [
        "limit=1000&order=desc", "limit=100&order=desc", "",
    ]  # fmt: skip


async def test_a_file_that_the_list_lacks(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    odd.answers = [page("list", "a", False), http('{"id": "b"}'), http("{}", "404 No"), NOTHING]
    files, _ = await run(odd_wire, journal, named=["a", "b", "c"])
    assert [file.id for file in files] == ["a", "b"]


# How far back the batches are read


def batches(first: int, last: int, **fields: Any) -> bytes:
    """A page of batches made at these seconds, the newest first, with more behind it."""
    entries = [
        {"id": f"batch_{at}", "status": "completed", "created_at": at, **fields} for at in range(first, last, -1)
    ]
    return http(json.dumps({"data": entries, "has_more": True, "last_id": entries[-1]["id"]}))


async def test_no_batch_is_older_than_its_input(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    """Once the list is older than the oldest upload that nothing is known of, it says nothing more."""
    now = 2_000_000_000
    files = page("list", "a", False, created_at=now)
    odd.answers = [files, batches(now, now - 100), batches(now - 3600, now - 3700), batches(now - 8000, now - 8100)]
    (file,), end = await run(odd_wire, journal)
    assert len(odd.heads) == 3
    assert (end.cut_short, end.uses.complete) == (None, True)
    assert end.uses.standing(file, now + 7200) is Standing.ORPHAN


async def test_a_list_that_is_not_sorted_is_read_to_its_end(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    now = 2_000_000_000
    entries = [{"id": f"b{at}", "status": "completed", "created_at": at} for at in (5, now)]
    unsorted = http(json.dumps({"data": entries, "has_more": True, "last_id": "x"}))
    using = [{"id": "c", "status": "in_progress", "created_at": 7, "input_file_id": "a"}]
    odd.answers = [page("list", "a", False, created_at=now), unsorted, http(json.dumps({"data": using}))]
    (file,), end = await run(odd_wire, journal)
    assert end.uses.complete
    assert end.uses.standing(file, now + 7200) is Standing.IN_USE


async def test_an_input_that_is_known_to_be_done_with_may_run_again(
    odd: OddServer, odd_wire: Wire, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another batch of the same file may be active further back, as far as any can be."""
    now = 2_000_000_000
    monkeypatch.setattr(time, "time", lambda: float(now))
    old = now - 60 * 86400
    active = {"input_file_id": "a", "status": "in_progress"}
    odd.answers = [
        page("list", "a", False, created_at=old),
        batches(now, now - 5, input_file_id="a"),
        batches(now - 86400, now - 86405, **active),
        batches(now - 33 * 86400, now - 33 * 86400 - 5),
        page("list", "z", False),
    ]
    (file,), end = await run(odd_wire, journal)
    assert len(odd.heads) == 4
    assert end.uses.standing(file, now) is Standing.IN_USE


async def test_a_broken_list_of_files_is_told(demo: DemoServer, wire: Wire, journal: Journal) -> None:
    demo.faults.add(Fault("files.list", "server_error", times=None))
    with pytest.raises(WireError, match="has a problem of its own"):
        await run(wire, journal)
