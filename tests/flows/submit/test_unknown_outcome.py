"""What cannot be found out is neither guessed nor sent again: its user decides, who is shown what may be meant."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import CHAT, Validated
from tui.batches.batch import CONTENT_KEY
from tui.client.address import Address
from tui.client.api import Wire
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.parts import Broken, PartsOrder, cut, submit_parts
from tui.flows.submit.steps import Already, Created, Looking, Order, Step, Unknowable, left_undone
from tui.flows.submit.submit import submit
from tui.requests.limits import Limits
from tui.requests.validate import Report, validate
from tui.store.journal import Journal, Stage

LOOKS = (0, 0.05)


async def run(what: Order, wire: Wire, journal: Journal) -> list[Step]:
    steps = [step async for step in submit(what, wire=wire, journal=journal, looks=LOOKS)]
    return [step for step in steps if not isinstance(step, Looking)]


@pytest.fixture
def elsewhere() -> Iterator[DemoServer]:
    """Another project's account: it has none of what this one has."""
    from tests.conftest import KEY
    from tui.demo.engine.clock import Clock

    with DemoServer(clock=Clock(frozen=True), api_key=KEY) as running:
        yield running


async def test_a_key_of_another_project_creates_nothing(
    demo: DemoServer, elsewhere: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=None))
    with pytest.raises(Exception, match="It is not known whether the batch was created"):
        await run(Order(report, CHAT, {}), wire, journal)
    other = await Wire.connect(Address(elsewhere.base_url, wire.address.key))
    with pytest.raises(Unknowable, match="shows this key neither a batch of it nor the uploaded file"):
        await run(Order(report, CHAT, {}), other, journal)
    await other.close()
    assert "batches.create" not in elsewhere.calls
    # With the key that it was sent with it is found.
    demo.faults.clear()
    (created,) = await run(Order(report, CHAT, {}), wire, journal)
    assert isinstance(created, Created)
    assert created.adopted
    assert demo.calls["batches.create"] == 1


async def test_a_key_of_another_project_may_go_on_knowingly(
    demo: DemoServer, elsewhere: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated()
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "drop_before", skip=1, times=None))
    with pytest.raises(Exception, match="It is not known"):
        await run(Order(report, CHAT, {}), wire, journal)
    other = await Wire.connect(Address(elsewhere.base_url, wire.address.key))
    first, *_, last = await run(Order(report, CHAT, {}, again=True), other, journal)
    await other.close()
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)


async def in_doubt(demo: DemoServer, wire: Wire, journal: Journal, report: Report) -> Unknowable:
    """A create without an answer, at a provider whose list has neither metadata nor input files."""
    demo.faults.add(Fault("batches.create", "drop_after"))
    bare = {"metadata": None, "input_file_id": None}
    demo.faults.add(Fault("batches.list", "rewrite", times=None, merge=bare))
    with pytest.raises(Unknowable) as unknown:
        await run(Order(report, CHAT, {}), wire, journal)
    return unknown.value


