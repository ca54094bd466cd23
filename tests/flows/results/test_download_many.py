"""Many batches, each with an end of its own."""

import errno
import os
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import KEY, MakeInput
from tests.flows.results.test_download import completed
from tui.batches.batch import Batch, Status
from tui.client.address import Address
from tui.client.api import Wire
from tui.demo.server import DemoServer
from tui.flows.results.download import Part, result_path
from tui.flows.results.download_many import Failed, Fetched, Fetching, collect_each

FolderOf = Callable[[str], Path]


@pytest.fixture
def folder_of(tmp_path: Path) -> FolderOf:
    return lambda batch_id: tmp_path / "results" / batch_id


async def run(wire: Wire, folder_of: FolderOf, *batches: Batch) -> list[Fetched | Failed]:
    steps = [step async for step in collect_each(deque(batches), wire=wire, folder_of=folder_of)]
    return [step for step in steps if not isinstance(step, Fetching)]


async def test_each_to_its_folder(demo: DemoServer, wire: Wire, make_input: MakeInput, folder_of: FolderOf) -> None:
    one, other = [await completed(demo, wire, make_input, 50, failure_rate=rate) for rate in (0.0, 0.4)]
    ends = await run(wire, folder_of, one, other)
    for end, batch in zip(ends, (one, other), strict=True):
        assert isinstance(end, Fetched)
        assert (end.batch, end.folder, end.new) == (batch, folder_of(batch.id), True)
        assert end.bytes == sum(path.stat().st_size for path in end.folder.iterdir())
    assert [len(list(folder_of(batch.id).iterdir())) for batch in (one, other)] == [1, 2]
    (again,) = await run(wire, folder_of, one)
    assert isinstance(again, Fetched)
    assert not again.new


async def test_what_has_no_results(wire: Wire, folder_of: FolderOf) -> None:
    running = Batch("a", Status.IN_PROGRESS, "in_progress", output_file_id="x")
    failed = Batch("b", Status.FAILED, "failed")
    ends = await run(wire, folder_of, running, failed)
    assert [end.error.sentence for end in ends if isinstance(end, Failed)] == [
        "It is still in_progress: there are no results yet.", "It is failed, and has no result files.",
    ]  # fmt: skip


async def test_one_that_has_expired_does_not_keep_the_others(
    demo: DemoServer, wire: Wire, make_input: MakeInput, folder_of: FolderOf
) -> None:
    good = await completed(demo, wire, make_input, 30, failure_rate=0.5)
    gone = replace(good, id="gone", output_file_id="file-none")
    first, second = await run(wire, folder_of, gone, good)
    assert isinstance(first, Failed)
    assert first.error.sentence == "The output file is no longer on the server: it expired or was deleted."
    assert isinstance(second, Fetched)
    assert not first.again
    # What there still is of it is here.
    assert [path.name for path in folder_of("gone").iterdir()] == ["gone.errors.jsonl"]


async def test_no_folder_is_left_where_nothing_came(demo: DemoServer, wire: Wire, folder_of: FolderOf) -> None:
    gone = Batch("gone", Status.COMPLETED, "completed", output_file_id="file-none")
    (end,) = await run(wire, folder_of, gone)
    assert isinstance(end, Failed)
    assert not folder_of("gone").exists()


async def test_without_a_server_one_failure_is_enough(folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.flows.results.download._TRIES", 0)
    wire = await Wire.connect(Address("http://127.0.0.1:1/v1", KEY))
    batches = [Batch(name, Status.COMPLETED, "completed", output_file_id="x") for name in "abc"]
    ends = await run(wire, folder_of, *batches)
    assert [(end.batch.id, end.tried) for end in ends if isinstance(end, Failed)] == [
        ("a", True), ("b", False), ("c", False),
    ]  # fmt: skip
    assert all(end.again for end in ends if isinstance(end, Failed))
    # Neither file of the first, and no other batch.
    assert wire.calls <= 2
    await wire.close()


async def test_a_full_disk_ends_it_for_all(
    demo: DemoServer, wire: Wire, make_input: MakeInput, folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await completed(demo, wire, make_input, 30, failure_rate=0.5)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        ends = await run(wire, folder_of, good, replace(good, id="next"))
    assert [(isinstance(end, Failed), getattr(end, "tried", None)) for end in ends] == [(True, True), (True, False)]
    assert demo.calls["files.content"] == 1
    (end,) = await run(wire, folder_of, good)
    assert isinstance(end, Fetched)
    assert result_path(folder_of(good.id), good.id, Part.OUTPUT).exists()


async def test_more_may_come_meanwhile(
    demo: DemoServer, wire: Wire, make_input: MakeInput, folder_of: FolderOf
) -> None:
    good = await completed(demo, wire, make_input)
    waiting, ends = deque([good]), []
    async for step in collect_each(waiting, wire=wire, folder_of=folder_of):
        if isinstance(step, Fetched):
            ends.append(step.batch.id)
            if len(ends) == 1:
                demo.faults.clear()
                waiting.append(replace(good, id="later"))
    assert ends == [good.id, "later"]
