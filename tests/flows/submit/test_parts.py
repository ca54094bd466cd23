"""A file over the limits goes out in parts, each of them exactly once."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import CHAT, MakeInput
from tui.batches.batch import GROUP_KEY
from tui.client.api import Wire
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.submit.abandon import GivenUp
from tui.flows.submit.parts import Broken, PartsOrder, cut, least_parts, only_limits, submit_parts
from tui.flows.submit.steps import Already, Created, Order, OtherwiseSubmitted, Step, Unknowable
from tui.flows.submit.submit import submit
from tui.requests.validate import Limits, Report, validate
from tui.store.journal import Journal, Stage

LOOKS = (0, 0.05)
LIMITS = Limits(max_requests=4)


def nothing(_done: int, _total: int) -> None:
    """Nobody is told how far it has come."""


def parts_of(report: Report, tmp_path: Path, limits: Limits = LIMITS) -> tuple[Report, ...]:
    return cut(report, limits, tmp_path / "state", nothing)


def order(report: Report, tmp_path: Path, limits: Limits = LIMITS, *, again: bool = False) -> PartsOrder:
    return PartsOrder(report, parts_of(report, tmp_path, limits), CHAT, {"description": "sums", "team": "a"}, again)


async def ends(what: PartsOrder, wire: Wire, journal: Journal) -> list[type[Step]]:
    """What each part came to."""
    steps = [told async for told in submit_parts(what, wire=wire, journal=journal, looks=LOOKS)]
    return [type(told.step) for told in steps if isinstance(told.step, Created | Already)]


async def on_server(wire: Wire) -> list[dict[str, str]]:
    """The metadata of the batches there, oldest first."""
    return [item["metadata"] for item in (await wire.list_batches()).items][::-1]


@pytest.fixture
def ten(make_input: MakeInput) -> Report:
    """A file of ten requests, where four are allowed."""
    report = validate(make_input(10), limits=LIMITS)
    assert only_limits(report)
    assert least_parts(report, LIMITS) == 3
    return report


def test_only_limits_can_be_cut_away(make_input: MakeInput) -> None:
    path = make_input(10)
    assert not only_limits(validate(path))
    path.write_bytes(path.read_bytes() + b"{}\n")
    assert not only_limits(validate(path, limits=LIMITS))
    small = LIMITS._replace(max_requests=50, max_bytes=1000)
    assert least_parts(validate(make_input(10), limits=small), small) == 2


def test_parts_lie_beside_the_file(ten: Report, tmp_path: Path) -> None:
    parts = parts_of(ten, tmp_path)
    names = [f"sums.part-0{number}-of-03.jsonl" for number in (1, 2, 3)]
    assert [part.path for part in parts] == [tmp_path / name for name in names]
    assert b"".join(part.path.read_bytes() for part in parts) == ten.path.read_bytes()
    assert [(part.requests, part.ok) for part in parts] == [(4, True), (4, True), (2, True)]
    before = [part.identity for part in parts]
    # The same parts again are the files that are there, and nothing is left behind.
    assert [part.identity for part in parts_of(ten, tmp_path)] == before
    assert not list(tmp_path.glob(".lazybatch-*"))


def test_a_file_of_a_parts_name_is_not_replaced(ten: Report, tmp_path: Path) -> None:
    (tmp_path / "sums.part-02-of-03.jsonl").write_text("mine")
    parts = parts_of(ten, tmp_path)
    assert (tmp_path / "sums.part-02-of-03.jsonl").read_text() == "mine"
    assert {part.path.parent for part in parts} == {tmp_path / "state" / "parts" / ten.sha256[:16]}
    assert not (tmp_path / "sums.part-01-of-03.jsonl").exists()
    assert not list(tmp_path.glob(".lazybatch-*"))


def test_a_folder_that_takes_no_files_has_the_state_folder_in_its_place(ten: Report, tmp_path: Path) -> None:
    with ten.path.open("rb") as file:
        # A folder that refuses even root.
        there = replace(ten, path=Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"))
        parts = parts_of(there, tmp_path)
    assert {part.path.parent for part in parts} == {tmp_path / "state" / "parts" / ten.sha256[:16]}
    assert b"".join(part.path.read_bytes() for part in parts) == ten.path.read_bytes()


def test_a_file_that_changed_is_not_cut(ten: Report, tmp_path: Path) -> None:
    ten.path.unlink()
    with pytest.raises(LazybatchError, match="No such file"):
        parts_of(ten, tmp_path)


async def test_each_part_is_a_batch(
    demo: DemoServer, wire: Wire, journal: Journal, ten: Report, tmp_path: Path
) -> None:
    what = order(ten, tmp_path)
    assert await ends(what, wire, journal) == [Created] * 3
    there = await on_server(wire)
    assert sorted(found["description"] for found in there) == ["sums 1/3", "sums 2/3", "sums 3/3"]
    assert len({found[GROUP_KEY] for found in there}) == 1
    assert {found["team"] for found in there} == {"a"}
    for part in what.parts:
        assert hashlib.sha256(part.path.read_bytes()).hexdigest() == part.sha256
        assert [found.stage for found in journal.of_content(part.sha256)] == [Stage.CREATED]
    assert await ends(what, wire, journal) == [Already] * 3
    assert demo.calls["batches.create"] == demo.calls["files.create"] == 3


@pytest.mark.parametrize("broken", [1, 2, 3])
@pytest.mark.parametrize("route", ["files.create", "batches.create"])
async def test_broken_off_it_goes_on_with_what_is_missing(  # noqa: PLR0917  (fixtures, and a table's columns)
    demo: DemoServer, wire: Wire, journal: Journal, ten: Report, tmp_path: Path, broken: int, route: str
) -> None:
    what = order(ten, tmp_path)
    fault = Fault(route, "status", status=403, message="No more for you.")
    if broken == 1:
        demo.faults.add(fault)
    with pytest.raises(Broken) as failed:
        async for told in submit_parts(what, wire=wire, journal=journal, looks=LOOKS):
            if told.number == broken - 1 and isinstance(told.step, Created):
                demo.faults.add(fault)
    assert f"Part {broken} of 3: " in failed.value.sentence
    assert not failed.value.unknowable
    demo.faults.clear()
    assert await ends(order(ten, tmp_path), wire, journal) == [Already] * (broken - 1) + [Created] * (4 - broken)
    there = await on_server(wire)
    assert sorted(found["description"] for found in there) == ["sums 1/3", "sums 2/3", "sums 3/3"]
    assert len({found[GROUP_KEY] for found in there}) == 1


async def test_a_lost_answer_makes_no_second_batch_of_a_part(
    demo: DemoServer, wire: Wire, journal: Journal, ten: Report, tmp_path: Path
) -> None:
    demo.faults.add(Fault("batches.create", "drop_after", times=2))
    assert await ends(order(ten, tmp_path), wire, journal) == [Created] * 3
    assert len(await on_server(wire)) == 3


async def test_again_is_another_group_and_can_be_gone_on_with(
    demo: DemoServer, wire: Wire, journal: Journal, ten: Report, tmp_path: Path
) -> None:
    await ends(order(ten, tmp_path), wire, journal)
    with pytest.raises(Broken):
        async for told in submit_parts(order(ten, tmp_path, again=True), wire=wire, journal=journal, looks=LOOKS):
            if told.number == 1 and isinstance(told.step, Created):
                demo.faults.add(Fault("files.create", "status", status=403, message="No."))
    assert await ends(order(ten, tmp_path, again=True), wire, journal) == [Already, Created, Created]
    there = await on_server(wire)
    groups = [found[GROUP_KEY] for found in there]
    assert sorted(groups.count(group) for group in set(groups)) == [3, 3]


async def test_other_limits_do_not_send_the_same_requests_twice(
    demo: DemoServer, wire: Wire, journal: Journal, ten: Report, tmp_path: Path
) -> None:
    await ends(order(ten, tmp_path), wire, journal)
    with pytest.raises(OtherwiseSubmitted, match="another cut"):
        await ends(order(ten, tmp_path, Limits(max_requests=5)), wire, journal)
    # Nor as one file, now that it may be one.
    whole = validate(ten.path)
    steps = [step async for step in submit(Order(whole, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    assert [type(step) for step in steps] == [Already]
    assert demo.calls["batches.create"] == 3
    assert await ends(order(ten, tmp_path, Limits(max_requests=5), again=True), wire, journal) == [Created] * 2


# What was left open


async def test_a_file_with_another_content_gives_up_the_old_one(
    demo: DemoServer, wire: Wire, journal: Journal, make_input: MakeInput
) -> None:
    old = validate(make_input(3))
    demo.faults.add(Fault("files.create", "drop_before", times=3))
    with pytest.raises(LazybatchError):
        [step async for step in submit(Order(old, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    (left,) = journal.open_ones()
    new = validate(make_input(4))
    first, *_, last = [step async for step in submit(Order(new, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)
    assert first.submission.id == left.id
    assert journal.open_ones() == []
    found = journal.find(left.id)
    assert found is not None
    assert (found.stage, bool(found.reason)) == (Stage.ABANDONED, True)


async def test_a_change_before_the_first_byte_leaves_nothing_open(
    demo: DemoServer, wire: Wire, journal: Journal, make_input: MakeInput
) -> None:
    report = validate(make_input(3))
    make_input(4)
    with pytest.raises(LazybatchError, match="changed or gone"):
        [step async for step in submit(Order(report, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    assert journal.open_ones() == []
    assert demo.calls.get("files.create", 0) == 0


async def test_a_provider_without_a_list_has_a_way_out(
    demo: DemoServer, wire: Wire, journal: Journal, make_input: MakeInput
) -> None:
    report = validate(make_input(3))
    demo.faults.add(Fault("batches.create", "drop_after"))
    demo.faults.add(Fault("batches.list", "status", status=404, times=None))
    for _ in range(2):
        with pytest.raises(Unknowable, match="may be paid for twice"):
            [step async for step in submit(Order(report, CHAT, {}), wire=wire, journal=journal, looks=LOOKS)]
    assert demo.calls["batches.create"] == 1
    # Only its user can decide, and does: once.
    knowingly = Order(report, CHAT, {}, again=True)
    first, *_, last = [step async for step in submit(knowingly, wire=wire, journal=journal, looks=LOOKS)]
    assert isinstance(first, GivenUp)
    assert isinstance(last, Created)
    assert demo.calls["batches.create"] == 2
    assert [found.stage for found in journal.of_content(report.sha256)] == [Stage.CREATED, Stage.ABANDONED]
