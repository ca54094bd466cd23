"""A file becomes a batch exactly once, whatever happens on the way."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.conftest import ACCOUNT, CHAT, KEY, OddServer, Validated
from tui.batches.batch import CONTENT_KEY, SUBMISSION_KEY, Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from, file_from
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.submit.steps import (
    Already,
    Created,
    Forgotten,
    Looking,
    Order,
    Step,
    Unclear,
    Uploaded,
    Uploading,
    Withdrawing,
    Withdrawn,
)
from tui.flows.submit.submit import submit
from tui.requests.validate import Report
from tui.store.journal import Journal, Stage, Submission

LOOKS = (0, 0.05)


def order(report: Report, **more: Any) -> Order:
    return Order(report, CHAT, {"description": "sums"}, **more)


async def run(what: Order, wire: Wire, journal: Journal) -> list[Step]:
    """All steps but those of progress."""
    steps = [step async for step in submit(what, wire=wire, journal=journal, looks=LOOKS)]
    return [step for step in steps if not isinstance(step, Uploading | Looking)]


async def refused(what: Order, wire: Wire, journal: Journal) -> LazybatchError:
    with pytest.raises(LazybatchError) as failed:
        await run(what, wire, journal)
    return failed.value


async def on_server(wire: Wire) -> tuple[int, int]:
    """Input files and batches there."""
    return len((await wire.list_files(purpose="batch")).items), len((await wire.list_batches()).items)


def only(journal: Journal, report: Report) -> Submission:
    (found,) = journal.of_content(report.sha256)
    return found


async def called(demo: DemoServer, route: str) -> None:
    """Wait until a call has come in."""
    for _ in range(500):
        if demo.calls.get(route):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{route} was not called")


# All goes well


async def test_a_submission(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated(3)
    uploaded, created = await run(order(report), wire, journal)
    assert isinstance(uploaded, Uploaded)
    assert isinstance(created, Created)
    assert not uploaded.adopted
    assert not created.adopted
    assert created.batch.status is Status.VALIDATING
    assert created.batch.input_file_id == uploaded.file_id
    found = only(journal, report)
    assert (found.stage, found.file_id, found.batch_id) == (Stage.CREATED, uploaded.file_id, created.batch.id)
    assert created.submission.id == found.id == created.batch.submission
    assert dict(created.batch.metadata) == {
        "description": "sums", SUBMISSION_KEY: found.id, CONTENT_KEY: report.sha256[:32],
    }  # fmt: skip
    assert (found.path, found.bytes, found.requests) == (str(report.path), report.bytes, 3)
    assert (found.model, found.endpoint) == ("gpt-4o-mini", CHAT)
    stored = file_from((await wire.list_files()).items[0])
    assert stored is not None
    assert stored.filename == f"sums.{found.id}.jsonl"
    # Nothing is asked that need not be.
    assert demo.calls == {"batches.list": 1, "files.create": 1, "batches.create": 1, "files.list": 1}


async def test_progress_of_an_upload(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated(20, user="x" * 1_000_000)
    demo.faults.add(Fault("files.create", "slow", delay_s=0.5))
    steps = [step async for step in submit(order(report), wire=wire, journal=journal)]
    progress = [step for step in steps if isinstance(step, Uploading)]
    assert progress
    assert [step.done for step in progress] == sorted(step.done for step in progress)
    assert {step.total for step in progress} == {report.bytes}


async def test_a_provider_that_lists_no_files(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("files.list", "status", status=404, times=None))
    assert isinstance((await run(order(validated()), wire, journal))[-1], Created)


@pytest.mark.parametrize(
    "name", ["a b.jsonl", 'quo"te.jsonl', "日本.jsonl", "new\nline.jsonl", "back\\slash.jsonl", "x" * 240 + ".jsonl"]
)
async def test_odd_names(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, name: str) -> None:
    report = validated(2, name)
    demo.faults.add(Fault("files.create", "drop_after"))
    steps = await run(order(report), wire, journal)
    assert [type(step) for step in steps] == [Unclear, Uploaded, Created]
    assert await on_server(wire) == (1, 1)


async def test_a_name_that_is_not_utf8(wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated(2, os.fsdecode(b"caf\xe9.jsonl"))
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert journal.recent(1)[0].path == str(report.path)


# Dropped connections


async def test_an_upload_without_an_answer_is_found(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("files.create", "drop_after"))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Unclear, Uploaded, Created]
    assert isinstance(steps[1], Uploaded)
    assert steps[1].adopted
    assert demo.calls["files.create"] == 1
    assert await on_server(wire) == (1, 1)


@pytest.mark.parametrize("kind", ["drop_before", "server_error", "html"])
async def test_an_upload_that_did_not_happen_is_repeated(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, kind: Any
) -> None:
    demo.faults.add(Fault("files.create", kind))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Unclear, Uploaded, Created]
    assert demo.calls["files.create"] == 2
    assert await on_server(wire) == (1, 1)


async def test_an_upload_that_breaks_off_every_time(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("files.create", "drop_before", times=3))
    error = await refused(order(report), wire, journal)
    assert error.sentence == (
        "The upload broke off 3 times; no batch was created. Submit the file again to go on with it."
    )
    assert error.exit_code == 3
    assert only(journal, report).stage is Stage.UPLOADING
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert await on_server(wire) == (1, 1)
    assert only(journal, report).stage is Stage.CREATED


@pytest.mark.parametrize("kind", ["drop_after", "slow"])
async def test_a_create_without_an_answer_is_found(
    demo: DemoServer, journal: Journal, validated: Validated, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.client.api._SLOW_TIMEOUT", 0.5)
    wire = await Wire.connect(Address(demo.base_url, KEY))
    demo.faults.add(Fault("batches.create", kind, delay_s=2))
    report = validated()
    _, unclear, created = await run(order(report), wire, journal)
    assert isinstance(unclear, Unclear)
    assert isinstance(created, Created)
    assert created.adopted
    assert demo.calls["batches.create"] == 1
    assert await on_server(wire) == (1, 1)
    assert only(journal, report).batch_id == created.batch.id
    await wire.close()


@pytest.mark.parametrize("kind", ["drop_before", "server_error", "html"])
async def test_a_create_that_did_not_happen_is_repeated(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, kind: Any
) -> None:
    demo.faults.add(Fault("batches.create", kind))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Uploaded, Unclear, Withdrawing, Withdrawn, Uploaded, Created]
    assert demo.calls["batches.create"] == 2
    assert await on_server(wire) == (1, 1)


@pytest.mark.parametrize("strange", [{"omit": ["id"]}, {"merge": {"id": None}}, {"merge": {"id": [5]}}])
async def test_an_answer_without_an_id_makes_no_second_batch(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, strange: Any
) -> None:
    demo.faults.add(Fault("batches.create", "rewrite", **strange))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Uploaded, Unclear, Created]
    assert await on_server(wire) == (1, 1)


async def test_a_provider_that_drops_metadata(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "rewrite", times=None, merge={"metadata": None}))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Uploaded, Unclear, Created]
    assert demo.calls["batches.create"] == 1


async def test_a_list_that_cannot_be_trusted_creates_nothing_more(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "empty_page", skip=1, times=len(LOOKS)))
    error = await refused(order(report), wire, journal)
    assert error.sentence.startswith("It is not known whether the batch was created: ")
    assert "does not list its batches to the end" in error.sentence
    assert only(journal, report).stage is Stage.CREATING
    (created,) = await run(order(report), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert await on_server(wire) == (1, 1)


async def other_batches(demo: DemoServer, wire: Wire, number: int) -> None:
    """Batches that are not ours, all of them of now."""
    path = Path(__file__)
    stored = await wire.upload(path, "other.jsonl", lambda _done, _total: None)
    creates = (wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={}) for _ in range(number))
    await asyncio.gather(*creates)


async def test_a_batch_beyond_the_first_page_is_found(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "server_error", skip=1, times=len(LOOKS)))
    report = validated()
    await refused(order(report), wire, journal)
    await other_batches(demo, wire, 120)
    demo.faults.clear()
    (created,) = await run(order(report), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert created.submission.id == created.batch.submission


async def test_a_list_that_begins_with_the_oldest(
    odd: OddServer, odd_wire: Wire, journal: Journal, validated: Validated
) -> None:
    """Its first page is of long ago, and says nothing about whether the batch is there."""
    import json

    report = validated()
    journal.open(
        Submission(
            "abcdef", ACCOUNT, report.sha256, str(report.path), report.bytes, 3, CHAT, None,
            {SUBMISSION_KEY: "abcdef"}, "x.abcdef.jsonl", Stage.CREATING, file_id="file-1",
        )
    )  # fmt: skip
    old = [{"id": f"old{number}", "created_at": 1000 + number} for number in range(3)]
    odd.say(json.dumps({"data": old, "has_more": True}))
    ours = {"id": "ours", "created_at": 2_000_000_000, "metadata": {SUBMISSION_KEY: "abcdef"}}
    odd.say(json.dumps({"data": [ours], "has_more": False}))
    (created,) = await run(order(report), odd_wire, journal)
    assert isinstance(created, Created)
    assert created.batch.id == "ours"


# Refusals


@pytest.mark.parametrize("route", ["files.create", "batches.create"])
async def test_a_refusal_is_written_down(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, route: str
) -> None:
    report = validated()
    demo.faults.add(Fault(route, "status", status=400, message="Not like this."))
    error = await refused(order(report), wire, journal)
    assert (error.sentence, error.exit_code) == ("Not like this.", 1)
    found = only(journal, report)
    assert (found.stage, found.reason, found.open) == (Stage.REFUSED, "Not like this.", False)
    assert demo.calls[route] == 1
    # The next attempt is a new one.
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert [submission.stage for submission in journal.of_content(report.sha256)] == [Stage.CREATED, Stage.REFUSED]
    assert (await on_server(wire))[1] == 1


@pytest.mark.parametrize("route", ["files.create", "batches.create"])
async def test_a_rate_limit_is_waited_for(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, route: str
) -> None:
    demo.faults.add(Fault(route, "rate_limit", times=2, retry_after=0.1))
    steps = await run(order(validated()), wire, journal)
    assert [type(step) for step in steps] == [Uploaded, Created]
    assert demo.calls[route] == 3
    assert await on_server(wire) == (1, 1)


@pytest.mark.parametrize("route", ["files.create", "batches.create"])
@pytest.mark.parametrize(("retry_after", "calls"), [(0, 3), (3600, 1)])
async def test_a_rate_limit_that_does_not_end(  # noqa: PLR0917  (fixtures, and a table's columns)
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, route: str, retry_after: float, calls: int
) -> None:
    report = validated()
    demo.faults.add(Fault(route, "rate_limit", times=None, retry_after=retry_after))
    error = await refused(order(report), wire, journal)
    assert isinstance(error, WireError)
    assert (error.kind, error.exit_code) == (Kind.RATE_LIMITED, 3)
    assert demo.calls[route] == calls
    assert only(journal, report).open
    demo.faults.clear()
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert await on_server(wire) == (1, 1)


async def test_a_wrong_key(demo: DemoServer, journal: Journal, validated: Validated) -> None:
    wire = await Wire.connect(Address(demo.base_url, "another-key"))
    report = validated()
    error = await refused(order(report), wire, journal)
    await wire.close()
    assert error.exit_code == 3
    assert "another-key" not in error.sentence
    assert journal.of_content(report.sha256) == []


async def test_no_server_at_all(journal: Journal, validated: Validated) -> None:
    wire = await Wire.connect(Address("http://127.0.0.1:1/v1", KEY))
    report = validated()
    error = await refused(order(report), wire, journal)
    await wire.close()
    assert error.sentence == "Cannot reach 127.0.0.1:1: connection refused."
    assert journal.of_content(report.sha256) == []


async def test_a_server_that_goes_silent_after_the_create(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=None))
    error = await refused(order(report), wire, journal)
    assert error.sentence == (
        f"It is not known whether the batch was created: The connection to {wire.address.host} broke off. "
        "Nothing more is sent before the server has been asked; submit the same file to ask it."
    )
    assert error.exit_code == 3
    assert only(journal, report).stage is Stage.CREATING
    # Again and again, with whatever options: nothing is sent before it has answered.
    for again in (False, True):
        await refused(order(report, again=again), wire, journal)
    assert demo.calls["batches.create"] == 1
    demo.faults.clear()
    (created,) = await run(order(report), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert await on_server(wire) == (1, 1)
    assert only(journal, report).batch_id == created.batch.id


async def test_a_create_that_never_takes(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "server_error", times=3))
    error = await refused(order(report), wire, journal)
    assert error.sentence.startswith("The server never said whether the batch was created, and shows none.")
    assert demo.calls["batches.create"] == 3
    # Nothing is left of which a batch could come.
    assert only(journal, report).stage is Stage.UPLOADING
    assert await on_server(wire) == (0, 0)
    uploaded, created = await run(order(report), wire, journal)
    assert isinstance(uploaded, Uploaded)
    assert isinstance(created, Created)
    assert not created.adopted
    assert await on_server(wire) == (1, 1)


# The same file again


async def test_the_same_content_again(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated()
    created = (await run(order(report), wire, journal))[-1]
    assert isinstance(created, Created)
    same = validated(3, "another-name.jsonl")
    (already,) = await run(order(same), wire, journal)
    assert isinstance(already, Already)
    assert (already.batch.id, already.submission and already.submission.id) == (created.batch.id, created.submission.id)
    assert await on_server(wire) == (1, 1)
    demo.clock.jump(86400 * 3)
    (already,) = await run(order(same), wire, journal)
    assert isinstance(already, Already)
    assert already.batch.status is Status.COMPLETED
    second = (await run(order(same, again=True), wire, journal))[-1]
    assert isinstance(second, Created)
    assert second.batch.id != created.batch.id
    assert (await on_server(wire))[1] == 2


async def test_content_whose_batch_failed_may_go_again(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.knobs.token_limits = {"gpt-4o-mini": 1}
    first = (await run(order(report), wire, journal))[-1]
    assert isinstance(first, Created)
    demo.clock.jump(30)
    failed = batch_from(await wire.retrieve_batch(first.batch.id))
    assert failed is not None
    assert failed.status is Status.FAILED
    demo.knobs.token_limits = {}
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert (await on_server(wire))[1] == 2


async def test_an_unreachable_server_does_not_say_already(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    await run(order(report), wire, journal)
    demo.faults.add(Fault("batches.retrieve", "server_error"))
    await refused(order(report), wire, journal)
    demo.faults.add(Fault("batches.retrieve", "rewrite", omit=["id"]))
    await refused(order(report), wire, journal)
    assert await on_server(wire) == (1, 1)
    # The server forgot the batch: that is told before another is made, unless the list has it all the same.
    demo.faults.add(Fault("batches.retrieve", "status", status=404, times=2))
    (already,) = await run(order(report), wire, journal)
    assert isinstance(already, Already)
    demo.faults.add(Fault("batches.list", "rewrite", merge={"metadata": {}}))
    with pytest.raises(
        Forgotten, match=r"^This was submitted as batch_\w+ on 20\S+ \S+; .* no longer knows that batch"
    ):
        await run(order(report), wire, journal)
    assert await on_server(wire) == (1, 1)
    demo.faults.add(Fault("batches.retrieve", "status", status=404))
    assert isinstance((await run(replace(order(report), again=True), wire, journal))[-1], Created)


async def test_a_broken_off_submission_takes_what_is_wanted_now(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "rate_limit", times=3, retry_after=0))
    await refused(order(report), wire, journal)
    steps = await run(Order(report, CHAT, {"description": "other"}), wire, journal)
    (created,) = steps
    assert isinstance(created, Created)
    assert created.batch.description == "other"
    assert created.batch.submission == created.submission.id
    assert await on_server(wire) == (1, 1)


async def test_an_uploaded_file_that_is_gone(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    """Broken off after the upload, taken up a month later."""
    report = validated()
    demo.faults.add(Fault("batches.create", "rate_limit", times=3, retry_after=0))
    await refused(order(report), wire, journal)
    demo.clock.jump(86400 * 31)
    error = await refused(order(report), wire, journal)
    assert "Cannot find file" in error.sentence
    assert isinstance((await run(order(report), wire, journal))[-1], Created)


# The file changes


async def test_a_file_that_changed_before_the_upload(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    with report.path.open("ab") as file:
        file.write(b"{}\n")
    error = await refused(order(report), wire, journal)
    assert error.sentence == f"{report.path} has changed or gone since it was validated: validate it again."
    assert error.exit_code == 1
    report.path.unlink()
    assert "changed or gone" in (await refused(order(report), wire, journal)).sentence
    assert demo.calls.get("files.create", 0) == 0


async def test_a_file_that_is_replaced_by_one_of_the_same_size(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    other = report.path.with_name("other")
    other.write_bytes(b"x" * report.bytes)
    os.utime(other, ns=(report.identity.mtime_ns, report.identity.mtime_ns))
    other.replace(report.path)
    assert "changed or gone" in (await refused(order(report), wire, journal)).sentence
    assert demo.calls.get("files.create", 0) == 0


@pytest.mark.parametrize("change", ["append", "truncate", "rewrite", "unlink"])
async def test_a_file_that_changes_during_the_upload(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, change: str
) -> None:
    report = validated(3, user="x" * 3_000_000)
    whole, changed = report.path.read_bytes(), False
    demo.faults.add(Fault("files.create", "slow", delay_s=0.3))
    with pytest.raises(LazybatchError) as failed:
        async for step in submit(order(report), wire=wire, journal=journal, looks=LOOKS):
            if isinstance(step, Uploading) and not changed:
                changed = True
                if change == "append":
                    report.path.write_bytes(whole + b"\n")
                elif change == "truncate":
                    os.truncate(report.path, 1_500_000)
                elif change == "rewrite":
                    report.path.write_bytes(whole[::-1])
                else:
                    report.path.unlink()
    assert changed
    assert "validate it again" in failed.value.sentence
    assert failed.value.exit_code == 1
    assert (await on_server(wire))[1] == 0
    assert only(journal, report).stage in {Stage.ABANDONED, Stage.UPLOADING}


# Given up, and two at once


async def test_given_up_in_the_middle(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated(20, user="x" * 2_000_000)
    demo.faults.add(Fault("files.create", "slow", delay_s=1))
    steps = cast("AsyncGenerator[Step]", submit(order(report), wire=wire, journal=journal))
    async with aclosing(steps):
        assert isinstance(await anext(steps), Uploading)
    # The claim is free again, and the next attempt goes on.
    assert only(journal, report).stage is Stage.UPLOADING
    assert isinstance((await run(order(report), wire, journal))[-1], Created)
    assert (await on_server(wire))[1] == 1


async def test_cancelled_while_it_waits_for_the_create(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "slow", delay_s=5))
    task = asyncio.ensure_future(run(order(report), wire, journal))
    await called(demo, "batches.create")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert only(journal, report).stage is Stage.CREATING
    (created,) = await run(order(report), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert await on_server(wire) == (1, 1)


async def test_two_at_once_in_one_process(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated()
    ends = await asyncio.gather(*(run(order(report), wire, journal) for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(end, list) for end in ends) == 1
    assert {str(end) for end in ends if isinstance(end, LazybatchError)} == {
        "Another lazybatch is submitting this very file right now."
    }
    assert await on_server(wire) == (1, 1)


async def test_a_journal_that_cannot_be_written_sends_nothing(
    demo: DemoServer, wire: Wire, journal: Journal, database: sqlite3.Connection, validated: Validated
) -> None:
    database.execute("PRAGMA query_only=1")
    error = await refused(order(validated()), wire, journal)
    assert "cannot be used: attempt to write a readonly database" in error.sentence
    assert demo.calls == {"batches.list": 1}


async def test_a_journal_that_fills_up_after_the_create(
    demo: DemoServer, wire: Wire, journal: Journal, database: sqlite3.Connection, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "slow", delay_s=0.5))
    task = asyncio.ensure_future(run(order(report), wire, journal))
    await called(demo, "batches.create")
    database.execute("PRAGMA query_only=1")
    with pytest.raises(LazybatchError, match="cannot be used"):
        await task
    database.execute("PRAGMA query_only=0")
    (created,) = await run(order(report), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert await on_server(wire) == (1, 1)
