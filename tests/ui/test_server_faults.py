"""Days on which the server, the key or the way between is not as it should be."""

import socket
from pathlib import Path

import pytest

from tests.ui import api
from tests.ui.desk import KEY, Desk, desk, request
from tui.demo.engine.clock import Clock
from tui.demo.faults.faults import Fault
from tui.demo.server import DemoServer


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


async def works_on(home: Desk) -> None:
    """The keys still do what they did."""
    await home.press("question_mark")
    await home.until(lambda: home.room == "Help")
    await home.press("escape", "r", "c", "o", "enter")
    await home.until(lambda: home.room == "Home")


async def test_without_a_key_the_screen_says_what_to_set(tmp_path: Path) -> None:
    async with desk("https://api.example/v1", tmp_path, key=None, key_env="MY_KEY") as home:
        await home.until("lazybatch needs an API key, and MY_KEY is not set.")
        assert "export MY_KEY=" in home.text
        await home.press("n", "c", "o", "enter", "question_mark")
        assert home.room == "NoKey"
        await home.press("d")
        await home.until(lambda: home.app.return_value == "demo")


async def test_without_a_key_q_quits(tmp_path: Path) -> None:
    async with desk("https://api.example/v1", tmp_path, key=None) as home:
        await home.until("OPENAI_API_KEY is not set")
        await home.press("q")
        await home.until(lambda: not home.app.is_running)
        assert (home.app.return_value, home.app.return_code) == (None, 0)


async def test_a_state_that_cannot_be_written_is_told(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("smoke-test")
        for connection in home.app.session._connections:
            connection.execute("PRAGMA query_only=1")
        await home.press("s", "r")
        await home.told("cannot be used: attempt to write a readonly database")
        await home.press("escape")
        await works_on(home)


async def test_a_wrong_key_is_told_and_not_shown(server: DemoServer, tmp_path: Path) -> None:
    async with desk(server, tmp_path, key="another-test-key-altogether") as home:
        await home.until("does not accept the API key (401).")
        assert "The key …ther came from OPENAI_API_KEY: check that variable." in home.prose
        assert "another-test" not in home.text and "next try in" in home.head
        await works_on(home)


@pytest.mark.parametrize("key", ["ключ-из-другого-алфавита", "a key\nof two lines"])
async def test_a_key_that_no_header_can_carry_is_told(server: DemoServer, tmp_path: Path, key: str) -> None:
    async with desk(server, tmp_path, key=key) as home:
        await home.until(lambda: "Connecting …" not in home.text)
        await home.settle()
        assert key not in home.text and "API key" in home.prose


async def test_a_host_that_is_not_there_is_told(tmp_path: Path) -> None:
    async with desk(f"http://127.0.0.1:{closed_port()}/v1", tmp_path) as home:
        await home.until("Cannot reach 127.0.0.1")
        assert "connection refused" in home.prose
        assert "no answer yet · next try in" in home.head
        await works_on(home)


async def test_an_address_that_answers_html_is_told(server: DemoServer, tmp_path: Path) -> None:
    server.faults.add(Fault("*", "html", times=None, status=200))
    async with desk(server, tmp_path) as home:
        await home.until("did not answer as a Batch API does.")
        assert f"Check that {server.base_url} is the base URL of a Batch API." in home.prose
        assert "<html>" not in home.text
        await works_on(home)


async def test_too_many_calls_are_told_and_waited_for(seeded: DemoServer, tmp_path: Path) -> None:
    seeded.faults.add(Fault("batches.list", "rate_limit", times=1, retry_after=3))
    async with desk(seeded, tmp_path) as home:
        await home.until("asks for fewer requests (429)")
        assert "next try in" in home.head
        await home.until("● live")
        assert "smoke-test" in home.text


async def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    state = tmp_path / "server"
    first = DemoServer(clock=Clock(frozen=True), api_key=KEY, state=state).start()
    port = int(first.url.rpartition(":")[2])
    try:
        api.create(first, request(1), description="stays on screen")
        async with desk(first, tmp_path) as home:
            await home.until("stays on screen")
            first.stop()
            await home.until("✗ updated")
            assert " ago · next try in " in home.head
            assert "stays on screen" in home.text and "127.0.0.1" in home.lines[-3]
            before = home.head
            # The countdown moves although nobody presses a key.
            await home.until(lambda: home.head != before)
            with DemoServer(clock=Clock(frozen=True), api_key=KEY, state=state, port=port) as second:
                api.create(second, request(1), description="made meanwhile")
                await home.until("● live")
                await home.until("made meanwhile")
                assert "stays on screen" in home.text
    finally:
        first.stop()


async def test_what_was_seen_last_is_there_at_the_next_start(seeded: DemoServer, tmp_path: Path) -> None:
    async with desk(seeded, tmp_path) as home:
        await home.until("● live")
        await home.until("smoke-test")
    seeded.faults.add(Fault("*", "server_error", times=None))
    async with desk(seeded, tmp_path) as home:
        assert "smoke-test" in home.text
        await home.until("✗ updated")
        assert "smoke-test" in home.text
        await works_on(home)


async def test_a_folder_that_was_removed_is_no_reason_to_stop(
    server: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    async with desk(server, tmp_path) as home:
        await home.until("No batches yet.")
        await home.press("n")
        await home.until(lambda: home.room == "Pick")
