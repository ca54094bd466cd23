"""Lines that are wrong in the same way: judged once, and as each would be by itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.requests.samples import CHAT, files, lines, request
from tui.requests import checker, rules
from tui.requests.limits import OPTIONAL, Limits
from tui.requests.validate import Report, validate

MANY = 240

Change = Callable[[dict[str, Any]], object]


def report(path: Path, *, alike: bool, endpoint: str | None = None, **limits: Any) -> tuple[Report, int]:
    """What is said of the file, and of how many lines the rules were asked."""
    asked = 0

    def counted(raw: bytes | bytearray) -> object:
        nonlocal asked
        asked += 1
        return read(raw)

    read = rules.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "read", counted)
        if not alike:
            for name in ("look_at", "looked_at"):
                patch.setattr(checker, name, lambda lines, endpoint: None)
        return validate(path, endpoint=endpoint, limits=Limits(**limits)), asked


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=files(),
    times=st.integers(1, 3),
    endpoint=st.sampled_from([None, CHAT]),
    limits=st.fixed_dictionaries(
        {
            "one_model": st.booleans(),
            "stream": st.booleans(),
            "optional": st.frozensets(st.sampled_from(OPTIONAL)),
        }
    ),
)
def test_of_any_file_the_same_is_said(
    tmp_path: Path,
    content: bytes,
    times: int,
    endpoint: str | None,
    limits: dict[str, Any],
) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(content * times)
    expected, _ = report(path, alike=False, endpoint=endpoint, **limits)
    assert report(path, alike=True, endpoint=endpoint, **limits)[0] == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.pop("custom_id"),
        lambda value: value.update(custom_id=""),
        lambda value: value.update(custom_id=7),
        lambda value: value.update(custom_id=1.0),
        lambda value: value.update(custom_id=False),
        lambda value: value.update(custom_id=None),
        lambda value: value.pop("body"),
        lambda value: [value.pop(key) for key in ("custom_id", "method", "url", "body")],
        lambda value: value.update(method="GET"),
        lambda value: value.pop("method"),
        lambda value: value.update(url="/chat/completions"),
        lambda value: value.update(url="/v1/videos"),
        lambda value: value.pop("url"),
        lambda value: value["body"].update(model=""),
        lambda value: value["body"].pop("model"),
        lambda value: value["body"].update(model="another"),
        lambda value: value["body"].update(stream=True),
        lambda value: value["body"].update(messages=[]),
        lambda value: value["body"].update(messages="Hello"),
        lambda value: value["body"].pop("messages"),
        lambda value: (value.update(method="GET"), value["body"].update(stream=True, model=None)),
    ],
)
@pytest.mark.parametrize("first", [[request()], []])
def test_what_is_wrong_everywhere_is_judged_once(tmp_path: Path, change: Change, first: list[Any]) -> None:
    path = tmp_path / "requests.jsonl"
    values = [json.loads(json.dumps(request(f"request-{n}"))) for n in range(MANY)]
    for value in values:
        change(value)
    path.write_bytes(lines(*first, *values))
    expected, _ = report(path, alike=False)
    found, asked = report(path, alike=True)
    assert found == expected
    # A model is only wrong beside another.
    assert {problem.line for problem in found.problems} in (set(range(len(first) + 1, len(first) + MANY + 1)), set())
    assert found.problems or not first
    # The first line says what the endpoint is, and the first of its kind what is wrong.
    assert asked <= 3


def test_what_is_wrong_in_many_ways_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    values = [request(f"request-{n}", model=f"model-{n}", stream=n % 3 == 0) for n in range(3000)]
    path.write_bytes(lines(request("first"), *values))
    found, _ = report(path, alike=True)
    assert found == report(path, alike=False)[0]
    assert found.counts_by_code == {"mismatched_model": 3000, "streaming_unsupported": 1000}
    assert found.problems[999].detail == "This one uses 'model-749', the first 'm'."


def test_embeddings_inputs_of_wrong_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    inputs: list[Any] = ["a", ["a", "b"], [1, 2, 3], [[1], [2], [3]], [], ""]
    values = [request(f"{n}", "/v1/embeddings", input=inputs[n % 6], stream=n % 5 == 0) for n in range(MANY)]
    path.write_bytes(lines(*values))
    found, asked = report(path, alike=True)
    assert found == report(path, alike=False)[0]
    assert found.inputs == sum((1, 2, 1, 3, 0, 1)[n % 6] for n in range(MANY))
    assert asked < 20


def test_a_line_that_names_the_endpoint_changes_what_is_said_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    elsewhere = [request(f"{n}") | {"url": "/elsewhere"} for n in range(6)]
    path.write_bytes(lines(*elsewhere[:3], request("first"), *elsewhere[3:]))
    found, _ = report(path, alike=True)
    assert [problem.code for problem in found.problems] == ["unknown_endpoint"] * 3 + ["invalid_url"] * 3
    assert found == report(path, alike=False)[0]
