"""What an answer is, over a real connection: a thing in an envelope, a refusal with status 200, or neither."""

import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHAT, KEY, OddServer
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from, file_from

BATCH = {
    "id": "batch_1", "object": "batch", "endpoint": CHAT, "status": "validating", "input_file_id": "file-1",
    "completion_window": "24h", "created_at": 1_800_000_000, "errors": None, "error": None,
}  # fmt: skip
FILE = {
    "id": "file-1",
    "object": "file",
    "filename": "a.jsonl",
    "purpose": "batch",
    "bytes": 3,
    "createdAt": 1_800_000_000,
}
LIST = {"object": "list", "data": [BATCH], "has_more": True}

# What providers put around an answer.
ENVELOPES: list[Callable[[object], object]] = [
    lambda answer: answer,
    lambda answer: {"code": 20000, "message": "Ok", "status": True, "data": answer},
    lambda answer: {"code": 0, "msg": "success", "request_id": "req_1", "data": answer},
    lambda answer: {"data": answer},
    lambda answer: {"result": answer, "success": True, "errors": [], "messages": []},
    lambda answer: {"id": "req_1", "jsonrpc": "2.0", "result": answer},
    lambda answer: {"error": None, "data": {"code": 200, "data": answer}},
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.jsonl"
    made.write_text("{}\n")
    return made


def changes(wire: Wire, path: Path) -> list[Callable[[], Coroutine[Any, Any, Any]]]:
    """The calls that make or change something, and are answered with what they made."""
    return [
        lambda: wire.create_batch(input_file_id="file-1", endpoint=CHAT, metadata={}),
        lambda: wire.cancel_batch("batch_1"),
        lambda: wire.upload(path, "a.jsonl", lambda _done, _total: None),
        lambda: wire.begin_upload("a.jsonl", 3),
        lambda: wire.upload_part(path, "upload_1", range(3), lambda _done, _total: None),
        lambda: wire.complete_upload("upload_1", ["part_1"]),
    ]


@pytest.mark.parametrize("around", ENVELOPES)
async def test_every_call_takes_its_answer_out_of_an_envelope(
    odd: OddServer, odd_wire: Wire, path: Path, around: Callable[[object], object]
) -> None:
    def say(answer: object) -> None:
        odd.answers.clear()
        odd.say(json.dumps(around(answer)))

    say(BATCH)
    for call in (
        odd_wire.retrieve_batch("batch_1"), odd_wire.cancel_batch("batch_1"),
        odd_wire.create_batch(input_file_id="file-1", endpoint=CHAT, metadata={}),
    ):  # fmt: skip
        assert await call == BATCH
    say(FILE)
    assert (await odd_wire.retrieve_file("file-1")).created_at == 1_800_000_000
    assert (await odd_wire.upload(path, "a.jsonl", lambda _done, _total: None)).id == "file-1"
    say(LIST)
    for page in (await odd_wire.list_batches(), await odd_wire.list_files()):
        assert ([item["id"] for item in page.items], page.has_more, page.unread) == (["batch_1"], True, 0)
    say({"id": "upload_1", "object": "upload", "bytes": 3, "status": "pending", "expires_at": "1800003600"})
    assert await odd_wire.begin_upload("a.jsonl", 3) == ("upload_1", 1_800_003_600)
    say({"id": "part_1", "object": "upload.part"})
    assert await odd_wire.upload_part(path, "upload_1", range(3), lambda _done, _total: None) == "part_1"
    say({"id": "upload_1", "object": "upload", "bytes": 3, "status": "completed", "file": FILE})
    assert (await odd_wire.complete_upload("upload_1", ["part_1"])).id == "file-1"
    say(FILE)
    assert (await odd_wire.complete_upload("upload_1", ["part_1"])).id == "file-1"
    say({"id": "file-1", "deleted": True})
    await odd_wire.delete_file("file-1")
    say({"id": "file-1", "deleted": False})
    with pytest.raises(WireError, match="did not delete the file"):
        await odd_wire.delete_file("file-1")


@pytest.mark.parametrize(
    ("answer", "ids", "has_more", "unread"),
    [
        ({"code": 0, "data": [BATCH], "has_more": "true"}, ["batch_1"], True, 0),
        ({"code": 0, "hasMore": True, "data": {"items": [BATCH]}}, ["batch_1"], True, 0),
        ({"object": "list", "data": None, "has_more": False}, [], False, 0),
        ({"data": {"data": [], "object": "list"}}, [], False, 0),
        ({"result": [{"id": 12}, {"id": "b"}], "errors": []}, ["12", "b"], False, 0),
        ({"data": [BATCH, None, {"name": "?"}], "error": {"message": "Some are missing."}}, ["batch_1"], False, 2),
    ],
)
async def test_lists(  # noqa: PLR0917  (a table's columns)
    odd: OddServer, odd_wire: Wire, answer: object, ids: list[str], has_more: bool, unread: int
) -> None:
    odd.say(json.dumps(answer))
    page = await odd_wire.list_batches()
    assert ([item["id"] for item in page.items], page.has_more, page.unread) == (ids, has_more, unread)


# What says by itself that nothing was made, and in which words.
REFUSALS: list[tuple[object, str]] = [
    (
        {"error": "Invalid input", "details": [{"loc": ["completion_window"], "msg": "must be 48h"}]},
        "Invalid input (completion_window: must be 48h).",
    ),
    ({"error": {"message": "No such window.", "code": "invalid_value"}}, "No such window."),
    ({"error": {"code": 400, "message": "Bad window"}}, "Bad window."),
    ({"success": False, "errors": [{"code": 7, "message": "Bad window"}], "result": None}, "Bad window."),
    ({"status": "error", "message": "Bad window"}, "Bad window."),
    ({"status": 422, "error": "Unprocessable", "message": "Bad window", "path": "/batches"}, "Bad window."),
    ({"code": 40001, "msg": "Bad window", "data": None}, "Bad window."),
    ({"detail": [{"loc": ["body", "metadata", 0], "msg": "Bad"}]}, "metadata.0: Bad."),
    ({"object": "error", "message": "Bad window", "type": "BadRequestError", "code": 400}, "Bad window."),
    ({"error": {"details": {"completion_window": ["must be 48h"]}}}, "completion_window: must be 48h."),
    ({"error": True, "Message": "Bad window"}, "Bad window."),
]


@pytest.mark.parametrize(("answer", "sentence"), REFUSALS)
async def test_a_refusal_with_status_200(
    odd: OddServer, odd_wire: Wire, path: Path, answer: object, sentence: str
) -> None:
    odd.say(json.dumps(answer))
    others: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: odd_wire.retrieve_batch("b"),
        odd_wire.list_batches,
        odd_wire.list_files,
        lambda: odd_wire.delete_file("file-1"),
        lambda: odd_wire.cancel_upload("upload_1"),
    ]
    for call in [*changes(odd_wire, path), *others]:
        with pytest.raises(WireError) as failed:
            await call()
        error = failed.value
        assert (error.kind, error.unclear, error.sentence) == (Kind.REFUSED, False, sentence)


