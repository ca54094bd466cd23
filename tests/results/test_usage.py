"""The tokens that result lines say they used, added up while they are read."""

from pathlib import Path
from typing import Any

import pytest

from tests.results.result_lines import chat_body, expired, good, never, quiet, refused, request, result, write
from tui.results.check import Reported, Used
from tui.results.fast_parse import read_result
from tui.results.join import Returned, judge
from tui.results.match import RequestIndex
from tui.results.usage import tokens_of


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}, (9, 3, 0)),
        ({"input_tokens": 9, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 4}}, (9, 3, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}, (9, 3, 4)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_cache_hit_tokens": 4}, (9, 3, 4)),
        ({"prompt_tokens": None, "input_tokens": 9, "completion_tokens": None, "output_tokens": 3}, (9, 3, 0)),
        ({"prompt_tokens": 9, "total_tokens": 9}, (9, 0, 0)),
        ({"completion_tokens": 3, "total_tokens": 12}, (9, 3, 0)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": None}, (9, 3, 0)),
        ({"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 99}}, (9, 3, 0)),
        ({"prompt_tokens": 9.0, "completion_tokens": "3"}, (9, 3, 0)),
        ({"prompt_tokens": 9}, None),
        ({"total_tokens": 12}, None),
        ({"prompt_tokens": -9, "completion_tokens": 3}, None),
        ({"prompt_tokens": 10**30, "completion_tokens": 3}, None),
        ({"prompt_tokens": "many", "completion_tokens": 3}, None),
        ({}, None),
        ([], None),
        ("12", None),
        (None, None),
    ],
)
def test_usage_in_every_shape(usage: Any, tokens: tuple[int, int, int] | None) -> None:
    whole = chat_body(usage=usage)
    for body in (whole, chat_body("", usage=usage)):
        read = read_result(result("a", body), counting=True)
        assert tokens_of(read.usage) == tokens
        assert read.outcome is not None and read.outcome.state == ("ok" if body is whole else "empty")


def used(path: Path, **more: Any) -> Used | None:
    found = judge(None, [Returned(path, None, Reported(), **more)], progress=quiet, cancelled=never)
    return found.verdict.used


def test_what_a_file_used(tmp_path: Path) -> None:
    empty = result("d", chat_body(""))
    path = write(tmp_path / "out.jsonl", good("a"), good("b"), refused("c"), empty, expired("e"))
    assert used(path) == Used(3, 27, 9, 0)
    assert used(path, counted=True) is None, "nobody asks"


@pytest.mark.parametrize(
    "other", [result("b", chat_body(usage=None)), b'{"custom_id": "b", "resp', good("a"), result("b", {})]
)
def test_a_sum_that_may_lack_some_is_none(tmp_path: Path, other: bytes) -> None:
    assert used(write(tmp_path / "out.jsonl", good("a"), other)) is None


def test_each_of_several_batches_has_its_own(tmp_path: Path) -> None:
    index = RequestIndex.build(write(tmp_path / "in.jsonl", request("a"), request("b")), quiet, never)
    first = write(tmp_path / "1.jsonl", good("a"), refused("b"))
    again = write(tmp_path / "2.jsonl", good("b"), good("other"))
    batches = [Returned(first, None, Reported(), "one"), Returned(again, None, Reported(), "two", wider=True)]
    verdict = judge(index, batches, progress=quiet, cancelled=never).verdict
    assert [share.used for share in verdict.joined] == [Used(1, 9, 3, 0), Used(2, 18, 6, 0)]
    assert verdict.used is None
