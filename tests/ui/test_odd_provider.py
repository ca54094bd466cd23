"""One provider that does everything differently at once, and a person who works with it all the same."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.conftest import OddServer, http
from tests.ui.desk import desk, request

UUID = "6f1e6a3c-3f3b-4d9e-9a53-0a6f4b7c1d2e"
LONG = "long-" + "b" * 600
CHAT = "/v1/chat/completions"


def iso(ago: float) -> str:
    return datetime.fromtimestamp(time.time() - ago, UTC).isoformat()


def answer(custom_id: str, text: str) -> bytes:
    """A result whose body is a text of JSON."""
    body = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
    response = {"status_code": 200, "body": json.dumps(body)}
    return json.dumps({"id": f"r-{custom_id}", "custom_id": custom_id, "response": response}).encode()


def provider() -> OddServer:
    """What it is told to answer, by the path that is asked for."""
    batches = [
        {
            "id": UUID, "status": "COMPLETED", "created_at": iso(3600), "completed_at": iso(1800), "endpoint": CHAT,
            "completion_window": "48h", "request_counts": {"total": 2, "completed": 2, "failed": 0},
            "input_file_id": "in", "output_file_id": "out", "error_file_id": "err",
            "metadata": {"description": "odd clothes"},
        },
        {"id": LONG, "status": "SCHEDULING", "created_at": {"at": "noon"}, "errors": "line 3 is bad",
         "request_counts": "40%", "completion_window": None},
        {"id": "hardly-anything"},
        None, "nothing", {"status": "completed"},
    ]  # fmt: skip
    files = {
        "in": request(0, custom_id="first") + request(1, custom_id="second"),
        # The last line without an end, and no failure in a file of failures.
        "out": answer("second", "Something good.") + b"\n" + answer("first", "Something else."),
        "err": b"",
    }

    def told(head: str) -> bytes:
        path = head.split()[1].partition("?")[0].removeprefix("/v1")
        if path == "/batches":
            # Whatever is asked for, and always more.
            return http(json.dumps({"value": batches, "has_more": True}))
        found = next(
            (found for found in batches if isinstance(found, dict) and path == f"/batches/{found.get('id')}"), None
        )
        if found is not None:
            return http(json.dumps(found))
        for name, content in files.items():
            if path == f"/files/{name}/content":
                return http(content)
            if path == f"/files/{name}":
                return http(json.dumps({"id": name, "bytes": len(content)}))
        return http('{"detail": [{"loc": ["path"], "msg": "No such thing."}]}', "410 Gone")

    server = OddServer()
    server.answers = [told]
    return server


async def test_a_provider_that_does_all_of_it(odd: OddServer, tmp_path: Path) -> None:
    odd.answers = provider().answers
    async with desk(odd.base_url, tmp_path, size=(120, 30)) as home:
        await home.until("list may be incomplete: the server repeats a page")
        # An odd batch never hides another, and what is none is left out.
        assert {batch.id for batch in home.app.session.book} == {UUID, LONG, "hardly-anything"}
        assert "✓ done" in home.line("odd clothes") and "100%" in home.line("odd clothes")
        assert "? scheduling" in home.text and "? ?" in home.text
        assert {len(line) for line in home.lines} == {120}
        # Its id is asked for as it is, however long.
        home.table.move_to(LONG)
        await home.press("enter")
        await home.until("line 3")
        assert "in a form unknown here: created_at, status." in home.prose
        await home.press("escape")
        home.table.move_to(UUID)
        await home.press("o")
        await home.until(lambda: "Something good." in home.text and "Something else." in home.text)
        assert "first" in home.text and "second" in home.text
        await home.press("e")
        await home.settle()
        assert home.app.is_running and "Traceback" not in home.text
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        assert "● live" in home.text