@pytest.mark.parametrize(
    ("answer", "kind", "unclear"),
    [
        ({"error": {"message": "Slow down.", "code": 429}}, Kind.RATE_LIMITED, False),
        ({"error": {"message": "Provider returned error", "code": 502}}, Kind.SERVER, True),
        ({"code": 50603, "message": "System busy", "data": None}, Kind.SERVER, True),
        ({"error": {"message": f"Wrong key {KEY}", "code": 401}}, Kind.UNAUTHORIZED, False),
        ({"error": {"message": "Gone.", "status": 404}}, Kind.NOT_FOUND, False),
    ],
)
async def test_the_status_that_a_refusal_names_itself(
    odd: OddServer, odd_wire: Wire, answer: object, kind: Kind, unclear: bool
) -> None:
    odd.say(json.dumps(answer))
    with pytest.raises(WireError) as failed:
        await odd_wire.create_batch(input_file_id="file-1", endpoint=CHAT, metadata={})
    assert (failed.value.kind, failed.value.unclear) == (kind, unclear)
    assert KEY not in failed.value.sentence


@pytest.mark.parametrize(
    "answer",
    [
        {}, [], None, True, "ok", {"message": "Accepted"}, {"code": 20000, "message": "Ok", "data": None},
        {"code": 202, "message": "Queued"}, {"data": {"status": "validating"}}, LIST, {"data": [BATCH]}, [BATCH],
        {"error": {"message": "Odd."}, "batch_id": "batch_1"}, {"id": "req_1", "error": {"message": "Odd."}},
        {"success": False, "data": BATCH}, {"error": "Odd.", "data": {"id": "batch_1"}}, {"id": "", "status": "x"},
        {"error": None}, {"error": {}}, {"success": None},
    ],
)  # fmt: skip
async def test_what_is_neither_a_thing_nor_a_refusal_stays_unclear(
    odd: OddServer, odd_wire: Wire, path: Path, answer: object
) -> None:
    odd.say(json.dumps(answer))
    for call in changes(odd_wire, path):
        with pytest.raises(WireError) as failed:
            await call()
        assert (failed.value.kind, failed.value.unclear) == (Kind.NOT_AN_API, True)


async def test_what_an_answer_says_is_told_where_it_is_not_understood(odd: OddServer, odd_wire: Wire) -> None:
    odd.say('{"message": "Accepted"}')
    with pytest.raises(WireError, match=r"did not answer as a Batch API does\. It says: Accepted\. Check that"):
        await odd_wire.create_batch(input_file_id="file-1", endpoint=CHAT, metadata={})


