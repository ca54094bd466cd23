"""Each cancel has an outcome, and the journal knows of it."""

import json
import sqlite3
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import CHAT, KEY, MakeInput, OddServer, http
from tui.batches.batch import Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.errors import Kind
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows import cancel as room
from tui.flows.cancel import Cancelled, Outcome, Waiting, cancel
from tui.store.journal import Journal

Create = Callable[[], Awaitable[str]]


@pytest.fixture
async def create(demo: DemoServer, wire: Wire, make_input: MakeInput) -> Create:
    stored = await wire.upload(make_input(), "sums.jsonl", lambda _done, _total: None)

    async def make() -> str:
        batch = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={})
        identity: str = batch["id"]
        return identity

    return make


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no wait between two tries."""
    monkeypatch.setattr(room, "_FIRST_WAIT", 0.01)


async def run(wire: Wire, journal: Journal, *batch_ids: str) -> list[Cancelled]:
    steps = [step async for step in cancel(batch_ids, wire=wire, journal=journal)]
    return [step for step in steps if isinstance(step, Cancelled)]


def noted(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return database.execute("SELECT batch_id, outcome FROM cancellations ORDER BY rowid").fetchall()


async def test_a_running_batch(
    wire: Wire, journal: Journal, database: sqlite3.Connection, create: Create, demo: DemoServer
) -> None:
    batch_id = await create()
    demo.clock.jump(8)
    (end,) = await run(wire, journal, batch_id)
    assert (end.outcome, end.message, end.error) == (Outcome.CANCELLING, None, None)
    assert end.batch is not None
    assert end.batch.status is Status.CANCELLING
    assert noted(database) == [(batch_id, "cancelling")]
    # Once more does no harm.
    (again,) = await run(wire, journal, batch_id)
    assert again.outcome is Outcome.CANCELLING
    demo.clock.jump(60)
    (over,) = await run(wire, journal, batch_id)
    assert over.outcome is Outcome.CANCELLED


async def test_one_that_is_over(
    wire: Wire, journal: Journal, database: sqlite3.Connection, create: Create, demo: DemoServer
) -> None:
    batch_id = await create()
    demo.clock.jump(2000)
    (end,) = await run(wire, journal, batch_id)
    assert (end.outcome, end.message) == (Outcome.ALREADY_ENDED, "It is completed already.")
    assert end.batch is not None
    assert noted(database) == [(batch_id, "already_ended")]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("completed", Outcome.ALREADY_ENDED),
        ("failed", Outcome.ALREADY_ENDED),
        ("expired", Outcome.ALREADY_ENDED),
        ("cancelled", Outcome.CANCELLED),
        ("cancelling", Outcome.CANCELLING),
        ("in_progress", Outcome.REFUSED),
        ("finalizing", Outcome.REFUSED),
        ("pre_schedule", Outcome.REFUSED),
    ],
)
async def test_a_conflict_in_each_state(  # noqa: PLR0917  (fixtures, and a table's columns)
    wire: Wire, journal: Journal, create: Create, demo: DemoServer, status: str, outcome: Outcome
) -> None:
    batch_id = await create()
    message = f"Cannot cancel a batch with status '{status}'."
    demo.faults.add(Fault("batches.cancel", "status", status=409, message=message))
    demo.faults.add(Fault("batches.retrieve", "rewrite", merge={"status": status}))
    (end,) = await run(wire, journal, batch_id)
    assert end.outcome is outcome
    assert end.batch is not None
    assert end.batch.raw_status == status
    if outcome is Outcome.REFUSED:
        assert end.message == message
        assert end.error is not None
        assert end.error.kind is Kind.CONFLICT
    assert demo.calls["batches.cancel"] == 1


async def test_a_conflict_that_cannot_be_looked_into(
    wire: Wire, journal: Journal, create: Create, demo: DemoServer
) -> None:
    batch_id = await create()
    demo.faults.add(Fault("batches.cancel", "status", status=409, message="No."))
    demo.faults.add(Fault("batches.retrieve", "server_error"))
    (end,) = await run(wire, journal, batch_id)
    assert (end.outcome, end.batch, end.message) == (Outcome.REFUSED, None, "No.")


async def test_one_that_does_not_exist(wire: Wire, journal: Journal, demo: DemoServer) -> None:
    (end,) = await run(wire, journal, "batch_none")
    assert (end.outcome, end.message) == (Outcome.REFUSED, "No batch found with id 'batch_none'.")
    assert demo.calls["batches.cancel"] == 1


@pytest.mark.parametrize(("status", "sentence"), [(400, "Not so."), (403, "may not do that"), (405, "Not so.")])
async def test_a_refusal(wire: Wire, journal: Journal, demo: DemoServer, status: int, sentence: str) -> None:
    demo.faults.add(Fault("batches.cancel", "status", status=status, message="Not so."))
    (end,) = await run(wire, journal, "batch_x")
    assert end.outcome is Outcome.REFUSED
    assert sentence in (end.message or "")
    assert demo.calls["batches.cancel"] == 1


async def test_a_wrong_key(demo: DemoServer, journal: Journal) -> None:
    wire = await Wire.connect(Address(demo.base_url, "another-key"))
    (end,) = await run(wire, journal, "batch_x")
    await wire.close()
    assert end.outcome is Outcome.REFUSED
    assert end.error is not None
    assert end.error.kind is Kind.UNAUTHORIZED
    assert KEY not in (end.message or "")
    assert "another-key" not in (end.message or "")


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "server_error", "html", "rate_limit"])
async def test_a_cancel_without_an_answer_is_repeated(  # noqa: PLR0917  (fixtures)
    wire: Wire, journal: Journal, create: Create, demo: DemoServer, hasty: None, kind: Any
) -> None:
    batch_id = await create()
    demo.faults.add(Fault("batches.cancel", kind, times=2, retry_after=0.05))
    (end,) = await run(wire, journal, batch_id)
    assert end.outcome is Outcome.CANCELLING
    assert demo.calls["batches.cancel"] == 3


async def test_an_answer_that_is_no_batch_is_no_success(
    odd: OddServer, odd_wire: Wire, journal: Journal, hasty: None
) -> None:
    odd.say('{"ok": true}')
    (end,) = await run(odd_wire, journal, "batch_x")
    assert end.outcome is Outcome.UNREACHABLE
    # Each try is followed by a look at the batch.
    assert [head.split()[0] for head in odd.heads] == ["POST", "GET"] * 4


async def test_no_server(journal: Journal, database: sqlite3.Connection, hasty: None) -> None:
    wire = await Wire.connect(Address("http://127.0.0.1:1/v1", KEY))
    (end,) = await run(wire, journal, "batch_x")
    await wire.close()
    assert (end.outcome, end.message) == (Outcome.UNREACHABLE, "Cannot reach 127.0.0.1:1: connection refused.")
    assert noted(database) == [("batch_x", "unreachable")]


async def test_a_long_wait_is_an_answer(wire: Wire, journal: Journal, demo: DemoServer) -> None:
    demo.faults.add(Fault("batches.cancel", "rate_limit", retry_after=3600))
    (end,) = await run(wire, journal, "batch_x")
    assert end.outcome is Outcome.UNREACHABLE
    assert "asks for fewer requests (429)" in (end.message or "")
    assert demo.calls["batches.cancel"] == 1


async def test_many_are_paced(wire: Wire, journal: Journal, database: sqlite3.Connection, create: Create) -> None:
    ids = [await create() for _ in range(4)]
    begun = time.monotonic()
    ends = await run(wire, journal, *ids)
    assert time.monotonic() - begun >= 0.3
    assert [end.batch_id for end in ends] == ids
    assert {end.outcome for end in ends} == {Outcome.CANCELLING}
    assert noted(database) == [(batch_id, "cancelling") for batch_id in ids]


async def test_a_server_that_wants_fewer_requests_gets_fewer(  # noqa: PLR0917  (fixtures)
    wire: Wire, journal: Journal, create: Create, demo: DemoServer, hasty: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_PACE", 0.02)
    ids = [await create() for _ in range(3)]
    # More of them than there are tries: an answer is an answer.
    demo.faults.add(Fault("batches.cancel", "rate_limit", times=5, retry_after=0.05))
    steps, times = [], []
    async for step in cancel(ids, wire=wire, journal=journal):
        steps.append(step)
        times.append(time.monotonic())
    waits = [step for step in steps if isinstance(step, Waiting)]
    assert [(wait.batch_id, wait.seconds) for wait in waits] == [
        (ids[0], seconds) for seconds in (0.05, 0.05, 0.05, 0.08, 0.16)
    ]
    assert {wait.error.kind for wait in waits} == {Kind.RATE_LIMITED}
    assert [step.outcome for step in steps if isinstance(step, Cancelled)] == [Outcome.CANCELLING] * 3
    # 0.02 s, doubled five times, and less after each answer.
    assert times[-1] - times[-2] >= 0.02 * 32 * 0.8**2
    assert times[-2] - times[-3] >= 0.02 * 32 * 0.8


async def test_a_server_that_is_away_is_not_asked_a_hundred_times(
    wire: Wire, journal: Journal, database: sqlite3.Connection, demo: DemoServer, hasty: None
) -> None:
    demo.faults.add(Fault("batches.cancel", "drop_before", times=None))
    ids = [f"batch_{number}" for number in range(20)]
    ends = await run(wire, journal, *ids)
    assert [end.batch_id for end in ends] == ids
    assert {end.outcome for end in ends} == {Outcome.UNREACHABLE}
    assert demo.calls["batches.cancel"] == 4 + 1 + 1
    assert [end.message for end in ends[2:4]] == [
        f"The connection to {wire.address.host} broke off.",
        f"Not sent. The connection to {wire.address.host} broke off.",
    ]
    # What was not sent was not asked for.
    assert noted(database) == [(batch_id, "unreachable") for batch_id in ids[:3]]


async def test_a_hundred_runaways_each_told_right(  # noqa: PLR0917  (fixtures)
    wire: Wire, journal: Journal, database: sqlite3.Connection, create: Create, demo: DemoServer, hasty: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Under a rate limit, with a server that drops, fails and refuses: what is told is what the server knows."""
    monkeypatch.setattr(room, "_PACE", 0.001)
    monkeypatch.setattr(room, "_SLOWEST", 0.005)
    done = [await create() for _ in range(3)]
    demo.clock.jump(5000)
    running = [await create() for _ in range(97)]
    demo.clock.jump(8)
    for kind, every in (("rate_limit", 5), ("drop_after", 7), ("drop_before", 9), ("server_error", 11)):
        demo.faults.add(Fault("batches.cancel", kind, times=None, every=every, retry_after=0.01))  # type: ignore[arg-type]
    demo.faults.add(Fault("batches.cancel", "status", times=None, every=13, status=400, message="Not now."))
    asked = [*running[:40], *done, *running[40:]]
    ends = await run(wire, journal, *asked)
    assert [end.batch_id for end in ends] == asked
    told = {end.batch_id: end for end in ends}
    demo.faults.clear()
    for batch_id, end in told.items():
        status = (await wire.retrieve_batch(batch_id))["status"]
        expected = {
            "cancelling": Outcome.CANCELLING, "in_progress": Outcome.REFUSED, "completed": Outcome.ALREADY_ENDED,
        }  # fmt: skip
        if batch_id in done and end.outcome is Outcome.REFUSED:
            assert (status, end.message) == ("completed", "Not now.")
        else:
            assert end.outcome is expected[status], batch_id
        if end.outcome is Outcome.REFUSED:
            assert end.message == "Not now."
    assert sum(end.outcome is Outcome.REFUSED for end in ends) >= 4
    assert noted(database) == [(end.batch_id, end.outcome) for end in ends]


