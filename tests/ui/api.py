"""The server's own word, asked for without any of the project's code."""

import json
import urllib.request
from typing import Any

from tests.ui.desk import KEY
from tui.demo.server import DemoServer


def call(server: DemoServer, path: str, body: Any = None, method: str | None = None) -> Any:
    """The JSON answer to a call."""
    content = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"{server.base_url}{path}", content, method=method)  # noqa: S310  (a loopback URL)
    asked.add_header("Authorization", f"Bearer {KEY}")
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        return json.load(answer)


def batches(server: DemoServer) -> list[dict[str, Any]]:
    """All batches, newest first."""
    found: list[dict[str, Any]] = call(server, "/batches?limit=100")["data"]
    return found


def batch(server: DemoServer, batch_id: str) -> dict[str, Any]:
    found: dict[str, Any] = call(server, f"/batches/{batch_id}")
    return found


def upload(server: DemoServer, content: bytes) -> str:
    """The id of a new input file."""
    edge = "edge-of-a-part"
    parts = (
        f'--{edge}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="made.jsonl"\r\n\r\n'
    )
    body = parts.encode() + content + f"\r\n--{edge}--\r\n".encode()
    asked = urllib.request.Request(f"{server.base_url}/files", body)  # noqa: S310
    asked.add_header("Authorization", f"Bearer {KEY}")
    asked.add_header("Content-Type", f"multipart/form-data; boundary={edge}")
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        file_id: str = json.load(answer)["id"]
        return file_id


def create(server: DemoServer, content: bytes, **metadata: str) -> str:
    """The id of a new chat batch of `content`."""
    order = {
        "input_file_id": upload(server, content), "endpoint": "/v1/chat/completions", "completion_window": "24h",
        "metadata": metadata,
    }  # fmt: skip
    batch_id: str = call(server, "/batches", order)["id"]
    return batch_id


def download(server: DemoServer, file_id: str) -> bytes:
    """The content of a file."""
    asked = urllib.request.Request(f"{server.base_url}/files/{file_id}/content")  # noqa: S310  (a loopback URL)
    asked.add_header("Authorization", f"Bearer {KEY}")
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        content: bytes = answer.read()
        return content
