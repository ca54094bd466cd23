"""Arguments, settings and streams: what every command shares."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.cli.conftest import KEY, Cli, process, start

COMMANDS = [
    "list", "show", "watch", "validate", "mend", "split", "submit", "cancel", "download", "results", "retry",
    "queue", "profiles", "serve",
]  # fmt: skip
HEAVY = {"textual", "openai", "httpx2", "sqlite3", "starlette", "uvicorn", "msgspec", "asyncio", "aiofiles"}


def _loaded(*arguments: str) -> set[str]:
    """The top-level modules that a command has imported when it ends."""
    code = (
        "import json, sys\nfrom tui.cli.main import main\nmain(sys.argv[1:])\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=True, cwd=ROOT, env=os.environ
    )
    return set(json.loads(ran.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], *([name, "--help"] for name in COMMANDS)])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert not HEAVY & _loaded(*arguments)


def test_an_interrupt_while_a_command_is_imported_waits_for_the_end_of_that(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom tui.cli.main import main\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'tui.requests.strict_json':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "status = main(['validate', sys.argv[1]])\n"
        "blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])\n"
        "print(status, hasattr(sys.modules.get('tui.cli.commands.validate'), 'run'), blocked)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "none.jsonl"],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env=os.environ,
        text=True,
    )
    assert (ran.stdout, ran.stderr) == ("130 True set()\n", "Interrupted.\n")


def test_validate_imports_neither_the_screen_nor_the_client(tmp_path: Path) -> None:
    loaded = _loaded("validate", str(tmp_path / "none.jsonl"))
    assert "msgspec" in loaded
    assert not {"textual", "openai", "starlette", "asyncio"} & loaded


@pytest.mark.parametrize("arguments", [["--version"], ["list", "--version"]])
def test_version(bare: Cli, arguments: list[str]) -> None:
    from tui import __version__

    ran = bare(*arguments)
    assert (ran.code, ran.out) == (0, f"lazybatch {__version__}\n")


def test_help_names_every_command(bare: Cli) -> None:
    ran = bare("--help")
    assert ran.code == 0
    for name in COMMANDS:
        assert f"\n    {name} " in ran.out
        assert bare(name, "--help").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bogus"], "invalid choice: 'bogus'"),
        (["list", "--bogus"], "--bogus"),
        (["list", "--lim", "3"], "--lim"),
        (["list", "--limit", "0"], "no whole number above 0"),
        (["list", "--limit", "2", "--all"], "not allowed with"),
        (["list", "--status", "complete"], "invalid choice: 'complete'"),
        (["show"], "ID"),
        (["show", ".."], "no id of a batch"),
        (["show", ""], "no id of a batch"),
        (["mend", "x.jsonl"], "required: -o"),
        (["split", "x.jsonl", "--max-bytes", "1.5"], "no whole number"),
        (["cancel", "--filter", "x", "--all-active"], "not allowed with"),
        (["cancel", "batch_1", "--filter", "x"], "not allowed with"),
        (["cancel"], "required"),
        (["cancel", "batch_1", "--all-active"], "not allowed with"),
        (["download"], "ID"),
        (["watch", "--interval", "nan"], "no number above 0"),
        (["queue", "bogus"], "invalid choice: 'bogus'"),
        (["queue", "add"], "FILE"),
        (["queue", "move", "1", "sideways"], "invalid choice: 'sideways'"),
        (["queue", "move", "x", "up"], "no whole number above 0"),
        (["queue", "remove"], "ID"),
        (["queue", "run", "--interval", "0"], "no number above 0"),
        (["results", "batch_1", "--format", "xml"], "invalid choice: 'xml'"),
        (["serve", "--port", "70000"], "no port"),
        (["--demo", "list"], "--demo opens the screen"),
        (["--speed", "3", "list"], "--speed goes with --demo"),
        (["--ascii", "list"], "--ascii is for the screen: it does not go with list."),
        (["--demo", "--speed", "0"], "no number above 0"),
        (["list", "--base-url", "ftp://x"], "--base-url"),
        (["list", "--profile", "nobody"], "There is no profile"),
        (["--demo"], "needs a terminal"),
        ([], "needs a terminal"),
    ],
)
def test_wrong_use_is_one_sentence(bare: Cli, arguments: list[str], said: str) -> None:
    ran = bare(*arguments)
    assert ran.code == 2
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not ran.out


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", "b"], ["watch", "b"], ["cancel", "b", "--yes"], ["download", "b"], ["results", "b"],
     ["retry", "b"], ["submit", "f", "--yes"]],
)  # fmt: skip
def test_without_a_key_it_says_what_to_set(bare: Cli, arguments: list[str]) -> None:
    ran = bare(*arguments)
    assert ran.code == 2
    assert "OPENAI_API_KEY" in ran.err
    assert "lazybatch --demo" in ran.err


def test_unreadable_settings(bare: Cli, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("default = ")
    ran = bare("list")
    assert ran.code == 2
    assert "not valid TOML" in ran.err


def test_common_options_stand_before_the_command_or_after_it(
    bare: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[profiles.a]\n[profiles.b]\nkey_env = "B_KEY"\n')
    monkeypatch.setenv("B_KEY", KEY)
    for arguments in (["--profile", "b", "profiles", "--json"], ["profiles", "--json", "--profile", "b"]):
        entries = {entry["name"]: entry for entry in bare(*arguments).json}
        assert [name for name, entry in entries.items() if entry["in_use"]] == ["b"]
    assert "cannot submit" in bare("--read-only", "submit", "x", "--yes").err
    assert "cannot submit" in bare("submit", "x", "--yes", "--read-only").err


def test_profiles_show_no_more_of_a_key_than_its_end(
    bare: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(
        'default = "b"\n[profiles.a]\nread_only = true\n[profiles.b]\nkey_env = "B_KEY"\n'
    )
    monkeypatch.setenv("B_KEY", KEY)
    first, second = bare("profiles", "--json").json
    assert first == {
        "name": "a", "source": str(tmp_path / "config.toml"), "in_use": False, "base_url": "https://api.openai.com/v1",
        "key": None, "key_env": "OPENAI_API_KEY", "organization": None, "project": None, "read_only": True,
    }  # fmt: skip
    assert (second["name"], second["in_use"], second["key"]) == ("b", True, f"…{KEY[-4:]}")
    plain = bare("profiles").out
    assert f"…{KEY[-4:]} from B_KEY" in plain
    assert "OPENAI_API_KEY is not set" in plain
    assert "read-only" in plain
    monkeypatch.setenv("B_KEY", "short-key")
    plain = bare("profiles").out
    assert "too short to show from B_KEY" in plain
    assert "-key" not in plain
    assert bare("profiles", "--json").json[1]["key"] == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_the_output_is_told(home: Path, monkeypatch: pytest.MonkeyPatch, unbuffered: str) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with Path("/dev/full").open("wb") as full:
        for arguments in (["profiles"], ["profiles", "--json"], ["--help"], ["--version"]):
            ran = process(*arguments, stdout=full)
            assert (ran.code, ran.err) == (2, "Cannot write the output: No space left on device.\n")


@pytest.mark.parametrize("arguments", [["profiles", "--json"], ["--help"]])
def test_a_reader_that_goes_away_is_no_trouble(home: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = process(*arguments, stdout=writing)
    finally:
        os.close(writing)
    assert (ran.code, ran.err) == (0, "")


def test_an_encoding_without_our_glyphs_is_no_trouble(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    good = home / "good.jsonl"
    good.write_bytes(b"")
    ran = process("validate", good)
    assert ran.code == 1
    assert "? 1 problem" in ran.out


def test_serve_prints_its_address_and_serves(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with start("serve", "--speed", "100", "--state", home / "kept") as running:
        assert running.stdout is not None
        line = running.stdout.readline().decode().strip()
        assert line.startswith("base_url=http://127.0.0.1:")
        monkeypatch.setenv("OPENAI_API_KEY", "demo")
        ran = process("list", "--json", "--base-url", line.removeprefix("base_url="))
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=10)
    assert (ran.code, ran.json) == (0, [])
    assert running.returncode == 0


def test_serve_on_a_port_that_is_taken(home: Path) -> None:
    with start("serve") as running:
        assert running.stdout is not None
        port = running.stdout.readline().decode().strip().rpartition(":")[2].removesuffix("/v1")
        ran = process("serve", "--port", port)
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=10)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1
