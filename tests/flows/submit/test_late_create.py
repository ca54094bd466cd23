"""A create that the server carries out after its caller has stopped to wait makes no second batch."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import ACCOUNT, CHAT, OddServer, Validated
from tui.batches.batch import SUBMISSION_KEY, Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.models import batch_from
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.find import Undecided, find_batch, find_upload
from tui.flows.submit.reconcile import reconcile
from tui.flows.submit.steps import (
    Created,
    Looking,
    Order,
    Step,
    Unclear,
    Unknowable,
    Uploaded,
    Uploading,
    Withdrawing,
    Withdrawn,
    left_undone,
)
from tui.flows.submit.submit import submit
from tui.requests.validate import Report
from tui.store.journal import Journal, Stage, Submission

LOOKS = (0, 0.02, 0.05, 0.05)
ANEW = [Uploaded, Unclear, Withdrawing, Withdrawn, Uploaded, Created]


async def run(report: Report, wire: Wire, journal: Journal, **more: Any) -> list[Step]:
    """All steps but those of progress."""
    order = Order(report, CHAT, {"description": "sums"}, **more)
    steps = [step async for step in submit(order, wire=wire, journal=journal, looks=LOOKS)]
    return [step for step in steps if not isinstance(step, Uploading | Looking)]


async def fails(report: Report, wire: Wire, journal: Journal, **more: Any) -> LazybatchError:
    with pytest.raises(LazybatchError) as failed:
        await run(report, wire, journal, **more)
    # As long as it is in doubt, nothing says that no batch was created.
    if any(found.in_doubt for found in journal.of_content(report.sha256)):
        assert left_undone(failed.value) == ""
    return failed.value


async def statuses(wire: Wire) -> list[Status]:
    """Of all batches there are, those that failed and cost nothing last."""
    batches = filter(None, map(batch_from, (await wire.list_batches()).items))
    return sorted((batch.status for batch in batches), key=lambda status: status is Status.FAILED)


async def files(wire: Wire) -> list[object]:
    return [item["id"] for item in (await wire.list_files(purpose="batch")).items]


def only(journal: Journal, report: Report) -> Submission:
    (found,) = journal.of_content(report.sha256)
    return found


async def test_carried_out_after_the_second_create_was_sent(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "late", until="batches.create"))
    report = validated()
    steps = await run(report, wire, journal)
    assert [type(step) for step in steps] == ANEW
    created = steps[-1]
    assert isinstance(created, Created)
    assert await statuses(wire) == [Status.VALIDATING]
    assert await files(wire) == [created.batch.input_file_id]
    assert only(journal, report).batch_id == created.batch.id


async def test_carried_out_before_the_file_was_deleted(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    """It had been read by then: it runs, and is taken for what it is."""
    demo.knobs.validating_s = 0
    demo.faults.add(Fault("batches.create", "late", until="files.delete"))
    report = validated()
    steps = await run(report, wire, journal)
    assert [type(step) for step in steps] == [Uploaded, Unclear, Withdrawing, Created]
    created = steps[-1]
    assert isinstance(created, Created)
    assert created.adopted
    assert demo.calls["batches.create"] == 1
    assert await statuses(wire) == [Status.IN_PROGRESS]
    assert await files(wire) == []
    assert only(journal, report).stage is Stage.CREATED


async def test_its_batch_fails_for_want_of_the_file(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "late", until="files.delete"))
    report = validated()
    # It is being validated: whether it will run is not known yet, and nothing is sent meanwhile.
    error = await fails(report, wire, journal)
    assert "is still validating batch_" in error.sentence
    assert only(journal, report).stage is Stage.WITHDRAWING
    assert [settled async for settled in reconcile(wire=wire, journal=journal)] == []
    await fails(report, wire, journal)
    assert demo.calls["batches.create"] == 1
    demo.clock.jump(10)
    withdrawn, uploaded, created = await run(report, wire, journal)
    assert isinstance(withdrawn, Withdrawn)
    assert isinstance(uploaded, Uploaded)
    assert isinstance(created, Created)
    assert await statuses(wire) == [Status.VALIDATING, Status.FAILED]
    assert only(journal, report).batch_id == created.batch.id


async def test_its_batch_fails_while_it_is_waited_for(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "late", until="files.delete"))

    async def jump() -> None:
        for _ in range(1000):
            if demo.calls.get("files.delete"):
                break
            await asyncio.sleep(0.01)
        demo.clock.jump(10)

    async def submitted() -> list[type]:
        order = Order(validated(), CHAT, {})
        looks = (0, *[0.05] * 60)
        steps = [step async for step in submit(order, wire=wire, journal=journal, looks=looks)]
        return [type(step) for step in steps if not isinstance(step, Uploading | Looking)]

    told, _ = await asyncio.gather(submitted(), jump())
    assert told == ANEW
    assert await statuses(wire) == [Status.VALIDATING, Status.FAILED]


async def test_two_late_creates(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    demo.faults.add(Fault("batches.create", "late", times=2, until="batches.create"))
    steps = await run(validated(), wire, journal)
    assert [type(step) for step in steps] == [*ANEW[:-1], *ANEW[1:]]
    assert demo.calls["batches.create"] == 3
    assert await statuses(wire) == [Status.VALIDATING]
    assert len(await files(wire)) == 1


async def ended_unheard(report: Report, demo: DemoServer, wire: Wire, journal: Journal) -> None:
    """A process asks for the batch and ends before it hears: that is done when the next one asks."""
    demo.faults.add(Fault("batches.create", "late", until="batches.create"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=len(LOOKS)))
    await fails(report, wire, journal)


async def test_the_create_of_an_earlier_process(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    await ended_unheard(report, demo, wire, journal)
    assert only(journal, report).stage is Stage.CREATING
    steps = await run(report, wire, journal)
    assert [type(step) for step in steps] == [Withdrawing, Withdrawn, Uploaded, Created]
    assert await statuses(wire) == [Status.VALIDATING]
    assert len(await files(wire)) == 1


async def test_what_is_wanted_now_is_asked_for_anew(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    await ended_unheard(report, demo, wire, journal)
    order = Order(report, CHAT, {"description": "other"})
    created = [step async for step in submit(order, wire=wire, journal=journal, looks=LOOKS)][-1]
    assert isinstance(created, Created)
    assert created.batch.description == "other"
    assert created.batch.submission == created.submission.id


# The delete


@pytest.mark.parametrize(("kind", "deletes"), [("drop_after", 1), ("drop_before", 2), ("server_error", 2)])
async def test_a_delete_without_an_answer_is_asked_after(  # noqa: PLR0917  (fixtures, and a table's columns)
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, kind: Any, deletes: int
) -> None:
    demo.faults.add(Fault("batches.create", "late", until="batches.create"))
    demo.faults.add(Fault("files.delete", kind))
    assert [type(step) for step in await run(validated(), wire, journal)] == ANEW
    assert demo.calls["files.delete"] == deletes
    assert await statuses(wire) == [Status.VALIDATING]


async def test_a_delete_that_is_never_answered_sends_nothing_more(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "late", until="batches.create"))
    demo.faults.add(Fault("files.delete", "drop_after", times=None))
    demo.faults.add(Fault("files.retrieve", "drop_before", skip=1, times=None))
    error = await fails(report, wire, journal)
    assert "It is not known whether the batch was created: " in error.sentence
    assert error.exit_code == 3
    assert only(journal, report).stage is Stage.WITHDRAWING
    for again in (False, True):
        await fails(report, wire, journal, again=again)
    assert demo.calls["batches.create"] == 1
    demo.faults.clear()
    # The file is gone: what is left is to see that no batch was made of it.
    steps = await run(report, wire, journal)
    assert [type(step) for step in steps] == [Withdrawn, Uploaded, Created]
    assert await statuses(wire) == [Status.VALIDATING]


@pytest.mark.parametrize("status", [403, 404, 405, 409, 501])
async def test_a_provider_that_deletes_no_files_leaves_it_to_its_user(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, status: int
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "late", until="never"))
    demo.faults.add(Fault("files.delete", "status", status=status, times=None, message="Not here."))
    for _ in range(2):
        error = await fails(report, wire, journal)
        assert isinstance(error, Unknowable)
        assert "One may come of it yet, because the " in error.sentence
        assert only(journal, report).stage is Stage.CREATING
    assert (demo.calls["batches.create"], demo.calls["files.delete"]) == (1, 1)
    first, *_, last = await run(report, wire, journal, again=True)
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)
    # What was uploaded for the first is told of as one that nothing will come of.
    (given_up,) = journal.given_up()
    assert given_up.file_id in await files(wire)


async def test_a_delete_that_is_answered_and_not_done(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "late", until="never"))
    demo.faults.add(Fault("files.delete", "status", status=200, times=None))
    assert isinstance(await fails(report, wire, journal), Unknowable)
    assert demo.calls["batches.create"] == 1
    assert journal.delete_refused((await files(wire))[0])  # type: ignore[arg-type]  # an id


# What is not ours to delete


async def test_a_file_that_another_uploaded_is_left_alone(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    stored = await wire.upload(report.path, "by-hand.jsonl", lambda _done, _total: None)
    demo.faults.add(Fault("batches.create", "late", until="never"))
    error = await fails(report, wire, journal, file_id=stored.id)
    assert isinstance(error, Unknowable)
    assert "files.delete" not in demo.calls
    assert await files(wire) == [stored.id]
    first, *_, last = await run(report, wire, journal, again=True)
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)


async def test_an_upload_of_ours_that_is_used_again_is_withdrawn(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    """Its first batch was refused for want of room, which costs nothing."""
    report = validated()
    demo.knobs.token_limits = {"gpt-4o-mini": 1}
    first = (await run(report, wire, journal))[-1]
    assert isinstance(first, Created)
    demo.clock.jump(10)
    assert await statuses(wire) == [Status.FAILED]
    demo.knobs.token_limits = {}
    demo.faults.add(Fault("batches.create", "late", until="batches.create"))
    steps = await run(report, wire, journal, file_id=first.batch.input_file_id)
    assert [type(step) for step in steps] == ANEW
    assert await statuses(wire) == [Status.VALIDATING, Status.FAILED]
    assert len(await files(wire)) == 1


async def test_a_file_that_is_gone_here_is_not_deleted_there(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "late", until="never"))
    order = Order(report, CHAT, {})
    with pytest.raises(Unknowable, match="has changed or gone and could not be uploaded anew"):
        async for step in submit(order, wire=wire, journal=journal, looks=LOOKS):
            if isinstance(step, Unclear):
                report.path.unlink()
    assert "files.delete" not in demo.calls
    assert only(journal, report).stage is Stage.CREATING


# Another key


@pytest.fixture
def elsewhere() -> Iterator[DemoServer]:
    """Another project's account: it has none of what this one has."""
    with DemoServer(clock=Clock(frozen=True)) as running:
        yield running


