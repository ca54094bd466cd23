"""A provider whose requests may be without method, url and model, and may ask for a stream."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.requests.samples import CHAT, lines, request
from tui.errors import LazybatchError
from tui.requests import rules
from tui.requests.cost.estimate import estimate
from tui.requests.fast_path.blocks import Sieve
from tui.requests.fix import Additions, mend, preview
from tui.requests.limits import OPTIONAL, Limits
from tui.requests.split import Unsplittable, split
from tui.requests.validate import Report, validate
from tui.settings.limits import of_a_file

LIMITS = Limits(optional=frozenset(OPTIONAL), stream=True)


def bare(number: object, *, model: bool = False, **body: object) -> dict[str, Any]:
    value = request(f"request-{number}")
    value["body"] |= body
    if not model:
        del value["body"]["model"]
    return {"custom_id": value["custom_id"], "body": value["body"]}


def written(folder: Path, *values: object) -> Path:
    path = folder / "requests.jsonl"
    path.write_bytes(lines(*values))
    return path


def codes(report: Report) -> dict[str, int]:
    return dict(report.counts_by_code)


def test_what_may_be_absent_is_no_problem(tmp_path: Path) -> None:
    path = written(tmp_path, bare(1), bare(2, model=True, stream=True), request("whole"))
    assert not validate(path, endpoint=CHAT).ok
    report = validate(path, endpoint=CHAT, limits=LIMITS)
    assert report.ok and report.requests == 3 and report.models == {"m": 2}


def test_what_is_there_must_be_right_all_the_same(tmp_path: Path) -> None:
    wrong: list[dict[str, Any]] = [{"method": "GET"}, {"method": None}, {"url": "/v1/videos"}, {"url": 7}]
    path = written(tmp_path, *({**bare(n), **more} for n, more in enumerate(wrong)), {**bare(9), "body": {}})
    report = validate(path, endpoint=CHAT, limits=LIMITS)
    assert [problem.param for problem in report.problems] == ["method", "method", "url", "url", "body.messages"]
    report = validate(written(tmp_path, bare(1, stream="yes", model=True)), endpoint=CHAT, limits=LIMITS)
    assert [problem.param for problem in report.problems] == ["body.stream"]


def test_without_any_url_the_endpoint_is_asked_for_once(tmp_path: Path) -> None:
    path = written(tmp_path, *(bare(n) for n in range(500)))
    report = validate(path, limits=LIMITS)
    assert codes(report) == {"missing_endpoint": 1} and report.endpoint is None
    assert report.problems[0].line is None and "--endpoint" in report.problems[0].sentence
    assert validate(path, endpoint=CHAT, limits=LIMITS).ok
    # One line that has it says it for all.
    assert validate(written(tmp_path, bare(1), request("whole")), limits=LIMITS).endpoint == CHAT


@pytest.mark.parametrize("text", ["plain", "日本"])
def test_such_lines_go_the_fast_way(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [bare(n, messages=[{"role": "user", "content": text}], stream=True) for n in range(300)]
    raw = b"".join(json.dumps(value, ensure_ascii=False).encode() + b"\n" for value in values)
    good = Sieve().good(raw, CHAT, LIMITS)
    assert good is not None and len(good.custom_ids) == 300 and good.models == []
    assert Sieve().good(raw, CHAT) is None
    asked, read = 0, rules.read

    def counted(line: bytes | bytearray) -> object:
        nonlocal asked
        asked += 1
        return read(line)

    monkeypatch.setattr(rules, "read", counted)
    path = tmp_path / "requests.jsonl"
    path.write_bytes(raw)
    assert validate(path, endpoint=CHAT, limits=LIMITS).ok and asked <= 2


def test_mending_adds_what_is_missing(tmp_path: Path) -> None:
    path, out = written(tmp_path, bare(1), bare(2, model=True), request("whole")), tmp_path / "out.jsonl"
    for limits in (Limits(), LIMITS):
        report = mend(path, out, limits=limits, additions=Additions(CHAT, "m"))
        assert [json.loads(line) for line in out.read_bytes().splitlines()] == [
            request("request-1"),
            request("request-2"),
            request("whole"),
        ]
        assert [(change.line, change.param) for change in report.changes] == [
            *((1, "method"), (1, "url"), (1, "body.model"), (2, "method"), (2, "url"))
        ]
        assert validate(out).ok


def test_mending_leaves_what_the_limits_allow(tmp_path: Path) -> None:
    path = written(tmp_path, bare(1, stream=True))
    assert preview(path, limits=LIMITS).change_count == 0
    added = mend(path, tmp_path / "out.jsonl", limits=LIMITS, additions=Additions(CHAT))
    assert [change.param for change in added.changes] == ["method", "url"]
    assert json.loads((tmp_path / "out.jsonl").read_bytes())["body"]["stream"] is True


def test_mending_does_not_change_another_url(tmp_path: Path) -> None:
    other = request("a") | {"url": "/v1/elsewhere"}
    path = written(tmp_path, other)
    assert preview(path, additions=Additions(CHAT, "m")).change_count == 0


def test_parts_are_held_to_the_inputs_of_the_endpoint_that_is_given(tmp_path: Path) -> None:
    values = [{"custom_id": f"{n}", "body": {"input": ["a", "b"]}} for n in range(6)]
    path = written(tmp_path, *values)
    limits = LIMITS._replace(max_embedding_inputs=4)
    assert len(split(path, tmp_path, limits=limits)) == 1
    assert [part.requests for part in split(path, tmp_path, limits=limits, endpoint="/v1/embeddings")] == [2, 2, 2]
    with pytest.raises(Unsplittable, match="embeddings inputs"):
        split(path, tmp_path, limits=limits._replace(max_embedding_inputs=1), endpoint="/v1/embeddings")


def test_what_requests_without_a_model_cost_is_not_known(tmp_path: Path) -> None:
    report = validate(written(tmp_path, bare(1), bare(2)), endpoint=CHAT, limits=LIMITS)
    value = estimate(report, expected_output=lambda model: 5.0)
    assert value.input_tokens > 0
    assert (value.cost_low, value.cost_expected, value.cost_high, value.output_expected) == (None,) * 4
    assert "no price for 2 requests without a model" in value.basis


def test_of_requests_with_and_without_a_model_only_the_least_cost_is_known(tmp_path: Path) -> None:
    known = bare(1, model=True) | {"method": "POST"}
    known["body"] |= {"model": "gpt-4o-mini", "max_tokens": 5}
    report = validate(written(tmp_path, known, bare(2, max_tokens=5)), endpoint=CHAT, limits=LIMITS)
    value = estimate(report, expected_output=lambda model: 5.0)
    assert value.cost_low is not None and value.cost_expected is None and value.cost_high is None


def test_the_settings_say_what_may_be_absent() -> None:
    found = of_a_file({"optional": ["url", "method"], "stream": True}, "x")
    assert found.optional == {"method", "url"} and found.stream
    for value in ("url", ["custom_id"], [1], [["url"]], {"url": 1}):
        with pytest.raises(LazybatchError, match=r'x: the limit optional .*"method", "url", "model"'):
            of_a_file({"optional": value}, "x")
