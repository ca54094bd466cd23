"""One account at work: remembered batches first, then the server; input files found where they are."""

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from tests.conftest import CHAT, Validated
from tui.batches.batch import Batch
from tui.demo.server import DemoServer
from tui.errors import LazybatchError
from tui.flows.account import Session
from tui.flows.monitor import Offline, Seen
from tui.flows.submit.steps import Created, Order
from tui.flows.submit.submit import submit
from tui.requests.validate import Report
from tui.settings.profiles import Profile


async def submitted(session: Session, report: Report) -> Batch:
    async for step in submit(Order(report, CHAT, {}), wire=session.wire, journal=session.journal):
        if isinstance(step, Created):
            return step.batch
    raise AssertionError("no batch was created")


def rounds(session: Session) -> AsyncGenerator[Seen | Offline]:
    return cast("AsyncGenerator[Seen | Offline]", session.steps())


async def test_before_it_is_connected(profile: Profile, tmp_path: Path) -> None:
    session = Session(profile, tmp_path / "state")
    assert (len(session.book), session.seen_at, session.answer("b")) == (0, None, None)
    with pytest.raises(LazybatchError, match=rf"^Still connecting to {profile.host}: try again in a moment\.$"):
        _ = session.wire
    session.refresh()
    await session.close()


@pytest.mark.parametrize("remembered", [59, 60, 200])
async def test_a_start_reads_a_screen_first_and_says_so(profile: Profile, tmp_path: Path, remembered: int) -> None:
    first = Session(profile, tmp_path / "state")
    rows = [
        (f"batch_{number}", number, {"id": f"batch_{number}", "created_at": number}) for number in range(remembered)
    ]
    first._cache.save(rows, 1.0)
    await first.close()
    later = Session(profile, tmp_path / "state")
    assert (len(later.book), later.partial) == (min(60, remembered), remembered >= 60)
    await later.connect()
    assert (len(later.book), later.partial) == (remembered, False)
    await later.close()


async def test_without_a_key(profile: Profile, tmp_path: Path) -> None:
    session = Session(replace(profile, key=None, key_env="LAB_KEY"), tmp_path / "state")
    with pytest.raises(LazybatchError, match=r"^No API key: set LAB_KEY\.$"):
        await session.connect()
    await session.close()


async def test_what_was_seen_is_there_at_the_next_start(
    session: Session, profile: Profile, validated: Validated, demo: DemoServer
) -> None:
    batch = await submitted(session, validated())
    async with aclosing(rounds(session)) as steps:
        step = await anext(steps)
    assert isinstance(step, Seen)
    assert session.seen_at == step.at
    calls = dict(demo.calls)
    later = Session(profile, session.folder)
    assert [found.id for found in later.book] == [batch.id]
    assert later.seen_at is not None
    assert abs(later.seen_at - step.at) < 1
    assert (later.answer(batch.id) or {})["id"] == batch.id
    await later.close()
    other = Session(replace(profile, project="another"), session.folder)
    assert len(other.book) == 0
    assert other.results_folder != session.results_folder
    await other.close()
    assert demo.calls == calls


async def test_the_input_file_that_was_submitted(session: Session, validated: Validated, demo: DemoServer) -> None:
    report = validated(3, "mine.jsonl")
    batch = await submitted(session, report)
    assert await session.input_of(batch) == report.path
    assert await session.input_here(batch) == report.path
    assert "files.content" not in demo.calls
    await session.learn_own_names()
    assert session.names.name_of(batch) == "mine.jsonl"
    assert await session.recent_files(5) == [str(report.path)]


@pytest.mark.parametrize("change", ["content", "length", "gone"])
async def test_an_input_file_that_changed_since_is_downloaded(
    session: Session, validated: Validated, change: str
) -> None:
    report = validated()
    content = report.path.read_bytes()
    batch = await submitted(session, report)
    if change == "gone":
        report.path.unlink()
    else:
        report.path.write_bytes(content[::-1] if change == "content" else content + b"\n")
    assert await session.input_here(batch) is None
    found = await session.input_of(batch)
    assert found is not None
    assert found.parent == session.results_folder
    assert found.read_bytes() == content
    assert await session.input_here(batch) == found


def test_each_batch_in_a_folder_of_its_own_where_its_user_chose_one(tmp_path: Path, session: Session) -> None:
    assert session.folder_of("batch_1") == session.results_folder
    chosen = replace(session.profile, name="../prod", downloads=tmp_path / "chosen")
    other = Session(chosen, tmp_path / "other")
    assert other.folder_of("batch_1") == tmp_path / "chosen" / "prod" / "batch_1"
    odd = other.folder_of("../../x")
    assert odd.parent == tmp_path / "chosen" / "prod"
    assert odd.name.startswith("batch-")


async def test_a_batch_without_an_input_file(session: Session, validated: Validated) -> None:
    batch = await submitted(session, validated())
    stranger = replace(batch, id="batch_other", input_file_id=None)
    assert await session.input_of(stranger) is None


async def test_names_of_files_are_safe_to_show(session: Session, validated: Validated) -> None:
    batch = await submitted(session, validated(2, os.fsdecode(b"caf\xe9 \x1b.jsonl")))
    await session.learn_own_names()
    assert session.names.name_of(batch) == "caf� ␛.jsonl"