async def test_another_key_cannot_tell_what_was_withdrawn(
    demo: DemoServer, elsewhere: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "late", until="never"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1 + len(LOOKS), times=None))
    await fails(report, wire, journal)
    assert only(journal, report).stage is Stage.WITHDRAWING
    assert await files(wire) == []
    other = await Wire.connect(Address(elsewhere.base_url, "a-key-of-another-project"))
    error = await fails(report, other, journal)
    assert isinstance(error, Unknowable)
    assert "shows this key neither" in error.sentence
    assert "batches.create" not in elsewhere.calls
    await other.close()
    demo.faults.clear()
    assert [type(step) for step in await run(report, wire, journal)] == [Withdrawn, Uploaded, Created]


# Which batch is meant


def listed(odd: OddServer, **fields: object) -> None:
    entry = {"id": "late", "created_at": 2_000_000_000, "metadata": {SUBMISSION_KEY: "abcdef"}} | fields
    odd.answers.clear()
    odd.say(json.dumps({"data": [entry], "has_more": False}))


async def test_a_deleted_file_that_is_listed_still_is_not_found_again(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    stored = await wire.upload(report.path, "x.abcdef.jsonl", lambda _done, _total: None)
    submission = Submission(
        "abcdef", ACCOUNT, report.sha256, str(report.path), report.bytes, 3, CHAT, None, {}, "x.abcdef.jsonl",
        Stage.UPLOADING,
    )  # fmt: skip
    journal.open(submission)
    assert await find_upload(submission, wire, journal) == stored.id
    journal.withdraw("abcdef", stored.id, "")
    assert await find_upload(submission, wire, journal) is None
    anew = await wire.upload(report.path, "x.abcdef.jsonl", lambda _done, _total: None)
    assert await find_upload(submission, wire, journal) == anew.id


async def test_a_batch_of_a_deleted_file(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    submission = Submission(
        "abcdef", ACCOUNT, "0" * 64, "/in.jsonl", 10, 3, CHAT, None, {SUBMISSION_KEY: "abcdef"}, "x.abcdef.jsonl",
        Stage.CREATING, file_id="file-2",
    )  # fmt: skip
    journal.open(submission)

    async def found(**fields: object) -> str | None:
        listed(odd, **fields)
        batch = await find_batch(submission, odd_wire, journal)
        return None if batch is None else batch.id

    # As long as no file was deleted, whatever became of it is what the submission came to.
    assert await found(input_file_id="file-1", status="failed") == "late"
    assert await found(status="failed") == "late"
    journal.withdraw("abcdef", "file-1", "")
    assert await found(input_file_id="file-1", status="failed") is None
    assert await found(input_file_id="file-1", status="in_progress") == "late"
    with pytest.raises(Undecided):
        await found(input_file_id="file-1", status="validating")
    assert await found(input_file_id="file-2", status="failed") == "late"
    assert await found(input_file_id="file-2", status="validating") == "late"
    # Of which file it was made is not told by all.
    assert await found(status="failed") is None
    assert await found(status="completed") == "late"
    # Some call a proxied file otherwise.
    assert await found(input_file_id="file-other", status="validating") == "late"


@pytest.mark.parametrize(
    ("call", "skip"), [("batches.list", 2), ("batches.list", len(LOOKS)), ("files.retrieve", 0)],
)  # fmt: skip
async def test_one_look_that_is_not_answered_does_not_end_the_wait(  # noqa: PLR0917  (fixtures, and a table's columns)
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, call: str, skip: int
) -> None:
    demo.faults.add(Fault("batches.create", "drop_before"))
    demo.faults.add(Fault(call, "server_error", skip=skip, times=1))
    assert [type(step) for step in await run(validated(), wire, journal)] == ANEW
    assert demo.calls["batches.create"] == 2
    assert await statuses(wire) == [Status.VALIDATING]


async def test_the_wait_tells_what_is_asked_and_how_long_it_may_take(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    demo.faults.add(Fault("batches.create", "drop_before"))
    demo.faults.add(Fault("batches.list", "server_error", skip=1, times=1))
    order = Order(validated(), CHAT, {})
    steps = [step async for step in submit(order, wire=wire, journal=journal, looks=(0, 1, 2))]
    looks = [step for step in steps if isinstance(step, Looking)]
    first = [step for step in looks if not step.withdrawn]
    assert [(step.look, step.of, step.seconds, step.fresh) for step in first] == [
        (1, 3, 3, True), (2, 3, 3, True), (2, 3, 2, False), (3, 3, 2, True), (3, 3, 1, False), (3, 3, 0, False),
    ]  # fmt: skip
    assert first[0].sentence == "Asking the server whether it made the batch: look 1 of 3, up to 3s more."
    assert "look 2 of 3, up to 3s more. The last look: " in first[1].sentence
    assert {step.sentence[:68] for step in looks if step.withdrawn} == {
        "Asking the server whether a batch came before the upload was deleted"
    }
