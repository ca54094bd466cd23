"""Before anything is sent: what is refused, where, and why."""

import json
import os
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import desk, request, write
from tui.demo.server import DemoServer
from tui.requests.limits import Limits
from tui.ui.screens.submit.screen import Submit

_PATHS = ("~nobody-of-that-name/x.jsonl", "x" * 300, "a\x00b.jsonl", "/dev/null", "/proc/self/mem")


async def test_the_screen_is_drawn_before_the_file_is_read(
    server: DemoServer, tmp_path: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(samples / "good.jsonl", 3)
    drawn: list[bool] = []
    validate = Submit.action_validate
    async with desk(server, tmp_path, samples=samples) as home:

        def noted(screen: Submit) -> None:
            drawn.append("new batch › good.jsonl" in home.text)
            validate(screen)

        monkeypatch.setattr(Submit, "action_validate", noted)
        await home.pick("good.jsonl")
        await home.until("Ready to submit.")
    assert drawn == [True]


async def test_problems_are_listed_and_gone_once_mended(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("problems.jsonl")
        await home.until("problems")
        await home.until("Nothing is sent while there are problems.")
        assert "✗ 1" in home.lines[1]
        for line, code in (
            (2, "invalid_json_line"), (3, "duplicate_custom_id"), (4, "invalid_url"), (7, "invalid_type"),
        ):  # fmt: skip
            row = home.line(code)
            assert row.split()[:2] == [str(line), code]
        assert "review-1" in home.line("duplicate_custom_id")
        # The row under the cursor in full.
        await home.press("j")
        await home.until("is a duplicate of another request. The custom_id parameter must be unique")
        # Nothing can be sent.
        assert "submit" not in home.bottom
        await home.press("ctrl+s")
        assert "y yes" not in home.bottom
        (samples / "problems.jsonl").write_bytes(request(1) + request(2))
        await home.press("r")
        await home.until("Ready to submit.")
        assert "✓ 2 requests" in home.lines[1] and "submit" in home.bottom
        # And back: the form makes way for the table again.
        (samples / "problems.jsonl").write_bytes(b"{}\n")
        await home.press("escape")
        await home.until(lambda: home.room == "Pick")
        assert server.calls.get("files.create", 0) == 0


@pytest.mark.parametrize("name", ["empty.jsonl", "folder.jsonl", "missing.jsonl"])
async def test_what_cannot_be_a_batch_says_why(server: DemoServer, tmp_path: Path, samples: Path, name: str) -> None:
    (samples / "folder.jsonl").mkdir()
    async with desk(server, tmp_path, samples=samples) as home:
        await home.press("n")
        await home.until("empty.jsonl")
        await home.press("slash")
        await home.type(name)
        if name == "folder.jsonl":
            # The name is a folder's while it is chosen, and a file's path all the same: it is gone into.
            await home.press("enter")
            await home.until(lambda: "folder.jsonl/" in home.lines[1])
            return
        await home.press("enter")
        if name != "empty.jsonl":
            await home.told("No such file or directory")
            assert home.room == "Pick" and home.lines[1].rstrip().endswith(name)
            return
        await home.until(lambda: home.room == "Submit")
        await home.until("empty")
        assert "submit" not in home.bottom
        await home.press("ctrl+s", "r", "A", "x")
        await home.settle()
        assert home.room == "Submit" and "y yes" not in home.text
        assert server.calls.get("files.create", 0) == 0


@pytest.mark.parametrize("typed", _PATHS)
async def test_a_path_that_cannot_be_is_told(server: DemoServer, tmp_path: Path, samples: Path, typed: str) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.press("n")
        await home.until("empty.jsonl")
        await home.press("slash")
        home.app.screen.query_one("#path").value = typed  # type: ignore[attr-defined]  # an Input, as one pastes into it
        await home.press("enter")
        await home.until("Cannot read")
        await home.press("escape", "escape", "escape")
        await home.until(lambda: home.room == "Home")


async def test_a_pipe_is_refused_and_does_not_hang(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    os.mkfifo(samples / "pipe.jsonl")
    async with desk(server, tmp_path, samples=samples) as home:
        await home.press("n")
        await home.until("empty.jsonl")
        await home.press("slash")
        await home.type("pipe.jsonl")
        await home.press("enter")
        await home.until("no plain file")


async def test_a_file_that_goes_or_changes_after_validation_is_not_sent(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        for name in ("gone.jsonl", "other.jsonl"):
            path = write(samples / name, 3)
            await home.pick(name)
            await home.until("Ready to submit.")
            await home.press("ctrl+s")
            await home.until("y yes")
            if name == "gone.jsonl":
                path.unlink()
            else:
                path.write_bytes(request(1) + request(2))
            await home.press("y")
            await home.until("has changed or gone since it was validated")
            assert "submit" in home.bottom and "stop" not in home.bottom
            await home.press("escape", "escape")
            await home.until(lambda: home.room == "Home")
        assert (server.calls.get("files.create", 0), api.batches(server)) == (0, [])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("team", "is not of the form key=value"),
        ("=search", "is not of the form key=value"),
        ("lazybatch_submission=x", "lazybatch's own"),
        ("k" * 70 + "=1", "has over 64 characters"),
        ("team=" + "v" * 520, "has over 512 characters"),
        (",".join(f"k{number}=1" for number in range(16)), "at most 13 pairs"),
    ],
)
async def test_metadata_that_is_wrong_is_told(
    server: DemoServer, tmp_path: Path, samples: Path, typed: str, told: str
) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        home.app.screen.query_one("#metadata").value = typed  # type: ignore[attr-defined]  # an Input
        await home.press("ctrl+s")
        await home.told(told)
        assert "y yes" not in home.bottom and server.calls.get("files.create", 0) == 0


async def test_metadata_reaches_the_batch(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        await home.press("tab")
        await home.type("team=search, run=7")
        await home.press("enter")
        await home.until("y yes")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        metadata = api.batches(server)[0]["metadata"]
        del metadata["lazybatch_submission"], metadata["lazybatch_content"]
        assert metadata == {"description": "reviews-200", "team": "search", "run": "7"}


async def test_another_endpoint_is_validated_anew(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        home.app.screen.query_one("#endpoint").value = "/v1/embeddings"  # type: ignore[attr-defined]
        await home.press("ctrl+s")
        await home.until("invalid_url")
        assert "y yes" not in home.bottom


async def test_where_lines_have_no_url_the_endpoint_is_asked_for(
    server: DemoServer, tmp_path: Path, samples: Path
) -> None:
    values = [json.loads(request(n)) for n in range(3)]
    bare = [{"custom_id": value["custom_id"], "body": value["body"]} for value in values]
    (samples / "bare.jsonl").write_text("".join(f"{json.dumps(value)}\n" for value in bare))
    limits = Limits(optional=frozenset({"method", "url"}))
    async with desk(server, tmp_path, samples=samples, limits=limits) as home:
        await home.pick("bare.jsonl")
        await home.until("type the endpoint")
        assert home.app.focused is home.app.screen.query_one("#endpoint")
        assert "invalid" not in home.text
        # One that is wrong can be changed.
        await home.press(*"/v1/chat", "enter")
        await home.until("Invalid value: '/v1/chat'")
        await home.until(lambda: home.app.focused is home.app.screen.query_one("#endpoint"))
        await home.press(*"/v1/chat/completions", "enter")
        await home.until("Ready to submit.")
        assert "/v1/chat/completions" in home.line("✓ 3 requests")


async def test_tab_completes_a_path_and_escape_leaves_it(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.press("n")
        await home.until("empty.jsonl")
        await home.press("slash")
        await home.type("rev")
        await home.press("tab")
        await home.until("reviews-200.jsonl")
        assert home.lines[1].rstrip().endswith("reviews-200.jsonl")
        await home.press("escape")
        assert home.room == "Pick" and home.table.has_focus and home.lines[1].rstrip().endswith("/samples/")
        await home.press("backspace")
        await home.until(lambda: home.lines[1].strip().endswith(f"{tmp_path.name}/"))
        assert "samples/" in home.cursor_row
        await home.press("enter")
        await home.until("empty.jsonl")


async def test_problems_beyond_a_thousand_do_not_slow_it(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    bad = json.dumps({"custom_id": "same", "method": "POST", "url": "/v1/chat/completions"}).encode() + b"\n"
    (samples / "worse.jsonl").write_bytes(bad * 20_000)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("worse.jsonl")
        await home.until("Nothing is sent while there are problems.")
        await home.until("▸ 20,000× missing_required_parameter")
        await home.press("G", "enter", "G")
        # Two groups, the first 499 lines of the second, and how many there are beyond them.
        await home.until(lambda: home.table.position == (502, 502))
        assert "and 19,500 more" in home.cursor_row
