"""Whole files: against the plain rules, against a corpus of bad ones, and while they change."""

import hashlib
import os
import threading
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.requests.plain_rules import Plain
from tests.requests.samples import CHAT, files, lines, request
from tui.requests.checker import Checker
from tui.requests.endpoints import ENDPOINTS
from tui.requests.limits import OPTIONAL, Limits
from tui.requests.validate import Cancelled, Changed, Report, Unreadable, validate


def check(folder: Path, content: bytes, endpoint: str | None = None, **limits: Any) -> Report:
    path = folder / "requests.jsonl"
    path.write_bytes(content)
    return validate(path, endpoint=endpoint, limits=Limits(**limits))


def found(report: Report) -> list[tuple[int | None, str, str | None]]:
    return [(problem.line, problem.code, problem.param) for problem in report.problems]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_good_files_of_every_endpoint(tmp_path: Path, endpoint: str) -> None:
    content = lines(*(request(f"request-{n}", endpoint) for n in range(300)))
    report = check(tmp_path, content)
    assert report.ok, report.problems
    assert (report.requests, report.endpoint, report.models) == (300, endpoint, {"m": 300})
    assert report.inputs == (600 if endpoint == "/v1/embeddings" else 0)
    assert (report.bytes, report.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert check(tmp_path, content.removesuffix(b"\n")).requests == 300


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in request().items() if name != key}


GOOD = request("good")
NO_OBJECTS: list[Any] = [[], "{}", None, 1]
# What a file has after one good line, and what is to be said of line 2.
CORPUS: list[tuple[bytes, Any]] = [
    (b"{", [("invalid_json_line", None)]),
    (b"hello", [("invalid_json_line", None)]),
    (b"{'custom_id': 'a'}", [("invalid_json_line", None)]),
    (lines(request())[:-3], [("invalid_json_line", None)]),
    (lines(request())[:-1] + b",", [("invalid_json_line", None)]),
    (lines(request())[:-1] * 2, [("invalid_json_line", None)]),
    (b'{"custom_id":"a","custom_id":"b",}', [("invalid_json_line", None)]),
    (lines(request(temperature=float("nan")))[:-1], [("invalid_json_line", None)]),
    (lines(request(temperature=float("-inf")))[:-1], [("invalid_json_line", None)]),
    (lines(request(user="\ud800"))[:-1], [("invalid_json_line", None)]),
    (lines(request(user="#"))[:-1].replace(b"#", b"\t"), [("invalid_json_line", None)]),
    (lines(request(user="#"))[:-1].replace(b"#", b"\xff"), [("invalid_utf8", None)]),
    (lines(request(user="#"))[:-1].replace(b"#", b"\xc0\xaf"), [("invalid_utf8", None)]),
    (lines(request())[:-1].replace(b"{", "\ufeff{".encode(), 1), [("invalid_json_line", None)]),
    (b"[]", [("invalid_type", None)]),
    (b"null", [("invalid_type", None)]),
    (b'"text"', [("invalid_type", None)]),
    (b"{}", [("missing_required_parameter", key) for key in ("custom_id", "method", "url", "body")]),
    *((lines(without(key))[:-1], [("missing_required_parameter", key)]) for key in request()),
    (lines(request(""))[:-1], [("missing_required_parameter", "custom_id")]),
    *((lines(request(value))[:-1], [("invalid_type", "custom_id")]) for value in (7, None, ["a"], 1.5, True)),
    (lines(request("good"))[:-1], [("duplicate_custom_id", "custom_id")]),
    (lines(request() | {"method": "GET"})[:-1], [("invalid_method", "method")]),
    (lines(request() | {"method": "post"})[:-1], [("invalid_method", "method")]),
    (lines(request() | {"method": None})[:-1], [("invalid_type", "method")]),
    (lines(request() | {"url": "/v1/embeddings"})[:-1], [("invalid_url", "url")]),
    (lines(request() | {"url": "https://api.openai.com" + CHAT})[:-1], [("invalid_url", "url")]),
    (lines(request() | {"url": 5})[:-1], [("invalid_type", "url")]),
    *((lines(request() | {"body": value})[:-1], [("invalid_type", "body")]) for value in NO_OBJECTS),
    (lines(request(model=None))[:-1], [("invalid_request", "body.model")]),
    (lines(request(model=""))[:-1], [("invalid_request", "body.model")]),
    (lines(request(model=4))[:-1], [("invalid_type", "body.model")]),
    (lines(request(model="other"))[:-1], [("mismatched_model", "body.model")]),
    (lines(request(stream=True))[:-1], [("streaming_unsupported", "body.stream")]),
    (lines(request(stream="yes"))[:-1], [("invalid_type", "body.stream")]),
    (lines(request(stream=1))[:-1], [("invalid_type", "body.stream")]),
    (lines(request(messages=None))[:-1], [("invalid_request", "body.messages")]),
    (lines(request(messages=[]))[:-1], [("invalid_request", "body.messages")]),
    (lines(request(messages="Hello"))[:-1], [("invalid_type", "body.messages")]),
    (lines(request(messages=[{}, "Hello"]))[:-1], [("invalid_type", "body.messages[1]")]),
    (
        lines({"custom_id": 1, "method": "GET", "url": "/", "body": {"stream": True}})[:-1],
        [
            *(("invalid_type", "custom_id"), ("invalid_method", "method"), ("invalid_url", "url")),
            *(("invalid_request", "body.model"), ("streaming_unsupported", "body.stream")),
            ("invalid_request", "body.messages"),
        ],
    ),
]


