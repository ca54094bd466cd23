"""Help, the palette, and the ways out."""

from pathlib import Path

from tests.ui import api
from tests.ui.desk import Desk, desk
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer
from tui.ui import actions
from tui.ui.widgets.text_view import TextView

QUESTION = "A file is being submitted. Stop and quit? It can go on later."


async def sending(home: Desk) -> None:
    """A submission that takes long."""
    await home.pick("reviews-200.jsonl")
    await home.until("Ready to submit.")
    await home.press("ctrl+s")
    await home.until("y yes")
    await home.press("y")
    await home.until("uploading")


async def test_help_lists_every_action_of_its_room_first(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("smoke-test")
        await home.press("question_mark")
        await home.until(lambda: home.room == "Help")
        text = " ".join(home.app.screen.query_one("#help", TextView).text.split())
        for action in actions.ACTIONS:
            assert action.help in text, action.name
            assert action.shown_keys in text
        assert text.startswith(actions.HOME.capitalize())
        await home.press("G")
        await home.settle()
        await home.press("question_mark")
        await home.until(lambda: home.room == "Home")
        await home.press("enter", "question_mark")
        await home.until(lambda: home.room == "Help")
        assert home.app.screen.query_one("#help", TextView).text.strip().startswith(actions.BATCH.capitalize())


async def test_every_key_in_the_list_has_its_method() -> None:
    from tui.ui.screens.batch.screen import BatchScreen
    from tui.ui.screens.batches.screen import Home
    from tui.ui.screens.help import Help
    from tui.ui.screens.results.screen import Results
    from tui.ui.screens.submit.file_picker import PathInput, Pick
    from tui.ui.screens.submit.screen import Submit
    from tui.ui.widgets.filter_input import FilterField
    from tui.ui.widgets.table.table import Table

    rooms = {
        actions.HOME: Home, actions.PICK: Pick, actions.SUBMIT: Submit, actions.BATCH: BatchScreen,
        actions.RESULTS: Results, actions.EVERYWHERE: Help, actions.FILTER: FilterField, actions.PATH: PathInput,
    }  # fmt: skip
    for action in actions.ACTIONS:
        if action.room in rooms:
            assert callable(getattr(rooms[action.room], f"action_{action.name}", None)), action
    bound = {key for binding in Table.BINDINGS for key in binding.key.split(",")}  # type: ignore[union-attr]
    for action in actions.ACTIONS:
        if action.room == actions.TABLES:
            assert set(action.keys.split(",")) <= bound


async def test_the_palette_runs_an_action(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("smoke-test")
        await home.press("ctrl+p")
        await home.until(lambda: home.room == "CommandPalette")
        await home.type("open")
        await home.until("Open (⏎)")
        await home.press("enter")
        await home.until(lambda: home.room in {"BatchScreen", "CommandPalette"} and "Open (⏎)" not in home.text)
        if home.room == "CommandPalette":
            await home.press("enter")
        await home.until(lambda: home.room == "BatchScreen")
        assert "smoke-test" in home.head


async def test_the_palette_asks_before_it_cancels(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.cursor_to("smoke-test")
        titles = {command.title: command for command in home.app.get_system_commands(home.app.screen)}
        assert {"Cancel (c)", "Quit (q)", "Help (?)"} <= set(titles)
        titles["Cancel (c)"].callback()
        await home.until("Cancel smoke-test?")
        await home.press("escape")
        await home.settle()
        assert seeded.calls.get("batches.cancel", 0) == 0


async def test_quitting_needs_no_question_when_nothing_is_sent(seeded: DemoServer, tmp_path: Path) -> None:
    for number, key in enumerate(("q", "ctrl+q")):
        async with desk(seeded, tmp_path / str(number)) as home:
            await home.until("smoke-test")
            await home.press("ctrl+c", "escape")
            assert home.app.is_running
            await home.press(key)
            await home.until(lambda: not home.app.is_running)
            assert home.app.return_code == 0


async def test_ctrl_c_tells_how_to_leave(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("● live")
        await home.press("ctrl+c")
        await home.told("q quits lazybatch; batches run on.")
        await home.press("n")
        await home.until(lambda: home.room == "Pick")
        await home.press("ctrl+c", "escape")
        await home.until(lambda: home.room == "Home")


async def test_a_submission_is_not_lost_by_a_key(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=30.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await sending(home)
        for key, no in (("q", "n"), ("ctrl+q", "escape"), ("q", "enter"), ("ctrl+q", "q")):
            await home.press(key)
            await home.until(QUESTION)
            await home.press(no)
            await home.until(lambda: QUESTION not in home.text)
            assert home.app.is_running and home.app.submitting
        await home.press("ctrl+c")
        assert home.app.is_running
        # From elsewhere too, the palette and a terminal that is too small among it.
        await home.press("escape", "escape")
        await home.until(lambda: home.room == "Home")
        await home.press("ctrl+p")
        await home.until(lambda: home.room == "CommandPalette")
        await home.press("ctrl+q")
        await home.until(QUESTION)
        await home.press("n")
        await home.until(lambda: QUESTION not in home.text and home.room == "Home")
        assert home.app.submitting and api.batches(server) == []


async def test_yes_stops_it_and_the_next_start_tells(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    server.faults.add(Fault("files.create", "slow", delay_s=30.0))
    async with desk(server, tmp_path, samples=samples) as home:
        await sending(home)
        await home.pilot.resize_terminal(40, 10)
        await home.until(lambda: home.room == "TooSmall")
        await home.press("q")
        await home.until("A file is being submitted")
        await home.press("y")
        await home.until(lambda: not home.app.is_running)
    async with desk(server, tmp_path, samples=samples) as home:
        await home.told("reviews-200 was being submitted when lazybatch ended")
        assert api.batches(server) == []


async def test_only_keys_that_work_are_shown(server: DemoServer, tmp_path: Path, samples: Path) -> None:
    async with desk(server, tmp_path, samples=samples) as home:
        await home.pick("reviews-200.jsonl")
        await home.until("Ready to submit.")
        # In a field, letters are letters.
        await home.until(lambda: home.bottom.split() == ["^s", "submit", "^n", "wait", "esc", "back"])
        await home.press("escape")
        await home.until(lambda: home.room == "Pick")
        assert "? help" in home.bottom and "/ path" in home.bottom
        await home.press("slash")
        await home.until(lambda: home.bottom.split() == ["⏎", "go", "esc", "leave", "it", "tab", "complete"])
        await home.press("escape")
        await home.until(lambda: "? help" in home.bottom)
