"""Each delete has an outcome, the journal knows of it, and nothing that is in use goes."""

import sqlite3
from typing import Any

import pytest

from tests.conftest import CHAT, MakeInput, OddServer, http
from tests.flows.files.test_survey import open_submission
from tui.batches.stored_files import StoredFile
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.flows.files import delete as room
from tui.flows.files.delete import Deleted, Outcome, delete
from tui.store.journal import Journal

FILE = StoredFile("file-1")
BATCHES = http('{"data": []}')


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Next to no wait between two tries."""
    monkeypatch.setattr(room, "_FIRST_WAIT", 0.01)


async def run(wire: Wire, journal: Journal, *files: StoredFile) -> list[Deleted]:
    return [end async for end in delete(files, wire=wire, journal=journal)]


def noted(database: sqlite3.Connection) -> list[tuple[Any, ...]]:
    return database.execute("SELECT file_id, outcome, message FROM deletions ORDER BY rowid").fetchall()


async def upload(wire: Wire, make_input: MakeInput) -> StoredFile:
    return await wire.upload(make_input(), "sums.jsonl", lambda _done, _total: None)


async def test_files_go(
    wire: Wire, journal: Journal, database: sqlite3.Connection, make_input: MakeInput, demo: DemoServer
) -> None:
    one, other = await upload(wire, make_input), await upload(wire, make_input)
    assert await run(wire, journal, one) == [Deleted(one, Outcome.DELETED)]
    ends = await run(wire, journal, one, other)
    assert [end.outcome for end in ends] == [Outcome.ALREADY_GONE, Outcome.DELETED]
    assert noted(database) == [(one.id, "deleted", None), (one.id, "already_gone", None), (other.id, "deleted", None)]
    assert (await wire.list_files()).items == ()
    assert demo.calls["files.delete"] == 3


async def test_what_has_come_into_use_meanwhile_stays(
    wire: Wire, journal: Journal, database: sqlite3.Connection, make_input: MakeInput, demo: DemoServer
) -> None:
    used, awaited = await upload(wire, make_input), await upload(wire, make_input)
    await wire.create_batch(input_file_id=used.id, endpoint=CHAT, metadata={})
    journal.open(open_submission(1, file_id=awaited.id))
    ends = await run(wire, journal, used, awaited)
    assert [end.outcome for end in ends] == [Outcome.IN_USE] * 2
    assert noted(database) == []
    assert "files.delete" not in demo.calls
    # Once it has ended it may go.
    demo.clock.jump(2000)
    assert [end.outcome for end in await run(wire, journal, used)] == [Outcome.DELETED]


async def test_without_a_look_at_the_batches_nothing_goes(
    wire: Wire, journal: Journal, make_input: MakeInput, demo: DemoServer
) -> None:
    file = await upload(wire, make_input)
    demo.faults.add(Fault("batches.list", "server_error"))
    with pytest.raises(WireError, match="has a problem of its own"):
        await run(wire, journal, file)
    assert "files.delete" not in demo.calls


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "rate_limit", "server_error"])
async def test_a_delete_without_an_answer(  # noqa: PLR0917  (fixtures)
    wire: Wire, journal: Journal, make_input: MakeInput, demo: DemoServer, hasty: None, kind: Any
) -> None:
    file = await upload(wire, make_input)
    demo.faults.add(Fault("files.delete", kind, retry_after=0.01))
    (end,) = await run(wire, journal, file)
    assert end.outcome is Outcome.DELETED
    # Done already, it is not sent again; else once more, after a look where the first may have been done.
    assert demo.calls["files.delete"] == (1 if kind == "drop_after" else 2)
    assert demo.calls.get("files.retrieve", 0) == (0 if kind == "rate_limit" else 1)


async def test_a_server_that_is_gone_in_the_middle(
    odd: OddServer, odd_wire: Wire, journal: Journal, database: sqlite3.Connection, hasty: None
) -> None:
    odd.answers = [BATCHES, None]
    (end,) = await run(odd_wire, journal, FILE)
    assert end.outcome is Outcome.UNREACHABLE
    assert end.error is not None
    assert end.error.kind is Kind.UNREACHABLE
    (note,) = noted(database)
    assert note[1] == "unreachable"
    assert "broke off" in note[2]


async def test_a_long_wait_is_an_answer(odd: OddServer, odd_wire: Wire, journal: Journal) -> None:
    odd.answers = [BATCHES, http("{}", "429 Slow", Retry_After="3600")]
    (end,) = await run(odd_wire, journal, FILE)
    assert end.outcome is Outcome.UNREACHABLE
    assert len(odd.heads) == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (http('{"error": {"message": "No \\u001b[31mway."}}', "403 No"), "No ␛[31mway."),
        (http('{"error": {"message": "In a vector store."}}', "409 No"), "In a vector store."),
        (http('{"id": "file-1", "deleted": false}'), "did not delete the file"),
    ],
)
async def test_a_refusal_is_told_and_not_repeated(
    odd: OddServer, odd_wire: Wire, journal: Journal, answer: bytes, said: str
) -> None:
    odd.answers = [BATCHES, answer]
    (end,) = await run(odd_wire, journal, FILE)
    assert end.outcome is Outcome.REFUSED
    assert end.message is not None
    assert said in end.message
    assert len(odd.heads) == 2


@pytest.mark.parametrize("status", ["404 No", "405 No", "501 No"])
async def test_a_provider_that_does_not_delete(odd: OddServer, odd_wire: Wire, journal: Journal, status: str) -> None:
    odd.answers = [BATCHES, http("{}", status), http('{"id": "file-1"}')]
    (end,) = await run(odd_wire, journal, FILE)
    assert end.outcome is Outcome.REFUSED
    assert end.message is not None
    assert end.message.endswith(" does not delete files.")


@pytest.mark.parametrize("answer", [http("", "204 No Content"), http('{"object": "file"}'), http('{"deleted": true}')])
async def test_answers_of_other_providers(odd: OddServer, odd_wire: Wire, journal: Journal, answer: bytes) -> None:
    odd.answers = [BATCHES, answer]
    assert [end.outcome for end in await run(odd_wire, journal, FILE)] == [Outcome.DELETED]
    assert odd.heads[1].startswith("DELETE /v1/files/file-1 ")