@pytest.mark.parametrize(("bad", "expected"), CORPUS)
def test_corpus(tmp_path: Path, bad: bytes, expected: list[tuple[str, str | None]]) -> None:
    content = lines(GOOD, bad, request("last"))
    report = check(tmp_path, content)
    assert found(report) == [(2, code, param) for code, param in expected]
    assert not report.ok and report.requests == 3
    assert {problem.offset for problem in report.problems} == {len(lines(GOOD))}
    assert all(problem.sentence.endswith(".") for problem in report.problems)


@pytest.mark.parametrize(
    ("endpoint", "body", "expected"),
    [
        ("/v1/responses", {"input": None}, "invalid_request"),
        ("/v1/responses", {"input": None, "prompt": {"id": "pmpt_1"}}, None),
        ("/v1/responses", {"input": {}}, "invalid_type"),
        ("/v1/embeddings", {"input": ""}, "invalid_request"),
        ("/v1/embeddings", {"input": [1, 2, 3]}, None),
        ("/v1/embeddings", {"input": 5}, "invalid_type"),
        ("/v1/completions", {"prompt": ""}, None),
        ("/v1/completions", {"prompt": None}, "invalid_request"),
        ("/v1/moderations", {"input": []}, "invalid_request"),
        ("/v1/images/generations", {"prompt": ["a"]}, "invalid_type"),
        ("/v1/images/edits", {"prompt": ""}, "invalid_request"),
        ("/v1/videos", {"prompt": None}, "invalid_request"),
        ("/v1/videos", {"stream": True}, "streaming_unsupported"),
        ("/v1/videos", {"stream": False}, None),
    ],
)
def test_what_each_endpoint_needs(tmp_path: Path, endpoint: str, body: dict[str, Any], expected: str | None) -> None:
    report = check(tmp_path, lines(request("a", endpoint, **body)))
    assert [problem.code for problem in report.problems] == ([expected] if expected else [])


def test_the_servers_own_words(tmp_path: Path) -> None:
    bad = [
        b"{",
        without("method"),
        request("good"),
        request("c") | {"url": "/v1/videos"},
        request("d", stream=True),
        request("e", model=None),
        request("f", messages=None),
        request("g") | {"body": []},
    ]
    report = check(tmp_path, lines(GOOD, *bad))
    assert [problem.message for problem in report.problems] == [
        "This line is not parseable as valid JSON.",
        "Missing required parameter: 'method'.",
        "The custom_id for this request is a duplicate of another request. "
        "The custom_id parameter must be unique for each request in a batch.",
        "The URL provided for this request does not match the batch endpoint.",
        "Chat Completions: Streaming is not supported in the Batch API.",
        "Model parameter is required.",
        "Messages parameter is required.",
        "Invalid type for 'body': expected an object, but got an array instead.",
    ]
    assert report.problems[2].detail == "Line 1 has it too."
    assert (report.problems[2].custom_id, report.problems[2].line) == ("good", 4)


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n \t\n\n"])
def test_a_file_without_requests(tmp_path: Path, content: bytes) -> None:
    report = check(tmp_path, content)
    assert found(report) == [(None, "empty_file", None)]
    assert report.requests == 0 and report.warning_count == content.count(b"\n") + (b"\r" in content)


