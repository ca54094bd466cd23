"""The answers of a server that holds some batches in memory, and forgets them when it is told to."""

import json
import re
from typing import Any

from tests.conftest import http

_LINE = re.compile(r"GET \S*?/(batches|files)(?:/([^/? ]+))?(?:\?(\S*))? ")


def batch(key: str, created_at: int, status: str = "completed") -> dict[str, Any]:
    """A batch as a server tells of it."""
    return {
        "id": key, "object": "batch", "endpoint": "/v1/chat/completions", "status": status, "created_at": created_at,
        "completion_window": "24h", "input_file_id": f"file-{key}", "metadata": {"description": f"job {key}"},
        "request_counts": {"total": 10, "completed": 4, "failed": 0},
    }  # fmt: skip


class Batches:
    """The batches by id; what is taken out is no longer known. `page` is the most that a page of the list holds."""

    def __init__(self, *batches: dict[str, Any], page: int = 100) -> None:
        self.known = {one["id"]: one for one in batches}
        self.page = page
        self.retrieved: list[str] = []
        self.end: dict[str, Any] = {"has_more": False}  # what the last page says beside its items

    def __call__(self, head: str) -> bytes:
        asked = _LINE.match(head)
        if asked is None or asked[1] == "files":
            return self._missing() if asked is None or asked[2] else self._list([])
        if asked[2] is None:
            newest_first = sorted(self.known.values(), key=lambda one: one["created_at"], reverse=True)
            after = re.search(r"after=([^&]+)", asked[3] or "")
            place = next((n + 1 for n, one in enumerate(newest_first) if after and one["id"] == after[1]), 0)
            return self._list(newest_first[place:])
        self.retrieved.append(asked[2])
        found = self.known.get(asked[2])
        return self._missing() if found is None else http(json.dumps(found))

    def _list(self, items: list[dict[str, Any]]) -> bytes:
        end = {"has_more": True} if len(items) > self.page else self.end
        return http(json.dumps({"object": "list", "data": items[: self.page], **end}))

    def _missing(self) -> bytes:
        return http(json.dumps({"error": {"message": "There is no such batch."}}), "404 Not Found")
