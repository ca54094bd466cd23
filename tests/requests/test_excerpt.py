"""The place of a problem in its line."""

import json
from pathlib import Path

import pytest

from tui.requests.excerpt import excerpt
from tui.requests.limits import Limits
from tui.requests.validate import validate

GOOD = {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions"}
BODY = {"model": "m", "messages": [{"role": "user", "content": 'say "stream": true'}]}


def line(**changes: object) -> bytes:
    return json.dumps({**GOOD, "body": BODY, **changes}).encode() + b"\n"


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (line(method="GET"), '"method": "GET"'),
        (line(body={**BODY, "stream": True}), '"stream": true'),
        (line(body={"model": "m", "messages": [], "x": {"messages": 1}}), '"messages"'),
        (line(custom_id=7), '"custom_id": 7'),
        (line(body=[1]), '"body"'),
        # What is not there cannot be marked, and a key of that name elsewhere is not it.
        (line(body={"messages": BODY["messages"], "x": {"model": "m"}}), ""),
        (line().replace(b'"a"', b'"\xff"'), "�"),
        (b'{"custom_id": "a", method}\n', "m"),
        (b"\xef\xbb\xbf" + b'{"custom_id": "a", method}\n', "m"),
        (b'{"custom_id": "a"', '"'),
    ],
)
def test_the_place_is_marked(tmp_path: Path, content: bytes, place: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(line(custom_id="first") * (not content.startswith(b"\xef")) + content)
    problem = validate(path).problems[-1]
    found = excerpt(path, problem)
    assert found is not None
    assert found.place == place
    shown = content.decode("utf-8", "replace").strip("\n").replace("\ufeff", "�")
    assert found.before + found.place + found.after == shown


def test_long_lines_and_lost_files(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(line(body={**BODY, "pad": "\x1b[31m" + "x" * 900_000}, method="GET") + line(custom_id="b"))
    (problem,) = validate(path).problems
    found = excerpt(path, problem)
    assert found is not None
    assert found.place == '"method": "GET"'
    assert found.after.endswith("…")
    assert len(found.before + found.after) < 2_000
    assert excerpt(path, validate(path, limits=Limits(max_requests=1)).problems[0]) is None
    path.unlink()
    assert excerpt(path, problem) is None


def test_a_byte_order_mark_and_a_place_far_into_a_line_are_marked(tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line())
    mark = excerpt(path, validate(path).problems[0])
    assert mark is not None
    assert (mark.before, mark.place) == ("", "\ufffd")
    path.write_bytes(line(body={**BODY, "user": "x" * 1_000_000, "stream": True}))
    far = excerpt(path, validate(path).problems[0])
    assert far is not None
    assert far.place == '"stream": true'
    assert far.before.startswith("…")