def test_blank_lines_and_crlf_are_warnings(tmp_path: Path) -> None:
    content = b"\n" + lines(request("a")) + b" \t\n" + lines(request("b"), request("c")).replace(b"\n", b"\r\n") + b"\n"
    report = check(tmp_path, content)
    assert report.ok and report.requests == 3
    assert [(warning.line, warning.code) for warning in report.warnings] == [
        *((1, "blank_line"), (3, "blank_line"), (4, "crlf"), (6, "blank_line"))
    ]
    assert report.warnings[2].message.startswith("2 lines end in CR LF")
    assert content[report.warnings[3].offset :] == b"\n"


def test_lines_that_end_in_cr_lf_are_read_many_at_once_too(tmp_path: Path, small_blocks: None) -> None:
    ended = [request(number) for number in "abcdef"]
    content = lines(*ended[:2]) + lines(*ended[2:]).replace(b"\n", b"\r\n").removesuffix(b"\n")
    report = check(tmp_path, content)
    assert report.ok and report.requests == 6
    [warning] = report.warnings
    assert (warning.line, warning.offset) == (3, len(lines(*ended[:2])))
    assert warning.message.startswith("4 lines end in CR LF")
    # In a string it is no white space.
    assert found(check(tmp_path, content.replace(b"Hello", b"Hel\rlo", 1))) == [(1, "invalid_json_line", None)]


def test_a_byte_order_mark_is_told_apart_from_what_is_wrong_with_line_1(tmp_path: Path) -> None:
    report = check(tmp_path, b"\xef\xbb\xbf" + lines(request("a", stream=True), request("b")))
    assert found(report) == [(1, "byte_order_mark", None), (1, "streaming_unsupported", "body.stream")]
    assert report.problems[0].offset == 0
    report = check(tmp_path, b"\xef\xbb\xbf" + lines(request("a"), request("a")))
    assert [problem.code for problem in report.problems] == ["byte_order_mark", "duplicate_custom_id"]


def test_limits(tmp_path: Path) -> None:
    content = lines(*(request(f"{n}", "/v1/embeddings") for n in range(5)))
    assert check(tmp_path, content, max_requests=5, max_embedding_inputs=10, max_bytes=len(content)).ok
    report = check(tmp_path, content, max_requests=4, max_embedding_inputs=9, max_bytes=len(content) - 1)
    assert [problem.code for problem in report.problems] == ["too_many_requests", "too_many_inputs", "file_too_large"]
    assert report.problems[0].message == "The file has 5 requests; the limit is 4."
    mixed = lines(request("a"), request("b", model="other"))
    assert not check(tmp_path, mixed).ok
    assert check(tmp_path, mixed, one_model=False).models == {"m": 1, "other": 1}


def test_the_endpoint_is_the_one_asked_for_or_the_first_known_one(tmp_path: Path) -> None:
    content = lines(request("a") | {"url": "/v1/chat"}, request("b"), request("c", "/v1/videos"))
    assert found(check(tmp_path, content)) == [(1, "unknown_endpoint", "url"), (3, "invalid_url", "url")]
    report = check(tmp_path, lines(request("c", "/v1/videos")), endpoint=CHAT)
    assert found(report) == [(1, "invalid_url", "url")]
    assert found(check(tmp_path, lines(request()), endpoint="/v1/chat"))[0] == (None, "unknown_endpoint", "endpoint")


def test_endpoints_that_openai_does_not_have(tmp_path: Path) -> None:
    """Where a provider may have others they pass with a warning, and a known one under another name keeps its rules."""
    azure = [request(f"{n}") | {"url": "/chat/completions"} for n in range(300)]
    assert found(check(tmp_path, lines(azure[0]))) == [(1, "unknown_endpoint", "url")]
    report = check(tmp_path, lines(*azure), other_endpoints=True)
    assert (report.ok, report.requests, report.endpoint) == (True, 300, "/chat/completions")
    assert [(warning.line, warning.code) for warning in report.warnings] == [(None, "unknown_endpoint")]
    assert report.warning_count == 1
    bad = lines(azure[0], request("b"), request("c", messages=[]) | {"url": "/chat/completions"})
    assert found(check(tmp_path, bad, other_endpoints=True)) == [
        (2, "invalid_url", "url"), (3, "invalid_request", "body.messages")
    ]  # fmt: skip
    assert check(tmp_path, lines(azure[0]), endpoint="/chat/completions", other_endpoints=True).ok
    inputs = lines(request("e", "/v1/embeddings", input=["a", "b"]) | {"url": "/embeddings"})
    assert check(tmp_path, inputs, other_endpoints=True).inputs == 2
    other = lines(*({**request(f"{n}"), "url": "/v2/ocr", "body": {"model": "m"}} for n in range(3)))
    assert check(tmp_path, other, other_endpoints=True).ok
    for url in ("chat/completions", "https://api.example/v1", "/a b", "/a\n"):
        nowhere = check(tmp_path, lines(request("a") | {"url": url}), other_endpoints=True)
        assert found(nowhere) == [(1, "unknown_endpoint", "url")]
    assert not check(tmp_path, lines(request()), other_endpoints=True).warnings


