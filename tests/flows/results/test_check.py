"""What was found out about a batch, kept; and the requests that are meant by a word."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT
from tests.results.result_lines import (
    chat_body,
    dump,
    expired,
    good,
    judged,
    never,
    quiet,
    refused,
    request,
    result,
    write,
)
from tui.batches.batch import Batch, Counts, Status
from tui.files.errors import FileChangedError, ResultFileError
from tui.flows.results.check import keep, kept_of, known, returned
from tui.results.export.retry_file import write_remainder
from tui.results.join import Judgement, judge
from tui.results.match import RequestIndex
from tui.results.selection import Choice, choice_of, chosen
from tui.store.checks import Verdicts

BATCH = Batch("batch_1", Status.COMPLETED, "completed", counts=Counts(5, 3, 2))


def cut(custom_id: str, reason: str = "length") -> bytes:
    body = chat_body("Half a")
    body["choices"][0]["finish_reason"] = reason
    return result(custom_id, body)


@pytest.fixture
def paths(tmp_path: Path) -> tuple[Path, Path]:
    output = write(tmp_path / "out.jsonl", good("a"), cut("b"), good("c", 'He said \\"finish_reason\\": \\"length\\".'))
    errors = write(tmp_path / "err.jsonl", refused("d", "Too long."), expired("e"))
    return output, errors


@pytest.fixture
def found(tmp_path: Path, paths: tuple[Path, Path]) -> Judgement:
    asked = write(tmp_path / "in.jsonl", *(request(name) for name in "abcdef"))
    told: list[tuple[int, int]] = []
    index = RequestIndex.build(asked, quiet, never)
    batches = [returned(BATCH, *paths)]
    made = judge(index, batches, progress=lambda done, total: told.append((done, total)), cancelled=never)
    assert told[-1][0] == told[-1][1] and told == sorted(told)
    return made


def names(found: Judgement, choice: Choice | None) -> str:
    assert choice is not None
    return "".join("abcdef"[row] for row in chosen(found, choice))


def test_words_mean_states_reasons_codes_and_statuses(found: Judgement) -> None:
    verdict, reasons = found.verdict, frozenset(found.finishes)
    for word, meant in (
        ("ok", "abc"), ("failed", "de"), ("missing", "f"), ("bad", "def"), ("BAD", "def"), ("length", "b"),
        ("invalid_value", "d"), ("400", "d"), ("batch_expired", "e"),
    ):  # fmt: skip
        assert names(found, choice_of(word, verdict, reasons)) == meant, word
    for word in ("", "stop", "None", "nonsense"):
        assert choice_of(word, verdict, reasons) is None, word


def test_the_remainder_of_one_failure(found: Judgement, tmp_path: Path) -> None:
    number = next(group.number for group in found.verdict.failures if group.code == "batch_expired")
    out = tmp_path / "rest.jsonl"
    remainder = write_remainder(found, out, quiet, never, Choice("one", groups=frozenset({number})))
    assert (remainder.requests, remainder.expired, remainder.failed, remainder.missing) == (1, 1, 0, 0)
    assert out.read_bytes() == request("e") + b"\n"
    assert write_remainder(found, out, quiet, never, Choice("none", groups=frozenset({999}))).out is None


def reasons_of(path: Path) -> dict[str, int]:
    return {reason: len(lines) for reason, lines in judged(None, path).finishes.items()}


def test_answers_that_did_not_end_by_themselves(tmp_path: Path) -> None:
    said = {"output": [{"type": "message", "content": [{"type": "output_text", "text": "So."}]}]}
    incomplete = {"object": "response", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    whole = {"object": "response", "status": "completed", "incomplete_details": None} | said
    lines = (
        good("a"), cut("b"), cut("c"), cut("d", "content_filter"), result("e", incomplete | said),
        result("f", whole), refused("g"), b"no json \"finish_reason\": \"length\"", b"",
        result("h", dump(chat_body()).decode()),
    )  # fmt: skip
    assert reasons_of(write(tmp_path / "out.jsonl", *lines)) == {
        "length": 2, "content_filter": 1, "max_output_tokens": 1,
    }  # fmt: skip
    assert reasons_of(write(tmp_path / "none.jsonl")) == {}
    with pytest.raises(ResultFileError):
        reasons_of(tmp_path / "nowhere.jsonl")


async def test_a_verdict_is_kept_for_the_same_files_and_counts_alone(
    found: Judgement, paths: tuple[Path, Path], tmp_path: Path, database: sqlite3.Connection
) -> None:
    verdicts, asked = Verdicts(database, ACCOUNT), [tmp_path / "in.jsonl"]
    files = [returned(BATCH, *paths)]
    assert await known(BATCH, files, asked, verdicts) is None
    await keep(BATCH, files, asked, verdicts, kept_of(found))
    kept = await known(BATCH, files, asked, verdicts)
    assert kept == kept_of(found) and kept is not None
    assert kept.verdict.failures and kept.finishes == {"length": 1} and kept.doubts(BATCH.id)
    assert verdicts.load(BATCH.id) == kept and verdicts.doubted() == {BATCH.id}
    assert await known(BATCH, files, [], verdicts) is None
    assert await known(BATCH, [returned(replace(BATCH, counts=Counts(6, 3, 2)), *paths)], asked, verdicts) is None
    assert Verdicts(database, "another account").load(BATCH.id) is None
    assert not Verdicts(database, "another account").doubted()
    with paths[1].open("ab") as file:
        file.write(refused("f") + b"\n")
    assert await known(BATCH, files, asked, verdicts) is None
    paths[0].unlink()
    with pytest.raises(FileChangedError):
        await known(BATCH, files, asked, verdicts)


def test_what_agrees_is_not_doubted(tmp_path: Path, database: sqlite3.Connection) -> None:
    asked = write(tmp_path / "in.jsonl", request("a"), request("b"))
    output = write(tmp_path / "out.jsonl", good("b"), good("a"))
    kept = kept_of(judged(asked, output, None, 2, 2, 0))
    verdicts = Verdicts(database, ACCOUNT)
    verdicts.save("batch_1", "x", kept)
    assert not kept.doubts("batch_1") and not verdicts.doubted()


def test_what_agrees_with_the_counts_is_not_doubted_for_another_oddity(
    tmp_path: Path, database: sqlite3.Connection
) -> None:
    asked = write(tmp_path / "in.jsonl", request("a"), request("b"))
    output = write(tmp_path / "out.jsonl", good("b"), good("a"), good("a"))
    kept = kept_of(judged(asked, output, None, 2, 2, 0))
    assert kept.verdict.agrees and kept.verdict.notes
    verdicts = Verdicts(database, ACCOUNT)
    verdicts.save("batch_1", "x", kept)
    # As an earlier version wrote it.
    database.execute("UPDATE verdicts SET doubted = 1")
    assert not kept.doubts("batch_1") and not verdicts.doubted()


@pytest.mark.parametrize("answer", ["", "{}", "[]", '{"verdict": 3, "finishes": {}}', "\x00"])
def test_a_verdict_that_cannot_be_read_is_none(database: sqlite3.Connection, answer: str) -> None:
    database.execute(
        "INSERT INTO verdicts (account, batch_id, basis, doubted, answer) VALUES (?, 'batch_1', '4 x', 1, ?)",
        (ACCOUNT, answer),
    )
    assert Verdicts(database, ACCOUNT).load("batch_1", "x") is None


def test_the_oldest_verdicts_go_but_not_the_doubtful(
    tmp_path: Path, database: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.store.checks._MOST", 3)
    asked = write(tmp_path / "in.jsonl", request("a"), request("b"))
    output = write(tmp_path / "out.jsonl", good("b"), good("a"))
    verdicts = Verdicts(database, ACCOUNT)
    verdicts.save("bad", "x", kept_of(judged(asked, output, None, 5, 5, 0)))
    for number in range(6):
        verdicts.save(f"good {number}", "x", kept_of(judged(asked, output, None, 2, 2, 0)))
    left = {row[0] for row in database.execute("SELECT batch_id FROM verdicts")}
    assert left == {"bad", "good 3", "good 4", "good 5"}