async def test_it_is_written_down_before_it_is_sent(
    wire: Wire, journal: Journal, database: sqlite3.Connection, demo: DemoServer
) -> None:
    database.execute("PRAGMA query_only=1")
    with pytest.raises(LazybatchError, match="cannot be used"):
        await run(wire, journal, "batch_x")
    assert demo.calls == {}


@pytest.mark.parametrize(("status", "answered"), [
    ("completed", "400 Bad Request"), ("failed", "404 Not Found"), ("expired", "409 Conflict"),
    ("completed", "422 Unprocessable"), ("cancelled", "500 Internal Server Error"), ("cancelling", "400 Bad Request"),
])  # fmt: skip
async def test_a_batch_is_looked_at_after_any_refusal(
    odd: OddServer, odd_wire: Wire, journal: Journal, status: str, answered: str
) -> None:
    """Servers refuse to cancel what has ended in many ways; one that only says so with a 500 is no riddle either."""
    refusal = http('{"error": {"message": "Cannot cancel it."}}', answered)
    state = http(json.dumps({"id": "a", "status": status, "created_at": 1}))
    odd.answers = [lambda head: refusal if head.startswith("POST") else state]
    (end,) = await run(odd_wire, journal, "a")
    expected = {"cancelled": Outcome.CANCELLED, "cancelling": Outcome.CANCELLING}.get(status, Outcome.ALREADY_ENDED)
    assert end.outcome is expected
    assert end.batch is not None
    assert end.batch.status.value == status
    assert len(odd.heads) == 2


async def test_a_refusal_to_cancel_a_running_batch_tells_its_status(
    odd: OddServer, odd_wire: Wire, journal: Journal
) -> None:
    refusal = http('{"error": {"message": "Not yours to cancel."}}', "400 Bad Request")
    running = http('{"id": "a", "status": "in_progress", "created_at": 1}')
    odd.answers = [lambda head: refusal if head.startswith("POST") else running]
    (end,) = await run(odd_wire, journal, "a")
    assert (end.outcome, end.message) == (Outcome.REFUSED, "Not yours to cancel.")
    assert end.batch is not None
    assert end.batch.status is Status.IN_PROGRESS
