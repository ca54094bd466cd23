"""Batches followed to their end: what passes, what is gone, and what ends it."""

import json
from collections.abc import Callable
from itertools import count

import pytest

from tests.conftest import OddServer, http
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.flows import follow as module
from tui.flows.follow import Changed, Gone, Retrying, follow

Answer = Callable[[str], bytes]


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no wait after the server was away."""
    monkeypatch.setattr(module, "_LONGEST_WAIT", 0.01)


def batch(name: str, status: str) -> bytes:
    return http(json.dumps({"id": name, "status": status, "created_at": 1}))


HTML = http("<html>Scheduled maintenance</html>")
BAD_GATEWAY = http("<html>502</html>", "502 Bad Gateway")
SLOW_DOWN = http("slow down", "429 Too Many Requests", Retry_After="0")
NOT_FOUND = http('{"error": {"message": "No batch found"}}', "404 Not Found")


def server(odd: OddServer, **answers: list[bytes]) -> None:
    """Each batch answers in turn, then its last answer again; a list has nothing."""
    turns = {name: count() for name in answers}

    def answer(head: str) -> bytes:
        path = head.split()[1].partition("?")[0]
        if path.endswith("/batches"):
            return http('{"data": [], "has_more": false}')
        name = path.rsplit("/", 1)[1]
        return answers[name][min(next(turns[name]), len(answers[name]) - 1)]

    odd.answers = [answer]


async def run(wire: Wire, *names: str) -> list[Changed | Gone | Retrying]:
    return [step async for step in follow(names, wire, 0.001)]


def changes(steps: list[Changed | Gone | Retrying]) -> list[tuple[str, str]]:
    return [(step.batch.id, step.batch.status.value) for step in steps if isinstance(step, Changed)]


@pytest.mark.parametrize("odd_one", [HTML, BAD_GATEWAY, SLOW_DOWN, NOT_FOUND, http('{"id": null}'), http("[]")])
async def test_one_odd_answer_passes(odd: OddServer, odd_wire: Wire, odd_one: bytes) -> None:
    server(odd, a=[batch("a", "in_progress"), odd_one, batch("a", "completed")])
    steps = await run(odd_wire, "a")
    assert changes(steps) == [("a", "in_progress"), ("a", "completed")]
    assert [type(step) for step in steps] == [Changed, Retrying, Changed]


async def test_a_batch_that_is_gone_is_told_once_and_the_others_are_followed(odd: OddServer, odd_wire: Wire) -> None:
    going = [batch("b", "in_progress")] * 6 + [batch("b", "completed")]
    server(odd, a=[batch("a", "in_progress"), NOT_FOUND], b=going)
    steps = await run(odd_wire, "a", "b")
    assert [(step.batch_id, step.error.kind) for step in steps if isinstance(step, Gone)] == [("a", Kind.NOT_FOUND)]
    assert changes(steps)[-1] == ("b", "completed")


async def test_one_of_several_that_never_was_there(odd: OddServer, odd_wire: Wire) -> None:
    server(odd, a=[NOT_FOUND], b=[batch("b", "completed")], c=[batch("c", "in_progress"), batch("c", "failed")])
    steps = await run(odd_wire, "a", "b", "c")
    assert [step.batch_id for step in steps if isinstance(step, Gone)] == ["a"]
    assert changes(steps) == [("b", "completed"), ("c", "in_progress"), ("c", "failed")]


async def test_the_only_batch_that_is_not_there_is_an_error(odd: OddServer, odd_wire: Wire) -> None:
    server(odd, a=[NOT_FOUND])
    with pytest.raises(WireError) as failed:
        await run(odd_wire, "a")
    assert failed.value.kind is Kind.NOT_FOUND


async def test_a_first_call_that_fails_is_an_error(odd: OddServer, odd_wire: Wire) -> None:
    server(odd, a=[BAD_GATEWAY], b=[batch("b", "completed")])
    with pytest.raises(WireError):
        await run(odd_wire, "a", "b")


async def test_a_key_that_is_refused_ends_it(odd: OddServer, odd_wire: Wire) -> None:
    server(odd, a=[batch("a", "in_progress"), http("{}", "401 No")])
    with pytest.raises(WireError) as failed:
        await run(odd_wire, "a")
    assert failed.value.kind is Kind.UNAUTHORIZED


async def test_no_readable_answer_is_waited_for_as_long_as_patience_lasts(
    odd: OddServer, odd_wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    server(odd, a=[batch("a", "in_progress"), HTML], b=[batch("b", "in_progress")] * 400 + [batch("b", "completed")])
    steps = await run(odd_wire, "a", "b")
    assert [(step.batch_id, step.error.kind) for step in steps if isinstance(step, Gone)] == [("a", Kind.NOT_AN_API)]
    assert changes(steps)[-1] == ("b", "completed")