@pytest.mark.parametrize("status", ["failed", "validating"])
async def test_a_batch_with_errors_is_no_refusal(odd: OddServer, odd_wire: Wire, status: str) -> None:
    failed = BATCH | {"status": status, "errors": {"data": [{"message": "Bad."}]}, "error": {"message": "Bad."}}
    odd.say(json.dumps(failed))
    assert await odd_wire.create_batch(input_file_id="file-1", endpoint=CHAT, metadata={}) == failed


@pytest.mark.parametrize(
    "content",
    [
        b'{"id": "batch_1", "status": "completed", "progress": NaN, "cost": 1e999}',
        b'{"id": "batch_1", "status": "completed", "metadata": {"title": "half a \\ud83d"}}',
        b'{"id": "batch_1", "status": "completed", "metadata": {"title": "caf\xe9"}}',
        b'\xef\xbb\xbf{"id": "batch_1", "status": "completed", "title": "a\nb"}',
        b'{"id": "batch_1", "status": "completed", "created_at": ' + b"9" * 5000 + b"}",
    ],
)
async def test_what_a_strict_reader_refuses_costs_one_field(odd: OddServer, odd_wire: Wire, content: bytes) -> None:
    odd.say(content)
    batch = batch_from(await odd_wire.retrieve_batch("batch_1"))
    assert batch is not None
    assert (batch.id, batch.status) == ("batch_1", "completed")
    json.dumps(batch.metadata, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"Message": "Bad."}, "Bad."),
        ({"error": None, "message": "Bad."}, "Bad."),
        ({"error": "invalid_request", "error_description": "Bad."}, "Bad."),
        ({"errors": ["Bad.", "Worse."]}, "Bad.; Worse."),
        ({"errors": {"window": ["must be 48h"]}}, "window: must be 48h"),
        ({"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "The window."}, "The window."),
        ({"title": "Invalid", "errors": {"window": ["must be 48h"]}, "status": 400}, "Invalid (window: must be 48h)"),
        ([{"error": {"code": 400, "message": "Bad.", "status": "INVALID_ARGUMENT"}}], "Bad."),
        ({"error": {"error": {"message": "Bad."}}}, "Bad."),
        ({"detail": {"error": "Bad."}}, "Bad."),
        ({"errorMessage": "Bad."}, "Bad."),
        ({"message": {"en": 5}, "detail": "Bad."}, "Bad."),
        ({"error": 5}, None),
    ],
)  # fmt: skip
async def test_the_words_of_a_4xx_wherever_they_stand(
    odd: OddServer, odd_wire: Wire, body: object, message: str | None
) -> None:
    odd.say(json.dumps(body), "400 Bad Request")
    with pytest.raises(WireError) as failed:
        await odd_wire.list_batches()
    assert failed.value.message == message


@pytest.mark.parametrize(
    ("status", "body", "hinted"),
    [
        ("404 Not Found", '{"detail": "Not Found"}', True),
        ("404 Not Found", "404 page not found", True),
        ("404 Not Found", "<html><h1>404</h1></html>", True),
        ("404 Not Found", '{"error": {"message": "Invalid URL (GET /batches)"}}', True),
        ("405 Method Not Allowed", "Method Not Allowed", True),
        ("200 OK", "<html>Welcome</html>", True),
        ("404 Not Found", '{"error": {"message": "No batch found with id batch_x."}}', False),
        ("401 No", "{}", False),
    ],
)
async def test_a_base_url_without_v1_gets_the_hint(odd: OddServer, status: str, body: str, hinted: bool) -> None:
    from tui.client.address import Address

    base = odd.base_url.removesuffix("/v1")
    odd.say(body, status)
    for base_url in (base, f"{base.replace('http://', 'http://user:secret@')}/"):
        wire = await Wire.connect(Address(base_url, KEY))
        with pytest.raises(WireError) as failed:
            await wire.list_batches()
        await wire.close()
        assert failed.value.sentence.endswith(f"The base URL {base} does not end in /v1: is {base}/v1 meant?") == hinted
        assert "secret" not in failed.value.sentence


@pytest.mark.parametrize("content", [b"[" * 5000, b"{" * 5000, b'{"error":' * 900 + b"1" + b"}" * 900])
async def test_deep_answers_raise_nothing_else(odd: OddServer, odd_wire: Wire, content: bytes) -> None:
    odd.say(content)
    for call in (odd_wire.list_batches, lambda: odd_wire.retrieve_batch("b")):
        with pytest.raises(WireError):
            await call()


async def test_camel_case(odd: OddServer, odd_wire: Wire) -> None:
    odd.say(json.dumps({"id": 7, "createdAt": 1_800_000_000, "requestCounts": {"total": "3"}, "inputFileId": 9}))
    answer = await odd_wire.retrieve_batch("7")
    batch = batch_from(answer)
    assert answer["id"] == "7"
    assert batch is not None
    assert batch.counts is not None
    assert (batch.id, batch.created_at, batch.counts.total, batch.input_file_id) == ("7", 1_800_000_000, 3, "9")
    assert file_from({"id": "f", "expiresAt": "1800000000"}) is not None
