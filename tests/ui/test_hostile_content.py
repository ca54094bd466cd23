"""Content that a terminal would obey, or choke on: none of it gets there raw, and the keys stay quick."""

import json
import re
from pathlib import Path

from rich.cells import cell_len

from tests.ui import api
from tests.ui.desk import Desk, Stalls, desk, request
from tui.demo.seed.samples import awkward
from tui.demo.server import DemoServer

# C0, DEL, C1, bidirectional and line controls, lone surrogates: what nothing on a screen may be.
_RAW = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff]")
_NASTY = "\x1b[31mred\x1b]52;c;bGF6eQ==\x07 [/markup] [@click=app.quit]x[/] \u202eevil \x9b31m \ud800 \r\n\u2028"


def harmless(home: Desk) -> None:
    """Assert that each row of the screen is as wide as the screen, and holds nothing that a terminal obeys."""
    width = home.app.size.width
    for line in home.lines:
        assert not _RAW.search(line), repr(line)
        assert cell_len(line) == width, repr(line)


async def done(home: Desk, server: DemoServer) -> None:
    """Let the one batch there is come to its end, and open its results."""
    await home.until(lambda: len(home.app.session.book) == 1)
    server.clock.jump(3_600)
    await home.press("r")
    await home.until("✓ done")
    await home.press("o")
    await home.until(lambda: home.room == "Results" and "lines," in home.head)


async def test_awkward_answers_in_every_view(server: DemoServer, tmp_path: Path) -> None:
    server.knobs.failure_rate = 0.15
    nasty = _NASTY.encode("utf-8", "replace").decode()
    content = awkward() + request(1, f"Repeat this: {nasty}", custom_id=nasty[:60])
    api.create(server, content, description=f"awkward {nasty}", **{"key [/x]": nasty})
    async with desk(server, tmp_path) as home:
        await done(home, server)
        for _part in range(2):
            for _view in range(3):
                await home.press("g")
                for _line in range(len(home.table.keys)):
                    await home.settle()
                    harmless(home)
                    await home.press("j")
                await home.press("v")
            await home.press("e")
        await home.press("escape", "enter")
        await home.until(lambda: home.room == "BatchScreen")
        harmless(home)
        await home.press("G")
        await home.until("key [/x] = ␛[31mred")
        harmless(home)
        await home.press("c", "question_mark", "escape", "escape")
        await home.until(lambda: home.room == "Home")
        harmless(home)


async def test_file_names_that_a_terminal_would_obey(server: DemoServer, tmp_path: Path) -> None:
    folder = tmp_path / "odd \x1b[2J \u202efolder"
    folder.mkdir()
    names = ("a \x1b]0;title\x07.jsonl", "b [b] [bold].jsonl", "c \udcff\udcfe.jsonl", "d 全角🚀.jsonl", "e\nf.jsonl")
    for name in names:
        (folder / name).write_bytes(request(1))
    (folder / "bad.jsonl").write_bytes(b'{"custom_id": "\\u001b[31m[/x]", "method": "\\u202e"}\n' + b"\xff\xfe\n")
    async with desk(server, tmp_path, samples=folder) as home:
        for name in names:
            await home.pick(name)
            await home.until("Ready to submit.")
            harmless(home)
            await home.press("ctrl+s")
            await home.until("y yes")
            harmless(home)
            await home.press("n", "escape")
            await home.until(lambda: home.room == "Pick")
            await home.press("slash")
            await home.settle()
            harmless(home)
            await home.press("a", "tab")
            await home.settle()
            harmless(home)
            await home.press("escape", "escape")
            await home.until(lambda: home.room == "Home")
        await home.pick("bad.jsonl")
        await home.until("Nothing is sent while there are problems.")
        harmless(home)
        await home.press("j")
        await home.settle()
        harmless(home)
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        # The one that is sent keeps its name as far as it is text.
        await home.pick(names[2])
        await home.until("Ready to submit.")
        await home.press("ctrl+s")
        await home.until("y yes")
        await home.press("y")
        await home.until(lambda: home.room == "Home")
        harmless(home)
        assert len(api.batches(server)) == 1


async def test_pasted_escape_sequences_are_shown_not_obeyed(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    from textual import events

    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        home.app.screen.focused.post_message(events.Paste("x\x1b[31m\u202e[/b]\x9b"))  # type: ignore[union-attr]
        await home.until("x␛[31m")
        harmless(home)


async def test_a_filter_with_escape_sequences_is_shown_not_obeyed(seeded: DemoServer, tmp_path: Path) -> None:
    from textual import events

    async with desk(seeded, tmp_path) as home:
        await home.until("smoke-test")
        await home.press("slash")
        await home.until(lambda: bool(home.app.screen.query("#filter:focus")))
        home.app.screen.focused.post_message(events.Paste("smoke\x1b[31m\u202e[/b]\x9b"))  # type: ignore[union-attr]
        await home.until("smoke␛[31m")
        harmless(home)
        # While one types, letters are letters.
        assert "q quit" not in home.bottom
        await home.press("enter")
        await home.settle()
        harmless(home)


async def test_five_megabytes_in_one_line_stall_nothing(server: DemoServer, tmp_path: Path) -> None:
    """The worst stall is printed, and held to a bound that a busy machine keeps."""
    prompt, wide = "Write 5 MB of text.", "全角 and ascii 🚀 " * 200_000
    ids = ["five", "x" * 400, "plain"]
    api.create(server, b"".join(request(n, prompt, custom_id=custom_id) for n, custom_id in enumerate(ids)))
    async with desk(server, tmp_path) as home:
        await done(home, server)
        await home.until("answer  ")
        # As wide characters as well: they are the slower ones to wrap.
        [output] = home.app.session.results_folder.glob("*.output.jsonl")
        assert output.stat().st_size > 15_000_000
        await home.press("escape")
        lines = output.read_bytes().splitlines(keepends=True)
        answer = json.loads(lines[1])
        answer["response"]["body"]["choices"][0]["message"]["content"] = wide
        lines[1] = json.dumps(answer, ensure_ascii=False).encode() + b"\n"
        output.write_bytes(b"".join(lines))
        await home.press("o")
        await home.until(lambda: home.room == "Results" and "3 lines," in home.head)
        await home.until("answer  ")
        # What is read beside the keys (matching, judging) has its own share of the processor: not the matter here.
        await home.until(
            lambda: not any(worker.is_running for worker in home.app.workers if worker.node is home.app.screen)
        )
        async with Stalls() as stalls:
            for key in ("j", "j", "k", "v", "v", "v", "tab", "pagedown", "pagedown", "ctrl+d", "tab", "j", "g"):
                await home.press(key)
        harmless(home)
        print(f"worst stall {stalls.worst * 1000:.0f} ms")
        # Far above what was seen, for a machine that has other work.
        assert stalls.worst < 2.5
        await home.press("tab", "G")
        await home.settle()
        harmless(home)
        for size in ((60, 15), (200, 60), (80, 24)):
            await home.pilot.resize_terminal(*size)
            await home.settle()
            harmless(home)
