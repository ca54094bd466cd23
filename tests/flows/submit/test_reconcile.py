"""What a start finds out about submissions that were broken off."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, CHAT, MakeInput
from tui.batches.batch import SUBMISSION_KEY
from tui.client.api import Wire
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.submit.reconcile import Settled, reconcile
from tui.store.journal import Journal, Stage, Submission


def submission(identity: str, stage: Stage, **more: str) -> Submission:
    base = Submission(
        identity, ACCOUNT, identity * 8, f"/data/{identity}.jsonl", 10, 2, CHAT, None, {SUBMISSION_KEY: identity},
        f"in.{identity}.jsonl", stage,
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # texts alone


async def run(wire: Wire, journal: Journal) -> dict[str, Settled]:
    return {settled.submission.id: settled async for settled in reconcile(wire=wire, journal=journal)}


@pytest.fixture
async def created(wire: Wire, make_input: MakeInput) -> str:
    """A batch of the submission "made" whose answer never came; its input file's id is the second part."""
    stored = await wire.upload(make_input(), "in.made.jsonl", lambda _done, _total: None)
    batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={SUBMISSION_KEY: "made"})
    return f"{batch['id']} {stored.id}"


async def test_each_open_one_is_asked_about(demo: DemoServer, wire: Wire, journal: Journal, created: str) -> None:
    batch_id, file_id = created.split()
    journal.open(submission("made", Stage.CREATING, file_id=file_id))
    journal.open(submission("lost", Stage.CREATING, file_id="file-2"))
    journal.open(submission("begun", Stage.UPLOADING))
    journal.open(submission("over", Stage.CREATED, batch_id="batch_9"))
    settled = await run(wire, journal)
    assert set(settled) == {"made", "lost", "begun"}
    assert settled["made"].batch is not None
    assert settled["made"].batch.id == batch_id
    assert settled["lost"].batch is None
    # Its file is not there either: the list may be that of another project.
    assert "not known: this key is shown neither a batch nor the uploaded file" in settled["lost"].told
    assert settled["begun"].batch is None
    assert settled["begun"].told.startswith("No batch was created.")
    found = journal.find("made")
    assert found is not None
    assert (found.stage, found.batch_id) == (Stage.CREATED, batch_id)
    # Nothing of it is on the server: that is told once, and is no open question any more.
    assert [left.id for left in journal.open_ones()] == ["lost"]
    begun = journal.find("begun")
    assert begun is not None
    assert (begun.stage, settled["begun"].submission.stage) == (Stage.ABANDONED, Stage.ABANDONED)
    assert "the server shows nothing of it" in (begun.reason or "")
    # It only looks.
    assert demo.calls["batches.create"] == 1
    assert demo.calls["files.create"] == 1
    assert set(await run(wire, journal)) == {"lost"}


async def test_nothing_open_asks_nothing(demo: DemoServer, wire: Wire, journal: Journal) -> None:
    assert await run(wire, journal) == {}
    assert demo.calls == {}


async def test_what_another_process_works_on_is_left_to_it(
    wire: Wire, journal: Journal, tmp_path: Path, created: str
) -> None:
    journal.open(submission("made", Stage.CREATING))
    with journal.claim("made" * 8):
        assert await run(wire, journal) == {}
    found = journal.find("made")
    assert found is not None
    assert found.stage is Stage.CREATING
    assert set(await run(wire, journal)) == {"made"}


async def test_a_server_that_does_not_answer_leaves_it_open(
    demo: DemoServer, wire: Wire, journal: Journal, created: str
) -> None:
    journal.open(submission("made", Stage.CREATING))
    demo.faults.add(Fault("batches.list", "drop_before"))
    assert await run(wire, journal) == {}
    assert [left.id for left in journal.open_ones()] == ["made"]
    settled = await run(wire, journal)
    assert settled["made"].batch is not None


async def test_no_more_is_told_than_is_known(demo: DemoServer, wire: Wire, journal: Journal, created: str) -> None:
    """That a batch is not listed says nothing where a create had been sent."""
    _, file_id = created.split()
    journal.open(submission("sent", Stage.CREATING, file_id=file_id + "x"))
    journal.open(submission("seen", Stage.UPLOADED, file_id=file_id + "x"))
    stored = await wire.upload(Path(__file__), "another.jsonl", lambda _done, _total: None)
    journal.open(submission("late", Stage.CREATING, file_id=stored.id))
    settled = await run(wire, journal)
    assert settled["seen"].told == "No batch was created. Choose it again to go on."
    assert "is not known: the server shows none." in settled["late"].told
    assert "another project" in settled["sent"].told
    demo.faults.add(Fault("batches.list", "empty_page", times=None))
    settled = await run(wire, journal)
    assert "the server cannot tell" in settled["late"].told
    assert [left.id for left in journal.open_ones()] == ["sent", "seen", "late"]
