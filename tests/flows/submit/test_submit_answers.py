"""What comes of a submission whose calls are answered in another shape: nothing goes up twice, no upload is left."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import CHAT, OddServer, Validated, http
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.errors import LazybatchError
from tui.flows.submit.steps import Created, Order, Step, left_undone
from tui.flows.submit.submit import submit
from tui.store.journal import Journal, Stage

FILE = {"id": "file-1", "object": "file", "filename": "a.jsonl", "purpose": "batch"}
BATCH = {"id": "batch_1", "object": "batch", "endpoint": CHAT, "status": "in_queue", "input_file_id": "file-1"}
REFUSAL = {"error": "Invalid input", "details": [{"loc": ["completion_window"], "msg": "must be 48h"}]}


def serve(odd: OddServer, answers: dict[str, Callable[[], object]]) -> None:
    """Answer each call by its method and path with JSON; other lists are empty."""

    def answer(head: str) -> bytes:
        call = " ".join(head.split(" ")[:2]).partition("?")[0]
        return http(json.dumps(answers[call]() if call in answers else {"object": "list", "data": []}))

    odd.answers = [answer]


def called(odd: OddServer, call: str) -> int:
    return sum(head.startswith(f"{call} ") for head in odd.heads)


async def run(order: Order, wire: Wire, journal: Journal) -> list[Step]:
    return [step async for step in submit(order, wire=wire, journal=journal, looks=(0, 0, 0.01))]


async def test_a_submission_where_every_answer_is_in_an_envelope(
    odd: OddServer, odd_wire: Wire, journal: Journal, validated: Validated
) -> None:
    def around(answer: object) -> Callable[[], object]:
        return lambda: {"code": 20000, "message": "Ok", "status": True, "data": answer}

    serve(odd, {"POST /v1/files": around(FILE), "POST /v1/batches": around(BATCH)})
    steps = await run(Order(validated(), CHAT, {}), odd_wire, journal)
    assert isinstance(steps[-1], Created)
    assert (steps[-1].batch.id, steps[-1].adopted) == ("batch_1", False)
    assert (called(odd, "POST /v1/files"), called(odd, "POST /v1/batches")) == (1, 1)


@pytest.mark.parametrize("refused", ["POST /v1/files", "POST /v1/batches"])
async def test_a_refusal_with_status_200_ends_a_submission(
    odd: OddServer, odd_wire: Wire, journal: Journal, validated: Validated, refused: str
) -> None:
    serve(odd, {"POST /v1/files": lambda: FILE, "POST /v1/batches": lambda: BATCH, refused: lambda: REFUSAL})
    report = validated()
    with pytest.raises(WireError) as failed:
        await run(Order(report, CHAT, {}), odd_wire, journal)
    assert failed.value.kind is Kind.REFUSED
    assert failed.value.sentence == "Invalid input (completion_window: must be 48h)."
    assert left_undone(failed.value) == "No batch was created."
    assert (called(odd, "POST /v1/files"), called(odd, "POST /v1/batches")) == (1, int(refused != "POST /v1/files"))
    assert [found.stage for found in journal.of_content(report.sha256)] == [Stage.REFUSED]


@pytest.mark.parametrize("answer", [{"message": "Accepted"}, {**REFUSAL, "batch_id": "batch_1"}, []])
async def test_an_answer_that_is_neither_is_followed_by_a_look(
    odd: OddServer, odd_wire: Wire, journal: Journal, validated: Validated, answer: object
) -> None:
    made = list[dict[str, Any]]()

    def create() -> object:
        made.append(BATCH | {"metadata": json.loads(odd.bodies[-1])["metadata"]})
        return answer

    serve(odd, {
        "POST /v1/files": lambda: FILE, "POST /v1/batches": create,
        "GET /v1/batches": lambda: {"data": {"data": made, "has_more": False}},
    })  # fmt: skip
    steps = await run(Order(validated(), CHAT, {}), odd_wire, journal)
    assert isinstance(steps[-1], Created)
    assert steps[-1].adopted
    assert called(odd, "POST /v1/batches") == 1


async def test_a_list_with_entries_that_cannot_be_read_does_not_say_that_nothing_was_made(
    odd: OddServer, odd_wire: Wire, journal: Journal, validated: Validated
) -> None:
    serve(odd, {
        "POST /v1/files": lambda: FILE, "POST /v1/batches": lambda: {"message": "Accepted"},
        "GET /v1/batches": lambda: {"data": [{"name": "batch_1", "state": "queued"}] if odd.bodies else []},
    })  # fmt: skip
    with pytest.raises(LazybatchError, match="It is not known whether the batch was created"):
        await run(Order(validated(), CHAT, {}), odd_wire, journal)
    assert (called(odd, "POST /v1/batches"), called(odd, "DELETE /v1/files/file-1")) == (1, 0)
