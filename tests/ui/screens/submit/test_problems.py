"""Putting a file right from the screen: what is shown, what is written, what is told when that fails."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.requests.samples import files
from tests.terminal import Terminal
from tests.ui.desk import desk, request, write
from tests.ui.terminal.test_program_on_a_terminal import on, opened
from tui.demo.server import DemoServer
from tui.requests.fix import preview
from tui.requests.validate import validate
from tui.ui.screens.submit.fix import can_mend

EDITOR = """#!/bin/sh
echo "<editing $*>"
read -r _line
printf '%s\\n' '{GOOD}' > "$2"
exit {CODE}
"""


def broken(path: Path) -> Path:
    """Three lines to be mended, one that cannot be."""
    streaming = request(3).replace(b'"messages"', b'"stream": true, "messages"')
    path.write_bytes(b"\xef\xbb\xbf" + request(1) + b"\n" + request(2).replace(b"POST", b"post") + streaming)
    return path


def typed(terminal: Terminal, path: Path) -> None:
    """Choose a file by its path."""
    terminal.wait_text("../")
    terminal.send("/")
    # The next key is the table's until the field has the keyboard.
    terminal.wait_for(lambda seen: "/ path" not in seen.text)
    terminal.send("\x15")
    terminal.wait_text("path of a .jsonl file")
    terminal.send(str(path))
    terminal.wait_text(str(path)[-20:])
    terminal.send("\r")


def left_over(folder: Path) -> list[str]:
    """Temporary files of ours."""
    return [path.name for path in folder.glob(".lazybatch-*")]


async def test_groups_fold_and_the_place_is_marked(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    lines = [request(number).replace(b"POST", b"P\x1bT") for number in range(30)]
    (samples / "wrong.jsonl").write_bytes(b"".join(lines) + b"[]\n")
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("wrong.jsonl")
        await home.until("▸ 30×")
        row = home.line("▸ 30×")
        assert row.split()[:3] == ["▸", "30×", "invalid_json_line"]
        assert home.line("invalid_type").split()[0] == "31"
        assert len(home.table.keys) == 2
        await home.press("right")
        await home.until("▾ 30×")
        assert len(home.table.keys) == 32
        await home.press("j", "j")
        await home.until("line 2")
        assert "␛" in home.text and "\x1b" not in home.text
        assert "^" in home.text
        # Closing from within puts the cursor on the group.
        await home.press("enter")
        await home.until("▸ 30×")
        assert "▸ 30×" in home.cursor_row


async def test_mending_is_shown_asked_and_written(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    path = broken(samples / "mend-me.jsonl")
    before = path.read_bytes()
    out = samples / "mend-me.mended.jsonl"
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("mend-me.jsonl")
        await home.until("Nothing is sent while there are problems.")
        await home.press("m")
        await home.until("Write mend-me.mended.jsonl with 4 changes?")
        for told in (
            "1 byte_order_mark",
            "1 blank_line",
            "1 invalid_method",
            "1 streaming_unsupported",
            "stream left out",
        ):
            assert told in home.prose
        await home.press("n")
        await home.until(lambda: home.table.has_focus and "y yes" not in home.bottom)
        assert not out.exists()
        await home.press("m")
        await home.until("Write mend-me.mended.jsonl")
        await home.press("y")
        await home.until(lambda: "mend-me.mended.jsonl" in home.head)
        await home.until("Ready to submit.")
        assert path.read_bytes() == before
        assert out.read_bytes().count(b"\n") == 3 and b"stream" not in out.read_bytes()
        # What is there is not replaced without a further word.
        out.write_text("mine")
        await home.press("escape")
        await home.until(lambda: home.head.count("mended") == 0)
        await home.press("m")
        await home.until("Write mend-me.mended.jsonl")
        await home.press("y")
        await home.until("is there already. Replace it?")
        await home.press("n")
        await home.until(lambda: "y yes" not in home.bottom)
        assert out.read_text() == "mine"


async def test_what_cannot_be_mended_offers_no_such_key(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    (samples / "wrong.jsonl").write_bytes(request(1).replace(b'"gpt-4o-mini"', b"7"))
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("wrong.jsonl")
        await home.until("Nothing is sent while there are problems. e edits the file, r reads it again.")
        assert "e edit" in home.bottom and "mend" not in home.bottom
        await home.press("m")
        await home.settle()
        assert "Nothing is sent while there are problems." in home.text


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=files())
def test_mending_is_offered_where_it_changes_something(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.jsonl"
    path.write_bytes(content)
    assert can_mend(validate(path)) == bool(preview(path).change_count)


@pytest.mark.parametrize("how", ["gone before", "gone while asked", "folder taken"])
async def test_mending_that_fails_is_told(server: DemoServer, tmp_path: Path, samples: Path, how: str) -> None:
    path = broken(samples / "mend-me.jsonl")
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("mend-me.jsonl")
        await home.until("Nothing is sent while there are problems.")
        if how == "gone before":
            path.unlink()
        await home.press("m")
        if how != "gone before":
            await home.until("Write mend-me.mended.jsonl")
            if how == "gone while asked":
                path.unlink()
            else:
                # Root may write everywhere; in place of a folder nobody can.
                (samples / "mend-me.mended.jsonl").mkdir()
            await home.press("y")
        if how == "folder taken":
            await home.until("is there already. Replace it?")
            await home.press("y")
            await home.told("Cannot write")
        else:
            await home.told("No such file or directory")
        await home.until(lambda: "m mend" in home.bottom)
        assert home.room == "Submit" and not left_over(samples)


async def test_a_folder_that_takes_no_files_is_a_sentence(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    from tui.ui.screens.submit.screen import Submit

    # A folder that refuses even root.
    with open(broken(samples / "mend-me.jsonl"), "rb") as file:  # noqa: ASYNC230, PTH123  (for its descriptor alone)
        path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
        async with desk(server, tmp_path, samples=samples) as home:
            await home.until("No batches yet")
            home.app.push_screen(Submit(path))
            await home.until("Nothing is sent while there are problems.")
            await home.press("m")
            await home.until(f"Write {path.name}.mended.jsonl")
            await home.press("y")
            await home.told("Cannot write")
            await home.until(lambda: "m mend" in home.bottom)


async def test_a_terminal_that_cannot_be_lent_says_so(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("problems.jsonl")
        await home.until("Nothing is sent while there are problems.")
        await home.press("e")
        await home.told("cannot be given to an editor")
        await home.until("Nothing is sent while there are problems.")


@pytest.mark.parametrize("code", [0, 3])
def test_the_editor_opens_the_line_and_the_file_is_read_again(server: DemoServer, tmp_path: Path, code: int) -> None:
    editor = tmp_path / "vim"
    editor.write_text(EDITOR.replace("{GOOD}", request(1).decode().strip()).replace("{CODE}", str(code)))
    editor.chmod(0o700)
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(request(1) + request(2).replace(b"POST", b"GET"))
    with opened(tmp_path, **on(server), VISUAL=str(editor)) as terminal:
        terminal.wait_text("No batches yet")
        terminal.send("n")
        typed(terminal, path)
        terminal.wait_text("Nothing is sent while there are problems.")
        terminal.send("e")
        terminal.wait_text(f"<editing +2 {path}"[:60])
        terminal.send("\r")
        terminal.wait_text("Ready to submit.")
        assert "1 request" in terminal.text
        if code:
            # The path before it may be as long as it likes.
            terminal.wait_for(lambda seen: "ended with an error (3)" in " ".join(seen.text.split()))
    assert server.calls.get("files.create", 0) == 0


def test_an_editor_that_is_not_there_is_told(server: DemoServer, tmp_path: Path) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_bytes(b"{}\n")
    with opened(tmp_path, **on(server), VISUAL="no-such-editor") as terminal:
        terminal.wait_text("No batches yet")
        terminal.send("n")
        typed(terminal, path)
        terminal.wait_text("Nothing is sent while there are problems.")
        terminal.send("e")
        terminal.wait_text("There is no program no-such-editor")
        terminal.wait_text("Nothing is sent while there are problems.")


async def test_a_good_file_offers_nothing_to_put_right(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    write(samples / "good.jsonl", 3)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("good.jsonl")
        await home.until("Ready to submit.")
        for action in ("mend", "edit", "split", "fold"):
            assert not home.app.screen.check_action(action, ())
