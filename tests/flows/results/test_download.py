"""Result files come home whole, or not at all."""

import asyncio
import errno
import gzip
import os
import re
import resource
import stat
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import CHAT, KEY, MakeInput, OddServer, http
from tui.batches.batch import Batch, Counts, Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.client.errors import Kind, WireError
from tui.client.models import batch_from
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.results.download import Absent, Downloaded, Downloading, Part, collect, result_path

DONE = Batch("batch_1", Status.COMPLETED, "completed", input_file_id="in", output_file_id="out", error_file_id="err")


async def run(batch: Batch, folder: Path, wire: Wire, **more: Any) -> list[Downloading | Downloaded | Absent]:
    return [step async for step in collect(batch, folder, wire=wire, **more)]


def ends(steps: list[Downloading | Downloaded | Absent]) -> list[Downloaded | Absent]:
    return [step for step in steps if not isinstance(step, Downloading)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "results"


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def completed(
    demo: DemoServer, wire: Wire, make_input: MakeInput, requests: int = 5, failure_rate: float = 0.0, **body: Any
) -> Batch:
    """A batch that is over, on the server."""
    demo.knobs.failure_rate = failure_rate
    demo.knobs.pace = 1000.0
    stored = await wire.upload(make_input(requests, **body), "sums.jsonl", lambda _done, _total: None)
    made = await wire.create_batch(input_file_id=stored.id, endpoint=CHAT, metadata={})
    demo.clock.jump(2000)
    batch = batch_from(await wire.retrieve_batch(made["id"]))
    assert batch is not None
    assert batch.status is Status.COMPLETED
    return batch


async def test_a_refusal_in_place_of_a_file_is_not_kept(odd: OddServer, odd_wire: Wire, folder: Path) -> None:
    """It comes with a good status and a true length."""
    batch = replace(DONE, error_file_id=None)
    refusal = '{"error": {"message": "The file is being moved.", "code": "moving"}}'
    odd.answers = [lambda head: http(refusal if "/content" in head else '{"id": "out"}')]
    with pytest.raises(WireError, match=r"The file is being moved\.") as failed:
        await run(batch, folder, odd_wire)
    assert failed.value.code == "moving"
    assert not files(folder)
    # A single result that failed begins the same way.
    line = '{"error": {"message": "Too long.", "code": "long"}, "custom_id": "a", "response": null}'
    odd.answers = [lambda head: http(line if "/content" in head else '{"id": "out"}')]
    (end,) = [step for step in ends(await run(batch, folder, odd_wire)) if isinstance(step, Downloaded)]
    assert end.path.read_text() == line


async def test_both_files(demo: DemoServer, wire: Wire, make_input: MakeInput, folder: Path) -> None:
    batch = await completed(demo, wire, make_input, 200, failure_rate=0.3)
    output, errors = ends(await run(batch, folder, wire))
    assert isinstance(output, Downloaded)
    assert isinstance(errors, Downloaded)
    assert (output.part, errors.part) == (Part.OUTPUT, Part.ERRORS)
    assert output.fetched
    assert output.path == folder / f"{batch.id}.output.jsonl"
    assert output.bytes == output.path.stat().st_size
    lines = output.path.read_bytes().count(b"\n") + errors.path.read_bytes().count(b"\n")
    assert lines == 200
    assert errors.path.read_bytes().count(b"\n") > 20
    # Nothing else is left there.
    assert set(files(folder)) == {output.path, errors.path}
    assert mode(folder) == 0o700
    # Again: it is there already.
    before = demo.calls["files.content"]
    again = ends(await run(batch, folder, wire))
    assert again == [replace(output, fetched=False), replace(errors, fetched=False)]
    assert demo.calls["files.content"] == before


async def test_absent_files(demo: DemoServer, wire: Wire, make_input: MakeInput, folder: Path) -> None:
    batch = await completed(demo, wire, make_input)
    output, errors = ends(await run(batch, folder, wire))
    assert isinstance(output, Downloaded)
    assert errors == Absent(Part.ERRORS)
    assert await run(replace(batch, output_file_id=None), folder, wire) == [Absent(Part.OUTPUT), Absent(Part.ERRORS)]


async def test_the_input_file(demo: DemoServer, wire: Wire, make_input: MakeInput, folder: Path) -> None:
    batch = await completed(demo, wire, make_input)
    (only,) = ends(await run(batch, folder, wire, parts=[Part.INPUT]))
    assert isinstance(only, Downloaded)
    assert only.path.read_bytes() == make_input(5).read_bytes()


async def big(demo: DemoServer, wire: Wire, tmp_path: Path, size: int = 5_000_000) -> tuple[Batch, bytes]:
    """A batch whose output is a file of random bytes."""
    content = os.urandom(size)
    path = tmp_path / "content.jsonl"
    path.write_bytes(content)
    stored = await wire.upload(path, "content.jsonl", lambda _done, _total: None)
    return replace(DONE, output_file_id=stored.id, error_file_id=None), content


@pytest.mark.parametrize("kind", ["truncate", "drop_before", "server_error", "rate_limit", "html"])
async def test_a_broken_connection_is_gone_on_with(  # noqa: PLR0917  (fixtures)
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path, kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, content = await big(demo, wire, tmp_path)
    demo.faults.add(Fault("files.content", kind, after_bytes=2_000_000, retry_after=0.05))
    steps = await run(batch, folder, wire)
    (end, _) = ends(steps)
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content
    progress = [step for step in steps if isinstance(step, Downloading)]
    assert progress[-1].done == len(content)
    assert {step.total for step in progress} == {len(content)}
    assert demo.calls["files.content"] == 2


async def test_what_an_earlier_run_left_is_gone_on_with(
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path
) -> None:
    batch, content = await big(demo, wire, tmp_path)
    demo.faults.add(Fault("files.content", "truncate", after_bytes=2_000_000))
    demo.faults.add(Fault("files.content", "status", status=403))
    with pytest.raises(WireError):
        await run(batch, folder, wire)
    (partial,) = files(folder)
    assert partial.name.startswith(f".{batch.id}.output.jsonl.")
    left = partial.stat().st_size
    assert content.startswith(partial.read_bytes())
    steps = await run(batch, folder, wire)
    assert isinstance(steps[0], Downloading)
    assert steps[0].done > left
    (end, _) = ends(steps)
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content
    assert files(folder) == [end.path]


async def test_given_up_in_the_middle(demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path) -> None:
    batch, content = await big(demo, wire, tmp_path)
    steps = collect(batch, folder, wire=wire)
    async for step in steps:
        if isinstance(step, Downloading):
            break
    await steps.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert not result_path(folder, batch.id, Part.OUTPUT).exists()
    (end, _) = ends(await run(batch, folder, wire))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content


async def test_two_at_once_do_not_write_over_each_other(
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path
) -> None:
    batch, content = await big(demo, wire, tmp_path)
    demo.faults.add(Fault("files.content", "slow", bytes_per_s=20_000_000))
    both = await asyncio.gather(run(batch, folder, wire), run(batch, folder, wire))
    (one, _), (other, _) = map(ends, both)
    assert isinstance(one, Downloaded)
    assert isinstance(other, Downloaded)
    assert {one.fetched, other.fetched} == {True, False}
    assert one.path.read_bytes() == content
    assert files(folder) == [one.path]
    assert demo.calls["files.content"] == 1


async def test_the_next_takes_over_from_one_that_is_given_up(
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path
) -> None:
    batch, content = await big(demo, wire, tmp_path)
    demo.faults.add(Fault("files.content", "slow", bytes_per_s=4_000_000))
    async with aclosing(collect(batch, folder, wire=wire)) as first:  # type: ignore[type-var]  # it is a generator
        assert isinstance(await anext(first), Downloading)
        second = asyncio.ensure_future(run(batch, folder, wire))
        await asyncio.sleep(0.05)
    (end, _) = ends(await second)
    assert isinstance(end, Downloaded)
    assert end.fetched
    assert end.path.read_bytes() == content
    assert files(folder) == [end.path]


async def test_a_server_that_sends_another_part_than_asked(
    odd: OddServer, odd_wire: Wire, folder: Path, hasty: None
) -> None:
    """It would leave a hole, of the right length."""
    whole, broken = b"0123456789" * 1000, cut(b"0123456789" * 1000, 4000)[0]
    later = http(whole[6000:], "206 Partial Content", Content_Range="bytes 6000-9999/10000")
    odd.answers = [broken, later, http(whole), http('{"id": "out", "bytes": 10000}')]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == whole
    assert ["range" in head.lower() for head in odd.heads] == [False, True, False, False]


async def test_a_part_that_begins_earlier_than_asked(odd: OddServer, odd_wire: Wire, folder: Path, hasty: None) -> None:
    whole, broken = b"0123456789" * 1000, cut(b"0123456789" * 1000, 4000)[0]
    earlier = http(whole[1024:], "206 Partial Content", Content_Range="bytes 1024-9999/10000")
    odd.answers = [broken, earlier, http('{"id": "out", "bytes": 10000}')]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == whole


@pytest.mark.parametrize("status", list(Status))
async def test_whatever_became_of_the_batch(
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path, status: Status
) -> None:
    """A failed or expired one may have files too, and they are billed."""
    batch, content = await big(demo, wire, tmp_path, 1000)
    (end, _) = ends(await run(replace(batch, status=status), folder, wire))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content


async def test_whole_but_for_its_name(demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path) -> None:
    """An earlier run died between the last byte and the name."""
    batch, content = await big(demo, wire, tmp_path, 1000)
    demo.faults.add(Fault("files.content", "truncate", after_bytes=500))
    demo.faults.add(Fault("files.content", "status", status=403))
    with pytest.raises(WireError):
        await run(batch, folder, wire)
    (partial,) = files(folder)
    partial.write_bytes(content)
    (end, _) = ends(await run(batch, folder, wire))
    assert isinstance(end, Downloaded)
    assert (end.bytes, end.path.read_bytes()) == (1000, content)


async def test_an_empty_file(odd: OddServer, odd_wire: Wire, folder: Path) -> None:
    odd.say(b"")
    odd.say('{"id": "out", "bytes": 0}')
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert (end.bytes, end.path.read_bytes()) == (0, b"")


def cut(content: bytes, *lengths: int) -> list[Any]:
    """Answers without Range, of which each breaks off after so many bytes; the last is whole."""
    whole = http(content)
    head = len(whole) - len(content)
    return [*(whole[: head + length] for length in lengths), whole]


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wait between two tries."""

    async def now(_seconds: float) -> None:
        return

    monkeypatch.setattr("tui.flows.results.download.asyncio.sleep", now)


async def test_a_server_without_range(odd: OddServer, odd_wire: Wire, folder: Path, hasty: None) -> None:
    odd.answers = [*cut(b"0123456789" * 1000, 4000, 2000), http('{"id": "out", "bytes": 10000}')]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == b"0123456789" * 1000
    assert len(odd.heads) == 4


async def test_a_server_without_range_that_never_gets_through(
    odd: OddServer, odd_wire: Wire, folder: Path, hasty: None
) -> None:
    """Now more, now less comes; it ends all the same."""
    odd.answers = [answer for _ in range(20) for answer in cut(b"x" * 10000, 2000, 5000, 1000)[:-1]]
    with pytest.raises(WireError, match="broke off"):
        await run(DONE, folder, odd_wire, parts=[Part.OUTPUT])
    assert len(odd.heads) < 12
    assert not result_path(folder, DONE.id, Part.OUTPUT).exists()


@pytest.mark.parametrize("told", ['{"id": "out", "bytes": 9999}', '{"id": "out", "bytes": 10001}'])
async def test_another_length_than_said(odd: OddServer, odd_wire: Wire, folder: Path, told: str) -> None:
    odd.answers = [http(b"0123456789" * 1000), http(told)]
    with pytest.raises(LazybatchError, match=r"^The output file came with 10,000 of (9,999|10,001) bytes") as failed:
        await run(DONE, folder, odd_wire, parts=[Part.OUTPUT])
    assert failed.value.exit_code == 1
    assert files(folder) == []


@pytest.mark.parametrize("told", ["404 No", "500 Oh"])
async def test_a_provider_that_does_not_tell_the_length(
    odd: OddServer, odd_wire: Wire, folder: Path, told: str
) -> None:
    odd.answers = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", http("{}", told)]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == b"abc"


@pytest.mark.parametrize("status", [404, 410])
async def test_a_file_that_is_gone(demo: DemoServer, wire: Wire, folder: Path, status: int) -> None:
    demo.faults.add(Fault("files.content", "status", status=status))
    with pytest.raises(LazybatchError) as failed:
        await run(DONE, folder, wire)
    assert failed.value.sentence == "The output file is no longer on the server: it expired or was deleted."
    assert failed.value.exit_code == 1
    assert files(folder) == []


@pytest.mark.parametrize(("status", "kind"), [(401, Kind.UNAUTHORIZED), (403, Kind.FORBIDDEN), (400, Kind.REFUSED)])
async def test_a_refusal_is_not_repeated(demo: DemoServer, wire: Wire, folder: Path, status: int, kind: Kind) -> None:
    demo.faults.add(Fault("files.content", "status", status=status, times=None))
    with pytest.raises(WireError) as failed:
        await run(DONE, folder, wire)
    assert failed.value.kind is kind
    assert demo.calls["files.content"] == 1


async def test_no_server(folder: Path, hasty: None) -> None:
    wire = await Wire.connect(Address("http://127.0.0.1:1/v1", KEY))
    with pytest.raises(WireError, match="connection refused"):
        await run(DONE, folder, wire)
    assert wire.calls == 5
    await wire.close()


async def test_a_long_wait_is_an_answer(demo: DemoServer, wire: Wire, folder: Path) -> None:
    demo.faults.add(Fault("files.content", "rate_limit", retry_after=3600))
    with pytest.raises(WireError, match="asks for fewer requests"):
        await run(DONE, folder, wire)
    assert demo.calls["files.content"] == 1


# The disk


async def test_a_full_disk(
    demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, content = await big(demo, wire, tmp_path)
    real = os.fsync

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LazybatchError, match=r"^Cannot write .*output\.jsonl: No space left on device\.$") as failed:
        await run(batch, folder, wire)
    # Nothing is wrong with the batch.
    assert failed.value.exit_code == 2
    assert not result_path(folder, batch.id, Part.OUTPUT).exists()
    monkeypatch.setattr(os, "fsync", real)
    (end, _) = ends(await run(batch, folder, wire))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content


async def test_a_disk_that_takes_no_more(demo: DemoServer, wire: Wire, tmp_path: Path, folder: Path) -> None:
    batch, content = await big(demo, wire, tmp_path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, limits[1]))
    try:
        with pytest.raises(LazybatchError, match=r"^Cannot write .*output\.jsonl: File too large\.$"):
            await run(batch, folder, wire)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    (partial,) = files(folder)
    assert content.startswith(partial.read_bytes())
    (end, _) = ends(await run(batch, folder, wire))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == content


@pytest.mark.parametrize("where", ["/proc/lazybatch", "/dev/null/x"])
async def test_a_folder_that_cannot_be_made(wire: Wire, where: str) -> None:
    with pytest.raises(LazybatchError, match=rf"^Cannot write {where}/batch_1\.output\.jsonl: "):
        await run(DONE, Path(where), wire)


async def test_a_folder_that_may_not_be_written(wire: Wire, tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    os.chmod(tmp_path, 0o500)  # noqa: PTH101  (pathlib's would be called blocking)
    with pytest.raises(LazybatchError, match=r"Permission denied\.$"):
        await run(DONE, tmp_path / "x", wire)


# Names


@pytest.mark.parametrize(
    "odd_id",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "a/b",
        "a\\b",
        "a b",
        "-rf",
        ".hidden",
        "x" * 101,
        "é",
        "a\0b",
        "␛[2J",
    ],
)
def test_an_odd_id_never_chooses_a_path(tmp_path: Path, odd_id: str) -> None:
    path = result_path(tmp_path, odd_id, Part.OUTPUT)
    assert path.parent == tmp_path
    assert path.name.startswith("batch-")
    assert path.name.endswith(".output.jsonl")
    assert path.name.isascii()
    assert len(path.name) < 60
    assert path != result_path(tmp_path, odd_id + "x", Part.OUTPUT)


def test_plain_ids_keep_their_names(tmp_path: Path) -> None:
    for plain in ("batch_abc", "6f1e6a3c-3f3b-4d9e-9a53-0a6f4b7c1d2e", "x" * 100):
        assert result_path(tmp_path, plain, Part.ERRORS) == tmp_path / f"{plain}.errors.jsonl"


async def test_odd_ids_of_a_server(odd: OddServer, odd_wire: Wire, folder: Path) -> None:
    odd.answers = [http(b"abc"), http('{"id": "out", "bytes": 3}')]
    batch = replace(DONE, id="../../up", output_file_id="../out")
    (end,) = ends(await run(batch, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.parent == folder
    assert odd.heads[0].split()[1] == "/v1/files/..%2Fout/content"


# What says that a file is whole

COUNTED = replace(DONE, error_file_id=None, counts=Counts(4, 4, 0))
LINES = b"".join(b'{"custom_id": "%d", "response": {}, "error": null}\n' % number for number in range(4))
NO_FILES = http("{}", "500 Oh")


def unmeasured(content: bytes, *more: str) -> bytes:
    """An answer that ends with the connection, of any length."""
    return "\r\n".join(["HTTP/1.1 200 OK", "Connection: close", *more, "", ""]).encode() + content


@pytest.mark.parametrize("cut_at", [0, 20, len(LINES) // 2])
async def test_a_cut_file_is_unfinished_and_fetched_anew(
    odd: OddServer, odd_wire: Wire, folder: Path, cut_at: int
) -> None:
    odd.answers = [unmeasured(LINES[:cut_at]), NO_FILES]
    (end, _) = ends(await run(COUNTED, folder, odd_wire))
    assert isinstance(end, Downloaded)
    assert "may be cut" in end.doubt and "the server counts 4" in end.doubt
    assert end.path == folder / "batch_1.output.unfinished.jsonl"
    assert not result_path(folder, "batch_1", Part.OUTPUT).exists()
    # As short again: the longer one stays.
    odd.answers = [unmeasured(LINES[:5]), NO_FILES]
    (end, _) = ends(await run(COUNTED, folder, odd_wire))
    assert isinstance(end, Downloaded)
    assert end.doubt and end.path.read_bytes() == LINES[: max(cut_at, 5)]
    # Its lines say that it is whole.
    odd.answers = [unmeasured(LINES), NO_FILES]
    (end, _) = ends(await run(COUNTED, folder, odd_wire))
    assert isinstance(end, Downloaded)
    assert (end.doubt, end.path.read_bytes()) == ("", LINES)
    assert files(folder) == [result_path(folder, "batch_1", Part.OUTPUT)]


async def test_without_length_and_counts_nothing_is_said_to_be_whole(
    odd: OddServer, odd_wire: Wire, folder: Path
) -> None:
    odd.answers = [unmeasured(LINES), NO_FILES]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.doubt.startswith("The output file may be cut: the server tells neither its length nor")
    # Gone by then, what came is all that there is.
    odd.answers = [http("{}", "404 No")]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert "no longer on the server" in end.doubt and end.path.read_bytes() == LINES


async def test_the_length_of_an_encoded_answer_says_nothing(odd: OddServer, odd_wire: Wire, folder: Path) -> None:
    odd.answers = [http(gzip.compress(LINES), Content_Encoding="gzip"), NO_FILES]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.doubt and end.path.read_bytes() == LINES
    odd.answers = [http(gzip.compress(LINES), Content_Encoding="gzip"), http(f'{{"id": "out", "bytes": {len(LINES)}}}')]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert not end.doubt


async def test_a_server_that_sends_parts_of_what_was_asked(
    odd: OddServer, odd_wire: Wire, folder: Path, hasty: None
) -> None:
    whole = os.urandom(10_000)

    def some(head: str) -> bytes:
        if "/content" not in head:
            return NO_FILES
        asked = re.search(r"bytes=(\d+)-", head)
        start = int(asked[1]) if asked else 0
        end = min(start + 3000, len(whole))
        return http(whole[start:end], "206 Partial Content", Content_Range=f"bytes {start}-{end - 1}/{len(whole)}")

    odd.answers = [some]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert (end.doubt, end.path.read_bytes()) == ("", whole)


@pytest.mark.parametrize("other", ["tail", "reused"])
async def test_what_is_gone_on_with_is_the_same_file(
    odd: OddServer, odd_wire: Wire, folder: Path, hasty: None, other: str
) -> None:
    """The rest under a status that says all, and another file under the same id."""
    one, two = os.urandom(10_000), os.urandom(10_000)
    whole = one if other == "tail" else two

    def answer(head: str) -> bytes:
        if "/content" not in head:
            return NO_FILES
        asked = re.search(r"bytes=(\d+)-", head)
        if asked is None:
            return http(whole)
        rest = whole[int(asked[1]) :]
        told = f"bytes {asked[1]}-{len(whole) - 1}/{len(whole)}"
        return http(rest) if other == "tail" else http(rest, "206 Partial Content", Content_Range=told)

    odd.answers = [cut(one, 4000)[0], answer]
    (end,) = ends(await run(DONE, folder, odd_wire, parts=[Part.OUTPUT]))
    assert isinstance(end, Downloaded)
    assert end.path.read_bytes() == whole


async def test_what_was_kept_is_fetched_anew_where_that_is_asked_for(
    odd: OddServer, odd_wire: Wire, folder: Path
) -> None:
    kept = result_path(folder, "batch_1", Part.OUTPUT)
    odd.answers = [http(LINES[:50]), NO_FILES]
    await run(COUNTED, folder, odd_wire, parts=[Part.OUTPUT])
    odd.heads.clear()
    odd.answers = [http('{"id": "out", "bytes": 50}')]
    (end,) = ends(await run(COUNTED, folder, odd_wire, parts=[Part.OUTPUT], anew=True))
    assert isinstance(end, Downloaded)
    assert (end.fetched, end.bytes, len(odd.heads)) == (False, 50, 1)
    # A refusal keeps what is there.
    odd.answers = [http('{"id": "out", "bytes": 200}'), http("{}", "403 No")]
    with pytest.raises(WireError):
        await run(COUNTED, folder, odd_wire, parts=[Part.OUTPUT], anew=True)
    assert kept.read_bytes() == LINES[:50]
    odd.answers = [lambda head: http(LINES) if "/content" in head else NO_FILES]
    (end,) = ends(await run(COUNTED, folder, odd_wire, parts=[Part.OUTPUT], anew=True))
    assert isinstance(end, Downloaded)
    assert (end.fetched, end.doubt, kept.read_bytes()) == (True, "", LINES)