def test_a_flood_is_counted_in_full_and_kept_in_part(tmp_path: Path) -> None:
    content = lines(*[request("same", stream=True)] * 3000, *[b"{"] * 2000, *[b""] * 1500)
    report = check(tmp_path, content)
    assert report.problem_count == 3000 + 2999 + 2000
    assert report.counts_by_code == {
        "streaming_unsupported": 3000,
        "duplicate_custom_id": 2999,
        "invalid_json_line": 2000,
    }
    assert len(report.problems) == 1000 and len(report.warnings) == 1000 and report.warning_count == 1500
    assert [problem.line for problem in report.problems[:5]] == [1, 2, 2, 3, 3]


def test_what_is_quoted_from_the_file_is_short(tmp_path: Path) -> None:
    long = "x" * 100_000
    bad = request(long, model=long) | {"method": long, "url": long}
    report = check(tmp_path, lines(GOOD, bad, bad, bad | {long: long}) + long.encode() + b"\n")
    assert len(report.problems) == 12
    assert all(len(problem.sentence) < 400 and len(problem.custom_id or "") <= 200 for problem in report.problems)
    assert all(len(name) <= 200 for name in report.models)


def test_a_line_that_is_too_long_is_told_and_not_read(tmp_path: Path, small_blocks: None) -> None:
    content = lines(request("a"), request("b", user="x" * 5000), request("c"), request("d", user="y" * 3000))
    assert check(tmp_path, content).ok
    report = check(tmp_path, content, max_bytes=4000)
    assert found(report) == [(None, "file_too_large", None), (2, "line_too_long", None)]
    assert report.requests == 4
    assert report.problems[1].offset == len(lines(request("a")))
    assert report.problems[1].message.startswith(f"This line has {len(lines(request('b', user='x' * 5000))):,} bytes")
    report = check(tmp_path, lines(request("a"))[:-1] + b" " * 9000, max_bytes=4000)
    assert found(report)[1:] == [(1, "line_too_long", None)]
    report = check(tmp_path, content + b"{\n", max_bytes=4000)
    assert report.problems[-1].offset == len(content)
    report = check(tmp_path, content)
    assert report.sha256 == hashlib.sha256((tmp_path / "requests.jsonl").read_bytes()).hexdigest()


@pytest.mark.parametrize("ended", [b"\n", b"", b" \r\n"])
def test_a_long_line_is_read_as_any_other(tmp_path: Path, small_blocks: None, ended: bytes) -> None:
    sizes = [10, 4000, 4090, 4100, 9000, 30_000]
    long = [request(f"{size}", user="x" * size, stream=size == 9000) for size in sizes]
    content = lines(GOOD, *long, GOOD, *long[-1:])[:-1] + ended
    report = check(tmp_path, content)
    assert found(report) == [
        (6, "streaming_unsupported", "body.stream"), (8, "duplicate_custom_id", "custom_id"),
        (9, "duplicate_custom_id", "custom_id"),
    ]  # fmt: skip
    assert [problem.offset for problem in report.problems] == [
        content.index(b'{"custom_id": "9000"'), content.rindex(b'{"custom_id": "good"'),
        content.rindex(b'{"custom_id": "30000"'),
    ]  # fmt: skip
    assert (report.sha256, report.requests) == (hashlib.sha256(content).hexdigest(), 9)