async def test_candidates_are_told_and_one_can_be_adopted(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated(3)
    path = validated(7, "other.jsonl").path
    stored = await wire.upload(path, "other.jsonl", lambda _done, _total: None)
    other = await wire.create_batch(input_file_id=stored.id, endpoint="/v1/embeddings", metadata={})
    unknown = await in_doubt(demo, wire, journal, report)
    assert "This one may be it" in unknown.sentence
    # Another endpoint's batch is none.
    (candidate,) = unknown.candidates
    assert candidate.id != other["id"]
    assert demo.calls["batches.create"] == 2
    demo.faults.add(Fault("batches.retrieve", "drop_before"))
    with pytest.raises(LazybatchError, match="Nothing was sent") as failed:
        await run(Order(report, CHAT, {}, adopt=candidate.id), wire, journal)
    # Whether a batch was created is as little known as before.
    assert left_undone(failed.value) == ""
    (created,) = await run(Order(report, CHAT, {}, adopt=candidate.id), wire, journal)
    assert isinstance(created, Created)
    assert (created.batch.id, created.adopted) == (candidate.id, True)
    assert [found.stage for found in journal.of_content(report.sha256)] == [Stage.CREATED]
    assert demo.calls["batches.create"] == 2


async def test_there_is_nothing_to_adopt(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, tmp_path: Path
) -> None:
    """To say which batch it was is no order to make one."""
    with pytest.raises(LazybatchError, match="Nothing was sent"):
        await run(Order(validated(3), CHAT, {}, adopt="batch_any"), wire, journal)
    limits = Limits(max_requests=2)
    whole = validate(validated(5).path, limits=limits)
    parts = cut(whole, limits, tmp_path, lambda _done, _total: None)
    with pytest.raises(LazybatchError, match="Nothing was sent"):
        [told async for told in submit_parts(PartsOrder(whole, parts, CHAT, {}, adopt="b"), wire=wire, journal=journal)]
    assert not {"files.create", "batches.create"} & demo.calls.keys()


async def test_the_batch_of_another_submission_is_not_adopted(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    ours = (await run(Order(validated(7, "other.jsonl"), CHAT, {}), wire, journal))[-1]
    assert isinstance(ours, Created)
    report = validated(3)
    await in_doubt(demo, wire, journal, report)
    with pytest.raises(LazybatchError, match="of another submission"):
        await run(Order(report, CHAT, {}, adopt=ours.batch.id), wire, journal)
    assert journal.of_content(report.sha256)[0].stage is Stage.CREATING


async def test_no_candidate_is_it(demo: DemoServer, wire: Wire, journal: Journal, validated: Validated) -> None:
    report = validated(3)
    await in_doubt(demo, wire, journal, report)
    first, *_, last = await run(Order(report, CHAT, {}, again=True), wire, journal)
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)
    assert not last.adopted


async def test_what_another_machine_submitted_is_known_by_its_content(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated(3)
    stored = await wire.upload(report.path, "from-there.jsonl", lambda _done, _total: None)
    content = {CONTENT_KEY: report.sha256[:32], "description": "there"}
    there = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata=content)
    (already,) = await run(Order(report, CHAT, {}), wire, journal)
    assert isinstance(already, Already)
    assert (already.submission, already.batch.id) == (None, there["id"])
    assert demo.calls["batches.create"] == 1
    assert isinstance((await run(Order(report, CHAT, {}, again=True), wire, journal))[-1], Created)


async def test_a_key_that_may_not_list_batches_can_submit(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated
) -> None:
    report = validated(3)
    demo.faults.add(Fault("batches.list", "status", status=403))
    assert isinstance((await run(Order(report, CHAT, {}), wire, journal))[-1], Created)


async def test_a_part_that_is_recognised_lets_the_others_go_on(
    demo: DemoServer, wire: Wire, journal: Journal, validated: Validated, tmp_path: Path
) -> None:
    limits = Limits(max_requests=2)
    whole = validate(validated(5).path, limits=limits)
    order = PartsOrder(whole, cut(whole, limits, tmp_path, lambda _done, _total: None), CHAT, {})
    demo.faults.add(Fault("batches.create", "drop_after", skip=1))
    bare = {"metadata": None, "input_file_id": None}
    # The second part looks for its content, then for its batch.
    demo.faults.add(Fault("batches.list", "rewrite", skip=2, times=len(LOOKS), merge=bare))
    with pytest.raises(Broken) as broken:
        [told async for told in submit_parts(order, wire=wire, journal=journal, looks=LOOKS)]
    assert broken.value.unknowable
    # The first part's batch is none, whatever the list leaves out.
    (second,) = broken.value.candidates
    assert second.id not in journal.by_batch()
    adopting = replace(order, adopt=second.id)
    ends = [told.step async for told in submit_parts(adopting, wire=wire, journal=journal, looks=LOOKS)]
    assert [type(step) for step in ends if isinstance(step, Already | Created)] == [Already, Created, Created]
    assert demo.calls["batches.create"] == 3
    assert {found.batch_id for found in journal.recent(9)} == {item["id"] for item in (await wire.list_batches()).items}