def test_a_line_of_more_than_a_file_may_have_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    with path.open("wb") as file:
        file.truncate(220 << 20)
    tracemalloc.start()
    try:
        report = validate(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.counts_by_code == {"line_too_long": 1, "file_too_large": 1}
    assert peak < 32 << 20


def test_hashes_that_meet_are_not_taken_for_a_duplicate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker()
    monkeypatch.setattr(checker.ids, "_key", len)
    monkeypatch.setattr("tui.requests.validate.Checker", lambda endpoint, limits: checker)
    report = check(tmp_path, lines(request("aa"), request("bb"), request("c"), request("aa")))
    assert found(report) == [(4, "duplicate_custom_id", "custom_id")]
    assert report.problem_count == 1


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=files(),
    options=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    optional=st.one_of(st.just(frozenset[str]()), st.frozensets(st.sampled_from(OPTIONAL))),
    stream=st.booleans(),
)
def test_any_file_is_judged_as_by_the_plain_rules(
    tmp_path: Path,
    small_blocks: None,
    content: bytes,
    options: tuple[bool, bool, bool],
    optional: frozenset[str],
    *,
    stream: bool,
) -> None:
    given_endpoint, one_model, as_plain = options
    endpoint = CHAT if given_endpoint else None
    expected = Plain(content, endpoint, one_model, optional, stream)
    with pytest.MonkeyPatch.context() as patch:
        # Both sieves are to come to the same, whichever is the faster for a text.
        patch.setattr("tui.requests.fast_path.blocks._is_plain", lambda lines: as_plain and lines.isascii())
        report = check(tmp_path, content, endpoint, one_model=one_model, optional=optional, stream=stream)
    assert Counter(found(report)) == Counter(expected.found), content
    assert report.requests == expected.requests
    assert report.inputs == expected.inputs
    assert report.endpoint == expected.endpoint
    assert report.warning_count == expected.blank + (b"\r\n" in content + b"\n")
    starts = [0, *(at + 1 for at, byte in enumerate(content) if byte == 0x0A)]
    assert all(p.offset == starts[p.line - 1] for p in report.problems if p.line is not None)


def test_one_line_at_a_time_comes_to_the_same(tmp_path: Path) -> None:
    bad = [raw for raw, _ in CORPUS]
    content = lines(GOOD, *bad)
    checker, one_by_one = Checker(), []
    for number, raw in enumerate(content.splitlines(), 1):
        one_by_one += checker.check(raw, number).problems()
    one_by_one += checker.finish(len(content))
    report = check(tmp_path, content)
    assert Counter((p.line, p.code, p.param, p.message, p.detail) for p in one_by_one) == Counter(
        (p.line, p.code, p.param, p.message, p.detail) for p in report.problems
    )


def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    missing = tmp_path / "missing\x1b[31m.jsonl"
    for path, words in ((tmp_path, "it is a folder"), (missing, "No such file"), (fifo, "it is no plain file")):
        with pytest.raises(Unreadable, match=words) as error:
            validate(path)
        assert error.value.exit_code == 2 and "\x1b" not in error.value.sentence
    with pytest.raises(Unreadable):
        validate(Path("a\0b"))


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, small_blocks: None) -> None:
    path = tmp_path / "requests.jsonl"
    content = lines(*(request(f"{n}") for n in range(100)))

    def grow(done: int, total: int) -> None:
        with path.open("ab") as file:
            file.write(b"\n")

    def rewrite(done: int, total: int) -> None:
        os.utime(path, ns=(1, 1))

    for change in (grow, lambda done, total: os.truncate(path, 1000), rewrite):
        path.write_bytes(content)
        with pytest.raises(Changed, match="changed while it was read"):
            validate(path, progress=change)


def test_a_file_that_has_fewer_bytes_than_it_says() -> None:
    path = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not path.is_file():
        pytest.skip("needs a file of Linux whose size is not the number of its bytes")
    with pytest.raises(Changed):
        validate(path)


def test_progress_and_cancel(tmp_path: Path, small_blocks: None) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(lines(*(request(f"{n}") for n in range(100))))
    size, steps = path.stat().st_size, list[tuple[int, int]]()
    validate(path, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (size, size) and steps == sorted(set(steps)) and len(steps) == -(-size // 512)
    for stop in (0, 1, 5, len(steps)):
        asked = list[None]()

        def cancelled(stop: int = stop, asked: list[None] = asked) -> bool:
            asked.append(None)
            return len(asked) > stop

        with pytest.raises(Cancelled):
            validate(path, cancelled=cancelled)
        assert len(asked) == stop + 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sha256")]
